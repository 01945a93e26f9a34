"""Reads the return value of query-qmp-schema; knows the form of its entries and nothing else.

Understands QEMU 5.2 to 11.1. Unknown members of an entry are ignored, as the protocol asks of
clients (W66). Known members must be present, have the right type, and agree with the rest of the
schema.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, TypeAlias, TypeVar

from conformance.qapi.consistency import Checker, ContradictionError
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
from conformance.qapi.names import brief, schema_problem, shown, type_problem
from conformance.qapi.soundness import sound_part

_JSON_NAMES: dict[type, str] = {
    str: "a string",
    bool: "true or false",
    list: "an array",
    dict: "an object",
}

# How each place begins, except that of the whole.
_ENTRY = re.compile(r"entry ([0-9]+)")

_Value = TypeVar("_Value")

Entry: TypeAlias = Mapping[str, Any]
"""An entry of what query-qmp-schema returns, as raw JSON."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Examined:
    """What `entries` describe, as far as they can be read, and everything that is wrong with them.

    Without faults, the schema is sound and complete.
    """

    schema: Schema
    faults: tuple[ContradictionError, ...] = ()


def read_introspection(entries: object) -> Schema:
    """Return the schema that `entries`, the return value of query-qmp-schema, describe.

    Raises SchemaError, which names the entry and the place in it.
    """
    found = examine(entries)
    if found.faults:
        raise found.faults[0]
    return found.schema


def examine(entries: object) -> Examined:
    """Return the schema of the readable entries, with all faults of all entries.

    Faults of single entries come first, in their order; then contradictions between entries, by
    kind and name.
    """
    if not isinstance(entries, list):
        fault = ContradictionError("Q53", "query-qmp-schema", "does not return an array")
        return Examined(schema=Schema(), faults=(fault,))
    reading = _Reading()
    for index, raw in enumerate(entries):
        reading.read(index, raw)
    schema = Schema(commands=reading.commands, events=reading.events, types=reading.types)
    return Examined(schema=schema, faults=(*reading.faults, *_between(schema, reading)))


def read_usable(entries: object) -> Examined:
    """Return the part of a schema that does not contradict itself, and all faults.

    Raises SchemaError with the first fault if no command is left, or if there was none.
    """
    found = examine(entries)
    if found.faults:
        schema = sound_part(found.schema, listed(entries))
        found = replace(found, schema=schema)
    if not found.schema.commands:
        raise next(iter(found.faults), SchemaError("query-qmp-schema", "lists no command"))
    return found


def listed(entries: object, *kinds: str) -> tuple[str, ...]:
    """Return the names of commands and events in `entries`, readable or not, in order.

    With `kinds`, only those whose meta-type is one of them.
    """
    if not isinstance(entries, list):
        return ()
    wanted = kinds or ("command", "event")
    names = (e.get("name") for e in entries if isinstance(e, dict) and e.get("meta-type") in wanted)
    return tuple(dict.fromkeys(name for name in names if isinstance(name, str)))


def entry_of(fault: ContradictionError) -> int | None:
    """Return the number (from 0) of the entry that a fault of `examine` is about, if any."""
    numbered = _ENTRY.match(fault.place)
    return int(numbered[1]) if numbered else None


class _Reading:
    """The entries read so far, by name, and their faults."""

    def __init__(self) -> None:
        self.faults: list[ContradictionError] = []
        self.places: dict[str, str] = {}
        self.commands: dict[str, Command] = {}
        self.events: dict[str, Event] = {}
        self.types: dict[str, Type] = {}

    def read(self, index: int, raw: object) -> None:
        """Add an entry; one with a fault keeps its place and is no part of the schema."""
        before = len(self.faults)
        entry = _entry(index, raw, self.faults)
        if entry is None:
            return
        name = entry.name("name", type_problem if entry.is_type else schema_problem)
        if name in self.places:
            entry.fault(f"has the name of {self.places[name]}", rule="Q46")
            return
        if isinstance(entry.raw.get("name"), str):
            self.places[name] = entry.place
        rule, read = _named(entry, "meta-type", _READERS)
        if len(self.faults) > before:
            return
        made = read(replace(entry, rule=rule), name)
        if len(self.faults) > before:
            return
        match made:
            case Command():
                self.commands[name] = made
            case Event():
                self.events[name] = made
            case kind:
                self.types[name] = kind


def _between(schema: Schema, reading: _Reading) -> Iterator[ContradictionError]:
    """Yield the contradictions between entries."""
    places = reading.places
    known = {*schema.commands, *schema.events, *schema.types}
    checker = Checker(schema, frozenset(places) - known)
    for name, kind in schema.types.items():
        yield from checker.contradictions(kind, places[name])
    for command in schema.commands.values():
        place = places[command.name]
        yield from checker.object_type("Q58", command.arg_type, f"{place}: arg-type")
        yield from checker.any_type(command.ret_type, f"{place}: ret-type")
    for event in schema.events.values():
        yield from checker.object_type("Q59", event.arg_type, f"{places[event.name]}: arg-type")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Node:
    """An object of the schema's JSON, its place, and the rule that defines its form.

    A wrong part is added to `faults`, and read as the empty value of its type.
    """

    place: str
    raw: dict[str, Any]
    rule: str
    faults: list[ContradictionError]

    def fault(self, problem: str, *, at: str = "", rule: str = "") -> None:
        place = f"{self.place}: {at}" if at else self.place
        self.faults.append(ContradictionError(rule or self.rule, place, problem))

    def get(self, key: str, kind: type[_Value]) -> _Value:
        if key not in self.raw:
            self.fault(f"has no {key!r}")
            return kind()
        value = self.raw[key]
        if not isinstance(value, kind):
            self.fault(f"is not {_JSON_NAMES[kind]}", at=key)
            return kind()
        return value

    @property
    def is_type(self) -> bool:
        return self.raw.get("meta-type") not in ("command", "event")

    def text(self, key: str) -> str:
        return self.get(key, str)

    def name(self, key: str, problem_of: Callable[[str], str | None] = schema_problem) -> str:
        """Return the string `key`, which must be a usable name."""
        name = self.text(key)
        problem = problem_of(name) if isinstance(self.raw.get(key), str) else None
        if problem:
            self.fault(f"no usable name: {problem}", at=key, rule="Q44")
        return name

    def names(self, key: str) -> tuple[str, ...]:
        """Return the strings of the array `key`, which must be usable names."""
        values = self.get(key, list)
        for index, value in enumerate(values):
            at = f"{key}[{index}]"
            if not isinstance(value, str):
                self.fault("is not a string", at=at)
            elif problem := schema_problem(value):
                self.fault(f"no usable name: {problem}", at=at, rule="Q44")
        return tuple(value for value in values if isinstance(value, str))

    def nodes(self, key: str, rule: str) -> Iterator[_Node]:
        for index, value in enumerate(self.get(key, list)):
            at = f"{key}[{index}]"
            if isinstance(value, dict):
                yield replace(self, place=f"{self.place}: {at}", raw=value, rule=rule)
            else:
                self.fault("is not an object", at=at)

    def features(self) -> tuple[str, ...]:
        return self.names("features") if "features" in self.raw else ()


def _entry(index: int, raw: object, faults: list[ContradictionError]) -> _Node | None:
    place = f"entry {index}"
    if not isinstance(raw, dict):
        faults.append(ContradictionError("Q53", place, "is not an object"))
        return None
    kind, name = raw.get("meta-type"), raw.get("name")
    if isinstance(kind, str) and isinstance(name, str):
        place = f"{place} ({shown(kind)} {brief(name)})"
    return _Node(place=place, raw=raw, rule="Q53", faults=faults)


def _named(node: _Node, key: str, known: dict[str, _Value]) -> _Value:
    """Return what the string `key` names, or any value if it names nothing known."""
    before = len(node.faults)
    value = node.text(key)
    if value not in known:
        if len(node.faults) == before:
            node.fault(f"is {brief(value)}, none of {', '.join(known)}", at=key)
        return next(iter(known.values()))
    return known[value]


def _builtin(entry: _Node, name: str) -> Builtin:
    return Builtin(name=name, json_type=_named(entry, "json-type", {str(t): t for t in JsonType}))


def _enum(entry: _Node, name: str) -> Enum:
    if "members" not in entry.raw:
        members = tuple(EnumMember(name=value) for value in entry.names("values"))
    else:
        members = tuple(
            EnumMember(name=node.name("name"), features=node.features())
            for node in entry.nodes("members", "Q65")
        )
        # Since 6.2, the values appear twice, for clients that know only the older form.
        if "values" in entry.raw and entry.names("values") != tuple(m.name for m in members):
            entry.fault("do not agree with members", at="values")
    return Enum(name=name, members=members, features=entry.features())


def _array(entry: _Node, name: str) -> Array:
    return Array(name=name, element=entry.text("element-type"), features=entry.features())


def _object(entry: _Node, name: str) -> Object:
    if ("tag" in entry.raw) != ("variants" in entry.raw):
        entry.fault("has one of 'tag' and 'variants' without the other")
    union = "tag" in entry.raw and "variants" in entry.raw
    return Object(
        name=name,
        members=tuple(map(_member, entry.nodes("members", "Q61"))),
        tag=entry.text("tag") if union else None,
        variants=tuple(map(_variant, entry.nodes("variants", "Q62"))) if union else (),
        features=entry.features(),
    )


def _member(node: _Node) -> Member:
    # The schema of introspection reserves values other than null: whatever the value, the member is
    # optional.
    return Member(
        name=node.name("name"),
        type=node.text("type"),
        optional="default" in node.raw,
        features=node.features(),
    )


def _variant(node: _Node) -> Variant:
    return Variant(case=node.name("case"), type=node.text("type"))


def _alternate(entry: _Node, name: str) -> Alternate:
    members = tuple(node.text("type") for node in entry.nodes("members", "Q63"))
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


_READERS: dict[str, tuple[str, Callable[[_Node, str], Type | Command | Event]]] = {
    "builtin": ("Q66", _builtin),
    "enum": ("Q65", _enum),
    "array": ("Q64", _array),
    "object": ("Q60", _object),
    "alternate": ("Q63", _alternate),
    "command": ("Q57", _command),
    "event": ("Q59", _event),
}
"""How an entry of each meta-type is read, and the rule that defines its form."""
