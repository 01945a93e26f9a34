"""Tries the reproducers of a run: makes each as small as it gets, and pastes it into a shell."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace
from itertools import chain
from types import TracebackType
from typing import Final, Self

from conformance.judge.miss import Miss
from conformance.knowledge.store import cases_folder
from conformance.knowledge.volatile import load_volatile, settled
from conformance.launch.folder import RunFolder
from conformance.launch.pool import Pool
from conformance.launch.shell import Shell, ShellRun
from conformance.model.case import Case
from conformance.play.alone import Result, did_beside
from conformance.play.appraisal import features_of
from conformance.play.evidence import finding
from conformance.play.judging import messages_of
from conformance.play.narrowing import narrowed
from conformance.play.proof import Prover
from conformance.play.shrinking import Shrinking
from conformance.play.signs import not_shown
from conformance.prepare.campaign import Campaign
from conformance.prepare.starts import Starts
from conformance.report.root_cause import RootCause
from conformance.report.script_reproducer import ENDED
from conformance.report.stream import Finding, Pasted

SECONDS: Final = 60.0
"""How long a pasted text may take; one that repeats its case, so long for each time."""
_SIGNALS: Final = 128
_FRAMES: Final = 12
PATIENCE: Final = 120.0
"""After how many seconds no more is tried of a root cause that nothing has shown."""
SIMPLEST: Final = 2
"""How many of the simplest cases of a root cause are tried before the one that the report tells."""


class Paster:
    """Pastes what shows the root causes of one target; a context manager."""

    def __init__(self, campaign: Campaign, folder: RunFolder) -> None:
        """Raises LaunchError where nothing can be pasted."""
        self._campaign = campaign
        self._shell = Shell(campaign.target, folder)
        self._volatile = load_volatile(cases_folder() / "volatile.toml")
        self._folder = folder
        self._held = ExitStack()

    def __enter__(self) -> Self:
        messages = messages_of(self._campaign)
        pool = self._held.enter_context(Pool(self._campaign.target, self._folder))
        self._prover = Prover(pool, messages, Starts())
        self._held.callback(self._prover.close)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._held.close()

    @property
    def debugs(self) -> bool:
        """Whether it tells the stack where a signal ends QEMU: there is a debugger."""
        return self._shell.debugs

    def pasted(self, cause: RootCause, cases: Mapping[str, Case]) -> Pasted:
        """Return what came of the smallest reproducer of a root cause that shows it.

        `cases` are those that show it, by id. The last that is tried is the one that the run has
        written. If none does, the first is told.
        """
        told: Pasted | None = None
        until = time.monotonic() + PATIENCE
        for case in _simplest_first(cause, cases):
            for found in self._found(case, cause.finding):
                tried = self._tried(case, found)
                if tried.shows:
                    return tried
                told = told or tried
                if time.monotonic() > until:
                    return told
            if time.monotonic() > until:
                break
        own = self._tried(cases.get(cause.finding.case), cause.finding)
        return own if own.shows else told or own

    def _found(self, case: Case, wanted: Finding) -> Iterator[Finding]:
        """Yield the finding of a case made small, and as it is, if it shows what is wanted."""
        if case.blocked is not None:
            return
        for result in self._played(case):
            for miss, found in self._findings(result):
                if found.fingerprint != wanted.fingerprint:
                    continue
                small = Shrinking(result, miss, self._again).smallest()
                told = self._findings(result)
                if small is not result:
                    small = replace(small, case=replace(small.case, id=case.id), whole=True)
                    told = chain(self._findings(small), told)
                yield from (
                    less
                    for other, less in told
                    if (other.fold, other.defect) == (miss.fold, miss.defect)
                )
                return

    def _played(self, case: Case) -> Iterator[Result]:
        """Yield what a case shows alone: request by request, all at once, in some plays."""
        if case.intermittent is None:
            for one_by_one in (True, False):
                result = self._prover.alone(case, again=True, one_by_one=one_by_one)
                if result.case.together:
                    # Of several requests, the one that shows it.
                    first = narrowed(result, self._prover)
                    yield from (first, *first.further)
                yield self._prover.compared(result) or result
        if not case.claims:
            yield self._prover.known(case)

    def _again(self, case: Case, like: Result) -> Result:
        beside = did_beside(like)
        return self._prover.alone(case, like.before, again=True, one_by_one=beside)

    def _findings(self, result: Result) -> Iterator[tuple[Miss, Finding]]:
        campaign = self._campaign
        features = features_of(campaign.schema, result.case)
        for miss in result.verdict.misses:
            name, line = campaign.target.name, campaign.command_line
            yield miss, finding(name, result, miss, campaign.rules, line, features)

    def _tried(self, case: Case | None, found: Finding) -> Pasted:
        limit = SECONDS * max(1, found.plays // 3)
        devices = () if case is None else case.stage.spec.devices
        run = self._shell.run(found.reproducer, limit, devices)
        signs = tuple(settled(sign, self._volatile) for sign in found.signs)
        why = _why_not(signs, settled(run.output, self._volatile), run)
        stack: tuple[str, ...] = ()
        if why is None and self._shell.debugs and _by_signal(signs) and not found.plays:
            stack = self._shell.stack(found.reproducer, SECONDS, devices)[:_FRAMES]
        return Pasted(
            target=found.target,
            fingerprint=found.fingerprint,
            case=found.case,
            reproducer=found.reproducer,
            signs=signs,
            shows=why is None,
            why=why or "",
            stack=stack,
        )


def _by_signal(signs: Sequence[str]) -> bool:
    """Return whether a signal ended QEMU: a shell gives it a number above 128."""
    ended = [sign.removeprefix(ENDED) for sign in signs if sign.startswith(ENDED)]
    return any(int(number) > _SIGNALS for number in ended)


def _why_not(signs: Sequence[str], output: str, run: ShellRun) -> str | None:
    """Return why an output does not show a defect, None if it does."""
    if not signs:
        return "nothing that it prints tells it"
    lacking = not_shown(signs, output)
    if lacking is None:
        return None
    late = "; its time was up" * (run.status is None)
    return f"it does not print {lacking[:200]}{late}"


def _simplest_first(cause: RootCause, cases: Mapping[str, Case]) -> list[Case]:
    """Return the simplest cases of a root cause, and the one that stands for it."""
    ordered = sorted(cases.values(), key=_size)
    own = cases.get(cause.finding.case)
    chosen = [*ordered[:SIMPLEST], *([own] if own is not None else [])]
    return list({case.id: case for case in chosen}.values())


def _size(case: Case) -> tuple[int, int, int, str]:
    """Return how much a case takes: peers and second builds, then files, then requests."""
    spec, requests = case.stage.spec, (*case.stage.setup, *(step.request for step in case.steps))
    others = len(spec.companions) + len(spec.peers) + len(spec.descriptors)
    passed = any(each.descriptor or each.awaits for each in requests)
    length = sum(len(each.text()) for each in requests)
    return others, len(spec.files) + passed, length + sum(map(len, spec.args)), case.id
