"""An interrupted run that is gone on with: what of it is kept, and whether it is the same run.

Reads the stream and the parts that the run left, line by line; of their cases, only the places are
kept. Changes nothing but the part that it is asked to write.
"""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, TypeAlias

from conformance.model.bounded_lines import LimitError, bounded_lines
from conformance.model.canonical import canonical
from conformance.model.errors import UsageError
from conformance.model.terms import BROKEN, ExitCode, Outcome, Severity
from conformance.play.beforehand import Expected
from conformance.play.head import NO_TURN
from conformance.play.records import event_on, line_of, parts_of
from conformance.play.start_tally import StartTally
from conformance.report.stream import (
    STREAM_FILE,
    STREAM_VERSION,
    BaselineGiven,
    CaseEnded,
    CauseBefore,
    Cost,
    Event,
    EventSeen,
    Finding,
    ItemEnded,
    ItemPlanned,
    RunEnded,
    RunStarted,
    StartDied,
    TargetLost,
    TargetStarted,
    from_json,
    to_json,
)

_HEAD: Final = frozenset(
    {
        *("known-given", "target-started", "baseline-given", "cause-before", "row-planned"),
        *("rule-planned", "item-planned"),
    }
)
"""The kinds of events before the cases that must be the same again."""
_PASSING: Final = frozenset({"time", "resumed", "cost"})
_HUNG: Final = frozenset({Outcome.TIMEOUT, Outcome.NOT_RUN})
"""The outcomes of an item that is given up after some more: it is played from its beginning."""
_LAST: Final = b'{"complete":'
"""How the last line of a stream begins."""
_FILE: Final = "kept.json"

_Key: TypeAlias = tuple[str, str]
"""A target and a case."""


@dataclass(slots=True)
class _Ended:
    """A case that has a verdict: which source has its lines, and where they begin."""

    source: Path
    place: int
    outcome: Outcome
    findings: list[tuple[str, str, str]] = field(default_factory=list)
    """Fingerprint, rule and severity of each."""


@dataclass(frozen=True, slots=True)
class KeptCase:
    """A case that is not played again; `excused` where what it breaks is known, or a remark."""

    outcome: Outcome
    excused: bool


class Interrupted:
    """What a run has left in its report folder; raises UsageError where there is none."""

    def __init__(self, folder: Path, run: str | None) -> None:
        """`run` is its id, None if it is not known: then it left no parts."""
        self._folder = folder
        self._stream = folder / STREAM_FILE
        if not self._stream.is_file():
            raise UsageError(
                f"{folder} holds no {STREAM_FILE}: there is no run to resume",
                "Leave out --resume, or name its folder with --report.",
            )
        self.parts = parts_of(folder, run)
        self.items: set[str] = set()
        """The names of the planned items; none where the run was killed before it had a plan."""
        self.before: dict[str, list[Event]] = {}
        """What the run was compared with, by target."""
        self.ended: RunEnded | None = None
        self._waiting = 0
        self._torn = b""
        self.started = self._read()

    def _read(self) -> RunStarted:
        """Read all but the cases; return the first event."""
        started: RunStarted | None = None
        for value in self._events(self._stream):
            if started is None:
                started = self._first(value)
            if value["event"] == CaseEnded.kind:
                self._waiting += _has_no_turn(value)
            elif value["event"] in (ItemPlanned.kind, BaselineGiven.kind, CauseBefore.kind):
                event = self._event(value)
                if isinstance(event, ItemPlanned):
                    self.items.add(event.item)
                elif isinstance(event, BaselineGiven | CauseBefore):
                    self.before.setdefault(event.target, []).append(event)
            elif value["event"] == RunEnded.kind:
                ended = self._event(value)
                self.ended = ended if isinstance(ended, RunEnded) else None
        if started is None:
            raise self._refusal("it is not the stream of a run")
        return started

    def _first(self, value: Mapping[str, Any]) -> RunStarted:
        if value["event"] == RunStarted.kind and value.get("stream") != STREAM_VERSION:
            raise self._refusal(f"its stream has version {value.get('stream')}")
        started = self._event(value)
        if not isinstance(started, RunStarted):
            raise self._refusal("it is not the stream of a run")
        return started

    def _event(self, value: Mapping[str, Any]) -> Event:
        try:
            return from_json(value)
        except ValueError as error:
            raise self._refusal(f"it has no event there: {error}") from error

    def _refusal(self, what: str) -> UsageError:
        return UsageError(
            f"the run in {self._folder} cannot be resumed: {what}",
            "Resume it with the build, the suite and the options that it had, or leave out "
            "--resume.",
        )

    def _events(self, path: Path) -> Iterator[dict[str, Any]]:
        for value, _, _ in self._placed(path):
            yield value

    def _placed(self, path: Path) -> Iterator[tuple[dict[str, Any], int, bytes]]:
        """Yield the events of a file, each with its place and its line, up to a torn one."""
        place = 0
        try:
            with path.open("rb") as file:
                for line in bounded_lines(file):
                    value = event_on(line)
                    if value is not None:
                        yield value, place, line
                    elif line.endswith(b"\n") and path == self._stream:
                        raise self._refusal(f"{STREAM_FILE} has a line that is no event")
                    elif path == self._stream:
                        self._torn = line
                    place += len(line)
        except LimitError as error:
            raise self._refusal(f"{path.name}: {error}") from error
        except OSError as error:
            raise self._refusal(f"{path.name}: {error.strerror}") from error

    @property
    def is_over(self) -> bool:
        """Whether the run has ended, and nothing of it is left to be played."""
        ended = self.ended
        return ended is not None and not self._waiting and ended.exit_code != ExitCode.INTERRUPTED

    def recorded(self) -> Mapping[str, Sequence[Event]]:
        """Return what it was compared with, by target; raises UsageError if with nothing."""
        if not self.before:
            raise self._refusal("it was not compared with a baseline")
        return self.before

    def check(self, planned: Iterable[Event]) -> None:
        """Compare with the beginning of the stream that a new run would have.

        Raises UsageError, which says what differs. Where the stream was cut, the rest counts as
        equal.
        """
        coming = iter(planned)
        last: _Key | None = None
        for value in self._events(self._stream):
            kind = value["event"]
            if kind == RunStarted.kind:
                self._same(self._event(value), next(coming))
            elif kind == TargetLost.kind:
                # That it can be tested now is seen where it is planned.
                self._same(self._event(value), next(coming, None))
            elif kind in _HEAD:
                self._same(self._event(value), next(coming, None))
            elif kind == CaseEnded.kind and (value["target"], value["case"]) != last:
                last = value["target"], value["case"]
                event = next(coming, None)
                if event is None:
                    # The case about all starts, which nobody selected, ends behind the last one.
                    return
                if not isinstance(event, CaseEnded) or (event.target, event.case) != last:
                    raise self._refusal(f"its plan is another one: it has {last[1]} of {last[0]}")

    def _same(self, old: Event, new: Event | None) -> None:
        was, now = to_json(old), to_json(new) if new is not None else {}
        if old.kind == RunStarted.kind and not self.items:
            # It was killed before it knew its host and its plan.
            was, now = ({name: each[name] for name in ("suite", "seed")} for each in (was, now))
        differing = [
            name
            for name in sorted(was.keys() | now.keys())
            if name not in _PASSING and was.get(name) != now.get(name)
        ]
        if not differing:
            return
        about = was.get("target") or ""
        if isinstance(old, RunStarted | TargetStarted) and was.get("event") == now.get("event"):
            name = differing[0]
            told = f"{name} of {about}" if about else name
            raise self._refusal(f"{told} was {_word(was[name])} and is {_word(now[name])}")
        where = f" of {about}" if about else ""
        raise self._refusal(f"its {old.kind}{where} is another: {_word(was)}, not {_word(now)}")

    def kept(self, items: Iterable[tuple[str, Sequence[str]]], again: Counter[bytes]) -> Remains:
        """Return what is kept: the verdicts of `items`, each a target and its cases.

        `again` are the lines of machines that died while builds were introspected: they are
        recorded anew.
        """
        found = _Sources()
        # One that lost more than its end lacks what stands behind the cases: the events seen. Only
        # to play them again tells.
        whole = self.ended is not None or self._torn.startswith(_LAST)
        for source in (*([self._stream] if whole else []), *self.parts):
            introspected = source.name.endswith("-targets.ndjson")
            for value, place, line in self._placed(source):
                if not (introspected and value["event"] == StartDied.kind):
                    found.hear(source, value, place, line)
        found.deaths = [*(Counter(found.deaths) - again).elements()]
        tally = StartTally(_deaths(found.deaths))
        kept: dict[_Key, _Ended] = {}
        for target, cases in items:
            own = {
                (target, case): found.ended[target, case]
                for case in cases
                if (target, case) in found.ended
                # With those deaths the joined stream decides its outcome, and did so before.
                and not (self.ended is not None and tally.concerns(target, case))
            }
            if len(own) == len(cases) or not any(each.outcome in _HUNG for each in own.values()):
                kept |= own
        return Remains(kept, found)


class _Sources:
    """What the stream and the parts of a run say of its cases."""

    def __init__(self) -> None:
        self.ended: dict[_Key, _Ended] = {}
        self.seen: set[bytes] = set()
        self.deaths: list[bytes] = []
        self.costs: list[bytes] = []
        self._source: Path | None = None
        self._begun: dict[_Key, _Ended] = {}

    def hear(self, source: Path, value: Mapping[str, Any], place: int, line: bytes) -> None:
        """Take the next event of a source."""
        if source != self._source:
            # A case that its process did not end is not continued by another one.
            self._source, self._begun = source, {}
        if value["event"] == EventSeen.kind:
            self.seen.add(line)
        elif value["event"] == StartDied.kind:
            self.deaths.append(line)
        elif value["event"] == ItemEnded.kind:
            self.costs.append(line)
        elif value["event"] == ItemPlanned.kind and value.get("cost"):
            self._spent(value["target"], value["item"], "", value["cost"], 0)
        elif value["event"] == RunEnded.kind:
            for worker, memory in value.get("cost", {}).items():
                self._spent("", "", worker, {}, memory)
        elif "case" in value:
            key = value["target"], value["case"]
            case = self._begun.setdefault(key, _Ended(source, place, Outcome.NOT_RUN))
            if value["event"] == Finding.kind:
                case.findings.append((value["fingerprint"], value["rule"], value["severity"]))
            elif value["event"] == CaseEnded.kind:
                del self._begun[key]
                case.outcome = Outcome(value["outcome"])
                if not _has_no_turn(value):
                    self.ended.setdefault(key, case)

    def _spent(
        self, target: str, item: str, worker: str, cost: Mapping[str, Any], memory: int
    ) -> None:
        event = ItemEnded(target=target, item=item, worker=worker, cost=Cost(**cost), memory=memory)
        self.costs.append(line_of(event).encode())


class Remains:
    """The verdicts of an interrupted run that are kept."""

    def __init__(self, cases: Mapping[_Key, _Ended], found: _Sources) -> None:
        self._cases = cases
        self._found = found

    def __len__(self) -> int:
        return len(self._cases)

    def write(self, part: Path) -> None:
        """Write them as a part of the run; nothing is lost if this is interrupted."""
        made = part.with_name(f"{part.name}.new")
        by_source: dict[Path, list[_Ended]] = {}
        for case in self._cases.values():
            by_source.setdefault(case.source, []).append(case)
        with made.open("wb") as file:
            for source, cases in by_source.items():
                with source.open("rb") as lines:
                    for case in cases:
                        lines.seek(case.place)
                        for line in bounded_lines(lines):
                            file.write(line)
                            if b'"event":"case-ended"' in line:
                                break
            file.writelines((*sorted(self._found.seen), *self._found.deaths, *self._found.costs))
        os.replace(made, part)

    def share(self, folder: Path, expected: Expected) -> None:
        """Write for the workers which cases are not played again."""
        kept: dict[str, dict[str, tuple[str, bool]]] = {}
        for (target, case), ended in self._cases.items():
            excused = bool(ended.findings) and all(
                severity != Severity.MUST or expected.knows(target, fingerprint, rule)
                for fingerprint, rule, severity in ended.findings
            )
            kept.setdefault(target, {})[case] = str(ended.outcome), excused
        (folder / _FILE).write_text(canonical(kept), encoding="ascii")


Kept: TypeAlias = Mapping[str, Mapping[str, KeptCase]]
"""By target and case."""


def read_kept(folder: Path) -> Kept:
    """Return what `Remains.share` wrote; nothing is kept without it."""
    path = folder / _FILE
    if not path.exists():
        return {}
    return {
        target: {case: KeptCase(Outcome(outcome), excused) for case, (outcome, excused) in of}
        for target, cases in json.loads(path.read_text(encoding="ascii")).items()
        for of in [cases.items()]
    }


def is_broken(case: KeptCase) -> bool:
    """Return whether a case that is kept makes its item fail."""
    return not case.excused and case.outcome in BROKEN | {Outcome.INTERMITTENT}


def _has_no_turn(ended: Mapping[str, Any]) -> bool:
    """Return whether a case has no verdict because its turn never came."""
    return ended["outcome"] == Outcome.NOT_RUN and ended["reason"] in NO_TURN


def _deaths(lines: Iterable[bytes]) -> Iterator[StartDied]:
    for line in lines:
        event = from_json(json.loads(line))
        assert isinstance(event, StartDied), "an event is what its kind says"
        yield event


def _word(value: object) -> str:
    text = value if isinstance(value, str) else canonical(value)
    return text if len(text) <= 200 else f"{text[:200]}..."
