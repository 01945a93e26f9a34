"""A stream is read back as it was written, and nothing malformed passes."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from conformance.model.canonical import compact
from conformance.model.errors import UsageError
from conformance.report.reading import read_events
from conformance.report.stream import STREAM_VERSION, RunEnded, RunStarted, to_json

STARTED = RunStarted(stream=STREAM_VERSION, suite="0.1.0", seed=0, selection=(), host={}, time="t")
ENDED = RunEnded(complete=True, exit_code=0, outcomes={}, seconds=1.0, time="t")


def _line(event: RunStarted | RunEnded) -> str:
    return compact(to_json(event)) + "\n"


def _file(folder: Path, text: str) -> Path:
    path = folder / "events.ndjson"
    path.write_text(text)
    return path


def test_events_come_back_in_order(tmp_path: Path) -> None:
    path = _file(tmp_path, _line(STARTED) + _line(ENDED))

    assert list(read_events(path)) == [STARTED, ENDED]


@pytest.mark.parametrize("left", [1, 20, -3])
def test_a_line_that_is_cut_off_is_named(tmp_path: Path, left: int) -> None:
    path = _file(tmp_path, _line(STARTED) + _line(ENDED)[:left])

    with pytest.raises(UsageError, match="the last line is cut off") as caught:
        list(read_events(path))
    assert f"{path}:2" in str(caught.value)


def test_last_line_that_lacks_its_end_alone_is_an_event(tmp_path: Path) -> None:
    path = _file(tmp_path, _line(STARTED) + _line(ENDED).rstrip("\n"))

    assert list(read_events(path)) == [STARTED, ENDED]


def test_an_endless_line_is_refused_at_the_limit() -> None:
    with pytest.raises(UsageError, match="/dev/zero:1: a line of more than 32 MiB"):
        list(read_events(Path("/dev/zero")))


@pytest.mark.parametrize(
    "line",
    ["{\n", "\n", "[]\n", '{"event":"none"}\n', "\x00\n", "[" * 100_000 + "\n"],
    ids=["cut", "empty", "array", "unknown", "binary", "deep"],
)
def test_malformed_line_is_named(tmp_path: Path, line: str) -> None:
    path = _file(tmp_path, _line(STARTED) + line + _line(ENDED))

    with pytest.raises(UsageError) as caught:
        list(read_events(path))
    assert f"{path}:2" in str(caught.value)


def test_malformed_last_line_that_is_whole_is_named(tmp_path: Path) -> None:
    path = _file(tmp_path, _line(STARTED) + "{\n")

    with pytest.raises(UsageError, match=r"events\.ndjson:2"):
        list(read_events(path))


def test_stream_of_another_version_is_refused(tmp_path: Path) -> None:
    old = dataclasses.replace(STARTED, stream=STREAM_VERSION - 1)
    path = _file(tmp_path, _line(old))

    with pytest.raises(UsageError, match=f"version {STREAM_VERSION - 1}"):
        list(read_events(path))


def test_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot be read"):
        list(read_events(tmp_path / "none"))
