"""What random searches came to, as a section of the report, a file each, and a way to play it."""

from __future__ import annotations

from dataclasses import replace

from conformance.model.search import FoundHistory, SearchTotals
from conformance.model.terms import SubjectKind
from conformance.report.search_table import searches
from conformance.report.stream import Searched

TOTALS = SearchTotals(
    seed="7", requests=1000, accepted=400, members=12, answers=3, since=5, shrinking=8, seconds=2.0
)


def searched(case: str, totals: SearchTotals = TOTALS, *found: FoundHistory) -> Searched:
    return Searched(
        target="t",
        case=case,
        subject_kind=SubjectKind.COMMAND,
        subject="a",
        totals=totals,
        found=found,
    )


def test_without_searches_nothing_is_told() -> None:
    assert list(searches([])) == []


def test_the_seed_and_what_was_sent_are_told() -> None:
    text = "\n".join(searches([searched("a/fuzz/x"), searched("b/fuzz/x")]))

    assert "2,000 requests of 2 searches, 800 of them accepted" in text
    assert "16 plays made findings smaller" in text
    assert "The seed is `7`" in text


def test_what_still_grows_is_told_first_and_what_does_not_is_left_out() -> None:
    quiet = replace(TOTALS, since=500)
    slow = replace(TOTALS, since=50)
    lines = list(searches([searched("c/x", slow), searched("a/x", quiet), searched("b/x", TOTALS)]))

    rows = [line for line in lines if line.startswith("| `")]
    assert [row.split("`")[1] for row in rows] == ["b/x", "c/x"]
    assert any(line.startswith("2 searches still showed something new") for line in lines)
    (_, *_, last, _) = searches([searched("a/x", quiet)])
    assert last == "No search showed anything new at its end."
