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
    """A random text in a build's output, and the word that replaces it."""

    pattern: Annotated[re.Pattern[str], Key("the text, as a regular expression")]
    word: Annotated[str, Key("what replaces it in the stream")]
    reason: Annotated[str, REASON]


@dataclass(frozen=True, slots=True, kw_only=True)
class HostMember:
    """A member of answers whose value the host decides."""

    member: Annotated[str, Key("the name of the member")]
    reason: Annotated[str, REASON]


@dataclass(frozen=True, kw_only=True)
class VolatilePart:
    """The entries of a file about texts that differ from run to run."""

    volatile: Annotated[
        tuple[Volatile, ...],
        Key("a random text in a build's output that means nothing to a reader"),
    ] = ()
    host_member: Annotated[
        tuple[HostMember, ...],
        Key("a member of answers that differs between hosts, and shows no defect"),
    ] = ()


def host_members(path: Path) -> frozenset[str]:
    """Return the names of the members in the file `path` whose values the host decides."""
    return frozenset(each.member for each in read_file(path, VolatilePart).sound().host_member)


def load_volatile(path: Path) -> tuple[Volatile, ...]:
    """Return the entries of the file `path`; raises KnowledgeError."""
    return read_file(path, VolatilePart).sound().volatile


def settled(text: str, entries: Sequence[Volatile]) -> str:
    """Return `text` with random texts replaced."""
    for entry in entries:
        # Not as a template: a word has no escapes.
        text = entry.word.join(entry.pattern.split(text))
    return text
