"""Tells Allure of the items: a step for each case, with dialogue and script of what is broken.

It works beside allure-pytest, which makes a result of each item and writes all.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Iterator, Sequence
from pathlib import Path, PurePosixPath
from typing import Any, Final
from uuid import uuid4

import allure_commons
from allure_commons.model2 import Attachment, Label, StatusDetails, TestStepResult
from allure_commons.utils import now

from conformance.knowledge.digests import find_digest
from conformance.model.flavour import Program
from conformance.model.terms import BROKEN, Outcome, Weight
from conformance.prepare.campaign import Campaign
from conformance.prepare.groups import Group, subject_name
from conformance.pytest_plugin.item_log import ItemLog, undecided
from conformance.report.result import Summary
from conformance.report.stream import CaseEnded, Finding
from conformance.report.wording import MEANINGS, OUTCOMES, build, ending, visible

_SEVERITIES: Final = {
    Weight.ENDS: "blocker",
    Weight.HANGS: "blocker",
    Weight.WRONG: "critical",
    Weight.LEAKS: "critical",
    Weight.ENDS_ODDLY: "normal",
    Weight.DOCUMENTATION: "minor",
    Weight.COSMETIC: "trivial",
}
_OBJECTS: Final = "ObjectOptions"
"""The union that says what object-add takes of each type."""
_ANY: Final = r"[\s\S]*"
_CATEGORIES: Final = (
    ("Ends the build", ["failed"], rf"{_ANY}\n  crash {_ANY}"),
    ("Hangs", ["failed"], rf"{_ANY}\n  timeout {_ANY}"),
    ("Breaks a promise", ["failed"], _ANY),
    ("The suite itself failed", ["broken"], _ANY),
    ("Known, or a remark", ["skipped"], rf"{_ANY}known, or a remark{_ANY}"),
    ("Nothing of it was judged", ["skipped"], _ANY),
)


def tell(listener: Any, campaign: Campaign, group: Group, log: ItemLog) -> None:
    """Add the cases of an item to the result that Allure makes of it, and what it is about."""
    result = listener.allure_logger.get_test(None)
    if result is None:
        return
    name, count = subject_name(group), undecided(log.counts)
    result.name = f"{name} {group.aspect}"
    if count and log.counts[Outcome.PASS]:
        result.name += f" ({count} of {len(log.ended)} undecided)"
    result.steps.extend(_steps(log))
    result.labels.extend(Label(name=key, value=value) for key, value in _labels(campaign, group))
    found = [finding for each in log.findings.values() for finding in each]
    rules = {rule for each in log.ended for rule in each.rules} | {each.rule for each in found}
    result.labels.extend(Label(name="rule", value=rule) for rule in sorted(rules))
    weights = sorted({each.weight for each in found}, key=list(Weight).index)
    result.labels.extend(Label(name="weight", value=str(weight)) for weight in weights)
    if weights:
        result.labels.append(Label(name="severity", value=_SEVERITIES[weights[0]]))


def _labels(campaign: Campaign, group: Group) -> Iterator[tuple[str, str]]:
    subject = group.subject
    module = _module(campaign.plan.head.version, campaign.target.kind, subject.name)
    # The tree of suites: target, module or kind, subject.
    yield "parentSuite", campaign.target.name
    yield "suite", module or f"{subject.kind}s"
    yield "subSuite", subject_name(group)
    yield "subject", subject.name
    if module:
        yield "module", module


@functools.cache
def _module(version: tuple[int, int, int], program: Program, name: str) -> str:
    """Return the QAPI module that declares a command, an event or what creates an object type.

    It is "" where none is known to.
    """
    shipped = find_digest(version)
    entities = shipped.digest.schemas.get(program) if shipped is not None else None
    if entities is None:
        return ""
    objects = entities.get(_OBJECTS)
    types = {branch.case: branch.type for branch in objects.branches} if objects else {}
    entity = entities.get(name) or entities.get(types.get(name) or "")
    return PurePosixPath(entity.module).stem if entity is not None else ""


def _steps(log: ItemLog) -> Iterator[TestStepResult]:
    """Yield a step for each case; they end when they ended, one after the other, about now."""
    stop: int = now()  # type: ignore[no-untyped-call]
    start = stop - round(sum(each.seconds for each in log.ended) * 1000)
    for each in log.ended:
        taken = round(each.seconds * 1000)
        yield _step(each, log, start, start + taken)
        start += taken


def _step(ended: CaseEnded, log: ItemLog, start: int, stop: int) -> TestStepResult:
    findings = log.findings.get(ended.case, ())
    status, details = _status(ended, findings, excused=ended.case in log.excused)
    return TestStepResult(
        name=visible(ended.case),
        status=status,
        statusDetails=details,
        start=start,
        stop=stop,
        attachments=[attached for each in findings for attached in _attached(each)],
    )


def _status(
    ended: CaseEnded, findings: Sequence[Finding], *, excused: bool
) -> tuple[str, StatusDetails | None]:
    outcome = ended.outcome
    if outcome is Outcome.PASS:
        return "passed", None
    words = OUTCOMES[outcome]
    told = visible(f"{words}: {ended.reason}" if ended.reason else words)
    if outcome in BROKEN or findings:
        told = "\n".join(_finding(each) for each in findings) or told
        if excused:
            return "skipped", StatusDetails(known=True, message=f"known, or a remark\n{told}")
        return "failed", StatusDetails(message=told, flaky=outcome is Outcome.INTERMITTENT or None)
    if outcome in (Outcome.HARNESS_ERROR, Outcome.FLAKY):
        return "broken", StatusDetails(message=told, flaky=outcome is Outcome.FLAKY or None)
    return "skipped", StatusDetails(message=told, trace=MEANINGS.get(outcome))


def _finding(each: Finding) -> str:
    return visible(f"{each.summary}; promised: {each.expected} ({each.rule}, {each.fingerprint})")


def _attached(finding: Finding) -> Iterator[Attachment]:
    evidence = finding.evidence
    end = ending(evidence.exit_status)
    lines = [*map(visible, evidence.transcript), *([f"The process {end}."] if end else [])]
    if evidence.stderr:
        lines += ["Standard error:", *map(visible, evidence.stderr.strip("\n").split("\n"))]
    told = {"dialogue": "\n".join(lines), "reproducer": finding.reproducer.strip("\n")}
    for name, text in told.items():
        if text:
            file = f"{uuid4()}-attachment.txt"
            # Halves of characters, which no file can hold, are spelt out.
            body = text.encode("utf-8", "backslashreplace")
            allure_commons.plugin_manager.hook.report_attached_data(body=body, file_name=file)
            yield Attachment(name=name, source=file, type="text/plain")


def write_surroundings(folder: Path, summary: Summary) -> None:
    """Write the files of environment and categories beside the results."""
    folder.mkdir(parents=True, exist_ok=True)
    lines = [f"{_key(name)}={_value(text)}\n" for name, text in _surroundings(summary)]
    (folder / "environment.properties").write_text("".join(lines), encoding="latin-1")
    categories = [
        {"name": name, "matchedStatuses": statuses, "messageRegex": regex}
        for name, statuses, regex in _CATEGORIES
    ]
    (folder / "categories.json").write_text(json.dumps(categories, indent=1) + "\n")


def _surroundings(summary: Summary) -> Iterator[tuple[str, str]]:
    if summary.started is not None:
        yield "suite", f"qmp-conformance {summary.started.suite}"
        yield "seed", str(summary.started.seed)
        yield "selection", ", ".join(summary.started.selection) or "every case"
    for target in summary.targets:
        facts = target.build
        yield facts.target, f"{facts.program}: {build(target)}"
        yield f"{facts.target} sha256", facts.sha256
        yield f"{facts.target} compared with", facts.documentation
    if summary.started is not None:
        for name, told in sorted(summary.started.host.items()):
            yield f"host {name}", told


def _key(text: str) -> str:
    """Return a key of Java's properties: what would end it is escaped."""
    return "".join(f"\\{char}" if char in " :=#!" else char for char in _value(text))


def _value(text: str) -> str:
    """Return a value of Java's properties: one line of Latin characters."""
    escaped = visible(text).replace("\\", "\\\\")
    return "".join(char if char.isascii() else _units(char) for char in escaped)


def _units(char: str) -> str:
    """Return a character as the units of UTF-16, as properties have those beyond Latin."""
    units = char.encode("utf-16-be").hex()
    return "".join(f"\\u{units[place : place + 4]}" for place in range(0, len(units), 4))
