"""Plays searches: what is drawn next, until the time is up or nothing new shows any more.

What is found is proved and made small before it is told.  Loaded on demand: it loads what draws.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Final

from conformance.derive.searching.batches import ArgumentSearch, Drawn
from conformance.derive.searching.histories import HistorySearch
from conformance.derive.steps import ANSWERED
from conformance.judge.observation import Line, Observation
from conformance.judge.verdict import Verdict
from conformance.model.case import Case, Isolation
from conformance.model.search import SearchTotals
from conformance.model.stage import Stage
from conformance.model.terms import BROKEN, JsonValue, Outcome
from conformance.play.alone import Result
from conformance.play.narrowing import narrowed
from conformance.play.proof import Prover
from conformance.play.search_shrinking import Shrinker, names_of, shows_at
from conformance.play.search_time import SearchTime
from conformance.qapi.model import Schema
from conformance.wire.framing import Message

_STALE: Final = 240
"""After so many requests that show nothing new, a search gives way to the others."""
_SHARE: Final = 4.0
"""How much longer than its share a search may last while it shows something new."""
_LEAST: Final = 0.2
"""The part of its share that each search has, whatever those before it took."""
_CASES: Final = 8
"""After so many batches a machine gives way to another."""
_SHOWN: Final = 8
"""So many findings of one search are told: it is over then."""
_ALIKE: Final = 4
"""So many deaths of the same name are looked into: they may have different causes."""
_PROBES: Final = 2
"""So many requests that change nothing are tried in place of the one that a build died of."""
_DEAD: Final = (Outcome.CRASH, Outcome.TIMEOUT)
_USED_UP: Final = "the time for the search was used up"


class Searcher:
    """Plays the searches of a target; `play` plays a case as the engine does, `end` ends a stage.

    `interrupted` is what ended one early: it is to be raised once its result is told.
    """

    def __init__(
        self,
        schema: Schema,
        prover: Prover,
        play: Callable[[Case], Result],
        end: Callable[[Stage], None],
    ) -> None:
        self._schema, self._prover, self._play, self._end = schema, prover, play, end
        self._shrinker = Shrinker(prover)
        self._told: set[str] = set()
        """The defects that are told already, whatever search met them."""
        self._alike: Counter[frozenset[str]] = Counter()
        """How often deaths of one name, but for the subject, were made small."""
        self.interrupted: BaseException | None = None

    def searched(self, case: Case, given: SearchTime) -> Result:
        """Return the result of a search: what it found, and what it came to."""
        kind = HistorySearch if case.search and case.search.history else ArgumentSearch
        drawn: Drawn = kind(case, self._schema, given.seed)
        began = time.monotonic()
        # What proofs and shrinking took beyond a share is taken from the next ones.
        most = max(_LEAST * given.share, given.share + min(given.spare, _SHARE * given.share))
        plays, found, machines = self._shrinker.plays, list[Result](), 1
        try:
            cases = self._cases(drawn, began + min(most, given.share), began + most)
            for number, batch in enumerate(cases, start=1):
                result = self._play(batch)
                self._note(case, found, result)
                if not isinstance(result.seen, Observation):
                    continue
                if batch.isolation is not Isolation.ALONE:
                    drawn.learn(batch, _answers(result.seen))
                elif result.verdict.outcome is Outcome.NOT_APPLICABLE:
                    fewer = drawn.fewer(batch, _answers(result.seen))
                    if fewer is not None:
                        self._note(case, found, self._play(fewer))
                if number % _CASES == 0:
                    self._end(batch.stage)
                    machines += 1
                if len(found) >= _SHOWN or result.verdict.outcome is Outcome.TIMEOUT:
                    break
        except KeyboardInterrupt as error:
            self.interrupted = error
        seconds = time.monotonic() - began
        given.spare += given.share - seconds
        totals = SearchTotals(
            seed=given.seed,
            requests=drawn.found.requests,
            accepted=drawn.found.accepted,
            members=len(drawn.found.members),
            answers=len(drawn.found.answers),
            since=drawn.found.since,
            restarts=machines,
            shrinking=self._shrinker.plays - plays,
            seconds=round(seconds, 3),
        )
        return _result(case, found, totals)

    def _cases(self, drawn: Drawn, share: float, until: float) -> Iterator[Case]:
        """Yield what is drawn until the time is up, and at the end what looks at the state."""
        while (now := time.monotonic()) < until:
            if drawn.found.since > _STALE or (now > share and drawn.found.since > _STALE // 4):
                break
            yield drawn.next_case()
            yield from drawn.looking(last=False)
        if drawn.found.requests:
            yield from drawn.looking(last=True)

    def _note(self, case: Case, found: list[Result], result: Result) -> None:
        """Add what a case shows, made small, unless it is told already."""
        if result.verdict.outcome not in BROKEN:
            return
        told = narrowed(result, self._prover) if result.case.together else result
        for each in (told, *told.further):
            alike = frozenset(name.replace(case.subject.name, "*") for name in names_of(each))
            if names_of(each) <= self._told or self._alike[alike] >= _ALIKE:
                continue
            self._alike[alike] += 1
            try:
                small = self._blamed(case, self._shrinker.shrunk(each))
                disguises = self._disguises(case, small)
            except KeyboardInterrupt:
                # It was proved, and is told as it is.
                found.append(each)
                raise
            new = self._told.isdisjoint(disguises)
            self._told |= names_of(each) | names_of(small) | disguises
            if new and small.verdict.outcome in BROKEN:
                found.append(small)

    def _blamed(self, case: Case, result: Result) -> Result:
        """Return the result of a history as one of the command that is to blame.

        That is the last one which does not only ask.
        """
        if case.search is None or not case.search.history or result.plays:
            return result
        asking = {each.execute for each in case.search.probes}
        last = shows_at(result)
        steps = result.case.steps if last is None else result.case.steps[: last + 1]
        names = [step.request.execute for step in steps]
        name = next((each for each in reversed(names) if each not in asking), names[-1])
        about = replace(result.case, subject=replace(case.subject, name=name))
        return self._prover.alone(about, again=True, one_by_one=True)

    def _disguises(self, case: Case, result: Result) -> frozenset[str]:
        """Return the names of what a result shows, or of what had ended the build before.

        A build that is dead of a request before dies of whatever comes next.
        """
        steps, probes = result.case.steps, case.search.probes if case.search else ()
        before = len(steps) - 1
        while before and steps[before - 1].request in probes:
            before -= 1
        if result.verdict.outcome not in _DEAD or before < 1:
            return names_of(result)
        tries = _PROBES if result.verdict.outcome is Outcome.CRASH else 1
        for probe in probes[:tries]:
            asked = replace(steps[-1], request=probe, expect=ANSWERED)
            tried = replace(result.case, steps=(*steps[:before], asked))
            if self._prover.alone(tried, again=True).verdict.outcome in _DEAD:
                names = (step.request.execute for step in steps[max(0, before - 2) : before])
                return frozenset({f"dead behind {', '.join(names)}"})
        return names_of(result)


def _result(case: Case, found: list[Result], totals: SearchTotals) -> Result:
    """Return the result of a search; what it found are results of their own."""
    if found:
        first = found[0]
        verdict = Verdict(outcome=first.verdict.outcome, reason=first.verdict.reason)
        return Result(case=case, verdict=verdict, further=tuple(found), searched=totals)
    if not totals.requests:
        return Result(case=case, verdict=Verdict(outcome=Outcome.NOT_RUN, reason=_USED_UP))
    reason, outcome = "", Outcome.PASS
    if not totals.accepted:
        reason = f"none of {totals.requests} requests was accepted"
        outcome = Outcome.VACUOUS
    verdict = Verdict(outcome=outcome, reason=reason)
    return Result(case=case, verdict=verdict, searched=totals)


def _answers(seen: Observation) -> list[dict[str, JsonValue] | None]:
    return [_message(line) for line in seen.replies]


def _message(line: Line | None) -> dict[str, JsonValue] | None:
    return line.read.value if line is not None and isinstance(line.read, Message) else None
