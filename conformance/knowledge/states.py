"""States that a machine can be brought into, and what queries tell there (cases/states/).

docs/recipes.md describes the keys. Knows neither a schema nor a machine.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Final

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
from conformance.knowledge.decoder import Read
from conformance.knowledge.gathering import gathered, read_folder
from conformance.knowledge.keys import DOTTED, FormError, Key, scratch_filled, typed
from conformance.knowledge.state_queries import StatePart
from conformance.knowledge.versions import Version, VersionRange, of_arch
from conformance.model.pattern import FACTS, PLAIN, bounds_of, glob_of, shared_name
from conformance.model.stage import MachineSpec, Request
from conformance.model.terms import JsonValue

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
        case str() if value.startswith("{") and value not in (*PLAIN, *FACTS):
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
    versions: Annotated[VersionRange, VERSIONS] = VersionRange()
    arches: Annotated[tuple[str, ...], ARCH] = ()

    def fits(self, version: Version, arch: str | None) -> bool:
        """Return whether it applies to a build; an unknown `arch`, None, may be any."""
        return version in self.versions and of_arch(self.arches, arch)


@dataclass(frozen=True, slots=True, kw_only=True)
class MachineState:
    """A machine, the requests that bring it into a state, and what queries tell there."""

    name: Annotated[str, Key("the cases are QUERY/answers/NAME", identity=True)]
    versions: Annotated[VersionRange, VERSIONS] = VersionRange()
    arches: Annotated[tuple[str, ...], ARCH] = ()
    needs: Annotated[tuple[str, ...], NEEDS] = ()
    spec: Annotated[MachineSpec, MACHINE] = MachineSpec()
    setup: Annotated[tuple[Request, ...], SETUP] = ()
    reason: Annotated[str, REASON_GIVEN] = ""
    shows: Annotated[tuple[KnownAnswer, ...], Key("what queries tell in the state", some=True)]

    def fits(self, version: Version, arch: str | None) -> bool:
        """Return whether it applies to a build; an unknown `arch`, None, may be any."""
        return version in self.versions and of_arch(self.arches, arch)


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """What a query shows at a path."""

    request: Annotated[Request, Key(flat=True, only=("execute", "arguments"))]
    at: Annotated[tuple[str, ...], Key("where in its reply, with `*` for any name", form=DOTTED)]


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


@dataclass(frozen=True, slots=True)
class States:
    """The states of machines, and which queries agree in all of them."""

    states: tuple[MachineState, ...] = ()
    agreements: tuple[QueryAgreement, ...] = ()

    def for_build(self, version: Version, arch: str | None) -> States:
        """Return those for one build."""
        return States(
            tuple(each for each in self.states if each.fits(version, arch)),
            tuple(each for each in self.agreements if version in each.versions),
        )

    def needs(self) -> frozenset[str]:
        """Return all needs to probe the host for."""
        return frozenset(need for state in self.states for need in state.needs)


def load_states(folder: Path, more: Sequence[Read[StatesPart]] = ()) -> States:
    """Return what the files in `folder` and `more` say; raises KnowledgeError."""
    parts = [*more, *read_folder(folder, StatesPart)]
    return States(gathered(parts, "states"), gathered(parts, "agreements"))
