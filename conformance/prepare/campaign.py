"""One target made ready: its build, its plan, and its selected cases.

The first process of a run hands its results to the others as files, so that each build is asked
once and its cases are derived once.
"""

from __future__ import annotations

import fnmatch
import functools
import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from conformance.knowledge.rules import Means, Rule, load_rules
from conformance.launch.machine import qemu_argv
from conformance.launch.program import monitor_on_stdio
from conformance.launch.target import Target
from conformance.model.case import Case, Subject
from conformance.model.codec import Codec
from conformance.model.errors import UsageError
from conformance.model.stage import SCRATCH, MachineSpec
from conformance.prepare.case_names import near_globs, near_ids
from conformance.prepare.plan_file import WrittenPlan
from conformance.prepare.selection import Selection
from conformance.prepare.starts import StartDeath
from conformance.qapi.model import Schema
from conformance.report.stream import RowPlanned, RulePlanned, TargetStarted


@dataclass(frozen=True, kw_only=True)
class Campaign:
    """A target and its plan, with the build and its self-description."""

    target: Target
    plan: WrittenPlan
    rules: Mapping[str, Rule]
    caveats: tuple[str, ...] = ()
    deaths: tuple[StartDeath, ...] = ()
    """The machines that died before the greeting during introspection."""
    entries: Callable[[], Sequence[Any]] = field(default=tuple, repr=False)
    """Gives the schema as the build sent it, in the process that introspected it."""

    @property
    def schema(self) -> Schema:
        """The schema of the build."""
        return self.plan.head.schema

    @property
    def command_line(self) -> tuple[str, ...]:
        """QEMU's own command line, with QMP on standard input and output."""
        stdio = monitor_on_stdio(self.target.kind)
        return qemu_argv(self.target, MachineSpec(), SCRATCH, stdio)

    def started(self, cases: int) -> TargetStarted:
        """Return the event that begins the target in the stream."""
        head = self.plan.head
        return TargetStarted(
            target=self.target.name,
            spelling=self.target.spelling,
            program=self.target.program,
            version=".".join(map(str, head.version)),
            package=head.package or "",
            arch=head.arch or "",
            sha256=head.sha256,
            schema_sha256=head.schema_sha256,
            launcher=_launcher(self.target, self.caveats),
            documentation=head.documentation,
            command_line=self.command_line,
            cases=cases,
            kind_of_program=self.target.kind,
            machine=self.target.machine,
            accel=self.target.accel,
        )

    def rows(self) -> tuple[RowPlanned, ...]:
        """Return the events for the rows of subjects."""
        return tuple(
            RowPlanned(
                target=self.target.name,
                subject_kind=row.subject.kind,
                subject=row.subject.name,
                note=row.note or "",
                members=row.members,
                left_out=row.left_out,
                answers=row.answers,
                blocked=row.blocked or "",
            )
            for row in self.plan.rows
        )

    def rule_rows(self) -> tuple[RulePlanned, ...]:
        """Return the events for the rows of rules."""
        return tuple(
            RulePlanned(
                target=self.target.name,
                rule=rule.id,
                promise=rule.promise,
                severity=rule.severity,
                throughout=rule.means in (Means.MESSAGES, Means.PROCESS),
                note=rule.remark(self.plan.head.version) or "",
            )
            for rule in self.rules.values()
        )

    def selected(self, selection: Selection) -> Iterator[int]:
        """Yield the numbers of the selected cases, in plan order."""
        own = Selection(globs=self.target.select)
        if not (own.globs or selection.globs) and selection.shard == (1, 1):
            yield from range(len(self.plan))
            return
        fitting = [
            number
            for number, case_id in enumerate(self.plan.ids)
            if selection.fits(case_id) and own.fits(case_id)
        ]
        mine = self._shares(fitting, selection)
        yield from (number for number in fitting if mine[self.plan.item_of(number)])

    def _shares(self, numbers: Sequence[int], selection: Selection) -> list[bool]:
        """Return of each item whether it is in the shard: all items of a subject together.

        The heaviest subject goes to the shard with the least work so far, and so on.
        """
        if selection.shard == (1, 1):
            return [True] * len(self.plan.items)
        work: Counter[Subject] = Counter()
        for number in numbers:
            work[self.plan.items[self.plan.item_of(number)][0]] += self.plan.weight_of((number,))
        shard, count = selection.shard
        loads = [0] * count
        found: dict[Subject, int] = {}
        for subject in sorted(work, key=lambda each: (-work[each], each.kind, each.name)):
            found[subject] = loads.index(min(loads))
            loads[found[subject]] += work[subject]
        return [found.get(subject) == shard - 1 for subject, _ in self.plan.items]

    def save(self, folder: Path, name: str) -> None:
        """Write a file of that name in `folder` for the other processes of the run."""
        (folder / f"{name}{_PLAN}").write_bytes(self.plan.data)
        shared = _Shared(target=self.target, caveats=self.caveats)
        (folder / f"{name}{_TARGET}").write_text(json.dumps(_codec().write(shared)))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Shared:
    """What a process passes to the others beside the plan of a campaign."""

    target: Target
    caveats: tuple[str, ...]


_TARGET, _PLAN = ".target.json", ".plan"


@functools.cache
def _codec() -> Codec[_Shared]:
    return Codec(_Shared)


def load_all(folder: Path) -> tuple[Campaign, ...]:
    """Return the campaigns that another process of the run saved in `folder`."""
    return tuple(map(_load, sorted(folder.glob(f"*{_TARGET}"))))


def _load(path: Path) -> Campaign:
    shared = _codec().read(json.loads(path.read_text()))
    plan = path.with_name(path.name.removesuffix(_TARGET) + _PLAN)
    return Campaign(
        target=shared.target,
        plan=WrittenPlan(plan.read_bytes()),
        rules=load_rules(),
        caveats=shared.caveats,
    )


def find_case(campaign: Campaign, case_id: str) -> Case:
    """Return the case of that id; raises UsageError, with the nearest ids."""
    ids = campaign.plan.ids
    if case_id in ids:
        return next(campaign.plan.read([ids.index(case_id)]))
    raise UsageError(f"{campaign.target.name} has no case {case_id}", near_ids(case_id, ids))


def check_selection(
    selection: Selection, campaigns: Iterable[Campaign], *, lenient: bool = False
) -> tuple[str, ...]:
    """Return the globs that match no case of any target.

    Raises UsageError if none matches, unless `lenient`.
    """
    if not selection.globs:
        return ()
    ids = [case_id for campaign in campaigns for case_id in campaign.plan.ids]
    unfit = tuple(glob for glob in selection.globs if not fnmatch.filter(ids, glob))
    if unfit and len(unfit) == len(selection.globs) and not lenient:
        told = ", ".join(map(repr, unfit))
        raise UsageError(f"no case fits {told}", near_globs(unfit[0], ids))
    return unfit


def _launcher(target: Target, told: Sequence[str]) -> str:
    where = f"root file system {target.rootfs}" if target.rootfs else "program of the host"
    if target.image:
        where = f"image {target.image} ({target.identity}) in a container"
    only = [f"only the cases {', '.join(target.select)}"] if target.select else []
    return "; ".join((f"{where}, {'bubblewrap' if target.sandbox else 'no sandbox'}", *only, *told))
