"""Single faults: from a valid value of a type to values that are invalid in one labelled way."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Final

from conformance.model.frozen import frozen_value
from conformance.model.terms import JsonValue, as_object
from conformance.qapi.flatten import variant_of
from conformance.qapi.model import (
    Alternate,
    Array,
    Builtin,
    Enum,
    JsonType,
    Member,
    Object,
    Schema,
)
from conformance.space.values import exemplar

UNKNOWN: Final = "no-such-member"
DOWNSTREAM: Final = "__org.example_x"
"""A downstream name (rule W70) of no existing vendor."""
UNKNOWN_VALUE: Final = "no-such-value"
HUGE: Final = 10**30
"""An integer that no QAPI type holds."""

WRONG: Final[Mapping[JsonType, JsonValue]] = {
    JsonType.NULL: None,
    JsonType.BOOLEAN: True,
    JsonType.INT: 1,
    JsonType.STRING: "1",
    JsonType.ARRAY: [],
    JsonType.OBJECT: {},
}
"""One value of each JSON type, for places that want another; the string looks like a number."""

SWITCHED: Final = "on"
"""A boolean as command lines spell it, for places that want a boolean."""

_STRING: Final = f"type={JsonType.STRING}"
_SPELLING: Final = "spelling="
_SPELT: Final[Mapping[JsonType, Mapping[str, str]]] = {
    JsonType.BOOLEAN: {"true": "Q09", "1": "Q09"},
    JsonType.INT: {"0x10": "Q03", "1k": "Q07", "1.5": "Q03"},
    JsonType.NUMBER: {"0x10": "Q02", "1.5": "Q02"},
}
"""Other strings that command lines take for a value, each with the rule that refuses it here."""
_BUILTIN_RULES: Final[Mapping[JsonType, str]] = {
    JsonType.STRING: "Q01",
    JsonType.NUMBER: "Q02",
    JsonType.INT: "Q03",
    JsonType.BOOLEAN: "Q09",
    JsonType.NULL: "Q10",
}


@frozen_value(frozen=True, slots=True, kw_only=True)
class Fault:
    """A value with one fault: `label` is a path for a case's id, `text` says it in words."""

    label: str
    value: JsonValue
    rule: str
    text: str


def faults(
    schema: Schema, type_name: str, valid: JsonValue, *, within: bool = True
) -> Iterator[Fault]:
    """Yield the single faults of `valid`, a valid value of the type, at every depth.

    Includes null where nothing allows it. Integer ranges are left to the caller, who knows them.
    Unless `within`, faults inside objects are left out.
    """
    match schema.types[type_name]:
        case Builtin(json_type=JsonType.VALUE):
            return
        case Builtin(json_type=json_type):
            yield from _of_wrong_type({json_type}, _BUILTIN_RULES.get(json_type, "W63"))
            for text, rule in _SPELT.get(json_type, {}).items():
                words = f"the string {text!r}, as command lines spell it"
                yield _wrong(f"{_SPELLING}{text}", text, rule, words)
            if json_type is JsonType.INT:
                yield _wrong("fraction", 0.5, "Q08", "a fraction where an integer is wanted")
                yield _wrong("huge", HUGE, "Q06", "an integer beyond 64 bits")
        case Enum() as enum:
            yield from _of_wrong_type({JsonType.STRING}, "Q13")
            yield from _of_enum(enum)
        case Array(element=element):
            yield from _of_wrong_type({JsonType.ARRAY}, "Q14")
            yield from _of_array(schema, element, valid, within=within)
        case Alternate() as alternate:
            yield from _of_alternate(schema, alternate, valid, within=within)
        case Object():
            yield from _of_wrong_type({JsonType.OBJECT}, "W63")
            if within:
                yield from object_faults(schema, type_name, as_object(valid))


def together_by_string(found: Iterable[Fault]) -> list[list[Fault]]:
    """Return faults that cases are made of: strings in place of one value are together."""
    groups: dict[str, list[Fault]] = {}
    for fault in found:
        *way, last = fault.label.split("/")
        of = _STRING if last.startswith(_SPELLING) else last
        groups.setdefault("/".join((*way, of)), []).append(fault)
    return [*groups.values()]


def object_faults(
    schema: Schema, type_name: str, valid: Mapping[str, JsonValue]
) -> Iterator[Fault]:
    """Yield the faults within an object that is itself a JSON object."""
    yield from unknown_members(valid)
    for member in members_of(schema, type_name, valid):
        if member.name in valid:
            yield from member_faults(schema, member, valid)


def unknown_members(valid: Mapping[str, JsonValue]) -> Iterator[Fault]:
    """Yield `valid` with an unknown member, without and with a vendor's prefix."""
    yield _unknown(valid, UNKNOWN, "unknown-member", "a member that the schema does not have")
    yield _unknown(valid, DOWNSTREAM, "downstream-member", "a downstream member of nobody's")


def member_faults(
    schema: Schema,
    member: Member,
    valid: Mapping[str, JsonValue],
    *,
    within: bool = True,
    named: bool = True,
) -> Iterator[Fault]:
    """Yield the faults of one member of `valid`, which holds it; `within` as in faults.

    Their labels start with the member's name if they are to be `named`.
    """
    name = member.name
    start = f"{name}/" if named else ""
    if not member.optional:
        less = {key: value for key, value in valid.items() if key != name}
        yield Fault(
            label=f"{start}missing", value=less, rule="Q15", text=f"mandatory member {name} missing"
        )
    for fault in faults(schema, member.type, valid[name], within=within):
        rule = "Q16" if member.optional and fault.label == "type=null" else fault.rule
        yield Fault(
            label=f"{start}{fault.label}",
            value={**valid, name: fault.value},
            rule=rule,
            text=f"{name}: {fault.text}",
        )


def members_of(
    schema: Schema, type_name: str, value: Mapping[str, JsonValue]
) -> tuple[Member, ...]:
    """Return the members that `value` may have: those of the branch that its tags select."""
    current = schema.object(type_name)
    members = current.members
    while current.tag is not None:
        current = variant_of(schema, current, str(value[current.tag]))
        members += current.members
    return members


def _unknown(valid: Mapping[str, JsonValue], name: str, label: str, text: str) -> Fault:
    return Fault(label=label, value={**valid, name: 1}, rule="W64", text=text)


def _wrong(label: str, value: JsonValue, rule: str, text: str) -> Fault:
    return Fault(label=label, value=value, rule=rule, text=text)


def no_objects(rule: str) -> Iterator[Fault]:
    """Yield values of every JSON type but object, where an object is expected."""
    yield from _of_wrong_type({JsonType.OBJECT}, rule)


def _of_wrong_type(right: set[JsonType], rule: str) -> Iterator[Fault]:
    if JsonType.NUMBER in right:
        right = right | {JsonType.INT}
    for json_type, value in WRONG.items():
        if json_type is JsonType.STRING and right == {JsonType.BOOLEAN}:
            value = SWITCHED
        if json_type not in right:
            wanted = " or ".join(sorted(right))
            yield _wrong(f"type={json_type}", value, rule, f"{json_type} where {wanted} is wanted")


def _of_enum(enum: Enum) -> Iterator[Fault]:
    names = {member.name for member in enum.members}
    first = enum.members[0].name
    other = first.upper() if first.upper() not in names else first.lower()
    for label, value, text in (
        ("unknown", UNKNOWN_VALUE, "a value that the enum does not have"),
        ("case", other, f"{first!r} in other case"),
        ("empty", "", "the empty string for an enum"),
    ):
        if value not in names:
            yield _wrong(label, value, "Q13", text)


def _of_array(schema: Schema, element: str, valid: JsonValue, *, within: bool) -> Iterator[Fault]:
    one = valid[0] if isinstance(valid, list) and valid else exemplar(schema, element)
    if not isinstance(one, list):
        yield _wrong("element", one, "Q14", "an element where an array is wanted")
    for fault in faults(schema, element, one, within=within):
        yield replace(fault, label=f"last/{fault.label}", value=[one, fault.value])


def _of_alternate(
    schema: Schema, alternate: Alternate, valid: JsonValue, *, within: bool
) -> Iterator[Fault]:
    taken = {json_type_of(schema, branch) for branch in alternate.members}
    yield from _of_wrong_type(taken, "Q24")
    for branch in alternate.members:
        match schema.types[branch]:
            case Enum() as enum:
                yield from _of_enum(enum)
            case Object() if within and isinstance(valid, dict):
                yield from object_faults(schema, branch, valid)
            case _:
                pass


def json_type_of(schema: Schema, type_name: str) -> JsonType:
    """Return the JSON type of the values of a type that is no alternate."""
    match schema.types[type_name]:
        case Builtin(json_type=json_type):
            return json_type
        case Enum():
            return JsonType.STRING
        case Array():
            return JsonType.ARRAY
        case _:
            return JsonType.OBJECT
