"""Cases of a user's own beside those that ship: what they add, refine and cannot touch."""

from __future__ import annotations

from pathlib import Path

import pytest

from conformance.knowledge.dangers import HostReach
from conformance.knowledge.everything import Knowledge
from conformance.knowledge.loading import load_knowledge
from conformance.model.errors import KnowledgeError

OWN = """
[[command]]
name = "query-status"
reason = "of our own"

[[command]]
name = "stop"
versions = ">=7,<8"
replaces = true
reason = "refined"

[[object]]
type = "iothread"
versions = ">=7,<8"
replaces = true
arguments = { poll-max-ns = 5 }

[[stage]]
name = "ours"
machine = "q35"
reason = "of our own"

[[event]]
event = "STOP"
name = "ours"
stage = "ours"
steps = [{ execute = "stop", emits = [{ event = "STOP" }] }]
reason = "of our own"

[[danger]]
commands = ["blockdev-add"]
reaches = ["host-device"]
through = ["filename=/dev/*"]
reason = "of our own"
"""


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> Knowledge:
    folder = tmp_path_factory.mktemp("own") / "below"
    folder.mkdir()
    (folder / "ours.toml").write_text(OWN)
    return load_knowledge([str(folder.parent)])


def test_a_recipe_of_a_users_own_is_added(both: Knowledge) -> None:
    assert both.commands["query-status"].reason == "of our own"
    assert "object-add" in both.commands


def test_a_recipe_that_replaces_another_does_so_on_its_builds_alone(both: Knowledge) -> None:
    assert both.recipes.find("iothread", (7, 2, 0)).arguments == {"poll-max-ns": 5}
    assert both.recipes.find("iothread", (10, 0, 0)).arguments == {}
    assert both.commands.for_build((7, 2, 0), "x86_64")["stop"].reason == "refined"
    assert both.commands.for_build((10, 0, 0), "x86_64")["stop"].reason != "refined"


def test_an_event_of_a_users_own_comes_about_on_a_stage_of_its_own(both: Knowledge) -> None:
    (own,) = (r for r in both.events.find("STOP", (10, 0, 0)) if r.name == "ours")

    assert own.spec.machine == "q35"


def test_a_danger_is_added_to_those_of_its_command(both: Knowledge) -> None:
    reaches = {reach for each in both.dangers.dangers["blockdev-add"] for reach in each.reaches}

    assert {HostReach.HOST_DEVICE, HostReach.FILE_READ} <= reaches


def test_what_contradicts_what_ships_is_refused_with_both_places(tmp_path: Path) -> None:
    (tmp_path / "ours.toml").write_text('[[object]]\ntype = "iothread"\n')

    with pytest.raises(KnowledgeError, match=r"ours\.toml:1: iothread .*iothread\.toml:\d+"):
        load_knowledge([str(tmp_path)])
