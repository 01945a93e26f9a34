"""What a reproducer prints shows a defect, or does not."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from conformance.judge.miss import Miss
from conformance.judge.observation import FilesSeen, Line, Observation, Taken
from conformance.judge.verdict import Verdict
from conformance.model.case import Emits
from conformance.model.ending import Ending
from conformance.model.expectation import Kind
from conformance.model.file_content import FileContent
from conformance.model.terms import Outcome
from conformance.play.alone import Result
from conformance.play.signs import not_shown, signs_of
from conformance.report.stepwise_reproducer import NOTHING
from conformance.wire.framing import read_message
from tests.play.made import case, step

WRONG = {"return": 3}


def line(message: dict[str, Any]) -> Line:
    data = f"{json.dumps(message)}\r\n".encode()
    return Line(data, read_message(data))


def miss(kind: Kind, stderr: str = "") -> Miss:
    return Miss(rule="X20", kind=kind, summary="s", expected="e", fold="f", stderr=stderr)


def result(seen: Observation, *missed: int) -> Result:
    verdict = Verdict(outcome=Outcome.FAIL, missed=frozenset(missed))
    return Result(case=case("made", *[step("a")] * len(seen.replies)), verdict=verdict, seen=seen)


CRASH = Observation(
    replies=(None,),
    death=Ending(status=-6, stderr="qemu-x: hw/a.c:12: f: Assertion `x' failed.\n"),
)


@pytest.mark.parametrize(
    ("seen", "kind", "signs"),
    [
        (CRASH, Kind.CRASH, ("QEMU ended with status 134", "hw/a.c:12: f: Assertion `x' failed.")),
        (
            replace(CRASH, death=Ending(status=1, stderr="bye")),
            Kind.CRASH,
            ("QEMU ended with status 1",),
        ),
        (Observation(replies=(None,), hung=True), Kind.HANG, (NOTHING,)),
        (Observation(replies=(line(WRONG),), held=1.0), Kind.HANG, ("(waited",)),
        (
            Observation(
                replies=(line(WRONG),), files=FilesSeen({}, {"left": FileContent("file", 1, "")})
            ),
            Kind.FILE,
            ("left",),
        ),
        (
            Observation(replies=(line(WRONG),), taken=(Taken(0, 0, closed=True),)),
            Kind.PROCESS,
            ("descriptor 0 of QEMU is",),
        ),
    ],
    ids=["signal", "status", "hang", "held", "file", "descriptor"],
)
def test_each_kind_of_defect_has_its_sign(
    seen: Observation, kind: Kind, signs: tuple[str, ...]
) -> None:
    assert signs_of(result(seen), miss(kind)) == signs


def test_a_wrong_answer_is_its_own_sign_without_what_differs_between_plays() -> None:
    seen = Observation(replies=(line({"return": 1}), line({**WRONG, "id": 7})))

    assert signs_of(result(seen, 1), miss(Kind.VALUE)) == ('{"return":3}',)


def test_a_report_shows_by_its_first_line() -> None:
    seen = Observation(replies=(line(WRONG),))

    assert signs_of(result(seen), miss(Kind.PROCESS, "lost\nstack")) == ("lost",)


def test_an_event_that_does_not_come_shows_by_the_silence() -> None:
    emits = Emits(event="STOP", data={}, rule="W70")
    waiting = replace(step("stop"), emits=(emits,))
    silent = replace(result(Observation(replies=(line(WRONG),))), case=case("made", waiting))

    assert signs_of(silent, miss(Kind.VALUE)) == ('{"return":3}', NOTHING)


def test_a_set_up_that_ends_the_build_shows_as_a_case_does() -> None:
    verdict = Verdict(outcome=Outcome.CRASH)
    unready = Result(case=case("made", step("a")), verdict=verdict, unready=result(CRASH))

    assert signs_of(unready, miss(Kind.CRASH))[0] == "QEMU ended with status 134"


@pytest.mark.parametrize(
    ("signs", "output"),
    [
        (('{"return":3}',), '{"QMP": {}}\r\n{"timestamp": {"seconds": 1}, "return": 3, "id": 9}\n'),
        (('{"return":3}',), '<- {"return": 3}\n'),
        (('{"return":3}',), "<- b'{\"return\": 3}\\r\\n'\n"),
        (("f: Assertion `x' failed at 0x12ab",), "f: Assertion `x' failed at 0x99ff\n"),
        ((NOTHING,), f"<- {NOTHING}\n"),
        ((NOTHING,), "QEMU ended with status 137\n"),
    ],
    ids=["pipe", "script", "bytes", "address", "silence", "time"],
)
def test_what_is_printed_shows_it(signs: tuple[str, ...], output: str) -> None:
    assert not_shown(signs, output) is None


@pytest.mark.parametrize(
    ("signs", "output", "lacking"),
    [
        (('{"return":3}',), '{"return": 4}\n', '{"return":3}'),
        (("left",), '-> {"execute":"left"}\n', "left"),
        (("a", "b"), "a\n", "b"),
        ((NOTHING,), "QEMU ended with status 0\n", NOTHING),
    ],
    ids=["other", "echo", "half", "answer"],
)
def test_what_is_not_printed_is_told(signs: tuple[str, ...], output: str, lacking: str) -> None:
    assert not_shown(signs, output) == lacking
