"""Asks refused witnesses alone: without the faulty requests that came before them in their cases.

Many cases have the same witness, and one that is refused changes nothing: each is asked once, on a
machine that has seen nothing but refused ones.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from conformance.judge.observation import Observation
from conformance.judge.refusals import error_of, without_faults, without_made_up
from conformance.judge.reply import MessageJudge
from conformance.launch.pool import Pool
from conformance.model.canonical import canonical, digest
from conformance.model.case import Case, Role
from conformance.play.leases import Leases
from conformance.play.stages import StageFailed
from conformance.prepare.starts import Starts
from conformance.wire.framing import Message


@dataclass(frozen=True, slots=True, kw_only=True)
class LoneAnswer:
    """How a witness was answered: accepted, or with `error`; neither where it was not answered."""

    accepted: bool = False
    error: Mapping[str, Any] | None = None


_NOTHING: Final = LoneAnswer()


class Witnesses:
    """The witnesses asked so far, and their answers; `close` ends the machine that is held."""

    def __init__(self, pool: Pool, messages: MessageJudge, starts: Starts) -> None:
        self._leases = Leases(pool, messages, starts)
        self._answers: dict[str, LoneAnswer] = {}

    def close(self) -> None:
        """End the machine that is still held."""
        self._leases.close()

    def answer(self, case: Case) -> LoneAnswer:
        """Return how the witness of a case is answered without the faulty requests."""
        alone = without_faults(case)
        key = _key(alone)
        if key not in self._answers:
            self._answers[key] = self._asked(alone)
        return self._answers[key]

    def _asked(self, alone: Case) -> LoneAnswer:
        lease = self._leases.take(alone.stage, again=True)
        if isinstance(lease, StageFailed):
            return _NOTHING
        ((_, _, seen),) = lease.player.play((alone,))
        found = lone_answer(alone, seen)
        if found.error is None:
            # What was accepted may have changed it.
            self._leases.end(alone.stage)
        return found


def lone_answer(alone: Case, seen: object) -> LoneAnswer:
    """Return how the witness of a case without faults was answered in a play.

    An answer behind a refused set-up tells nothing.
    """
    if not isinstance(seen, Observation):
        return _NOTHING
    number = next(n for n, step in enumerate(alone.steps) if step.role is Role.WITNESS)
    line = seen.replies[number]
    if line is None or any(error_of(reply) is not None for reply in seen.replies[:number]):
        return _NOTHING
    accepted = isinstance(line.read, Message) and "return" in line.read.value
    return LoneAnswer(accepted=accepted, error=error_of(line))


def _key(alone: Case) -> str:
    """Return what is equal for cases whose witness, set-up and machine are alike."""
    requests = [without_made_up(step.request.text()) for step in alone.steps]
    return digest([alone.stage.name, canonical(alone.stage.capabilities), *requests])
