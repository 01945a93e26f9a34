"""Judges the times that events tell, and how often one comes.

Knows no wire and no clock; the observation says when an event was sent, and how its clock and the
host's go together.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Final

from conformance.judge.events import fits, includes, message_of
from conformance.judge.miss import Miss
from conformance.judge.observation import EventPlace, Line, Observation
from conformance.model.canonical import canonical, compact
from conformance.model.case import Case, Role
from conformance.model.event_facts import EventFacts
from conformance.model.expectation import Kind
from conformance.model.stage import Request
from conformance.model.terms import Aspect

_TIME: Final = "W48"
_TWICE: Final = "W74"
_LATE: Final = "W76"
_PROMPT: Final = 1.0
"""Seconds after which an event has been sent that does not wait for its turn."""
_HELD: Final = 1.0
"""Seconds that a limited event may wait in addition."""
_TOLERANCE: Final = 0.05
"""Seconds by which a build's reading of the host's clock and ours may differ: both read the same
clock, and ours is read a moment before or after."""
_SWAPPED: Final = 0.005
"""Seconds by which the events of two threads may be swapped: each reads the clock before it has its
turn to tell."""
_SPREAD: Final = 0.002
"""Seconds between two events that microseconds below a thousand cannot tell apart."""
_SECOND: Final = 1_000_000
_COARSE: Final = 1000
"""Microseconds that a clock never passes whose microseconds do not move."""


@dataclass(frozen=True, slots=True)
class _Timed:
    """An event, the time that it tells on the clock of its place, and where it came."""

    message: Mapping[str, Any]
    told: float
    place: EventPlace

    @property
    def name(self) -> str:
        return str(self.message.get("event"))


def time_misses(case: Case, seen: Observation, facts: EventFacts) -> Iterator[Miss]:
    """Yield a miss for each event whose time is not that of what it tells, or that came late."""
    events = tuple(_timed(seen))
    for event in events:
        miss = _misplaced(case, seen, event, limited=event.name in facts.limited)
        if miss is not None:
            yield miss
    prompt = [event for event in events if event.name not in facts.limited]
    for before, after in pairwise(prompt):
        if _stamp(after) < _stamp(before) - _SWAPPED * _SECOND:
            what = f"{after.name} tells a time before that of {before.name} ahead of it"
            yield _miss(_TIME, what, "timestamps that never run backwards within a session", "back")
            break
    if _is_coarse(events):
        what = f"the microseconds of {len(events)} events are all below 1,000"
        yield _miss(_TIME, what, "a timestamp with the microseconds of the host's clock", "coarse")


def repeated_misses(seen: Observation) -> Iterator[Miss]:
    """Yield a miss for each event that came twice: the same, with the same time."""
    before: set[str] = set()
    for line in seen.events:
        message = message_of(line)
        text, name = canonical(message), message.get("event")
        # A clock that tells no microseconds gives the same time to two.
        if text in before and (_stamp_of(message) or 0) % _SECOND >= _COARSE:
            what = f"{name} came twice, with the same data and the same time"
            yield _miss(_TWICE, what, "it comes once for what it tells", f"{name} twice")
        before.add(text)


def unexplained(case: Case, seen: Observation, facts: EventFacts) -> Iterator[Miss]:
    """Yield a miss for each event that what a case does cannot have brought about, or not so often.

    They prove nothing unless the case had its machine for itself.
    """
    events = [message_of(line) for line in seen.events]
    for most in case.counts:
        came = sum(1 for each in events if includes(each, most.event, most.data))
        if came > most.most:
            data = f" with {compact(dict(most.data))}" if most.data else ""
            what = f"{most.event}{data} came {came} times"
            yield _miss(most.rule, what, f"it comes {_times(most.most)}", f"{most.event} often")
    yield from _uncaused(case, seen, events, facts)


def _uncaused(
    case: Case, seen: Observation, events: Sequence[Mapping[str, Any]], facts: EventFacts
) -> Iterator[Miss]:
    """Yield a miss for each event that nothing in the case can have brought about.

    What is refused as invalid brings nothing about.
    """
    requests = (*case.stage.setup, *(step.request for step in case.steps))
    commands = [request.execute for request in requests]
    done = [request.execute for request in (*case.stage.setup, *_done(case, seen))]
    awaited = {each.event for step in case.steps for each in step.emits}
    told: set[str] = set()
    for event in events:
        name, data = event.get("event"), event.get("data")
        if not isinstance(name, str) or name in awaited or name in told:
            continue
        known = data if isinstance(data, Mapping) else {}
        if facts.explains(name, done, known):
            continue
        told.add(name)
        sent = ", ".join(dict.fromkeys(commands))
        if facts.explains(name, commands, known):
            what = f"{name} came, and only what was refused brings it about: {sent}"
            yield _miss("W65", what, "the refused request has had no effect", f"{name} refused")
            continue
        what = f"{name} came, and nothing that was sent brings it about: {sent}"
        expected = "an event only when that of which it tells has happened"
        yield _miss("W75", what, expected, f"{name} uncaused")


def _done(case: Case, seen: Observation) -> Iterator[Request]:
    """Yield the requests of a case that may have done something."""
    for number, step in enumerate(case.steps):
        faulty = case.aspect is Aspect.INVALID and step.role is Role.SUBJECT
        reply = seen.replies[number] if faulty and number < len(seen.replies) else None
        if reply is None or "error" not in message_of(reply):
            yield step.request


def _misplaced(case: Case, seen: Observation, event: _Timed, *, limited: bool) -> Miss | None:
    """Return how the time of an event does not fit when it came."""
    place, name = event.place, event.name
    if event.told > place.until + _TOLERANCE:
        what = f"{name} tells a time after that at which it came"
        return _miss(_TIME, what, "a timestamp of the host's time, before the event came", "time")
    step = case.steps[place.step]
    own = not limited and any(fits(wanted, event.message) for wanted in step.emits)
    least, what = seen.opened - (_HELD if limited else 0.0), "the session began"
    if own and place.asked > least:
        least, what = place.asked, f"{step.request.execute} was sent, which brings it about"
    if event.told < least - _TOLERANCE:
        what = f"{name} tells a time before {what}"
        return _miss(_TIME, what, "a timestamp of the host's time, behind its cause", "time")
    most = _PROMPT + (_HELD if limited else 0.0)
    if place.since - event.told > most + _TOLERANCE:
        # Not how late: it differs from run to run.
        what = f"{name} came over {most:g} s after the time that it tells"
        expected = "an event within a second of its time, a rate-limited one within two"
        return _miss(_LATE, what, expected, f"{name} late")
    return None


def _is_coarse(events: tuple[_Timed, ...]) -> bool:
    """Return whether no microseconds pass 1,000 though two events surely came further apart."""
    if any(event.message["timestamp"]["microseconds"] >= _COARSE for event in events):
        return False
    return any(
        after.place.since - before.place.until > _SPREAD
        and after.place.until - before.place.since < 1 - _SPREAD
        for before, after in pairwise(events)
    )


def _timed(seen: Observation) -> Iterator[_Timed]:
    """Yield the events whose place and time are known."""
    if seen.clock is None:
        return
    pairs: Iterator[tuple[Line, EventPlace]] = zip(seen.events, seen.places, strict=False)
    for line, place in pairs:
        message = message_of(line)
        stamp = _stamp_of(message)
        if stamp is not None:
            yield _Timed(message, stamp / _SECOND - seen.clock, place)


def _stamp(event: _Timed) -> int:
    stamp = _stamp_of(event.message)
    assert stamp is not None, "only events with a time have a place in time"
    return stamp


def _stamp_of(message: Mapping[str, Any]) -> int | None:
    """Return an event's time in microseconds, None if it has none or the host's clock failed."""
    stamp = message.get("timestamp")
    if not isinstance(stamp, Mapping):
        return None
    seconds, micros = stamp.get("seconds"), stamp.get("microseconds")
    if type(seconds) is not int or type(micros) is not int or not 0 <= micros < _SECOND:
        return None
    return seconds * _SECOND + micros


def _times(number: int) -> str:
    return "once" if number == 1 else f"{number} times"


def _miss(rule: str, what: str, expected: str, fold: str) -> Miss:
    return Miss(rule=rule, kind=Kind.VALUE, summary=what, expected=expected, fold=f"{rule} {fold}")
