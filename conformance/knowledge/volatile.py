"""What differs from run to run in the answers of builds (cases/volatile.toml).

Knows neither an answer nor where one is recorded.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from conformance.knowledge.tables import Table, read_table
from conformance.model.errors import KnowledgeError


@dataclass(frozen=True, slots=True, kw_only=True)
class Volatile:
    """A text that builds make up anew in each run, and the word that stands for it."""

    pattern: re.Pattern[str]
    word: str
    reason: str


def load_volatile(path: Path) -> tuple[Volatile, ...]:
    """Return the entries of the file `path`; raises KnowledgeError."""
    top = read_table(path)
    found = tuple(_entry(table) for table in top.tables("text"))
    top.done()
    return found


def settled(text: str, entries: Sequence[Volatile]) -> str:
    """Return `text` with a word in the place of all that differs from run to run."""
    for entry in entries:
        # Not as a template: a word means nothing but itself.
        text = entry.word.join(entry.pattern.split(text))
    return text


def _entry(table: Table) -> Volatile:
    pattern = table.take("pattern", str)
    try:
        compiled = re.compile(pattern)
    except re.error as error:
        raise KnowledgeError(f"{table.place}: pattern: {error}") from error
    entry = Volatile(
        pattern=compiled, word=table.take("word", str), reason=table.take("reason", str)
    )
    table.done()
    return entry
