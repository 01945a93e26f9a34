"""A summary counts, folds and sorts what the stream tells, and says whether it is whole."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace

import pytest

from conformance.model.canonical import pretty
from conformance.model.errors import UsageError
from conformance.model.fingerprint import fingerprint
from conformance.model.terms import Aspect, Mark, Outcome, Severity, SubjectKind, Weight
from conformance.report.result import RunVerdict
from conformance.report.stream import (
    CaseEnded,
    Event,
    Evidence,
    Finding,
    RowPlanned,
)
from conformance.report.summary import Summary, summarise
from tests.report.made import ENDED, STARTED, made_target

RunMaker = Callable[..., list[Event]]

COMMAND, TYPE = SubjectKind.COMMAND, SubjectKind.OBJECT_TYPE


def _case(
    case: str,
    outcome: Outcome,
    *,
    subject: str = "qom-get",
    kind: SubjectKind = COMMAND,
    aspect: Aspect = Aspect.VALID,
    reason: str = "",
) -> CaseEnded:
    return CaseEnded(
        target="t",
        case=case,
        subject_kind=kind,
        subject=subject,
        aspect=aspect,
        outcome=outcome,
        reason=reason,
        rules=(),
        seconds=0.0,
    )


def _finding(
    case: str,
    outcome: Outcome = Outcome.FAIL,
    severity: Severity = Severity.MUST,
    rule: str = "W01",
    fold: str = "",
) -> Finding:
    return Finding(
        target="t",
        case=case,
        subject_kind=COMMAND,
        subject="qom-get",
        rule=rule,
        severity=severity,
        outcome=outcome,
        summary="s",
        expected="e",
        why="w",
        fold=fold,
        defect=fold or case,
        fingerprint=fingerprint(fold or case),
        weight=Weight.WRONG,
        evidence=Evidence(transcript=()),
        reproducer="",
    )


def _run(*events: Event, cases: int | None = None) -> Summary:
    ended = sum(isinstance(event, CaseEnded) for event in events)
    return summarise([STARTED, made_target(ended if cases is None else cases), *events, ENDED])


def _row(subject: str, kind: SubjectKind, note: str = "") -> RowPlanned:
    return RowPlanned(target="t", subject_kind=kind, subject=subject, note=note)


def test_rows_are_planned_commands_then_other_commands_then_types_by_name() -> None:
    (target,) = _run(
        _row("z-type", TYPE, "not in this build"),
        _row("qom-list", COMMAND),
        _row("device_add", COMMAND),
        _case("1", Outcome.PASS, subject="b-unplanned"),
        _case("2", Outcome.PASS, subject="a-unplanned"),
        _case("3", Outcome.PASS, subject="a-type", kind=TYPE),
    ).targets

    assert [row.subject for row in target.rows] == [
        "qom-list",
        "device_add",
        "a-unplanned",
        "b-unplanned",
        "a-type",
        "z-type",
    ]
    assert target.rows[-1].note == "not in this build"
    assert target.rows[-1].cells == {}


def test_command_and_type_of_one_name_keep_a_row_each() -> None:
    (target,) = _run(_row("x", COMMAND), _row("x", TYPE)).targets

    assert [row.kind for row in target.rows] == [COMMAND, TYPE]


def test_cells_count_outcomes_by_aspect() -> None:
    (target,) = _run(
        _case("1", Outcome.PASS),
        _case("2", Outcome.CRASH),
        _case("3", Outcome.PASS),
        _case("4", Outcome.PASS, aspect=Aspect.INVALID),
    ).targets

    assert target.rows[0].cells == {
        Aspect.VALID: {Outcome.PASS: 2, Outcome.CRASH: 1},
        Aspect.INVALID: {Outcome.PASS: 1},
    }
    assert target.totals == {Outcome.PASS: 3, Outcome.CRASH: 1}


def test_case_that_ended_again_counts_once_with_its_last_outcome() -> None:
    summary = _run(_case("1", Outcome.FAIL), _case("1", Outcome.FLAKY), cases=1)

    assert summary.totals == {Outcome.FLAKY: 1}


def test_findings_fold_by_key_with_the_worst_and_first_case_for_all() -> None:
    (target,) = _run(
        _finding("c", fold="k"),
        _finding("d", Outcome.CRASH, fold="k"),
        _finding("b", Outcome.CRASH, fold="k"),
        _finding("a", fold=""),
        _finding("e", fold=""),
    ).targets

    assert [(each.finding.case, each.cases) for each in target.causes] == [
        ("b", ("b", "c", "d")),
        ("a", ("a",)),
        ("e", ("e",)),
    ]


def test_one_defect_is_one_cause_with_each_way_in_which_it_shows() -> None:
    name = fingerprint("crash parse: Assertion `size'")
    (target,) = _run(
        replace(_finding("b", fold="crash b"), fingerprint=name),
        replace(_finding("a", fold="crash a"), fingerprint=name),
        replace(_finding("c", fold="crash a"), fingerprint=name),
    ).targets

    (cause,) = target.causes
    assert [way.case for way in cause.ways] == ["a", "b"]
    assert cause.cases == ("a", "b", "c")


def test_what_it_does_to_a_user_comes_before_how_it_shows() -> None:
    ordered = [
        replace(_finding("ends"), weight=Weight.ENDS),
        replace(_finding("x-ends"), weight=Weight.ENDS, marks=(Mark.UNSTABLE,)),
        replace(_finding("wrong", Outcome.CRASH), weight=Weight.WRONG),
        replace(_finding("text"), weight=Weight.DOCUMENTATION),
        replace(_finding("meant"), weight=Weight.ENDS, marks=(Mark.INTENDED,)),
    ]

    (target,) = _run(*reversed(ordered)).targets

    assert [each.finding for each in target.causes] == ordered


def test_findings_are_sorted_worst_first() -> None:
    must, should, info = Severity.MUST, Severity.SHOULD, Severity.INFORMATION
    ordered = [
        _finding("8", Outcome.TIMEOUT, must, "W09"),
        _finding("7", Outcome.FAIL, must, "W01"),
        _finding("3", Outcome.FAIL, must, "W02"),
        _finding("4", Outcome.FAIL, must, "W02"),
        _finding("9", Outcome.CRASH, info, "W09"),
        _finding("1", Outcome.FAIL, should, "Q01"),
        _finding("0", Outcome.FAIL, info, "Q01"),
    ]

    (target,) = _run(*reversed(ordered)).targets

    assert [each.finding for each in target.causes] == ordered


def test_reasons_group_what_has_no_verdict() -> None:
    untestable = Outcome.UNTESTABLE_HERE
    no_kvm = [
        _case(f"u{place:02}", untestable, subject=f"s{place % 2}", reason="no kvm")
        for place in range(12)
    ]
    (target,) = _run(
        *no_kvm,
        _case("v", Outcome.VACUOUS, reason="never accepted"),
        _case("n", Outcome.UNTESTABLE_HERE, reason="no numa"),
        _case("p", Outcome.PASS),
        _case("f", Outcome.FAIL),
    ).targets

    assert [(each.outcome, each.reason, each.count) for each in target.reasons] == [
        (Outcome.VACUOUS, "never accepted", 1),
        (Outcome.UNTESTABLE_HERE, "no kvm", 12),
        (Outcome.UNTESTABLE_HERE, "no numa", 1),
    ]
    assert target.reasons[1].subjects == ("s0", "s1")
    assert target.reasons[1].examples == tuple(f"u{place:02}" for place in range(10))


@pytest.mark.parametrize(
    ("outcomes", "verdict"),
    [
        ([Outcome.PASS], RunVerdict.CONFORMS),
        ([Outcome.PASS, Outcome.NOT_APPLICABLE], RunVerdict.CONFORMS),
        ([Outcome.PASS, Outcome.FLAKY], RunVerdict.UNSETTLED),
        ([Outcome.PASS, Outcome.FAIL], RunVerdict.BROKEN),
        ([Outcome.CRASH, Outcome.HARNESS_ERROR], RunVerdict.BROKEN),
        ([Outcome.TIMEOUT], RunVerdict.BROKEN),
        ([Outcome.PASS, Outcome.HARNESS_ERROR], RunVerdict.HARNESS),
        ([Outcome.PASS, Outcome.NOT_RUN], RunVerdict.PARTIAL),
        ([Outcome.VACUOUS, Outcome.UNTESTABLE_HERE], RunVerdict.NOTHING_TESTED),
        ([Outcome.FLAKY, Outcome.NOT_RUN], RunVerdict.UNSETTLED),
        ([], RunVerdict.NOTHING_TESTED),
    ],
)
def test_verdict_follows_from_the_outcomes(outcomes: list[Outcome], verdict: RunVerdict) -> None:
    summary = _run(*(_case(str(place), outcome) for place, outcome in enumerate(outcomes)))

    assert summary.verdict is verdict
    assert summary.targets[0].verdict is verdict


@pytest.mark.parametrize(
    ("severity", "verdict"),
    [
        (Severity.MUST, RunVerdict.BROKEN),
        (Severity.SHOULD, RunVerdict.CONFORMS),
        (Severity.INFORMATION, RunVerdict.CONFORMS),
    ],
)
def test_finding_beside_passed_cases_counts_by_its_severity(
    severity: Severity, verdict: RunVerdict
) -> None:
    summary = _run(_case("1", Outcome.PASS), _finding("1", severity=severity))

    assert summary.verdict is verdict


def test_whole_run_is_complete() -> None:
    summary = _run(_case("1", Outcome.PASS))

    assert summary.complete
    assert summary.incomplete == ()


def test_missing_cases_make_a_run_partial() -> None:
    summary = _run(_case("1", Outcome.PASS), _case("2", Outcome.NOT_RUN), cases=5)

    assert summary.incomplete == ("4 of 5 cases of t have no result.",)
    assert summary.targets[0].missing == 3
    assert summary.verdict is RunVerdict.PARTIAL


def test_stream_that_breaks_off_is_partial_even_if_all_passed() -> None:
    summary = summarise([STARTED, made_target(1), _case("1", Outcome.PASS)])

    assert not summary.complete
    assert "breaks off" in summary.incomplete[0]
    assert (summary.verdict, summary.targets[0].verdict) == (RunVerdict.PARTIAL, RunVerdict.PARTIAL)


def test_run_that_says_it_is_not_whole_is_partial() -> None:
    ended = replace(ENDED, complete=False)
    summary = summarise([STARTED, made_target(1), _case("1", Outcome.PASS), ended])

    assert summary.verdict is RunVerdict.PARTIAL


def test_empty_stream_is_partial_and_no_success() -> None:
    summary = summarise([])

    assert (summary.verdict, summary.targets) == (RunVerdict.PARTIAL, ())


def test_event_of_a_target_that_never_started_is_refused() -> None:
    with pytest.raises(UsageError, match="target t, which it never started"):
        summarise([STARTED, _case("1", Outcome.PASS)])


def test_order_of_cases_changes_no_byte(make_run: RunMaker) -> None:
    events = make_run(2, 1000)
    head = [event for event in events if not isinstance(event, CaseEnded | Finding)]
    body = [event for event in events if isinstance(event, CaseEnded | Finding)]
    shuffled = list(body)
    random.Random(1).shuffle(shuffled)

    texts = [pretty(summarise([*head, *order]).to_json()) for order in (body, shuffled)]

    assert texts[0] == texts[1]


def test_two_runs_of_one_build_differ_in_times_alone() -> None:
    case = _case("1", Outcome.PASS)
    first: list[Event] = [STARTED, made_target(1), case, ENDED]
    second: list[Event] = [
        replace(STARTED, time="later"),
        made_target(1),
        replace(case, seconds=9.0),
        replace(ENDED, time="later", seconds=9.0),
    ]

    def without_times(value: object) -> object:
        if isinstance(value, dict):
            kept = {name: each for name, each in value.items() if name not in ("time", "seconds")}
            return {name: without_times(each) for name, each in kept.items()}
        return [without_times(each) for each in value] if isinstance(value, list) else value

    one, other = (summarise(events).to_json() for events in (first, second))

    assert one != other
    assert without_times(one) == without_times(other)


def test_json_names_every_part(make_run: RunMaker) -> None:
    value = summarise(make_run()).to_json()

    assert value["complete"] is True
    assert value["verdict"] == "broken"
    assert sum(value["totals"].values()) == 8000
    assert [len(target["rows"]) for target in value["targets"]] == [60, 60]
    assert len(value["targets"][0]["causes"][0]["cases"]) > 1
