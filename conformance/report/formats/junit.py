"""JUnit XML, as GitLab and Jenkins read it: a file for each target, a test for each case.

What was not decided is skipped, with the outcome's word as its type; so is what is known.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final
from xml.etree.ElementTree import Element, SubElement, tostring

from conformance.report.formats.told import Told, ToldCase, ToldRun, ToldTarget
from conformance.report.formats.words import evidence, headline
from conformance.report.news import NewsItem

_ILLEGAL: Final = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What no XML document may hold, not even escaped."""
_ISSUES: Final = "known-issues"


def render(run: ToldRun) -> Iterator[tuple[str, str]]:
    """Yield each target's name and its document."""
    for target in run.targets:
        yield target.name, _document([_suite(target)])
    for lost in run.lost:
        suite = Element("testsuite", {"name": _legal(lost.target), **_counts(1, errors=1)})
        test = SubElement(suite, "testcase", classname=_legal(lost.target), name="start", time="0")
        error = SubElement(test, "error", type="lost", message=_legal(lost.what))
        error.text = _legal(lost.remedy)
        yield lost.target, _document([suite])


def _document(suites: list[Element]) -> str:
    root = Element("testsuites", name="qmp-conformance")
    root.extend(suites)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{tostring(root, encoding="unicode")}\n'


def _suite(target: ToldTarget) -> Element:
    counts = _counts(
        len(target.cases) + len(target.issues),
        failures=target.count(Told.FAILED) + len(target.issues),
        errors=target.count(Told.ERROR),
        skipped=target.count(Told.SKIPPED) + target.count(Told.KNOWN),
    )
    started = target.run.started
    suite = Element("testsuite", {"name": _legal(target.name), **counts})
    suite.set("time", f"{sum(case.ended.seconds for case in target.cases):.3f}")
    if started is not None:
        suite.set("timestamp", started.time[:19])
    build = target.summary.build
    properties = SubElement(suite, "properties")
    for name, value in (
        ("version", build.version),
        ("package", build.package),
        ("architecture", build.arch),
        ("program", build.program),
        ("sha256", build.sha256),
        ("seed", str(started.seed) if started is not None else ""),
        ("suite", started.suite if started is not None else ""),
        ("verdict", str(target.summary.verdict)),
    ):
        SubElement(properties, "property", name=name, value=_legal(value or ""))
    suite.extend(_test(target, case) for case in target.cases)
    suite.extend(_issue(target, issue) for issue in target.issues)
    return suite


def _test(target: ToldTarget, case: ToldCase) -> Element:
    place = (target.name, case.ended.subject, str(case.ended.aspect))
    test = Element(
        "testcase",
        # A dot parts packages where it is read.
        classname=".".join(_legal(part).replace(".", "_") for part in place),
        name=_legal(case.id),
        time=f"{case.ended.seconds:.3f}",
    )
    match case.told:
        case Told.PASSED:
            pass
        case Told.FAILED:
            first = case.findings[0] if case.findings else None
            failure = SubElement(test, "failure", type=first.rule if first else "lost")
            failure.set("message", _legal(headline(case)))
            failure.text = _legal(evidence(case))
        case Told.ERROR:
            SubElement(test, "error", type=str(case.ended.outcome), message=_legal(case.why))
        case Told.KNOWN | Told.SKIPPED:
            word = "known" if case.told is Told.KNOWN else str(case.ended.outcome)
            SubElement(test, "skipped", type=word, message=_legal(headline(case)))
    return test


def _issue(target: ToldTarget, issue: NewsItem) -> Element:
    place = f"{target.name.replace('.', '_')}.{_ISSUES}"
    test = Element("testcase", classname=_legal(place), name=issue.fingerprint, time="0")
    failure = SubElement(test, "failure", type=str(issue.standing), message=_legal(issue.note))
    failure.text = _legal(issue.summary)
    return test


def _counts(tests: int, *, failures: int = 0, errors: int = 0, skipped: int = 0) -> dict[str, str]:
    counts = {"tests": tests, "failures": failures, "errors": errors, "skipped": skipped}
    return {name: str(count) for name, count in counts.items()}


def _legal(text: str) -> str:
    return _ILLEGAL.sub("\N{REPLACEMENT CHARACTER}", text)
