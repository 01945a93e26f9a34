"""The report for a terminal can be read, and claims no more than was seen."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

import pytest

from conformance.model.terms import Aspect, Outcome, SubjectKind
from conformance.report.paint import Paint
from conformance.report.result import Counts, SubjectRow
from conformance.report.stream import Event
from conformance.report.summary import summarise
from conformance.report.table import table
from conformance.report.terminal import render

RunMaker = Callable[..., list[Event]]

GREEN = "\x1b[32m"
COLOUR = re.compile(r"\x1b\[[0-9;]*m")


def _row(counts: Counts, subject: str = "x", note: str = "") -> SubjectRow:
    cells = {Aspect.VALID: counts} if counts else {}
    return SubjectRow(kind=SubjectKind.COMMAND, subject=subject, note=note, cells=cells)


def _line(row: SubjectRow, *, colour: bool = False) -> str:
    *_, last = table([row], 100, Paint(colour))
    return last


@pytest.mark.parametrize(
    ("counts", "shown"),
    [
        ({Outcome.PASS: 1280}, "1,280"),
        ({Outcome.PASS: 120, Outcome.FAIL: 3}, "120 3F"),
        ({Outcome.FAIL: 3, Outcome.CRASH: 1, Outcome.TIMEOUT: 2}, "3F 1C 2T"),
        ({Outcome.PASS: 1, Outcome.FLAKY: 1, Outcome.VACUOUS: 2}, "1 1~ 2V"),
        ({Outcome.PASS: 4, Outcome.NOT_APPLICABLE: 9}, "4"),
        ({Outcome.NOT_APPLICABLE: 9}, "n/a"),
        ({Outcome.UNTESTABLE_HERE: 9}, "untestable"),
        ({Outcome.VACUOUS: 9}, "vacuous"),
        ({Outcome.NOT_RUN: 9}, "not run"),
        ({Outcome.UNTESTABLE_HERE: 9, Outcome.VACUOUS: 1}, "1V 9U"),
        ({Outcome.HARNESS_ERROR: 2}, "2H"),
    ],
)
def test_cell_shows_every_outcome_that_matters(counts: Counts, shown: str) -> None:
    assert _line(_row(counts)).removeprefix("x").strip() == shown


@pytest.mark.parametrize("outcome", [each for each in Outcome if each is not Outcome.PASS])
@pytest.mark.parametrize("passed", [0, 5])
def test_only_what_passed_is_green(outcome: Outcome, passed: int) -> None:
    counts = {Outcome.PASS: passed} if passed else {}
    green = GREEN in _line(_row({**counts, outcome: 1}), colour=True)

    # Cases that do not exist for a build take nothing from those that passed.
    assert green is (passed > 0 and outcome is Outcome.NOT_APPLICABLE)
    assert GREEN in _line(_row({Outcome.PASS: 5}), colour=True)


def test_row_without_cases_says_why() -> None:
    assert _line(_row({}, note="not in this build")).endswith("not in this build")
    assert _line(_row({})).endswith("no case")


def _widths(text: str) -> Sequence[int]:
    return [len(COLOUR.sub("", line)) for line in text.splitlines() if "replay " not in line]


@pytest.mark.parametrize("width", [100, 120])
def test_sixty_rows_by_all_aspects_fit_the_width(make_run: RunMaker, width: int) -> None:
    text = render(summarise(make_run()), width, colour=True)

    assert max(_widths(text)) <= width


def test_colour_changes_nothing_but_colour(make_run: RunMaker) -> None:
    summary = summarise(make_run())

    assert COLOUR.sub("", render(summary, colour=True)) == render(summary)


def test_finding_tells_what_where_and_how_to_repeat_it(make_run: RunMaker) -> None:
    text = render(summarise(make_run()), 110)

    assert "  1. CRASH must X14  device-list-properties/" in text
    assert "promised  An argument whose JSON type does not fit" in text
    assert "the process was killed by SIGSEGV" in text
    assert "stderr: qemu: hw/core.c:12: f: Assertion `x < y' failed." in text
    assert re.search(r"seen in   \d+ cases", text)
    again = r"replay    qmp-conformance replay 'device-list-.*' 'builds of QEMU\.toml:qemu-5\.2'\n"
    assert re.search(again, text)


def test_what_a_build_writes_gives_the_terminal_no_orders(make_run: RunMaker) -> None:
    text = render(summarise(make_run()))

    assert "\x1b" not in text
    assert "\\x1b[31m" in text


def test_reasons_are_grouped_with_counts(make_run: RunMaker) -> None:
    text = render(summarise(make_run()), 110)

    assert "untestable here: this host lacks what the case needs\n" in text
    assert re.search(r"\n +\d+  needs KVM: /dev/kvm is missing \[.* and \d+ more\]", text)


def test_partial_run_is_said_first_and_last(make_run: RunMaker) -> None:
    events = make_run(1, 600, complete=False)[:-50]
    lines = render(summarise(events)).splitlines()

    assert lines[0] == "THIS RUN IS PARTIAL"
    assert any("cases of qemu-5.2 have no result" in line for line in lines[:4])
    assert "This run is PARTIAL" in lines[-1]


def test_run_without_a_judged_case_is_no_success(make_run: RunMaker) -> None:
    events = make_run(1, 0)
    text = render(summarise(events), colour=True)

    assert "NOTHING TESTED: no case could be judged; this is no success." in text
    assert GREEN not in text


def test_run_that_conforms_ends_green(make_run: RunMaker) -> None:
    # The first cases that the made-up run draws: one without a verdict, then passed ones.
    events = make_run(1, 5)
    text = render(summarise(events), colour=True)

    assert text.splitlines()[-1].startswith(f"{GREEN}CONFORMS: 4 cases passed on 1 build")


def test_of_many_rows_those_without_anything_amiss_stand_together() -> None:
    sound = [_row({Outcome.PASS: 2, Outcome.VACUOUS: 1}, f"sound-{number}") for number in range(50)]
    rows = [*sound, _row({Outcome.CRASH: 1}, "broken"), _row({Outcome.FLAKY: 1}, "odd")]

    text = "\n".join(table(rows, 100, Paint(False)))

    assert [line.split()[0] for line in text.splitlines()[1:]] == ["broken", "odd", "50"]
    assert "50 others  100 50V" in text
    assert "sound-7" not in text
    assert "sound-7" in "\n".join(table(sound[:40], 100, Paint(False)))


def test_where_there_is_no_room_a_cell_says_that_there_is_more() -> None:
    wide = {aspect: {Outcome.PASS: 12345, Outcome.VACUOUS: 12345} for aspect in Aspect}
    row = SubjectRow(kind=SubjectKind.COMMAND, subject="s" * 24, note="", cells=wide)

    *_, last = table([row], 120, Paint(False))

    assert last.count("12,345+") == len(Aspect)


def test_names_are_whole_where_only_what_is_amiss_has_room() -> None:
    every = {Outcome.PASS: 1234, Outcome.FAIL: 1, Outcome.CRASH: 2, Outcome.VACUOUS: 3}
    aspects = list(Aspect)[:10]
    row = SubjectRow(
        kind=SubjectKind.COMMAND, subject="s" * 20, note="", cells=dict.fromkeys(aspects, every)
    )

    *_, last = table([row], 104, Paint(colour=False))

    assert last.split() == ["s" * 20, *["1F", "2C"] * len(aspects)]
