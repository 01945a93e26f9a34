"""Requests for objects that are to be refused: what something promises, and what nothing does."""

from __future__ import annotations

from conformance.derive.objects.lifecycle import error_cases
from conformance.judge.expect_answer import Answer, Reject
from conformance.judge.expect_value import UnchangedIfRefused
from conformance.knowledge.everything import Knowledge
from conformance.knowledge.recipes import ErrorRecipe, ObjectRecipe, Recipes
from conformance.model.case import Case, Role
from tests.derive.builds import build


def case_of(error: ErrorRecipe) -> Case:
    recipe = ObjectRecipe(type="toy", errors=(error,))
    cases = error_cases(build(typed=True), Knowledge(recipes=Recipes([recipe])), "toy")
    return next(case for case in cases if case.id.endswith("/odd"))


def test_what_is_promised_is_refused_and_leaves_no_object() -> None:
    case = case_of(ErrorRecipe(name="odd", reason="it is odd", promise="a text says so"))

    subject = next(step for step in case.steps if step.role is Role.SUBJECT)
    assert isinstance(subject.expect, Reject)
    assert (subject.rule, subject.why) == ("X27", "it is odd (a text says so)")


def test_what_is_open_is_answered_and_leaves_what_it_found_if_it_is_refused() -> None:
    case = case_of(ErrorRecipe(name="odd", reason="it is odd", open="no text says so"))

    before, subject, after, undone, witness, *_ = case.steps
    assert isinstance(subject.expect, Answer)
    assert (subject.rule, subject.why) == ("W35", "no text says so")
    assert isinstance(after.expect, UnchangedIfRefused)
    assert before.request == after.request
    assert undone.request.execute == "object-del"
    assert witness.role is Role.WITNESS
