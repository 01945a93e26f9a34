"""What cases have shown of each rule: counted, and told in every report."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from conformance.model.fingerprint import fingerprint
from conformance.model.terms import Aspect, Outcome, Severity, SubjectKind, Weight
from conformance.report import markdown, terminal
from conformance.report.rules import RuleRow
from conformance.report.stream import (
    CaseEnded,
    Event,
    Evidence,
    Finding,
    RulePlanned,
)
from conformance.report.summary import summarise
from tests.report.made import whole_run

RunMaker = Callable[..., list[Event]]


def planned(rule: str, *, throughout: bool = False, note: str = "") -> RulePlanned:
    return RulePlanned(
        target="t",
        rule=rule,
        promise=f"The promise of {rule}.",
        severity=Severity.MUST,
        throughout=throughout,
        note=note,
    )


def case(name: str, outcome: Outcome, *rules: str) -> CaseEnded:
    return CaseEnded(
        target="t",
        case=name,
        subject_kind=SubjectKind.PROTOCOL,
        subject="id",
        aspect=Aspect.WIRE,
        outcome=outcome,
        reason="",
        rules=rules,
        seconds=0.0,
    )


def finding(name: str, rule: str, fold: str, severity: Severity = Severity.MUST) -> Finding:
    return Finding(
        target="t",
        case=name,
        subject_kind=SubjectKind.PROTOCOL,
        subject="id",
        rule=rule,
        severity=severity,
        outcome=Outcome.FAIL,
        summary="s",
        expected="e",
        why="w",
        fold=fold,
        defect=fold or name,
        fingerprint=fingerprint(fold or name),
        weight=Weight.WRONG,
        evidence=Evidence(transcript=()),
        reproducer="",
    )


def rows_of(*events: Event) -> dict[str, RuleRow]:
    (target,) = summarise(whole_run(*events)).targets
    return {row.rule: row for row in target.rules}


def counts(row: RuleRow) -> tuple[int, int, int, int]:
    return row.passed, row.broken, row.open, row.findings


def test_a_case_that_passed_has_shown_each_of_its_rules_kept() -> None:
    rows = rows_of(case("a", Outcome.PASS, "W25", "W36"))

    assert {name: counts(row) for name, row in rows.items()} == {
        "W25": (1, 0, 0, 0),
        "W36": (1, 0, 0, 0),
    }


def test_a_case_that_failed_breaks_what_its_findings_cite_and_says_nothing_of_the_rest() -> None:
    rows = rows_of(finding("a", "W36", "f"), case("a", Outcome.FAIL, "W25", "W36"))

    assert counts(rows["W36"]) == (0, 1, 0, 1)
    assert counts(rows["W25"]) == (0, 0, 1, 0)


def test_a_finding_counts_for_its_rule_though_the_case_is_about_others() -> None:
    rows = rows_of(finding("a", "W68", "f"), case("a", Outcome.FAIL, "W25"))

    assert counts(rows["W68"]) == (0, 1, 0, 1)


def test_a_remark_on_a_case_that_passed_breaks_its_rule_alone() -> None:
    remark = finding("a", "Q74", "f", Severity.SHOULD)
    rows = rows_of(remark, case("a", Outcome.PASS, "Q74", "Q30"))

    assert counts(rows["Q74"]) == (0, 1, 0, 1)
    assert rows["Q74"].severity is Severity.SHOULD
    assert counts(rows["Q30"]) == (1, 0, 0, 0)


@pytest.mark.parametrize(
    "outcome", [each for each in Outcome if each is not Outcome.PASS], ids=lambda each: each.value
)
def test_nothing_but_a_pass_shows_a_rule_kept(outcome: Outcome) -> None:
    assert counts(rows_of(case("a", outcome, "W25"))["W25"]) == (0, 0, 1, 0)


def test_findings_that_are_alike_count_once_and_their_cases_each() -> None:
    rows = rows_of(
        finding("a", "W25", "same"),
        finding("b", "W25", "same"),
        finding("b", "W25", "other"),
        case("a", Outcome.FAIL, "W25"),
        case("b", Outcome.FAIL, "W25"),
        case("c", Outcome.PASS, "W25"),
    )

    assert counts(rows["W25"]) == (1, 2, 0, 2)
    assert not rows["W25"].kept


def test_rules_stand_in_the_order_of_the_catalogue_and_unknown_ones_behind() -> None:
    rows = rows_of(planned("W25"), planned("Q01"), case("a", Outcome.PASS, "X01", "Q01", "A01"))

    assert list(rows) == ["W25", "Q01", "A01", "X01"]


def test_the_written_report_has_a_table_of_rules_with_cases_and_says_why_others_have_none() -> None:
    events = whole_run(
        planned("W25", throughout=True),
        planned("W36"),
        planned("W42", note="It binds whoever judges."),
        planned("W68", throughout=True),
        planned("W70"),
        finding("a", "W25", "f"),
        case("a", Outcome.FAIL, "W25"),
        case("b", Outcome.PASS, "W25", "W36"),
    )
    text = markdown.render(summarise(events))

    assert "### Rules" in text
    assert "| W25 † | The promise of W25. | must | 1 ✓ | **1** |  | 1 |" in text
    assert "| W36 | The promise of W36. | must | 1 ✓ |  |  |  |" in text
    assert "3 rules without a case in this run" in text
    assert "| W42 | The promise of W42. | It binds whoever judges. |" in text
    assert "| W68 | The promise of W68. | every message of every case is held against it |" in text
    assert "| W70 | The promise of W70. | no case of it was run |" in text


def test_the_terminal_names_broken_rules_alone() -> None:
    events = whole_run(
        planned("W25"),
        planned("W36"),
        finding("a", "W25", "f"),
        case("a", Outcome.FAIL, "W25"),
        case("b", Outcome.PASS, "W25", "W36"),
    )
    text = terminal.render(summarise(events))

    told = "Rules kept in every case that shows them: 1; broken: W25 in 1 of 2 cases"
    assert told in text
    assert "The promise of W36" not in text


def test_the_summary_tells_of_every_rule(make_run: RunMaker) -> None:
    (target,) = summarise(make_run(1, 100)).to_json()["targets"]

    assert {row["rule"] for row in target["rules"]} == {"W63", "X14"}
    assert set(target["rules"][0]) == {
        "rule",
        "promise",
        "severity",
        "throughout",
        "note",
        "passed",
        "broken",
        "open",
        "findings",
    }
