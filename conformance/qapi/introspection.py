"""Reads the return value of query-qmp-schema; knows the form of its entries and nothing else.

Understands QEMU 5.2 to 11.1.  Members of an entry that it does not know are left alone, as the
protocol wants it of clients (W66); what it does know must be there, of the right type, and agree
with the rest of the schema.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from conformance.qapi.consistency import check_type
from conformance.qapi.model import (
    Alternate,
    Array,
    Builtin,
    Command,
    Enum,
    EnumMember,
    Event,
    JsonType,
    Member,
    Object,
    Schema,
    SchemaError,
    Type,
    Variant,
)

_JSON_NAMES: dict[type, str] = {
    str: "a string",
    bool: "true or false",
    list: "an array",
    dict: "an object",
}

_Value = TypeVar("_Value")


def read_introspection(entries: object) -> Schema:
    """Return the schema that `entries`, the return value of query-qmp-schema, describes.

    Raises SchemaError, which names the entry and the place in it.
    """
    if not isinstance(entries, list):
        raise SchemaError("query-qmp-schema", "does not return an array")
    places: dict[str, str] = {}
    commands: dict[str, Command] = {}
    events: dict[str, Event] = {}
    types: dict[str, Type] = {}
    for index, raw in enumerate(entries):
        entry = _entry(index, raw)
        name = entry.text("name")
        if name in places:
            raise SchemaError(entry.place, f"has the name of {places[name]}")
        places[name] = entry.place
        read = _named(entry, "meta-type", _READERS)
        match read(entry, name):
            case Command() as command:
                commands[name] = command
            case Event() as event:
                events[name] = event
            case kind:
                types[name] = kind
    schema = Schema(commands=commands, events=events, types=types)
    _check(schema, places)
    return schema


@dataclass(frozen=True, slots=True)
class _Node:
    """An object of the schema's JSON and where it stands."""

    place: str
    raw: dict[str, Any]

    def get(self, key: str, kind: type[_Value]) -> _Value:
        if key not in self.raw:
            raise SchemaError(self.place, f"has no {key!r}")
        value = self.raw[key]
        if not isinstance(value, kind):
            raise SchemaError(f"{self.place}: {key}", f"is not {_JSON_NAMES[kind]}")
        return value

    def text(self, key: str) -> str:
        return self.get(key, str)

    def texts(self, key: str) -> tuple[str, ...]:
        for index, value in enumerate(self.get(key, list)):
            if not isinstance(value, str):
                raise SchemaError(f"{self.place}: {key}[{index}]", "is not a string")
        return tuple(self.raw[key])

    def nodes(self, key: str) -> Iterator[_Node]:
        for index, value in enumerate(self.get(key, list)):
            place = f"{self.place}: {key}[{index}]"
            if not isinstance(value, dict):
                raise SchemaError(place, "is not an object")
            yield _Node(place, value)

    def features(self) -> tuple[str, ...]:
        return self.texts("features") if "features" in self.raw else ()


def _entry(index: int, raw: object) -> _Node:
    place = f"entry {index}"
    if not isinstance(raw, dict):
        raise SchemaError(place, "is not an object")
    kind, name = raw.get("meta-type"), raw.get("name")
    if isinstance(kind, str) and isinstance(name, str):
        place = f"{place} ({kind} {name!r})"
    return _Node(place, raw)


def _named(node: _Node, key: str, known: dict[str, _Value]) -> _Value:
    value = node.text(key)
    if value not in known:
        raise SchemaError(f"{node.place}: {key}", f"is {value!r}, none of {', '.join(known)}")
    return known[value]


def _builtin(entry: _Node, name: str) -> Builtin:
    return Builtin(name=name, json_type=_named(entry, "json-type", {str(t): t for t in JsonType}))


def _enum(entry: _Node, name: str) -> Enum:
    if "members" not in entry.raw:
        members = tuple(EnumMember(name=value) for value in entry.texts("values"))
    else:
        members = tuple(
            EnumMember(name=node.text("name"), features=node.features())
            for node in entry.nodes("members")
        )
        # Since 6.2 the values stand there twice, for clients that know the older form alone.
        if "values" in entry.raw and entry.texts("values") != tuple(m.name for m in members):
            raise SchemaError(f"{entry.place}: values", "do not agree with members")
    return Enum(name=name, members=members, features=entry.features())


def _array(entry: _Node, name: str) -> Array:
    return Array(name=name, element=entry.text("element-type"), features=entry.features())


def _object(entry: _Node, name: str) -> Object:
    if ("tag" in entry.raw) != ("variants" in entry.raw):
        raise SchemaError(entry.place, "has one of 'tag' and 'variants' without the other")
    union = "tag" in entry.raw
    return Object(
        name=name,
        members=tuple(map(_member, entry.nodes("members"))),
        tag=entry.text("tag") if union else None,
        variants=tuple(map(_variant, entry.nodes("variants"))) if union else (),
        features=entry.features(),
    )


def _member(node: _Node) -> Member:
    # The schema's own description keeps values other than null for a later use: whatever it is,
    # the member is optional.
    return Member(
        name=node.text("name"),
        type=node.text("type"),
        optional="default" in node.raw,
        features=node.features(),
    )


def _variant(node: _Node) -> Variant:
    return Variant(case=node.text("case"), type=node.text("type"))


def _alternate(entry: _Node, name: str) -> Alternate:
    members = tuple(node.text("type") for node in entry.nodes("members"))
    return Alternate(name=name, members=members, features=entry.features())


def _command(entry: _Node, name: str) -> Command:
    return Command(
        name=name,
        arg_type=entry.text("arg-type"),
        ret_type=entry.text("ret-type"),
        allow_oob=entry.get("allow-oob", bool) if "allow-oob" in entry.raw else False,
        features=entry.features(),
    )


def _event(entry: _Node, name: str) -> Event:
    return Event(name=name, arg_type=entry.text("arg-type"), features=entry.features())


_READERS: dict[str, Callable[[_Node, str], Type | Command | Event]] = {
    "builtin": _builtin,
    "enum": _enum,
    "array": _array,
    "object": _object,
    "alternate": _alternate,
    "command": _command,
    "event": _event,
}


def _check(schema: Schema, places: dict[str, str]) -> None:
    for name, kind in schema.types.items():
        check_type(schema, kind, places[name])
    users: Sequence[Command | Event] = (*schema.commands.values(), *schema.events.values())
    for user in users:
        place = f"{places[user.name]}: arg-type"
        if not isinstance(schema.types.get(user.arg_type), Object):
            raise SchemaError(place, f"there is no object type {user.arg_type!r}")
        if isinstance(user, Command) and user.ret_type not in schema.types:
            raise SchemaError(
                f"{places[user.name]}: ret-type", f"there is no type {user.ret_type!r}"
            )
