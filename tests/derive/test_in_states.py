"""Known requests in known states: with things of their own, and with those of the state."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from conformance.derive.commands.in_states import each_request, state_cases
from conformance.digest.declaration import EntityKind
from conformance.digest.digest import DigestEntity
from conformance.judge.expect_answer import Answer, Ends, Reject
from conformance.judge.expect_state import Reached
from conformance.judge.expect_value import UnchangedIfRefused
from conformance.knowledge.arguments import ArgumentShape, ArgumentValue, Catalogue, ValueKind
from conformance.knowledge.commands import CommandRecipe, Further
from conformance.knowledge.refusals import Reference
from conformance.knowledge.states import (
    ForbiddenRequest,
    KnownAnswer,
    MachineState,
    States,
    StateThings,
    UnaskedCommand,
)
from conformance.knowledge.valid_request import Effect
from conformance.model.case import Case, Isolation, Role
from conformance.model.stage import MachineSpec, Request
from conformance.model.terms import Aspect, Outcome, as_object
from tests.derive.inputs import a_build, declaring, known
from tests.qapi.schemas import array, command, member, schema_of, struct

SCHEMA = schema_of(
    struct("Named", member("name", "str")),
    struct("Two", member("name", "str"), member("of", "str")),
    array("[Named]", "Named"),
    command("query-things", ret="[Named]"),
    command("make", "Named"),
    command("remove", "Named"),
    command("copy", "Two"),
    command("end"),
)
NAMES = Catalogue(
    (
        ValueKind(
            name="name",
            type=ArgumentShape.STRING,
            paths=("name",),
            names=True,
            values=(ArgumentValue(name="empty"),),
            reason="",
        ),
    )
)
MAKE = CommandRecipe(
    name="make",
    arguments={"name": "a"},
    cleanup=(Request("remove", {"name": "a"}),),
)
COPY = CommandRecipe(
    name="copy",
    arguments={"name": "b", "of": "a"},
    setup=(Request("make", {"name": "a"}),),
    cleanup=(Request("remove", {"name": "b"}),),
    references=(Reference(at=("of",), to="thing"),),
)
END = CommandRecipe(name="end", effect=Effect.END, reason="it ends")
STATE = MachineState(
    name="one-thing",
    setup=(Request("make", {"name": "there"}),),
    reason="there is one thing",
    about=("things",),
    things=(StateThings(kinds=("thing",), names=("there",)),),
    shows=(
        KnownAnswer(
            request=Request("query-things"),
            answer=[{"name": "there"}, "{more}"],
            proves=True,
        ),
    ),
)
THINGS = {
    name: DigestEntity(
        kind=EntityKind.COMMAND, name=name, module="qapi/things.json", line=1, documented=True
    )
    for name in SCHEMA.commands
}
BUILD = a_build(SCHEMA, facts=declaring(THINGS))
ALL = (MAKE, COPY, END)


def cases(
    name: str, *states: MachineState, recipes: Sequence[CommandRecipe] = ALL, **more: Any
) -> list[Case]:
    build = replace(BUILD, **more)
    knowledge = known(*recipes, states=States(states or (STATE,)), catalogue=NAMES)
    return [*state_cases(build, knowledge, name)]


def asked(case: Case) -> list[tuple[str, object]]:
    return [
        (step.role, step.request.arguments)
        for step in case.steps
        if not step.request.execute.startswith("query-")
    ]


def test_a_request_stands_in_a_state_that_was_seen_and_has_names_of_its_own() -> None:
    (case,) = cases("make")

    assert (case.id, case.aspect, case.ground) == (
        *("make/states/one-thing", Aspect.STATES),
        "one-thing",
    )
    assert (case.stage.name, case.stage.setup) == ("state/one-thing", STATE.setup)
    assert case.isolation is Isolation.SHARED
    assert case.steps[0].expect == Reached([{"name": "there"}, "{more}"])
    ((_, made), (_, removed)) = asked(case)
    assert made == removed
    assert as_object(made)["name"].startswith("a-")  # type: ignore[union-attr]


def test_nothing_but_an_answer_is_promised_where_no_text_forbids_it() -> None:
    (subject,) = (step for step in cases("make")[0].steps if step.role is Role.SUBJECT)

    assert (subject.expect, subject.rule) == (Answer(), "W35")


def test_a_refusal_leaves_what_was_looked_at_before_it() -> None:
    steps = cases("make")[0].steps

    (check,) = (step for step in steps if step.role is Role.CHECK)
    expect = check.expect
    assert isinstance(expect, UnchangedIfRefused)
    (subject,) = expect.subjects
    assert steps[subject].role is Role.SUBJECT
    assert (steps[expect.step].request, expect.step) == (Request("query-things"), subject - 1)


def test_where_queries_change_by_themselves_none_is_compared() -> None:
    (case,) = cases("make", replace(STATE, moves="it goes on"))

    assert {step.role for step in case.steps} == {Role.SETUP, Role.SUBJECT, Role.CLEANUP}


def test_a_reference_names_a_thing_of_the_state_in_place_of_its_own() -> None:
    (case,) = cases("copy")

    subjects = [as_object(args) for role, args in asked(case) if role is Role.SUBJECT]
    named, own = (str(each["of"]) for each in subjects)
    assert named == "there"
    assert own.startswith("a-")
    assert len(case.together) == 2
    # Nothing must be made for what is there.
    assert [role for role, _ in asked(case)] == [
        *(Role.SUBJECT, Role.SETUP, Role.SUBJECT, Role.CLEANUP)
    ]


def test_each_request_alone_keeps_what_proves_the_state() -> None:
    (case,) = cases("copy")

    first, second = each_request(case)

    for part, subjects in ((first, 1), (second, 1)):
        assert isinstance(part.steps[0].expect, Reached)
        assert sum(step.role is Role.SUBJECT for step in part.steps) == subjects
        (expect,) = (s.expect for s in part.steps if isinstance(s.expect, UnchangedIfRefused))
        assert part.steps[expect.subjects[0]].role is Role.SUBJECT
        assert part.steps[expect.step].request.execute == "query-things"
    assert not first.together


def test_what_a_document_forbids_is_refused() -> None:
    forbids = (ForbiddenRequest(commands=("copy",), naming=("there",), reason="it says so"),)

    (case,) = cases("copy", replace(STATE, forbids=forbids))

    named, own = (step for step in case.steps if step.role is Role.SUBJECT)
    assert isinstance(named.expect, Reject)
    assert (named.rule, named.why) == ("X27", "it says so")
    assert own.expect == Answer()


def test_what_ends_the_build_or_the_state_has_a_machine_of_its_own() -> None:
    (end,) = cases("end")
    (copy, other) = cases("copy", replace(STATE, leaving=("copy",)))

    assert (end.isolation, end.steps[-1].expect) == (Isolation.ALONE, Ends())
    assert {copy.isolation, other.isolation} == {Isolation.ALONE}
    assert (copy.id, other.id) == ("copy/states/one-thing", "copy/states/one-thing/recipe")


def test_a_recipe_for_another_machine_is_told_and_not_played() -> None:
    elsewhere = replace(MAKE, spec=MachineSpec(machine="pc"), reason="it has buses")

    (case,) = cases("make", recipes=(elsewhere,))

    assert case.blocked is not None
    assert case.blocked.outcome is Outcome.UNTRIED
    assert case.blocked.reason == "its known requests need another machine than the state's"


def test_a_recipe_is_served_by_a_machine_with_more() -> None:
    elsewhere = replace(
        MAKE, spec=MachineSpec(machine="pc", args=("-device", "bus,id=b")), reason="it has a bus"
    )
    spec = MachineSpec(machine="pc", args=("-S", "-device", "bus,id=b"))

    (case,) = cases("make", replace(STATE, spec=spec), recipes=(elsewhere,))

    assert case.blocked is None


def test_of_other_commands_a_sample_is_asked_and_all_in_a_thorough_run() -> None:
    about_others = [
        replace(STATE, name=f"s{number}", about=("others",), things=()) for number in range(240)
    ]

    some = cases("make", *about_others)
    every = cases("make", *about_others, thorough=True)

    assert 2 < len(some) < 30
    assert some == cases("make", *about_others)
    assert len(every) == 240


def test_a_state_that_the_build_cannot_have_is_told_by_its_query_alone() -> None:
    state = replace(STATE, setup=(Request("no-such-command"),))

    (told,) = cases("query-things", state)

    assert told.blocked is not None
    assert told.blocked.outcome is Outcome.NOT_APPLICABLE
    assert cases("make", state) == []


def test_a_command_is_not_asked_where_data_says_so() -> None:
    unasked = (UnaskedCommand(commands=("ma*",), besides=("other",), reason="it may end"),)
    states = States((STATE, replace(STATE, name="other")), unasked=unasked)
    knowledge = known(*ALL, states=states, catalogue=NAMES)

    (case,) = state_cases(BUILD, knowledge, "make")

    assert case.ground == "other"


def test_what_changes_the_machine_gives_way_to_what_does_not() -> None:
    more = Further(name="more", arguments={"name": "c"}, destructive=True, reason="it stays")

    (case,) = cases("make", recipes=(replace(MAKE, further=(more,)),))

    assert (case.isolation, case.together) == (Isolation.SHARED, ())
