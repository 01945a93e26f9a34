"""States that a machine can be brought into, and what is asked of it there (cases/states/).

docs/recipes.md describes the keys. Knows neither a schema nor a machine.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Annotated, Any, Final, cast

from conformance.knowledge.common import (
    ARCH,
    MACHINE,
    NEEDS,
    REASON,
    REASON_GIVEN,
    SETUP,
    VERSIONS,
    NamesPart,
)
from conformance.knowledge.decoder import FileFault, Read
from conformance.knowledge.gathering import gathered, read_folder
from conformance.knowledge.keys import DOTTED, FormError, Key, scratch_filled, typed
from conformance.knowledge.state_queries import StatePart
from conformance.knowledge.versions import Version, VersionRange, of_arch
from conformance.model.pattern import FACTS, PLAIN, bounds_of, glob_of, shared_name
from conformance.model.stage import MachineSpec, Request
from conformance.model.terms import JsonValue

_EACH: Final = "{each}"
_WITH_PARTS: Final = ("{at least N}", "{at most N}", "{like GLOB}", "{same NAME}")


def _pattern(text: str) -> JsonValue:
    try:
        value = json.loads(text)
    except ValueError as error:
        raise FormError(f"is no JSON: {error}") from error
    _check_words(value)
    filled: JsonValue = scratch_filled(value)
    return filled


def _check_words(value: Any) -> None:
    match value:
        case dict():
            for item in value.values():
                _check_words(item)
        case list():
            for item in value:
                _check_words(item)
        case str() if value.startswith("{") and value not in (*PLAIN, *FACTS, _EACH):
            own = glob_of(value) or shared_name(value) or bounds_of(value)
            if not (own or value.startswith("{scratch}")):
                known = ", ".join((*PLAIN, *FACTS, *_WITH_PARTS))
                raise FormError(f"has {value!r}, which is unknown", f"Known: {known}.")


PATTERN_TEXT: Final = typed(str, "a pattern as JSON text", "string", _pattern)


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownAnswer:
    """What a query tells in a state."""

    request: Annotated[Request, Key(flat=True, only=("execute", "arguments"))]
    answer: Annotated[
        JsonValue, Key("a pattern of its reply, as JSON text (see States)", form=PATTERN_TEXT)
    ]
    proves: Annotated[
        bool, Key("whether it shows that the state was reached: what is asked in it counts then")
    ] = False
    versions: Annotated[VersionRange, VERSIONS] = VersionRange()
    arches: Annotated[tuple[str, ...], ARCH] = ()

    def fits(self, version: Version, arch: str | None) -> bool:
        """Return whether it applies to a build; an unknown `arch`, None, may be any."""
        return version in self.versions and of_arch(self.arches, arch)


@dataclass(frozen=True, slots=True, kw_only=True)
class StateThings:
    """Things that are there in a state."""

    kinds: Annotated[
        tuple[str, ...], Key("what they are, as `to` of a reference says it", some=True)
    ]
    names: Annotated[tuple[str, ...], Key("what they are called", some=True)]


@dataclass(frozen=True, slots=True, kw_only=True)
class ForbiddenRequest:
    """Requests that a document says are refused in a state."""

    commands: Annotated[tuple[str, ...], Key("the commands, as globs", some=True)]
    naming: Annotated[
        tuple[str, ...], Key("the things of the state that they name", default="any, or none")
    ] = ()
    versions: Annotated[VersionRange, VERSIONS] = VersionRange()
    reason: Annotated[str, Key("what says so")]


@dataclass(frozen=True, slots=True, kw_only=True)
class MachineState:
    """A machine, the requests that bring it into a state, and what is asked of it there."""

    name: Annotated[
        str, Key("the cases are QUERY/answers/NAME and COMMAND/states/NAME", identity=True)
    ]
    each: Annotated[
        tuple[str, ...],
        Key(
            "words: there is such a state for each, which stands for `{each}` in its name, its "
            "requests and what it shows; a build whose schema does not take it has none",
            default="just this one",
        ),
    ] = ()
    versions: Annotated[VersionRange, VERSIONS] = VersionRange()
    arches: Annotated[tuple[str, ...], ARCH] = ()
    needs: Annotated[tuple[str, ...], NEEDS] = ()
    spec: Annotated[MachineSpec, MACHINE] = MachineSpec()
    setup: Annotated[tuple[Request, ...], SETUP] = ()
    reason: Annotated[str, REASON_GIVEN] = ""
    about: Annotated[
        tuple[str, ...],
        Key(
            "the modules of the schema that it is about: all of their commands are asked in it",
            default="none, and only the queries of `shows` are",
        ),
    ] = ()
    asks: Annotated[
        tuple[str, ...],
        Key(
            "commands that are asked in it, too, also where their recipe names another machine: "
            "without a set-up then"
        ),
    ] = ()
    things: Annotated[
        tuple[StateThings, ...], Key("what is there, to be named in place of a recipe's own")
    ] = ()
    forbids: Annotated[
        tuple[ForbiddenRequest, ...], Key("requests that a document says are refused in it")
    ] = ()
    leaving: Annotated[
        tuple[str, ...],
        Key("commands, as globs, that lead out of it: each has a machine of its own"),
    ] = ()
    moves: Annotated[
        str, Key("why queries tell something else from one moment to the next, if they do")
    ] = ""
    thorough: Annotated[
        bool, Key("whether only --thorough goes there: it takes seconds, or a build hangs in it")
    ] = False
    shows: Annotated[tuple[KnownAnswer, ...], Key("what queries tell in the state", some=True)]

    def faults(self) -> Iterator[FileFault]:
        """Yield what is wrong with the keys beside each other."""
        if self.about and not any(each.proves for each in self.shows):
            yield FileFault(
                "about",
                "no answer proves that the state was reached",
                "Give one of `shows` the key `proves`.",
            )
        if any(each.companion for each in self.setup) and not self.spec.companions:
            yield FileFault(
                "setup", "a request is for a companion, and there is none", "Give `companions`."
            )
        of_commands = ("asks", "things", "forbids", "leaving", "moves")
        for key in of_commands if not self.about else ():
            if getattr(self, key):
                yield FileFault(
                    key, "'about' is missing, without which it says nothing", "Name modules."
                )

    def spread(self) -> Iterator[MachineState]:
        """Yield the state, or one for each of its words."""
        if not self.each:
            yield self
        for word in self.each:
            setup = (replace(each, arguments=_filled(each.arguments, word)) for each in self.setup)
            shows = (
                replace(each, answer=cast(JsonValue, _filled(each.answer, word)))
                for each in self.shows
            )
            name = self.name.replace(_EACH, word)
            yield replace(self, name=name, each=(), setup=tuple(setup), shows=tuple(shows))

    def things_of(self, kind: str) -> tuple[str, ...]:
        """Return the names of the things of a kind that are there."""
        return tuple(name for each in self.things if kind in each.kinds for name in each.names)

    def forbidden(self, command: str, version: Version, named: Sequence[str]) -> str | None:
        """Return what says that a request which names those things is refused, None if nothing."""
        for each in self.forbids:
            fits = any(fnmatchcase(command, glob) for glob in each.commands)
            if fits and version in each.versions and (not each.naming or {*each.naming} & {*named}):
                return each.reason
        return None

    def leads_out(self, command: str) -> bool:
        """Return whether a command, where it is accepted, ends the state."""
        return any(fnmatchcase(command, glob) for glob in self.leaving)

    def fits(self, version: Version, arch: str | None) -> bool:
        """Return whether it applies to a build; an unknown `arch`, None, may be any."""
        return version in self.versions and of_arch(self.arches, arch)


def _filled(value: object, word: str) -> object:
    match value:
        case str():
            return value.replace(_EACH, word)
        case dict():
            return {name: _filled(each, word) for name, each in value.items()}
        case list():
            return [_filled(each, word) for each in value]
        case _:
            return value


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """What a query shows at a path."""

    request: Annotated[Request, Key(flat=True, only=("execute", "arguments"))]
    at: Annotated[tuple[str, ...], Key("where in its reply, with `*` for any name", form=DOTTED)]


@dataclass(frozen=True, slots=True, kw_only=True)
class UnaskedCommand:
    """Commands that are not asked in states, or in few of them only."""

    commands: Annotated[tuple[str, ...], Key("the commands, as globs", some=True)]
    besides: Annotated[
        tuple[str, ...], Key("the states in which they are asked", default="none")
    ] = ()
    versions: Annotated[VersionRange, VERSIONS] = VersionRange()
    reason: Annotated[str, REASON]


@dataclass(frozen=True, slots=True, kw_only=True)
class QueryAgreement:
    """Two queries that show the same, each at its path.

    With `part`, the first may show less than the other.
    """

    name: Annotated[str, Key("the cases are QUERY/answers/STATE/NAME", identity=True)]
    query: Annotated[Shown, Key("a query, and where it shows the thing")]
    other: Annotated[Shown, Key("another query, and where it shows the same")]
    part: Annotated[bool, Key("whether the first may show less than the other")] = False
    versions: Annotated[VersionRange, VERSIONS] = VersionRange()
    reason: Annotated[str, REASON]


@dataclass(frozen=True, kw_only=True)
class StatesPart(NamesPart, StatePart):
    """The entries of a file about states."""

    states: Annotated[
        tuple[MachineState, ...],
        Key("a state of a machine, and what queries tell in it", name="state"),
    ] = ()
    agreements: Annotated[
        tuple[QueryAgreement, ...],
        Key("two queries that show the same thing", name="agreement"),
    ] = ()
    unasked: Annotated[
        tuple[UnaskedCommand, ...], Key("commands that are not asked in states, and why")
    ] = ()


@dataclass(frozen=True, slots=True)
class States:
    """The states of machines, and which queries agree in all of them."""

    states: tuple[MachineState, ...] = ()
    agreements: tuple[QueryAgreement, ...] = ()
    unasked: tuple[UnaskedCommand, ...] = ()

    def for_build(self, version: Version, arch: str | None) -> States:
        """Return those for one build."""
        return States(
            tuple(each for each in self.states if each.fits(version, arch)),
            tuple(each for each in self.agreements if version in each.versions),
            tuple(each for each in self.unasked if version in each.versions),
        )

    def for_depth(self, *, thorough: bool) -> Iterator[MachineState]:
        """Yield those of a run, which goes to some of them only if it is `thorough`."""
        return (each for each in self.states if thorough or not each.thorough)

    def why_unasked(self, command: str, state: str) -> str | None:
        """Return why a command is not asked in a state, None if it is."""
        for each in self.unasked:
            if state not in each.besides and any(fnmatchcase(command, g) for g in each.commands):
                return each.reason
        return None

    def needs(self) -> frozenset[str]:
        """Return all needs to probe the host for."""
        return frozenset(need for state in self.states for need in state.needs)


def load_states(folder: Path, more: Sequence[Read[StatesPart]] = ()) -> States:
    """Return what the files in `folder` and `more` say; raises KnowledgeError."""
    parts = [*more, *read_folder(folder, StatesPart)]
    states = (each for state in gathered(parts, "states") for each in state.spread())
    return States(tuple(states), gathered(parts, "agreements"), gathered(parts, "unasked"))
