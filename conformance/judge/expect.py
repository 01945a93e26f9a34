"""Judges a reply by what its step expects; each expectation judges itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from conformance.judge.miss import Miss
from conformance.model.case import Case, Step
from conformance.model.expectation import Kind, Problem, Reply
from conformance.model.terms import SubjectKind


def check(
    case: Case,
    step: Step,
    message: Mapping[str, Any],
    earlier: Sequence[Mapping[str, Any]] = (),
) -> Sequence[Problem]:
    """Return all ways in which `message`, a well-formed reply, breaks what `step` expects.

    `earlier` are the replies to the previous steps.
    """
    reply = Reply(
        message=message,
        earlier=earlier,
        subject=case.subject.name,
        about=case.about or case.id,
        fault=case.fault,
    )
    return step.expect.problems(reply)


def miss_of(case: Case, step: Step, problem: Problem) -> Miss:
    """Return the broken promise for a problem with the reply to `step`."""
    rule = problem.rule or step.rule
    command, about = step.request.execute, problem.fold or case.about or case.id
    subject = command if problem.everywhere else case.subject.name
    return Miss(
        rule=rule,
        kind=problem.kind,
        summary=f"{command}: {problem.what}",
        expected=problem.expected,
        fold=f"{problem.kind} {rule} {subject} {command} {about}",
        defect=_defect(case, problem, f"{problem.kind} {rule} {command}"),
        why=step.why,
    )


def _defect(case: Case, problem: Problem, what: str) -> str:
    """Return what the defect is called on all builds, "" for the fold.

    Types have members in common, and refuse them with one voice.
    """
    if problem.defect:
        return f"{what.rpartition(' ')[0]} {problem.defect}"
    of_type = case.subject.kind in (SubjectKind.OBJECT_TYPE, SubjectKind.DEVICE_TYPE)
    if of_type and case.about and problem.kind is Kind.REFUSED:
        return f"{what} {case.about} {problem.fold}"
    return ""
