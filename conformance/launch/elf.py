"""What an ELF file asks its loader for; reads the file alone, and never trusts it."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

_MAGIC: Final = b"\x7fELF"
_LOAD, _DYNAMIC, _INTERPRETER = 1, 2, 3
_NEEDED, _STRINGS, _RPATH, _RUNPATH = 1, 5, 15, 29
_MOST: Final = 1 << 20
"""Bytes of any one part that are read: the largest builds have some kilobytes of each."""
_NAME: Final = 4096
"""Bytes of a name at most."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """The names of libraries that a file needs, the folders in which it wants them to be looked
    for, as it spells them, and the path of its loader, None if it names none."""

    needed: tuple[str, ...] = ()
    folders: tuple[str, ...] = ()
    loader: str | None = None


@dataclass(frozen=True, slots=True)
class _Segment:
    kind: int
    offset: int
    address: int
    size: int


def asked_of_loader(path: Path) -> Asked | None:
    """Return what the file at `path` asks for, None if it is no whole ELF file; OSError."""
    with path.open("rb") as file:
        try:
            return _asked(file)
        except (struct.error, ValueError, OverflowError):
            return None


def _asked(file: BinaryIO) -> Asked:
    ident = file.read(16)
    if ident[:4] != _MAGIC or len(ident) < 16:
        raise ValueError("no ELF file")
    wide, order = ident[4] == 2, "<" if ident[5] == 1 else ">"
    segments = tuple(_segments(file, wide, order))
    loader = next((each for each in segments if each.kind == _INTERPRETER), None)
    dynamic = next((each for each in segments if each.kind == _DYNAMIC), None)
    tags = list(_tags(file, dynamic, wide, order)) if dynamic else []
    strings = next((value for tag, value in tags if tag == _STRINGS), 0)

    def text(offset: int) -> str:
        return _text(file, _offset(segments, strings) + offset, _NAME)

    return Asked(
        needed=tuple(text(value) for tag, value in tags if tag == _NEEDED),
        folders=tuple(
            folder
            for tag, value in tags
            if tag in (_RPATH, _RUNPATH)
            for folder in text(value).split(":")
            if folder
        ),
        loader=_text(file, loader.offset, min(loader.size, _NAME)) if loader else None,
    )


def _segments(file: BinaryIO, wide: bool, order: str) -> Iterator[_Segment]:
    header = file.read(48 if wide else 36)
    layout = f"{order}HHIQQQIHHHHHH" if wide else f"{order}HHIIIIIHHHHHH"
    fields = struct.unpack(layout, header[: struct.calcsize(layout)])
    start, size, count = fields[4], fields[8], fields[9]
    for number in range(count):
        data = _at(file, start + number * size, size)
        if wide:
            kind, _, offset, address, _, length = struct.unpack(f"{order}IIQQQQ", data[:40])
        else:
            kind, offset, address, _, length = struct.unpack(f"{order}IIIII", data[:20])
        yield _Segment(kind, offset, address, length)


def _tags(file: BinaryIO, dynamic: _Segment, wide: bool, order: str) -> Iterator[tuple[int, int]]:
    data = _at(file, dynamic.offset, min(dynamic.size, _MOST))
    pair = struct.Struct(f"{order}{'qQ' if wide else 'iI'}")
    for tag, value in pair.iter_unpack(data[: len(data) // pair.size * pair.size]):
        if tag == 0:
            return
        yield tag, value


def _offset(segments: tuple[_Segment, ...], address: int) -> int:
    """Return where in the file that lies which is loaded at an address."""
    for each in segments:
        if each.kind == _LOAD and each.address <= address < each.address + each.size:
            return each.offset + address - each.address
    raise ValueError("an address that nothing is loaded at")


def _at(file: BinaryIO, offset: int, size: int) -> bytes:
    file.seek(offset)
    return file.read(size)


def _text(file: BinaryIO, offset: int, size: int) -> str:
    return _at(file, offset, size).partition(b"\0")[0].decode(errors="surrogateescape")
