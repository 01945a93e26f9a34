"""One process's part of a run: machines and engines by target, and the record of their cases."""

from __future__ import annotations

import contextlib
import time
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import replace
from itertools import chain
from pathlib import Path
from typing import TypeAlias

from conformance.judge.verdict import Verdict
from conformance.knowledge.settling import Settling, load_settling, settled_by
from conformance.knowledge.store import cases_folder
from conformance.launch.folder import RunFolder
from conformance.launch.pool import Pool
from conformance.model.case import Case
from conformance.model.terms import REFUSED_ANYWAY, Outcome, SettledBy
from conformance.model.traffic import Traffic
from conformance.play.alone import Result
from conformance.play.appraisal import features_of
from conformance.play.channel import Teller
from conformance.play.coverage_facts import answers_of, event_names
from conformance.play.engine import Engine
from conformance.play.evidence import finding
from conformance.play.judging import messages_of
from conformance.play.readings import behaviour_seen, combined, default_read, measured
from conformance.play.records import peak_memory, settled_recorder
from conformance.prepare.campaign import Campaign
from conformance.qapi.names import shown
from conformance.report.stream import (
    AnswerRead,
    CaseEnded,
    Cost,
    Event,
    EventSeen,
    ItemEnded,
)

_Begun: TypeAlias = tuple[Case, str | None]
"""A case and the member that it tries."""


class Conductor:
    """Runs cases of one target after the other; a context manager that ends all its machines."""

    def __init__(self, part: Path, told: Path | None = None, worker: str = "main") -> None:
        """Record into the file `part`, as the process `worker`.

        Everything recorded is also sent to whoever listens in the folder `told`.
        """
        self._own = ExitStack()
        self._teller = Teller(told)
        self._own.callback(self._teller.close)
        self._folder = self._own.enter_context(RunFolder())
        self._recorder = self._own.enter_context(settled_recorder(part))
        self._settling = load_settling(cases_folder() / "settling.toml")
        self._held = self._own.enter_context(ExitStack())
        self._engine: Engine | None = None
        self._target: str | None = None
        self._worker = worker
        self._traffic = Traffic()
        self._seen: set[tuple[str, str]] = set()
        """The events (target, name) that are recorded already."""

    def __enter__(self) -> Conductor:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End the machines and close the record."""
        self._own.close()

    def run(
        self, campaign: Campaign, cases: Iterable[Case], about: Iterable[str | None]
    ) -> Iterator[Result]:
        """Yield the result of each case, already recorded.

        `about` are the members that the cases try, in their order, None for those that try none.
        An exception is recorded for the cases without a result, and raised again; the next cases
        get machines of their own.
        """
        coming = zip(cases, about, strict=True)
        # The cases that the engine has taken and not finished.
        begun: deque[_Begun] = deque()
        try:
            for result in self._engine_of(campaign).run(_taken(coming, begun)):
                events = _events(campaign, result, begun[0][1], self._settling)
                more = (*self._new_events(campaign, result), *self._deaths(campaign))
                self._record((*events, *more))
                begun.popleft()
                yield result
        except BaseException as error:  # of any kind: it is recorded, and raised
            # Any error, even a defect of the suite, is recorded for the cases that it cost, and
            # raised again.  A machine may be in mid-dialogue.
            self._target = None
            if isinstance(error, KeyboardInterrupt | SystemExit | GeneratorExit):
                raise
            reason = f"{type(error).__name__}: {str(error).splitlines()[0] if str(error) else ''}"
            verdict = Verdict(outcome=Outcome.HARNESS_ERROR, reason=reason)
            for case, member in chain(begun, coming):
                result = Result(case=case, verdict=verdict)
                self._record(tuple(_events(campaign, result, member, ())))
            raise
        finally:
            self._teller.flush()

    @contextlib.contextmanager
    def counting(self, target: str, item: str) -> Iterator[None]:
        """Record what the body, which plays an item of a target, costs."""
        before, began = replace(self._traffic), time.monotonic()
        try:
            yield
        finally:
            cost = Cost(
                seconds=round(time.monotonic() - began, 6),
                machines=self._traffic.machines - before.machines,
                sent=self._traffic.sent - before.sent,
                received=self._traffic.received - before.received,
            )
            memory = peak_memory()
            worker = self._worker
            self._recorder.write(
                [ItemEnded(target=target, item=item, worker=worker, cost=cost, memory=memory)]
            )

    def prefetch(self, campaign: Campaign, cases: Sequence[Case], after: Sequence[Case]) -> None:
        """Start ahead the machines of `cases`, which run after the cases `after`."""
        if campaign.target.name == self._target and self._engine is not None:
            self._engine.prefetch(cases, after)

    def _deaths(self, campaign: Campaign) -> Iterator[Event]:
        """Yield the machines that died at their start since the last call."""
        assert self._engine is not None, "a result comes of an engine"
        for each in self._engine.starts.take_deaths():
            yield each.event(campaign.target.name)

    def _record(self, events: Sequence[Event]) -> None:
        self._recorder.write(events)
        for event in events:
            self._teller.tell(event)

    def _new_events(self, campaign: Campaign, result: Result) -> Iterator[Event]:
        """Yield each event of the schema that is new with `result`.

        Events that come only in some plays of a case are left out: two runs would differ in them.
        """
        if result.case.intermittent is not None:
            return
        target, schema = campaign.target.name, campaign.schema
        for name in sorted(event_names(result)):
            if name in schema.events and (target, name) not in self._seen:
                self._seen.add((target, name))
                yield EventSeen(target=target, name=name)

    def _engine_of(self, campaign: Campaign) -> Engine:
        if self._engine is None or campaign.target.name != self._target:
            self._held.close()
            pool = self._held.enter_context(
                Pool(campaign.target, self._folder, traffic=self._traffic)
            )
            messages = messages_of(campaign)
            self._engine = self._held.enter_context(Engine(pool, messages))
            self._target = campaign.target.name
        return self._engine


def _taken(coming: Iterator[_Begun], begun: deque[_Begun]) -> Iterator[Case]:
    """Yield the cases, after adding each to `begun`."""
    for pair in coming:
        begun.append(pair)
        yield pair[0]


def _settled_by(verdict: Verdict, settling: Sequence[Settling]) -> SettledBy | None:
    return settled_by(settling, verdict.reason) if verdict.outcome in REFUSED_ANYWAY else None


def _events(
    campaign: Campaign, result: Result, member: str | None, settling: Sequence[Settling]
) -> Iterator[Event]:
    case, verdict = result.case, result.verdict
    for each in (result, *result.further):
        for miss in each.verdict.misses:
            yield finding(
                campaign.target.name,
                each,
                miss,
                campaign.rules,
                campaign.command_line,
                features_of(campaign.schema, case),
            )
    for default in case.defaults:
        yield default_read(campaign.target.name, result, default)
    if case.behaves is not None and case.plays:
        yield behaviour_seen(campaign.target.name, result, case.behaves)
    if case.looked is not None and verdict.outcome is Outcome.PASS:
        yield AnswerRead(
            target=campaign.target.name,
            case=case.id,
            subject_kind=case.subject.kind,
            subject=case.subject.name,
            named=case.looked.named,
            known=case.looked.known,
        )
    yield from measured(campaign.target.name, result)
    yield from combined(campaign.target.name, result)
    answers = answers_of(result, member)
    yield CaseEnded(
        target=campaign.target.name,
        case=case.id,
        subject_kind=case.subject.kind,
        subject=case.subject.name,
        aspect=case.aspect,
        outcome=verdict.outcome,
        reason=shown(verdict.reason),
        rules=case.rules,
        seconds=round(result.seen.seconds, 6) if result.seen else 0.0,
        settled_by=_settled_by(verdict, settling),
        about=member or "",
        accepted=answers.accepted,
        looked=answers.looked,
        refused=answers.refused,
        named=answers.named,
        plays=result.plays,
        shown=result.shown,
    )
