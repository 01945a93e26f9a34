"""Fills a machine's scratch folder: texts, sizes, and generated files."""

from __future__ import annotations

import contextlib
import functools
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import Final

from conformance.launch import janitor
from conformance.launch.diffie_hellman import PARAMETERS_FILE, parameters
from conformance.launch.folder import RunFolder
from conformance.launch.images import chain
from conformance.launch.target import Target
from conformance.model.errors import KnowledgeError
from conformance.model.stage import ScratchFile

_FIFO: Final = "fifo"
"""The maker of a named pipe, which is a file and no folder."""


class Room:
    """The scratch folder of a machine: `path` here, `source` as the sandbox binds it.

    `owner` is the user and group that must own everything in it, None for the current user.
    """

    def __init__(self, target: Target, folder: RunFolder) -> None:
        """Create it, of limited size where the machine has a sandbox; raises LaunchError."""
        self._mounts = folder.mounts if target.sandbox and folder.mounts.lacks is None else None
        self.owner: tuple[int, int] | None = None
        if self._mounts is None:
            self.path = folder.subfolder("machine")
            self.source = str(self.path)
            return
        if not target.as_root:
            self.owner = self._mounts.user
        self.source, self.path = self._mounts.scratch(self.owner or (os.geteuid(), os.getegid()))

    def close(self) -> None:
        """Remove it and its content."""
        if self._mounts is None:
            janitor.remove(self.source)
        else:
            self._mounts.drop(self.source)


def fill(folder: Path, files: Sequence[ScratchFile], owner: tuple[int, int] | None = None) -> None:
    """Create `files` in `folder` for the owner.

    Raises KnowledgeError for a path outside it, or for an unknown maker.
    """
    for file in files:
        path = confined(folder, file.path)
        _make_folder(path.parent, owner)
        if file.make == _FIFO:
            os.mkfifo(path, 0o600)
        elif file.make or file.path.endswith("/"):
            path.mkdir(mode=0o700, exist_ok=True)
            for name, content in (_maker(file.make)() if file.make else {}).items():
                _write(path / name, content)
                give(path / name, owner)
        else:
            _write(
                path, bytes(file.at) + (bytes.fromhex(file.hex) or file.text.encode()), file.size
            )
        give(path, owner)


def _make_folder(path: Path, owner: tuple[int, int] | None) -> None:
    """Create the folder and its missing parents, all owned by the owner."""
    for folder in reversed((path, *path.parents)):
        with contextlib.suppress(FileExistsError):
            folder.mkdir(mode=0o700)
            give(folder, owner)


def open_folder(room: Room, parts: Sequence[str]) -> int:
    """Return a descriptor of a folder below the room, created if it is missing.

    Raises OSError. The machine may already run: its links are not followed, since they could lead
    out of the sandbox.
    """
    how = os.O_PATH | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
    here = os.open(room.path, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    for part in parts:
        try:
            with contextlib.suppress(FileExistsError):
                os.mkdir(part, 0o700, dir_fd=here)
                give(part, room.owner, here)
            below = os.open(part, how, dir_fd=here)
        finally:
            os.close(here)
        here = below
    return here


def give(path: Path | str, owner: tuple[int, int] | None, folder: int | None = None) -> None:
    """Make the owner, if there is one, own what is at the path (in the open folder)."""
    if owner is not None:
        os.chown(path, *owner, dir_fd=folder, follow_symlinks=False)


def confined(folder: Path, path: str) -> Path:
    """Return the absolute path of `path` in `folder`; KnowledgeError if it leads out of it."""
    pure = PurePosixPath(path)
    if not pure.parts or pure.is_absolute() or ".." in pure.parts:
        raise KnowledgeError(
            f"the path {path!r} leads out of the scratch folder",
            "Write one that is relative and has no '..'.",
        )
    return folder / pure


def _write(path: Path, content: bytes, size: int = 0) -> None:
    with open(path, "wb", opener=_private) as stream:
        stream.write(content)
        if size > len(content):
            stream.truncate(size)


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def _maker(name: str) -> Callable[[], Mapping[str, bytes]]:
    if name not in _MAKERS:
        known = ", ".join(sorted((*_MAKERS, _FIFO)))
        raise KnowledgeError(f"nothing makes {name!r}", f"Use one of: {known}.")
    return _MAKERS[name]


def _dh() -> Mapping[str, bytes]:
    return {PARAMETERS_FILE: parameters()}


@functools.cache
def _psk() -> Mapping[str, bytes]:
    # "qemu" is the default user of a client of tls-creds-psk.
    return {"keys.psk": b"qemu:" + bytes(range(32)).hex().encode() + b"\n", **_dh()}


@functools.cache
def x509() -> Mapping[str, bytes]:
    """Return the files of an authority, a server and a client, the same in all of a process."""
    # Imported here: it takes longer than starting a machine, and few runs need it.
    from conformance.launch.certificates import certificates

    return {**certificates(), **_dh()}


@functools.cache
def _x509_encrypted() -> Mapping[str, bytes]:
    from conformance.launch.certificates import certificates

    return {**certificates(b"password"), **_dh()}


def made(makers: Iterable[str]) -> Mapping[str, Mapping[str, bytes]]:
    """Return the files of each maker whose files are the same in every run, by name."""
    return {name: _MAKERS[name]() for name in makers if name in _MAKERS and name != _ENCRYPTED}


_ENCRYPTED: Final = "x509-encrypted"
_MAKERS: Final[Mapping[str, Callable[[], Mapping[str, bytes]]]] = {
    "dh": _dh,
    "images": functools.cache(chain),
    "psk": _psk,
    "x509": x509,
    _ENCRYPTED: _x509_encrypted,
}
