"""Refused requests stand together between two looks at the state of their machine."""

from __future__ import annotations

from dataclasses import replace

from conformance.derive.commands.errors import error_cases
from conformance.derive.commands.invalid import invalid_cases
from conformance.derive.commands.ranges import range_cases
from conformance.derive.commands.unchanged import TOGETHER, each_alone
from conformance.derive.commands.valid import asked_cases
from conformance.derive.subjects import Cases
from conformance.judge.expect_answer import Answer, Refused
from conformance.judge.expect_value import Unchanged
from conformance.knowledge.commands import CommandRecipe
from conformance.knowledge.refusals import Reference
from conformance.knowledge.state_queries import StateEntry, StateKnowledge
from conformance.knowledge.versions import VersionRange
from conformance.model.case import Case, Isolation, Role, Step
from conformance.model.flavour import Program
from conformance.model.stage import MachineSpec, Request
from tests.derive.inputs import a_build, known
from tests.qapi.schemas import array, command, enum, member, optional, schema_of, struct

KINDS = tuple(f"k{number}" for number in range(3))
SCHEMA = schema_of(
    struct("Arguments", member("name", "str"), optional("kind", "Kind"), optional("n", "int")),
    enum("Kind", *KINDS),
    struct("Named", member("path", "str")),
    struct("Node", member("name", "str")),
    array("[Node]", "Node"),
    command("do", "Arguments"),
    command("undo"),
    command("prepare"),
    command("query-nodes", ret="[Node]"),
    command("qom-list", "Named", ret="[Node]"),
)
NODES, TREE = Request("query-nodes"), Request("qom-list", {"path": "/objects"})
STATE = StateKnowledge(
    (
        StateEntry(request=NODES),
        StateEntry(request=TREE),
        StateEntry(request=Request("query-gone")),
        StateEntry(request=Request("qom-list")),
        StateEntry(request=NODES, versions=VersionRange("<5")),
    )
)
RECIPE = CommandRecipe(
    name="do",
    arguments={"name": "a"},
    setup=(Request("prepare"),),
    cleanup=(Request("undo"),),
    references=(Reference(at=("name",), to="thing", instead="nobody"),),
)


def unchanged(
    recipe: CommandRecipe = RECIPE,
    generator: Cases = invalid_cases,
    state: StateKnowledge = STATE,
) -> list[Case]:
    made = generator(a_build(SCHEMA), known(recipe, state=state), "do")
    return [case for case in made if "/unchanged/" in case.id]


def looks(case: Case, role: Role) -> list[Step]:
    return [step for step in case.steps if step.role is role and step.request in (NODES, TREE)]


def test_without_a_set_up_they_share_a_machine_of_their_own() -> None:
    prepared, *_ = unchanged()
    assert prepared.isolation is Isolation.ALONE

    plain, *_ = unchanged(replace(RECIPE, setup=()))
    assert plain.isolation is Isolation.SHARED
    assert plain.stage.kept
    others = invalid_cases(a_build(SCHEMA), known(replace(RECIPE, setup=())), "do")
    assert plain.stage.name not in {
        case.stage.name for case in others if "unchanged" not in case.id
    }

    machine = MachineSpec(machine="pc")
    other, *_ = unchanged(replace(RECIPE, setup=(), spec=machine))
    assert (other.isolation, other.stage.spec) == (Isolation.SHARED, machine)
    assert other.stage.name != plain.stage.name


def test_the_state_is_asked_for_before_and_behind_the_refused_requests() -> None:
    case, *_ = unchanged()

    roles = [step.role for step in case.steps]
    many = roles.count(Role.SUBJECT)
    assert many > 5
    assert roles == [
        *[Role.SETUP] * 3,
        *[Role.SUBJECT] * many,
        *[Role.CHECK] * 2,
    ]
    assert case.isolation is Isolation.ALONE
    before, after = looks(case, Role.SETUP), looks(case, Role.CHECK)
    assert [step.request for step in before] == [step.request for step in after] == [NODES, TREE]
    for step in after:
        assert isinstance(step.expect, Unchanged)
        assert case.steps[step.expect.step].request == step.request == step.expect.query.request
        assert step.rule == "W65"


def test_all_that_must_be_refused_is_in_one_of_the_cases() -> None:
    made = list(invalid_cases(a_build(SCHEMA), known(RECIPE, state=STATE), "do"))

    def refused(*, together: bool) -> set[str]:
        return {
            step.request.text()
            for case in made
            for step in case.steps
            if step.role is Role.SUBJECT and ("/unchanged/" in case.id) is together
        }

    assert refused(together=True) == refused(together=False)
    subjects = [s for c in made if c.together for s in c.steps if s.role is Role.SUBJECT]
    assert {type(step.expect) for step in subjects} == {Refused}


def test_many_requests_make_several_cases_with_names_of_their_own() -> None:
    schema = schema_of(
        struct("Arguments", *(member(f"m{number}", "str") for number in range(30))),
        command("do", "Arguments"),
        command("query-nodes"),
    )
    recipe = CommandRecipe(name="do", arguments={f"m{number}": "a" for number in range(30)})
    made = invalid_cases(a_build(schema), known(recipe, state=STATE), "do")
    cases = [case for case in made if case.together]

    assert [case.id for case in cases] == [
        f"do/invalid/unchanged/{number + 1}" for number in range(len(cases))
    ]
    assert len(cases) > 1
    assert max(len(case.together) for case in cases) == TOGETHER
    # They look at the same state at the same place: a plan has the steps of that once.
    first, second, *_ = cases
    assert first.steps[0] is second.steps[0]
    size = len(first.together)
    assert len(second.together) == size
    assert [a is b for a, b in zip(first.steps, second.steps, strict=True)] == [
        True,
        *[False] * size,
        True,
    ]


def test_a_query_among_the_state_is_asked_last_beside_its_own_refusals() -> None:
    schema = schema_of(
        struct("Named", member("path", "str")),
        command("query-nodes", "Named"),
        command("qom-list", "Named"),
    )
    nodes = Request("query-nodes", {"path": "/"})
    state = StateKnowledge((StateEntry(request=nodes), StateEntry(request=TREE)))
    build, knowledge = a_build(schema), known(state=state)
    asked = {
        name: [
            step.request.execute
            for case in invalid_cases(build, knowledge, name)
            if case.together
            for step in case.steps
            if step.role is Role.SETUP
        ]
        for name in schema.commands
    }
    assert asked == {
        "query-nodes": ["qom-list", "query-nodes"],
        "qom-list": ["query-nodes", "qom-list"],
    }


def test_what_ranges_and_missing_things_refuse_is_watched_too() -> None:
    (of_integers,) = unchanged(generator=range_cases)
    (of_errors,) = unchanged(generator=error_cases)

    assert of_integers.id == "do/invalid/unchanged/integers-1"
    assert of_integers.together == ("n",) * len(of_integers.together)
    assert of_errors.id == "do/errors/unchanged/1"
    assert {step.rule for step in looks(of_errors, Role.CHECK)} == {"X34"}


def test_a_command_that_leaves_a_machine_in_motion_is_not_watched() -> None:
    assert unchanged(state=replace(STATE, unsettled=frozenset({"do"}))) == []
    assert unchanged(state=StateKnowledge()) == []


def test_requests_of_other_machines_do_not_stand_together() -> None:
    spec = MachineSpec(args=("-device", "x"))
    case, *_ = unchanged(replace(RECIPE, spec=spec))

    assert case.stage.spec == spec


def test_each_request_can_be_tried_alone_with_the_looks_that_matter() -> None:
    case, *_ = unchanged()
    subjects = [step for step in case.steps if step.role is Role.SUBJECT]
    tree = next(n for n, s in enumerate(case.steps) if s.role is Role.CHECK and s.request == TREE)

    tried = list(each_alone(case, {tree}))

    assert [each.about for each in tried] == list(case.together)
    for each, subject in zip(tried, subjects, strict=True):
        assert each.together == ()
        assert [s for s in each.steps if s.role is Role.SUBJECT] == [subject]
        before, after = *looks(each, Role.SETUP), *looks(each, Role.CHECK)
        assert before.request == after.request == TREE
        assert isinstance(after.expect, Unchanged)
        assert each.steps[after.expect.step] is before
    assert list(each_alone(tried[0], {tree})) == []


def test_where_no_look_matters_all_stay() -> None:
    case, *_ = unchanged()

    first, *_ = each_alone(case, set())

    assert len(looks(first, Role.SETUP)) == len(looks(first, Role.CHECK)) == 2


def test_what_only_asks_is_asked_between_looks_as_well() -> None:
    state = replace(STATE, asking=("query-*",))
    recipe = CommandRecipe(name="query-nodes", setup=(Request("prepare"),))
    build, knowledge = a_build(SCHEMA), known(recipe, state=state)

    (case,) = asked_cases(build, knowledge, "query-nodes")

    assert case.id == "query-nodes/valid/unchanged/1"
    assert [s.request for s in case.steps if s.role is Role.SUBJECT] == [NODES]
    assert {step.rule for step in looks(case, Role.CHECK)} == {"X35"}
    assert {type(s.expect) for s in case.steps if s.role is Role.SUBJECT} == {Answer}
    assert list(asked_cases(build, knowledge, "do")) == []


def test_a_program_without_machines_is_not_asked_about_them() -> None:
    machine = Request("qom-list", {"path": "/machine"})
    state = StateKnowledge((*STATE.entries, StateEntry(request=machine)))

    def asked(program: Program) -> set[str]:
        build = a_build(SCHEMA, program=program)
        made = invalid_cases(build, known(RECIPE, state=state), "do")
        return {step.request.text() for case in made for step in case.steps if case.together}

    assert machine.text() in asked(Program.SYSTEM)
    assert machine.text() not in asked(Program.STORAGE_DAEMON)
    assert TREE.text() in asked(Program.STORAGE_DAEMON)
