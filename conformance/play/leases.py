"""The machines that cases currently share: which run, which end, which are needed next.

Knows nothing of what cases are about or of their outcomes.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
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


@dataclass(slots=True)
class Lease:
    """The machine that the cases of one stage (known by its name) currently share."""

    stage: Stage
    player: Player
    played: list[Case] = field(default_factory=list)


class Leases:
    """Machines by stage: those of stages that are kept, and of the others the one in use."""

    def __init__(self, pool: Pool, messages: MessageJudge, starts: Starts) -> None:
        self._pool = pool
        self._messages = messages
        self._starts = starts
        self._standing: dict[str, Lease] = {}
        self._failed: dict[str, StageFailed] = {}
        self._failures: Counter[str] = Counter()
        """How often each stage has failed since its last success."""

    def take(self, stage: Stage, *, again: bool = False) -> Lease | StageFailed:
        """Return the machine of `stage`, started if none runs, or why there is none.

        `again` as for `prepare_stage`. A stage that failed is not tried again, unless its machine
        has started before: then it is given up after _FAILURES failures in a row.
        """
        lease = self._standing.get(stage.name)
        if lease is not None and lease.player.healthy and len(lease.played) < SHARING:
            return lease
        for other in list(self._standing.values()):
            if _gives_way(other.stage, stage):
                self.end(other.stage)
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
        for case in cases:
            if not case.plays:
                continue
            alone = case.isolation is Isolation.ALONE
            for part in (case,) if alone else case.parts():
                stage = part.stage
                if stage.name in self._failed or (not alone and stage.name in standing):
                    continue
                ahead.append(stage.spec)
                if not alone:
                    for other in list(standing.values()):
                        if _gives_way(other, stage):
                            del standing[other.name]
                    standing[stage.name] = stage
        return ahead


def _gives_way(other: Stage, stage: Stage) -> bool:
    """Return whether the machine of `other` ends when one of `stage` is started."""
    return not other.kept or other.name == stage.name
