"""What a kind of program cannot offer is not applicable, and all else is left as it is."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from conformance.derive.applicability import OFFERS, offered, substituted
from conformance.derive.steps import command_subject
from conformance.judge.expect_answer import Accept, Answer, Known
from conformance.knowledge.machines import StandIn, StandIns
from conformance.model.case import Case, Isolation, Role, Step
from conformance.model.expectation import Expectation
from conformance.model.flavour import Program
from conformance.model.stage import Companion, Descriptor, MachineSpec, Request, ScratchFile, Stage
from conformance.model.terms import ABSENT, Aspect, Outcome
from conformance.qapi.introspection import read_introspection
from conformance.qapi.qom import Node, ObjectModel, Property, TypeInfo
from tests.derive.inputs import a_build

SCHEMA = read_introspection(
    [
        {"name": "0", "meta-type": "object", "members": []},
        {"name": "look", "meta-type": "command", "arg-type": "0", "ret-type": "0"},
        {"name": "make", "meta-type": "command", "arg-type": "0", "ret-type": "0"},
    ]
)
LOOK = Request("look", ABSENT)
PLAIN = MachineSpec()
ACCEPTED = Accept()


def case(
    spec: MachineSpec = PLAIN,
    setup: Sequence[Request] = (),
    request: Request = LOOK,
    expect: Expectation = ACCEPTED,
) -> Case:
    return Case(
        id="look/valid/recipe",
        subject=command_subject("look"),
        aspect=Aspect.VALID,
        stage=Stage(name="some", spec=spec, setup=tuple(setup)),
        steps=(Step(request=request, expect=expect, role=Role.SUBJECT, rule="Q30"),),
        isolation=Isolation.PURE,
    )


BEYOND = [
    pytest.param(case(MachineSpec(machine="pc")), "a machine pc", id="machine"),
    pytest.param(case(MachineSpec(accel="kvm")), "the accelerator kvm", id="accelerator"),
    pytest.param(case(MachineSpec(args=("-smp", "2"))), "-smp 2", id="arguments"),
    pytest.param(
        case(MachineSpec(descriptors=(Descriptor(name="d", source="memfd"),))), "getfd", id="fd"
    ),
    pytest.param(case(setup=(Request("reset", ABSENT),)), "reset", id="command of the stage"),
    pytest.param(case(request=Request("reset", ABSENT)), "reset", id="command of a step"),
    pytest.param(case(request=Request("look", {"path": "/machine/x"})), "/machine", id="tree"),
]


@pytest.mark.parametrize(("asked", "words"), BEYOND)
def test_what_needs_a_machine_does_not_apply_to_a_program_without(asked: Case, words: str) -> None:
    found = offered(asked, OFFERS[Program.STORAGE_DAEMON], a_build(SCHEMA)).blocked

    assert found is not None
    assert found.outcome is Outcome.NOT_APPLICABLE
    assert words in found.reason


@pytest.mark.parametrize(("asked", "words"), BEYOND)
def test_a_program_with_machines_is_asked_everything(asked: Case, words: str) -> None:
    assert offered(asked, OFFERS[Program.SYSTEM], a_build(SCHEMA)) is asked


@pytest.mark.parametrize("program", [Program.SYSTEM, Program.STORAGE_DAEMON])
def test_what_needs_nothing_is_asked_of_every_program(program: Program) -> None:
    plain = case(setup=(Request("make", {"path": "/machines"}),))

    assert offered(plain, OFFERS[program], a_build(SCHEMA)) is plain


def test_a_command_that_is_listed_and_not_served_is_asked_only_whether_it_is_known() -> None:
    offer, unserved = OFFERS[Program.SYSTEM], frozenset({"look"})
    known = case(expect=Known())

    blocked = offered(case(), offer, a_build(SCHEMA, unserved=unserved)).blocked

    assert blocked is not None
    assert "lists look, and query-commands does not" in blocked.reason
    assert offered(known, offer, a_build(SCHEMA, unserved=unserved)) is known


@pytest.mark.parametrize(
    ("device", "lacks"), [("disk", False), ("net", False), ("screen", True), ("disk,id=a", False)]
)
def test_what_needs_a_device_that_the_build_does_not_have_does_not_apply(
    device: str, lacks: bool
) -> None:
    types = (TypeInfo(name="device"), TypeInfo(name="disk"), TypeInfo(name="net-pci"))
    model = ObjectModel(types=types, creatable=(), properties={}, trees={})
    asked = case(spec=MachineSpec(args=("-m", "1", "-device", device)))

    found = offered(asked, OFFERS[Program.SYSTEM], a_build(SCHEMA, model=model)).blocked

    assert (found is not None) == lacks
    if found is not None:
        assert found.outcome is Outcome.NOT_APPLICABLE
        assert found.reason == f"this build has no device {device}"
    anywhere = offered(asked, OFFERS[Program.SYSTEM], a_build(SCHEMA))
    assert anywhere is asked, "a build that shows no types may have any"


@pytest.mark.parametrize(
    ("driver", "expect", "lacks"),
    [("disk", ACCEPTED, False), ("screen", ACCEPTED, True), ("screen", Answer(), False)],
)
def test_what_plugs_in_a_device_that_the_build_does_not_have_does_not_apply(
    driver: str, expect: Expectation, lacks: bool
) -> None:
    types = (TypeInfo(name="device"), TypeInfo(name="disk"))
    model = ObjectModel(types=types, creatable=(), properties={}, trees={})
    asked = case(request=Request("device_add", {"driver": driver}), expect=expect)

    found = offered(asked, OFFERS[Program.SYSTEM], a_build(SCHEMA, model=model)).blocked

    assert (found is not None) == lacks


@pytest.mark.parametrize(
    ("machine", "lacks"),
    [("pc", ""), ("pc,usb=on", ""), ("pc,usb=on,odd=1", "odd"), ("other,odd=1", "")],
)
def test_what_needs_an_option_that_the_machine_does_not_have_does_not_apply(
    machine: str, lacks: str
) -> None:
    root = Node(path="/machine", properties=(Property(name="usb", type="bool"),))
    model = ObjectModel(types=(), creatable=(), properties={}, trees={"pc": (root,)})
    asked = case(MachineSpec(machine=machine))

    found = offered(asked, OFFERS[Program.SYSTEM], a_build(SCHEMA, model=model)).blocked

    assert (found.reason if found else "") == (
        f"the machine pc of this build has no option {lacks}" if lacks else ""
    )


STAND_INS = StandIns(
    machines={"pc": StandIn(name="board", args=("-x",))},
    devices={"old": StandIn(name="new", args=("-device", "hub"))},
    files={"code": StandIn(name="00ff")},
)


@pytest.mark.parametrize(
    ("spec", "there"),
    [
        (MachineSpec(), MachineSpec()),
        (MachineSpec(machine="pc,a=b"), MachineSpec(machine="board,a=b", args=("-x",))),
        (
            MachineSpec(machine="pc", args=("-device", "old,id=d", "-name", "old")),
            MachineSpec(
                machine="board",
                args=("-x", "-device", "hub", "-device", "new,id=d", "-name", "old"),
            ),
        ),
        (
            MachineSpec(
                files=(ScratchFile(path="code", size=9), ScratchFile(path="data", hex="1"))
            ),
            MachineSpec(
                files=(ScratchFile(path="code", hex="00ff"), ScratchFile(path="data", hex="1"))
            ),
        ),
        (
            MachineSpec(companions=(Companion(spec=MachineSpec(machine="pc")),)),
            MachineSpec(companions=(Companion(spec=MachineSpec(machine="board", args=("-x",))),)),
        ),
    ],
    ids=["another", "machine", "device", "file", "companion"],
)
def test_a_machine_stands_in_with_its_devices(spec: MachineSpec, there: MachineSpec) -> None:
    assert substituted(case(spec), STAND_INS).stage.spec == there


@pytest.mark.parametrize(
    ("given", "there"),
    [
        ("16", "256"),
        ("64,slots=4,maxmem=1G", "256,slots=4,maxmem=1G"),
        ("257M", "512"),
        ("256M", "256M"),
        ("1G", "1G"),
    ],
)
def test_the_memory_of_a_machine_that_stands_in_is_a_multiple_of_its_unit(
    given: str, there: str
) -> None:
    stand_ins = StandIns(machines={"pc": StandIn(name="board", unit=256)})
    made = substituted(case(MachineSpec(machine="pc", args=("-m", given, "-S"))), stand_ins)

    assert made.stage.spec.args == ("-m", there, "-S")
