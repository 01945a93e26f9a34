"""Reports similar faults once: the elements of an array tend to lack the same member.

Knows paths and problems, and neither types nor messages.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Final

from conformance.model.counting import counted
from conformance.qapi.validate import Violation

_INDEX: Final = re.compile(r"\[[0-9]+\]")
_LAST: Final = re.compile(r"\.?([^.\[\]]+)$")
"""The member's name at the end of a path; an element of an array has none."""


def told_once(faults: Iterable[Violation]) -> Iterator[tuple[str, str]]:
    """Yield a path and a sentence for all `faults` that differ only in a member or an element.

    The path is that of the first; the sentence names all members, and counts further elements.
    """
    members: dict[tuple[str, str], list[str]] = {}
    for fault in faults:
        match = _LAST.search(fault.path)
        parent = fault.path[: match.start()] if match else fault.path
        members.setdefault((parent, fault.problem), []).append(match[1] if match else "")
    elements: dict[tuple[str, str, tuple[str, ...]], list[str]] = {}
    for (parent, problem), names in members.items():
        like = (_INDEX.sub("[]", parent), problem, tuple(names))
        elements.setdefault(like, []).append(parent)
    for (_, problem, together), parents in elements.items():
        yield _path(parents[0], together[0]), _sentence(parents, together, problem)


def _path(parent: str, name: str) -> str:
    return f"{parent}.{name}" if parent and name else parent or name


def _sentence(parents: list[str], names: tuple[str, ...], problem: str) -> str:
    if len(names) == 1:
        sentence = f"{_path(parents[0], names[0]) or 'the message'} {problem}"
    else:
        together = f"{{{', '.join(names)}}}"
        sentence = f"{_path(parents[0], together)} each {problem}"
    more = len(parents) - 1
    return f"{sentence} (likewise {counted(more, 'more time')})" if more else sentence
