"""What the commands of `schema` say about a source beside what it declares, as text."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final

from conformance.digest.declaration import Source
from conformance.model.counting import counted
from conformance.model.flavour import Program
from conformance.source.lint import LintKind, LintLine

_SHOWN: Final = 10
"""What a command shows of it whose business is another; `schema lint` shows all."""


def text(sources: Mapping[Program, Source], found: Sequence[LintLine]) -> str:
    """Return the lines of `schema lint`: what was found, what is open, and the sums."""
    lines = [f"{line.place}: {line.kind}: {line.problem}" for line in found]
    lines += _open(sources.values())
    findings = sum(line.kind is LintKind.FINDING for line in found)
    programs = ", ".join(
        f"{counted(len(source.entities), 'definition')} of the {program}"
        for program, source in sources.items()
    )
    told = f"{counted(findings, 'finding')}, {counted(len(found) - findings, 'remark')}"
    lines.append(f"{told} in {programs}")
    return "\n".join(lines) + "\n"


def beside(sources: Iterable[Source], found: Sequence[LintLine]) -> Iterator[str]:
    """Yield what a user should know who did not ask: what is open, and what was found."""
    yield from _open(sources)
    yield from (f"{line.place}: {line.kind}: {line.problem}" for line in found[:_SHOWN])
    if len(found) > _SHOWN:
        yield f"and {len(found) - _SHOWN} more, which `schema lint` shows"


def _open(sources: Iterable[Source]) -> list[str]:
    sources = tuple(sources)
    missing = sorted({file for source in sources for file in source.missing})
    names = sorted({name for source in sources for name in source.open_names})
    if not missing:
        return []
    told = f": {', '.join(names)}" if names else ""
    return [f"missing: {', '.join(missing)}", f"open: {counted(len(names), 'type')}{told}"]
