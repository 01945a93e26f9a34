"""What is known of integers is read strictly, and what ships agrees with itself."""

from __future__ import annotations

from pathlib import Path

import pytest

from conformance.knowledge.ranges import Limits, RangeRecipe, needs_of
from conformance.knowledge.store import cases_folder
from conformance.knowledge.versions import VersionRange
from conformance.launch.host import answers
from conformance.model.errors import KnowledgeError
from conformance.model.stage import MachineSpec
from tests.knowledge.read import load_ranges

WHOLE = """
[[range]]
command = "do"
paths = ["a.*", "b"]
versions = ">=6.0,<8"
reason = "r"
refused = "x"
machine = "q35"
args = ["-smp", "2"]
needs = ["kvm"]
isolation = "alone"
setup = [{ execute = "stop" }]
arguments = { path = "{scratch}/f" }
cleanup = [{ execute = "cont" }]
accepted = ["c=*"]
values = { "d" = ["{scratch}/g", 1] }
[range.limits.b]
min = 1
max = 18446744073709551615
documented = true
also_try = [4]
reason = "l"
[range.limits."a.*"]
open = "o"
[range.limits."*"]
omit = "p"
"""


def read(tmp_path: Path, text: str) -> tuple[RangeRecipe, ...]:
    (tmp_path / "x.toml").write_text(text)
    return load_ranges(tmp_path).get("do", ())


def test_every_key_is_read(tmp_path: Path) -> None:
    (recipe,) = read(tmp_path, WHOLE)

    assert recipe == RangeRecipe(
        command="do",
        paths=("a.*", "b"),
        versions=VersionRange(">=6.0,<8"),
        reason="r",
        refused="x",
        spec=MachineSpec(machine="q35", args=("-smp", "2")),
        needs=("kvm",),
        setup=recipe.setup,
        arguments={"path": "/tmp/qmp/f"},
        cleanup=recipe.cleanup,
        alone=True,
        accepted=("c=*",),
        values={"d": ("/tmp/qmp/g", 1)},
        limits=recipe.limits,
    )
    assert [request.execute for request in (*recipe.setup, *recipe.cleanup)] == ["stop", "cont"]
    assert recipe.limit("b") == Limits(
        least=1, greatest=2**64 - 1, documented=True, also_try=(4,), reason="l"
    )
    assert (recipe.limit("a.c").open, recipe.limit("d").omit) == ("o", "p")
    assert needs_of({"do": (recipe,)}) == {"kvm"}


@pytest.mark.parametrize(("path", "fits"), [("a.c", True), ("b", True), ("a", False), ("c", False)])
def test_paths_are_globs(tmp_path: Path, path: str, fits: bool) -> None:
    (recipe,) = read(tmp_path, WHOLE)

    assert recipe.fits(path) is fits


def test_where_nothing_is_limited_nothing_is_known(tmp_path: Path) -> None:
    (recipe,) = read(tmp_path, '[[range]]\ncommand = "do"')

    assert recipe == RangeRecipe(command="do")
    assert recipe.fits("anything")
    assert recipe.limit("anything") == Limits()


def test_the_recipes_of_a_command_stand_in_the_order_of_the_files(tmp_path: Path) -> None:
    (tmp_path / "a.toml").write_text('[[range]]\ncommand = "do"\nomit = "1"\npaths = ["a"]')
    (tmp_path / "b.toml").write_text('[[range]]\ncommand = "do"\nomit = "2"')

    assert [recipe.omit for recipe in load_ranges(tmp_path)["do"]] == ["1", "2"]


BAD = {
    "no command": ("[[range]]", "'command' is missing"),
    "unknown key": ('[[range]]\ncommand = "do"\npath = ["a"]', "unknown key 'path'"),
    "isolation": ('[[range]]\ncommand = "do"\nisolation = "x"', "'isolation' is 'x'"),
    "versions": ('[[range]]\ncommand = "do"\nversions = "new"', "'new' is no bound"),
    "bound": ('[[range]]\ncommand = "do"\n[range.limits.a]\nmin = "1"', "'min' is the string '1'"),
    "tries": ('[[range]]\ncommand = "do"\n[range.limits.a]\nalso_try = ["1"]', "not an integer"),
    "reason": ('[[range]]\ncommand = "do"\n[range.limits.a]\nmin = 1', "'reason' is missing"),
    "values": ('[[range]]\ncommand = "do"\nvalues = { a = [] }', "'a' is empty"),
}


@pytest.mark.parametrize("fault", BAD)
def test_a_fault_in_a_file_is_told_with_its_place(tmp_path: Path, fault: str) -> None:
    text, problem = BAD[fault]

    with pytest.raises(KnowledgeError) as caught:
        read(tmp_path, text)
    assert problem in str(caught.value)
    assert "x.toml" in str(caught.value)


def test_what_ships_names_needs_that_can_be_answered_and_gives_every_limit_a_reason() -> None:
    shipped = load_ranges(cases_folder() / "commands")

    assert len(shipped) > 30
    assert all(answers(need) or need.startswith("type:") for need in needs_of(shipped))
    for recipes in shipped.values():
        for recipe in recipes:
            assert all(item.reason or item.open or item.omit for item in recipe.limits.values())


def test_what_is_accepted_is_told_by_label_and_values_by_path(tmp_path: Path) -> None:
    (recipe,) = read(tmp_path, WHOLE)

    assert recipe.accepts("c=on")
    assert not recipe.accepts("c")
    assert recipe.values_at("d") == ("/tmp/qmp/g", 1)
    assert recipe.values_at("c") == ()
