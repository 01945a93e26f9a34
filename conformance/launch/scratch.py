"""Fills a machine's scratch folder: texts, sizes, and files that are made, not kept."""

from __future__ import annotations

import datetime
import functools
import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import Final

from conformance.errors import KnowledgeError
from conformance.launch.diffie_hellman import PARAMETERS_FILE, parameters
from conformance.launch.images import chain
from conformance.stage import ScratchFile

_FIFO: Final = "fifo"
"""The maker of a pipe that has a name, which is a file of its own and no folder."""


def fill(folder: Path, files: Sequence[ScratchFile]) -> None:
    """Make `files` in `folder`.  Raises KnowledgeError for a path outside it, or no such maker."""
    for file in files:
        path = confined(folder, file.path)
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        if file.make == _FIFO:
            os.mkfifo(path, 0o600)
        elif file.make:
            path.mkdir(mode=0o700, exist_ok=True)
            for name, content in _maker(file.make)().items():
                _write(path / name, content)
        elif file.path.endswith("/"):
            path.mkdir(mode=0o700, exist_ok=True)
        else:
            _write(path, file.text.encode(), file.size)


def confined(folder: Path, path: str) -> Path:
    """Return where the relative `path` lies in `folder`; KnowledgeError if it leads out of it."""
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
    # "qemu" is the user that a client of tls-creds-psk is unless told otherwise.
    return {"keys.psk": b"qemu:" + os.urandom(32).hex().encode() + b"\n", **_dh()}


@functools.cache
def _x509() -> Mapping[str, bytes]:
    # Imported here: it takes longer than starting a machine, and few runs need it.
    from conformance.launch.certificates import certificates

    return {**certificates(datetime.datetime.now(datetime.UTC)), **_dh()}


@functools.cache
def _x509_encrypted() -> Mapping[str, bytes]:
    from conformance.launch.certificates import certificates

    return {**certificates(datetime.datetime.now(datetime.UTC), b"password"), **_dh()}


_MAKERS: Final[Mapping[str, Callable[[], Mapping[str, bytes]]]] = {
    "dh": _dh,
    "images": functools.cache(chain),
    "psk": _psk,
    "x509": _x509,
    "x509-encrypted": _x509_encrypted,
}
