"""Reads the operand of a comparison: a build, digest, source tree or saved introspection.

Knows how to distinguish and read them; compares nothing.
"""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from conformance.compat.change import SideFacts, SideKind
from conformance.compat.meaning import ComparedSide, CompatKnowledge
from conformance.compat.release import Entities
from conformance.digest.digest import Digest
from conformance.digest.digest_json import from_json
from conformance.digest.expand import open_objects, schema_of
from conformance.knowledge.compatibility import load_behaviours, load_documented
from conformance.knowledge.digests import (
    SEED,
    digest_names,
    find_digest,
    load_digest,
    load_digests,
)
from conformance.launch.build import identify
from conformance.launch.folder import RunFolder
from conformance.launch.pool import Pool
from conformance.launch.target import program_target
from conformance.model.bounded_lines import LimitError, read_bounded
from conformance.model.errors import UsageError
from conformance.model.flavour import Program
from conformance.prepare.introspect import ask_schema, check_schema
from conformance.qapi.introspection import read_introspection
from conformance.qapi.model import SchemaError
from conformance.source.digesting import digest_of, read_sources, version_in

SIDES: Final = (
    "A side is a QEMU system emulator, the name of a digest (10.0 or digest:10.0) or its file, "
    "a QEMU source tree, a schema file, or a saved reply to query-qmp-schema."
)

_VERSION: Final = re.compile(r"(\d+)\.(\d+)(?:\.(\d+))?")
_DIGEST: Final = "digest:"
# The first bytes of programs: ELF, and scripts that start one.
_PROGRAMS: Final = (b"\x7fELF", b"#!")
# A schema file begins with a comment or an expression in single quotes; JSON with neither.
_JSON: Final = re.compile(r'\s*(\[|\{\s*["}])')
_WHOLE: Final = "qapi-schema.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedSide:
    """A side as the user names it; `version` counts if nothing else gives one.

    With `partial`, files may be missing that a source includes.
    """

    name: str
    rootfs: str = ""
    version: str = ""
    program: Program = Program.SYSTEM
    partial: bool = False


def read_side(named: NamedSide) -> ComparedSide:
    """Return the side of that name; raises UsageError, LaunchError."""
    if named.version and not _VERSION.fullmatch(named.version):
        raise UsageError(f"{named.version!r} is no version", "Write one such as 10.0 or 10.0.2.")
    try:
        side = _read(named)
    except SchemaError as error:
        raise UsageError(f"{named.name}: {error}", SIDES) from error
    if not side.schema.commands and not side.schema.events:
        # Otherwise an empty file would pass as a part of a schema.
        raise UsageError(f"{named.name}: has neither commands nor events", SIDES)
    return side


def load_knowledge(program: Program) -> CompatKnowledge:
    """Return the knowledge for a comparison; raises KnowledgeError."""
    history = {
        name: digest.schemas[program]
        for name, digest in load_digests().items()
        if program in digest.schemas
    }
    behaviours = [each.changed() for each in load_behaviours() if program is Program.SYSTEM]
    return CompatKnowledge(history=history, documented=load_documented(), behaviours=behaviours)


def _read(named: NamedSide) -> ComparedSide:
    path = Path(named.name)
    if named.name.startswith(_DIGEST):
        return _shipped(named, named.name.removeprefix(_DIGEST))
    if named.rootfs:
        return _build(named)
    if path.is_dir():
        return _of_source(named, path, whole=True)
    if path.is_file():
        return _file(named, path)
    version = _VERSION.fullmatch(named.name)
    if version or named.name == SEED:
        return _shipped(named, f"{version[1]}.{version[2]}" if version else SEED)
    if "/" not in named.name and shutil.which(named.name):
        return _build(named)
    raise UsageError(f"{named.name}: there is no such file, folder or digest", SIDES)


def _file(named: NamedSide, path: Path) -> ComparedSide:
    try:
        with path.open("rb") as file:
            if file.read(4).startswith(_PROGRAMS):
                return _build(named)
        text = read_bounded(path).decode("utf-8")
    except LimitError as error:
        raise UsageError(f"{path}:{error}", SIDES) from error
    except OSError as error:
        raise UsageError(f"{path}: cannot be read: {error.strerror}", SIDES) from error
    except UnicodeDecodeError as error:
        raise UsageError(f"{path}: is neither a program nor UTF-8: {error}", SIDES) from error
    if not _JSON.match(text):
        return _of_source(named, path, whole=path.name == _WHOLE)
    try:
        value = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise UsageError(f"{path}: is no JSON: {error}", SIDES) from error
    if isinstance(value, dict) and "schemas" in value:
        return _of_digest(named, from_json(value), SideKind.DIGEST, whole=True)
    return introspected_side(named, value)


def _shipped(named: NamedSide, name: str) -> ComparedSide:
    if name not in (*digest_names(), SEED):
        known = ", ".join((*digest_names(), SEED))
        raise UsageError(f"there is no digest of {name}", f"There are: {known}. {SIDES}")
    digest = load_digest(name)
    return _of_digest(named, digest, SideKind.DIGEST, whole=True, detail="comes with the suite")


def _of_source(named: NamedSide, path: Path, *, whole: bool) -> ComparedSide:
    sources = read_sources(path, named.version, partial=named.partial)
    digest = digest_of(version_in(path, named.version), sources)
    missing = sorted({file for source in sources.values() for file in source.missing})
    detail = f"without {', '.join(missing)}" if missing else ""
    return _of_digest(named, digest, SideKind.SOURCE, whole=whole, detail=detail)


def _of_digest(
    named: NamedSide, digest: Digest, kind: SideKind, *, whole: bool, detail: str = ""
) -> ComparedSide:
    if named.program not in digest.schemas:
        known = ", ".join(digest.schemas)
        raise UsageError(f"{named.name} has no schema of the {named.program}", f"It has: {known}.")
    entities = digest.schemas[named.program]
    version = digest.version or named.version
    return ComparedSide(
        facts=SideFacts(name=named.name, kind=kind, version=version, detail=detail),
        schema=schema_of(entities, whole=True),
        release=entities,
        open=open_objects(entities) | frozenset(digest.open_names),
        partial=bool(digest.open_names) or not whole,
    )


def introspected_side(named: NamedSide, value: Any) -> ComparedSide:
    """Return the side that a reply to query-qmp-schema, or its value, is; raises UsageError."""
    version, entries = named.version, value
    if isinstance(value, Mapping):
        if "return" not in value:
            raise UsageError(f"{named.name}: an object without 'return' or 'schemas'", SIDES)
        entries = value["return"]
        version = version or str(value.get("version", ""))
    if version and not _VERSION.fullmatch(version):
        raise UsageError(f"{named.name}: {version!r} is no version", "Write one such as 10.0.2.")
    return ComparedSide(
        facts=SideFacts(name=named.name, kind=SideKind.INTROSPECTION, version=version),
        schema=read_introspection(entries),
        release=_release(version, named.program),
    )


def _build(named: NamedSide) -> ComparedSide:
    target = program_target(named.name, named.rootfs)
    with RunFolder() as folder:
        build = identify(target, folder)
        if build.kind is not named.program:
            raise UsageError(
                f"{named.name}: is a build of the {build.kind}, not of the {named.program}",
                f"Add --program {build.kind}, or name another build.",
            )
        if not build.kind.flavour.introspects:
            raise UsageError(f"{named.name}: a {build.kind} does not tell its schema", SIDES)
        with Pool(replace(target, kind=build.kind, as_root=build.as_root), folder) as pool:
            asked = ask_schema(pool)
    version = ".".join(map(str, asked.version))
    detail = ", ".join(filter(None, (asked.package or build.package, build.arch, named.rootfs)))
    return ComparedSide(
        facts=SideFacts(name=named.name, kind=SideKind.BUILD, version=version, detail=detail),
        schema=check_schema(asked.entries),
        release=_release(version, named.program),
    )


def _release(version: str, program: Program) -> Entities | None:
    """Return the declarations of the release of that version, None without its exact digest."""
    found = _VERSION.fullmatch(version)
    if found is None:
        return None
    shipped = find_digest((int(found[1]), int(found[2]), int(found[3] or 0)))
    if shipped is None or not shipped.exact:
        return None
    return shipped.digest.schemas.get(program)
