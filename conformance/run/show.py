"""A single case for a reader: what it sends and expects, and what became of it just now."""

from __future__ import annotations

from collections.abc import Iterator

from conformance.canonical import compact
from conformance.derive.case import (
    Accept,
    Answer,
    Case,
    Expectation,
    Holds,
    LinksTo,
    ListsProperties,
    ListsTypes,
    ReadsAs,
    Reject,
    Returns,
    Shows,
    Understood,
)
from conformance.judge.reply import MessageJudge
from conformance.launch.folder import RunFolder
from conformance.launch.pool import Pool
from conformance.qapi.validate import Validator
from conformance.run.campaign import Campaign
from conformance.run.engine import Engine, Result
from conformance.run.evidence import evidence, reproducer, request_line
from conformance.terms import Outcome


def describe(case: Case, campaign: Campaign) -> str:
    """Return the steps of a case with their expectations, and how to see it by hand."""
    return "\n".join(_description(case, campaign))


def replayed(case: Case, campaign: Campaign, folder: RunFolder) -> tuple[str, Outcome]:
    """Run a case alone on a fresh machine; return the dialogue with its verdict, and the outcome.

    Raises LaunchError.
    """
    schema = campaign.introspected.schema
    messages = MessageJudge(schema, Validator(schema))
    with Pool(campaign.target, folder) as pool, Engine(pool, messages) as engine:
        result = engine.alone(case)
    return "\n".join(_account(result, campaign)), result.verdict.outcome


def _description(case: Case, campaign: Campaign) -> Iterator[str]:
    yield f"{case.id}"
    yield f"  aspect {case.aspect}, stage {case.stage.name}, {case.isolation} machine"
    if case.fault:
        yield f"  fault: {case.fault}"
    if case.blocked:
        yield f"  not run: {case.blocked.outcome}: {case.blocked.reason}"
    for step in case.steps:
        yield f"  {step.role:8} {request_line(step.request)}"
        yield f"           {step.rule}: {_expected(step.expect)}"
        if step.why:
            yield f"           {step.why}"
    yield ""
    yield reproducer(case, (), campaign.command_line)


def _expected(expect: Expectation) -> str:
    """Return an expectation in words."""
    match expect:
        case Accept():
            return "accepted"
        case Answer():
            return "answered, either way"
        case Understood():
            return "accepted, or refused for another reason than its arguments"
        case Shows(at=at, value=value):
            return f"returns {compact(value)} at {'.'.join(map(str, at))}"
        case Reject(classes=classes):
            return f"refused with {' or '.join(sorted(classes))}"
        case Returns(values=values):
            return f"returns {' or '.join(map(compact, values))}"
        case Holds(present=present, absent=absent):
            return "; ".join(
                [f"lists {name} as {kind}" for name, kind in present]
                + [f"lists no {name}" for name in absent]
            )
        case ReadsAs(type=type_name):
            return f"returns a value of the QOM type {type_name}"
        case LinksTo():
            return "returns the path of an object of the tree, or nothing"
        case ListsTypes(exactly=exactly):
            return "lists known types" if exactly is None else f"lists exactly {len(exactly)} types"
        case ListsProperties(entries=entries):
            listed = "well-formed" if entries is None else f"{len(entries)} known"
            return f"lists {listed} properties"


def _account(result: Result, campaign: Campaign) -> Iterator[str]:
    verdict = result.verdict
    yield from evidence(result.case, result.seen).transcript
    if result.seen and result.seen.death:
        yield result.seen.death.stderr.rstrip()
    yield ""
    yield f"{verdict.outcome}: {result.case.id}" + (f"\n  {verdict.reason}" * bool(verdict.reason))
    for miss in verdict.misses:
        rule = campaign.rules[miss.rule]
        yield f"  {miss.rule} ({rule.severity}): {rule.promise}"
        yield f"      {miss.summary}"
        yield f"      expected: {miss.expected}"
