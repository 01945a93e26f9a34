"""Which build a program is, and what is said of one that is none."""

from __future__ import annotations

import hashlib
import os
import socket
from pathlib import Path

import pytest

from conformance.launch.build import identify
from conformance.launch.folder import RunFolder
from conformance.launch.target import Target, host_path, program_target
from conformance.model.errors import LaunchError

pytestmark = pytest.mark.qemu


def script(path: Path, text: str) -> str:
    path.write_text("#!/bin/sh\n" + text)
    path.chmod(0o755)
    return str(path)


def test_a_real_build_is_identified(any_target: Target, folder: RunFolder) -> None:
    build = identify(any_target, folder)
    assert build.version >= (5, 2, 0)
    assert build.arch == "x86_64"
    assert build.package is not None
    assert "Debian" in build.package
    content = host_path(any_target).read_bytes()
    assert build.sha256 == hashlib.sha256(content).hexdigest()


def test_a_version_without_package_and_a_name_without_arch(
    tmp_path: Path, folder: RunFolder
) -> None:
    program = script(tmp_path / "kvm", "echo QEMU emulator version 12.0.50\n")
    build = identify(program_target(program), folder)
    assert (build.version, build.package, build.arch) == ((12, 0, 50), None, None)


def test_a_root_that_does_not_exist_is_called_so(tmp_path: Path, folder: RunFolder) -> None:
    with pytest.raises(LaunchError, match=r"the root file system .*/nowhere does not exist"):
        identify(program_target("qemu", str(tmp_path / "nowhere")), folder)


@pytest.mark.parametrize(
    ("program", "part"),
    [
        ("/nowhere/qemu", "does not exist"),
        ("/usr/bin", "is a folder"),
        ("/etc/passwd", "is not executable"),
        ("/bin/true", "is no QEMU system emulator"),
        ("/bin/cat", "is no QEMU system emulator"),
        ("/usr/bin/qemu-img", "is no QEMU system emulator"),
    ],
)
def test_what_is_no_emulator_is_refused(program: str, part: str, folder: RunFolder) -> None:
    with pytest.raises(LaunchError, match=part) as caught:
        identify(program_target(program), folder)
    assert program in caught.value.what
    assert caught.value.remedy


@pytest.mark.parametrize(
    ("content", "part"),
    [
        pytest.param(b"junk", "exec format error", id="text"),
        pytest.param(b"", "exec format error", id="empty"),
        pytest.param(b"\x7fELF\x02\x01\x01" + bytes(300), "no QEMU|cannot be run", id="broken ELF"),
        pytest.param(b"#!/nowhere\n", "cannot be run", id="no interpreter"),
    ],
)
def test_a_broken_program_is_refused(
    tmp_path: Path, folder: RunFolder, content: bytes, part: str
) -> None:
    program = tmp_path / "qemu-system-x86_64"
    program.write_bytes(content)
    program.chmod(0o755)
    with pytest.raises(LaunchError, match=part):
        identify(program_target(str(program)), folder)


def _make(what: str, path: Path) -> None:
    match what:
        case "a named pipe":
            os.mkfifo(path, 0o777)
        case "a socket":
            with socket.socket(socket.AF_UNIX) as sock:
                sock.bind(str(path))
        case "a folder":
            path.mkdir()
        case _:
            path.symlink_to("/dev/zero")


@pytest.mark.parametrize("what", ["a named pipe", "a socket", "a folder", "a device"])
def test_only_a_file_is_a_program(
    tmp_path: Path, folder: RunFolder, what: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The path of a socket is short.
    monkeypatch.chdir(tmp_path)
    _make(what, Path("q"))
    (tmp_path / "link").symlink_to("q")
    for program in (tmp_path / "q", tmp_path / "link"):
        with pytest.raises(LaunchError, match=f"is {what}"):
            identify(program_target(str(program)), folder)


def test_a_program_that_hangs_is_ended(tmp_path: Path, folder: RunFolder) -> None:
    program = script(tmp_path / "qemu-system-x86_64", "exec cat /dev/zero >/dev/null\n")
    with pytest.raises(LaunchError, match="did not answer --version within"):
        identify(program_target(program), folder, limit=0.3)
    command_lines = [p.read_bytes() for p in Path("/proc").glob("[0-9]*/cmdline") if _alive(p)]
    assert not any(program.encode() in line for line in command_lines)


def _alive(path: Path) -> bool:
    return os.access(path, os.R_OK)
