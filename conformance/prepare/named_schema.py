"""Finds the schema that a word of the command line names.

The only module that knows what such a word can be; knows nothing of how the schema is used.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from conformance.compat.change import SideKind
from conformance.knowledge.digests import digest_names
from conformance.model.bounded_lines import LimitError, read_bounded
from conformance.model.canonical import canonical, digest
from conformance.model.errors import UsageError
from conformance.model.flavour import Program
from conformance.prepare.operand import NamedSide, read_side
from conformance.qapi.introspection import read_introspection
from conformance.qapi.model import Schema, SchemaError
from conformance.wire.recording import RecordingError, decode, read_values

# The first bytes of programs and schema files, but of no JSON.
_NO_JSON: Final = (b"\x7fELF", b"#", b"{ '", b"{'")
_DIGEST: Final = b'"schemas":'
_HEAD: Final = 1 << 20
"""The bytes within which a digest is recognized: a list of names comes first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedSchema:
    """A schema and its origin.

    `sha256` is that of the entries of a build's own introspection, as in the stream of a run, None
    if the schema is no introspection; `release` (major, minor) is that of a digest.
    """

    schema: Schema
    origin: str
    sha256: str | None = None
    release: tuple[int, int] | None = None


def schema_named(word: str, program: Program = Program.SYSTEM) -> NamedSchema:
    """Return the schema that `word` names, of a digest or source that of `program`.

    It is the path of a saved introspection, or any side of a comparison (`run.sides`): a release
    whose digest comes with the suite, a digest's file, a source tree or schema file, a build.  Of
    what is no build's own word, all that any build of that release can have is in it, and integers
    have their documented widths.  Raises UsageError, which names file and place, where it names
    none, and LaunchError.
    """
    if not _may_be_saved(Path(word)):
        return _of_side(word, program)
    entries = _saved_entries(Path(word))
    try:
        schema = read_introspection(entries)
    except SchemaError as error:
        remedy = f"`qmp-conformance validate {word}` tells all that is wrong with it."
        raise UsageError(f"{word}: {error}", remedy) from error
    return NamedSchema(schema=schema, origin=word, sha256=sha256_of(entries))


def sha256_of(entries: list[Any]) -> str:
    """Return the SHA-256 of a schema's entries, in any order."""
    return digest(sorted(entries, key=canonical))


def entries_in(value: Any) -> Any:
    """Return the entries in `value`: itself, or what it returns if it is a reply."""
    return value["return"] if isinstance(value, dict) and "return" in value else value


def _may_be_saved(path: Path) -> bool:
    """Return whether `path` contains, or should contain, JSON other than a digest."""
    try:
        with path.open("rb") as file:
            data = file.read(_HEAD)
    except OSError:
        return False
    return not data.lstrip().startswith(_NO_JSON) and _DIGEST not in data


def _of_side(word: str, program: Program) -> NamedSchema:
    side = read_side(NamedSide(name=word, program=program))
    version = [int(part) for part in side.facts.version.split(".")[:2] if part.isdigit()]
    shipped = side.facts.kind is SideKind.DIGEST
    return NamedSchema(
        schema=side.schema,
        origin=f"the digest of QEMU {word}" if shipped and word in digest_names() else word,
        release=(version[0], version[1]) if len(version) == 2 else None,
    )


def _saved_entries(path: Path) -> Any:
    known = ", ".join(digest_names())
    remedy = f"Name a file that holds the answer of query-qmp-schema, or a release: {known}."
    try:
        values = list(itertools.islice(read_values(decode(read_bounded(path))), 2))
    except (LimitError, RecordingError) as error:
        raise UsageError(f"{path}:{error}", remedy) from error
    entries = entries_in(values[0].value)
    if len(values) > 1 or not isinstance(entries, list):
        raise UsageError(f"{path}: this is no saved introspection", remedy)
    return entries
