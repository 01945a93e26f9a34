"""Finds the source for a build: the tree that its target names, else the shipped digest."""

from __future__ import annotations

import json
from pathlib import Path

from conformance.derive.inputs import Facts
from conformance.digest.digest import Digest
from conformance.digest.digest_json import from_json
from conformance.digest.expand import open_objects, schema_of
from conformance.knowledge.digests import find_digest
from conformance.knowledge.versions import Version
from conformance.model.bounded_lines import LimitError, read_bounded
from conformance.model.errors import UsageError
from conformance.model.flavour import Program
from conformance.prepare.manuals import manual_of
from conformance.qapi.model import SchemaError
from conformance.source.digesting import SCHEMA_FILES, digest_of, schema_file
from conformance.source.documented import documented_examples
from conformance.source.reader import read_source, version_of

__all__ = ["find_facts", "manual_of", "words"]


def find_facts(
    schema: str | None,
    version: Version,
    program: Program = Program.SYSTEM,
    *,
    partial: bool = False,
) -> Facts | None:
    """Return the facts of the source for a build of `program`, None if there is none.

    `schema` is the tree, the schema file or the digest that the user names, None for none; with
    `partial`, files that it includes may be missing. Raises UsageError.
    """
    if schema is not None:
        return _named(Path(schema), version, program, partial=partial)
    shipped = find_digest(version)
    if shipped is None:
        return None
    entities = shipped.digest.schemas.get(program)
    if entities is None:
        return None
    return Facts(entities=entities, name=shipped.name, exact=shipped.exact)


def words(facts: Facts | None, schema: str | None, manual: Facts | None = None) -> str:
    """Return the words in a report for the source that the build was compared with."""
    if manual is not None:
        return f"{words(facts, schema)}; and the manual at {manual.name}, its release's own"
    if facts is None:
        return "nothing: no digest ships of this release or an older one, and no source was given"
    if schema is not None:
        return f"the source at {facts.name}"
    if facts.exact:
        return f"the digest of QEMU {facts.name} that ships with the suite"
    return (
        f"the digest of QEMU {facts.name}, the nearest below that ships: what this release's own "
        "source says is not known, and only what must not change is held against it"
    )


def _named(path: Path, version: Version, program: Program, *, partial: bool) -> Facts:
    """Return the facts of the source, or of the digest, at `path`, for that version."""
    remedy = "Name a tree of QEMU's source, its schema file, or a digest of it."
    try:
        digest = _digest(path)
        _check_release(path, digest.version if digest else version_of(path), version)
        if digest is not None:
            return Facts(entities=digest.schemas[program], name=str(path), exact=True)
        source = read_source(_schema_file(path, program), partial=partial)
        entities = digest_of("", {program: source}).schemas[program]
        examples = documented_examples(source, schema_of(entities), open_objects(entities))
        without = f", which lacks {', '.join(source.missing)}" if source.missing else ""
        return Facts(entities=entities, name=f"{path}{without}", exact=True, examples=examples)
    except (SchemaError, KeyError) as error:
        raise UsageError(f"{path}: {error}", remedy) from error
    except (OSError, ValueError) as error:
        raise UsageError(f"{path} cannot be read: {error}", remedy) from error


def _schema_file(path: Path, program: Program) -> Path:
    """Return the main schema file of `program`, in a tree or named itself."""
    own = path / SCHEMA_FILES[program]
    return own if path.is_dir() and program is not Program.SYSTEM else schema_file(path)


def _check_release(path: Path, told: str | None, version: Version) -> None:
    """Raise UsageError if the source is of another release than the build."""
    if told and told.split(".")[:2] != [str(part) for part in version[:2]]:
        raise UsageError(
            f"{path} is the source of QEMU {told}, and the build is {'.'.join(map(str, version))}",
            "Name the source of the build's own release; what others declare binds it to nothing.",
        )


def _digest(path: Path) -> Digest | None:
    """Return the digest at `path`, None if it is none; raises SchemaError, OSError."""
    if not path.is_file():
        return None
    try:
        value = json.loads(read_bounded(path))
    except LimitError as error:
        raise UsageError(f"{path}:{error}", "Name a source tree, or a digest.") from error
    except ValueError:
        return None
    return from_json(value) if isinstance(value, dict) and "schemas" in value else None
