"""Shards that are merged are the run that nobody divided, but for times."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from .conftest import Doors, events

SELECTION = ("--case=object-add/*", "--case=qom-list/*", "--case=*/documentation/*")
PASSING = ("time", "seconds", "shown", "cost")


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory, targets: str) -> Path:
    """The folders `whole`, and `part-1` to `part-3` of a run in three shards."""
    home = tmp_path_factory.mktemp("shards")
    wanted = (f"{targets}:broken", f"{targets}:good", *SELECTION)
    with Doors(home) as doors:
        assert doors.command("run", *wanted, "--report=whole").code == 1
        for n in (1, 2, 3):
            doors.command("run", *wanted, f"--shard={n}/3", f"--report=part-{n}")
    return home


@pytest.fixture
def home(runs: Path, doors: Doors) -> Path:
    for folder in runs.iterdir():
        shutil.copytree(folder, doors.home / folder.name)
    return doors.home


PARTS = ("part-1", "part-2", "part-3")


def settled(value: Any) -> Any:
    """Return a JSON value without times."""
    match value:
        case dict():
            return {name: settled(each) for name, each in value.items() if name not in PASSING}
        case list():
            return [settled(each) for each in value]
        case _:
            return value


@pytest.mark.qemu
@pytest.mark.parametrize("order", [PARTS, PARTS[::-1]], ids=["in order", "backwards"])
def test_merged_shards_equal_the_whole_run(
    home: Path, doors: Doors, order: tuple[str, ...]
) -> None:
    done = doors.command("merge", *order)

    assert done.code == 1, done.err
    whole, merged = events(home / "whole"), events(home / "qmp-report")
    assert [settled(event) for event in merged] == [settled(event) for event in whole]
    for name in ("summary.json",):
        assert settled(json.loads((home / "qmp-report" / name).read_text())) == settled(
            json.loads((home / "whole" / name).read_text())
        )
    assert {path.name for path in (home / "qmp-report").glob("*.schema.json")} == {
        path.name for path in (home / "whole").glob("*.schema.json")
    }


@pytest.mark.qemu
def test_shards_share_the_work(home: Path) -> None:
    *counts, whole = (
        (home / name / "events.ndjson").read_text().count('"event":"case-ended"')
        for name in (*PARTS, "whole")
    )

    assert all(counts)
    assert sum(counts) == whole


@pytest.mark.qemu
def test_a_shard_that_is_missing_is_told(home: Path, doors: Doors) -> None:
    done = doors.command("merge", "part-1", "part-3")

    assert done.code == 4
    assert "shard 2/3 is missing" in json.dumps(events(home / "qmp-report")[0]["selection"])
    assert events(home / "qmp-report")[-1]["complete"] is False


@pytest.mark.qemu
@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("part-1", "part-1"), "Name each shard once"),
        (("part-1", "whole"), "Name each shard once"),
        (("part-1", "nosuch"), "there is no such run"),
        (("part-1", "--report=part-1"), "is one of the runs"),
    ],
)
def test_what_does_not_belong_together_is_refused(
    home: Path, doors: Doors, words: tuple[str, ...], told: str
) -> None:
    done = doors.command("merge", *words)

    assert done.code == 2
    assert told in done.err
    assert events(home / "part-1")[-1]["event"] == "run-ended"


@pytest.mark.qemu
def test_targets_that_were_run_apart_become_one_run(doors: Doors, targets: str) -> None:
    toy = "--case=object-add/toy/valid/*"
    for name in ("broken", "good"):
        doors.command("run", f"{targets}:{name}", toy, f"--report={name}")
    doors.command("merge", "broken", "good")
    doors.command("run", f"{targets}:broken", f"{targets}:good", toy, "--report=both")

    merged, both = events(doors.home / "qmp-report"), events(doors.home / "both")
    assert [settled(event) for event in merged] == [settled(event) for event in both]


@pytest.mark.qemu
def test_what_is_gone_makes_a_merged_run_fail_unless_it_only_warns(
    doors: Doors, targets: str
) -> None:
    toy = "--case=object-add/toy/*"
    doors.command("run", f"{targets}:broken", toy, "--report=broken")
    doors.command("known", "update", "known.toml", "broken")
    words = ("run", f"{targets}:good", toy, "--known=known.toml", "--stale=warn")
    for n in (1, 2):
        assert doors.command(*words, f"--shard={n}/2", f"--report=part-{n}").code in (0, 2)

    assert doors.command("merge", "part-1", "part-2").code == 1
    assert doors.command("merge", "part-1", "part-2", "--stale=warn").code == 0
