"""Makes the digest of a schema's source: facts only, no sentence.

Knows no build. Paths are only passed on to the reader.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Final

from conformance.digest.declaration import (
    DeclaredFeature,
    DeclaredMember,
    Documentation,
    Entity,
    EntityKind,
    Section,
    Source,
)
from conformance.digest.digest import (
    DefaultKind,
    Digest,
    DigestBranch,
    DigestEntity,
    DigestFeature,
    DigestMember,
    DigestValue,
)
from conformance.model.errors import UsageError
from conformance.model.flavour import Program
from conformance.model.terms import ABSENT
from conformance.qapi.model import IntRange
from conformance.qapi.qom import INTEGER_RANGES
from conformance.source.defaults import (
    Default,
    Domain,
    default_of,
    default_of_booleans,
    inherited_defaults,
)
from conformance.source.facts import (
    error_classes,
    error_items,
    named_events,
    release_of,
    since_of,
    unknown_classes,
)
from conformance.source.manual import ANY_INTEGER
from conformance.source.reader import read_source, version_of

SCHEMA_FILES: Final[Mapping[Program, str]] = {
    Program.SYSTEM: "qapi/qapi-schema.json",
    Program.STORAGE_DAEMON: "storage-daemon/qapi/qapi-schema.json",
    Program.GUEST_AGENT: "qga/qapi-schema.json",
}
"""Where a source tree has the schema of each program."""
_EXPECTED: Final = (
    f"Expected: a QEMU source tree, which has {SCHEMA_FILES[Program.SYSTEM]}, or one schema file."
)

_NOTHING: Final = Section(text="")
_BUILTINS: Final[Mapping[str, Domain]] = {
    "str": Domain(strings=True),
    "bool": Domain(booleans=True),
    "number": Domain(numbers=True),
    ANY_INTEGER: Domain(integers=IntRange(-(1 << 63), (1 << 64) - 1)),
    **{name: Domain(integers=IntRange(*ends)) for name, ends in INTEGER_RANGES.items()},
}


def read_tree(path: Path, version: str = "", *, partial: bool = False) -> Digest:
    """Return the digest of a QEMU source tree, or of one schema file, taken as the system's.

    `version` is used where no tree states its own; `partial` is as for `read_source`. Raises
    UsageError where `path` is neither, and SourceError where a schema cannot be read.
    """
    sources = read_sources(path, version, partial=partial)
    return digest_of(version_in(path, version), sources)


def version_in(path: Path, version: str) -> str:
    """Return the version that a source tree states, else `version`."""
    return (version_of(path) if path.is_dir() else None) or version


def read_sources(
    path: Path, version: str = "", *, partial: bool = False
) -> Mapping[Program, Source]:
    """Return the sources of the schemas in a QEMU source tree, or of one schema file.

    Raises what `read_tree` raises.
    """
    found = {Program.SYSTEM: schema_file(path)}
    if path.is_dir():
        files = {program: path / file for program, file in SCHEMA_FILES.items()}
        found = {program: file for program, file in files.items() if file.is_file()}
    return {program: read_source(file, version, partial=partial) for program, file in found.items()}


def schema_file(path: Path) -> Path:
    """Return the file of the system's schema in a source tree, or `path` if it is a file.

    Raises UsageError where it is neither.
    """
    if path.is_file():
        return path
    if not path.is_dir():
        raise UsageError(f"{path}: there is no such file or folder", _EXPECTED)
    file = path / SCHEMA_FILES[Program.SYSTEM]
    if not file.is_file():
        raise UsageError(f"{path} is no source tree of QEMU", _EXPECTED)
    return file


def digest_of(version: str, sources: Mapping[Program, Source]) -> Digest:
    """Return the digest of the release `version`, whose schemas have these sources."""
    events = frozenset(
        entity.name
        for source in sources.values()
        for entity in source.entities
        if entity.kind is EntityKind.EVENT
    )
    schemas = {program: _digested(source, events) for program, source in sources.items()}
    open_names = {name for source in sources.values() for name in source.open_names}
    return Digest(version=version, schemas=schemas, open_names=tuple(sorted(open_names)))


def _digested(source: Source, events: frozenset[str]) -> Mapping[str, DigestEntity]:
    """Return the entities of a source; no other name than those of `events` is an event's."""
    entities = {entity.name: entity for entity in source.entities}
    domains = _Domains(entities, source.open_names)
    return {
        name: replace(
            _entity(entity, domains), unknown_events=tuple(_unknown_events(entity, events))
        )
        for name, entity in entities.items()
    }


def _unknown_events(entity: Entity, events: frozenset[str]) -> Iterator[str]:
    """Yield what the documentation of an entity calls an event, and none is declared."""
    told = entity.documentation
    if told is None:
        return
    sections = (told.body, *told.members.values(), *told.features.values())
    others = (each for each in (told.returns, told.errors) if each is not None)
    for name in named_events(*(each.text for each in (*sections, *others))):
        if name not in events:
            yield name


class _Domains:
    """The domain of the defaults of each type of one schema, computed on demand."""

    def __init__(self, entities: Mapping[str, Entity], open_names: Iterable[str]) -> None:
        self._entities = entities
        self._found = {**dict.fromkeys(open_names, Domain(open=True)), **_BUILTINS}

    def of(self, type_: str) -> Domain:
        """Return the domain of the type named `type_`; arrays, objects and open names have none."""
        if type_ not in self._found:
            # An alternate that held itself would add no value.
            self._found[type_] = Domain()
            self._found[type_] = self._find(self._entities.get(type_))
        return self._found[type_]

    def _find(self, entity: Entity | None) -> Domain:
        found = Domain()
        if entity is not None and entity.kind is EntityKind.ENUM:
            found = Domain(values=frozenset(value.name for value in entity.values))
        elif entity is not None and entity.kind is EntityKind.ALTERNATE:
            for member in entity.members:
                found |= self.of(member.type)
        return found

    def inherited(self, entity: Entity) -> Mapping[str, Domain]:
        """Return the domains of the members that an entity inherits from its base and the base's
        bases."""
        found: dict[str, Domain] = {}
        name, seen = entity.base, {entity.name}
        while name is not None and name in self._entities and name not in seen:
            seen.add(name)
            base = self._entities[name]
            members = (*base.members, *base.base_members)
            found |= {member.name: self.of(member.type) for member in members}
            name = base.base
        return found


def _entity(entity: Entity, domains: _Domains) -> DigestEntity:
    documentation = entity.documentation or Documentation(symbol=entity.name, body=_NOTHING)
    returns = (documentation.returns or _NOTHING).text
    errors = (documentation.errors or _NOTHING).text
    return DigestEntity(
        kind=entity.kind,
        name=entity.name,
        module=entity.place.file,
        line=entity.place.line,
        condition=entity.condition,
        features=_features(entity.features),
        since=release_of(documentation.since) if documentation.since is not None else None,
        members=tuple(_members(entity.members, documentation, domains)),
        values=tuple(_values(entity, documentation)),
        base=entity.base,
        base_members=tuple(_members(entity.base_members, documentation, domains)),
        tag=entity.tag,
        branches=tuple(
            DigestBranch(case=branch.case, type=branch.type, condition=branch.condition)
            for branch in entity.branches
        ),
        arg_type=entity.arg_type,
        boxed=entity.boxed,
        returns=entity.returns,
        flags=entity.flags,
        errors=error_classes(returns, errors),
        error_items=error_items(errors),
        unknown_errors=unknown_classes(returns, errors),
        base_defaults=inherited_defaults(documentation.body.text, domains.inherited(entity)),
        documented=entity.documentation is not None,
    )


def _values(entity: Entity, documentation: Documentation) -> Iterator[DigestValue]:
    for value in entity.values:
        yield DigestValue(
            name=value.name,
            condition=value.condition,
            features=_features(value.features),
            since=since_of(documentation.members.get(value.name, _NOTHING).text),
        )


def _members(
    members: Iterable[DeclaredMember], documentation: Documentation, domains: _Domains
) -> Iterator[DigestMember]:
    of_booleans = _of_booleans(documentation)
    for member in members:
        text = documentation.members.get(member.name, _NOTHING).text
        domain = domains.of(member.type)
        default = default_of(text, domain) if member.optional else Default(kind=DefaultKind.NONE)
        if member.optional and member.type == "bool" and default.kind is DefaultKind.NONE:
            default = of_booleans
        yield DigestMember(
            name=member.name,
            type=member.type,
            optional=member.optional,
            condition=member.condition,
            features=_features(member.features),
            since=since_of(text),
            default_kind=default.kind,
            default=default.value,
            case_defaults=default.cases,
            line=member.place.line,
        )


def _of_booleans(documentation: Documentation) -> Default:
    """Return what the documentation says about all booleans at once."""
    sections = (documentation.body, documentation.returns, *documentation.members.values())
    for section in sections:
        value = default_of_booleans(section.text) if section else ABSENT
        if value is not ABSENT:
            return Default(kind=DefaultKind.VALUE, value=value)
    return Default(kind=DefaultKind.NONE)


def _features(features: Iterable[DeclaredFeature]) -> tuple[DigestFeature, ...]:
    return tuple(DigestFeature(name=each.name, condition=each.condition) for each in features)
