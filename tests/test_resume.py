"""A run that was interrupted is gone on with: its report is that of a run that nobody disturbed."""

from __future__ import annotations

import json
import shutil
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from conformance.play.resuming import Interrupted
from tests.patience import PATIENCE

from .conftest import Done, Doors, events, outcomes, report_files
from .test_killed_runs import watch
from .test_merging import settled

pytestmark = pytest.mark.qemu

# Some hundred items, of which one breaks a promise.
LONG = ("--case=object-add/toy/*", "--case=qom-*/*")


def whole(folder: Path) -> list[Any]:
    """Return the stream of a report without what differs between two runs."""
    found = [settled(event) for event in events(folder)]
    found[0].pop("resumed")
    return found


def same(one: Path, other: Path) -> bool:
    """Return whether two reports are equal but for times."""
    summaries = [json.loads((each / "summary.json").read_text()) for each in (one, other)]
    for each in summaries:
        each["run"].pop("resumed")
    return whole(one) == whole(other) and settled(summaries[0]) == settled(summaries[1])


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory, targets: str) -> Path:
    """The report of a run that nobody interrupts, of a server that breaks a promise and another."""
    home = tmp_path_factory.mktemp("undisturbed")
    with Doors(home) as doors:
        words = (f"{targets}:broken", f"{targets}:good", *LONG)
        assert doors.command("run", *words, "--report=whole").code == 1
    return home / "whole"


@pytest.fixture
def run(doors: Doors, targets: str) -> Callable[..., Done]:
    def started(*words: str) -> Done:
        return doors.command("run", f"{targets}:broken", f"{targets}:good", *LONG, *words)

    return started


@pytest.fixture
def amid(doors: Doors, targets: str) -> Callable[..., None]:
    """Begins a run and ends it by a signal once so many of its items have ended."""

    def interrupted(number: signal.Signals, *words: str, items: int = 4) -> None:
        wanted = ("run", "-v", f"{targets}:broken", f"{targets}:good", *LONG, *words)
        with doors.start(*wanted) as run:
            assert run.stdout is not None
            watch(run.stdout.fileno(), items)
            run.send_signal(number)
            run.communicate(timeout=PATIENCE)
        doors.settle()

    return interrupted


@pytest.mark.parametrize(
    ("number", "workers"),
    [
        (signal.SIGINT, ()),
        (signal.SIGTERM, ("-n", "2")),
        (signal.SIGKILL, ()),
        (signal.SIGKILL, ("-n", "2")),
    ],
)
def test_an_interrupted_run_is_gone_on_with(
    doors: Doors,
    undisturbed: Path,
    run: Callable[..., Done],
    amid: Callable[..., None],
    number: signal.Signals,
    workers: tuple[str, ...],
) -> None:
    amid(number, *workers)
    folder = doors.home / "qmp-report"
    left = (folder / ".run").read_text().split()[:1] if number is signal.SIGKILL else []
    before = _played(folder)
    assert 0 < before < len(outcomes(events(undisturbed)))

    done = run("--resume", "-v", *workers)

    assert done.code == 1, done.out
    assert same(folder, undisturbed)
    assert events(folder)[0]["resumed"] == 1
    assert "resumed" in done.out
    assert "resumed" in (folder / "report.md").read_text()
    assert report_files(folder) == report_files(undisturbed)
    assert left == [] or not (folder / ".run").exists()


def _played(folder: Path) -> int:
    """Return how many cases an interrupted run has verdicts of."""
    held = folder / ".run"
    run = held.read_text().split()[0] if held.exists() and held.read_text() else None
    left = Interrupted(folder, run)
    cases = [
        (value["target"], value["case"])
        for value in map(json.loads, (folder / "events.ndjson").read_text().splitlines())
        if value["event"] == "case-ended"
    ]
    remains = left.kept(((target, [case]) for target, case in cases), _none())
    return len(remains)


def _none() -> Any:
    from collections import Counter

    return Counter[bytes]()


def test_what_is_done_is_not_played_again(
    doors: Doors, run: Callable[..., Done], amid: Callable[..., None]
) -> None:
    amid(signal.SIGINT)
    stream = events(doors.home / "qmp-report")
    times = {(each["target"], each["case"]): each["seconds"] for each in _verdicts(stream)}

    assert run("--resume").code == 1

    again = {
        (each["target"], each["case"]): each["seconds"]
        for each in _verdicts(events(doors.home / "qmp-report"))
    }
    # No two plays take the same microseconds.
    assert {key: again[key] for key in times} == times


def _verdicts(stream: list[Any]) -> Iterator[Any]:
    for each in stream:
        if each["event"] == "case-ended" and each["outcome"] != "not-run":
            yield each


def test_a_run_that_is_killed_again_and_again_comes_to_its_end(
    doors: Doors, undisturbed: Path, run: Callable[..., Done], amid: Callable[..., None]
) -> None:
    amid(signal.SIGKILL)
    counts = [_played(doors.home / "qmp-report")]
    for number, items in ((signal.SIGKILL, 12), (signal.SIGINT, 20)):
        amid(number, "--resume", items=items)
        counts.append(_played(doors.home / "qmp-report"))

    assert counts == sorted(set(counts))
    assert run("--resume").code == 1
    assert same(doors.home / "qmp-report", undisturbed)
    assert events(doors.home / "qmp-report")[0]["resumed"] == 3


@pytest.mark.parametrize("cut", [30, 3000, 20000])
def test_a_torn_stream_is_gone_on_with(
    doors: Doors, undisturbed: Path, run: Callable[..., Done], cut: int
) -> None:
    folder = doors.home / "qmp-report"
    shutil.copytree(undisturbed, folder)
    stream = folder / "events.ndjson"
    stream.write_bytes(stream.read_bytes()[:-cut])

    assert run("--resume").code == 1
    assert same(folder, undisturbed)


def test_a_torn_part_costs_the_case_that_was_torn(
    doors: Doors, undisturbed: Path, run: Callable[..., Done], amid: Callable[..., None]
) -> None:
    folder = doors.home / "qmp-report"
    amid(signal.SIGKILL)
    (part,) = folder.glob(".part-*-main.ndjson")
    part.write_bytes(part.read_bytes()[:-40])

    assert run("--resume").code == 1
    assert same(folder, undisturbed)


def test_of_a_run_that_has_ended_nothing_is_left(
    doors: Doors, undisturbed: Path, run: Callable[..., Done]
) -> None:
    folder = doors.home / "qmp-report"
    shutil.copytree(undisturbed, folder)
    before = {path.name: path.read_bytes() for path in folder.iterdir()}

    assert run("--resume").code == 1
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before


def test_pytest_goes_on_with_a_run_of_the_command(
    doors: Doors, targets: str, undisturbed: Path, amid: Callable[..., None]
) -> None:
    amid(signal.SIGKILL)
    words = [f"--qmp-targets={targets}:{name}" for name in ("broken", "good")]
    words += [each.replace("--", "--qmp-", 1) for each in LONG]

    done = doors.pytest(*words, "--qmp-resume", "-q", "-n", "2", "-p", "no:cacheprovider")
    assert done.code == 1, done.out
    assert same(doors.home / "qmp-report", undisturbed)

    over = doors.pytest(*words, "--qmp-resume", "-q", "-p", "no:cacheprovider")
    assert over.code == 1
    assert "nothing is left of the run" in over.out + over.err


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ((), "selection was"),
        ((*LONG, "--seed=1"), "seed was"),
        ((*LONG, "--thorough"), "selection was"),
        ((*LONG, "--shard=1/2"), "selection was"),
        ((*LONG, "--known=shipped"), "another"),
        ((*LONG, "--baseline=qmp-report"), "was not compared with a baseline"),
        (LONG, "another"),
    ],
)
def test_another_run_is_refused_and_nothing_is_lost(
    doors: Doors, targets: str, undisturbed: Path, words: tuple[str, ...], told: str
) -> None:
    folder = doors.home / "qmp-report"
    shutil.copytree(undisturbed, folder)
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    builds = [f"{targets}:broken"] + [f"{targets}:good"] * (words != LONG)

    done = doors.command("run", *builds, *words, "--resume")

    assert done.code == 2, done.out
    assert told in done.err
    assert "Traceback" not in done.err
    after = {path.name: path.read_bytes() for path in folder.iterdir()}
    after.pop(".run", None)
    assert after == before


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ('"suite":"', '"suite":"9', "suite was 9"),
        ('"stream":', '"stream":9', "its stream has version 9"),
        ('"sha256":"', '"sha256":"f', "sha256 of broken was f"),
        ('"launcher":"', '"launcher":"another ', "launcher of broken was another"),
        ('"command_line":["', '"command_line":["x","', "command_line of broken was"),
        ('"promise":"', '"promise":"Not ', "its rule-planned"),
        ('"event":"run-started"', '"event":"run-ended"', "it has no event there"),
        ('"event":"run-started"', '"event:"run-started"', "has a line that is no event"),
    ],
)
def test_a_run_of_another_build_or_suite_is_refused(
    doors: Doors, undisturbed: Path, run: Callable[..., Done], old: str, new: str, told: str
) -> None:
    folder = doors.home / "qmp-report"
    shutil.copytree(undisturbed, folder)
    stream = folder / "events.ndjson"
    text = stream.read_text()
    assert old in text
    stream.write_text(text.replace(old, new, 1))

    done = run("--resume")

    assert done.code == 2, done.out
    assert told in done.err
    assert stream.read_text() == text.replace(old, new, 1)


def test_without_a_run_there_is_nothing_to_resume(doors: Doors, run: Callable[..., Done]) -> None:
    nowhere = run("--resume")
    (doors.home / "qmp-report").mkdir()
    empty = run("--resume")

    assert (nowhere.code, empty.code) == (2, 2)
    assert "there is no run to resume" in empty.err
    assert [*(doors.home / "qmp-report").iterdir()] == []


def test_a_baseline_in_the_report_folder_counts_when_it_is_resumed(
    doors: Doors, undisturbed: Path, run: Callable[..., Done], amid: Callable[..., None]
) -> None:
    folder = doors.home / "qmp-report"
    shutil.copytree(undisturbed, folder)
    amid(signal.SIGKILL, "--baseline=qmp-report")

    done = run("--baseline=qmp-report", "--resume")

    assert done.code == 0, done.out
    assert "NOTHING NEW" in done.out
    assert run("--baseline", str(undisturbed), "--report=other").code == 0
    assert same(folder, doors.home / "other")
