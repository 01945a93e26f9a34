"""Where a broken promise is written, as a file and a line of QEMU's source; pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from conformance.report.stream import Finding

_EXACT: Final = re.compile(r"\b((?:[\w.+-]+/)+[\w.+-]+\.\w+):(\d+)\b")
"""The place of a declaration or of a text: qapi/block-core.json:788."""
_FILE: Final = re.compile(r"\b((?:[\w.+-]+/)*[\w.+-]+\.(?:rst|json|txt|hx|[ch]|py))\b")
_LINE: Final = re.compile(r"\blines? (\d+)")
_ANY_SCHEMA: Final = "qapi/*.json"
_SCHEMA: Final = "qapi/qapi-schema.json"
"""The file that includes all others: a promise of the whole schema."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A file of the source, and a line from 1 on."""

    path: str
    line: int = 1


def place_of(finding: Finding) -> Place:
    """Return where the promise is written that a finding is about."""
    for text in (finding.expected, finding.summary):
        exact = _EXACT.search(text)
        if exact is not None:
            return Place(path=exact[1], line=max(int(exact[2]), 1))
    # A promise, and its source in brackets behind it.
    source = finding.why.partition(" (")[2]
    file = _FILE.search(source)
    if _ANY_SCHEMA in source or file is None:
        return Place(path=_SCHEMA)
    line = _LINE.search(source)
    return Place(path=file[1], line=int(line[1]) if line is not None else 1)
