"""The errors of a command: what is asked, between which requests, and what must come of it."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import pytest

from conformance.derive.commands.errors import ANY_CLASS, UNPROVOKED, error_cases
from conformance.derive.steps import PLAIN
from conformance.digest.declaration import EntityKind
from conformance.digest.digest import DigestEntity
from conformance.judge.expect_answer import Answer, Reject
from conformance.judge.expect_value import Repeats
from conformance.knowledge.commands import CommandRecipe, Further
from conformance.knowledge.refusals import Reference, Refusal, UnprovokedError, When
from conformance.knowledge.valid_request import Effect
from conformance.knowledge.versions import VersionRange
from conformance.model.case import Case, Isolation, Role
from conformance.model.stage import MachineSpec, Request
from conformance.model.terms import ABSENT, ErrorClass
from tests.derive.inputs import a_build, declaring, known
from tests.qapi.schemas import array, command, member, optional, schema_of, struct

SCHEMA = schema_of(
    struct("Inner", member("node", "str")),
    array("[Inner]", "Inner"),
    struct("Args", member("id", "str"), optional("more", "[Inner]")),
    command("act", "Args"),
)
LOOK, PUT, GONE = (Request(name, ABSENT) for name in ("look", "put", "gone"))
NOTHING: Mapping[str, str] = MappingProxyType({})
GENERIC, NOT_FOUND = ErrorClass.GENERIC, ErrorClass("DeviceNotFound")


def _recipe(*references: Reference, **more: Any) -> CommandRecipe:
    return CommandRecipe(
        name="act",
        arguments={"id": "one"},
        setup=(PUT,),
        cleanup=(GONE,),
        references=references,
        **more,
    )


def _refusal(**more: Any) -> Refusal:
    made: Mapping[str, Any] = {
        "name": "twice",
        "arguments": {},
        "setup": (),
        "cleanup": (),
        "classes": frozenset({GENERIC}),
        "versions": VersionRange(),
        "reason": "it is done already",
    }
    return Refusal(**{**made, **more})


def _cases(
    recipe: CommandRecipe, lacks: Mapping[str, str] = NOTHING, **documented: Any
) -> list[Case]:
    entity = DigestEntity(kind=EntityKind.COMMAND, name="act", **documented)
    facts = declaring({"act": entity}) if documented else None
    return list(error_cases(a_build(SCHEMA, facts=facts, lacks=lacks), known(recipe), "act"))


def _names(case: Case) -> list[tuple[Role, str]]:
    return [(step.role, step.request.execute) for step in case.steps]


def _subject(case: Case) -> tuple[object, str, frozenset[str]]:
    (step,) = (step for step in case.steps if step.role is Role.SUBJECT)
    assert isinstance(step.expect, Reject)
    return step.request.arguments, step.rule, frozenset(map(str, step.expect.classes))


TO_ONE = Reference(at=("id",), to="thing", instead="no-such-thing")


def test_a_reference_is_refused_between_looks_and_then_the_request_succeeds() -> None:
    (case,) = _cases(_recipe(TO_ONE, state_queries=(LOOK,)))

    assert case.id == "act/errors/not-there/id"
    assert _names(case) == [
        (Role.SETUP, "put"),
        (Role.SETUP, "look"),
        (Role.SUBJECT, "act"),
        (Role.CHECK, "look"),
        (Role.WITNESS, "act"),
        (Role.CLEANUP, "gone"),
    ]
    assert case.steps[3].expect == Repeats(1)
    assert case.steps[4].request.arguments == {"id": "one"}
    assert _subject(case) == ({"id": "no-such-thing"}, "X34", ANY_CLASS)
    assert case.isolation is Isolation.SHARED


def test_what_is_not_there_may_have_any_class_but_that_of_an_unknown_command() -> None:
    assert {str(each) for each in ErrorClass} - ANY_CLASS == {str(ErrorClass.COMMAND_NOT_FOUND)}


@pytest.mark.parametrize(
    ("reference", "documented", "rule", "classes"),
    [
        ({"classes": frozenset({NOT_FOUND})}, {}, "X34", ANY_CLASS),
        ({"classes": frozenset({NOT_FOUND})}, {"errors": (GENERIC,)}, "X34", ANY_CLASS),
        ({"classes": frozenset({NOT_FOUND})}, {"errors": (NOT_FOUND,)}, "X19", {NOT_FOUND}),
        ({"item": 1}, {"error_items": (NOT_FOUND,)}, "X19", {NOT_FOUND}),
        ({"item": 1}, {"error_items": ("",)}, "Q29", ANY_CLASS),
        ({"item": 2}, {"error_items": ("",)}, "X34", ANY_CLASS),
    ],
    ids=["no source", "another class", "class", "item with class", "item", "no such item"],
)
def test_a_class_is_promised_only_where_just_this_release_documents_it(
    reference: Mapping[str, Any], documented: Mapping[str, Any], rule: str, classes: set[str]
) -> None:
    made = Reference(at=("id",), to="thing", instead="x", **reference)
    case = _cases(_recipe(made), **documented)[0]

    assert _subject(case)[1:] == (rule, frozenset(map(str, classes)))


@pytest.mark.parametrize(
    ("at", "given", "arguments"),
    [
        (("more", "0", "node"), [{"node": "a"}, {"node": "b"}], [{"node": "x"}, {"node": "b"}]),
        (("more", "1", "node"), [{"node": "a"}, {"node": "b"}], [{"node": "a"}, {"node": "x"}]),
        (("more", "0", "node"), [], [{"node": "x"}]),
    ],
    ids=["first", "second", "added"],
)
def test_a_reference_can_stand_in_an_array(at: tuple[str, ...], given: Any, arguments: Any) -> None:
    further = Further(
        name="of-many",
        arguments={"id": "one", "more": given},
        references=(Reference(at=at, to="node", instead="x"),),
    )
    (case,) = _cases(_recipe(further=(further,)))

    assert case.id == f"act/errors/of-many/not-there/{'.'.join(at)}"
    assert _subject(case)[0] == {"id": "one", "more": arguments}


@pytest.mark.parametrize(
    "reference",
    [
        Reference(at=("other",), to="thing", instead="x"),
        Reference(at=("id",), to="thing", instead="x", versions=VersionRange("<10")),
    ],
    ids=["member", "version"],
)
def test_what_this_build_does_not_have_is_passed_over(reference: Reference) -> None:
    assert _cases(_recipe(reference)) == []


def test_arguments_that_do_not_go_along_are_left_out_of_the_refused_request_alone() -> None:
    recipe = CommandRecipe(
        name="act",
        arguments={"id": "one", "more": []},
        references=(Reference(at=("id",), to="thing", instead="x", without=frozenset({"more"})),),
    )
    (case,) = _cases(recipe)

    assert _subject(case)[0] == {"id": "x"}
    assert case.steps[-1].request.arguments == {"id": "one", "more": []}


@pytest.mark.parametrize(
    ("when", "order"),
    [
        (When.APART, ["look", "act", "look", "put", "act", "gone"]),
        (When.BEFORE, ["put", "look", "act", "look", "act", "gone"]),
        (When.AFTER, ["put", "act", "look", "act", "look", "gone"]),
    ],
    ids=str,
)
def test_a_refusal_stands_beside_the_recipe_where_it_says(when: When, order: list[str]) -> None:
    (case,) = _cases(_recipe(refusals=(_refusal(when=when, setup=(LOOK,), cleanup=(LOOK,)),)))

    assert [name for _, name in _names(case)] == order
    arguments, rule, classes = _subject(case)
    assert arguments == ({} if when is When.APART else {"id": "one"})
    assert rule == "X27"
    assert classes == ({str(GENERIC)} if when is When.APART else ANY_CLASS)


@pytest.mark.parametrize("when", When, ids=str)
def test_what_nothing_promises_to_be_refused_must_be_answered(when: When) -> None:
    open_one = _refusal(when=when, setup=(LOOK,), cleanup=(LOOK,), open="no text says so")

    (case,) = _cases(_recipe(refusals=(open_one,)))

    (subject,) = [step for step in case.steps if step.role is Role.SUBJECT]
    assert subject.expect == Answer()
    assert subject.rule == "W35"


def test_the_promise_of_a_refusal_is_told() -> None:
    (case,) = _cases(_recipe(refusals=(_refusal(promise="a text says so"),)))

    (subject,) = [step for step in case.steps if step.role is Role.SUBJECT]
    assert subject.why == "it is done already (a text says so)"


@pytest.mark.parametrize(
    ("effect", "lasting", "isolation"),
    [
        (Effect.NONE, False, Isolation.SHARED),
        (Effect.NONE, True, Isolation.ALONE),
        (Effect.DESTRUCTIVE, False, Isolation.ALONE),
    ],
    ids=["nothing", "refusal", "recipe"],
)
def test_what_lasts_gets_a_machine_of_its_own(
    effect: Effect, lasting: bool, isolation: Isolation
) -> None:
    (case,) = _cases(_recipe(effect=effect, refusals=(_refusal(destructive=lasting),)))

    assert case.isolation is isolation


@pytest.mark.parametrize(
    ("when", "witness", "roles"),
    [
        (When.APART, None, [Role.SETUP, Role.SUBJECT, Role.CLEANUP]),
        (When.APART, {"id": "there"}, [Role.SETUP, Role.SUBJECT, Role.CLEANUP, Role.WITNESS]),
        (When.AFTER, {"id": "there"}, [Role.WITNESS, Role.SETUP, Role.SUBJECT, Role.CLEANUP]),
    ],
    ids=["without a witness", "witness after", "witness before"],
)
def test_a_refusal_on_a_machine_of_its_own_has_nothing_of_the_recipe_around_it(
    when: When, witness: Mapping[str, Any] | None, roles: list[Role]
) -> None:
    spec = MachineSpec(machine="other")
    refusal = _refusal(when=when, setup=(LOOK,), cleanup=(LOOK,), spec=spec, witness=witness)
    (case,) = _cases(_recipe(refusals=(refusal,), needs=("kvm",)), lacks={"kvm": "no KVM"})

    assert [step.role for step in case.steps] == roles
    assert case.stage.spec == spec
    assert case.blocked is None
    witnesses = [step.request.arguments for step in case.steps if step.role is Role.WITNESS]
    assert witnesses == ([] if witness is None else [witness])


def test_a_refusal_on_the_plain_machine_shares_it() -> None:
    (case,) = _cases(_recipe(refusals=(_refusal(spec=MachineSpec()),), effect=Effect.DESTRUCTIVE))

    assert case.stage == PLAIN
    assert case.isolation is Isolation.SHARED


def test_a_documented_error_that_nothing_provokes_stays_with_its_reason() -> None:
    recipe = _recipe(unprovoked=(UnprovokedError(item=2, name="", reason="needs an earthquake"),))
    cases = _cases(recipe, errors=(GENERIC, NOT_FOUND), error_items=(GENERIC, "", ""))

    assert {case.id: case.blocked.reason for case in cases if case.blocked} == {
        "act/errors/documented-1": UNPROVOKED,
        "act/errors/documented-2": "needs an earthquake",
        "act/errors/documented-3": UNPROVOKED,
        "act/errors/documented-DeviceNotFound": UNPROVOKED,
    }


def test_a_documented_error_that_a_reference_provokes_is_not_named_again() -> None:
    reference = Reference(at=("id",), to="thing", instead="x", item=1)
    cases = _cases(_recipe(reference), errors=(NOT_FOUND,), error_items=(NOT_FOUND,))

    assert [case.id for case in cases] == ["act/errors/not-there/id"]
