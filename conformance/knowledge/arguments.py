"""What is known of arguments beside their types; knows neither a schema nor a request.

Some commands accept arguments outside their declared type (cases/untyped.toml); each argument is
tried with values for what it is (cases/values.toml).
"""

from __future__ import annotations

import enum
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Final

from conformance.knowledge import store
from conformance.knowledge.argument_forms import (
    ArgumentForm,
    DocumentedForms,
    Rounded,
    Thing,
    is_among,
)
from conformance.knowledge.common import REASON, VERSIONS
from conformance.knowledge.decoder import FileFault, Read, read_file
from conformance.knowledge.gathering import gathered
from conformance.knowledge.keys import Key, enum_form
from conformance.knowledge.versions import Version, VersionRange
from conformance.model.terms import JsonValue

FILE: Final = "untyped.toml"
_VALUES: Final = "values.toml"


@dataclass(frozen=True, slots=True, kw_only=True)
class Unchecked:
    """A command whose arguments the releases `versions` do not check against their type."""

    name: Annotated[str, Key("the command", identity=True)]
    versions: Annotated[VersionRange, VERSIONS] = VersionRange()
    reason: Annotated[str, REASON]


class ArgumentShape(enum.StrEnum):
    """The JSON type of the arguments of a kind."""

    STRING = "string"
    INTEGER = "integer"
    ARRAY = "array"


@dataclass(frozen=True, slots=True, kw_only=True)
class ArgumentValue:
    """One value: `times` the text, an array of so many equal elements, or a number."""

    name: Annotated[str, Key("tells it from others")]
    text: Annotated[str, Key("the text of a string")] = ""
    times: Annotated[int, Key("how often the text is repeated, or the element of an array")] = 1
    number: Annotated[int | None, Key("the integer")] = None
    at: Annotated[
        tuple[str, ...],
        Key(
            "the arguments of the kind that are tried with it, as globs of COMMAND:PATH; "
            "--thorough tries all",
            default="all",
        ),
    ] = ()

    def like(self, own: JsonValue) -> JsonValue:
        """Return the value in place of `own`, an array with an element, a string or an integer."""
        if self.number is not None:
            return self.number
        return own[:1] * self.times if isinstance(own, list) else self.text * self.times


@dataclass(frozen=True, slots=True, kw_only=True)
class ValueKind:
    """A kind of arguments, and the values that each of them is tried with."""

    name: Annotated[str, Key("tells it from others", identity=True)]
    type: Annotated[
        ArgumentShape, Key("the JSON type of the arguments", form=enum_form(ArgumentShape))
    ]
    commands: Annotated[tuple[str, ...], Key("the commands, as globs")] = ("*",)
    paths: Annotated[
        tuple[str, ...], Key("the arguments, as globs; the first kind that fits one counts")
    ] = ("*",)
    values: Annotated[tuple[ArgumentValue, ...], Key("the values", some=True)]
    names: Annotated[
        bool, Key("whether such an argument names what the request makes: references name it, too")
    ] = False
    reason: Annotated[str, REASON]

    def faults(self) -> Iterator[FileFault]:
        """Yield what is wrong with the keys beside each other."""
        if self.type is ArgumentShape.ARRAY and any(value.text for value in self.values):
            yield FileFault("values", "an array has no text", "Give `times` alone.")
        numbers = {value.number is not None for value in self.values}
        if numbers != {self.type is ArgumentShape.INTEGER}:
            yield FileFault(
                "values", "an integer, and nothing else, has a number", "Give `number`."
            )
        names = [value.name for value in self.values]
        if len({*names}) < len(names):
            yield FileFault("values", "two values have one name", "Name them apart.")

    def fits(self, command: str, label: str, shape: ArgumentShape) -> bool:
        """Return whether the argument at `label` is of this kind."""
        named = is_among(command, self.commands) and is_among(label, self.paths)
        return shape is self.type and named


@dataclass(frozen=True, slots=True, kw_only=True)
class ValuesOmitted:
    """Arguments that are not tried with the values of their kinds."""

    commands: Annotated[tuple[str, ...], Key("the commands, as globs", some=True, identity=True)]
    paths: Annotated[tuple[str, ...], Key("the arguments, as globs", identity=True)] = ("*",)
    thorough: Annotated[bool, Key("whether --thorough tries them all the same")] = False
    reason: Annotated[str, REASON]

    def fits(self, command: str, label: str) -> bool:
        """Return whether the argument at `label` is among them."""
        return is_among(command, self.commands) and is_among(label, self.paths)


@dataclass(frozen=True, slots=True, kw_only=True)
class ChoicesOmitted:
    """Choices that requests are not tried with for the sake of pairs."""

    commands: Annotated[tuple[str, ...], Key("the commands, as globs", some=True, identity=True)]
    choices: Annotated[
        tuple[str, ...], Key("the arguments with their values, as globs", some=True, identity=True)
    ]
    reason: Annotated[str, REASON]

    def fits(self, command: str, label: str) -> bool:
        """Return whether a choice is among them."""
        return is_among(command, self.commands) and is_among(label, self.choices)


@dataclass(frozen=True, kw_only=True)
class ArgumentsPart:
    """What a file says of arguments."""

    untyped: Annotated[
        tuple[Unchecked, ...],
        Key(
            "a command whose arguments QEMU does not check against their type (declared with "
            '"gen": false): introspection shows a type, and the build accepts arguments '
            "outside it (rule Q31)"
        ),
    ] = ()
    value_kinds: Annotated[
        tuple[ValueKind, ...],
        Key("a kind of arguments, and values that each is tried with", name="value_kind"),
    ] = ()
    values_omitted: Annotated[
        tuple[ValuesOmitted, ...], Key("arguments that are not tried with such values")
    ] = ()
    choices_omitted: Annotated[
        tuple[ChoicesOmitted, ...], Key("arguments with values that are not tried in pairs")
    ] = ()
    forms: Annotated[
        tuple[ArgumentForm, ...],
        Key("strings with a documented form: values in it and out of it", name="form"),
    ] = ()
    things: Annotated[
        tuple[Thing, ...],
        Key("a kind of things that arguments name, and what puts one in use", name="thing"),
    ] = ()
    rounded: Annotated[
        tuple[Rounded, ...], Key("integers that are rounded up, and read back so")
    ] = ()


@dataclass(frozen=True)
class Catalogue:
    """The kinds of arguments, first those that count first."""

    kinds: tuple[ValueKind, ...] = ()
    omitted: tuple[ValuesOmitted, ...] = ()
    choices_omitted: tuple[ChoicesOmitted, ...] = ()
    forms: tuple[ArgumentForm, ...] = ()
    things: tuple[Thing, ...] = ()
    roundings: tuple[Rounded, ...] = ()
    _names: dict[tuple[str, str], tuple[bool, Thing | None]] = field(
        default_factory=dict, repr=False, compare=False
    )
    """What is known of the strings at some labels: all generators ask of the same ones."""

    def omits(self, command: str, choice: str) -> bool:
        """Return whether requests are not tried with a choice for the sake of pairs."""
        return any(each.fits(command, choice) for each in self.choices_omitted)

    def leaves_out(self, command: str, label: str, *, thorough: bool) -> bool:
        """Return whether the argument at `label` is not tried with values."""
        return any(
            each.fits(command, label) and not (thorough and each.thorough) for each in self.omitted
        )

    def values(
        self, command: str, label: str, shape: ArgumentShape, *, thorough: bool = False
    ) -> tuple[ArgumentValue, ...]:
        """Return the values for the argument at `label`."""
        kind = self._kind(command, label, shape)
        if kind is None:
            return ()
        where = f"{command}:{label}"
        return tuple(
            each for each in kind.values if thorough or not each.at or is_among(where, each.at)
        )

    def forms_of(self, command: str, label: str, version: Version) -> DocumentedForms:
        """Return the documented forms of the argument at `label`."""
        fitting = (each for each in self.forms if each.fits(command, label, version))
        return DocumentedForms(tuple(fitting))

    def named_by(self, command: str, label: str) -> Thing | None:
        """Return the kind of the new thing that the argument at `label` names."""
        return self._name(command, label)[1]

    def is_new_name(self, command: str, label: str) -> bool:
        """Return whether the string at `label` names what the request makes."""
        return self._name(command, label)[0]

    def _name(self, command: str, label: str) -> tuple[bool, Thing | None]:
        if (command, label) not in self._names:
            kind = self._kind(command, label, ArgumentShape.STRING)
            thing = next((each for each in self.things if each.is_named(command, label)), None)
            self._names[command, label] = kind is not None and kind.names, thing
        return self._names[command, label]

    def rounded(self, command: str, label: str, value: str | int) -> str | int:
        """Return what a value of the argument at `label` reads back as."""
        of = next((each for each in self.roundings if each.fits(command, label)), None)
        if of is None or isinstance(value, str):
            return value
        return -(-value // of.multiple) * of.multiple

    def names_in(
        self, command: str, arguments: JsonValue, label: str = ""
    ) -> Iterator[tuple[str, str]]:
        """Yield what the arguments of a request call things that it makes, and at which label.

        `label` is that of `arguments` themselves.
        """
        match arguments:
            case str():
                if self.is_new_name(command, label):
                    yield arguments, label
            case Mapping():
                for name, value in arguments.items():
                    yield from self.names_in(command, value, f"{label}.{name}".lstrip("."))
            case list():
                for number, value in enumerate(arguments):
                    yield from self.names_in(command, value, f"{label}.{number}")

    def _kind(self, command: str, label: str, shape: ArgumentShape) -> ValueKind | None:
        return next((kind for kind in self.kinds if kind.fits(command, label, shape)), None)


def load_unchecked(
    path: Path | None = None, more: Sequence[Read[ArgumentsPart]] = ()
) -> tuple[Unchecked, ...]:
    """Return the entries of the file `path`, by default the shipped one, and of `more`.

    Raises KnowledgeError.
    """
    return gathered(
        [*more, read_file(path or store.cases_folder() / FILE, ArgumentsPart)], "untyped"
    )


def names_for(entries: tuple[Unchecked, ...], version: Version | None) -> frozenset[str]:
    """Return the commands that `version` does not check; for an unknown version, all candidates."""
    return frozenset(
        entry.name for entry in entries if version is None or version in entry.versions
    )


def load_catalogue(more: Sequence[Read[ArgumentsPart]] = ()) -> Catalogue:
    """Return what ships of values, preceded by `more`; raises KnowledgeError."""
    shipped = read_file(store.cases_folder() / _VALUES, ArgumentsPart)
    parts = [*more, shipped]
    return Catalogue(
        gathered(parts, "value_kinds"),
        gathered(parts, "values_omitted"),
        gathered(parts, "choices_omitted"),
        gathered(parts, "forms"),
        gathered(parts, "things"),
        gathered(parts, "rounded"),
    )
