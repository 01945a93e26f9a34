"""Cases of the documentation's examples."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from conformance.derive.commands.documented import example_cases
from conformance.digest.declaration import EntityKind, SourcePlace
from conformance.judge.expect_answer import Accept, Reject
from conformance.judge.verdict import judge_claims
from conformance.knowledge.commands import CommandRecipe, CommandRecipes
from conformance.knowledge.everything import Knowledge
from conformance.knowledge.examples import ExampleRecipes, load_examples
from conformance.model.case import Case, Isolation, Role
from conformance.model.stage import MachineSpec, Request
from conformance.model.terms import ABSENT, ErrorClass, JsonValue, Outcome, SubjectKind
from conformance.source.dialogue import ShownRequest
from conformance.source.documented import DocumentedExample
from conformance.source.examples import ExampleFault
from tests.derive.inputs import a_build, cases_of, declaring, known
from tests.qapi.schemas import command, schema_of

RECIPES = """
[[example]]
commands = ["ring"]
machine = "pc"
setup = [{ execute = "hang", arguments = { bell = "b" } }]
cleanup = [{ execute = "unhang" }]
reason = "needs a bell"

[[example.substitute]]
path = "rope"
value = "here"
reason = "no rope on this host"

[[example]]
commands = ["toll"]
stage = "tower"
args = ["-tower"]
needs = ["path:/tower"]
isolation = "alone"
reason = "needs a tower"
"""
SCHEMA = schema_of(command("ring"), command("toll"), command("chime"))
PLACE = SourcePlace(file="toy.json", line=12)


@pytest.fixture
def knowledge(tmp_path: Path) -> Knowledge:
    path = tmp_path / "examples.toml"
    path.write_text(RECIPES)
    return known(examples=load_examples(path))


def shown(name: str, arguments: object = ABSENT, **more: object) -> ShownRequest:
    reply: JsonValue = more.get("reply", {"return": {}})  # type: ignore[assignment]
    return ShownRequest(
        request=Request(name, arguments), sound=bool(more.get("sound", True)), reply=reply
    )


def example(owner: str, *requests: ShownRequest, number: int = 1) -> DocumentedExample:
    return DocumentedExample(
        kind=EntityKind.COMMAND, owner=owner, number=number, place=PLACE, requests=requests
    )


def cases(
    made: list[DocumentedExample], knowledge: Knowledge, lacks: dict[str, str] | None = None
) -> list[Case]:
    facts = declaring({}, examples=tuple(made))
    build = a_build(SCHEMA, facts=facts, lacks=lacks or {})
    owners = dict.fromkeys(example.owner for example in made)
    return cases_of(example_cases, build, knowledge, owners)


def run_of(
    made: DocumentedExample, knowledge: Knowledge, lacks: dict[str, str] | None = None
) -> Case:
    _, run = cases([made], knowledge, lacks)
    return run


def test_cases_are_named_by_owner_and_number(knowledge: Knowledge) -> None:
    made = [example("ring", shown("ring")), example("ring", shown("ring"), number=2)]

    assert [case.id for case in cases(made, knowledge)] == [
        "ring/examples/1/static",
        "ring/examples/1/run",
        "ring/examples/2/static",
        "ring/examples/2/run",
    ]


def test_a_valid_example_passes(knowledge: Knowledge) -> None:
    static, _ = cases([example("ring", shown("ring"))], knowledge)

    assert judge_claims(static).outcome is Outcome.PASS
    assert static.rules == ("X18",)


def test_each_fault_of_an_example_is_a_broken_claim_with_file_and_line(
    knowledge: Knowledge,
) -> None:
    faults = (
        ExampleFault(place=PLACE, problem="the request: x is missing"),
        ExampleFault(place=SourcePlace(file="toy.json", line=14), problem="a comma is missing"),
    )
    made = DocumentedExample(
        kind=EntityKind.COMMAND, owner="ring", number=3, place=PLACE, faults=faults
    )
    static, _ = cases([made], knowledge)

    verdict = judge_claims(static)

    assert verdict.outcome is Outcome.FAIL
    assert [miss.summary for miss in verdict.misses] == [
        "toy.json:12: example 3 of ring: the request: x is missing",
        "toy.json:14: example 3 of ring: a comma is missing",
    ]
    assert len({miss.fold for miss in verdict.misses}) == 1


def test_the_example_of_an_event_is_not_run(knowledge: Knowledge) -> None:
    made = DocumentedExample(kind=EntityKind.EVENT, owner="RUNG", number=1, place=PLACE)

    (static,) = cases([made], knowledge)

    assert (static.subject.kind, static.subject.name) == (SubjectKind.EVENT, "RUNG")


def test_the_requests_run_on_their_stage_between_set_up_and_clean_up(
    knowledge: Knowledge,
) -> None:
    made = example("ring", shown("ring", {"rope": "r", "times": 2}), shown("chime"))

    run = run_of(made, knowledge)

    assert (run.blocked, run.stage.spec) == (None, MachineSpec(machine="pc"))
    assert run.isolation is Isolation.SHARED
    assert [(step.role, step.request) for step in run.steps] == [
        (Role.SETUP, Request("hang", {"bell": "b"})),
        (Role.SUBJECT, Request("ring", {"rope": "here", "times": 2})),
        (Role.SUBJECT, Request("chime", ABSENT)),
        (Role.CLEANUP, Request("unhang", ABSENT)),
    ]
    assert [step.why for step in run.steps if step.role is Role.SUBJECT] == [
        "needs a bell; no rope on this host",
        "needs a bell",
    ]
    assert {step.rule for step in run.steps if step.role is Role.SUBJECT} == {"W73"}


@pytest.mark.parametrize(
    ("reply", "expected"),
    [
        ({"return": {}}, Accept()),
        ({"return": [1, 2]}, Accept()),
        (ABSENT, Accept()),
        (
            {"error": {"class": "DeviceNotFound", "desc": "no"}},
            Reject(frozenset({ErrorClass.DEVICE_NOT_FOUND})),
        ),
        ({"error": {"class": "BellError", "desc": "no"}}, Accept()),
    ],
    ids=["nothing", "a value", "not shown", "an error", "an error of no class"],
)
def test_a_reply_is_compared_in_shape(
    knowledge: Knowledge, reply: JsonValue, expected: object
) -> None:
    run = run_of(example("ring", shown("ring", reply=reply)), knowledge)

    assert run.steps[1].expect == expected


def test_an_example_of_a_command_that_never_succeeds_does_not_run(knowledge: Knowledge) -> None:
    never = CommandRecipe(name="ring", always_fails="no build has bells")
    knowing = replace(knowledge, commands=CommandRecipes([never]))

    run = run_of(example("ring", shown("ring")), knowing)

    assert run.blocked is not None
    assert "no build has bells" in run.blocked.reason


def test_a_recipe_is_for_the_architectures_that_it_names(knowledge: Knowledge) -> None:
    (ring, toll) = knowledge.examples.recipes
    examples = ExampleRecipes([replace(ring, arches=("riscv64",)), toll])

    assert examples.for_arch("riscv64").recipes == examples.recipes
    assert examples.for_arch("s390x").recipes == (toll,)
    assert examples.for_arch(None).recipes == examples.recipes


def test_a_machine_with_more_to_it_is_a_stage_of_its_name(knowledge: Knowledge) -> None:
    run = run_of(example("toll", shown("toll")), knowledge)

    assert (run.stage.name, run.stage.spec.args) == ("example-tower", ("-tower",))
    assert run.isolation is Isolation.ALONE


@pytest.mark.parametrize(
    ("made", "outcome", "reason"),
    [
        (
            example("chime", shown("chime")),
            Outcome.UNTRIED,
            "no stage for this example",
        ),
        (
            example("toll", shown("toll")),
            Outcome.UNTESTABLE_HERE,
            "no tower",
        ),
        (
            example("knell", shown("knell")),
            Outcome.NOT_APPLICABLE,
            "this build's schema has no command knell",
        ),
        (
            example("ring", shown("knell"), shown("ring")),
            Outcome.NOT_APPLICABLE,
            "this build's schema has no command knell",
        ),
        (
            example("ring", shown("rin", sound=False)),
            Outcome.NOT_APPLICABLE,
            "a request of the example is wrong, or shown in part",
        ),
        (
            example("ring"),
            Outcome.NOT_APPLICABLE,
            "the example shows no whole request",
        ),
    ],
    ids=[
        "no stage",
        "an unmet need",
        "not compiled in",
        "another command not compiled in",
        "a wrong request",
        "no request",
    ],
)
def test_what_cannot_be_run_says_why_and_is_not_green(
    knowledge: Knowledge, made: DocumentedExample, outcome: Outcome, reason: str
) -> None:
    run = run_of(made, knowledge, {"path:/tower": "no tower"})

    assert run.blocked is not None
    assert (run.blocked.outcome, run.blocked.reason) == (outcome, reason)
    assert run.steps == ()
