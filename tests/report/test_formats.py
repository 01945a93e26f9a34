"""What other tools read of a run is what it says, by the word of those tools."""

from __future__ import annotations

import io
import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import kcidb_io
import pytest
from junitparser import Error, Failure, JUnitXml, Skipped
from tap.parser import Parser

from conformance.model.fingerprint import fingerprint
from conformance.model.terms import (
    BROKEN,
    ExitCode,
    Outcome,
    Severity,
)
from conformance.play import option_table
from conformance.report.formats.places import Place, place_of
from conformance.report.formats.registry import RUN_FORMATS
from conformance.report.formats.told import Told, ToldRun, joined, told_of
from conformance.report.stream import (
    CaseEnded,
    Event,
    Finding,
    KnownGiven,
    RunEnded,
    TargetLost,
)
from conformance.report.summary import summarise
from conformance.report.write import FORMATS
from tests.report.conftest import RunMaker
from tests.report.made import ENDED, STARTED, made_case, made_finding, made_issue, made_target

# With directives and points of TAP, which must not count.
HOSTILE = "\x1b[31m\0 ]]> </failure> # TODO \\ \u202e \ud800 <script> \n  ...\nnot ok 1\n"


def case(name: str, outcome: Outcome, **more: Any) -> CaseEnded:
    return made_case(f"stop/valid/{name}", outcome, **more)


def finding(name: str, outcome: Outcome = Outcome.FAIL, **more: Any) -> Finding:
    return made_finding(f"stop/valid/{name}", name, outcome, **more)


def run(*events: Event, known: Sequence[KnownGiven] = (), end: RunEnded | None = ENDED) -> ToldRun:
    started = replace(STARTED, time="2026-11-30T10:00:00+00:00")
    ended = [replace(end, time="2026-11-30T10:05:00+00:00")] if end else []
    return told_of([started, *known, made_target(len(events)), *events, *ended])


def text_of(name: str, told: ToldRun) -> str:
    ((_, text),) = RUN_FORMATS[name].files(told)
    return text


def junit_of(told: ToldRun) -> JUnitXml:
    return JUnitXml.fromstring(text_of("junit", told).encode())


def results(told: ToldRun) -> dict[str, tuple[str, str]]:
    """Return the class and the type of each test case."""
    found = {}
    for suite in junit_of(told):
        for test in suite:
            result = test.result[0] if test.result else None
            found[test.name] = (type(result).__name__, result.type if result else "")
    return found


def points(told: ToldRun) -> list[Any]:
    return list(Parser().parse(io.StringIO(text_of("tap", told))))


def test_every_format_can_be_asked_for() -> None:
    assert {*option_table.REPORT_FORMAT.choices} == {*RUN_FORMATS, "markdown", "json"}
    assert {"report.md", "summary.json"} == {*FORMATS}


def test_counts_are_those_of_the_stream(make_run: RunMaker) -> None:
    events = make_run()
    told = told_of(events)
    totals = Counter(dict(summarise(events).totals))
    findings = [event for event in events if isinstance(event, Finding)]
    remarks = sum(each.severity is not Severity.MUST for each in findings)
    assert remarks
    # What breaks no more than good order makes no run fail; here, a case has one finding.
    broken = sum(totals[outcome] for outcome in BROKEN) - remarks
    errors = totals[Outcome.FLAKY] + totals[Outcome.HARNESS_ERROR]
    skipped = sum(totals.values()) - broken - errors - totals[Outcome.PASS]

    found: Counter[type] = Counter()
    for _, text in RUN_FORMATS["junit"].files(told):
        for suite in JUnitXml.fromstring(text.encode()):
            assert suite.tests == len(list(suite))
            found.update(type(test.result[0]) if test.result else object for test in suite)
    assert (found[Failure], found[Error], found[Skipped]) == (broken, errors, skipped)
    assert found[object] == totals[Outcome.PASS]

    tests = [line for line in points(told) if line.category == "test"]
    assert [line.number for line in tests] == [*range(1, sum(totals.values()) + 1)]
    assert sum(bool(line.skip) for line in tests) == skipped - remarks
    assert sum(bool(line.todo) for line in tests) == remarks
    assert sum(not line.ok for line in tests) == broken + errors + remarks

    summary = json.loads(text_of("ctrf", told))["results"]["summary"]
    assert summary["passed"] == totals[Outcome.PASS]
    assert (summary["failed"], summary["other"]) == (broken + errors, remarks)
    assert summary["skipped"] == skipped - remarks

    raw = Counter(
        test["rawStatus"] for test in json.loads(text_of("ctrf", told))["results"]["tests"]
    )
    assert raw == {str(outcome): count for outcome, count in totals.items() if count}
    sarif = json.loads(text_of("sarif", told))
    causes = [len(target.causes) for target in summarise(events).targets]
    assert [len(each["results"]) for each in sarif["runs"]] == causes
    assert len(json.loads(text_of("gitlab-codequality", told))) == sum(causes)


def test_kcidb_takes_its_report(make_run: RunMaker) -> None:
    for told in (
        told_of(make_run()),
        run(case("a", Outcome.FAIL), finding("a"), known=[made_issue("a")]),
    ):
        report = json.loads(text_of("kcidb", told))
        assert kcidb_io.schema.V5_3.validate(report) == report
        assert len(report["tests"]) == sum(len(target.cases) for target in told.targets)


@pytest.mark.parametrize("outcome", Outcome)
def test_no_undecided_case_passes(outcome: Outcome) -> None:
    told = run(case("a", outcome, reason="why"))

    (kind, word), *_ = results(told).values()
    if outcome is Outcome.PASS:
        assert kind == "NoneType"
    elif outcome in BROKEN:
        assert (kind, word) == ("Failure", "lost")
    elif outcome in (Outcome.FLAKY, Outcome.HARNESS_ERROR):
        assert (kind, word) == ("Error", outcome)
    else:
        assert (kind, word) == ("Skipped", outcome)
    (group,) = json.loads(text_of("tmt", told))[:1]
    assert (group["result"] == "pass") is (outcome is Outcome.PASS)


def test_what_is_known_fails_nowhere_and_what_is_stale_everywhere() -> None:
    told = run(
        *(finding("a"), case("a", Outcome.FAIL), finding("b"), case("b", Outcome.CRASH)),
        case("c", Outcome.PASS),
        known=[made_issue("a"), made_issue("c")],
    )

    assert results(told) == {
        "stop/valid/a": ("Skipped", "known"),
        "stop/valid/b": ("Failure", "X17"),
        "stop/valid/c": ("NoneType", ""),
        fingerprint("c"): ("Failure", "stale"),
    }
    tests = [line for line in points(told) if line.category == "test"]
    assert [(line.ok, bool(line.todo)) for line in tests] == [
        *((False, True), (False, False), (True, False), (False, False))
    ]
    (log,) = json.loads(text_of("sarif", told))["runs"]
    states = {each["partialFingerprints"]["qmpDefect/v1"]: each for each in log["results"]}
    assert states[fingerprint("a")]["baselineState"] == "unchanged"
    assert states[fingerprint("a")]["suppressions"][0]["kind"] == "external"
    assert states[fingerprint("b")]["baselineState"] == "new"
    assert "suppressions" not in states[fingerprint("b")]
    quality = json.loads(text_of("gitlab-codequality", told))
    assert [each["fingerprint"] for each in quality] == [f"{fingerprint('b')}:t"]
    results_of_tmt = json.loads(text_of("tmt", told))
    assert [(each["name"], each["result"]) for each in results_of_tmt] == [
        ("/t/stop/valid", "fail"),
        (f"/t/known-issues/{fingerprint('c')}", "fail"),
    ]
    (incident,) = json.loads(text_of("kcidb", told))["incidents"]
    assert incident["present"] is True


def test_what_breaks_no_more_than_good_order_fails_nowhere() -> None:
    remark = finding("a", severity=Severity.SHOULD)
    told = run(remark, case("a", Outcome.FAIL))

    assert results(told) == {"stop/valid/a": ("Skipped", "known")}
    (tests,) = (line for line in points(told) if line.category == "test")
    assert tests.todo
    assert json.loads(text_of("tmt", told))[0]["result"] == "warn"
    (log,) = json.loads(text_of("sarif", told))["runs"]
    assert log["results"][0]["level"] == "warning"


def test_where_only_news_count_a_flaky_case_is_skipped() -> None:
    told = run(case("a", Outcome.FLAKY), case("c", Outcome.PASS), known=[made_issue("b")])

    assert results(told)["stop/valid/a"] == ("Skipped", "flaky")


@pytest.mark.parametrize(
    ("end", "outcome", "told"),
    [
        (None, Outcome.PASS, "its stream breaks off"),
        (replace(ENDED, exit_code=ExitCode.INTERRUPTED), Outcome.NOT_RUN, "cut short"),
        (replace(ENDED, exit_code=ExitCode.HARNESS), Outcome.HARNESS_ERROR, "the suite itself"),
    ],
)
def test_a_run_that_says_too_little_bails_out(
    end: RunEnded | None, outcome: Outcome, told: str
) -> None:
    broken = run(case("a", outcome), end=end)

    last = points(broken)[-1]
    assert last.category == "bail"
    assert told in last.reason
    assert json.loads(text_of("tmt", broken))[-1]["result"] == "error"


def test_a_lost_target_is_an_error() -> None:
    lost = TargetLost(
        target="gone",
        spelling="gone",
        program="/gone",
        what="/gone is missing",
        remedy="install it",
    )
    told = told_of([STARTED, lost, ENDED])

    ((name, text),) = RUN_FORMATS["junit"].files(told)
    assert name == "junit-gone.xml"
    (suite,) = JUnitXml.fromstring(text.encode())
    assert (suite.tests, suite.errors) == (1, 1)
    assert points(told)[-1].category == "bail"


def test_texts_stay_texts() -> None:
    """Nothing that a build says makes a point, an element or a control character."""
    told = run(
        *(finding("a", summary=HOSTILE, reproducer=HOSTILE), case("a", Outcome.FAIL)),
        case("b", Outcome.UNTRIED, reason=HOSTILE),
    )

    (suite,) = junit_of(told)
    assert len(list(suite)) == 2
    assert "</failure>" in next(iter(suite)).result[0].text
    lines = points(told)
    assert [line.category for line in lines].count("test") == 2
    assert not any(line.category == "test" and line.todo for line in lines)
    for name in RUN_FORMATS:
        text = text_of(name, told)
        assert not any(ord(char) < 32 and char not in "\t\n\r" for char in text), name
        assert text.encode()


def test_github_is_told_the_worst_news_and_how_many_there_are_besides() -> None:
    names = [f"x{number}" for number in range(12)]
    told = run(
        *(event for name in names for event in (finding(name), case(name, Outcome.FAIL))),
        *(finding("r", severity=Severity.SHOULD), case("r", Outcome.FAIL)),
        *(finding("k"), case("k", Outcome.FAIL), case("gone", Outcome.PASS)),
        known=[made_issue("k"), made_issue("gone")],
    )

    lines = text_of("github-annotations", told).splitlines()

    assert len(lines) == 10
    assert all(line.startswith("::error title=t") for line in lines)
    # Twelve, and the known issue that is gone, less the nine that are shown.
    assert lines[-1].endswith("::4 more root causes: the report names all")
    assert fingerprint("k") not in "".join(lines)
    page = text_of("github-summary", told)
    news, known = page.split("### No news")
    assert all(fingerprint(name) in known for name in ("k", "r"))
    assert all(fingerprint(name) in news for name in (*names, "gone"))


def test_a_command_of_github_is_one_line_whatever_a_build_says() -> None:
    hostile = "50%\r\n::error title=x::y, z"
    told = run(finding("a", summary=hostile), case("a", Outcome.FAIL))

    (line,) = text_of("github-annotations", told).splitlines()

    assert line.startswith(f"::error title=t%3A {fingerprint('a')} (X17),file=")
    assert "50%25" in line
    assert "::y, z; promised: " in line


def test_the_page_of_a_step_stays_below_what_github_shows() -> None:
    long = "\N{SNOWMAN}" * 5000
    names = [f"x{number}" for number in range(100)]
    events = (
        event for name in names for event in (finding(name, summary=long), case(name, Outcome.FAIL))
    )

    page = text_of("github-summary", run(*events))

    assert len(page.encode()) < 1 << 20
    assert page.rstrip().endswith("The page is full: the report has the rest.")


def test_runs_with_one_target_name_are_told_apart() -> None:
    one, other = run(case("a", Outcome.PASS)), run(case("a", Outcome.FAIL))
    both = joined({"5.2": one, "7.2": other})

    names = [name for name, _ in RUN_FORMATS["junit"].files(both)]
    assert names == ["junit-5.2.xml", "junit-7.2.xml"]
    assert [target.count(Told.FAILED) for target in both.targets] == [0, 1]


@pytest.mark.parametrize(
    ("why", "expected", "place"),
    [
        (
            "P. (docs/interop/qmp-spec.rst, X (10.0: lines 154-155))",
            "e",
            ("docs/interop/qmp-spec.rst", 154),
        ),
        ("P. (qapi/*.json, the texts on errors)", "e", ("qapi/qapi-schema.json", 1)),
        (
            "P. (qapi/*.json, the examples)",
            "as qapi/block-core.json:788 has it",
            ("qapi/block-core.json", 788),
        ),
        ("P.", "e", ("qapi/qapi-schema.json", 1)),
    ],
)
def test_a_promise_has_a_place_in_the_source(
    why: str, expected: str, place: tuple[str, int]
) -> None:
    path, line = place
    assert place_of(finding("a", why=why, expected=expected)) == Place(path=path, line=line)
