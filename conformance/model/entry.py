"""What is known of a case without its requests: enough to select, count and list cases."""

from __future__ import annotations

from typing import Final

from conformance.model.case import Case, Isolation, Subject
from conformance.model.frozen import frozen_value
from conformance.model.terms import Aspect

_MACHINE: Final = 60
_TURN: Final = 4
_SECOND: Final = 1300
"""The costs of a machine, of a turn of an exchange, and of a second of waiting, in requests."""
_BESIDE: Final = 0.75
_PEER: Final = 0.15
"""The seconds in which a second machine is brought into its state, and in which a peer misbehaves;
most of them do so at once, and the silent ones after half a second."""


@frozen_value(frozen=True, slots=True)
class Entry:
    """What is known of a case without its requests.

    `about` is the member that it tries, if any, and `reason` what its exchange shows, if it has
    one. `weight` is its cost in requests, what it waits for included; 0 if it is not run.
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
    # A known state takes requests of its own, and hangs on more builds than a plain machine: an
    # item that takes long must not begin when all others have ended.
    own = case.isolation is Isolation.ALONE or bool(case.ground)
    return len(case.steps) + _TURN * turns + _MACHINE * own + round(_SECOND * _waits(case))


def _waits(case: Case) -> float:
    """Return the seconds in which a case waits: for a limited event, at rest, and for others."""
    rest = case.measure.rest if case.measure is not None else 0.0
    beside = _BESIDE * len(case.stage.spec.companions)
    return len(case.limits) + rest + beside + _PEER * (case.misbehaves is not None)
