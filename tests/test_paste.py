"""`paste` tries the reproducers of a run in a shell, and the report tells what came of them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from conformance.play.records import with_pasted, write_stream
from conformance.report.stream import STREAM_FILE, Pasted
from tests.miniatures.install import install
from tests.report.made import whole_run

from .conftest import Doors, events

CASE = "object-add/toy/valid/mandatory-only"


def target_file(doors: Doors, word: str) -> str:
    program = install(doors.home)
    (doors.home / "one.toml").write_text(
        f"[[target]]\nname = 'mini'\nprogram = {json.dumps(str(program))}\n"
        f"env = {{BREAKS = {json.dumps(word)}}}\n"
    )
    return "one.toml"


def pasted(folder: Path) -> list[dict[str, Any]]:
    return [event for event in events(folder) if event["event"] == "pasted"]


@pytest.mark.qemu
def test_a_reproducer_that_shows_its_defect_is_told_so(doors: Doors) -> None:
    report = doors.home / "qmp-report"
    run = doors.command("run", target_file(doors, "dies-by-signal"), "--case", CASE)
    assert run.code == 1, run.err

    done = doors.command("paste", "qmp-report")

    assert done.code == 0, done.out + done.err
    assert "1/1 v1-" in done.out
    assert done.out.splitlines()[-1] == "1 of 1 reproducer show it; qmp-report tells of each."
    (told,) = pasted(report)
    assert told["shows"] is True
    assert told["signs"][0].startswith("QEMU ended with status 1")
    # It takes an answer along: the request that ends it comes behind the one that was blamed.
    requests = [line for line in told["reproducer"].splitlines() if line.startswith('{"exec')]
    assert [json.loads(line)["execute"] for line in requests] == [
        "qmp_capabilities",
        "object-add",
        "object-del",
        "quit",
    ]
    assert "Pasted into a shell of this host, it shows it." in (report / "report.md").read_text()

    again = doors.command("paste", "qmp-report", "--only", told["fingerprint"][:8])

    assert again.code == 0
    assert pasted(report) == [told]


@pytest.mark.qemu
def test_another_build_than_that_of_the_run_is_not_tried(doors: Doors) -> None:
    run = doors.command("run", target_file(doors, "dies-by-signal"), "--case", CASE)
    assert run.code == 1, run.err
    program = doors.home / "qemu-system-x86_64-mini"
    program.write_text(program.read_text() + "# another build\n")

    done = doors.command("paste", "qmp-report")

    assert done.code == 2
    assert "is not the build of that run: its hash differs" in done.err
    assert pasted(doors.home / "qmp-report") == []


def test_what_is_no_run_is_told(doors: Doors) -> None:
    done = doors.command("paste", "nowhere")

    assert done.code == 2
    assert "there is no such run" in done.err


def test_a_later_trial_replaces_an_earlier_one(make_stream: Path) -> None:
    first = told_of("v1-aaaaaaaaaaaa", shows=False)
    other = told_of("v1-bbbbbbbbbbbb", shows=True)
    with_pasted(make_stream, [first, other])

    with_pasted(make_stream, [told_of("v1-aaaaaaaaaaaa", shows=True)])

    found = {each["fingerprint"]: each["shows"] for each in pasted(make_stream.parent)}
    assert found == {"v1-aaaaaaaaaaaa": True, "v1-bbbbbbbbbbbb": True}


def told_of(fingerprint: str, *, shows: bool) -> Pasted:
    return Pasted(
        target="t",
        fingerprint=fingerprint,
        case="a/b",
        reproducer="true",
        signs=(),
        shows=shows,
        why="" if shows else "nothing that it prints tells it",
    )


@pytest.fixture
def make_stream(tmp_path: Path) -> Path:

    write_stream(tmp_path, whole_run())
    return tmp_path / STREAM_FILE
