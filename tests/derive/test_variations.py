"""From one request that succeeds come others that the schema allows too, one change at a time."""

from __future__ import annotations

from typing import Any

import pytest

from conformance.derive.commands.invalid import invalid_cases
from conformance.derive.commands.variations import variation_cases
from conformance.derive.objects.shape import OBJECT_ADD
from conformance.derive.unique import named_apart
from conformance.judge.expect_answer import Accept, Answer, Understood
from conformance.knowledge.arguments import Unchecked
from conformance.knowledge.commands import CommandRecipe, Further
from conformance.knowledge.ranges import RangeRecipe
from conformance.knowledge.valid_request import Effect
from conformance.knowledge.versions import VersionRange
from conformance.model.case import Case, Isolation, Role, Step
from conformance.model.stage import Request
from conformance.model.terms import Outcome
from conformance.qapi.model import Schema
from tests.derive.inputs import cases_of_schema
from tests.qapi.schemas import (
    Entry,
    alternate,
    array,
    command,
    enum,
    member,
    optional,
    schema_of,
    struct,
    union,
)

UNDO = Request("undo", {})


def schema_with(*members: Entry, types: tuple[Entry, ...] = (), name: str = "do") -> Schema:
    return schema_of(struct("Arguments", *members), command(name, "Arguments"), *types)


def cases_of(
    schema: Schema, recipe: CommandRecipe | None = None, *, name: str = "do", **settings: Any
) -> dict[str, Case]:
    found = cases_of_schema(variation_cases, schema, recipe, name, **settings)
    cases = {case.id.removeprefix(f"{name}/valid/"): case for case in found}
    assert len(cases) == len(found)
    return {label: case for label, case in cases.items() if not label.startswith("siblings/")}


def recipe_with(**settings: Any) -> CommandRecipe:
    return CommandRecipe(**{"name": "do", "arguments": {"name": "a"}, **settings})


def range_with(**settings: Any) -> dict[str, tuple[RangeRecipe, ...]]:
    return {"do": (RangeRecipe(**{"command": "do", "arguments": {"name": "a"}, **settings}),)}


def subject(case: Case) -> Step:
    return next(step for step in case.steps if step.role is Role.SUBJECT)


def asked(case: Case) -> Any:
    return subject(case).request.arguments


def steps(case: Case, role: Role) -> list[Step]:
    return [step for step in case.steps if step.role is role]


MODE = enum("Mode", "on", "off")


@pytest.mark.parametrize(
    ("changed", "types", "wanted"),
    [
        (optional("m", "bool"), (), {"m=true": True, "m=false": False}),
        (optional("m", "int"), (), {"m=given": 1}),
        (member("m", "Mode"), (MODE,), {"m=on": "on", "m=off": "off"}),
        (member("m", "bool"), (), {"m=true": True, "m=false": False}),
        (member("m", "str"), (), {}),
        (
            member("m", "List"),
            (array("List", "Mode"), MODE),
            {"m.0=on": ["on"], "m.0=off": ["off"]},
        ),
        (
            member("m", "Pick"),
            (alternate("Pick", "Mode", "bool", "Box", "null"), MODE, struct("Box")),
            {
                "m:string=on": "on",
                "m:string=off": "off",
                "m:boolean=true": True,
                "m:boolean=false": False,
                "m:object": {},
                "m:null": None,
            },
        ),
    ],
    ids=["boolean", "integer", "enum", "mandatory", "mandatory-string", "array", "alternate"],
)
def test_a_member_takes_each_value_that_its_type_tells_apart(
    changed: Entry, types: tuple[Entry, ...], wanted: dict[str, Any]
) -> None:
    cases = cases_of(
        schema_with(member("name", "str"), changed, types=types),
        recipe_with(arguments={"name": "a", "m": "b"} if not wanted else {"name": "a"}),
    )

    assert {name: asked(case)["m"] for name, case in cases.items()} == wanted


UNION = (
    union("Node", "kind", [member("kind", "Kind"), optional("next", "Node")],
          {"file": "File", "ram": "Ram"}),
    enum("Kind", "file", "ram", "none"),
    struct("File", member("data", "str")),
    struct("Ram", member("data", "int"), optional("size", "int")),
)  # fmt: skip


def test_each_branch_of_a_union_is_taken_at_every_depth_and_its_members_added() -> None:
    recipe = recipe_with(arguments={"node": {"kind": "file", "data": "f"}})
    cases = cases_of(schema_with(member("node", "Node"), types=UNION), recipe)

    nodes = {name: asked(case)["node"] for name, case in cases.items()}
    assert nodes.pop("node.next=given")["next"].keys() == {"kind", "data"}
    assert nodes == {
        "node.kind:file": {"kind": "file", "data": "f"},
        "node.kind:ram": {"kind": "ram", "data": 1},
        "node.kind:none": {"kind": "none"},
        "node.kind:ram.size=given": {"kind": "ram", "data": 1, "size": 1},
    }
    assert subject(cases["node.kind:ram"]).rule == "Q19"


def test_nothing_is_claimed_of_a_request_that_nobody_has_seen_succeed() -> None:
    recipe = recipe_with(setup=(Request("prepare", {}),), cleanup=(UNDO,))
    case = cases_of(schema_with(member("name", "str"), optional("m", "bool")), recipe)["m=true"]

    assert subject(case).expect == Understood()
    assert [step.expect for step in steps(case, Role.CLEANUP)] == [Answer(), Answer()]
    assert case.isolation is Isolation.SHARED


def test_the_recipes_own_value_must_be_accepted() -> None:
    recipe = recipe_with(arguments={"m": True})
    cases = cases_of(schema_with(member("m", "bool")), recipe)

    assert subject(cases["m=true"]).expect == Accept()
    assert subject(cases["m=false"]).expect == Understood()


def test_a_request_that_never_succeeds_need_not() -> None:
    recipe = recipe_with(arguments={"m": True}, always_fails="it was taken away")
    cases = cases_of(schema_with(member("m", "bool")), recipe)

    assert subject(cases["m=true"]).expect == Understood()


def test_a_request_written_for_integers_need_not_succeed_without_one() -> None:
    schema = schema_with(member("name", "str"), optional("n", "int"), optional("m", "bool"))
    ranges = range_with(arguments={"name": "a", "m": True}, paths=("n",))

    cases = cases_of(schema, ranges=ranges)

    assert subject(cases["m=true"]).expect == Understood()
    assert subject(cases["n=given"]).expect == Accept()


def test_what_a_recipe_knows_to_be_accepted_must_be() -> None:
    ranges = range_with(
        accepted=("mode=on",),
        cleanup=(Request("undo", {"mode": "{value}"}),),
    )
    schema = schema_with(member("name", "str"), optional("mode", "Mode"), types=(MODE,))

    cases = cases_of(schema, ranges=ranges)

    assert subject(cases["mode=on"]).expect == Accept()
    (undo,) = steps(cases["mode=on"], Role.CLEANUP)
    assert undo.request == Request("undo", {"mode": "on"})
    assert undo.expect == Accept()
    assert subject(cases["mode=off"]).expect == Understood()


def test_values_of_a_recipe_stand_in_for_one_that_means_nothing() -> None:
    ranges = range_with(values={"address": ("::1", "::2")})
    schema = schema_with(member("name", "str"), optional("address", "str"))

    cases = cases_of(schema, ranges=ranges)

    assert {name: asked(case)["address"] for name, case in cases.items()} == {
        "address=given": "::1",
        "address=given-2": "::2",
    }


def test_a_further_request_holds_what_the_first_does_not() -> None:
    schema = schema_with(member("node", "Node"), types=UNION)
    further = Further(name="ram", arguments={"node": {"kind": "ram", "data": 7}}, cleanup=(UNDO,))
    recipe = recipe_with(arguments={"node": {"kind": "file", "data": "f"}}, further=(further,))

    cases = cases_of(schema, recipe)

    assert asked(cases["node.kind:ram"]) == {"node": {"kind": "ram", "data": 7}}
    assert subject(cases["node.kind:ram"]).expect == Accept()
    assert asked(cases["node.kind:ram.size=given"])["node"]["data"] == 7


def test_a_request_that_shares_its_machine_is_taken_before_one_that_cannot() -> None:
    schema = schema_with(member("name", "str"), optional("m", "bool"))
    recipe = recipe_with(effect=Effect.DESTRUCTIVE)

    alone = cases_of(schema, recipe)
    shared = cases_of(schema, recipe, ranges=range_with())

    assert {case.isolation for case in alone.values()} == {Isolation.ALONE}
    assert {case.isolation for case in shared.values()} == {Isolation.SHARED}


def test_what_is_never_tried_and_what_needs_no_end_are_not_run() -> None:
    schema = schema_with(member("name", "str"), optional("m", "bool"))
    cases = cases_of(schema, recipe_with(), ranges=range_with(paths=("m",), omit="it waits"))

    blocked = cases["m=true"].blocked
    assert blocked is not None
    assert (blocked.outcome, blocked.reason) == (Outcome.UNTRIED, "it waits")
    assert not cases["m=true"].steps


def test_nothing_is_varied_where_arguments_are_unchecked_or_tried_elsewhere() -> None:
    schema = schema_with(member("node", "Node"), optional("m", "bool"), types=UNION)

    untyped = Unchecked(name="do", versions=VersionRange(), reason="r")

    assert not cases_of(schema, unchecked=(untyped,))
    object_add = schema_with(
        member("node", "Node"), optional("m", "bool"), types=UNION, name=OBJECT_ADD
    )
    assert set(cases_of(object_add, name=OBJECT_ADD)) == {"m=true", "m=false"}


def test_a_mark_becomes_a_word_that_no_other_case_has() -> None:
    schema = schema_with(member("name", "str"), optional("m", "bool"))
    recipe = recipe_with(arguments={"name": "{unique}-job"}, cleanup=(UNDO,))

    cases = cases_of(schema, recipe).values()
    names = [asked(named_apart(case))["name"] for case in cases]

    assert len(set(names)) == 2
    assert all(name.endswith("-job") and "{" not in name for name in names)


def test_the_descriptor_of_a_recipe_goes_along_with_each_variation() -> None:
    schema = schema_with(member("name", "str"), optional("m", "bool"))
    cases = cases_of(schema, recipe_with(descriptor="memfd"))

    assert {subject(case).request.descriptor for case in cases.values()} == {"memfd"}


def test_a_request_that_is_apart_is_for_what_it_is_known_to_succeed_with_alone() -> None:
    ranges = range_with(
        arguments={"name": "b"}, paths=("mode", "n"), accepted=("mode=on",), apart=True
    )
    schema = schema_with(
        member("name", "str"), optional("mode", "Mode"), optional("n", "int"), types=(MODE,)
    )

    cases = cases_of(schema, recipe_with(), ranges=ranges)

    assert asked(cases["mode=on"]) == {"name": "b", "mode": "on"}
    assert subject(cases["mode=on"]).expect == Accept()
    assert asked(cases["mode=off"])["name"] == "a"
    assert asked(cases["n=given"]) == {"name": "b", "n": 1}
    faults = cases_of_schema(invalid_cases, schema, recipe_with(), "do", ranges=ranges)
    assert {asked(case)["name"] for case in faults if "/mode/" in case.id} == {"a"}
