"""The plan of a build: every case once, in an order of its own, and each refusal with a witness."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from conformance.derive.plan import cases_of
from conformance.derive.steps import PLAIN
from conformance.judge.expect_answer import Accept, Ends, Reject, TakesItsOwn, Understood
from conformance.knowledge.rules import load_rules
from conformance.model.canonical import same
from conformance.model.case import Case, Role
from conformance.model.errors import HarnessError
from conformance.model.terms import Aspect, Outcome, SubjectKind
from tests.derive.builds import build, knowledge, made_plan, plan
from tests.patience import PATIENCE

ROOT = Path(__file__).parents[2]
LIST = "from tests.derive.builds import listing; print(listing(typed=True), listing(typed=False))"

both = pytest.mark.parametrize("typed", [True, False], ids=["typed", "untyped"])


@both
def test_no_two_cases_have_one_id(typed: bool) -> None:
    ids = [case.id for case in made_plan(typed=typed).cases]

    assert len(set(ids)) == len(ids) > 300


def test_two_cases_with_one_id_end_a_plan(monkeypatch: pytest.MonkeyPatch) -> None:
    one, *_ = made_plan(typed=True).cases
    monkeypatch.setattr("conformance.derive.plan._generated", lambda *_: iter([one, one]))

    with pytest.raises(HarnessError, match=f"two cases are named {one.id}"):
        list(cases_of(build(typed=True), knowledge()))


def test_two_ids_with_one_hash_end_no_plan(monkeypatch: pytest.MonkeyPatch) -> None:
    cases = made_plan(typed=True).cases[:2]
    monkeypatch.setattr("conformance.derive.plan._generated", lambda *_: iter(cases))
    monkeypatch.setattr("conformance.derive.plan.hash", lambda _: 1, raising=False)

    found = cases_of(build(typed=True), knowledge())

    assert [case.id for case in found] == [case.id for case in cases]


def test_the_order_and_the_requests_are_the_same_in_every_process() -> None:
    seen = set()
    for seed in ("1", "2"):
        environment = {**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": str(ROOT)}
        done = subprocess.run(
            [sys.executable, "-c", LIST],
            cwd=ROOT,
            env=environment,
            capture_output=True,
            timeout=PATIENCE,
            check=True,
        )
        seen.add(done.stdout)

    assert len(seen) == 1
    assert len(seen.pop()) > 100_000


@both
def test_every_invalid_case_is_refused_first_and_then_witnessed(typed: bool) -> None:
    cases = [c for c in made_plan(typed=typed).cases if c.aspect is Aspect.INVALID]

    assert len(cases) > 150
    apart = [case for case in cases if not case.blocked and not case.together]
    assert [case.id for case in apart if not _witnessed(case)] == []


@both
def test_the_witness_of_an_object_differs_from_the_refused_request(typed: bool) -> None:
    for case in made_plan(typed=typed).cases:
        if case.aspect is Aspect.INVALID and case.subject.kind is SubjectKind.OBJECT_TYPE:
            refused, witness = (
                [step.request.arguments for step in case.steps if step.role is role]
                for role in (Role.SUBJECT, Role.WITNESS)
            )
            # An id that is taken is refused because of the very same request before it.
            assert same(refused, witness) is case.id.endswith("id/taken"), case.id


@both
def test_every_step_cites_a_rule_of_the_catalogue(typed: bool) -> None:
    rules = load_rules()

    assert {s.rule for c in made_plan(typed=typed).cases for s in c.steps} <= rules.keys()


def test_a_refused_set_is_looked_at_before_the_witness_puts_it_right() -> None:
    case = _case("qom-set/invalid/none/machine/level")

    roles = [step.role for step in case.steps]
    # The first of its type is looked at again: a fixed property keeps its value.
    assert roles[-3:] == [Role.CHECK, Role.WITNESS, Role.CHECK]


def test_an_excluded_value_of_a_mandatory_member_is_asked_for() -> None:
    case = _case("object-add/memory-backend-ram/invalid/size/value=0")

    assert isinstance(case.steps[0].expect, Reject)
    assert case.steps[0].rule == "X27"


def test_what_this_host_lacks_blocks_what_must_be_accepted_and_nothing_else() -> None:
    others = (
        *(Aspect.ANSWERS, Aspect.DOCUMENTATION, Aspect.EFFECT, Aspect.GATES, Aspect.PEERS),
        Aspect.STATES,
    )
    seeds = knowledge().seed.commands
    objects = [
        case
        for case in made_plan(typed=False).cases
        if case.aspect not in others
        and (case.subject.kind == "object type" or case.subject.name in seeds)
    ]
    blocked = {c.id: c.blocked for c in objects if c.blocked}

    assert blocked
    assert {b.outcome for b in blocked.values()} == {Outcome.NOT_APPLICABLE}
    kinds = ("/id/", "/defaults/", "/default/", "/errors/", "-machine")
    assert all(any(kind in i for kind in kinds) for i in blocked)


def test_each_subject_keeps_a_row_and_says_why_it_has_no_cases() -> None:
    rows = {row.subject.name: row.note for row in made_plan(typed=True).rows}

    assert rows["toy"] is rows["qom-list"] is None
    assert rows["secret"] == "this build's object-add knows no such type"
    assert set(knowledge().seed.commands) <= rows.keys()


def test_the_row_of_a_command_tells_how_many_members_its_arguments_have() -> None:
    plan_ = made_plan(typed=True)
    members = {row.subject.name: row.members for row in plan_.rows}

    assert members["qom-get"] == 2
    assert plan_.members["qom-get"].labels == {"path", "property"}
    assert members["toy"] == 0


def test_a_type_that_was_not_compiled_in_is_not_applicable() -> None:
    made = build(typed=True)
    types = tuple(info for info in made.model.types if info.name != "toy")
    without = replace(made, model=replace(made.model, types=types))

    cases = {case.id: case for case in plan(without, knowledge()).cases}
    blocked = cases["object-add/toy/valid/mandatory-only"].blocked
    assert blocked is not None
    assert blocked.outcome is Outcome.NOT_APPLICABLE
    assert cases["object-add/iothread/valid/mandatory-only"].blocked is None


def _case(case_id: str) -> Case:
    return next(case for case in made_plan(typed=True).cases if case.id == case_id)


def _witnessed(case: Case) -> bool:
    refused = [s for s in case.steps if s.role is Role.SUBJECT]
    witnesses = [s for s in case.steps if s.role is Role.WITNESS]
    proving = Accept | Ends | TakesItsOwn | Understood
    return bool(refused and witnesses) and all(isinstance(s.expect, proving) for s in witnesses)


def test_a_tree_is_walked_where_no_object_has_left_a_container() -> None:
    walked = [case for case in made_plan(typed=True).cases if "/introspection/none/" in case.id]

    assert walked
    assert PLAIN.name not in {case.stage.name for case in walked}
