"""The object model schema that the suite started from (fixtures/object-model.json), as values.

Its commands and object types keep a row in every report, also where a build lacks them.  Knows
facts of that one schema and nothing of any build.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from conformance.errors import KnowledgeError
from conformance.knowledge import store
from conformance.terms import ABSENT, Absent, JsonValue

FILE = "object-model.json"

_TYPE_MEMBERS = frozenset({"name", "members", "if", "features", "open"})
_MEMBER_MEMBERS = frozenset({"name", "type", "optional", "default", "if", "features"})


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentedMember:
    """One member of an object type as the schema's source documents it.

    `type` is the QAPI type's name, in brackets for an array ("[uint16]").  `default` is the value
    that the documentation gives (on a POSIX host, where that matters), ABSENT where it gives none
    or only prose.
    """

    name: str
    type: str
    optional: bool
    default: JsonValue | Absent = ABSENT
    condition: str = ""
    features: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectType:
    """One object type, its members in the order of the schema, the base's first.

    `open` tells that its members stand in a file that is not part of the schema: none are known.
    """

    name: str
    members: tuple[DocumentedMember, ...]
    open: bool = False
    condition: str = ""
    features: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectModel:
    """The commands and object types, in the order of the schema."""

    commands: tuple[str, ...]
    types: tuple[ObjectType, ...]


def load_object_model(path: Path | None = None) -> ObjectModel:
    """Return the object model of the file `path`; without one, the one that comes with the suite.

    Raises KnowledgeError, which names the file and the entry, where it is malformed.
    """
    path = path or store.fixtures_folder() / FILE
    try:
        value = json.loads(store.read_text(path))
    except ValueError as error:
        raise KnowledgeError(f"{path}: not JSON: {error}") from error
    try:
        commands = tuple(value["commands"])
        types = tuple(_type(path, entry) for entry in value["types"])
    except (KeyError, TypeError) as error:
        raise KnowledgeError(f"{path}: malformed: {type(error).__name__} {error}") from error
    for names in (commands, tuple(each.name for each in types)):
        _check_unique(str(path), names)
    return ObjectModel(commands=commands, types=types)


def _type(path: Path, entry: Mapping[str, Any]) -> ObjectType:
    where = f"{path}: object type {entry['name']}"
    _check_known(where, entry, _TYPE_MEMBERS)
    members = tuple(_member(where, member) for member in entry["members"])
    _check_unique(where, tuple(member.name for member in members))
    return ObjectType(
        name=entry["name"],
        members=members,
        open=entry.get("open", False),
        condition=entry.get("if", ""),
        features=tuple(entry.get("features", ())),
    )


def _member(where: str, entry: Mapping[str, Any]) -> DocumentedMember:
    _check_known(f"{where}: member {entry['name']}", entry, _MEMBER_MEMBERS)
    type_ = entry["type"]
    return DocumentedMember(
        name=entry["name"],
        type=f"[{type_[0]}]" if isinstance(type_, list) else type_,
        optional=entry["optional"],
        default=entry.get("default", ABSENT),
        condition=entry.get("if", ""),
        features=tuple(entry.get("features", ())),
    )


def _check_known(where: str, entry: Mapping[str, Any], known: frozenset[str]) -> None:
    unknown = sorted(set(entry) - known)
    if unknown:
        raise KnowledgeError(f"{where}: unknown {unknown[0]}", f"Known are {sorted(known)}.")


def _check_unique(where: str, names: tuple[str, ...]) -> None:
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise KnowledgeError(f"{where}: {twice[0]} stands there twice")
