"""The user's cache folder: what is kept is found whole or not at all; no fault ends anything."""

from __future__ import annotations

import os
import pwd
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from types import SimpleNamespace

import pytest

from conformance.prepare import cache as module
from conformance.prepare.cache import NAME, NO_CACHE, Cache, open_cache


@pytest.fixture(autouse=True)
def _untold() -> None:
    module._tell.cache_clear()


@pytest.fixture
def cache(tmp_path: Path) -> Cache:
    return Cache(tmp_path / "own")


def test_what_was_kept_is_found_under_its_key_alone(cache: Cache, tmp_path: Path) -> None:
    assert cache.get("plan", "a") is None

    cache.put("plan", "a", b"body")

    assert cache.get("plan", "a") == b"body"
    assert cache.get("plan", "b") is None
    assert cache.get("answers", "a") is None
    assert (tmp_path / "own").stat().st_mode & 0o777 == 0o700
    assert (tmp_path / "own/plan-a").stat().st_mode & 0o777 == 0o600


def test_an_empty_body_is_kept_as_well(cache: Cache) -> None:
    cache.put("plan", "a", b"")

    assert cache.get("plan", "a") == b""


@pytest.mark.parametrize("spoil", [lambda data: data[:-1], lambda data: data[:10], lambda _: b""])
def test_a_torn_entry_is_told_and_ignored(
    cache: Cache, tmp_path: Path, capsys: pytest.CaptureFixture[str], spoil: object
) -> None:
    assert callable(spoil)
    cache.put("plan", "a", b"body")
    path = tmp_path / "own/plan-a"
    path.write_bytes(spoil(path.read_bytes()))

    assert cache.get("plan", "a") is None

    told = capsys.readouterr().err
    assert f"{path} is damaged, and is ignored\n  It is made anew.\n" in told
    assert not path.exists()
    assert cache.get("plan", "a") is None
    assert capsys.readouterr().err == ""


def test_the_oldest_go_first_where_there_is_too_much(tmp_path: Path) -> None:
    cache = Cache(tmp_path, bound=1200)
    for age, name in enumerate("cba"):
        cache.put("plan", name, bytes(300))
        os.utime(tmp_path / f"plan-{name}", (age, age))
    assert cache.get("plan", "c") is not None, "it was used, and is the youngest now"

    cache.put("plan", "d", bytes(300))

    assert [name for name in "abcd" if cache.get("plan", name) is not None] == ["a", "c", "d"]


def test_what_alone_is_too_much_is_not_kept(tmp_path: Path) -> None:
    cache = Cache(tmp_path, bound=100)

    cache.put("plan", "a", bytes(101))

    assert list(tmp_path.iterdir()) == []


def test_what_a_killed_run_was_writing_is_removed_once_it_is_old(tmp_path: Path) -> None:
    old, young = tmp_path / ".part-old", tmp_path / ".part-young"
    old.write_bytes(b"half")
    young.write_bytes(b"half")
    os.utime(old, (0, 0))

    Cache(tmp_path).put("plan", "a", b"body")

    assert sorted(path.name for path in tmp_path.iterdir()) == [".part-young", "plan-a"]


def _written_and_read(folder: Path, number: int) -> list[bytes]:
    cache = Cache(folder)
    seen = []
    for _ in range(50):
        cache.put("plan", "a", bytes([number]) * 100_000)
        body = cache.get("plan", "a")
        if body is not None:
            seen.append(body[:1] if len(set(body)) == 1 and len(body) == 100_000 else b"torn")
    return seen


def test_runs_at_the_same_time_find_whole_entries(tmp_path: Path) -> None:
    with ProcessPoolExecutor(3, mp_context=get_context("spawn")) as processes:
        found = list(processes.map(_written_and_read, [tmp_path] * 3, range(3), timeout=120))

    assert {body for seen in found for body in seen} <= {b"\0", b"\1", b"\2"}
    assert all(found)


def test_a_folder_that_cannot_be_written_is_told_once(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "own").write_text("a file where the folder should be")
    cache = Cache(tmp_path / "own")

    cache.put("plan", "a", b"body")
    cache.put("plan", "b", b"body")

    told = capsys.readouterr().err
    assert told.count("cannot be written") == 1
    assert "--no-cache" in told


def test_an_entry_that_is_no_file_of_ones_own_is_told_and_ignored(
    cache: Cache, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    cache.put("plan", "a", b"body")
    (tmp_path / "own/plan-a").rename(tmp_path / "elsewhere")
    (tmp_path / "own/plan-a").symlink_to(tmp_path / "elsewhere")

    assert cache.get("plan", "a") is None
    assert "cannot be read" in capsys.readouterr().err


def test_without_a_cache_nothing_is_kept() -> None:
    NO_CACHE.put("plan", "a", b"body")

    assert NO_CACHE.get("plan", "a") is None
    assert not NO_CACHE.kept
    assert not open_cache(off=True).kept


def test_it_lies_where_xdg_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "made later"))

    open_cache().put("plan", "a", b"body")

    assert (tmp_path / "made later" / NAME / "plan-a").exists()


def test_else_it_lies_at_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", "relative")
    monkeypatch.setenv("HOME", str(tmp_path))

    open_cache().put("plan", "a", b"body")

    assert (tmp_path / ".cache" / NAME / "plan-a").exists()


def test_the_home_of_another_user_stays_as_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    theirs, own = tmp_path / "theirs", tmp_path / "own"
    theirs.mkdir()
    own.mkdir()
    real = Path.stat

    def seen(path: Path, **how: bool) -> object:
        found = real(path, **how)
        return SimpleNamespace(st_uid=found.st_uid + 1) if path == theirs else found

    monkeypatch.setattr(Path, "stat", seen)
    monkeypatch.setattr(pwd, "getpwuid", lambda uid: SimpleNamespace(pw_dir=str(own)))
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setenv("HOME", str(theirs))

    open_cache().put("plan", "a", b"body")

    assert list(theirs.iterdir()) == []
    assert (own / ".cache" / NAME / "plan-a").exists()


def test_a_cache_folder_of_another_user_is_told_and_not_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr(os, "geteuid", lambda: tmp_path.stat().st_uid + 1)

    assert not open_cache().kept
    assert f"{tmp_path} belongs to another user" in capsys.readouterr().err
