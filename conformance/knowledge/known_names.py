"""The names that releases with a shipped digest have: commands, events, members, values.

Knows digests and how they describe a value; knows no file that uses names.
"""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, cached_property
from typing import Any, Final, TypeAlias

from conformance.digest.digest import Digest
from conformance.digest.expand import open_objects, schema_of
from conformance.digest.objectmodel import object_model
from conformance.knowledge.digests import load_digests
from conformance.knowledge.qom_types import ListedNames, load_qom_types
from conformance.knowledge.undigested import Undigested, UndigestedKind
from conformance.knowledge.versions import VersionRange, release_range
from conformance.model.flavour import Program
from conformance.model.hints import nearest
from conformance.model.stage import BUILD_NEEDS
from conformance.model.terms import ABSENT, Absent, JsonValue, PathPart
from conformance.qapi.flatten import tag_values, variant_of
from conformance.qapi.model import Alternate, Array, Builtin, Enum, JsonType, Object, Schema

Path: TypeAlias = tuple[str | int, ...]

_TOKENS: Final = re.compile(r"[.:]")
_ARCHES: Final = "SysEmuTarget"
"""The enumeration of guest architectures in the schema of each release."""
_ELEMENT: Final = "0"
_STEPS: Final = (_ELEMENT, "string", "null", "object", "array", "int", "number", "boolean")
"""What stands in a path for an element of an array, and for a branch of an alternate."""

_TYPE_ARGUMENTS: Final = {
    "device_add": "driver",
    "device-list-properties": "typename",
    "qom-list-properties": "typename",
    "qom-list-types": "implements",
}
"""The arguments that name a QOM type; no schema says so."""

_SHAPES: Final[Mapping[JsonType, tuple[type, ...]]] = {
    JsonType.STRING: (str,),
    JsonType.NUMBER: (int, float),
    JsonType.INT: (int,),
    JsonType.BOOLEAN: (bool,),
    JsonType.NULL: (type(None),),
}


@dataclass(frozen=True, slots=True)
class UnknownName:
    """A name that no release has: its kind, its place in a value, and the names that exist."""

    kind: UndigestedKind
    name: str
    at: Path = ()
    known: tuple[str, ...] = ()

    @property
    def last(self) -> str:
        """The name alone, without its owner."""
        parts = (UndigestedKind.MEMBER, UndigestedKind.PROPERTY)
        return str(self.at[-1]) if self.kind in parts else self.value

    @property
    def value(self) -> str:
        """The part after the last = of the name, or all of it."""
        return self.name.rpartition("=")[2]

    @property
    def hint(self) -> str:
        """The nearest existing name."""
        near = nearest(self.last, self.known)
        return f"Did you mean {near[0]!r}?" if near else ""


@dataclass(frozen=True)
class Side:
    """One program of one release; no digest has all members of its `open` types."""

    schema: Schema
    open: frozenset[str]
    versions: VersionRange


@dataclass(frozen=True)
class Releases:
    """The names of the releases of some digests; `listed` are those that no digest has."""

    digests: Mapping[str, Digest]
    listed: ListedNames = ListedNames()
    _reached: dict[str, frozenset[str]] = field(default_factory=dict)

    @cached_property
    def sides(self) -> tuple[Side, ...]:
        """Each program of each release."""
        return tuple(
            Side(schema_of(each, whole=True), open_objects(each), release_range(release))
            for release, digest in self.digests.items()
            for each in digest.schemas.values()
        )

    @cached_property
    def commands(self) -> frozenset[str]:
        """All commands."""
        return frozenset(name for side in self.sides for name in side.schema.commands)

    @cached_property
    def events(self) -> frozenset[str]:
        """All events."""
        return frozenset(name for side in self.sides for name in side.schema.events)

    @cached_property
    def object_types(self) -> Mapping[str, frozenset[str] | None]:
        """All types that object-add creates, with their members; None if some are unknown."""
        found: dict[str, frozenset[str] | None] = {}
        for digest in self.digests.values():
            for each in object_model(digest.schemas[Program.SYSTEM]).types:
                own = frozenset(member.name for member in each.members)
                before = found.get(each.name, frozenset())
                found[each.name] = None if each.open or before is None else before | own
        return found

    @cached_property
    def arches(self) -> frozenset[str]:
        """All guest architectures."""
        kinds = (side.schema.types.get(_ARCHES) for side in self.sides)
        return frozenset(word for kind in kinds if isinstance(kind, Enum) for word in kind.values)

    def arguments(self, command: str) -> list[tuple[Side, str]]:
        """Return the types of a command's arguments, if there is such a command."""
        having = [side for side in self.sides if command in side.schema.commands]
        return [(side, side.schema.commands[command].arg_type) for side in having]

    def data(self, event: str) -> list[tuple[Side, str]]:
        """Return the types of an event's data, if there is such an event."""
        having = [side for side in self.sides if event in side.schema.events]
        return [(side, side.schema.events[event].arg_type) for side in having]

    def answers(self, command: str, versions: VersionRange) -> list[tuple[Side, str]]:
        """Return the types of a command's answers, if there is such a command.

        Those of all releases if none of `versions` has it.
        """
        having = [side for side in self.sides if command in side.schema.commands]
        meant = [side for side in having if side.versions.meets(versions)] or having
        return [(side, side.schema.commands[command].ret_type) for side in meant]

    def reachable(self, command: str) -> frozenset[str]:
        """Return all names in a command's arguments, and the marks for elements and branches."""
        if command not in self._reached:
            found = set[str](_STEPS)
            for side, kind in self.arguments(command):
                _reach(side.schema, kind, found, set())
            self._reached[command] = frozenset(found)
        return self._reached[command]


@cache
def shipped_releases() -> Releases:
    """Return the names of the releases with a shipped digest."""
    return Releases(load_digests(), load_qom_types())


@dataclass(frozen=True)
class KnownNames:
    """The names of some releases, and those declared for others."""

    releases: Releases
    undigested: Sequence[Undigested] = ()
    rules: frozenset[str] = frozenset()
    untyped: frozenset[str] = frozenset()
    """Commands that take more than they declare."""
    used: set[tuple[UndigestedKind, str]] = field(default_factory=set)
    """The declared names that a record used."""

    def command(self, name: str) -> Iterator[UnknownName]:
        """Yield the name if no release has such a command."""
        return self._one(UndigestedKind.COMMAND, name, self.releases.commands)

    def event(self, name: str) -> Iterator[UnknownName]:
        """Yield the name if no release has such an event."""
        return self._one(UndigestedKind.EVENT, name, self.releases.events)

    def object_type(self, name: str) -> Iterator[UnknownName]:
        """Yield the name if no release has such an object type."""
        return self._one(UndigestedKind.OBJECT_TYPE, name, self.releases.object_types)

    def qom_type(self, name: str) -> Iterator[UnknownName]:
        """Yield the name if no known release has such a QOM type or alias of a device."""
        known = self.releases.listed.types | self.releases.object_types.keys()
        return self._one(UndigestedKind.QOM_TYPE, name, known)

    def machine(self, name: str) -> Iterator[UnknownName]:
        """Yield the name if no known release has such a machine."""
        return self._one(UndigestedKind.MACHINE, name, self.releases.listed.machines)

    def need(self, need: str) -> Iterator[UnknownName]:
        """Yield each name in a need that no release has: a type, or a property of one."""
        kind, _, name = need.partition(":")
        if kind in BUILD_NEEDS:
            owner, _, member = name.partition(".") if kind == "property" else (name, "", "")
            yield from self.qom_type(owner)
            yield from self.property(owner, member) if member else ()

    def arch(self, name: str) -> Iterator[UnknownName]:
        """Yield the name if no release has guests of that architecture."""
        return self._one(UndigestedKind.ARCH, name, self.releases.arches)

    def rule(self, id: str) -> Iterator[UnknownName]:
        """Yield the id if the catalogue has no such rule; "" is no id."""
        return self._one(UndigestedKind.RULE, id, self.rules) if id else iter(())

    def property(self, owner: str, name: str) -> Iterator[UnknownName]:
        """Yield the name if no release's object type has such a member."""
        known = self.releases.object_types.get(owner)
        if known is not None and name not in known:
            missing = UnknownName(UndigestedKind.PROPERTY, f"{owner}.{name}", (name,), tuple(known))
            yield from self._undeclared(missing)

    def arguments(self, command: str, value: Any, *, values: bool = True) -> Iterator[UnknownName]:
        """Yield the members, and enum `values`, of arguments that no release's command has."""
        member = _TYPE_ARGUMENTS.get(command, "")
        kind = value.get(member) if isinstance(value, dict) else None
        if values and isinstance(kind, str) and "{" not in kind:
            found = self.qom_type(kind)
            yield from (UnknownName(x.kind, x.name, (member,), x.known) for x in found)
        if command in self.untyped:
            return
        types = self.releases.arguments(command)
        yield from self._within(command, types, value, values=values)

    def data(self, event: str, value: Any) -> Iterator[UnknownName]:
        """Yield each name that no release's event has in its data."""
        types = self.releases.data(event)
        yield from self._within(event, types, value, values=True)

    def path(self, command: str, path: Sequence[str]) -> Iterator[UnknownName]:
        """Yield the first name of a path that no release has in the command's arguments."""
        if command not in self.untyped:
            yield from self._furthest(command, self.releases.arguments(command), path)

    def answer(
        self,
        command: str,
        path: Sequence[PathPart],
        versions: VersionRange,
        value: JsonValue | Absent = ABSENT,
    ) -> Iterator[UnknownName]:
        """Yield the first name of a path that no release has in the command's answer.

        Only releases of `versions` count, if there are any; `value` is the value at the end of the
        path.
        """
        types = self.releases.answers(command, versions)
        yield from self._furthest(command, types, path, value)

    def told(self, command: str, value: Any, versions: VersionRange) -> Iterator[UnknownName]:
        """Yield each name in a pattern of an answer that no release of `versions` has in it."""
        types = self.releases.answers(command, versions)
        yield from self._within(command, types, value, values=True)

    def _furthest(
        self,
        owner: str,
        types: Sequence[tuple[Side, str]],
        path: Sequence[PathPart],
        value: JsonValue | Absent = ABSENT,
    ) -> Iterator[UnknownName]:
        """Yield the unknown name on the side that has most of the path, if no side has it all."""
        found = [_missing(side, kind, path, value, owner) for side, kind in types]
        wrong = [each for each in found if each is not None]
        if wrong and len(wrong) == len(found):
            depth, best = max(wrong, key=lambda each: each[0])
            known = {name for far, each in wrong if far == depth for name in each.known}
            whole = UnknownName(best.kind, best.name, best.at, tuple(sorted(known)))
            yield from self._undeclared(whole)

    def glob(self, command: str, glob: str) -> Iterator[UnknownName]:
        """Yield each name of a glob of paths that no release has in the arguments."""
        if command in self.untyped or command not in self.releases.commands:
            return
        known = self.releases.reachable(command)
        for token in _TOKENS.split(glob.partition("=")[0]):
            if token and not fnmatch.filter(known, token):
                name = f"{command}.{token}"
                missing = UnknownName(UndigestedKind.MEMBER, name, (token,), tuple(known))
                yield from self._undeclared(missing)

    def _within(
        self, owner: str, types: Sequence[tuple[Side, str]], value: Any, *, values: bool
    ) -> Iterator[UnknownName]:
        """Yield what is unknown on every side that has the owner."""
        found = [
            {(each.kind, each.at): each for each in _walk(side, kind, value, (), owner)}
            for side, kind in types
        ]
        for key, each in (found[0] if found else {}).items():
            if all(key in other for other in found) and (values or key[0] is UndigestedKind.MEMBER):
                known = {name for other in found for name in other[key].known}
                whole = UnknownName(each.kind, each.name, each.at, tuple(sorted(known)))
                yield from self._undeclared(whole)

    def _one(
        self, kind: UndigestedKind, name: str, known: Mapping[str, Any] | frozenset[str]
    ) -> Iterator[UnknownName]:
        if name not in known:
            yield from self._undeclared(UnknownName(kind, name, (), tuple(known)))

    def _undeclared(self, missing: UnknownName) -> Iterator[UnknownName]:
        declared = False
        for entry in self.undigested:
            for glob in entry.names:
                if entry.kind is missing.kind and fnmatch.fnmatchcase(missing.name, glob):
                    self.used.add((entry.kind, glob))
                    declared = True
        if not declared:
            yield missing


def _dotted(owner: str, at: Path) -> str:
    return ".".join([owner, *(part for part in at if isinstance(part, str))])


def _walk(side: Side, kind: str, value: Any, at: Path, owner: str) -> Iterator[UnknownName]:
    """Yield what the type of a value lacks: members of objects, values of enumerations."""
    match side.schema.types.get(kind), value:
        case Enum() as words, str():
            if value not in words.values and "{" not in value:
                name = f"{_dotted(owner, at)}={value}"
                yield UnknownName(UndigestedKind.VALUE, name, at, words.values)
        case Array() as array, list():
            for number, item in enumerate(value):
                yield from _walk(side, array.element, item, (*at, number), owner)
        case Alternate() as choice, _:
            for member in choice.members:
                if _may_be(side.schema, member, value):
                    yield from _walk(side, member, value, at, owner)
        case Object() as whole, dict():
            if kind not in side.open:
                yield from _walk_object(side, whole, value, at, owner)


def _walk_object(
    side: Side, whole: Object, value: Mapping[str, Any], at: Path, owner: str
) -> Iterator[UnknownName]:
    members = _members(side, whole, value)
    if members is None:
        return
    for name, item in value.items():
        here = (*at, name)
        if name not in members:
            yield UnknownName(UndigestedKind.MEMBER, _dotted(owner, here), here, tuple(members))
        else:
            yield from _walk(side, members[name], item, here, owner)


def _members(side: Side, whole: Object, value: Mapping[str, Any]) -> dict[str, str] | None:
    """Return the types of the members of an object with the tags of `value`.

    None if they are unknown, for a type declared in a file that was not read.
    """
    members = {member.name: member.type for member in whole.members}
    while whole.tag is not None:
        case = value.get(whole.tag)
        if case not in tag_values(side.schema, whole):
            for other in tag_values(side.schema, whole):
                variant = variant_of(side.schema, whole, other)
                members |= {m.name: m.type for m in variant.members}
            return members
        whole = variant_of(side.schema, whole, str(case))
        if whole.name in side.open:
            return None
        members |= {member.name: member.type for member in whole.members}
    return members


def _may_be(schema: Schema, kind: str, value: Any) -> bool:
    match schema.types.get(kind):
        case Object():
            return isinstance(value, dict)
        case Array():
            return isinstance(value, list)
        case Enum():
            return isinstance(value, str)
        case Builtin() as builtin:
            return type(value) in _SHAPES.get(builtin.json_type, ())
        case _:
            return True


def _missing(
    side: Side, kind: str, path: Sequence[PathPart], value: JsonValue | Absent, owner: str
) -> tuple[int, UnknownName] | None:
    """Return how far a path leads and the unknown name there; None if it leads to its end."""
    kinds = {kind}
    for depth, part in enumerate(path):
        name = part if isinstance(part, str) else _ELEMENT
        if "{" in name or any(_boundless(side, each) for each in kinds):
            return None
        steps = [step for each in kinds for step in _steps(side, each)]
        kinds = {its for member, its in steps if _leads(member, name)}
        if not kinds:
            word = name if isinstance(part, str) else next(iter(part), name)
            known = tuple(member for member, _ in steps)
            return depth, UnknownName(UndigestedKind.MEMBER, f"{owner}.{word}", (word,), known)
        wrong = None if isinstance(part, str) else _wrong(side, kinds, part, owner)
        if wrong is not None:
            return depth, wrong
        owner += "" if name.isdigit() else f".{name}"
    last = None if isinstance(value, Absent) else _wrong(side, kinds, value, owner)
    return None if last is None else (len(path), last)


def _wrong(side: Side, kinds: Iterable[str], value: Any, owner: str) -> UnknownName | None:
    """Return a name in a value that none of its types has."""
    found = [next(_walk(side, kind, value, (), owner), None) for kind in sorted(kinds)]
    return found[0] if all(each is not None for each in found) else None


def _boundless(side: Side, kind: str) -> bool:
    """Return whether a type may contain anything, as far as the digest tells."""
    found = side.schema.types.get(kind)
    return kind in side.open or (isinstance(found, Builtin) and found.json_type is JsonType.VALUE)


def _leads(member: str, name: str) -> bool:
    """Return whether a name in a path means the member; `*` means any, a number any element."""
    return name in (member, "*") or (member == _ELEMENT and name.isdigit())


def _steps(side: Side, kind: str) -> Iterator[tuple[str, str]]:
    """Yield each next name in a type, with its type."""
    match side.schema.types.get(kind):
        case Array() as array:
            yield _ELEMENT, array.element
        case Alternate() as choice:
            for branch in choice.members:
                yield from _steps(side, branch)
        case Object() as whole:
            for member in whole.members:
                yield member.name, member.type
            if whole.tag is not None:
                for case in tag_values(side.schema, whole):
                    yield from _steps(side, variant_of(side.schema, whole, case).name)


def _reach(schema: Schema, kind: str, found: set[str], seen: set[str]) -> None:
    """Add all names within a type, entering each type once."""
    if kind in seen:
        return
    seen.add(kind)
    match schema.types.get(kind):
        case Array() as array:
            _reach(schema, array.element, found, seen)
        case Enum() as words:
            found.update(words.values)
        case Alternate() as choice:
            for branch in choice.members:
                _reach(schema, branch, found, seen)
        case Object() as whole:
            for member in whole.members:
                found.add(member.name)
                _reach(schema, member.type, found, seen)
            for variant in whole.variants:
                _reach(schema, variant.type, found, seen)
