"""Writes what a play of a case has shown as shell text that shows it again."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from conformance.judge.observation import Observation
from conformance.launch.images import CREATED
from conformance.launch.scratch import made
from conformance.model.case import Claim
from conformance.model.expectation import Kind
from conformance.play.alone import Result
from conformance.report.reproducer import ShownPlay, reproducer


def reproduced(result: Result, command_line: Sequence[str], claims: Sequence[Claim] = ()) -> str:
    """Return the shell text for a result, behind that for the play beside it, if there is one."""
    beside = result.beside
    text = reproducer(result.case, result.before, command_line, _shown(result, claims))
    if beside is None:
        return text
    alone = reproducer(beside.case, (), command_line, _shown(beside, ()))
    return f"# Accepted:\n{alone}\n# Refused after a refused request:\n{text}"


def _shown(result: Result, claims: Sequence[Claim]) -> ShownPlay:
    return ShownPlay(
        seen=result.seen,
        talks=result.talks,
        made=made({file.make for file in result.case.stage.spec.files}),
        created=CREATED,
        until=None if result.whole else _last_needed(result),
        plays=result.plays,
        claims=claims,
    )


_LATER: Final = frozenset({Kind.FILE, Kind.PROCESS})
"""What may show behind the step that was not answered as it must be."""


def _last_needed(result: Result) -> int | None:
    """Return how many steps of a case show all that its result shows; None for all of them.

    What comes behind the last answer that breaks a promise shows nothing more.
    """
    verdict, seen = result.verdict, result.seen
    if isinstance(seen, Observation) and None in seen.replies:
        return 1 + (seen.replies.index(None) if seen.broke_off is None else seen.broke_off)
    if not verdict.missed or not isinstance(seen, Observation) or result.case.kept:
        return None
    if any(miss.kind in _LATER for miss in verdict.misses) or result.case.shown:
        return None
    return 1 + max(verdict.missed)
