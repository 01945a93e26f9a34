"""The user's cache folder, for results that are costly and depend only on files; knows no values.

A fault here only costs time: it is reported once, and the run goes on without the cache.
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import os
import pwd
import stat
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import conformance
from conformance.knowledge.store import cases_folder, fixtures_folder

NAME: Final = "qmp-conformance"
BOUND: Final = 256 << 20
"""The size limit of all entries in bytes: those of a build take two megabytes, with --thorough ten.
"""
_MAGIC: Final = b"qmp-conformance cache 1\n"
_SUM: Final = 64
_TORN: Final = ".part-"
"""The name prefix of a file that is being written."""
_STALE: Final = 3600.0
"""The age in seconds after which the writer of such a file is gone."""
_MODE: Final = 0o700


class Cache:
    """The entries of one folder; without a folder, it finds and keeps no entry.

    Safe with other runs at the same time: an entry exists whole or not at all.
    """

    def __init__(self, folder: Path | None, *, bound: int = BOUND) -> None:
        self._folder = folder
        self._bound = bound

    @property
    def kept(self) -> bool:
        """Whether it can keep anything at all."""
        return self._folder is not None

    def get(self, kind: str, key: str) -> bytes | None:
        """Return the entry of a kind under a key, None if there is no whole one."""
        path = self._path(kind, key)
        if path is None:
            return None
        try:
            data = _read(path)
            os.utime(path)
        except FileNotFoundError:
            return None
        except OSError as error:
            _tell(f"the cache's {path} cannot be read: {error.strerror or error}", _OFF)
            return None
        body = data[len(_MAGIC) + _SUM :]
        if data[: len(_MAGIC)] != _MAGIC or _sum(body) != data[len(_MAGIC) : -len(body) or None]:
            self.drop(kind, key, "is damaged")
            return None
        return body

    def put(self, kind: str, key: str, body: bytes) -> None:
        """Keep an entry, and remove the oldest ones if all together are too large."""
        path = self._path(kind, key)
        if path is None or len(body) > self._bound:
            return
        try:
            path.parent.mkdir(mode=_MODE, parents=True, exist_ok=True)
            number, name = tempfile.mkstemp(prefix=_TORN, dir=path.parent)
            try:
                with open(number, "wb") as file:
                    file.write(_MAGIC + _sum(body) + body)
                os.replace(name, path)
            except BaseException:
                os.unlink(name)
                raise
            self._tidy(path.parent)
        except OSError as error:
            _tell(f"the cache {path.parent} cannot be written: {error.strerror or error}", _OFF)

    def drop(self, kind: str, key: str, why: str) -> None:
        """Remove a useless entry, and report why."""
        path = self._path(kind, key)
        if path is not None:
            _tell(f"the cache's {path} {why}, and is ignored", "It is made anew.")
            with contextlib.suppress(OSError):
                path.unlink()

    def _path(self, kind: str, key: str) -> Path | None:
        return None if self._folder is None else self._folder / f"{kind}-{key}"

    def _tidy(self, folder: Path) -> None:
        """Remove the oldest entries until the rest fits, and unfinished files."""
        found: list[tuple[float, int, str]] = []
        with os.scandir(folder) as entries:
            for entry in entries:
                with contextlib.suppress(FileNotFoundError):
                    seen = entry.stat(follow_symlinks=False)
                    found.append((seen.st_mtime, seen.st_size, entry.path))
        total = 0
        for changed, size, path in sorted(found, reverse=True):
            torn = os.path.basename(path).startswith(_TORN)
            if torn and time.time() - changed < _STALE:
                continue
            total += size
            if torn or total > self._bound:
                with contextlib.suppress(FileNotFoundError):
                    os.unlink(path)


NO_CACHE: Final = Cache(None)
_OFF: Final = "Without it all is asked and derived anew; --no-cache leaves it alone."


def open_cache(*, off: bool = False) -> Cache:
    """Return the cache of the user who runs the process; an empty one if `off`.

    It is in XDG_CACHE_HOME, else below the user's home. It does not use folders of other users:
    root would leave files there that their owner cannot remove.
    """
    return Cache(None if off else _folder())


@functools.cache
def suite_digest() -> str:
    """Return a hash of the suite: of everything that an entry may be made by."""
    package = Path(conformance.__file__).parent
    folders = sorted({package, cases_folder(), fixtures_folder()})
    words = [conformance.__version__, sys.version, sys.byteorder, *map(folder_digest, folders)]
    return hashlib.sha256(" ".join(words).encode()).hexdigest()


def folder_digest(folder: Path) -> str:
    """Return a hash of the files below a folder; raises OSError."""
    found = hashlib.sha256()
    for file in sorted(_files(folder)):
        data = file.read_bytes()
        found.update(f"{file.relative_to(folder)} {len(data)}\n".encode(errors="surrogateescape"))
        found.update(data)
    return found.hexdigest()


def _files(folder: Path) -> Iterator[Path]:
    """Yield the files below a folder, without those that Python generates."""
    for where, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if name != "__pycache__"]
        yield from (Path(where, name) for name in names)


def _folder() -> Path | None:
    given = os.environ.get("XDG_CACHE_HOME", "")
    if given.startswith("/"):
        folder = Path(given)
        if _is_own(folder):
            return folder / NAME
        _tell(f"the cache folder {folder} belongs to another user", _OFF)
        return None
    for home in _home_folders():
        if _is_own(home / ".cache"):
            return home / ".cache" / NAME
    _tell("there is no home of this user's for a cache", _OFF)
    return None


def _home_folders() -> Iterator[Path]:
    """Yield HOME and the user's own home: sudo may leave another user's HOME."""
    if os.environ.get("HOME", "").startswith("/"):
        yield Path(os.environ["HOME"])
    with contextlib.suppress(KeyError):
        yield Path(pwd.getpwuid(os.geteuid()).pw_dir)


def _is_own(folder: Path) -> bool:
    """Return whether a folder, or its nearest existing parent, belongs to this user."""
    for each in (folder, *folder.parents):
        try:
            return each.stat().st_uid == os.geteuid()
        except FileNotFoundError:
            continue
        except OSError:
            return False
    return False


def _read(path: Path) -> bytes:
    """Return the content of a file of this user; raises OSError."""
    number = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    with open(number, "rb") as file:
        found = os.fstat(number)
        if not stat.S_ISREG(found.st_mode) or found.st_uid != os.geteuid():
            raise PermissionError(1, "it is no file of this user's own")
        return file.read()


def _sum(body: bytes) -> bytes:
    return hashlib.sha256(body).hexdigest().encode()


@functools.cache
def _tell(what: str, remedy: str) -> None:
    """Report a problem once; it is never fatal."""
    print(f"qmp-conformance: Warning: {what}\n  {remedy}", file=sys.stderr)
