"""What is promised of strings of a documented form, and what things arguments name.

Knows neither a schema nor the requests that the values are tried in.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from typing import Annotated

from conformance.knowledge.common import CLEANUP, REASON, SETUP, VERSIONS
from conformance.knowledge.decoder import FileFault
from conformance.knowledge.keys import Key, scratch_filled
from conformance.knowledge.recipes import Wish
from conformance.knowledge.versions import Version, VersionRange
from conformance.model.stage import MachineSpec, Request
from conformance.model.terms import JsonValue

_PROMISE = Key(
    "what promises it: the document and its words, or the upstream change that called the "
    "opposite a fault",
    default="nothing does",
)
_SURROUNDED = Key(
    "what the machine has beside what the request needs: `files`, and `args` that it starts with",
    flat=True,
    only=("files", "args"),
)
_MACHINES = Key("the machines that it can be made on", default="any")


def is_among(name: str, globs: Sequence[str]) -> bool:
    """Return whether one of the globs fits a name."""
    return any(fnmatchcase(name, glob) for glob in globs)


@dataclass(frozen=True, slots=True, kw_only=True)
class FormPromise:
    """What is promised of a value of a string with a documented form: `words`."""

    wish: Wish
    words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ArgumentForm:
    """Strings with a documented form: values in it and out of it, on builds of `versions`."""

    name: Annotated[str, Key("tells it from others", identity=True)]
    commands: Annotated[tuple[str, ...], Key("the commands, as globs")] = ("*",)
    paths: Annotated[tuple[str, ...], Key("the arguments, as globs", some=True)]
    accepted: Annotated[
        tuple[str, ...], Key("values in the form: they must be accepted; needs a `promise`")
    ] = ()
    refused: Annotated[
        tuple[str, ...], Key("values out of the form: they must be refused; needs a `promise`")
    ] = ()
    open: Annotated[
        tuple[str, ...], Key("values of which nothing is promised: they must be answered")
    ] = ()
    longest: Annotated[
        int | None,
        Key("how many characters are accepted, and one more is refused; needs a `promise`"),
    ] = None
    structured: Annotated[
        Mapping[str, JsonValue],
        Key(
            "tables and arrays, by a name each, of which nothing is promised: they must be "
            "answered, where the schema allows them"
        ),
    ] = field(default_factory=dict)
    spec: Annotated[MachineSpec, _SURROUNDED] = MachineSpec()
    promise: Annotated[str, _PROMISE] = ""
    versions: Annotated[VersionRange, VERSIONS] = VersionRange()
    reason: Annotated[str, REASON]

    def faults(self) -> Iterator[FileFault]:
        """Yield what is wrong with the keys beside each other."""
        promised = bool(self.accepted or self.refused or self.longest)
        if promised is not bool(self.promise):
            yield FileFault(
                "refused" if promised else "promise",
                "'promise' is missing" if promised else "nothing is promised here",
                "Name the document or the change, or write the values as 'open'."
                if promised
                else "Take it out, or say which values are 'accepted' or 'refused'.",
            )
        texts = (*self.accepted, *self.refused, *self.open)
        if not (texts or self.longest or self.structured) or len({*texts}) < len(texts):
            yield FileFault("open", "no value, or one twice", "Give each value once.")

    def fits(self, command: str, label: str, version: Version) -> bool:
        """Return whether the argument at `label` has this form in a release."""
        named = is_among(command, self.commands) and is_among(label, self.paths)
        return named and version in self.versions

    def values(self) -> Iterator[tuple[str, FormPromise]]:
        """Yield the values, with the placeholder of the scratch folder filled, and the promises."""
        long = ("a" * self.longest,) if self.longest else ()
        longer = ("a" * (self.longest + 1),) if self.longest else ()
        for wish, texts in (
            (Wish.ACCEPT, (*self.accepted, *long)),
            (Wish.REJECT, (*self.refused, *longer)),
            (Wish.OPEN, self.open),
        ):
            for text in texts:
                words = self.reason if wish is Wish.OPEN else self.promise
                yield scratch_filled(text), FormPromise(wish=wish, words=words)


@dataclass(frozen=True, slots=True)
class DocumentedForms:
    """The documented forms of one argument; none if it has no such form."""

    forms: tuple[ArgumentForm, ...] = ()

    def texts(self) -> Mapping[str, FormPromise]:
        """Return the strings that they tell, those of which most is promised first."""
        found: dict[str, FormPromise] = {}
        for form in self.forms:
            for text, promise in form.values():
                found.setdefault(text, promise)
        return dict(sorted(found.items(), key=lambda each: each[1].wish is Wish.OPEN))

    def structured(self) -> Mapping[str, JsonValue]:
        """Return the tables and arrays that they tell, by name."""
        return {name: value for form in self.forms for name, value in form.structured.items()}

    def surrounded(self, spec: MachineSpec) -> MachineSpec:
        """Return the machine with what the values name."""
        for form in self.forms:
            files = (*spec.files, *(each for each in form.spec.files if each not in spec.files))
            spec = replace(spec, files=files, args=(*spec.args, *form.spec.args))
        return spec


@dataclass(frozen=True, slots=True, kw_only=True)
class Rounded:
    """Integers that are rounded up, and read back so."""

    commands: Annotated[tuple[str, ...], Key("the commands, as globs", some=True, identity=True)]
    paths: Annotated[tuple[str, ...], Key("the arguments, as globs", identity=True)]
    multiple: Annotated[int, Key("of what they become the next multiple")]
    reason: Annotated[str, REASON]

    def faults(self) -> Iterator[FileFault]:
        """Yield that nothing is rounded."""
        if self.multiple < 2:
            yield FileFault("multiple", "each number is a multiple of it", "Give two or more.")

    def fits(self, command: str, label: str) -> bool:
        """Return whether the argument at `label` is rounded up."""
        return is_among(command, self.commands) and is_among(label, self.paths)


@dataclass(frozen=True, slots=True, kw_only=True)
class Holder:
    """What puts a thing, `{name}` in its requests, in use."""

    name: Annotated[str, Key("tells it from others", identity=True)]
    setup: Annotated[tuple[Request, ...], SETUP]
    cleanup: Annotated[tuple[Request, ...], CLEANUP] = ()
    machines: Annotated[tuple[str, ...], _MACHINES] = ()


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Thing:
    """A kind of things: which arguments name a new one, and how one is made and taken away."""

    name: Annotated[str, Key("what it is called", identity=True)]
    named: Annotated[
        tuple[str, ...], Key("the arguments that name a new one, as globs of COMMAND:PATH")
    ]
    make: Annotated[tuple[Request, ...], Key("requests that make one called `{name}`")] = ()
    unmake: Annotated[tuple[Request, ...], Key("requests that take it away again")] = ()
    machines: Annotated[tuple[str, ...], _MACHINES] = ()
    seen: Annotated[
        str, Key("the query of cases/state.toml, without arguments, that lists all of them")
    ] = ""
    given: Annotated[
        tuple[Mapping[str, JsonValue], ...],
        Key(
            "arguments that a request which makes one need not give, to be named by others; an "
            "entry counts where what the request gives is as it says"
        ),
    ] = ()
    unique: Annotated[
        str,
        Key(
            "what promises that no second one of a name is made: the document and its words, or "
            "the upstream change that called it a fault",
            default="nothing does",
        ),
    ] = ""
    holders: Annotated[tuple[Holder, ...], Key("what puts one in use", name="holder")] = ()

    def usual(self, given: Mapping[str, JsonValue]) -> Mapping[str, JsonValue]:
        """Return what is known of a thing that a request with the arguments `given` makes."""
        fitting = (
            entry
            for entry in self.given
            if all(given.get(key, value) == value for key, value in entry.items())
        )
        return next(fitting, {})

    def is_named(self, command: str, label: str) -> bool:
        """Return whether the argument at `label` names a new one."""
        return is_among(f"{command}:{label}", self.named)
