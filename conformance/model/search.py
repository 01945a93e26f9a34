"""What a random search needs beside the requests that are known, and what it came to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from conformance.model.stage import Request
from conformance.model.state import StateQuery

SEARCH: Final = "search"
"""What tells the ids of searches by history from those of a history."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """What a search makes of the steps of its case.

    `kept` are the members that stay as they are, at whatever depth; `words` are strings that may
    mean something in the state.  `looks` tell the state: what is refused must leave it, if
    `leaves`, and what is accepted and taken back must restore it, if `restores`.  In a search by
    `history`, the steps are those of many known requests.
    """

    kept: frozenset[str] = frozenset()
    words: tuple[str, ...] = ()
    looks: tuple[StateQuery, ...] = ()
    leaves: bool = False
    restores: bool = False
    lasting: bool = False
    """Whether the clean-up leaves what the set-up made."""
    history: bool = False
    probes: tuple[Request, ...] = ()
    """Requests that change nothing which stands: a build that dies of one was dead before."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundHistory:
    """What a search found, as the text of a file of cases that plays it again."""

    fingerprint: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchTotals:
    """What a search came to, and with which seed.

    `members` are the members and branches that accepted requests had, `answers` the different
    refusals.  `since` is how many requests were sent since either grew.  `restarts` counts the
    machines, and `shrinking` the plays that made findings smaller.
    """

    seed: str
    requests: int = 0
    accepted: int = 0
    members: int = 0
    answers: int = 0
    since: int = 0
    restarts: int = 0
    shrinking: int = 0
    seconds: float = 0.0
