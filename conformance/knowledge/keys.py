"""How a dataclass field is written in a file under cases/: its key and its form.

A field `name: Annotated[TYPE, Key("what it is")]` is read from the key of its name; the type says
which values are allowed. The decoder, the JSON Schema and the reference are made from these.
"""

from __future__ import annotations

import enum
import re
from collections.abc import Callable, Mapping
from dataclasses import KW_ONLY, dataclass
from typing import Any, Final

from conformance.knowledge.versions import VersionRange
from conformance.model.hints import nearest
from conformance.model.stage import SCRATCH
from conformance.model.terms import JsonValue

SCRATCH_MARK: Final = "{scratch}"


class FormError(ValueError):
    """A value of the wrong form: what is wrong, and how to fix it."""

    def __init__(self, what: str, remedy: str = "") -> None:
        super().__init__(what)
        self.what, self.remedy = what, remedy


@dataclass(frozen=True, slots=True)
class Form:
    """A way to write a value: its name for a reader, its JSON Schema, and its reader.

    `read` raises FormError for a value of another form.
    """

    words: str
    schema: Mapping[str, JsonValue]
    read: Callable[[Any], Any]


@dataclass(frozen=True, slots=True)
class Key:
    """How a field is written in a file, beside its type.

    `text` is the meaning for a reader, `name` the key if it differs from the field's name,
    `default` the default in words. `form` replaces the type, `items` that of the elements. `entry`
    is the record in the file for the value or an element: its method `made` returns the field's
    value. `identity`: two records of an array for one build may not agree in all such fields; with
    `each`, they may not have an element of such a field in common. `one_of`: exactly one field with
    this word must be given. `excludes`: fields that it cannot be combined with. `flat`: the
    record's keys are among those of the enclosing record, or only those in `only`; with `inherits`,
    an omitted one is as in that field of the enclosing record. `title`: the name of a table in a
    table of tables. `stem`: the default is the file's name, without its suffix. `needed`: a file
    must give it, although the field has a default. `named`: the file's table of named arrays; a
    name may replace the array.
    """

    text: str = ""
    _: KW_ONLY
    name: str = ""
    default: str = ""
    form: Form | None = None
    items: Form | None = None
    entry: type | None = None
    identity: bool = False
    each: bool = False
    one_of: str = ""
    excludes: tuple[str, ...] = ()
    flat: bool = False
    only: tuple[str, ...] = ()
    inherits: bool = False
    title: bool = False
    stem: bool = False
    needed: bool = False
    named: str = ""
    some: bool = False
    """Whether an array must have an element."""


def scratch_filled(value: Any) -> Any:
    """Replace the placeholder by the scratch folder."""
    match value:
        case str():
            return value.replace(SCRATCH_MARK, SCRATCH)
        case dict():
            return {key: scratch_filled(item) for key, item in value.items()}
        case list():
            return [scratch_filled(item) for item in value]
        case _:
            return value


def typed(kind: type, words: str, name: str, read: Callable[[Any], Any] | None = None) -> Form:
    """Return the form of a TOML value of exactly one type."""

    def checked(value: Any) -> Any:
        if type(value) is not kind:
            raise FormError(f"is {told(value)}, not {words}")
        return read(value) if read else value

    return Form(words, {"type": name}, checked)


def told(value: Any) -> str:
    """Return a description of a TOML value."""
    match value:
        case bool():
            return "true" if value else "false"
        case str():
            return f"the string {value!r}" if len(value) < 40 else "a string"
        case int() | float():
            return f"the number {value}"
        case list():
            return "an array"
        case dict():
            return "a table"
        case _:
            return "a date or a time"


def unknown_word(word: str, known: Mapping[str, Any]) -> FormError:
    """Return the error for a word that is not in `known`."""
    near = nearest(word, list(known))
    what = f"is {word!r}, which is unknown"
    if near:
        return FormError(what, f"Did you mean {near[0]!r}?")
    return FormError(what, f"Known: {', '.join(known)}." if known else "There is none.")


def words_form(words: Mapping[str, Any]) -> Form:
    """Return the form of a value that is one of some words, each with a meaning."""

    def read(text: str) -> Any:
        if text not in words:
            raise unknown_word(text, words)
        return words[text]

    listed = ", ".join(f'"{word}"' for word in words)
    form = typed(str, "a string", "string", read)
    return Form(f"one of {listed}", {"enum": list(words)}, form.read)


def enum_form(kind: type[enum.Enum]) -> Form:
    """Return the form of a word of an enumeration."""
    return words_form({str(member.value): member for member in kind})


def pattern_form(words: str, pattern: str, read: Callable[[str], Any]) -> Form:
    """Return the form of a string that matches a pattern as a whole."""
    compiled = re.compile(pattern)

    def fitting(text: str) -> Any:
        if not compiled.fullmatch(text):
            raise FormError(f"is {text!r}, not {words}")
        return read(text)

    form = typed(str, words, "string", fitting)
    return Form(words, {"type": "string", "pattern": f"^(?:{pattern})$"}, form.read)


def _versions(text: str) -> VersionRange:
    try:
        return VersionRange(text)
    except ValueError as error:
        raise FormError(str(error), "Write bounds, with commas: '>=6.0,<10'.") from error


def _regex(text: str) -> re.Pattern[str]:
    try:
        return re.compile(text)
    except re.error as error:
        raise FormError(f"is no regular expression: {error}") from error


def _number(value: Any) -> float:
    if type(value) not in (int, float):
        raise FormError(f"is {told(value)}, not a number")
    return float(value)


def _turn(value: Any) -> Any:
    if type(value) is int:
        return str(value)
    if not isinstance(value, str | dict):
        raise FormError(f"is {told(value)}, not a name, a number or a table of members")
    return value


TEXT: Final = typed(str, "a string", "string")
FLAG: Final = typed(bool, "true or false", "boolean")
INTEGER: Final = typed(int, "an integer", "integer")
NUMBER: Final = Form("a number", {"type": "number"}, _number)
ANY: Final = Form("any value", {}, scratch_filled)
TABLE: Final = typed(dict, "a table", "object", scratch_filled)
PATTERN: Final = typed(str, "a regular expression", "string", _regex)
VERSIONS: Final = typed(str, "a range of versions", "string", _versions)
DOTTED: Final = typed(str, "a path with dots", "string", lambda text: tuple(text.split(".")))
RELEASE: Final = pattern_form("a release such as 6.2", r"\d+\.\d+", str)
TURN: Final = Form(
    "a name, a number or a table of members", {"type": ["string", "integer", "object"]}, _turn
)
"""A step into a reply: a name, an element's number, or a table with members of the element.
"""
TRUE: Final = Form("true", {"const": True}, lambda value: _true(value))


def _true(value: Any) -> bool:
    if value is not True:
        raise FormError(f"is {told(value)}, not true", "Write true, or leave it out.")
    return True
