"""What more than an answer is promised of a value, and the things that a request meets."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from conformance.derive.commands.trials import each_value
from conformance.derive.commands.values import value_cases
from conformance.judge.expect_answer import Accept, Answer, Reject
from conformance.judge.expect_value import ReadsBack, UnchangedIfRefused
from conformance.knowledge.argument_forms import ArgumentForm, Holder, Rounded, Thing
from conformance.knowledge.arguments import (
    ArgumentShape,
    ArgumentValue,
    Catalogue,
    ValueKind,
)
from conformance.knowledge.commands import CommandRecipe
from conformance.knowledge.readbacks import Readback, Readbacks
from conformance.knowledge.refusals import Reference
from conformance.knowledge.state_queries import StateEntry, StateKnowledge
from conformance.knowledge.valid_request import Effect
from conformance.knowledge.versions import VersionRange
from conformance.model.case import Case, Role, Step
from conformance.model.stage import Awaited, MachineSpec, Request, ScratchFile
from conformance.model.terms import JsonValue, as_object
from tests.derive.inputs import a_build, known
from tests.qapi.schemas import alternate, array, command, member, optional, schema_of, struct

NAMES = ValueKind(
    name="name",
    type=ArgumentShape.STRING,
    paths=("id",),
    names=True,
    values=(ArgumentValue(name="empty"),),
    reason="",
)
COUNTS = ValueKind(
    name="count",
    type=ArgumentShape.INTEGER,
    values=(ArgumentValue(name="513", number=513), ArgumentValue(name="0", number=0)),
    reason="",
)
TIME = ArgumentForm(
    name="time",
    commands=("make",),
    paths=("time",),
    accepted=("now",),
    refused=("then",),
    open=("-1",),
    promise="the words",
    versions=VersionRange(">=8"),
    reason="why",
)
THING = Thing(
    name="gadget",
    named=("make:id",),
    make=(Request("make", {"id": "{name}"}),),
    unmake=(Request("drop", {"id": "{name}"}),),
    unique="must be unique",
    seen="query-gadgets",
    given=({"count": 7},),
    holders=(
        Holder(
            name="a user",
            setup=(Request("use", {"id": "{name}", "count": "{count}"}),),
            cleanup=(Request("leave", {"id": "{name}"}, awaits=(Awaited(event="GONE", data={}),)),),
        ),
        Holder(name="what the build lacks", setup=(Request("borrow", {"id": "{name}"}),)),
    ),
)
OTHER = Thing(
    name="thing",
    named=("build:id",),
    make=(Request("build", {"id": "{name}"}),),
    unmake=(Request("drop", {"id": "{name}"}),),
)
SCHEMA = schema_of(
    struct("Make", member("id", "str"), optional("time", "str"), optional("count", "int")),
    struct("Id", member("id", "str")),
    struct("Use", member("id", "str"), member("count", "int")),
    array("[Make]", "Make"),
    command("make", "Make"),
    command("build", "Id"),
    command("drop", "Id"),
    command("use", "Use"),
    command("leave", "Id"),
    command("query-gadgets", ret="[Make]"),
)
RECIPE = CommandRecipe(
    name="make", arguments={"id": "g0"}, cleanup=(Request("drop", {"id": "g0"}),)
)
CATALOGUE = Catalogue(kinds=(NAMES, COUNTS), forms=(TIME,), things=(THING, OTHER))
LOOKS = StateKnowledge(entries=(StateEntry(request=Request("query-gadgets")),))
READBACKS = Readbacks(
    (
        Readback(
            commands=("make",),
            paths=("count",),
            request=Request("query-gadgets"),
            at=({"id": "{id}"},),
        ),
    )
)


def _cases(
    recipe: CommandRecipe = RECIPE,
    name: str = "make",
    version: tuple[int, int, int] = (8, 1, 0),
    **more: Any,
) -> dict[str, Case]:
    knowledge = known(recipe, **{"catalogue": CATALOGUE, **more})
    made = value_cases(a_build(SCHEMA, version=version), knowledge, name)
    return {case.id.removeprefix(f"{name}/values/"): case for case in made}


def _subjects(case: Case) -> list[Step]:
    return [step for step in case.steps if step.role is Role.SUBJECT]


def _given(step: Step) -> Mapping[str, JsonValue]:
    return as_object(step.request.arguments)


TIMED = replace(RECIPE, arguments={"id": "g0", "time": "later"})


def test_a_form_says_which_values_are_taken_and_which_are_refused() -> None:
    case = _cases(TIMED)["time"]

    seen = {str(_given(step)["time"]): step for step in _subjects(case)}
    assert [*seen] == ["now", "then", "-1"]
    assert isinstance(seen["now"].expect, Accept)
    assert isinstance(seen["then"].expect, Reject)
    assert seen["then"].rule == "X27"
    assert seen["then"].why == "the words"
    assert isinstance(seen["-1"].expect, Answer)
    assert case.together == ("time=now", "time=then", "time=-1")


def test_a_form_holds_in_its_releases_only() -> None:
    assert "time" not in _cases(version=(7, 2, 0))


def test_of_what_has_a_machine_to_itself_nothing_is_known_to_be_taken() -> None:
    case = _cases(replace(TIMED, effect=Effect.DESTRUCTIVE, reason="r"))["time"]

    assert [_given(step)["time"] for step in _subjects(case)] == ["then", "-1"]


def test_of_a_request_that_may_fail_nothing_is_known_to_be_taken_either() -> None:
    case = _cases()["time"]

    assert [_given(step)["time"] for step in _subjects(case)] == ["then", "-1"]


def test_the_greatest_length_is_taken_and_one_more_is_not() -> None:
    form = ArgumentForm(name="n", paths=("time",), longest=3, promise="three", reason="r")
    catalogue = replace(CATALOGUE, forms=(form,))

    case = _cases(TIMED, catalogue=catalogue)["time"]

    fits, too_long = _subjects(case)
    assert _given(fits)["time"] == "aaa"
    assert isinstance(fits.expect, Accept)
    assert _given(too_long)["time"] == "aaaa"
    assert isinstance(too_long.expect, Reject)


def test_a_new_name_is_taken_already_by_its_own_kind_or_by_another() -> None:
    case = _cases()["id"]

    assert case.together == ("id=empty", "id=taken", "id=name of a thing")
    _, taken, other = _subjects(case)
    assert isinstance(taken.expect, Reject)
    assert taken.why == "must be unique"
    assert isinstance(other.expect, Answer)
    around = [step.request.execute for step in case.steps]
    assert around[-8:] == ["make", "make", "drop", "drop", "build", "make", "drop", "drop"]


def test_a_reference_names_a_spare_thing_of_each_kind() -> None:
    recipe = CommandRecipe(
        name="drop",
        arguments={"id": "g0"},
        setup=(Request("make", {"id": "g0"}),),
        references=(Reference(at=("id",), to="gadget", instead="none"),),
    )

    case = _cases(recipe, "drop")["id/another"]

    assert case.together == ("id=a spare gadget", "id=a spare thing")
    assert {str(_given(step)["id"]) for step in _subjects(case)} == {"spare"}


def test_a_thing_is_put_in_use_and_let_go_around_each_request() -> None:
    recipe = CommandRecipe(
        name="drop", arguments={"id": "g0"}, setup=(Request("make", {"id": "g0", "time": "now"}),)
    )

    cases = _cases(recipe, "drop")

    held = cases["held"]
    assert held.together == ("g0 in use by a user",)
    *_, make, use, drop, leave = held.steps
    assert make.request.execute == "make"
    assert use.request == Request("use", {"id": "g0", "count": 7})
    assert drop.role is Role.SUBJECT
    assert leave.request.execute == "leave"
    assert leave.emits


def test_what_changes_the_machine_for_good_meets_each_thing_on_a_machine_of_its_own() -> None:
    recipe = CommandRecipe(
        name="drop",
        arguments={"id": "g0"},
        setup=(Request("make", {"id": "g0"}), Request("make", {"id": "g1"})),
        effect=Effect.DESTRUCTIVE,
        reason="r",
    )

    assert [*_cases(recipe, "drop")][-2:] == ["held/g0", "held/g1"]


def test_an_accepted_value_reads_back_and_may_be_rounded_up() -> None:
    rounded = Rounded(commands=("make",), paths=("count",), multiple=512, reason="r")
    catalogue = replace(CATALOGUE, roundings=(rounded,))

    case = _cases(catalogue=catalogue, readbacks=READBACKS)["count"]

    (read,) = [step for step in case.steps if isinstance(step.expect, ReadsBack)]
    assert isinstance(read.expect, ReadsBack)
    assert read.expect.pattern == 1024
    assert _given(case.steps[read.expect.step])["count"] == 513
    alone, _ = each_value(case)
    (again,) = [step.expect for step in alone.steps if isinstance(step.expect, ReadsBack)]
    assert alone.steps[again.step].role is Role.SUBJECT


def test_a_refused_value_leaves_the_things_of_its_kind_as_they_were() -> None:
    case = _cases(state=LOOKS)["count"]

    looks = [step.expect for step in case.steps if isinstance(step.expect, UnchangedIfRefused)]
    assert len(looks) == len(_subjects(case)) == 2
    for look in looks:
        assert case.steps[look.step].request == Request("query-gadgets")
        assert case.steps[look.subjects[0]].role is Role.SUBJECT
    for alone in each_value(case):
        (look,) = [s.expect for s in alone.steps if isinstance(s.expect, UnchangedIfRefused)]
        assert alone.steps[look.step].request == Request("query-gadgets")
        assert alone.steps[look.subjects[0]].role is Role.SUBJECT


def test_what_values_name_stands_on_their_machine() -> None:
    """Tables are tried under their names, where the schema allows them; others share no machine."""
    image = ScratchFile(path="image")
    form = ArgumentForm(
        name="image",
        paths=("image",),
        open=("{scratch}/image",),
        structured={"inner": {"id": "x"}, "no-such-member": {"color": 1}},
        spec=MachineSpec(files=(image,), args=("-open",)),
        reason="why",
    )
    schema = schema_of(
        struct("Id", member("id", "str")),
        alternate("Either", "str", "Id"),
        struct("Make", member("id", "str"), optional("image", "Either")),
        command("make", "Make"),
    )
    catalogue = replace(CATALOGUE, kinds=(NAMES,), forms=(form,), things=())
    recipe = replace(RECIPE, cleanup=(), spec=MachineSpec(files=(image,)))
    made = value_cases(a_build(schema), known(recipe, catalogue=catalogue), "make")
    cases = {case.about: case for case in made}

    assert cases["image"].together == ("image=/tmp/qmp/image", "image=inner")
    assert cases["image"].stage.spec == MachineSpec(files=(image,), args=("-open",))
    assert cases["id"].stage.spec == recipe.spec
