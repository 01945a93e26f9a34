"""Reads from what a case has seen the rows of a report's tables."""

from __future__ import annotations

from collections.abc import Iterator

from conformance.judge.expect_value import answer_size
from conformance.judge.json_path import stands_at
from conformance.judge.observation import Observation, Talk
from conformance.knowledge.behaviours import ACCEPTED, REFUSED
from conformance.model.canonical import compact
from conformance.model.case import Behaves, DefaultOf
from conformance.model.terms import ABSENT, Absent, JsonValue
from conformance.play.alone import Result
from conformance.report.stream import BehaviourSeen, Combined, DefaultRead, Measured
from conformance.wire.framing import Message


def default_read(target: str, result: Result, default: DefaultOf) -> DefaultRead:
    """Return the row of the table of defaults that a case has found."""
    case = result.case
    return DefaultRead(
        target=target,
        case=case.id,
        subject_kind=case.subject.kind,
        subject=case.subject.name,
        member=default.member,
        documented=_text(default.documented),
        says=default.says,
        where=default.where or "",
        declared=_text(default.declared),
        real=_text(_real(result.seen, default)),
    )


def behaviour_seen(target: str, result: Result, behaves: Behaves) -> BehaviourSeen:
    """Return what a case has seen of what releases do differently."""
    case = result.case
    return BehaviourSeen(
        target=target,
        case=case.id,
        subject_kind=case.subject.kind,
        subject=case.subject.name,
        title=behaves.title,
        was=_word(behaves.was),
        now=_word(behaves.now),
        after=behaves.after,
        by=behaves.by,
        real=_word(_answer(result.seen, behaves)),
    )


def _word(value: JsonValue | Absent) -> str:
    return value if isinstance(value, str) else _text(value)


def _answer(seen: Observation | Talk | None, behaves: Behaves) -> JsonValue | Absent:
    line = seen.replies[behaves.step] if isinstance(seen, Observation) else None
    if line is None or not isinstance(line.read, Message):
        return ABSENT
    if behaves.path:
        found: JsonValue | Absent = stands_at(line.read.value, ("return", *behaves.path))
        return found
    return REFUSED if "error" in line.read.value else ACCEPTED


def measured(target: str, result: Result) -> Iterator[Measured]:
    """Yield what a case has measured, if it does and came to its end."""
    case, seen = result.case, result.seen
    if case.measure is None or not isinstance(seen, Observation) or None in seen.replies:
        return
    measure = case.measure
    lines = [seen.replies[step] for step in measure.steps]
    values = [line.read.value for line in lines if line and isinstance(line.read, Message)]
    sizes = result.lost or tuple(answer_size(each.get("return")) for each in values)
    seconds = [seen.cpu[step] for step in measure.steps]
    seconds += [] if seen.idle is None else [seen.idle]
    yield Measured(
        target=target,
        case=case.id,
        subject_kind=case.subject.kind,
        subject=case.subject.name,
        what=measure.what,
        counts=measure.counts,
        sizes=sizes,
        seconds=tuple(round(each, 6) for each in seconds),
    )


def combined(target: str, result: Result) -> Iterator[Combined]:
    """Yield what the choices of a case came to together, if it has any."""
    if result.together is not None:
        case = result.case
        yield Combined(
            target=target,
            case=case.id,
            subject_kind=case.subject.kind,
            subject=case.subject.name,
            together=result.together,
        )


def _text(value: JsonValue | Absent) -> str:
    return "" if value is ABSENT else compact(value)


def _real(seen: Observation | Talk | None, default: DefaultOf) -> JsonValue | Absent:
    line = seen.replies[default.step] if isinstance(seen, Observation) else None
    if line is None or not isinstance(line.read, Message):
        return ABSENT
    # The verdict reports what is wrong with such a reply.
    real: JsonValue | Absent = stands_at(line.read.value, ("return", *default.path))
    return real
