"""Names the defect that a miss shows, in the same words on every build that has it.

The name lacks what differs between builds that have one defect: the program's name, files and lines
of its source, addresses, counters, the subject of a failed check that names its function.
"""

from __future__ import annotations

import re
from fnmatch import fnmatchcase
from typing import Final

from conformance.judge.miss import Miss
from conformance.model.complaint import Complaints

_CHECKS: Final = (
    # assert() of the C library: PROGRAM: FILE:LINE: FUNCTION: Assertion `CONDITION' failed.
    re.compile(r"(?P<function>[^\s:]+): (?P<check>Assertion .+)"),
    # GLib: ERROR:FILE:LINE:FUNCTION: assertion failed: (CONDITION), and FUNCTION: assertion '...'
    re.compile(r"(?:^|[\s:])(?P<function>[A-Za-z_]\w*): (?P<check>assertion .+)"),
)
_PLACE: Final = re.compile(r"(?:\.\./)*[\w./+-]+\.(?:c|h|cc|cpp|inc|m):(?:\d+|\*):?")
"""A file of the source with its line, masked or not."""
_PROGRAM: Final = re.compile(r"(?:^|(?<=\s))\S*qemu-[\w-]+: ")
_NUMBER: Final = re.compile(r"0x[0-9a-f]+|\*+\d+\b|\b\d{3,}\b|(?<=at character )\d+")
_UNIT: Final = re.compile(r"\[\d+\]")
"""The number of a node among its like: /machine/unattached/device[2]."""


def defect_of(miss: Miss) -> str:
    """Return the name of the defect that a miss shows."""
    return plain(miss.defect or miss.fold)


def plain(text: str) -> str:
    """Return words about a defect without what differs between the builds that have it."""
    text = _NUMBER.sub("*", _PLACE.sub("", _PROGRAM.sub("", text)))
    return " ".join(_UNIT.sub("[*]", text).split())


def death_defect(words: str, complaints: Complaints, request: str, about: str) -> str:
    """Return the name of the defect that ended a build.

    `words` is what the build said of it, "" for nothing, `request` what it was asked, `about` how
    it ended and on what. A failed check names its function, which is enough, unless it helps many
    (`complaints.helpers`): then it is told with the request.
    """
    for form in _CHECKS:
        found = form.search(words)
        if found is not None:
            check = f"{found['function']}: {found['check']}"
            helps = any(fnmatchcase(found["function"], glob) for glob in complaints.helpers)
            return f"crash {request} {check}" if helps else f"crash {check}"
    return f"crash {request} {words or about}"
