"""A run ends with one screen: what it came to, and where the rest is."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from conformance.model.terms import Outcome, Severity, Weight
from conformance.report.one_screen import NARROWEST, render
from conformance.report.stream import Event
from conformance.report.summary import summarise
from tests.report.conftest import RunMaker
from tests.report.made import ENDED, STARTED, made_issue, made_target
from tests.report.test_formats import case, finding

COLOUR = re.compile(r"\x1b\[[0-9;]*m")


@pytest.mark.parametrize("width", [NARROWEST, 80, 120])
def test_all_of_it_fits_a_screen(make_run: RunMaker, width: int) -> None:
    lines = render(summarise(make_run()), width).splitlines()

    assert len(lines) <= 30
    # The words of a verdict are never cut.
    assert all(len(line) <= width for line in lines if not line.startswith("FINDINGS"))
    assert lines[-1].startswith("FINDINGS: 2 of 2 builds broke promises.")


def test_colour_changes_nothing_but_colour(make_run: RunMaker) -> None:
    summary = summarise(make_run())

    assert COLOUR.sub("", render(summary, colour=True)) == render(summary)


def test_the_worst_come_first_and_one_defect_has_one_line() -> None:
    events: list[Event] = [STARTED]
    for name in ("one", "two"):
        events += [made_target(3, name)]
        for defect, weight in (("slip", Weight.COSMETIC), ("death", Weight.ENDS)):
            events += [
                replace(finding(defect), target=name, weight=weight),
                case(defect, Outcome.FAIL, target=name),
            ]
        remark = replace(finding("remark"), severity=Severity.SHOULD, weight=Weight.ENDS)
        events += [replace(remark, target=name), case("remark", Outcome.FAIL, target=name)]
    lines = render(summarise([*events, ENDED])).splitlines()

    start = lines.index("Root causes, worst first")
    told = [line.split()[1:4] for line in lines[start + 1 : start + 4]]
    assert told == [
        ["ends-the-build", "death", "is"],
        ["cosmetic", "slip", "is"],
        ["ends-the-build", "remark", "is"],
    ]
    assert "(2 of 2 builds)" in lines[start + 1]


def test_what_is_known_is_counted_alone() -> None:
    events: list[Event] = [
        finding("old"),
        case("old", Outcome.FAIL),
        finding("new"),
        case("new", Outcome.FAIL),
    ]
    text = render(summarise([STARTED, made_issue("old"), made_target(2), *events, ENDED]))

    assert "New root causes, worst first" in text
    assert "new is wrong" in text
    assert "old is wrong" not in text
    assert text.splitlines()[-1].startswith("NEWS: 1 new, 1 root cause known")


def test_what_the_host_lacks_is_told() -> None:
    lacking = case("a", Outcome.UNTESTABLE_HERE, reason="no /dev/kvm on this host")
    text = render(summarise([STARTED, made_target(2), lacking, case("b", Outcome.PASS), ENDED]))

    assert "Without a verdict: 1 case: 1 untestable here" in text
    assert "  1 no /dev/kvm on this host" in text


def test_a_partial_run_is_said_first(make_run: RunMaker) -> None:
    lines = render(summarise(make_run(complete=False))).splitlines()

    assert lines[0] == "THIS RUN IS PARTIAL"


def test_what_a_build_writes_gives_the_terminal_no_orders() -> None:
    hostile = replace(finding("a"), summary="\x1b[31m\n\x07")
    text = render(summarise([STARTED, made_target(1), hostile, case("a", Outcome.FAIL), ENDED]))

    assert "\x1b" not in text
    assert "\x07" not in text
