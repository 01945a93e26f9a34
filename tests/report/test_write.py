"""The files of a report, written here or in a process of their own."""

from __future__ import annotations

from pathlib import Path

import pytest

from conformance.model.canonical import canonical
from conformance.model.errors import UsageError
from conformance.report import write
from conformance.report.stream import STREAM_FILE, Event, to_json

from .made import whole_run


def a_stream(folder: Path, *events: Event) -> Path:
    path = folder / STREAM_FILE
    path.write_text("".join(f"{canonical(to_json(each))}\n" for each in events), encoding="ascii")
    return path


def test_a_long_stream_is_read_by_another_process_with_the_same_result(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = a_stream(tmp_path, *whole_run())

    here = write.publish(path)
    texts = {name: (tmp_path / name).read_bytes() for name in write.FORMATS}
    for name in write.FORMATS:
        (tmp_path / name).unlink()
    monkeypatch.setattr(write, "_LONG", 0)

    assert write.publish(path) == here
    assert {name: (tmp_path / name).read_bytes() for name in write.FORMATS} == texts


def test_what_is_wrong_with_a_long_stream_is_told_as_ever(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / STREAM_FILE
    path.write_text("no stream\n", encoding="ascii")
    monkeypatch.setattr(write, "_LONG", 0)

    with pytest.raises(UsageError, match="not an event"):
        write.publish(path)
