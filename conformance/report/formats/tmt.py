"""The results file of tmt (`result: custom`): a result for each subject and aspect of a target.

It is JSON; tmt reads results.json as it does results.yaml.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from conformance.model import canonical
from conformance.report.formats.grouped import AspectResult, aspects_of
from conformance.report.formats.told import Told, ToldRun
from conformance.report.formats.words import headline

_RESULTS: Final = {
    Told.PASSED: "pass",
    Told.FAILED: "fail",
    Told.KNOWN: "warn",
    Told.SKIPPED: "skip",
    Told.ERROR: "error",
}
_NOTES: Final = 10
"""The most cases that a result tells of."""


def render(run: ToldRun) -> str:
    """Return the results of all targets."""
    return canonical.pretty([*_results(run)])


def _results(run: ToldRun) -> Iterator[dict[str, Any]]:
    for group in aspects_of(run):
        yield {
            "name": _name(group.target.name, group.subject, group.aspect),
            "result": _RESULTS[group.told],
            "note": [group.note, *_notes(group)],
            "duration": _duration(group.seconds),
        }
    for target in run.targets:
        for issue in target.issues:
            yield {
                "name": _name(target.name, "known-issues", issue.fingerprint),
                "result": "fail",
                "note": [f"{issue.standing}: {issue.note}"],
            }
    if run.broken_off:
        yield {"name": "/run", "result": "error", "note": [run.broken_off]}


def _notes(group: AspectResult) -> Iterator[str]:
    telling = [*group.of(Told.FAILED), *group.of(Told.ERROR), *group.of(Told.KNOWN)]
    yield from (f"{case.id}: {headline(case)}" for case in telling[:_NOTES])


def _name(*parts: str) -> str:
    return "".join(f"/{part.replace('/', '~')}" for part in parts)


def _duration(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:02}:{minutes:02}:{rest:02}"
