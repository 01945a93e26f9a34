"""Judges the events that a step must provoke: whether they arrived, and not too fast.

Knows no wire and no clock; the observation says when an event was sent.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from conformance.judge.json_path import brief, path_text, shown_at, stands_at
from conformance.judge.miss import Miss
from conformance.judge.observation import EventPlace, Line, Observation
from conformance.model.canonical import compact, same
from conformance.model.case import ORDER, Agreement, Case, Emits, Limit, Step
from conformance.model.expectation import Kind
from conformance.model.terms import ABSENT
from conformance.wire.framing import Message

_PERIOD: Final = 1.0
"""Seconds in which at most one limited event of a kind is sent (qmp-spec, on events)."""
_TOLERANCE: Final = 0.01
"""Seconds by which the build's clock and ours may drift apart within that time."""


def awaited(step: Step, events: Sequence[Line]) -> tuple[Emits, ...]:
    """Return the awaited events of `step` that are not among `events`, those since it was sent.

    One event stands for one awaited event only.
    """
    left = [message_of(line) for line in events]
    missing = []
    for wanted in step.emits:
        found = next((each for each in left if fits(wanted, each)), None)
        if found is None:
            missing.append(wanted)
        else:
            left.remove(found)
    return tuple(missing)


def not_come(case: Case, seen: Observation, number: int) -> str | None:
    """Return which awaited event did not arrive after a step, None if all did.

    No rule promises these events: the case waits for them.  What may be refused, and is, brings
    none about.
    """
    step, line = case.steps[number], seen.replies[number]
    if line is not None and "error" in message_of(line):
        return None
    own = [line for line, place in _placed(seen) if place.step == number]
    late = next((wanted for wanted in awaited(step, own) if wanted.rule is None), None)
    return f"{step.request.execute}: {_instead(late, own)}" if late is not None else None


def fits(wanted: Emits, message: Mapping[str, Any]) -> bool:
    """Return whether `message` is the event, with the expected members."""
    return includes(message, wanted.event, wanted.data)


def includes(message: Mapping[str, Any], event: str, data: Mapping[str, Any]) -> bool:
    """Return whether `message` is that event, and its data includes all of `data`."""
    return message.get("event") == event and _holds(message.get("data", {}), data)


def message_of(line: Line) -> Mapping[str, Any]:
    """Return the message on a line, an empty one if it holds none."""
    if isinstance(line.read, Message):
        return line.read.value
    return line.read.message.value if line.read.message else {}


def is_event(message: Mapping[str, Any]) -> bool:
    """Return whether a message is an event, and not a reply with such a member."""
    return "event" in message and "return" not in message and "error" not in message


def event_misses(case: Case, seen: Observation) -> Iterator[Miss]:
    """Yield a miss for each event that did not come, or on the wrong side of the reply.

    A step that did not succeed yields none: something else is wrong there. Nor does one behind
    which the build died without being asked to: its end is what there is to tell.
    """
    for number, (step, reply) in enumerate(zip(case.steps, seen.replies, strict=True)):
        if not step.emits or not _succeeded(step, reply) or _died_behind(case, seen, number):
            continue
        own = [(line, place) for line, place in _placed(seen) if place.step == number]
        for wanted in awaited(step, [line for line, _ in own]):
            if wanted.rule is not None:
                what = _instead(wanted, [line for line, _ in own])
                yield _miss(case, step, wanted, wanted.rule, what)
        for wanted in step.emits:
            if not wanted.ordered:
                continue
            sides = {place.answered for line, place in own if fits(wanted, message_of(line))}
            if sides and wanted.answered not in sides:
                side = "before" if wanted.answered else "after"
                what = f"{wanted.event} came {side} the reply"
                yield _miss(case, step, wanted, ORDER, what)


def agreement_misses(case: Case, seen: Observation) -> Iterator[Miss]:
    """Yield a miss for each reply that does not show what an event told before.

    A refusal, or an event that did not come, is something else.
    """
    for number, (step, reply) in enumerate(zip(case.steps, seen.replies, strict=True)):
        if reply is None or "return" not in message_of(reply):
            continue
        value = message_of(reply)["return"]
        for each in step.agrees:
            told = _last(seen, number, each)
            found = stands_at(value, each.path)
            if told is not ABSENT and not same(told, found):
                where, member = path_text(each.path), ".".join(each.member)
                what = f"{where} is {shown_at(found)}, {each.event} told {brief(told)} as {member}"
                yield Miss(
                    rule=each.rule,
                    kind=Kind.VALUE,
                    summary=f"{step.request.execute}: {what}",
                    expected=f"{where} is what the event {each.event} told: {brief(told)}",
                    fold=f"{each.rule} {case.subject.name} agrees {each.event} {member}",
                    why=step.why,
                )


def _last(seen: Observation, number: int, wanted: Agreement) -> Any:
    """Return what the last such event before the reply to a step told, ABSENT if none did."""
    told: Any = ABSENT
    for line, place in _placed(seen):
        message = message_of(line)
        before = place.step < number or (place.step == number and not place.answered)
        if before and includes(message, wanted.event, wanted.data):
            told = stands_at(message.get("data", {}), wanted.member)
    return told


def limit_misses(case: Case, seen: Observation) -> Iterator[Miss]:
    """Yield a miss for each limited event of which two of a kind came too close together.

    An event has the time at which it happened, not at which it was sent. So the longest possible
    time between the two sends counts: if that is too short, the promise is broken.
    """
    for limit in case.limits:
        last: dict[str, EventPlace] = {}
        for line, place in _placed(seen):
            message = message_of(line)
            data = message.get("data", {})
            if message.get("event") != limit.event or _free(limit, data):
                continue
            kind = compact([data.get(name) for name in limit.by])
            before = last.get(kind)
            last[kind] = place
            if before and place.until - before.since < _PERIOD - _TOLERANCE:
                yield _too_soon(case, limit, case.steps[place.step])
                break


def _free(limit: Limit, data: Any) -> bool:
    if not isinstance(data, Mapping):
        return True
    return bool(limit.unless) and _holds(data, limit.unless)


def _too_soon(case: Case, limit: Limit, step: Step) -> Miss:
    alike = f" with the same {' and '.join(limit.by)}" if limit.by else ""
    return Miss(
        rule=limit.rule,
        kind=Kind.VALUE,
        summary=f"{step.request.execute}: {limit.event} came twice within a second",
        expected=f"at most one event {limit.event}{alike} per second",
        fold=f"{limit.rule} {case.subject.name} soon",
        why=step.why,
    )


def _placed(seen: Observation) -> Iterator[tuple[Line, EventPlace]]:
    yield from zip(seen.events, seen.places, strict=False)


def _died_behind(case: Case, seen: Observation, number: int) -> bool:
    """Return whether the build died before it answered anything after the step."""
    died = seen.death is not None and not case.steps[-1].expect.ends
    return died and not any(seen.replies[number + 1 :])


def _succeeded(step: Step, reply: Line | None) -> bool:
    """Return whether a step did what it should; a step that ends the build may lose its reply."""
    if reply is None:
        return step.expect.ends
    return "return" in message_of(reply)


def _instead(wanted: Emits, events: Sequence[Line]) -> str:
    """Return what came instead of an event: one of its name with other data, or nothing."""
    others = [message_of(line) for line in events if message_of(line).get("event") == wanted.event]
    if not others:
        return f"no event {wanted.event} came"
    data = " and ".join(compact(each.get("data", {})) for each in others)
    return f"{wanted.event} came with {data}"


def _miss(case: Case, step: Step, wanted: Emits, rule: str, what: str) -> Miss:
    data = f" with {compact(dict(wanted.data))}" if wanted.data else ""
    side = {None: "", True: ", after the reply", False: ", before the reply"}[wanted.answered]
    return Miss(
        rule=rule,
        kind=Kind.VALUE,
        summary=f"{step.request.execute}: {what}",
        expected=f"the event {wanted.event}{data}{side}",
        fold=f"{rule} {case.subject.name} {step.request.execute} {wanted.event}",
        why=step.why,
    )


def _holds(found: Any, wanted: Any) -> bool:
    if isinstance(wanted, Mapping):
        return isinstance(found, Mapping) and all(
            name in found and _holds(found[name], value) for name, value in wanted.items()
        )
    return same(found, wanted)
