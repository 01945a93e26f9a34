"""Which files a program is made of when it runs, told without running it.

Its libraries as its loader finds them, QEMU's modules and firmware, the files that its arguments
name.  Where two files could be meant, both count: too many are asked about, and never too few.
"""

from __future__ import annotations

import os
import re
import stat
from collections import deque
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

from conformance.launch.elf import Asked, asked_of_loader
from conformance.launch.target import Target, host_path
from conformance.model.errors import LaunchError

_FOLDERS: Final = ("/lib", "/lib64", "/usr/lib", "/usr/lib64", "/usr/local/lib", "/usr/local/lib64")
"""Where loaders look, beside what their configuration names."""
_CONFIGURATION: Final = "/etc/ld.so.conf"
_MUSL: Final = "/etc/ld-musl-*.path"
_PRELOADED: Final = "/etc/ld.so.preload"
_CACHE: Final = "/etc/ld.so.cache"
_OWN: Final = b"/qemu\0"
"""How the folders of QEMU's modules and firmware end, as they are compiled into its programs."""
_PATH: Final = re.compile(r"(?:^|(?<=[=,:]))/[^=,:]+")
"""A path within an argument or a variable."""
_MOST: Final = 20_000
"""Files that are looked at: a build has some hundred."""


class Unknowable(Exception):  # noqa: N818 - it says what is so, and nothing that failed
    """What a program is made of cannot be told by looking at it; the words say why."""


def made_of(target: Target) -> tuple[tuple[str, int, int, int, int], ...]:
    """Return what tells one state of a target's files from another, less its program's bytes.

    For each file: its path inside the root, its size, when it and its entry were changed, and its
    number.  Raises Unknowable for a script, and where a library is not found.
    """
    try:
        return tuple(sorted(_Look(target).rows()))
    except (OSError, LaunchError) as error:
        raise Unknowable(f"a file of the program cannot be read: {error}") from error


class _Look:
    """One look at the files of a target."""

    def __init__(self, target: Target) -> None:
        self._target = target
        self._env = dict(target.env)
        self._rows: dict[str, tuple[str, int, int, int, int]] = {}
        self._folders = dict.fromkeys(self._configured())
        self._lists: dict[str, frozenset[str]] = {}
        """What lies in each folder that was looked in."""

    def rows(self) -> Iterable[tuple[str, int, int, int, int]]:
        for path in (_CACHE, _CONFIGURATION, _PRELOADED):
            self._note(path)
        self._load([self._target.program, *self._preloaded(), *self._modules()])
        for path in self._named():
            self._note(path)
        return self._rows.values()

    def _host(self, path: str) -> Path:
        return host_path(self._target, path)

    def _note(self, path: str) -> bool:
        """Write down a file, or a folder with what lies in it; return whether it is there."""
        host = self._host(path)
        try:
            found = host.stat()
        except (FileNotFoundError, NotADirectoryError):
            return False
        if len(self._rows) >= _MOST:
            raise Unknowable(f"it names more than {_MOST:,} files")
        if path not in self._rows:
            times = found.st_mtime_ns, found.st_ctime_ns
            self._rows[path] = (path, found.st_size, *times, found.st_ino)
            if stat.S_ISDIR(found.st_mode):
                with os.scandir(host) as entries:
                    names = sorted(each.name for each in entries if not each.is_dir())
                for each in names:
                    self._note(f"{path.rstrip('/')}/{each}")
        return True

    def _load(self, paths: list[str]) -> None:
        todo = deque(paths)
        done: set[str] = set()
        while todo:
            path = todo.popleft()
            if path in done:
                continue
            done.add(path)
            self._note(path)
            asked = asked_of_loader(self._host(path))
            if asked is None:
                if path == self._target.program:
                    raise Unknowable("it is a script, and may start anything")
                continue
            todo.extend(self._wanted(path, asked))

    def _wanted(self, path: str, asked: Asked) -> Iterator[str]:
        """Yield the files that the one at `path` may be given, its loader among them."""
        for folder in asked.folders:
            self._folders[_origin(folder, path)] = None
        if asked.loader is not None:
            yield asked.loader
        for name in asked.needed:
            found = list(self._candidates(name))
            if not found:
                raise Unknowable(f"its library {name} is in no folder that is known")
            yield from found

    def _candidates(self, name: str) -> Iterator[str]:
        if "/" in name:
            yield from [name] if self._host(name).is_file() else ()
            return
        for folder in self._folders:
            if folder not in self._lists:
                host = self._host(folder)
                self._lists[folder] = frozenset(os.listdir(host) if host.is_dir() else ())
            if name in self._lists[folder]:
                yield f"{folder}/{name}"

    def _configured(self) -> Iterator[str]:
        """Yield the folders that are looked in for every library, in no special order."""
        yield from filter(None, self._env.get("LD_LIBRARY_PATH", "").split(":"))
        yield from self._configuration(_CONFIGURATION, 0)
        for file in self._glob(_MUSL):
            yield from re.split(r"[:\n]+", self._read(file).strip())
        for folder in _FOLDERS:
            yield folder
            # Those of Debian, and those for what a processor can.
            yield from self._glob(f"{folder}/*-linux-*")
            yield from self._glob(f"{folder}/glibc-hwcaps/*")
            yield from self._glob(f"{folder}/*-linux-*/glibc-hwcaps/*")

    def _configuration(self, path: str, depth: int) -> Iterator[str]:
        for line in self._read(path).splitlines():
            words = line.partition("#")[0].split()
            if words[:1] == ["include"] and depth < 4:
                for word in words[1:]:
                    pattern = word if word.startswith("/") else f"/etc/{word}"
                    for each in self._glob(pattern):
                        self._note(each)
                        yield from self._configuration(each, depth + 1)
            elif words and words[0].startswith("/"):
                yield words[0]

    def _read(self, path: str) -> str:
        try:
            return self._host(path).read_text(encoding="utf-8", errors="surrogateescape")
        except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
            return ""

    def _glob(self, pattern: str) -> Iterator[str]:
        """Yield the paths of the root that a pattern fits in its last part or the one before."""
        folder, _, last = pattern.rpartition("/")
        folders = self._glob(folder) if "*" in folder else [folder]
        for each in folders:
            host = self._host(each or "/")
            fits = re.compile(re.escape(last).replace(r"\*", ".*"))
            names = sorted(os.listdir(host)) if host.is_dir() else []
            yield from (f"{each}/{name}" for name in names if fits.fullmatch(name))

    def _preloaded(self) -> Iterator[str]:
        named = f"{self._env.get('LD_PRELOAD', '')} {self._read(_PRELOADED)}"
        for name in re.split(r"[\s:]+", named):
            yield from self._candidates(name) if name else ()

    def _modules(self) -> Iterator[str]:
        """Yield QEMU's modules, its folders written down with what else lies in them."""
        program = os.path.dirname(self._target.program)
        beside = os.path.normpath(f"{program}/..")
        folders = [*_compiled_in(self._host(self._target.program).read_bytes())]
        folders += [self._env.get("QEMU_MODULE_DIR", ""), f"{beside}/share/qemu"]
        folders += [f"{beside}/share/seabios"]
        folders += [f"{beside}/{name}/qemu" for name in ("lib", "lib64", "libexec")]
        folders += [f"{each}/qemu" for each in self._glob(f"{beside}/lib/*-linux-*")]
        for folder in dict.fromkeys(filter(None, folders)):
            if self._note(folder):
                for name in sorted(os.listdir(self._host(folder))):
                    if name.endswith(".so"):
                        yield f"{folder}/{name}"

    def _named(self) -> Iterator[str]:
        for word in (*self._target.args, *self._env.values()):
            yield from _PATH.findall(word)


def _origin(folder: str, path: str) -> str:
    """Return a folder as the loader takes it that a file at `path` asks for."""
    own = os.path.dirname(path)
    for word in ("$ORIGIN", "${ORIGIN}"):
        folder = folder.replace(word, own)
    return os.path.normpath(folder)


def _compiled_in(data: bytes) -> Iterator[str]:
    """Yield the folders of QEMU's that a program names, one or several in a row."""
    place = data.find(_OWN)
    while place >= 0:
        start = data.rfind(b"\0", 0, place) + 1
        text = data[start : place + len(_OWN) - 1]
        if text.startswith(b"/") and text.isascii():
            yield from (each for each in text.decode().split(":") if each.startswith("/"))
        place = data.find(_OWN, place + 1)
