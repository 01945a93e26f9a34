"""The folder of a report holds what the last run there has shown, and nothing of any other."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from conformance.launch.folder import RunFolder
from conformance.launch.target import Target
from conformance.model.errors import ConformanceError, HarnessError, KnowledgeError, LaunchError
from conformance.model.terms import ExitCode
from conformance.play.leading import leading, report
from conformance.play.options import Options
from conformance.prepare.cache import Cache
from conformance.prepare.campaign import Campaign
from conformance.prepare.prepare import prepare
from conformance.prepare.selection import Selection
from tests.miniatures.install import install, miniature
from tests.patience import PATIENCE

from .conftest import REPORT, Doors, events, outcomes, report_files

TOY = "--case=object-add/toy/valid/mandatory-only"


def summary(folder: Path) -> dict[str, Any]:
    """Return the summary of a report, which says nothing green of a run that is not whole."""
    found: dict[str, Any] = json.loads((folder / "summary.json").read_text())
    assert report_files(folder) == REPORT
    if not found["complete"]:
        assert found["verdict"] != "conforms"
        assert "**This run is partial.**" in (folder / "report.md").read_text()
    return found


def beside(doors: Doors, module: str, *words: str) -> subprocess.CompletedProcess[str]:
    """Run a module to its end while another run is under way."""
    return subprocess.run(
        [sys.executable, "-m", module, *words],
        capture_output=True,
        text=True,
        cwd=doors.home,
        env=doors.environment,
        timeout=PATIENCE,
        check=False,
    )


@pytest.mark.qemu
def test_a_second_run_into_a_folder_is_refused_and_the_first_goes_on(
    doors: Doors, targets: str
) -> None:
    with doors.hanging() as first:
        folder = doors.home / "qmp-report"
        before = (folder / "events.ndjson").read_bytes()
        pytests = (f"--qmp-targets={targets}:good", f"--qmp-{TOY[2:]}")
        for words in (("run", f"{targets}:good", TOY), ("report", str(folder))):
            done = beside(doors, "conformance", *words)
            assert done.returncode == ExitCode.USAGE
            assert f"is held by another run (process {first.pid})\n  Wait" in done.stderr
            assert done.stdout == ""
        for more in ((), ("-n", "2")):
            done = beside(doors, "pytest", *pytests, *more)
            assert done.returncode == ExitCode.USAGE
            assert "is held by another run" in done.stderr
        assert (folder / "events.ndjson").read_bytes() == before
        first.terminate()
        first.communicate(timeout=PATIENCE)
    doors.settle()
    assert summary(folder)["end"]["exit_code"] == ExitCode.INTERRUPTED
    # Whoever has waited is let in.
    assert doors.command("run", f"{targets}:good", TOY).code == 0


@pytest.mark.qemu
def test_a_run_that_can_start_nothing_replaces_what_was_there(doors: Doors, targets: str) -> None:
    assert doors.command("run", f"{targets}:good", TOY).code == 0
    folder = doors.home / "qmp-report"
    assert summary(folder)["verdict"] == "conforms"

    done = doors.command("run", "/bin/true", TOY)

    assert (done.code, done.out) == (ExitCode.LAUNCH, "true: identifying it\n")
    stream = events(folder)
    assert [event["event"] for event in stream] == ["run-started", "target-lost", "run-ended"]
    assert "is no QEMU system emulator" in stream[1]["what"]
    assert (stream[-1]["complete"], stream[-1]["exit_code"]) == (False, ExitCode.LAUNCH)
    assert "was not tested" in "".join(summary(folder)["incomplete"])


@pytest.mark.qemu
@pytest.mark.parametrize("door", ["command", "pytest"])
def test_what_is_wrong_before_a_build_is_asked_leaves_the_folder_alone(
    doors: Doors, targets: str, door: str
) -> None:
    assert doors.command("run", f"{targets}:good", TOY).code == 0
    folder = doors.home / "qmp-report"
    before = {path.name: path.read_bytes() for path in folder.iterdir()}

    twice = f"{targets}:good"
    if door == "command":
        assert doors.command("run", twice, "--shard=9/8").code == ExitCode.USAGE
        assert doors.command("run", twice, twice).code == ExitCode.USAGE
    else:
        words = (f"--qmp-targets={twice}", f"--qmp-targets={twice}")
        assert doors.pytest(*words).code == ExitCode.USAGE
        assert doors.pytest(words[0], "--collect-only").code == 0

    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before


@pytest.mark.qemu
def test_what_is_wrong_once_builds_were_asked_is_reported(doors: Doors, targets: str) -> None:
    assert doors.command("run", f"{targets}:good", TOY).code == 0
    folder = doors.home / "qmp-report"

    assert doors.command("run", f"{targets}:good", "--case=nothing").code == ExitCode.USAGE
    assert summary(folder)["end"]["exit_code"] == ExitCode.USAGE

    done = doors.pytest(f"--qmp-targets={targets}:good", "good::nothing")
    assert done.code == pytest.ExitCode.USAGE_ERROR
    assert summary(folder)["end"]["exit_code"] == ExitCode.USAGE


@pytest.mark.qemu
def test_the_report_of_a_finished_run_is_written_again_byte_by_byte(
    doors: Doors, targets: str
) -> None:
    assert doors.command("run", f"{targets}:broken", "--case=object-add/toy/*").code == 1
    folder = doors.home / "qmp-report"
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    (folder / "summary.json").unlink()
    (folder / "report.md").write_text("something else")

    done = doors.command("report", str(folder))

    assert (done.code, done.err) == (ExitCode.FINDINGS, "")
    assert "FINDINGS: 1 of 1 build" in done.out
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before


@pytest.mark.qemu
def test_what_is_no_report_folder_is_refused(doors: Doors, targets: str) -> None:
    (doors.home / "empty").mkdir()
    for name in ("empty", "none"):
        done = doors.command("report", name)
        assert done.code == ExitCode.USAGE
        assert f"{name} holds no events.ndjson\n  Name" in done.err
    assert os.listdir(doors.home / "empty") == []
    assert doors.command("run", f"{targets}:good", TOY).code == 0
    path = doors.home / "qmp-report" / "events.ndjson"
    whole = path.read_text()

    path.write_text(whole[:-20])
    torn = doors.command("report", "qmp-report")
    path.write_text(whole.partition("\n")[2])
    headless = doors.command("report", "qmp-report")

    assert torn.code == headless.code == ExitCode.USAGE
    assert f"events.ndjson:{whole.count(chr(10))}: the last line is cut off" in torn.err
    assert "this is no stream of a run" in headless.err


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return install(tmp_path_factory.mktemp("miniature"))


def options(folder: Path, program: Path, *names: str) -> Options:
    """Return a run of targets of these names, all the miniature."""
    made = [miniature(program) for _ in names]
    targets = tuple(
        Target(name=name, program=each.program, schema=each.schema, spelling=name)
        for name, each in zip(names, made, strict=True)
    )
    return Options(targets=targets, report=folder, selection=Selection(globs=("qom-get/valid/*",)))


@pytest.mark.parametrize(
    ("error", "code", "said"),
    [
        (LaunchError("it does not start", "Mend it."), 3, "it does not start"),
        (HarnessError("no room", "Make some."), 4, "no room"),
        (KnowledgeError("a file is wrong", "Mend it."), 2, "a file is wrong"),
        (KeyError("x"), 4, "the suite itself failed while it prepared the target: KeyError: 'x'"),
        (RecursionError("too deep"), 4, "RecursionError: too deep"),
        (None, 4, "ValueError: two cases are named a/b/c (test_report_folder.py, line"),
    ],
    ids=["launch", "harness", "knowledge", "unexpected", "recursion", "plan"],
)
def test_what_fails_while_a_target_is_prepared_loses_it_alone(
    tmp_path: Path,
    program: Path,
    monkeypatch: pytest.MonkeyPatch,
    error: Exception | None,
    code: int,
    said: str,
) -> None:
    def prepared(target: Target, folder: RunFolder, cache: Cache, **more: Any) -> Campaign:
        if target.name == "bad":
            # As a build would fail for whose plan the suite is not made.
            raise error or ValueError("two cases are named a/b/c")
        return prepare(target, folder, cache, **more)

    monkeypatch.setattr("conformance.prepare.targets.prepare", prepared)
    alone, both = tmp_path / "alone", tmp_path / "both"

    with pytest.raises(ConformanceError) as caught, leading(options(alone, program, "bad")):
        pass
    with leading(options(both, program, "bad", "good")) as run:
        assert [campaign.target.name for campaign in run.campaigns] == ["good"]
        run.plan(run.node_ids())
        report(run, interrupted=False, failed=False)

    assert caught.value.exit_code == code
    assert summary(alone)["end"]["exit_code"] == code
    assert summary(both)["end"]["exit_code"] == code
    for folder in (alone, both):
        (lost,) = [event for event in events(folder) if event["event"] == "target-lost"]
        assert lost["target"] == "bad"
        assert said in lost["what"]
        assert lost["remedy"]
    assert {target for target, _, _ in outcomes(events(both))} == {"good"}


@pytest.mark.parametrize(
    ("error", "code"),
    [(KeyboardInterrupt(), 130), (SystemExit(1), 4), (AssertionError("odd"), 4)],
    ids=["interrupted", "exit", "unexpected"],
)
def test_a_run_that_is_left_without_its_end_is_reported_as_it_was_left(
    tmp_path: Path, program: Path, error: BaseException, code: int
) -> None:
    with pytest.raises(type(error)), leading(options(tmp_path / "r", program, "good")):
        raise error

    found = summary(tmp_path / "r")
    assert found["end"]["exit_code"] == code
    assert found["totals"] == {"not-run": found["targets"][0]["build"]["cases"]}
