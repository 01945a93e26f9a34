"""Every argument is wrong in every way once, beside the same request without the fault."""

from __future__ import annotations

from typing import Any

import pytest

from conformance.derive.commands.invalid import invalid_cases
from conformance.derive.objects.shape import OBJECT_ADD
from conformance.judge.expect_answer import Accept, Answer, Ends, Reject, Understood
from conformance.knowledge.arguments import Unchecked
from conformance.knowledge.commands import CommandRecipe
from conformance.knowledge.ranges import Limits, RangeRecipe
from conformance.knowledge.valid_request import Effect
from conformance.knowledge.versions import VersionRange
from conformance.model.case import Case, Isolation, Role
from conformance.model.stage import NEGOTIATION, MachineSpec, Request
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
PREPARE = Request("prepare", {})


def schema_with(*members: Entry, types: tuple[Entry, ...] = (), name: str = "do") -> Schema:
    return schema_of(struct("Arguments", *members), command(name, "Arguments"), *types)


def cases_of(
    schema: Schema, recipe: CommandRecipe | None = None, *, name: str = "do", **settings: Any
) -> dict[str, Case]:
    found = cases_of_schema(invalid_cases, schema, recipe, name, **settings)
    cases = {case.id.removeprefix(f"{name}/invalid/"): case for case in found}
    assert len(cases) == len(found)
    return cases


def recipe_with(**settings: Any) -> CommandRecipe:
    whole = {"name": "do", "arguments": {"name": "a"}, **settings}
    return CommandRecipe(**whole)


def asked(case: Case, role: Role = Role.SUBJECT) -> list[Any]:
    return [step.request.arguments for step in case.steps if step.role is role]


def rule_of(case: Case) -> str:
    return next(step.rule for step in case.steps if step.role is Role.SUBJECT)


def test_a_string_is_missing_of_every_other_type_and_in_strange_company() -> None:
    cases = cases_of(schema_with(member("name", "str")), recipe_with())

    assert {name: asked(case) for name, case in cases.items()} == {
        "unknown-member": [{"name": "a", "no-such-member": 1}],
        "downstream-member": [{"name": "a", "__org.example_x": 1}],
        "type=null": [None],
        "type=boolean": [True],
        "type=int": [1],
        "type=string": ["1"],
        "type=array": [[]],
        "name/missing": [{}],
        "name/type=null": [{"name": None}],
        "name/type=boolean": [{"name": True}],
        "name/type=int": [{"name": 1}],
        "name/type=array": [{"name": []}],
        "name/type=object": [{"name": {}}],
    }
    assert all(asked(case, Role.WITNESS) == [{"name": "a"}] for case in cases.values())
    assert rule_of(cases["type=null"]) == "W23"
    assert rule_of(cases["name/missing"]) == "Q15"
    assert cases["name/missing"].about == "name"


def test_a_command_without_arguments_takes_none() -> None:
    cases = cases_of(schema_with())

    assert "unknown-member" in cases
    assert all(asked(case, Role.WITNESS) == [{}] for case in cases.values())


@pytest.mark.parametrize(
    ("kind", "types", "labels"),
    [
        ("Mode", (enum("Mode", "on", "off"),), {"unknown", "case", "empty", "type=int"}),
        ("List", (array("List", "int"),), {"element", "last/type=string", "last/fraction"}),
        ("Pick", (alternate("Pick", "str", "int"),), {"type=boolean", "type=null"}),
    ],
    ids=["enum", "array", "alternate"],
)
def test_a_member_is_wrong_as_its_kind_can_be(
    kind: str, types: tuple[Entry, ...], labels: set[str]
) -> None:
    cases = cases_of(schema_with(member("m", kind), types=types))

    assert labels <= {name.removeprefix("m/") for name in cases if name.startswith("m/")}


def test_the_size_of_an_integer_is_left_to_others() -> None:
    cases = cases_of(schema_with(member("n", "int")))

    assert "n/fraction" in cases
    assert "n/huge" not in cases


NESTED = (
    union("Node", "kind", [member("kind", "Kind"), optional("next", "Node")],
          {"file": "File", "ram": "Ram"}),
    enum("Kind", "file", "ram", "none"),
    struct("File", member("path", "str")),
    struct("Ram", optional("size", "int")),
)  # fmt: skip


def test_faults_are_tried_within_objects_and_each_branch_of_a_union() -> None:
    cases = cases_of(schema_with(member("node", "Node"), types=NESTED))

    assert asked(cases["node.kind/missing"])[0]["node"].keys() == {"path"}
    assert asked(cases["node.kind/unknown"])[0]["node"]["kind"] == "no-such-value"
    ram = cases["node.kind:ram/foreign-member"]
    assert asked(ram)[0]["node"].keys() == {"kind", "path"}
    assert (rule_of(ram), asked(ram, Role.WITNESS)) == ("Q20", [{"node": {"kind": "ram"}}])
    assert asked(cases["node.kind:ram.size/type=string"]) == [
        {"node": {"kind": "ram", "size": text}} for text in ("1", "0x10", "1k", "1.5")
    ]
    # A type is entered once: within "next" nothing more is tried.
    assert asked(cases["node.next/type=int"])[0]["node"]["next"] == 1
    assert not any(name.startswith("node.next.") for name in cases)


def test_what_a_recipe_does_not_hold_is_added_and_no_success_is_claimed() -> None:
    schema = schema_with(member("name", "str"), optional("more", "bool"))
    recipe = recipe_with(setup=(PREPARE,), cleanup=(UNDO,))
    case = cases_of(schema, recipe)["more/type=int"]

    steps = [(s.request.execute, s.request.arguments, s.expect, s.role) for s in case.steps]
    assert steps == [
        ("prepare", {}, Accept(), Role.SETUP),
        ("do", {"name": "a", "more": 1}, Reject(), Role.SUBJECT),
        ("do", {"name": "a", "more": True}, Understood(), Role.WITNESS),
        # What was refused has not used up what was set up.
        ("do", {"name": "a"}, Answer(), Role.CLEANUP),
        ("undo", {}, Answer(), Role.CLEANUP),
    ]


def test_without_a_recipe_no_request_names_what_another_names() -> None:
    cases = cases_of(schema_with(member("name", "str")))

    named = {asked(case, Role.WITNESS)[0]["name"] for case in cases.values()}
    assert len(named) == len(cases)
    assert all(isinstance(c.steps[-1].expect, Understood) for c in cases.values())


def test_what_is_added_to_a_recipe_names_nothing_that_another_case_names() -> None:
    schema = schema_with(member("name", "str"), optional("path", "str"))
    cases = cases_of(schema, recipe_with())

    (one,), (other,) = (
        asked(cases[f"path/{label}"], Role.WITNESS) for label in ("type=null", "type=int")
    )
    assert one["name"] == other["name"] == "a"
    assert one["path"] != other["path"]


def test_what_changes_the_machine_gets_one_of_its_own_for_all_faults_of_a_member() -> None:
    cases = cases_of(schema_with(member("name", "str")), recipe_with(effect=Effect.DESTRUCTIVE))

    assert set(cases) == {"members", "name/faults"}
    assert {case.isolation for case in cases.values()} == {Isolation.ALONE}
    assert len(asked(cases["name/faults"])) == 6
    assert asked(cases["name/faults"], Role.WITNESS) == [{"name": "a"}]


def test_what_ends_the_build_is_not_followed_by_anything() -> None:
    recipe = recipe_with(effect=Effect.END, cleanup=(UNDO,))
    case = cases_of(schema_with(member("name", "str")), recipe)["members"]

    assert (case.steps[-1].role, case.steps[-1].expect) == (Role.WITNESS, Ends())


def test_the_negotiation_is_tried_where_it_has_not_ended() -> None:
    schema = schema_with(optional("some", "bool"), name=NEGOTIATION)
    cases = cases_of(schema, name=NEGOTIATION)

    assert {case.stage.capabilities for case in cases.values()} == {None}
    assert {case.isolation for case in cases.values()} == {Isolation.ALONE}


def test_an_integer_is_given_as_it_is_known_to_be_accepted() -> None:
    schema = schema_with(member("name", "str"), optional("n", "int"))
    limits = {"n": Limits(least=7, reason="the text")}
    known = RangeRecipe(command="do", arguments={"name": "b"}, limits=limits)
    case = cases_of(schema, ranges={"do": (known,)})["n/type=string"]

    (witness,) = (step for step in case.steps if step.role is Role.WITNESS)
    assert (witness.request.arguments, witness.expect) == ({"name": "b", "n": 7}, Accept())


def test_a_recipe_whose_needs_are_lacking_is_passed_over() -> None:
    schema = schema_with(member("name", "str"))
    known = RangeRecipe(command="do", arguments={"name": "b"}, needs=("gpu",))
    cases = cases_of(schema, ranges={"do": (known,)}, lacks={"gpu": "none here"})

    assert asked(cases["name/missing"], Role.WITNESS) != [{"name": "b"}]


def test_what_a_recipe_omits_is_not_asked_and_says_why() -> None:
    schema = schema_with(member("name", "str"), optional("n", "int"))
    never = RangeRecipe(command="do", paths=("n",), omit="it waits for ever")

    cases = cases_of(schema, recipe_with(), ranges={"do": (never,)})

    blocked = {name: case.blocked for name, case in cases.items() if case.blocked}
    assert {name.split("/")[0] for name in blocked} == {"n"}
    assert {each.reason for each in blocked.values()} == {"it waits for ever"}


def test_the_arguments_of_unchecked_commands_are_not_tried() -> None:
    schema = schema_with(member("node", "Node"), types=NESTED)
    untyped = tuple(
        Unchecked(name=name, versions=VersionRange(), reason="r") for name in ("do", OBJECT_ADD)
    )

    assert cases_of(schema, unchecked=untyped) == {}
    object_add = schema_with(member("node", "Node"), types=NESTED, name=OBJECT_ADD)
    shallow = cases_of(object_add, name=OBJECT_ADD, unchecked=untyped)
    assert "node/missing" in shallow
    assert not any(name.startswith("node.") for name in shallow)


def test_what_no_finite_request_holds_is_untestable() -> None:
    schema = schema_with(member("loop", "Loop"), types=(struct("Loop", member("loop", "Loop")),))
    cases = cases_of(schema)

    assert all(case.blocked and not case.steps for case in cases.values())


def test_machines_are_the_command_s_own_unless_nothing_stays_behind() -> None:
    schema = schema_with(member("name", "str"))
    on_pc = recipe_with(spec=MachineSpec(machine="pc"), reason="a device")

    stages = [
        cases_of(schema, recipe)["name/missing"].stage for recipe in (None, recipe_with(), on_pc)
    ]
    assert len({stage.name for stage in stages}) == 3
    assert [stage.spec.machine for stage in stages] == ["none", "none", "pc"]
