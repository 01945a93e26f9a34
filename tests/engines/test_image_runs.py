"""Whole runs of an image: the same cases and outcomes as those of its root file system."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path

import pytest

from tests.conftest import Doors, events, outcomes
from tests.engines.images import DAEMON, QEMU, Engine

pytestmark = pytest.mark.qemu

CASES = ("--case=query-*", "--case=object-add/iothread/*")


def told(doors: Doors, report: str) -> list[tuple[str, str]]:
    """Return each case of a report with its outcome."""
    return [(case, how) for _, case, how in outcomes(events(doors.home / report))]


def test_a_run_of_an_image_has_the_outcomes_of_its_root(doors: Doors, engine: Engine) -> None:
    doors.environment.update(engine.variables)
    image = ("--image", engine.image, "--engine", engine.command)

    one = doors.command("run", *image, DAEMON, *CASES, "-n", "2", "--report=image")
    two = doors.command("run", "--rootfs", str(engine.root), DAEMON, *CASES, "--report=root")

    assert (one.code, two.code) in {(0, 0), (1, 1)}, one.err + two.err
    assert sorted(told(doors, "image")) == sorted(told(doors, "root"))
    assert len(told(doors, "image")) > 200
    started = next(
        each for each in events(doors.home / "image") if each["event"] == "target-started"
    )
    assert started["launcher"].startswith(f"image {engine.image} (")
    assert "id sha256:" in started["launcher"]
    assert f"--image {engine.image} --engine={engine.command} {DAEMON}" == started["spelling"]


def test_answers_of_an_image_count_in_the_next_container(doors: Doors, docker: Engine) -> None:
    doors.environment.update(docker.variables)
    words = ("--image", docker.image, "--engine", docker.command, QEMU, "--case=query-status/*")

    first = doors.command("run", *words)
    second = doors.command("run", *words)

    assert first.code == second.code == 0, first.err
    assert "entering a container" in second.out
    assert "introspecting it" not in second.out


def test_targets_of_a_file_name_images(doors: Doors, docker: Engine) -> None:
    doors.environment.update(docker.variables)
    text = f"""
    [[target]]
    name = "boxed"
    program = "{DAEMON}"
    engine = {json.dumps(docker.command)}
    [target.axes]
    image = [{json.dumps(docker.image)}, "nothere:2"]
    """
    assert tomllib.loads(text)
    (doors.home / "targets.toml").write_text(text)

    done = doors.command("run", "targets.toml", "--case=query-block/*")

    assert done.code == 3, done.err
    assert "has no image nothere:2" in " ".join(done.out.split())
    found = {target for target, _, _ in outcomes(events(doors.home / "qmp-report"))}
    assert found == {f"boxed-{docker.image.replace(':', '-')}"}
    assert Path(doors.home / "qmp-report/summary.json").is_file()
