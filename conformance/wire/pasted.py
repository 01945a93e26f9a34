"""Reads the messages out of a log as people paste it: prompts, arrows, times, lines between them.

A message may stand behind anything on its line, and may go over several lines. Whatever is no
message is left out, and said to be: a log is no recording. Knows nothing of what messages mean.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from conformance.model.terms import ABSENT
from conformance.wire.framing import read_value
from conformance.wire.recording import (
    REPLY_MEMBERS,
    REQUEST_MEMBERS,
    Received,
    Sent,
    Spoken,
    Value,
    messages_of,
)

_TYPED: Final = re.compile(r"^\(QEMU\) +[a-z_]")
"""A request in the words of qmp-shell."""
_TWICE: Final = re.compile(r"QEMU_MONITOR_IO_(WRITE|PROCESS)")
"""The lines of libvirt's log that show again what it tells as a message."""
_SHOWN: Final = 400
_BROKEN: Final = re.compile(r"\s*\{")


@dataclass(slots=True)
class LogRead:
    """The messages of a log, and the lines that hold none."""

    spoken: list[Spoken] = field(default_factory=list)
    left_out: list[int] = field(default_factory=list)


def read_pasted(text: str) -> LogRead | None:
    """Return the messages of a log; None if it holds none, or a line begins one and has no whole.

    The last is a recording that was cut, and no log.
    """
    found = LogRead()
    line, index = 0, 0
    while index < len(text):
        line += 1
        end = text.find("\n", index)
        end = len(text) if end < 0 else end
        row = text[index:end]
        at = row.find("{")
        value, after = _object_at(text, row, index, at) if at >= 0 else (None, end)
        if _TYPED.match(row) and value is None:
            found.spoken.append(Sent(line=line, value=ABSENT))
        elif value is not None and value.keys() & (REQUEST_MEMBERS | REPLY_MEMBERS):
            start = index + at
            if not _TWICE.search(row[:at]):
                found.spoken += _message(text, line, start, value, after)
            line += text.count("\n", start, after)
            end = text.find("\n", after)
            end = len(text) if end < 0 else end
        elif value is None and _BROKEN.match(row):
            return None
        elif row.strip():
            found.left_out.append(line)
        index = end + 1
    return found if any(isinstance(each, Received) for each in found.spoken) else None


def _message(text: str, line: int, start: int, value: dict[str, Any], end: int) -> Iterator[Spoken]:
    brief = " ".join(text[start : min(end, start + _SHOWN)].split())
    yield from messages_of([Value(line=line, start=start, value=value, brief=brief)])


def _object_at(text: str, row: str, start: int, at: int) -> tuple[dict[str, Any] | None, int]:
    """Return the JSON object at `at` of the row at `start`, and where in the text it ends.

    It is None if there is none.
    """
    try:
        value, end = read_value(row, at)
    except json.JSONDecodeError as error:
        # Where a whole text is searched for each row, a log of megabytes takes hours.
        if row[error.pos :].strip():
            return None, start
        try:
            value, end = read_value(text, start + at)
        except ValueError:
            return None, start
        return (value, end) if isinstance(value, dict) else (None, start)
    except ValueError:
        return None, start
    return (value, start + end) if isinstance(value, dict) else (None, start)
