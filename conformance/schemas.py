"""Which schema a word of the command line names.

The one place that knows what such a word can be; what the schema is used for it does not know.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from conformance.canonical import canonical, digest
from conformance.errors import UsageError
from conformance.qapi.introspection import read_introspection
from conformance.qapi.model import Schema, SchemaError
from conformance.wire.recording import RecordingError, decode, read_values


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedSchema:
    """A schema and where it is from.

    `sha256` is that of the entries of a build's own introspection, as the stream of a run gives
    it, "" where the schema is no introspection.
    """

    schema: Schema
    origin: str
    sha256: str = ""


def schema_named(word: str) -> NamedSchema:
    """Return the schema that `word` names: the path of a saved introspection.

    Raises UsageError, which names file and place, where it names none.
    """
    entries = _saved_entries(Path(word))
    try:
        schema = read_introspection(entries)
    except SchemaError as error:
        remedy = f"`qmp-conformance validate {word}` tells all that is wrong with it."
        raise UsageError(f"{word}: {error}", remedy) from error
    return NamedSchema(schema=schema, origin=word, sha256=sha256_of(entries))


def sha256_of(entries: list[Any]) -> str:
    """Return the SHA-256 of a schema's entries, whatever order they stand in."""
    return digest(sorted(entries, key=canonical))


def entries_in(value: Any) -> Any:
    """Return the entries that `value` holds: itself, or what the reply that it is returns."""
    return value["return"] if isinstance(value, dict) and "return" in value else value


def _saved_entries(path: Path) -> Any:
    remedy = "Name a file that holds the answer of query-qmp-schema."
    try:
        values = list(itertools.islice(read_values(decode(path.read_bytes())), 2))
    except OSError as error:
        raise UsageError(f"{path}: cannot be read: {error.strerror}", remedy) from error
    except RecordingError as error:
        raise UsageError(f"{path}:{error}", remedy) from error
    entries = entries_in(values[0].value)
    if len(values) > 1 or not isinstance(entries, list):
        raise UsageError(f"{path}: this is no saved introspection", remedy)
    return entries
