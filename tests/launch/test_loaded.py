"""What a program is made of is told by its files alone, and each change of one shows."""

from __future__ import annotations

import os
import struct
from dataclasses import replace
from pathlib import Path

import pytest

from conformance.launch.elf import Asked, asked_of_loader
from conformance.launch.loaded import Unknowable, made_of
from conformance.launch.target import Target

LOADER = "/lib64/ld.so"


def elf(*needed: str, runpath: str = "", more: bytes = b"") -> bytes:
    """Return a file of 64 bits that asks for libraries, and holds `more` behind that."""
    strings = b"\0"
    tags = []
    for tag, name in (*((1, each) for each in needed), *([(29, runpath)] if runpath else [])):
        tags.append((tag, len(strings)))
        strings += name.encode() + b"\0"
    count, header = 3, 64
    dynamic_at = header + count * 56
    dynamic_size = (len(tags) + 2) * 16
    strings_at = dynamic_at + dynamic_size
    loader_at = strings_at + len(strings)
    dynamic = b"".join(struct.pack("<qQ", *each) for each in [*tags, (5, strings_at), (0, 0)])
    whole = loader_at + len(LOADER) + 1
    segments = ((1, 0, whole), (2, dynamic_at, dynamic_size), (3, loader_at, len(LOADER) + 1))
    table = b"".join(
        struct.pack("<IIQQQQQQ", kind, 4, at, at, at, size, size, 1) for kind, at, size in segments
    )
    ident = b"\x7fELF\x02\x01\x01" + bytes(9)
    fields = (3, 62, 1, 0, header, 0, 0, 64, 56, count, 0, 0, 0)
    head = ident + struct.pack("<HHIQQQIHHHHHH", *fields)
    return head + table + dynamic + strings + LOADER.encode() + b"\0" + more


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A root with a program, its loader, two libraries and a module."""
    for path, data in (
        ("usr/bin/qemu", elf("libone.so", more=b"\0/usr/lib/qemu\0/usr/share/qemu\0")),
        ("lib64/ld.so", elf()),
        ("usr/lib/libone.so", elf("libtwo.so")),
        ("opt/deep/libtwo.so", elf()),
        ("usr/lib/qemu/ui.so", elf("libone.so")),
        ("usr/share/qemu/bios.bin", b"firmware"),
        ("etc/ld.so.conf", b"include ld.so.conf.d/*.conf\n# no more\n"),
        ("etc/ld.so.conf.d/deep.conf", b"/opt/deep\n"),
        ("srv/disk", b"disk"),
    ):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_bytes(data)
    return tmp_path


def target(root: Path, *args: str, env: tuple[tuple[str, str], ...] = ()) -> Target:
    return Target(name="q", program="/usr/bin/qemu", rootfs=str(root), args=args, env=env)


def paths(target: Target) -> set[str]:
    return {row[0] for row in made_of(target)}


def test_libraries_modules_firmware_and_the_loader_are_found(root: Path) -> None:
    assert paths(target(root)) >= {
        *("/usr/bin/qemu", "/lib64/ld.so", "/usr/lib/libone.so", "/opt/deep/libtwo.so"),
        *("/usr/lib/qemu/ui.so", "/usr/share/qemu/bios.bin", "/etc/ld.so.conf.d/deep.conf"),
    }


@pytest.mark.parametrize(
    "path",
    [
        *("usr/bin/qemu", "lib64/ld.so", "usr/lib/libone.so", "opt/deep/libtwo.so"),
        *("usr/lib/qemu/ui.so", "usr/share/qemu/bios.bin", "etc/ld.so.conf.d/deep.conf"),
    ],
)
def test_a_file_that_is_replaced_by_one_like_it_shows(root: Path, path: str) -> None:
    before = made_of(target(root))
    file = root / path
    data, when = file.read_bytes(), file.stat()
    file.unlink()
    # Two files of the same content and times are two files.
    (root / "other").write_bytes(data)
    os.utime(root / "other", ns=(when.st_atime_ns, when.st_mtime_ns))
    (root / "other").rename(file)

    assert made_of(target(root)) != before


def test_a_module_that_is_added_shows(root: Path) -> None:
    before = made_of(target(root))

    (root / "usr/lib/qemu/new.so").write_bytes(elf())

    assert made_of(target(root)) != before


def test_nothing_else_shows(root: Path) -> None:
    before = made_of(target(root))

    (root / "srv/disk").write_bytes(b"other")
    (root / "usr/lib/libelse.so").write_bytes(elf())

    assert made_of(target(root)) == before


def test_files_that_arguments_and_variables_name_count(root: Path) -> None:
    assert "/srv/disk" in paths(target(root, "-drive", "file=/srv/disk,if=none"))
    assert "/srv/disk" in paths(target(root, env=(("DISK", "/srv/disk"),)))


def test_folders_of_the_environment_are_looked_in(root: Path) -> None:
    (root / "opt/mine").mkdir()
    (root / "opt/mine/libone.so").write_bytes(elf())

    assert "/opt/mine/libone.so" in paths(target(root, env=(("LD_LIBRARY_PATH", "/opt/mine"),)))


def test_folders_that_a_program_names_are_looked_in(root: Path) -> None:
    (root / "usr/own").mkdir()
    (root / "usr/own/libmine.so").write_bytes(elf())
    (root / "usr/bin/qemu").write_bytes(elf("libmine.so", runpath="$ORIGIN/../own"))

    assert "/usr/own/libmine.so" in paths(target(root))


def test_a_library_that_is_nowhere_is_told(root: Path) -> None:
    (root / "opt/deep/libtwo.so").unlink()

    with pytest.raises(Unknowable, match=r"libtwo\.so is in no folder"):
        made_of(target(root))


def test_of_a_script_nothing_can_be_told(root: Path) -> None:
    (root / "usr/bin/qemu").write_text("#!/bin/sh\nexec other\n")

    with pytest.raises(Unknowable, match="a script"):
        made_of(target(root))


def test_a_program_that_is_not_there_is_told(root: Path) -> None:
    with pytest.raises(Unknowable, match="cannot be read"):
        made_of(replace(target(root), program="/usr/bin/nothing"))


@pytest.mark.parametrize("size", range(0, len(elf("libone.so")) - 1, 7))
def test_a_file_that_ends_early_asks_for_nothing_or_for_less(tmp_path: Path, size: int) -> None:
    whole = elf("libone.so")
    (tmp_path / "whole").write_bytes(whole)
    (tmp_path / "cut").write_bytes(whole[:size])

    assert asked_of_loader(tmp_path / "whole") == Asked(needed=("libone.so",), loader=LOADER)
    cut = asked_of_loader(tmp_path / "cut")
    assert cut is None or isinstance(cut, Asked)
