"""Recipes are read strictly, and the ones that ship agree with themselves."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from conformance.digest.objectmodel import object_model
from conformance.knowledge.digests import SEED, load_digest
from conformance.knowledge.recipes import Reads, Recipes, Wish, load_recipes
from conformance.knowledge.store import cases_folder
from conformance.knowledge.valid_request import Effect
from conformance.knowledge.versions import Version, VersionRange
from conformance.launch.host import answers
from conformance.model.errors import KnowledgeError
from conformance.model.flavour import Program
from conformance.model.stage import SCRATCH, Awaited, MachineSpec, Request
from conformance.model.terms import ABSENT, ErrorClass
from tests.knowledge.read import load_commands

WHOLE = """
[[object]]
type = "x"
versions = ">=6.0,<8"
machine = "q35"
args = ["-smp", "2"]
needs = ["kvm"]
isolation = "alone"
compiled = "always"
setup = [{ execute = "stop" }]
arguments = { path = "{scratch}/f" }

[object.members.size]
min = 1
max = 9
values = [4, 5]
with = { a = 1 }
without = ["b"]
reads_as = 4
reason = "r"

[[object.members.size.given]]
value = 5
expect = "reject"
needs = ["path:/x"]

[[object.errors]]
name = "e"
with = { size = 3 }
class = "DeviceNotFound"
reason = "r"
promise = "p"

[[object.users]]
name = "u"
machine = "pc"
use = [{ execute = "device_add", arguments = { driver = "d", rng = "{id}" } }]
needs = ["numa:1"]
reason = "r"
"""


ERROR = '[[object]]\ntype = "x"\n[[object.errors]]\nname = "e"\n'


def read(tmp_path: Path, text: str) -> Recipes:
    (tmp_path / "r.toml").write_text(text)
    return load_recipes(tmp_path)


def test_every_key_of_a_recipe_arrives(tmp_path: Path) -> None:
    recipes = read(tmp_path, WHOLE)
    recipe = recipes.find("x", (7, 2, 0))

    assert recipe.spec == MachineSpec(machine="q35", args=("-smp", "2"))
    assert recipe.setup[0].execute == "stop"
    assert (recipe.alone, recipe.always_compiled) == (True, True)
    assert recipe.arguments == {"path": "/tmp/qmp/f"}
    size = recipe.member("size")
    assert (size.least, size.greatest, size.values) == (1, 9, (4, 5))
    assert (size.companions, size.without, size.reads_as) == ({"a": 1}, ("b",), 4)
    assert size.reads is Reads.SAME
    assert size.special(5).expect is Wish.REJECT
    assert size.special(4).expect is Wish.ACCEPT
    assert recipe.errors[0].error_class is ErrorClass.DEVICE_NOT_FOUND
    assert recipe.users[0].spec == MachineSpec(machine="pc", args=("-smp", "2"))
    assert recipe.users[0].use == (Request("device_add", {"driver": "d", "rng": "{id}"}),)
    assert recipes.needs() == {"kvm", "path:/x", "numa:1"}


@pytest.mark.parametrize("version", [(5, 2, 0), (8, 0, 0)])
def test_recipe_of_other_versions_is_none(tmp_path: Path, version: Version) -> None:
    assert read(tmp_path, WHOLE).find("x", version).arguments == {}


def test_true_is_not_the_value_one(tmp_path: Path) -> None:
    text = '[[object]]\ntype = "x"\n[[object.members.m.given]]\nvalue = 1\nexpect = "open"\n'

    member = read(tmp_path, text).find("x", (7, 0, 0)).member("m")

    assert member.special(1).expect is Wish.OPEN
    assert member.special(True).expect is Wish.ACCEPT


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[[object]]\n", "'type' is missing"),
        ('[[object]]\ntype = "x"\nmachin = "q35"\n', "Did you mean 'machine'"),
        ('[[object]]\ntype = "x"\nargs = "q35"\n', "no command line is named 'q35' under [args]"),
        ('[[object]]\ntype = "x"\nversions = "7.2"\n', "versions"),
        ('[[object]]\ntype = "x"\nisolation = "lonely"\n', "'isolation' is 'lonely'"),
        ('[[object]]\ntype = "x"\n[object.members.m]\nreads = "often"\n', "Known: same"),
        ('[[object]]\ntype = "x"\n[object.members.m]\nmin = "1"\n', "not an integer"),
        (ERROR, "'reason' is missing"),
        (f'{ERROR}reason = "r"\n', "an error that is promised, or open: just one of these"),
        (f'{ERROR}reason = "r"\npromise = "p"\nopen = "o"\n', "just one of these"),
        ("[[objects]]\n", "Did you mean 'object'"),
        ("[object\n", "r.toml"),
    ],
)
def test_what_is_wrong_with_a_recipe_is_said(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(KnowledgeError) as raised:
        read(tmp_path, text)

    assert message in str(raised.value)


def test_every_need_of_the_recipes_has_a_probe() -> None:
    of_the_build = ("type:", "property:")
    needs = load_recipes(cases_folder() / "objects").needs()

    assert needs
    assert [n for n in needs if not n.startswith(of_the_build) and not answers(n)] == []


def test_every_command_of_the_object_model_has_a_recipe() -> None:
    recipes = load_commands(cases_folder() / "commands")

    assert set(object_model(load_digest(SEED).schemas[Program.SYSTEM]).commands) <= set(recipes)


def test_command_with_two_recipes_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "c.toml").write_text('[[command]]\nname = "stop"\n[[command]]\nname = "stop"\n')

    with pytest.raises(KnowledgeError, match="stop stands there twice"):
        load_commands(tmp_path)


@pytest.mark.parametrize(
    ("version", "arch", "machine"),
    [
        ((5, 2, 0), "x86_64", "pc"),
        ((5, 2, 0), None, "pc"),
        ((7, 2, 0), "x86_64", "q35"),
        ((5, 2, 0), "aarch64", "virt"),
        ((7, 2, 0), "aarch64", "virt"),
    ],
)
def test_of_several_recipes_of_a_command_that_of_the_build_counts(
    tmp_path: Path, version: Version, arch: str | None, machine: str
) -> None:
    head = '[[command]]\nname = "stop"\nreason = "r"\n'
    (tmp_path / "c.toml").write_text(
        f'{head}machine = "pc"\nversions = "<6"\narch = ["x86_64"]\nneeds = ["kvm"]\n'
        f'{head}machine = "q35"\nversions = ">=6"\narch = ["x86_64"]\n'
        f'{head}machine = "virt"\narch = ["!x86_64"]\nneeds = ["path:/x"]\n'
    )

    recipes = load_commands(tmp_path)

    assert recipes.for_build(version, arch)["stop"].spec.machine == machine
    assert recipes.needs() == {"kvm", "path:/x"}


def test_a_command_can_be_without_a_recipe_for_a_build(tmp_path: Path) -> None:
    (tmp_path / "c.toml").write_text('[[command]]\nname = "stop"\nversions = "<6"\n')

    assert "stop" not in load_commands(tmp_path).for_build((6, 0, 0), "x86_64")


def test_versions_of_a_command_that_are_none_are_an_error(tmp_path: Path) -> None:
    (tmp_path / "c.toml").write_text('[[command]]\nname = "stop"\nversions = "6"\n')

    with pytest.raises(KnowledgeError, match="no bound"):
        load_commands(tmp_path)


@pytest.mark.parametrize(
    ("text", "version", "inside"),
    [
        ("", (5, 2, 0), True),
        (">=6.0", (5, 2, 9), False),
        (">=6.0", (6, 0, 0), True),
        (">=5.2,<7", (6, 9, 9), True),
        (">=5.2,<7", (7, 0, 0), False),
        ("==7.2.22", (7, 2, 22), True),
        ("<=7.2.22", (7, 2, 23), False),
    ],
)
def test_a_range_of_versions_holds_what_it_says(text: str, version: Version, inside: bool) -> None:
    assert (version in VersionRange(text)) is inside


def test_a_range_that_is_none_is_an_error() -> None:
    with pytest.raises(ValueError, match="no bound"):
        VersionRange("~6")


def test_what_a_command_does_and_needs_is_read_with_its_reason(tmp_path: Path) -> None:
    (tmp_path / "c.toml").write_text(
        '[[command]]\nname = "stop"\nmachine = "pc"\nargs = ["-usb"]\neffect = "destructive"\n'
        'state_queries = [{ execute = "query-status" }]\nreason = "it stops"\n'
    )

    recipe = load_commands(tmp_path)["stop"]

    assert recipe.spec == MachineSpec(machine="pc", args=("-usb",))
    assert recipe.effect is Effect.DESTRUCTIVE
    assert recipe.state_queries == (Request("query-status", ABSENT),)


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ('effect = "end"', "'reason' is missing"),
        ('machine = "pc"', "'reason' is missing"),
        ('effect = "slow"\nreason = "r"', "'effect' is 'slow'"),
    ],
    ids=["effect without reason", "machine without reason", "unknown effect"],
)
def test_a_command_whose_effect_is_not_explained_is_an_error(
    tmp_path: Path, line: str, problem: str
) -> None:
    (tmp_path / "c.toml").write_text(f'[[command]]\nname = "stop"\n{line}\n')

    with pytest.raises(KnowledgeError, match=re.escape(problem)):
        load_commands(tmp_path)


def test_further_requests_of_a_command_are_read_with_their_versions(tmp_path: Path) -> None:
    (tmp_path / "c.toml").write_text(
        '[[command]]\nname = "stop"\n[[command.further]]\nname = "again"\nversions = ">=6.0"\n'
        'arguments = { path = "{scratch}/x" }\ndestructive = true\nreason = "it is stopped"\n'
    )

    recipe = load_commands(tmp_path)["stop"]

    assert not [*recipe.further_requests((5, 2, 0))]
    (further,) = recipe.further_requests((6, 0, 0))
    assert (further.name, further.destructive) == ("again", True)
    assert further.arguments == {"path": f"{SCRATCH}/x"}


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ('reason = "r"\nversions = "6"', "no bound"),
        ("versions = '>=6'", "'reason' is missing"),
        ('reason = "r"\nargs = ["-S"]', "'machine' is missing, which 'args' goes with"),
        (
            'reason = "r"\nmachine = "pc"\nreferences = [{ at = "a", to = "b" }]',
            "'machine' and 'references' contradict",
        ),
    ],
    ids=["versions that are none", "no reason", "no machine", "what is looked for elsewhere"],
)
def test_a_further_request_that_is_not_well_said_is_an_error(
    tmp_path: Path, line: str, problem: str
) -> None:
    (tmp_path / "c.toml").write_text(
        f'[[command]]\nname = "stop"\n[[command.further]]\nname = "again"\n{line}\n'
    )

    with pytest.raises(KnowledgeError, match=re.escape(problem)):
        load_commands(tmp_path)


def test_a_further_request_can_have_a_machine_of_its_own(tmp_path: Path) -> None:
    (tmp_path / "c.toml").write_text(
        '[[command]]\nname = "stop"\n[[command.further]]\nname = "elsewhere"\nmachine = "pc"\n'
        'reason = "r"\n[[command.further]]\nname = "here"\nreason = "r"\n'
    )

    elsewhere, here = load_commands(tmp_path)["stop"].further

    assert elsewhere.spec == MachineSpec(machine="pc")
    assert here.spec is None


def test_a_request_that_makes_ready_can_say_which_events_to_await(tmp_path: Path) -> None:
    (tmp_path / "c.toml").write_text(
        '[[command]]\nname = "cont"\n'
        'setup = [{ execute = "stop", awaits = [{ event = "STOP", data = { a = 1 } }] }]\n'
    )

    (request,) = load_commands(tmp_path)["cont"].setup

    assert request.awaits == (Awaited(event="STOP", data={"a": 1}),)


def test_bytes_of_a_file_that_are_none_are_an_error(tmp_path: Path) -> None:
    (tmp_path / "c.toml").write_text(
        '[[command]]\nname = "cont"\nfiles = [{ path = "x", hex = "0g" }]\nreason = "r"\n'
    )

    with pytest.raises(KnowledgeError, match="hex"):
        load_commands(tmp_path)


def test_a_request_can_say_which_descriptor_goes_along(tmp_path: Path) -> None:
    (tmp_path / "c.toml").write_text(
        '[[command]]\nname = "getfd"\ndescriptor = "memfd"\nneeds = ["kvm"]\n'
        'setup = [{ execute = "add-fd", descriptor = "socketpair" }]\n'
    )

    recipe = load_commands(tmp_path)["getfd"]

    assert (recipe.descriptor, recipe.needs) == ("memfd", ("kvm",))
    assert recipe.setup == (Request("add-fd", ABSENT, descriptor="socketpair"),)
