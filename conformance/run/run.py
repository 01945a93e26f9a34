"""A whole run, as the process that leads it sees it: from its options to its report."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import conformance
from conformance.derive.case import Case
from conformance.derive.members import member_of
from conformance.errors import LaunchError, UsageError
from conformance.launch.folder import RunFolder
from conformance.launch.host import capabilities
from conformance.launch.target import Target, label
from conformance.run.campaign import Campaign, Selection, check_selection, prepare
from conformance.run.groups import groups, node_id
from conformance.run.records import (
    PART,
    append,
    clear_folder,
    join,
    prepare_folder,
)
from conformance.stream import (
    REPORT_FILE,
    STREAM_FILE,
    STREAM_VERSION,
    SUMMARY_FILE,
    CaseEnded,
    Event,
    RunEnded,
    RunStarted,
    TargetLost,
)
from conformance.terms import BROKEN, ExitCode, Outcome

SEED = 0
"""The default seed: what is generated at random is the same in every run, unless asked for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What the user asked for; `report` is the folder of the report."""

    targets: tuple[Target, ...]
    report: Path
    selection: Selection = Selection()
    seed: int = SEED

    def words(self) -> tuple[str, ...]:
        """Return the selection as the report shows it."""
        number, count = self.selection.shard
        return (
            *self.selection.globs,
            *([f"shard {number}/{count}"] if count > 1 else []),
            *(["thorough"] if self.selection.thorough else []),
        )


class Run:
    """The targets of a run made ready, and afterwards its stream and reports.

    A context manager: what it holds on the host is gone when it is left, and also when it is not.
    A target that cannot be started or asked is `lost`, and the run goes on with the others; on
    entry, LaunchError is raised where none is left, else UsageError.
    """

    def __init__(
        self,
        options: Options,
        *,
        record: bool = True,
        tell: Callable[[str, str], None] = lambda target, doing: None,
    ) -> None:
        """Without `record` nothing is run, and the report folder left alone.

        `tell` gets the name of each target and what is done with it.
        """
        self._tell = tell
        self.options = options
        self._record = record
        self.campaigns: tuple[Campaign, ...] = ()
        self.lost: tuple[TargetLost, ...] = ()
        self.unfit: tuple[str, ...] = ()
        """The globs of the selection that fit no case; others do."""
        self._began = time.monotonic()
        self._began_at = _now()
        self._folder: RunFolder | None = None

    def __enter__(self) -> Run:
        if self._record:
            prepare_folder(self.options.report)
        self._folder = RunFolder()
        try:
            self._prepare(self._folder)
            # A pattern may be for a target that is lost.
            self.unfit = check_selection(
                self.options.selection, self.campaigns, lenient=bool(self.lost)
            )
        except BaseException:
            self._folder.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        if self._folder is not None:
            self._folder.close()

    def _prepare(self, folder: RunFolder) -> None:
        campaigns: list[Campaign] = []
        lost: list[TargetLost] = []
        errors: list[LaunchError] = []
        for target in tuple(_distinct(self.options.targets)):
            try:
                thorough = self.options.selection.thorough
                tell = partial(self._tell, target.name)
                campaign = prepare(target, folder, thorough=thorough, tell=tell)
                tell("planning its cases")
                # Made when it is first asked for, and kept.
                assert campaign.plan is not None
                campaigns.append(campaign)
            except LaunchError as error:
                errors.append(error)
                lost.append(_lost(target, error))
        if errors and not campaigns:
            raise errors[0] if len(errors) == 1 else _all_lost(lost, errors[0])
        self.campaigns, self.lost = tuple(campaigns), tuple(lost)

    @property
    def folder(self) -> RunFolder:
        """The temporary folder of the run."""
        assert self._folder is not None, "a run has its folder once it is entered"
        return self._folder

    def begin(self) -> None:
        """Write what other processes of the run need; remove what an earlier run has left.

        A run that is killed leaves no report: an earlier one must not stand for it.
        """
        for number, campaign in enumerate(self.campaigns):
            campaign.save(self.folder.path / f"campaign-{number}.json")
        if self._record:
            clear_folder(self.options.report, (SUMMARY_FILE, REPORT_FILE))

    def node_ids(self) -> frozenset[str]:
        """Return the node ids of all items that the selection makes."""
        return frozenset(
            node_id(campaign, group)
            for campaign in self.campaigns
            for group in groups(campaign, self.options.selection)
        )

    def finish(self, node_ids: Collection[str], *, whole: bool) -> Path:
        """Join the parts to the stream of the run and return where it is.

        `node_ids` name the items that were to be run; `whole` tells that nobody ended the run
        early.  Raises UsageError where it cannot be written.
        """
        try:
            return self._finish(node_ids, whole=whole)
        except OSError as error:
            raise UsageError(
                f"the report in {self.options.report} cannot be written: {error.strerror}",
                "Make room there, or choose another folder with --report.",
            ) from error

    def _finish(self, node_ids: Collection[str], *, whole: bool) -> Path:
        planned = {
            campaign.target.name: [
                case
                for group in groups(campaign, self.options.selection)
                if node_id(campaign, group) in node_ids
                for case in group.cases
            ]
            for campaign in self.campaigns
        }
        parts = sorted(self.options.report.glob(PART.format("*")))
        path = self.options.report / STREAM_FILE
        order = [
            not_run(campaign, case)
            for campaign in self.campaigns
            for case in planned[campaign.target.name]
        ]
        counts = join(parts, order, self._head(planned, self._words(node_ids)), path)
        complete = whole and not counts[Outcome.NOT_RUN] and not self.lost
        code = exit_code(counts, interrupted=not whole, lost=bool(self.lost))
        ended = RunEnded(
            complete=complete,
            exit_code=code,
            outcomes={str(outcome): count for outcome, count in sorted(counts.items())},
            seconds=round(time.monotonic() - self._began, 3),
            time=_now(),
        )
        append(path, ended)
        for part in parts:
            part.unlink()
        return path

    def _words(self, node_ids: Collection[str]) -> tuple[str, ...]:
        """Return the selection, with what pytest has left out of it."""
        every = self.node_ids()
        chosen = len(every.intersection(node_ids))
        left_out = [f"{chosen} of {len(every)} items, chosen by pytest"] * (chosen < len(every))
        unfit = [f"{glob} (fits no case)" for glob in self.unfit]
        words = [word for word in self.options.words() if word not in self.unfit]
        return (*words, *unfit, *left_out)

    def _head(
        self, planned: Mapping[str, Sequence[Case]], selection: tuple[str, ...]
    ) -> Iterator[Event]:
        targets = self.options.targets
        yield RunStarted(
            stream=STREAM_VERSION,
            suite=conformance.__version__,
            seed=self.options.seed,
            selection=selection,
            host=capabilities(targets[0]) if targets else {},
            time=self._began_at,
        )
        for campaign in self.campaigns:
            yield campaign.started(len(planned.get(campaign.target.name, ())))
            yield from campaign.rows()
            yield from campaign.rule_rows()
        yield from self.lost


def not_run(campaign: Campaign, case: Case) -> CaseEnded:
    """Return what stands for a case whose turn never came."""
    return CaseEnded(
        target=campaign.target.name,
        case=case.id,
        subject_kind=case.subject.kind,
        subject=case.subject.name,
        aspect=case.aspect,
        outcome=Outcome.NOT_RUN,
        reason="the run ended before its turn",
        rules=case.rules,
        seconds=0.0,
        about=member_of(case, campaign.plan.members),
    )


def exit_code(
    outcomes: Mapping[Outcome, int], *, interrupted: bool = False, lost: bool = False
) -> ExitCode:
    """Return what a run with these outcomes returns to the shell; `lost`: not of all its targets.

    That a target was not tested at all weighs more than what the others have shown.
    """
    if interrupted:
        return ExitCode.INTERRUPTED
    if outcomes.get(Outcome.HARNESS_ERROR):
        return ExitCode.HARNESS
    if lost:
        return ExitCode.LAUNCH
    # A case that came out otherwise when tried again is no finding, and no conformance either.
    if any(outcomes.get(outcome) for outcome in (*BROKEN, Outcome.FLAKY)):
        return ExitCode.FINDINGS
    # Nobody ended the run, and yet cases have no result: something of the suite gave way.
    if outcomes.get(Outcome.NOT_RUN):
        return ExitCode.HARNESS
    return ExitCode.CONFORMS if outcomes.get(Outcome.PASS) else ExitCode.USAGE


def _lost(target: Target, error: LaunchError) -> TargetLost:
    return TargetLost(
        target=target.name,
        spelling=target.spelling,
        program=target.program,
        what=error.what,
        remedy=error.remedy,
    )


def _all_lost(lost: Sequence[TargetLost], first: LaunchError) -> LaunchError:
    said = "; ".join(f"{each.target}: {each.what}" for each in lost)
    return LaunchError(f"not one of {len(lost)} targets can be tested: {said}", first.remedy)


def _distinct(targets: Sequence[Target]) -> Iterator[Target]:
    """Yield the targets under names that differ: equal ones are told apart by their roots."""
    names = Counter(target.name for target in targets)
    used: set[str] = set()
    for target in targets:
        name = target.name
        if names[name] > 1:
            root = label(Path(target.rootfs).name) or "host"
            name = f"{name}@{root}"
        if name in used:
            raise UsageError(
                f"two targets are named {target.name}: {target.spelling} is the second",
                "Give each a name of its own: NAME=PATH, or `name` in a target file.",
            )
        used.add(name)
        yield replace(target, name=name)


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
