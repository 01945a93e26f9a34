"""What is known of a case without its requests: enough to select, count and list cases."""

from __future__ import annotations

from typing import Final

from conformance.model.case import Case, Isolation, Subject
from conformance.model.frozen import frozen_value
from conformance.model.terms import Aspect

_MACHINE: Final = 60
_TURN: Final = 4
"""The costs of a machine, and of a turn of an exchange, in requests."""


@frozen_value(frozen=True, slots=True)
class Entry:
    """What is known of a case without its requests.

    `about` is the member that it tries, if any, and `reason` what its exchange shows, if it has
    one. `weight` is its cost in requests; 0 if it is not run.
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
    """Return what is known of a case; `about` is the member that it tries, if any."""
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
