"""The stream of a run: written as it happens, joined in the order of the cases."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from conformance.errors import UsageError
from conformance.run.records import Recorder, append, join, prepare_folder
from conformance.stream import CaseEnded, EventSeen, RunEnded, RunStarted, from_json
from conformance.terms import Aspect, Outcome, SubjectKind

STARTED = RunStarted(stream=1, suite="1", seed=0, selection=(), host={}, time="t")
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


def test_what_is_written_is_on_disk_before_the_recorder_closes(tmp_path: Path) -> None:
    with Recorder(tmp_path / "part") as recorder:
        recorder.write([_ended("a"), _ended("b")])

        assert _read(tmp_path / "part") == [_ended("a"), _ended("b")]


def test_parts_are_joined_in_the_order_of_the_cases(tmp_path: Path) -> None:
    order = [_unheard(name) for name in "abcd"]
    parts = [tmp_path / "1", tmp_path / "2"]
    for part, names in zip(parts, ("db", "ca"), strict=True):
        with Recorder(part) as recorder:
            recorder.write(_ended(name) for name in names)

    counts = join(parts, order, [STARTED], tmp_path / "all")
    append(tmp_path / "all", ENDED)

    assert _read(tmp_path / "all") == [STARTED, *map(_ended, "abcd"), ENDED]
    assert counts == {_ended("a").outcome: 4}


def test_what_several_parts_have_seen_comes_last_and_once(tmp_path: Path) -> None:
    stop, reset = EventSeen(target="t", name="STOP"), EventSeen(target="t", name="RESET")
    parts = [tmp_path / "1", tmp_path / "2"]
    for part, seen, name in zip(parts, ((stop,), (stop, reset)), "ba", strict=True):
        with Recorder(part) as recorder:
            recorder.write([*seen, _ended(name)])

    join(parts, [_unheard("a"), _unheard("b")], [STARTED], tmp_path / "all")

    assert _read(tmp_path / "all") == [STARTED, _ended("a"), _ended("b"), reset, stop]


def test_a_torn_line_is_lost_alone_and_its_case_counts_as_not_run(tmp_path: Path) -> None:
    part = tmp_path / "part"
    with Recorder(part) as recorder:
        recorder.write([_ended("a"), _ended("b")])
    part.write_text(part.read_text()[:-20])

    counts = join([part], [_unheard("a"), _unheard("b")], [], tmp_path / "all")

    assert _read(tmp_path / "all") == [_ended("a"), _unheard("b")]
    assert counts == {_ended("a").outcome: 1, Outcome.NOT_RUN: 1}


def test_equal_cases_of_two_targets_are_told_apart(tmp_path: Path) -> None:
    with Recorder(tmp_path / "part") as recorder:
        recorder.write([_ended("a", "u"), _ended("a", "t")])

    join([tmp_path / "part"], [_unheard("a", "t"), _unheard("a", "u")], [], tmp_path / "all")

    assert [event.target for event in _read(tmp_path / "all")] == ["t", "u"]


def test_a_report_folder_is_made_and_left_empty(tmp_path: Path) -> None:
    prepare_folder(tmp_path / "a" / "b")

    assert list((tmp_path / "a" / "b").iterdir()) == []


def test_a_report_folder_that_cannot_be_is_the_users_to_mend(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    with pytest.raises(UsageError, match="cannot be written"):
        prepare_folder(tmp_path / "file" / "b")
