"""Whether the times that events tell fit when they came, and how often and why they came."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from conformance.judge.event_times import repeated_misses, time_misses, unexplained
from conformance.judge.events import agreement_misses
from conformance.judge.observation import EventPlace, Observation
from conformance.judge.verdict import judge
from conformance.model.case import Agreement, Count, Emits
from conformance.model.event_facts import EventFacts, TellingEvent
from conformance.model.terms import Aspect, Outcome
from tests.judge.made import case, judge_of_messages, line, refusal, step, success

CLOCK = 1_000_000_000.0
"""How much more the host's clock shows than that of the places."""
FACTS = EventFacts(limited=("RESET",), causes={"STOP": ("sto*",), "RESET": ()})
OWN = Emits(event="STOP", data={}, rule="X32")


def event(name: str, told: float) -> dict[str, Any]:
    seconds, rest = divmod(round((CLOCK + told) * 1_000_000), 1_000_000)
    return {"event": name, "timestamp": {"seconds": seconds, "microseconds": rest}}


def seen(*events: tuple[dict[str, Any], float, float], clock: float | None = CLOCK) -> Observation:
    """Return what was seen of a step sent at 10, and of events sent between two times each."""
    return Observation(
        replies=(line(success()),),
        events=tuple(line(message) for message, _, _ in events),
        places=tuple(
            EventPlace(0, answered=True, since=since, until=until, asked=10.0)
            for _, since, until in events
        ),
        opened=5.0,
        clock=clock,
    )


def _told(observed: Observation, *emits: Emits) -> list[tuple[str, str]]:
    made = case(replace(step(), emits=emits))
    return [(miss.rule, miss.summary) for miss in time_misses(made, observed, FACTS)]


@pytest.mark.parametrize(
    ("name", "told", "since", "until", "rule"),
    [
        ("STOP", 10.1, 10.1, 10.2, None),
        ("STOP", 10.24, 10.1, 10.2, None),
        ("STOP", 10.3, 10.1, 10.2, "W48"),
        ("STOP", 3610.0, 10.1, 10.2, "W48"),
        ("STOP", 9.9, 10.1, 10.2, "W48"),
        ("STOP", -3590.0, 10.1, 10.2, "W48"),
        ("STOP", 10.0, 11.04, 11.2, None),
        ("STOP", 10.0, 11.2, 11.3, "W76"),
        ("STOP", 10.0, 10.5, 19.0, None),
        ("RESET", 10.0, 11.9, 12.0, None),
        ("RESET", 10.0, 12.2, 12.3, "W76"),
        ("RESET", 4.1, 5.0, 5.1, None),
        ("RESET", 3.9, 5.0, 5.1, "W48"),
    ],
)
def test_an_event_tells_when_it_happened_and_comes_soon(
    name: str, told: float, since: float, until: float, rule: str | None
) -> None:
    found = _told(seen((event(name, told), since, until)), OWN)

    assert [each for each, _ in found] == ([] if rule is None else [rule])


def test_an_event_that_no_request_brings_about_may_be_older_than_the_requests() -> None:
    observed = seen((event("STOP", 9.5), 10.0, 10.1))

    assert _told(observed) == []
    assert _told(observed, OWN) == [
        ("W48", "STOP tells a time before do was sent, which brings it about")
    ]


def test_times_run_forward_but_for_events_that_wait_for_their_turn() -> None:
    stop, resume = event("STOP", 10.11), event("RESUME", 10.1)

    assert [rule for rule, _ in _told(seen((stop, 10.0, 10.2), (resume, 10.0, 10.2)))] == ["W48"]
    assert _told(seen((resume, 10.0, 10.2), (stop, 10.0, 10.2))) == []
    # Of two threads.
    swapped = event("RESUME", 10.107)
    assert _told(seen((stop, 10.0, 10.2), (swapped, 10.0, 10.2))) == []
    assert _told(seen((stop, 10.0, 10.2), (event("RESET", 10.1), 10.0, 10.2))) == []


def test_microseconds_that_never_pass_a_thousand_are_told_where_events_came_apart() -> None:
    frozen = [event("STOP", 10.0005), event("RESUME", 10.0006)]

    apart = _told(seen((frozen[0], 10.0, 10.01), (frozen[1], 10.02, 10.03)))
    close = _told(seen((frozen[0], 10.0, 10.01), (frozen[1], 10.0, 10.01)))

    assert ("W48", "the microseconds of 2 events are all below 1,000") in apart
    assert close == []


def test_without_a_common_clock_no_time_is_judged() -> None:
    assert _told(seen((event("STOP", 99.0), 10.0, 10.1), clock=None), OWN) == []


def test_an_event_comes_once() -> None:
    stop = (event("STOP", 10.1), 10.0, 10.2)
    again = (event("STOP", 10.15), 10.0, 10.2)

    assert [miss.rule for miss in repeated_misses(seen(stop, stop))] == ["W74"]
    assert list(repeated_misses(seen(stop, again))) == []
    counted = case(step(), counts=(Count(event="STOP", most=1, rule="W74"),))
    assert [miss.summary for miss in unexplained(counted, seen(stop, again), EventFacts())] == [
        "STOP came 2 times"
    ]
    assert list(unexplained(counted, seen(stop), EventFacts())) == []


@pytest.mark.parametrize(
    ("name", "execute", "emits", "told"),
    [
        ("STOP", "do", (), True),
        ("STOP", "stop", (), False),
        ("STOP", "do", (OWN,), False),
        ("RESET", "stop", (), True),
        ("UNHEARD_OF", "do", (), False),
    ],
)
def test_an_event_has_a_cause(
    name: str, execute: str, emits: tuple[Emits, ...], told: bool
) -> None:
    made = case(replace(step(execute=execute), emits=emits))
    observed = seen((event(name, 10.1), 10.0, 10.2))

    assert [miss.rule for miss in unexplained(made, observed, FACTS)] == ["W75"] * told


@pytest.mark.parametrize(
    ("execute", "reason", "told"),
    [("reset", "asked", False), ("stop", "asked", True), ("stop", "of-itself", False)],
)
def test_an_event_that_tells_its_cause_has_that_cause(
    execute: str, reason: str, told: bool
) -> None:
    asked = TellingEvent(event="RESET", data={"reason": "asked"}, commands=("reset",))
    facts = EventFacts(causes={"RESET": ("*",)}, telling=(asked,))
    reset = {**event("RESET", 10.1), "data": {"guest": False, "reason": reason}}
    made = case(step(execute=execute))

    misses = unexplained(made, seen((reset, 10.0, 10.2)), facts)

    assert [miss.rule for miss in misses] == ["W75"] * told


def test_what_is_refused_as_invalid_brings_nothing_about() -> None:
    stop = (event("STOP", 10.1), 10.0, 10.2)
    made = replace(case(step(execute="stop")), aspect=Aspect.INVALID)
    refused = replace(seen(stop), replies=(line(refusal()),))

    assert [miss.rule for miss in unexplained(made, refused, FACTS)] == ["W65"]
    assert list(unexplained(made, seen(stop), FACTS)) == []
    assert list(unexplained(replace(made, aspect=Aspect.ERRORS), refused, FACTS)) == []


def test_what_an_earlier_case_may_have_caused_counts_only_for_a_case_alone() -> None:
    messages = judge_of_messages()
    messages.events = FACTS

    verdict = judge(case(step()), seen((event("STOP", 10.1), 10.0, 10.2)), messages, 0)

    assert (verdict.outcome, verdict.misses) == (Outcome.PASS, ())
    assert (verdict.alone().outcome, verdict.alone().reason) == (
        Outcome.FAIL,
        "STOP came, and nothing that was sent brings it about: do",
    )


@pytest.mark.parametrize(
    ("value", "told"),
    [
        ({"guest": True}, []),
        ({"guest": False}, ["do: guest is false, RESET told true as guest"]),
        ({}, ["do: guest is not there, RESET told true as guest"]),
    ],
)
def test_a_query_shows_what_the_last_event_told(value: dict[str, Any], told: list[str]) -> None:
    agrees = Agreement(event="RESET", member=("guest",), path=("guest",), rule="X32")
    made = case(replace(step(), agrees=(agrees,)))
    observed = Observation(
        replies=(line(success(value)),),
        events=tuple(line({"event": "RESET", "data": {"guest": x}}) for x in (False, True, False)),
        places=tuple(EventPlace(0, answered=after) for after in (False, False, True)),
    )

    assert [miss.summary for miss in agreement_misses(made, observed)] == told
    refused = replace(observed, replies=(line(refusal()),))
    assert list(agreement_misses(made, refused)) == []
