"""The recipes of examples are read strictly, and the first that fits counts."""

from __future__ import annotations

from pathlib import Path

import pytest

from conformance.knowledge.examples import ExampleRecipes, load_examples
from conformance.knowledge.store import cases_folder
from conformance.launch.host import answers
from conformance.model.errors import KnowledgeError
from conformance.model.stage import MachineSpec, Request
from conformance.model.terms import ABSENT

WHOLE = """
[[example]]
commands = ["ring", "toll"]
given = { bell = 1 }
versions = ">=6.0"
stage = "tower"
machine = "pc"
args = ["-smp", "2"]
needs = ["kvm"]
setup = [{ execute = "hang" }]
cleanup = [{ execute = "unhang" }]
isolation = "alone"
reason = "needs a bell"

[[example.substitute]]
path = "rope.end"
value = "{scratch}/rope"
reason = "the host has no rope"

[[example]]
commands = ["ring"]
reason = "any other"
"""
RING = Request("ring", {"bell": 1})


def read(folder: Path, text: str) -> ExampleRecipes:
    path = folder / "examples.toml"
    path.write_text(text)
    return load_examples(path)


def test_every_key_of_a_recipe_arrives(tmp_path: Path) -> None:
    recipes = read(tmp_path, WHOLE)
    recipe = recipes.find("ring", [RING], (7, 2, 0))

    assert recipe is not None
    assert recipe.spec == MachineSpec(machine="pc", args=("-smp", "2"))
    assert (recipe.stage, recipe.alone, recipe.reason) == ("tower", True, "needs a bell")
    assert (recipe.setup, recipe.cleanup) == (
        (Request("hang", ABSENT),),
        (Request("unhang", ABSENT),),
    )
    assert recipes.needs() == {"kvm"}


@pytest.mark.parametrize(
    ("command", "requests", "version", "reason"),
    [
        ("ring", [RING], (7, 2, 0), "needs a bell"),
        ("ring", [Request("ring", ABSENT), RING], (7, 2, 0), "needs a bell"),
        ("toll", [Request("toll", {"bell": 1})], (7, 2, 0), "needs a bell"),
        ("ring", [RING], (5, 2, 0), "any other"),
        ("ring", [Request("ring", {"bell": True})], (7, 2, 0), "any other"),
        ("ring", [Request("ring", ABSENT)], (7, 2, 0), "any other"),
        ("toll", [Request("ring", {"bell": 1})], (7, 2, 0), None),
        ("chime", [Request("chime", {"bell": 1})], (7, 2, 0), None),
        ("ring", [], (7, 2, 0), None),
    ],
    ids=[
        "given",
        "given in one of two",
        "another of its commands",
        "another version",
        "true is not one",
        "not given",
        "given in a request of another command",
        "another command",
        "no request",
    ],
)
def test_the_first_recipe_that_fits_counts(
    tmp_path: Path,
    command: str,
    requests: list[Request],
    version: tuple[int, int, int],
    reason: str | None,
) -> None:
    recipe = read(tmp_path, WHOLE).find(command, requests, version)

    assert (recipe.reason if recipe else None) == reason


@pytest.mark.parametrize(
    ("arguments", "put"),
    [
        ({"rope": {"end": 1, "top": 2}}, {"rope": {"end": "/tmp/qmp/rope", "top": 2}}),
        ({"rope": {"top": 2}}, {"rope": {"top": 2}}),
        ({"rope": 1}, {"rope": 1}),
        (ABSENT, ABSENT),
    ],
    ids=["there", "another member", "no object", "no arguments"],
)
def test_a_value_is_put_where_its_member_is(tmp_path: Path, arguments: object, put: object) -> None:
    recipe = read(tmp_path, WHOLE).find("ring", [RING], (7, 2, 0))

    assert recipe is not None
    assert recipe.substitutes[0].put(arguments) == put


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('[[example]]\nreason = "r"\n', "'commands' is missing"),
        ('[[example]]\ncommands = ["a"]\n', "'reason' is missing"),
        ('[[example]]\ncommands = ["a"]\nreason = "r"\nmachin = "pc"\n', "Did you mean 'machine'"),
        ('[[example]]\ncommands = ["a"]\nreason = "r"\nargs = ["-S"]\n', "'stage' is missing"),
        ('[[example]]\ncommands = ["a"]\nreason = "r"\nversions = "7"\n', "versions"),
        ('[[example]]\ncommands = ["a"]\nreason = "r"\nisolation = "no"\n', "'isolation' is 'no'"),
        (
            '[[example]]\ncommands = ["a"]\nreason = "r"\nstage = "s"\nargs = ["-S"]\n'
            '[[example]]\ncommands = ["b"]\nreason = "r"\nstage = "s"\n',
            "'s' is of two machines",
        ),
        (
            '[[example]]\ncommands = ["a"]\nreason = "r"\n'
            '[[example.substitute]]\npath = "p"\nvalue = 1\n',
            "'reason' is missing",
        ),
    ],
    ids=[
        "no command",
        "no reason",
        "unknown key",
        "unnamed machine",
        "no version",
        "isolation",
        "two machines of a name",
        "substitute without a reason",
    ],
)
def test_what_is_wrong_with_a_recipe_is_said(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(KnowledgeError) as raised:
        read(tmp_path, text)

    assert message in str(raised.value)


def test_the_recipes_that_ship_are_read_and_their_needs_have_probes() -> None:
    recipes = load_examples(cases_folder() / "examples.toml")

    deletion = [Request("object-del", {"id": "rng1"})]
    assert recipes.find("object-del", deletion, (10, 0, 0)) is not None
    # The build answers for its types, the host for the rest.
    needs = [need for need in recipes.needs() if not need.startswith("type:")]
    assert [need for need in needs if not answers(need)] == []
