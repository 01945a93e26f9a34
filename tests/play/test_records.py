"""The stream of a run: planned, written as it happens, joined in the order of the cases."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from conformance.model.bounded_lines import LINE_LIMIT
from conformance.model.errors import HarnessError
from conformance.model.terms import Aspect, Outcome, SubjectKind
from conformance.play.records import (
    Joined,
    Recorder,
    clear_folder,
    end_killed,
    part_path,
    write_stream,
)
from conformance.report.stream import CaseEnded, Event, EventSeen, RunEnded, RunStarted, from_json

STARTED = RunStarted(
    stream=1, suite="1", seed=0, selection=(), host={}, time="2020-01-01T00:00:00+00:00"
)
ENDED = RunEnded(complete=True, exit_code=0, outcomes={}, seconds=1.0, time="t")


def _ended(case: str, target: str = "t") -> CaseEnded:
    return CaseEnded(
        target=target,
        case=case,
        subject_kind=SubjectKind.COMMAND,
        subject="made",
        aspect=Aspect.VALID,
        outcome=Outcome.PASS,
        reason="",
        rules=(),
        seconds=0.0,
    )


def _unheard(case: str, target: str = "t") -> CaseEnded:
    return replace(_ended(case, target), outcome=Outcome.NOT_RUN, reason="no word of it")


def _read(path: Path) -> list[Any]:
    return [from_json(json.loads(line)) for line in path.read_text().splitlines()]


def _part(folder: Path, worker: str, events: Iterable[Event], run: str = "ours") -> Path:
    path = part_path(folder, run, worker)
    with Recorder(path) as recorder:
        recorder.write(events)
    return path


def test_what_is_written_is_on_disk_before_the_recorder_closes(tmp_path: Path) -> None:
    with Recorder(tmp_path / "part") as recorder:
        recorder.write([_ended("a"), _ended("b")])

        assert _read(tmp_path / "part") == [_ended("a"), _ended("b")]


def test_a_line_that_nobody_would_read_back_is_not_written(tmp_path: Path) -> None:
    with Recorder(tmp_path / "part") as recorder, pytest.raises(HarnessError, match="32 MiB"):
        recorder.write([replace(_ended("a"), reason="x" * LINE_LIMIT)])

    assert (tmp_path / "part").read_text() == ""


def test_parts_are_joined_in_the_order_of_the_plan(tmp_path: Path) -> None:
    write_stream(tmp_path, [STARTED, *map(_unheard, "abcd")])
    for worker, names in (("1", "db"), ("2", "ca")):
        _part(tmp_path, worker, map(_ended, names))

    joined = Joined(tmp_path, "ours")

    assert joined.counts == {Outcome.PASS: 4}
    assert _read(joined.end(ENDED)) == [STARTED, *map(_ended, "abcd"), ENDED]
    assert [path.name for path in tmp_path.iterdir()] == ["events.ndjson"]


def test_the_stream_has_no_end_until_all_of_it_is_there(tmp_path: Path) -> None:
    write_stream(tmp_path, [STARTED, _unheard("a")])
    part = _part(tmp_path, "1", [_ended("a")])

    Joined(tmp_path, "ours")

    assert _read(tmp_path / "events.ndjson") == [STARTED, _unheard("a")]
    assert part.exists()


def test_what_several_parts_have_seen_comes_last_and_once(tmp_path: Path) -> None:
    stop, reset = EventSeen(target="t", name="STOP"), EventSeen(target="t", name="RESET")
    write_stream(tmp_path, [STARTED, _unheard("a"), _unheard("b")])
    for worker, seen, name in (("1", (stop,), "b"), ("2", (stop, reset), "a")):
        _part(tmp_path, worker, [*seen, _ended(name)])

    path = Joined(tmp_path, "ours").end(ENDED)

    assert _read(path) == [STARTED, _ended("a"), _ended("b"), reset, stop, ENDED]


def test_a_torn_line_is_lost_alone_and_its_case_counts_as_not_run(tmp_path: Path) -> None:
    write_stream(tmp_path, [_unheard("a"), _unheard("b")])
    part = _part(tmp_path, "1", [_ended("a"), _ended("b")])
    part.write_text(part.read_text()[:-20])

    joined = Joined(tmp_path, "ours")

    assert joined.counts == {Outcome.PASS: 1, Outcome.NOT_RUN: 1}
    assert _read(joined.end(ENDED)) == [_ended("a"), _unheard("b"), ENDED]


def test_a_part_of_another_run_is_neither_joined_nor_touched(tmp_path: Path) -> None:
    write_stream(tmp_path, [STARTED, _unheard("a"), _unheard("b")])
    _part(tmp_path, "gw0", [_ended("a")])
    theirs = _part(tmp_path, "gw1", [_ended("b")], run="theirs")

    joined = Joined(tmp_path, "ours")

    assert joined.counts == {Outcome.PASS: 1, Outcome.NOT_RUN: 1}
    joined.end(ENDED)
    assert _read(theirs) == [_ended("b")]


def test_equal_cases_of_two_targets_are_told_apart(tmp_path: Path) -> None:
    write_stream(tmp_path, [_unheard("a", "t"), _unheard("a", "u")])
    _part(tmp_path, "1", [_ended("a", "u"), _ended("a", "t")])

    path = Joined(tmp_path, "ours").end(ENDED)

    assert _read(path)[:-1] == [_ended("a", "t"), _ended("a", "u")]


def test_a_killed_run_ended_when_it_last_wrote_something(tmp_path: Path) -> None:
    write_stream(tmp_path, [STARTED, _unheard("a"), _unheard("b")])
    part = _part(tmp_path, "1", [_ended("a")])
    os.utime(tmp_path / "events.ndjson", (0, 1577836805))
    os.utime(part, (0, 1577836810))

    *_, ended = _read(end_killed(tmp_path, "ours", STARTED.time))

    assert ended == RunEnded(
        complete=False,
        exit_code=130,
        outcomes={"not-run": 1, "pass": 1},
        seconds=10.0,
        time="2020-01-01T00:00:10+00:00",
    )


def test_what_earlier_runs_have_left_is_removed_and_nothing_else(tmp_path: Path) -> None:
    _part(tmp_path, "gw0", [], run="theirs")
    for name in ("events.ndjson", "summary.json", "report.md", ".events.ndjson", "notes.txt"):
        (tmp_path / name).write_text("")

    clear_folder(tmp_path)

    assert [path.name for path in tmp_path.iterdir()] == ["notes.txt"]
