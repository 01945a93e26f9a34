"""Selects the cases of a run; knows of a case only its id and its subject."""

from __future__ import annotations

import fnmatch
import functools
import re
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """The selection of cases: those whose id matches one of `globs`; without globs, all.

    `shard` is (number from 1, of how many): the plan divides its subjects by their work.
    `searching`: requests are drawn at random, too.
    """

    globs: tuple[str, ...] = ()
    shard: tuple[int, int] = (1, 1)
    thorough: bool = False
    searching: bool = False

    def fits(self, case_id: str) -> bool:
        """Return whether the id of a case matches one of the globs, if there are any."""
        return not self.globs or _fitting(self.globs)(case_id) is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class Patch:
    """What a patch of QEMU changes: source files, and the commands whose functions it names."""

    files: tuple[str, ...] = ()
    commands: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.files or self.commands)


@functools.cache
def _fitting(globs: tuple[str, ...]) -> Callable[[str], re.Match[str] | None]:
    """Return what matches an id that one of `globs` fits: each process asks it of all cases."""
    return re.compile("|".join(map(fnmatch.translate, globs))).match
