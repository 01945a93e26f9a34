"""The formats, by the names that users give them, and the files that they are written to."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from conformance.report.formats import code_quality, ctrf, github, junit, kcidb, sarif, tap, tmt
from conformance.report.formats.told import ToldRun
from conformance.report.html import page


@dataclass(frozen=True, slots=True, kw_only=True)
class Format:
    """A format whose files in a report folder have the name `file`.

    Where that has a *, there is one for each target, whose name stands for it. `render` yields
    targets and texts; the target is "" where there is one file.
    """

    file: str
    render: Callable[[ToldRun], Iterator[tuple[str, str]]]

    def files(self, run: ToldRun) -> Iterator[tuple[str, str]]:
        """Yield the name and the text of each file."""
        for target, text in self.render(run):
            yield self.file.replace("*", target.replace("/", "~")), text


def _single(file: str, render: Callable[[ToldRun], str]) -> Format:
    def rendered(run: ToldRun) -> Iterator[tuple[str, str]]:
        yield "", render(run)

    return Format(file=file, render=rendered)


RUN_FORMATS: Final[Mapping[str, Format]] = {
    "html": _single("report.html", page.render),
    "junit": Format(file="junit-*.xml", render=junit.render),
    "tap": _single("results.tap", tap.render),
    "sarif": _single("results.sarif", sarif.render),
    "gitlab-codequality": _single("gl-code-quality-report.json", code_quality.render),
    "github-annotations": _single("github-annotations.txt", github.commands),
    "github-summary": _single("github-summary.md", github.step_summary),
    "tmt": _single("results.json", tmt.render),
    "ctrf": _single("ctrf-report.json", ctrf.render),
    "kcidb": _single("kcidb.json", kcidb.render),
}
FORMAT_FILES: Final = tuple(each.file for each in RUN_FORMATS.values())
"""The names (globs) of what they leave in a report folder."""
