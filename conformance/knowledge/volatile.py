"""Texts that differ from run to run in a build's output (cases/volatile.toml).

Knows neither a reply nor where one is recorded.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from conformance.knowledge.common import REASON
from conformance.knowledge.decoder import read_file
from conformance.knowledge.keys import Key


@dataclass(frozen=True, slots=True, kw_only=True)
class Volatile:
    """A text that builds make up anew in each run, and the word that stands for it."""

    pattern: Annotated[re.Pattern[str], Key("the text, as a regular expression")]
    word: Annotated[str, Key("what replaces it in the stream")]
    reason: Annotated[str, REASON]


@dataclass(frozen=True, kw_only=True)
class VolatilePart:
    """What a file says of what differs from run to run."""

    volatile: Annotated[
        tuple[Volatile, ...],
        Key("a random text in a build's output that means nothing to a reader"),
    ] = ()


def load_volatile(path: Path) -> tuple[Volatile, ...]:
    """Return the entries of the file `path`; raises KnowledgeError."""
    return read_file(path, VolatilePart).sound().volatile


def settled(text: str, entries: Sequence[Volatile]) -> str:
    """Return `text` with a word in the place of all that differs from run to run."""
    for entry in entries:
        # Not as a template: a word means nothing but itself.
        text = entry.word.join(entry.pattern.split(text))
    return text
