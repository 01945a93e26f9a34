"""The files of a report, written here or in a process of their own."""

from __future__ import annotations

from pathlib import Path

import pytest

from conformance.model.canonical import canonical
from conformance.model.errors import UsageError
from conformance.model.search import FoundHistory, SearchTotals
from conformance.model.terms import SubjectKind
from conformance.report import write
from conformance.report.stream import STREAM_FILE, Event, Searched, to_json

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


def test_what_a_search_found_is_a_file_of_cases_each_in_place_of_those_of_before(
    tmp_path: Path,
) -> None:
    (tmp_path / write.FOUND).mkdir()
    (tmp_path / write.FOUND / "v1-ffffffffffff.toml").write_text("of before")
    (tmp_path / write.FOUND / "mine.toml").write_text("of the user")
    found = FoundHistory(fingerprint="v1-0123456789ab", text="[[history]]\n")
    event = Searched(
        target="t",
        case="a/fuzz/recipe",
        subject_kind=SubjectKind.COMMAND,
        subject="a",
        totals=SearchTotals(seed="1"),
        found=(found,),
    )
    *events, end = whole_run()

    write.publish(a_stream(tmp_path, *events, event, end))

    texts = {each.name: each.read_text() for each in (tmp_path / write.FOUND).iterdir()}
    assert texts == {"v1-0123456789ab.toml": "[[history]]\n", "mine.toml": "of the user"}
