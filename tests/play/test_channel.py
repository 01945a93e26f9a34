"""What processes of a run tell the one that leads it."""

from __future__ import annotations

import threading
from dataclasses import replace
from pathlib import Path

import pytest

from conformance.model.terms import Aspect, Outcome, Severity, SubjectKind, Weight
from conformance.play.channel import CasesEnded, Listener, Teller, Told
from conformance.report.stream import CaseEnded, EventSeen, Evidence, Finding
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
    defect="one",
    fingerprint="v1-0123456789ab",
    weight=Weight.WRONG,
    evidence=Evidence(transcript=("->",)),
    reproducer="",
)


def test_all_that_was_told_is_heard_when_the_listener_is_closed(tmp_path: Path) -> None:
    heard: list[Told] = []
    with Listener(tmp_path, heard.append, lambda: None, LONG):
        tellers = [Teller(tmp_path) for _ in range(2)]
        for number in range(1000):
            tellers[number % 2].tell(replace(ENDED, case=str(number)))
        tellers[0].tell(FOUND)
        tellers[0].tell(EventSeen(target="t", name="STOP"))
        for teller in tellers:
            teller.close()

    ended = [case for each in heard if isinstance(each, CasesEnded) for case in each.cases]
    assert sorted(map(int, ended)) == [*range(1000)]
    assert [each for each in heard if not isinstance(each, CasesEnded)] == [FOUND]
    # Far fewer messages than cases: each wakes the leading process.
    assert len(heard) < 500


def test_the_cases_before_a_finding_and_of_another_target_are_told_first(tmp_path: Path) -> None:
    heard: list[Told] = []
    with Listener(tmp_path, heard.append, lambda: None, LONG):
        teller = Teller(tmp_path)
        teller.tell(ENDED)
        teller.tell(replace(ENDED, case="x"))
        teller.tell(FOUND)
        teller.tell(ENDED)
        teller.tell(replace(ENDED, target="u"))
        teller.flush()
        teller.flush()
        teller.close()

    seen = [
        (each.target, case) for each in heard if isinstance(each, CasesEnded) for case in each.cases
    ]
    assert seen == [("t", ENDED.case), ("t", "x"), ("t", ENDED.case), ("u", ENDED.case)]
    before = heard[: heard.index(FOUND)]
    assert sum(len(each.cases) for each in before if isinstance(each, CasesEnded)) == 2


def test_more_names_than_a_message_holds_are_told_in_several(tmp_path: Path) -> None:
    heard: list[Told] = []
    names = [f"{number:0>500}" for number in range(1000)]
    with Listener(tmp_path, heard.append, lambda: None, LONG):
        teller = Teller(tmp_path)
        for name in names:
            teller.tell(replace(ENDED, case=name))
        teller.close()

    assert [case for each in heard if isinstance(each, CasesEnded) for case in each.cases] == names


def test_a_finding_too_long_to_tell_is_told_without_its_evidence(tmp_path: Path) -> None:
    heard: list[Told] = []
    large = replace(FOUND, evidence=Evidence(transcript=("x" * 70000,)), reproducer="y" * 10**6)
    with Listener(tmp_path, heard.append, lambda: None, LONG):
        teller = Teller(tmp_path)
        teller.tell(large)
        teller.close()

    assert heard == [replace(FOUND, evidence=Evidence(transcript=()))]


def test_where_nobody_listens_nobody_waits(tmp_path: Path) -> None:
    heard: list[Told] = []
    Teller(None).tell(ENDED)
    Teller(tmp_path).tell(ENDED)
    with Listener(tmp_path, heard.append, lambda: None, LONG):
        late = Teller(tmp_path)
    for _ in range(2):
        late.tell(ENDED)
        late.flush()

    # Each of them came back, and what was told before or after was told to nobody.
    assert heard == []


def test_the_length_of_the_path_does_not_matter(tmp_path: Path) -> None:
    folder = tmp_path / ("x" * 200)
    folder.mkdir()
    heard: list[Told] = []
    with Listener(folder, heard.append, lambda: None, LONG):
        teller = Teller(folder)
        teller.tell(ENDED)
        teller.close()

    assert heard == [CasesEnded("t", (ENDED.case,))]


def test_time_that_passes_is_told(tmp_path: Path) -> None:
    passed = threading.Event()
    with Listener(tmp_path, lambda event: None, passed.set, 0.01):
        assert passed.wait(PATIENCE)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_listener_that_fails_holds_nobody_up(tmp_path: Path) -> None:
    heard: list[Told] = []

    def fails(told: Told) -> None:
        heard.append(told)
        raise RuntimeError(told)

    told = 0
    with Listener(tmp_path, fails, lambda: None, LONG):
        teller = Teller(tmp_path)
        for _ in range(3000):
            teller.tell(FOUND)
            told += 1

    # More than the socket holds were told, and the first was the last that was heard.
    assert (told, heard) == (3000, [FOUND])
