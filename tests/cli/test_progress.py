"""What a run says while it runs."""

from __future__ import annotations

import io
from dataclasses import dataclass, field, replace

import pytest

from conformance.cli.progress import Loudness, Progress
from conformance.cli.screen import Screen
from conformance.launch.target import Target
from conformance.play.channel import CasesEnded
from conformance.prepare.campaign import Campaign
from conformance.prepare.selection import Selection
from tests.cli.test_screen import Terminal
from tests.play.test_channel import FOUND
from tests.prepare.written import written_plan


@dataclass
class Told:
    """A progress with a clock that stands still, and what it writes."""

    stream: io.StringIO
    loudness: Loudness = Loudness.PLAIN
    now: float = 0.0
    progress: Progress = field(init=False)

    def __post_init__(self) -> None:
        self.progress = Progress(Screen(self.stream), self.loudness, lambda: self.now)

    def begin(self, *names: str) -> list[str]:
        """Begin the run of a plan on targets of these names; return the ids of its cases."""
        plan = written_plan()
        campaigns = [
            Campaign(target=Target(name=name, program="q"), plan=plan, rules={}) for name in names
        ]
        self.progress.begin(campaigns, Selection())
        return plan.ids

    def said(self) -> str:
        text = self.stream.getvalue()
        self.stream.seek(0)
        self.stream.truncate()
        return text


@pytest.fixture(autouse=True)
def _plain(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "200")


def test_a_log_gets_a_line_for_each_phase_and_each_time_that_has_passed() -> None:
    told = Told(io.StringIO())
    told.progress.phase("q", "introspecting it")
    ids = told.begin("q")
    assert told.progress.interval == 30.0
    whole = f"{len(ids):,} cases"
    assert told.said() == (f"q: introspecting it\nq: 0 of {whole}, 0 findings, 0:00 elapsed\n")

    for case in ids[: len(ids) // 2]:
        told.progress.heard(CasesEnded("q", (case,)))
    told.progress.heard(replace(FOUND, target="q"))
    # A log gets the findings with the report, in their order.
    assert told.said() == ""
    told.now = 30.0
    told.progress.tick()
    said = told.said()
    assert said.startswith(f"q: {len(ids) // 2:,} of {whole}, 1 finding, 0:30 elapsed, about ")
    assert said.endswith(" left\n")


def test_a_terminal_gets_one_line_that_changes_and_each_finding_once() -> None:
    told = Told(Terminal())
    ids = told.begin("q")
    assert told.progress.interval == 1.0
    told.said()

    told.now = 1.0
    told.progress.heard(CasesEnded("q", (ids[0],)))
    told.progress.heard(replace(FOUND, target="q"))
    told.progress.heard(replace(FOUND, target="q", case="stop/valid/other"))
    said = told.said()
    assert said.count("\n") == 1
    assert "FAIL must W01  stop/valid/plain\n" in said
    assert said.rpartition("\r\x1b[K")[2].startswith(f"q: 1 of {len(ids):,} cases, 1 finding, 0:01")


def test_a_case_counts_once_and_strangers_do_not() -> None:
    told = Told(io.StringIO())
    ids = told.begin("q")
    for case in (ids[0], ids[0], "nothing/of/the/plan"):
        told.progress.heard(CasesEnded("q", (case,)))

    assert told.progress.line().startswith(f"q: 1 of {len(ids):,} cases")


def test_findings_of_several_targets_are_told_apart() -> None:
    told = Told(Terminal())
    told.begin("one", "two")
    for target in ("one", "two"):
        told.progress.heard(replace(FOUND, target=target))

    said = told.said()
    assert "one: FAIL must W01" in said
    assert "two: FAIL must W01" in said
    assert ", 2 findings, " in told.progress.line()


def test_loud_tells_items_and_findings_in_full() -> None:
    told = Told(io.StringIO(), Loudness.LOUD)
    told.begin("q")
    told.said()
    told.progress.item("q::stop::valid", {"pass": 1200, "fail": 1})
    told.progress.heard(replace(FOUND, target="q"))

    said = told.said()
    assert "q::stop::valid: 1,200 pass, 1 fail\n" in said
    assert "FAIL must W01  stop/valid/plain\n" in said
    assert "promised  it does\n" in said
    assert "happened  it did not\n" in said


def test_quiet_tells_nothing() -> None:
    told = Told(io.StringIO(), Loudness.QUIET)
    told.progress.phase("q", "introspecting it")
    told.begin("q")
    told.progress.heard(replace(FOUND, target="q"))
    told.progress.item("q::stop::valid", {"pass": 1})
    told.progress.warn("no case fits")
    told.progress.tick()

    assert told.said() == ""
