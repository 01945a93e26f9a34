"""What is new beside known issues and an earlier run; what was not run proves nothing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conformance.model.fingerprint import fingerprint
from conformance.model.flavour import Program
from conformance.model.known_issue import Conditions, KnownOutcome
from conformance.model.terms import BROKEN, Outcome, Standing, Weight
from conformance.report.difference import CaseChange, TargetDifference, difference
from conformance.report.news import NewsItem
from conformance.report.result import Summary
from conformance.report.stream import (
    BaselineGiven,
    CauseBefore,
    Event,
    KnownGiven,
)
from conformance.report.summary import summarise
from conformance.report.trend import trend
from tests.report.made import ENDED, STARTED, made_case, made_finding, made_issue, made_target

STARTED_THEN = replace(STARTED, time="2026-11-30T10:00:00+00:00", host={"kvm": "no /dev/kvm"})


def run(
    outcomes: Mapping[str, Outcome], *known: Event, rules: tuple[str, ...] = ("X17",)
) -> Summary:
    """Return the summary of a run; a broken case `a` shows the defect `a`."""
    events: list[Event] = []
    for name, outcome in outcomes.items():
        if outcome in (*BROKEN, Outcome.INTERMITTENT):
            events.append(made_finding(f"stop/valid/{name}", name, outcome))
        events.append(made_case(f"stop/valid/{name}", outcome, rules=rules))
    head = [each for each in known if isinstance(each, KnownGiven)]
    rest = [each for each in known if not isinstance(each, KnownGiven)]
    return summarise([STARTED_THEN, *head, made_target(len(outcomes)), *rest, *events, ENDED])


def standings(summary: Summary) -> dict[str, Standing]:
    assert summary.news is not None
    return {item.defect: item.standing for item in summary.news}


FAIL, PASS, CRASH = Outcome.FAIL, Outcome.PASS, Outcome.CRASH


@pytest.mark.parametrize(
    ("outcome", "known", "standing"),
    [
        (FAIL, made_issue("a"), Standing.KNOWN),
        (CRASH, made_issue("a"), Standing.KNOWN),
        (FAIL, made_issue("a", rule="X17"), Standing.KNOWN),
        (PASS, made_issue("a"), Standing.STALE),
        (PASS, made_issue("a", outcome=KnownOutcome.MAY_FAIL), Standing.COMES_AND_GOES),
        (FAIL, made_issue("a", outcome=KnownOutcome.MAY_FAIL), Standing.KNOWN),
        (Outcome.VACUOUS, made_issue("a"), Standing.NOT_RUN),
        (Outcome.NOT_RUN, made_issue("a"), Standing.NOT_RUN),
        (PASS, made_issue("a", cases=("stop/valid/elsewhere",)), Standing.NOT_RUN),
        # Without cases, only a whole run shows that it is gone.
        (PASS, made_issue("a", cases=()), Standing.STALE),
        (Outcome.NOT_RUN, made_issue("a", cases=()), Standing.NOT_RUN),
        (FAIL, made_issue("a", expires="2026-11-30"), Standing.KNOWN),
        (PASS, made_issue("a", when=Conditions(versions="<10.0")), Standing.UNMATCHED),
    ],
)
def test_a_known_issue_is_what_its_cases_show(
    outcome: Outcome, known: KnownGiven, standing: Standing
) -> None:
    assert standings(run({"a": outcome}, known)) == {"a": standing}


def test_what_expired_is_told_and_what_it_was_about_is_new() -> None:
    summary = run({"a": FAIL}, made_issue("a", expires="2026-11-29"))

    assert summary.news is not None
    assert [item.standing for item in summary.news] == [Standing.NEW, Standing.EXPIRED]


def test_an_issue_of_another_rule_hides_nothing() -> None:
    summary = run({"a": FAIL}, made_issue("a", rule="W35"))

    assert summary.news is not None
    assert [item.standing for item in summary.news] == [Standing.NEW, Standing.NOT_RUN]


@pytest.mark.parametrize(
    ("when", "fits"),
    [
        (Conditions(versions=">=10.0,<10.1"), True),
        (Conditions(program=("system",), arch=("x86_64", "aarch64")), True),
        (Conditions(program=("storage-daemon",)), False),
        (Conditions(arch=("aarch64",)), False),
        (Conditions(machine=("n*",)), True),
        (Conditions(machine=("q35",)), False),
        (Conditions(accel=("kvm",)), False),
        (Conditions(package=("Debian*",)), False),
        (Conditions(host=("kvm",)), False),
        (Conditions(host=("!kvm",)), True),
    ],
)
def test_an_issue_is_about_the_targets_that_fit_each_condition(
    when: Conditions, fits: bool
) -> None:
    expected = Standing.KNOWN if fits else Standing.NEW

    assert standings(run({"a": FAIL}, made_issue("a", when=when)))["a"] in (
        expected,
        Standing.UNMATCHED,
    )
    summary = run({"a": FAIL}, made_issue("a", when=when))
    assert summary.news is not None
    assert (summary.news[0].standing is Standing.KNOWN) is fits


def before(defect: str, outcome: Outcome) -> CauseBefore:
    return CauseBefore(
        target="t",
        fingerprint=fingerprint(defect),
        defect=defect,
        weight=Weight.WRONG,
        outcome=outcome,
        summary="s",
        cases=(f"stop/valid/{defect}",),
        rule="X17",
    )


BASELINE = BaselineGiven(
    target="t", version="9.0", package="", arch="x86_64", sha256="", complete=True
)


@pytest.mark.parametrize(
    ("old", "new", "standing"),
    [
        (FAIL, FAIL, Standing.STILL),
        (FAIL, CRASH, Standing.WORSE),
        (CRASH, FAIL, Standing.MILDER),
        (Outcome.INTERMITTENT, CRASH, Standing.STILL),
        (CRASH, Outcome.INTERMITTENT, Standing.STILL),
        (FAIL, PASS, Standing.FIXED),
        (FAIL, Outcome.VACUOUS, Standing.NOT_RUN),
        (FAIL, Outcome.NOT_RUN, Standing.NOT_RUN),
        (Outcome.INTERMITTENT, PASS, Standing.COMES_AND_GOES),
    ],
)
def test_a_root_cause_of_the_baseline_is_what_its_cases_show(
    old: Outcome, new: Outcome, standing: Standing
) -> None:
    assert standings(run({"a": new}, BASELINE, before("a", old))) == {"a": standing}


def test_a_case_that_does_not_ask_for_a_rule_shows_nothing_of_it() -> None:
    """A build whose release documents no error class passes in any."""
    unasked = run({"a": PASS}, made_issue("a", rule="X17"), rules=("Q30",))
    assert unasked.news is not None
    (item,) = unasked.news
    assert (item.standing, item.news) == (Standing.NOT_RUN, False)
    assert item.note == "nothing in this run asks its cases for X17"

    then = run({"a": PASS}, BASELINE, before("a", FAIL), rules=("Q30",))
    assert standings(then) == {"a": Standing.NOT_RUN}
    (target,) = difference(run({"a": FAIL}), run({"a": PASS}, rules=("Q30",)), {}).targets
    assert [item.standing for item in target.items] == [Standing.NOT_RUN]
    (target,) = difference(run({"a": PASS}, rules=("Q30",)), run({"a": FAIL}), {}).targets
    assert [item.standing for item in target.items] == [Standing.NEWLY_RUN]
    assert trend([run({"a": FAIL}), run({"a": PASS}, rules=("Q30",))]).rows[0].letters == ("F", " ")


def test_a_baseline_without_root_causes_makes_all_new() -> None:
    assert standings(run({"a": FAIL, "b": PASS}, BASELINE)) == {"a": Standing.NEW}


def test_a_known_issue_counts_before_the_baseline() -> None:
    summary = run({"a": FAIL}, made_issue("a"), BASELINE, before("a", FAIL))

    assert standings(summary) == {"a": Standing.KNOWN}


def test_nothing_is_news_where_nothing_was_known() -> None:
    assert run({"a": FAIL}).news is None


# Runs of up to six cases, which each show a defect of its own.
RUNS = st.dictionaries(
    st.sampled_from("abcdef"),
    st.sampled_from([PASS, FAIL, CRASH, Outcome.TIMEOUT, Outcome.VACUOUS, Outcome.NOT_RUN]),
    min_size=1,
)
MIRROR = {
    Standing.NEW: Standing.FIXED,
    Standing.NEWLY_RUN: Standing.NOT_RUN,
    Standing.WORSE: Standing.MILDER,
    Standing.STILL: Standing.STILL,
}
CASE_MIRROR = {
    CaseChange.BROKEN: CaseChange.MENDED,
    CaseChange.FLAKY: CaseChange.FLAKY,
    CaseChange.CHANGED: CaseChange.CHANGED,
    CaseChange.NEWLY_RUN: CaseChange.NO_LONGER_RUN,
}


def differs(old: Summary, new: Summary) -> TargetDifference:
    (target,) = difference(old, new, {}).targets
    return target


@given(outcomes=RUNS)
def test_a_run_differs_in_nothing_from_itself(outcomes: Mapping[str, Outcome]) -> None:
    found = differs(run(outcomes), run(outcomes))

    assert {item.standing for item in found.items} <= {Standing.STILL}
    assert found.cases == {}
    assert found.alike == len(outcomes)


@given(old=RUNS, new=RUNS)
def test_a_difference_mirrors_that_of_the_other_order(
    old: Mapping[str, Outcome], new: Mapping[str, Outcome]
) -> None:
    there, back = differs(run(old), run(new)), differs(run(new), run(old))

    assert _mirrored(there.items) == Counter((item.standing, item.defect) for item in back.items)
    both = {**CASE_MIRROR, **{back: there for there, back in CASE_MIRROR.items()}}
    assert {both[change]: cases for change, cases in there.cases.items()} == back.cases


def _mirrored(items: Sequence[NewsItem]) -> Counter[tuple[Standing, str]]:
    both = {**MIRROR, **{back: there for there, back in MIRROR.items()}}
    return Counter((both[item.standing], item.defect) for item in items)


@given(old=RUNS, new=RUNS)
def test_each_root_cause_of_either_run_is_told_once(
    old: Mapping[str, Outcome], new: Mapping[str, Outcome]
) -> None:
    told = Counter(item.defect for item in differs(run(old), run(new)).items)

    broken = {name for of in (old, new) for name, outcome in of.items() if outcome in BROKEN}
    assert told == Counter(broken)
    found = {item.defect: item.standing for item in differs(run(old), run(new)).items}
    gone = {Standing.FIXED, Standing.NOT_RUN}
    assert {name for name, standing in found.items() if standing not in gone} == {
        name for name, outcome in new.items() if outcome in BROKEN
    }


def test_targets_without_a_counterpart_are_told() -> None:
    one = run({"a": PASS})
    two = summarise([STARTED_THEN, made_target(0, "t"), made_target(0, "u"), ENDED])

    found = difference(one, two, {})
    assert [target.new.target for target in found.targets] == ["t"]
    assert found.unpaired == ("new: u",)


def test_kinds_of_programs_are_words_that_conditions_know() -> None:
    assert {str(kind) for kind in Program} == {"system", "storage-daemon", "guest-agent"}
