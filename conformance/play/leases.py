"""The machines that cases currently share: which run, which end, which are needed next.

Knows nothing of what cases are about or of their outcomes.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from conformance.judge.reply import MessageJudge
from conformance.launch.pool import Pool
from conformance.model.case import Case, Isolation
from conformance.model.stage import MachineSpec, Stage
from conformance.play.player import Player
from conformance.play.stages import StageFailed, prepare_stage
from conformance.prepare.starts import Starts

_FAILURES: Final = 3
SHARING: Final = 512
"""After so many cases a machine gives way to another: all of them are played again where what one
shows may come of the others."""
_HELD: Final = 4
"""How many machines may stand because a later case needs them, beside those of kept stages."""


@dataclass(slots=True)
class Lease:
    """The machine that the cases of one stage (known by its name) currently share."""

    stage: Stage
    player: Player
    played: list[Case] = field(default_factory=list)


class Leases:
    """Machines by stage: those of stages that are kept, and of the others the one in use.

    Of the others, those that a later case of the same item needs stand, too, up to _HELD.
    """

    def __init__(self, pool: Pool, messages: MessageJudge, starts: Starts) -> None:
        self._pool = pool
        self._messages = messages
        self._starts = starts
        self._standing: dict[str, Lease] = {}
        self._failed: dict[str, StageFailed] = {}
        self._failures: Counter[str] = Counter()
        """How often each stage has failed since its last success."""
        self._last: Mapping[str, int] = {}
        self._reached = 0

    def begin(self, cases: Sequence[Case]) -> None:
        """Note the cases that are played next, in order."""
        self._last, self._reached = _last_uses(cases), 0

    def go_on(self, cases: int) -> None:
        """Note that so many more of them ask for machines now, and none of those before them."""
        self._reached += cases

    def take(self, stage: Stage, *, again: bool = False) -> Lease | StageFailed:
        """Return the machine of `stage`, started if none runs, or why there is none.

        `again` as for `prepare_stage`. A stage that failed is not tried again, unless its machine
        has started before: then it is given up after _FAILURES failures in a row.
        """
        lease = self._standing.get(stage.name)
        if lease is not None and lease.player.healthy and len(lease.played) < SHARING:
            if not stage.kept:
                self._make_way(stage)
            return lease
        self.end(stage)
        self._make_way(stage)
        if stage.name in self._failed:
            return self._failed[stage.name]
        standing = prepare_stage(stage, self._pool, self._messages, self._starts, again=again)
        if isinstance(standing, StageFailed):
            self._failures[stage.name] += 1
            stood = not standing.began and self._starts.stood(stage.spec)
            if not stood or self._failures[stage.name] >= _FAILURES:
                self._failed[stage.name] = standing
            return standing
        del self._failures[stage.name]
        lease = self._standing[stage.name] = Lease(stage, standing)
        return lease

    def _make_way(self, stage: Stage) -> None:
        stages = [other.stage for other in self._standing.values()]
        for other in _giving_way(stages, stage, self._last, self._reached):
            self.end(other)

    def end(self, stage: Stage) -> None:
        """End the machine of `stage`, if one runs."""
        lease = self._standing.pop(stage.name, None)
        if lease is not None:
            self._pool.give_back(lease.player.machine)

    def close(self) -> None:
        """End all machines."""
        for lease in list(self._standing.values()):
            self.end(lease.stage)

    def prefetch(self, cases: Sequence[Case], after: Sequence[Case] = ()) -> None:
        """Start ahead the machines that `cases` will need.

        `after` are the cases that come before them and may leave machines running.
        """
        standing = {name: lease.stage for name, lease in self._standing.items()}
        self._wanted(after, standing)
        self._pool.prefetch(self._wanted(cases, standing))

    def _wanted(self, cases: Sequence[Case], standing: dict[str, Stage]) -> list[MachineSpec]:
        """Return the machines that are started for `cases`, and update `standing`."""
        ahead = []
        last = _last_uses(cases)
        for number, case in enumerate(cases, start=1):
            if not case.plays:
                continue
            alone = case.isolation is Isolation.ALONE
            for stage in (case.stage,) if alone else _shared_by(case):
                if stage.name in self._failed:
                    continue
                stands = not alone and stage.name in standing
                if not stands:
                    ahead.append(stage.spec)
                if not alone and not (stands and stage.kept):
                    for other in _giving_way([*standing.values()], stage, last, number):
                        del standing[other.name]
                    standing[stage.name] = stage
        return ahead


def _wears(stage: Stage) -> bool:
    """Return whether cases leave something behind that no clean-up restores: written files."""
    spec = stage.spec
    return bool(spec.files or spec.peers or spec.companions)


def _shared_by(case: Case) -> Iterator[Stage]:
    """Yield the stages whose machines a case shares with others."""
    return (part.stage for part in case.parts())


def _last_uses(cases: Iterable[Case]) -> dict[str, int]:
    """Return of each stage whose machine cases share the number of the last one that does."""
    return {
        stage.name: number
        for number, case in enumerate(cases)
        if case.plays and case.isolation is not Isolation.ALONE
        for stage in _shared_by(case)
    }


def _giving_way(
    standing: Sequence[Stage], stage: Stage, last: Mapping[str, int], reached: int
) -> list[Stage]:
    """Return the other stages whose machines end when one of `stage` is used or started.

    `standing` are in the order of their start. Of those that a case from the number `reached` on
    uses last, the first give way if they are too many.
    """
    others = [each for each in standing if each.name != stage.name and not each.kept]
    needed = [each for each in others if last.get(each.name, -1) >= reached and not _wears(each)]
    held = {each.name for each in needed[-_HELD:]}
    return [each for each in others if each.name not in held]
