"""What QEMU says of changes outside of its schemas (cases/compatibility.toml), as values.

docs/compatibility.md describes the file.  Knows neither schemas nor how they are compared.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final, TypeVar

from conformance.compat.change import ChangeClass, ChangeKind, Documented
from conformance.knowledge.store import cases_folder
from conformance.knowledge.tables import Table, read_table
from conformance.model.errors import KnowledgeError

FILE: Final = "compatibility.toml"

_VERSION: Final = re.compile(r"\d+\.\d+")
_Word = TypeVar("_Word", ChangeClass, ChangeKind)


def load_documented(path: Path | None = None) -> tuple[Documented, ...]:
    """Return the entries of the file `path` in its order; without one, those that ship.

    An entry with several places is there once for each.  Raises KnowledgeError, which names the
    file and the entry.
    """
    top = read_table(path or cases_folder() / FILE)
    found = tuple(entry for table in top.tables("change") for entry in _entries(table))
    top.done()
    return found


def _entries(table: Table) -> Iterator[Documented]:
    places = table.texts("places")
    if not places:
        raise KnowledgeError(f"{table.place}: 'places' is missing", "Name at least one place.")
    change_class = _word(table, ChangeClass, table.take("class", str))
    deprecated_in = table.take("deprecated-in", str, "")
    gone_in = table.take("gone-in", str)
    kinds = frozenset(_word(table, ChangeKind, word) for word in table.texts("kinds"))
    where, reason = table.take("where", str), table.take("reason", str)
    table.done()
    for version in filter(None, (deprecated_in, gone_in)):
        if not _VERSION.fullmatch(version):
            raise KnowledgeError(
                f"{table.place}: {version!r} is no version", 'Write a release such as "6.2".'
            )
    if bool(deprecated_in) != (change_class is ChangeClass.DEPRECATED_FIRST):
        raise KnowledgeError(
            f"{table.place}: 'deprecated-in' goes with the class {ChangeClass.DEPRECATED_FIRST}",
            "Give both or neither.",
        )
    for place in places:
        yield Documented(
            place=place,
            change_class=change_class,
            gone_in=gone_in,
            where=where,
            reason=reason,
            deprecated_in=deprecated_in,
            kinds=kinds,
        )


def _word(table: Table, kind: type[_Word], word: str) -> _Word:
    try:
        return kind(word)
    except ValueError as error:
        known = ", ".join(kind)
        raise KnowledgeError(f"{table.place}: {word!r} is unknown", f"Known: {known}.") from error
