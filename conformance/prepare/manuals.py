"""Finds the reference manual that a package ships beside a program, and reads it for a build.

Used where nothing else is known of exactly the build's release.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from conformance.derive.inputs import Facts
from conformance.digest.declaration import Entity, EntityKind, Flag
from conformance.digest.expand import EMPTY, open_objects, schema_of
from conformance.knowledge.arguments import load_unchecked
from conformance.knowledge.versions import Version
from conformance.launch.target import Target
from conformance.model.errors import UsageError
from conformance.model.flavour import Program
from conformance.prepare.manual_pages import pages_beside
from conformance.qapi.model import Schema
from conformance.source.digesting import digest_of
from conformance.source.documented import documented_examples
from conformance.source.manual import read_manual, version_of_manual


def find_manual(target: Target, version: Version, program: Program) -> Path | None:
    """Return the page that the user names, else the one of the build's release beside it, or None.

    Raises UsageError if the one that the user names is of another release.
    """
    named = Path(target.manual) if target.manual else None
    if named is not None:
        told = version_of_manual(named)
        if not _is_of(told, version):
            raise UsageError(
                f"{named} is the manual of QEMU {told or '(no version)'}, and the build is "
                + ".".join(map(str, version)),
                "Name the manual of the build's own release.",
            )
        return named
    found = (path for path in pages_beside(target, program) if path.is_file())
    return next((path for path in found if _is_of(version_of_manual(path), version)), None)


def manual_of(
    target: Target, program: Program, version: Version, facts: Facts | None, schema: Schema
) -> Facts | None:
    """Return what the manual of a build documents, if `facts` are not of exactly its release."""
    if facts is not None and facts.exact:
        return None
    page = find_manual(target, version, program)
    return manual_facts(page, program, schema) if page is not None else None


def manual_facts(path: Path, program: Program, schema: Schema) -> Facts:
    """Return what a page documents, for a build of its release with this schema.

    What the page does not say is taken as anything: the results of commands that it does not tell,
    and arguments that no schema describes.
    """
    source = read_manual(path)
    source = replace(source, entities=tuple(_open(each, schema) for each in source.entities))
    entities = digest_of("", {program: source}).schemas[program]
    return Facts(
        entities=entities,
        name=str(path),
        exact=True,
        examples=documented_examples(source, schema_of(entities), open_objects(entities)),
    )


def _open(entity: Entity, schema: Schema) -> Entity:
    command = schema.commands.get(entity.name)
    if entity.kind is not EntityKind.COMMAND or command is None:
        return entity
    if entity.returns is None and command.ret_type != EMPTY:
        entity = replace(entity, returns="any")
    untyped = {each.name for each in load_unchecked()}
    return replace(entity, flags=frozenset({Flag.NO_GEN})) if entity.name in untyped else entity


def _is_of(told: str, version: Version) -> bool:
    return told.split(".")[:2] == [str(part) for part in version[:2]]
