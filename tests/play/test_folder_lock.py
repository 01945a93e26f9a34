"""One run at a time holds a report folder, and gives it back however it ends."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from conformance.model.errors import UsageError
from conformance.play.folder_lock import HOLD, FolderLock

# Holds the folder that is named, says so, and waits to be killed.
HOLDS = (
    "import sys\n"
    "from pathlib import Path\n"
    "from conformance.play.folder_lock import FolderLock\n"
    "hold = FolderLock(Path(sys.argv[1]))\n"
    "hold.sign('theirs')\n"
    "print(flush=True)\n"
    "sys.stdin.read()\n"
)


def test_a_folder_is_made_and_left_empty(tmp_path: Path) -> None:
    with FolderLock(tmp_path / "a" / "b") as hold:
        assert hold.left is None
        hold.sign("ours")
        hold.forget()

    assert list((tmp_path / "a" / "b").iterdir()) == []


def test_a_folder_that_cannot_be_is_the_users_to_mend(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    with pytest.raises(UsageError, match="cannot be written"):
        FolderLock(tmp_path / "file" / "b")
    with pytest.raises(UsageError, match="Name the report folder"):
        FolderLock(tmp_path / "none", make=False)
    assert not (tmp_path / "none").exists()


def test_a_second_run_is_refused_and_told_by_whom(tmp_path: Path) -> None:
    with FolderLock(tmp_path) as hold:
        hold.sign("ours")
        with pytest.raises(UsageError) as caught:
            FolderLock(tmp_path)

    said = f"the report folder {tmp_path} is held by another run (process {os.getpid()})"
    assert caught.value.what == said
    assert "--report" in caught.value.remedy


def test_a_killed_run_lets_go_and_leaves_its_id(tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", HOLDS, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == b"\n"
        with pytest.raises(UsageError, match="held by another run"):
            FolderLock(tmp_path)
        other.kill()
        other.wait()

        with FolderLock(tmp_path) as hold:
            assert hold.left == "theirs"


def test_the_lock_on_a_file_that_was_just_removed_counts_for_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = FolderLock(tmp_path)
    real = os.open
    files: list[int] = []

    def opened(path: Path, *more: int) -> int:
        files.append(real(path, *more))
        if len(files) == 1:
            # The one that had it lets go between opening and locking.
            first.forget()
            first.close()
        return files[-1]

    monkeypatch.setattr("conformance.play.folder_lock.os.open", opened)
    with FolderLock(tmp_path):
        monkeypatch.undo()
        assert len(files) == 2
        assert (tmp_path / HOLD).exists()
        with pytest.raises(UsageError, match="held by another run"):
            FolderLock(tmp_path)
