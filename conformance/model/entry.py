"""What is known of a case without its requests: enough to choose, count and list cases."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from conformance.model.case import Case, Isolation, Subject
from conformance.model.terms import Aspect

_MACHINE: Final = 60
_TURN: Final = 4
"""What a machine of its own, and a turn of an exchange, cost in requests."""


@dataclass(frozen=True, slots=True)
class Entry:
    """What is known of a case without its requests.

    `about` is the member that it tries, if one, and `reason` what its exchange shows, if it has
    one.  `weight` says how much work it is, in requests; 0 where it is not run.
    """

    id: str
    subject: Subject
    aspect: Aspect
    rules: tuple[str, ...]
    about: str | None = None
    reason: str | None = None
    weight: int = 0
    is_blocked: bool = False
    is_exchange: bool = False


def entry_of(case: Case, about: str | None = None) -> Entry:
    """Return what is known of a case that tries the member `about`, if one."""
    return Entry(
        case.id,
        case.subject,
        case.aspect,
        case.rules,
        about,
        case.exchange.reason if case.exchange is not None else None,
        _weight(case),
        case.blocked is not None,
        case.exchange is not None,
    )


def _weight(case: Case) -> int:
    if case.blocked is not None:
        return 0
    turns = len(case.exchange.turns) if case.exchange is not None else 0
    return len(case.steps) + _TURN * turns + _MACHINE * (case.isolation is Isolation.ALONE)
