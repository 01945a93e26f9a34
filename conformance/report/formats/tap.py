"""TAP version 13, as Meson, openQA and prove read it: a point for each case.

What is known has TAP's directive for it; a harness that failed, or a run that was cut short, bails
out.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count
from typing import Final

from conformance.report.formats.told import Told, ToldCase, ToldRun
from conformance.report.formats.words import evidence, headline

_KNOWN: Final = "TODO"  # the word of TAP, not work that is left here


def render(run: ToldRun) -> str:
    """Return the points of all targets, numbered through."""
    return "".join(f"{line}\n" for line in _lines(run))


def _lines(run: ToldRun) -> Iterator[str]:
    several = len(run.targets) > 1
    number = count(1)
    yield "TAP version 13"
    yield f"1..{sum(len(target.cases) + len(target.issues) for target in run.targets)}"
    for target in run.targets:
        prefix = f"{target.name}: " if several else ""
        for case in target.cases:
            yield from _point(case, next(number), prefix)
        for issue in target.issues:
            name = f"{prefix}known-issues/{issue.fingerprint}"
            yield f"not ok {next(number)} - {_escaped(name)}"
            yield f"# {_one_line(f'{issue.standing}: {issue.note}')}"
    if run.broken_off:
        yield f"Bail out! {_one_line(run.broken_off)}"


def _point(case: ToldCase, number: int, prefix: str) -> Iterator[str]:
    name = _escaped(f"{prefix}{case.id}")
    match case.told:
        case Told.PASSED:
            yield f"ok {number} - {name}"
        case Told.SKIPPED:
            yield f"ok {number} - {name} # SKIP {_escaped(case.why)}"
        case Told.KNOWN:
            yield f"not ok {number} - {name} # {_KNOWN} {_escaped(headline(case))}"
        case Told.FAILED | Told.ERROR:
            yield f"not ok {number} - {name}"
            yield "  ---"
            # The first line may begin with blanks of its own.
            yield "  message: |2"
            yield from (f"    {line}" for line in _legal(evidence(case)).splitlines())
            yield "  ..."


def _escaped(text: str) -> str:
    """Return text for the line of a point, where # begins a directive."""
    return _one_line(text).replace("\\", "\\\\").replace("#", "\\#")


def _one_line(text: str) -> str:
    return " ".join(_legal(text).split())


def _legal(text: str) -> str:
    return "".join(char if char.isprintable() or char == "\n" else " " for char in text)
