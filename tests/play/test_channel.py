"""What processes of a run tell the one that leads it."""

from __future__ import annotations

import threading
from dataclasses import replace
from pathlib import Path

import pytest

from conformance.model.terms import Aspect, Outcome, Severity, SubjectKind
from conformance.play.channel import Listener, Teller
from conformance.report.stream import CaseEnded, Event, EventSeen, Evidence, Finding
from tests.patience import PATIENCE

LONG = 3600.0
ENDED = CaseEnded(
    target="t",
    case="stop/valid/plain",
    subject_kind=SubjectKind.COMMAND,
    subject="stop",
    aspect=Aspect.VALID,
    outcome=Outcome.PASS,
    reason="",
    rules=("W01",),
    seconds=0.1,
)
FOUND = Finding(
    target="t",
    case="stop/valid/plain",
    subject_kind=SubjectKind.COMMAND,
    subject="stop",
    rule="W01",
    severity=Severity.MUST,
    outcome=Outcome.FAIL,
    summary="it did not",
    expected="it does",
    why="because",
    fold="one",
    evidence=Evidence(transcript=("->",)),
    reproducer="",
)


def test_all_that_was_told_is_heard_when_the_listener_is_closed(tmp_path: Path) -> None:
    heard: list[Event] = []
    with Listener(tmp_path, heard.append, lambda: None, LONG):
        tellers = [Teller(tmp_path) for _ in range(2)]
        for number in range(1000):
            tellers[number % 2].tell(replace(ENDED, case=str(number)))
        tellers[0].tell(FOUND)
        tellers[0].tell(EventSeen(target="t", name="STOP"))

    assert sorted(int(each.case) for each in heard if isinstance(each, CaseEnded)) == [*range(1000)]
    assert [each for each in heard if not isinstance(each, CaseEnded)] == [FOUND]
    for teller in tellers:
        teller.close()


def test_a_finding_too_long_to_tell_is_told_without_its_evidence(tmp_path: Path) -> None:
    heard: list[Event] = []
    large = replace(FOUND, evidence=Evidence(transcript=("x" * 70000,)), reproducer="y" * 10**6)
    with Listener(tmp_path, heard.append, lambda: None, LONG):
        teller = Teller(tmp_path)
        teller.tell(large)
        teller.close()

    assert heard == [replace(FOUND, evidence=Evidence(transcript=()))]


def test_where_nobody_listens_nobody_waits(tmp_path: Path) -> None:
    heard: list[Event] = []
    Teller(None).tell(ENDED)
    Teller(tmp_path).tell(ENDED)
    with Listener(tmp_path, heard.append, lambda: None, LONG):
        late = Teller(tmp_path)
    late.tell(ENDED)
    late.tell(ENDED)

    # Each of them came back, and what was told before or after was told to nobody.
    assert heard == []


def test_the_length_of_the_path_does_not_matter(tmp_path: Path) -> None:
    folder = tmp_path / ("x" * 200)
    folder.mkdir()
    heard: list[Event] = []
    with Listener(folder, heard.append, lambda: None, LONG):
        teller = Teller(folder)
        teller.tell(ENDED)
        teller.close()

    assert heard == [ENDED]


def test_time_that_passes_is_told(tmp_path: Path) -> None:
    passed = threading.Event()
    with Listener(tmp_path, lambda event: None, passed.set, 0.01):
        assert passed.wait(PATIENCE)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_listener_that_fails_holds_nobody_up(tmp_path: Path) -> None:
    heard: list[Event] = []

    def fails(event: Event) -> None:
        heard.append(event)
        raise RuntimeError(event)

    told = 0
    with Listener(tmp_path, fails, lambda: None, LONG):
        teller = Teller(tmp_path)
        for _ in range(3000):
            teller.tell(ENDED)
            told += 1

    # More than the socket holds were told, and the first was the last that was heard.
    assert (told, heard) == (3000, [ENDED])
