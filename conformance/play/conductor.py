"""One process's part of a run: machines and engines by target, and the record of their cases."""

from __future__ import annotations

import contextlib
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import replace
from itertools import chain
from pathlib import Path
from typing import TypeAlias

from conformance.judge.verdict import Verdict
from conformance.knowledge.settling import load_settling
from conformance.knowledge.store import cases_folder
from conformance.launch.folder import RunFolder
from conformance.launch.pool import Pool
from conformance.model.case import Case
from conformance.model.terms import Outcome
from conformance.model.traffic import Traffic
from conformance.play.alone import Result
from conformance.play.channel import Teller
from conformance.play.coverage_facts import event_names
from conformance.play.engine import Engine, SearchTime
from conformance.play.judging import messages_of
from conformance.play.records import peak_memory, settled_recorder
from conformance.play.result_events import events_of
from conformance.prepare.campaign import Campaign
from conformance.report.stream import (
    Cost,
    Event,
    EventSeen,
    ItemEnded,
)

_Begun: TypeAlias = tuple[Case, str | None]
"""A case and the member that it tries."""


class Conductor:
    """Runs cases of one target after the other; a context manager that ends all its machines."""

    def __init__(
        self,
        part: Path,
        told: Path | None = None,
        worker: str = "main",
        search: SearchTime | None = None,
    ) -> None:
        """Record into the file `part`, as the process `worker`.

        Everything recorded is also sent to whoever listens in the folder `told`. `search` is the
        time for random searches; without a seed, it is that of each build.
        """
        self._search = search
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
        self,
        campaign: Campaign,
        cases: Iterable[Case],
        about: Iterable[str | None],
        hear: Callable[[Sequence[Event]], None] = lambda _: None,
    ) -> Iterator[Result]:
        """Yield the result of each case, already recorded.

        `about` are the members that the cases try, in their order, None for those that try none.
        `hear` is told what is recorded of each.
        An exception is recorded for the cases without a result, and raised again; the next cases
        get machines of their own.
        """
        coming = zip(cases, about, strict=True)
        # The cases that the engine has taken and not finished.
        begun: deque[_Begun] = deque()
        try:
            for result in self._engine_of(campaign).run(_taken(coming, begun)):
                events = (*events_of(campaign, result, begun[0][1], self._settling),)
                more = (*self._new_events(campaign, result), *self._deaths(campaign))
                self._record((*events, *more))
                hear(events)
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
                events = tuple(events_of(campaign, result, member, ()))
                self._record(events)
                hear(events)
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
            search = self._search
            if search is not None:
                search.seed_of_build = campaign.plan.head.sha256
            self._engine = self._held.enter_context(Engine(pool, messages_of(campaign), search))
            self._target = campaign.target.name
        return self._engine


def _taken(coming: Iterator[_Begun], begun: deque[_Begun]) -> Iterator[Case]:
    """Yield the cases, after adding each to `begun`."""
    for pair in coming:
        begun.append(pair)
        yield pair[0]
