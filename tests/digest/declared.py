"""Made-up declarations, and the introspection that a build of them would give."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from conformance.digest.declaration import Condition, EntityKind
from conformance.digest.digest import (
    DigestBranch,
    DigestEntity,
    DigestFeature,
    DigestMember,
    DigestValue,
)
from conformance.digest.expand import schema_of
from conformance.qapi.introspection import read_introspection
from conformance.qapi.model import Alternate, Array, Builtin, Enum, JsonType, Object, Schema

Entities = dict[str, DigestEntity]


def entities(*made: DigestEntity) -> Entities:
    return {each.name: each for each in made}


def m(name: str, kind: str = "str", **more: Any) -> DigestMember:
    return DigestMember(name=name, type=kind, **more)


def value(name: str, **more: Any) -> DigestValue:
    return DigestValue(name=name, **more)


def feature(name: str, condition: Condition | None = None) -> DigestFeature:
    return DigestFeature(name=name, condition=condition)


def command(name: str, *members: DigestMember, **more: Any) -> DigestEntity:
    return _entity(EntityKind.COMMAND, name, members=members, **more)


def event(name: str, *members: DigestMember, **more: Any) -> DigestEntity:
    return _entity(EntityKind.EVENT, name, members=members, **more)


def struct(name: str, *members: DigestMember, **more: Any) -> DigestEntity:
    return _entity(EntityKind.STRUCT, name, members=members, **more)


def alternate(name: str, *members: DigestMember, **more: Any) -> DigestEntity:
    return _entity(EntityKind.ALTERNATE, name, members=members, **more)


def enum(name: str, *values: str | DigestValue, **more: Any) -> DigestEntity:
    made = tuple(value(v) if isinstance(v, str) else v for v in values)
    return _entity(EntityKind.ENUM, name, values=made, **more)


def union(
    name: str, tag: DigestMember, *branches: tuple[str, str] | DigestBranch, **more: Any
) -> DigestEntity:
    made = tuple(
        each if isinstance(each, DigestBranch) else DigestBranch(case=each[0], type=each[1])
        for each in branches
    )
    more = {"base_members": (tag,), **more}
    return _entity(EntityKind.UNION, name, tag=tag.name, branches=made, **more)


def _entity(kind: EntityKind, name: str, **more: Any) -> DigestEntity:
    return DigestEntity(kind=kind, name=name, **{"module": "qapi/made.json", "line": 7, **more})


def build(declared: Mapping[str, DigestEntity], *off: str) -> Schema:
    """Return what a build of `declared` shows where the symbols `off` are not configured."""
    return masked(schema_of(declared, configured(*off)))


def configured(*off: str) -> Callable[[Condition], bool]:
    """Return whether a condition holds where the symbols `off` are not configured."""

    def holds(condition: Condition) -> bool:
        if isinstance(condition, str):
            return condition not in off
        ((operator, operand),) = condition.items()
        parts = operand if isinstance(operand, tuple) else (operand,)
        held = [holds(part) for part in parts]
        return {"all": all(held), "any": any(held), "not": not held[0]}[operator]

    return holds


def masked(schema: Schema) -> Schema:
    """Return `schema` as introspection shows it: types are numbers, integers have no width."""
    numbers = {name: str(number) for number, name in enumerate(schema.types)}

    def name_of(name: str) -> str:
        kind = schema.types[name]
        if isinstance(kind, Builtin):
            return "int" if kind.json_type is JsonType.INT else name
        return f"[{name_of(kind.element)}]" if isinstance(kind, Array) else numbers[name]

    entries: dict[str, dict[str, Any]] = {}
    for name in schema.types:
        entries[name_of(name)] = {"name": name_of(name), **_entry(schema, name, name_of)}
    for command in schema.commands.values():
        types = {"arg-type": name_of(command.arg_type), "ret-type": name_of(command.ret_type)}
        entries[command.name] = {"meta-type": "command", **_named(command), **types}
        entries[command.name] |= {"allow-oob": True} if command.allow_oob else {}
    for event in schema.events.values():
        arg_type = name_of(event.arg_type)
        entries[event.name] = {"meta-type": "event", **_named(event), "arg-type": arg_type}
    return read_introspection(list(entries.values()))


def _entry(schema: Schema, name: str, name_of: Any) -> dict[str, Any]:
    match schema.types[name]:
        case Builtin(json_type=json_type):
            return {"meta-type": "builtin", "json-type": str(json_type)}
        case Array(element=element):
            return {"meta-type": "array", "element-type": name_of(element)}
        case Enum(members=members, features=features):
            values = [_named(each) for each in members]
            return {"meta-type": "enum", "members": values, "features": list(features)}
        case Alternate(members=names, features=features):
            types = [{"type": name_of(each)} for each in names]
            return {"meta-type": "alternate", "members": types, "features": list(features)}
        case Object() as made:
            typed = [
                {**_named(each), "type": name_of(each.type)}
                | ({"default": None} if each.optional else {})
                for each in made.members
            ]
            entry = {"meta-type": "object", "members": typed, "features": list(made.features)}
            if made.tag is None:
                return entry
            cases = [{"case": v.case, "type": name_of(v.type)} for v in made.variants]
            return {**entry, "tag": made.tag, "variants": cases}


def _named(thing: Any) -> dict[str, Any]:
    return {"name": thing.name, "features": list(thing.features)}
