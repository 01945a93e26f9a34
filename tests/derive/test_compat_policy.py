"""What machines that refuse or hide marked things are asked for."""

from __future__ import annotations

from typing import Any

import pytest

from conformance.derive.commands.compat_policy import deprecated_cases, hidden_cases, unstable_cases
from conformance.judge.expect_answer import Accept, Known, Reject
from conformance.judge.expect_value import Lists
from conformance.knowledge.arguments import Unchecked
from conformance.knowledge.commands import CommandRecipe
from conformance.knowledge.versions import VersionRange
from conformance.model.case import Case
from conformance.model.terms import ErrorClass
from conformance.qapi.introspection import read_introspection
from tests.derive.inputs import a_build, cases_of, known
from tests.qapi.schemas import BUILTINS

MODE = {
    "name": "Mode",
    "meta-type": "enum",
    "members": [{"name": "fast"}, {"name": "slow", "features": ["deprecated"]}],
    "values": ["fast", "slow"],
}
OLD = {"name": "old", "type": "str", "default": None, "features": ["deprecated"]}
ENTRIES: list[dict[str, Any]] = [
    *BUILTINS,
    MODE,
    {"name": "empty", "meta-type": "object", "members": []},
    {
        "name": "Args",
        "meta-type": "object",
        "members": [{"name": "mode", "type": "Mode"}, OLD],
    },
    {"name": "run", "meta-type": "command", "arg-type": "Args", "ret-type": "empty"},
    {
        "name": "gone",
        "meta-type": "command",
        "arg-type": "empty",
        "ret-type": "empty",
        "features": ["deprecated"],
    },
    {
        "name": "query-qmp-schema",
        "meta-type": "command",
        "arg-type": "empty",
        "ret-type": "empty",
    },
]


def test_a_marked_command_is_unknown_and_another_is_known() -> None:
    found = cases()

    gone = found["gone/gates/deprecated-input=reject"]
    assert gone.steps[0].expect == Reject(frozenset({ErrorClass.COMMAND_NOT_FOUND}))
    assert found["gone/gates/unstable-input=reject"].steps[0].expect == Reject()
    assert found["run/gates/deprecated-input=reject"].steps[0].expect == Reject()
    assert gone.stage.spec.args == ("-compat", "deprecated-input=reject")


@pytest.mark.parametrize(
    ("label", "subject", "witness"),
    [
        ("old", {"mode": "fast", "old": "word"}, {"mode": "fast"}),
        ("mode=slow", {"mode": "slow"}, {"mode": "fast"}),
    ],
)
def test_a_marked_argument_is_refused_and_taken_without_it(
    label: str, subject: dict[str, str], witness: dict[str, str]
) -> None:
    case = cases(recipe={"mode": "fast"})[f"run/gates/deprecated-input=reject/{label}"]

    assert [step.request.arguments for step in case.steps] == [subject, witness]
    assert case.steps[0].expect == Reject()


def test_arguments_that_are_not_checked_are_not_tried() -> None:
    unchecked = Unchecked(name="run", versions=VersionRange(), reason="its own")

    found = cases(unchecked=(unchecked,))

    tried = [name for name in found if name.startswith("run/gates/d")]
    assert tried == ["run/gates/deprecated-input=reject"]
    # It may take an unknown argument, too.
    assert found[tried[0]].steps[0].expect == Known()


@pytest.mark.parametrize(
    ("recipe", "policies"),
    [
        ({"mode": "fast"}, ["deprecated-input=reject", "unstable-input=reject"]),
        ({"mode": "slow"}, ["unstable-input=reject"]),
        ({"mode": "fast", "old": "word"}, ["unstable-input=reject"]),
        ({}, []),
    ],
    ids=["nothing marked", "value marked", "member marked", "not valid"],
)
def test_a_request_with_nothing_marked_succeeds(
    recipe: dict[str, str], policies: list[str]
) -> None:
    found = cases(recipe=recipe)

    names = [f"run/gates/{policy}/unmarked" for policy in policies]
    assert [name for name in found if name.endswith("/unmarked")] == names
    for name in names:
        (step,) = found[name].steps
        assert (step.request.arguments, step.expect) == (recipe, Accept())
        assert found[name].stage.spec.args[0] == "-compat"


@pytest.mark.parametrize(
    ("version", "features"),
    [((5, 2, 0), set()), ((6, 0, 0), {"deprecated"}), ((6, 2, 0), {"deprecated", "unstable"})],
    ids=["before", "deprecated", "both"],
)
def test_a_release_is_asked_for_the_policies_that_it_has(
    version: tuple[int, int, int], features: set[str]
) -> None:
    names = cases(version=version)

    assert {name.split("/")[2].partition("-")[0] for name in names} == features


def test_hiding_leaves_out_commands_and_members_and_keeps_values() -> None:
    expect = cases()["query-qmp-schema/gates/deprecated-output=hide"].steps[0].expect

    assert isinstance(expect, Lists)
    shown = {entry["name"]: entry for entry in expect.values if isinstance(entry, dict)}
    assert "gone" not in shown
    assert [member["name"] for member in shown["Args"]["members"]] == ["mode"]
    assert shown["Mode"] == MODE


def cases(
    version: tuple[int, int, int] = (10, 0, 0),
    recipe: dict[str, str] | None = None,
    unchecked: tuple[Unchecked, ...] = (),
) -> dict[str, Case]:
    made = None if recipe is None else CommandRecipe(name="run", arguments=recipe)
    build = a_build(read_introspection(ENTRIES), version, entries=ENTRIES)
    knowledge = known(made, unchecked=unchecked)
    names = sorted(build.schema.commands)
    found = [
        *cases_of(deprecated_cases, build, knowledge, names),
        *cases_of(unstable_cases, build, knowledge, names),
        *hidden_cases(build, knowledge, "query-qmp-schema"),
    ]
    return {case.id: case for case in found}
