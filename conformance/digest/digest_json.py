"""A digest as JSON and back: exact inverses, compact, one declaration a line.

Leaves out default values, and what another program's schema shares with the system's. Knows neither
files nor how a digest is made.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import groupby
from typing import Any, Final, TypeAlias, TypeVar

from conformance.digest.declaration import Condition, EntityKind, Flag
from conformance.digest.digest import (
    DefaultKind,
    Digest,
    DigestBranch,
    DigestEntity,
    DigestFeature,
    DigestMember,
    DigestValue,
)
from conformance.model.canonical import canonical
from conformance.model.flavour import Program
from conformance.model.terms import ABSENT
from conformance.qapi.model import SchemaError

FORMAT: Final = 1
"""The version of the format; it changes when an older reader would misread the file."""

Entities: TypeAlias = Mapping[str, DigestEntity]
T = TypeVar("T")


def to_json(digest: Digest) -> dict[str, Any]:
    """Return the JSON value of a digest."""
    system = digest.schemas.get(Program.SYSTEM, {})
    schemas = {
        str(program): list(_schema(entities, {} if program is Program.SYSTEM else system))
        for program, entities in digest.schemas.items()
    }
    found: dict[str, Any] = {"format": FORMAT, "version": digest.version, "schemas": schemas}
    if digest.open_names:
        found["open-names"] = list(digest.open_names)
    return found


def from_json(value: object) -> Digest:
    """Return the digest that `to_json` wrote; raises SchemaError for any other value."""
    top = _Entry("digest", value)
    if top.take("format", int) != FORMAT:
        raise SchemaError("digest", f"its format is not {FORMAT}, the only one known here")
    version, open_names = top.take("version", str), top.texts("open-names")
    schemas: dict[Program, Entities] = {}
    for program, entities in top.entry("schemas").items():
        key = _word(Program, "digest", program)
        schemas[key] = _entities(program, entities, schemas.get(Program.SYSTEM, {}))
    top.done()
    return Digest(version=version, schemas=schemas, open_names=open_names)


def digest_text(digest: Digest) -> str:
    """Return the text of a digest's file: canonical JSON, one declaration on each line."""
    value = to_json(digest)
    schemas = value.pop("schemas")
    lines = [f"{canonical(key)}:{canonical(part)},\n" for key, part in sorted(value.items())]
    parts = [
        f"{canonical(program)}:[\n" + ",\n".join(map(canonical, entities)) + "\n]"
        for program, entities in schemas.items()
    ]
    return "{\n" + "".join(lines) + '"schemas":{\n' + ",\n".join(parts) + "\n}\n}\n"


def _schema(entities: Entities, system: Entities) -> Iterator[Any]:
    """Yield each entity, or the name of a module whose entities equal the system's."""
    for module, found in groupby(entities.values(), key=lambda entity: entity.module):
        run = tuple(found)
        if run == _of_module(system, module):
            yield module
        else:
            yield from map(_from_entity, run)


def _of_module(entities: Entities, module: str) -> tuple[DigestEntity, ...]:
    return tuple(entity for entity in entities.values() if entity.module == module)


def _entities(program: str, value: object, system: Entities) -> Entities:
    if not isinstance(value, list):
        raise SchemaError(program, "is no array")
    found: dict[str, DigestEntity] = {}
    for item in value:
        taken = _of_module(system, item) if isinstance(item, str) else (_to_entity(program, item),)
        if not taken:
            raise SchemaError(program, f"takes {item!r}, of which the system has nothing")
        for entity in taken:
            if entity.name in found:
                raise SchemaError(program, f"{entity.name} stands there twice")
            found[entity.name] = entity
    return found


def _from_entity(entity: DigestEntity) -> dict[str, Any]:
    return _short(
        kind=str(entity.kind),
        name=entity.name,
        module=entity.module,
        line=entity.line,
        condition=_from_condition(entity.condition),
        features=_each(_from_feature, entity.features),
        since=entity.since,
        members=_each(_from_member, entity.members),
        values=_each(_from_value, entity.values),
        base=entity.base,
        base_members=_each(_from_member, entity.base_members),
        tag=entity.tag,
        branches=_each(_from_branch, entity.branches),
        arg_type=entity.arg_type,
        boxed=entity.boxed,
        returns=entity.returns,
        flags=sorted(entity.flags),
        errors=list(entity.errors),
        error_items=[item or "" for item in entity.error_items],
        unknown_errors=list(entity.unknown_errors),
        unknown_events=list(entity.unknown_events),
        base_defaults=dict(entity.base_defaults),
        undocumented=not entity.documented,
    )


def _to_entity(program: str, value: object) -> DigestEntity:
    entry = _Entry(program, value)
    kind = _word(EntityKind, program, entry.take("kind", str))
    name = entry.take("name", str)
    entry.place = f"{program}: {kind} {name}"
    entity = DigestEntity(
        kind=kind,
        name=name,
        module=entry.take("module", str, ""),
        line=entry.take("line", int, 0),
        condition=entry.condition(),
        features=entry.each("features", _to_feature),
        since=entry.text("since"),
        members=entry.each("members", _to_member),
        values=entry.each("values", _to_value),
        base=entry.text("base"),
        base_members=entry.each("base-members", _to_member),
        tag=entry.text("tag"),
        branches=entry.each("branches", _to_branch),
        arg_type=entry.text("arg-type"),
        boxed=entry.take("boxed", bool, False),
        returns=entry.text("returns"),
        flags=frozenset(_word(Flag, entry.place, flag) for flag in entry.texts("flags")),
        errors=entry.texts("errors"),
        error_items=tuple(item or None for item in entry.texts("error-items")),
        unknown_errors=entry.texts("unknown-errors"),
        unknown_events=entry.texts("unknown-events"),
        base_defaults=entry.entry("base-defaults"),
        documented=not entry.take("undocumented", bool, False),
    )
    entry.done()
    return entity


def _from_member(member: DigestMember) -> dict[str, Any]:
    found = _short(
        name=member.name,
        type=member.type,
        optional=member.optional,
        condition=_from_condition(member.condition),
        features=_each(_from_feature, member.features),
        since=member.since,
        case_defaults=dict(member.case_defaults),
        line=member.line,
    )
    match member.default_kind:
        case DefaultKind.VALUE:
            found["default"] = member.default
        case DefaultKind.DEPENDS | DefaultKind.PROSE:
            found["default-kind"] = str(member.default_kind)
        case DefaultKind.NONE:
            pass
    return found


def _to_member(entry: _Entry) -> DigestMember:
    default = entry.take("default", object, ABSENT)
    kind = DefaultKind.NONE if default is ABSENT else DefaultKind.VALUE
    if default is ABSENT:
        kind = _word(DefaultKind, entry.place, entry.take("default-kind", str, str(kind)))
    return DigestMember(
        name=entry.take("name", str),
        type=entry.take("type", str),
        optional=entry.take("optional", bool, False),
        condition=entry.condition(),
        features=entry.each("features", _to_feature),
        since=entry.text("since"),
        default_kind=kind,
        default=default,
        case_defaults=entry.entry("case-defaults"),
        line=entry.take("line", int, 0),
    )


def _from_value(value: DigestValue) -> dict[str, Any]:
    return _short(
        name=value.name,
        condition=_from_condition(value.condition),
        features=_each(_from_feature, value.features),
        since=value.since,
    )


def _to_value(entry: _Entry) -> DigestValue:
    return DigestValue(
        name=entry.take("name", str),
        condition=entry.condition(),
        features=entry.each("features", _to_feature),
        since=entry.text("since"),
    )


def _from_branch(branch: DigestBranch) -> dict[str, Any]:
    return _short(case=branch.case, type=branch.type, condition=_from_condition(branch.condition))


def _to_branch(entry: _Entry) -> DigestBranch:
    return DigestBranch(
        case=entry.take("case", str),
        type=entry.take("type", str),
        condition=entry.condition(),
    )


def _from_feature(feature: DigestFeature) -> dict[str, Any]:
    return _short(name=feature.name, condition=_from_condition(feature.condition))


def _to_feature(entry: _Entry) -> DigestFeature:
    return DigestFeature(
        name=entry.take("name", str),
        condition=entry.condition(),
    )


def _from_condition(condition: Condition | None) -> Any:
    if condition is None or isinstance(condition, str):
        return condition
    return {
        word: list(map(_from_condition, parts))
        if isinstance(parts, tuple)
        else _from_condition(parts)
        for word, parts in condition.items()
    }


def _to_condition(place: str, value: object) -> Condition:
    if isinstance(value, str) and value:
        return value
    if isinstance(value, dict) and len(value) == 1:
        [(word, parts)] = value.items()
        if word in ("all", "any") and isinstance(parts, list):
            return {word: tuple(_to_condition(place, part) for part in parts)}
        if word == "not":
            return {word: _to_condition(place, parts)}
    raise SchemaError(place, f"{value!r:.60} is no condition")


def _each(encode: Callable[[T], dict[str, Any]], parts: Iterable[T]) -> list[Any]:
    """Return the parts as objects; a part that has only a name becomes that name."""
    found = map(encode, parts)
    return [part["name"] if part.keys() == {"name"} else part for part in found]


def _short(**members: Any) -> dict[str, Any]:
    """Return the members that differ from their defaults, with the names used in JSON."""
    return {name.replace("_", "-"): value for name, value in members.items() if value}


class _Entry:
    """An object of the file and its place; `done` complains about unread members."""

    def __init__(self, place: str, value: object) -> None:
        if not isinstance(value, dict):
            raise SchemaError(place, f"{value!r:.60} is no object")
        self.place = place
        self._left = dict(value)

    def take(self, key: str, kind: type[T], default: Any = None) -> Any:
        """Return the value of `key`, which is a `kind`; without a default it is mandatory."""
        value = self._left.pop(key, default)
        if value is None and default is None and kind is not object:
            raise SchemaError(self.place, f"{key!r} is missing")
        if value is not default and not (kind is object or type(value) is kind):
            raise SchemaError(self.place, f"{key!r} is no {kind.__name__}")
        return value

    def text(self, key: str) -> str | None:
        """Return the string `key`; None if it is left out."""
        return self.take(key, str, "") or None

    def condition(self) -> Condition | None:
        """Return the object's condition; None if it has none."""
        found = self.take("condition", object, ABSENT)
        return None if found is ABSENT else _to_condition(self.place, found)

    def texts(self, key: str) -> tuple[str, ...]:
        """Return the strings of the array `key`; none if it is left out."""
        found = self.take(key, list, [])
        if not all(isinstance(text, str) for text in found):
            raise SchemaError(self.place, f"{key!r} holds other things than strings")
        return tuple(found)

    def entry(self, key: str) -> dict[str, Any]:
        """Return the object `key`; empty if it is left out."""
        found: dict[str, Any] = self.take(key, dict, {})
        return found

    def each(self, key: str, decode: Callable[[_Entry], T]) -> tuple[T, ...]:
        """Return what `decode` makes of each entry of the array `key`."""
        found = []
        for item in self.take(key, list, []):
            value = {"name": item} if isinstance(item, str) else item
            name = value.get("name") or value.get("case") if isinstance(value, dict) else None
            entry = _Entry(f"{self.place}: {key}" + (f" {name}" if name else ""), value)
            found.append(decode(entry))
            entry.done()
        return tuple(found)

    def done(self) -> None:
        """Raise SchemaError if the object has members that were not read."""
        if self._left:
            raise SchemaError(self.place, f"{min(self._left)!r} is unknown")


def _word(kind: type[T], place: str, word: str) -> T:
    try:
        return kind(word)  # type: ignore[call-arg]
    except ValueError:
        raise SchemaError(place, f"{word!r} is no {kind.__name__}") from None
