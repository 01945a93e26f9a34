"""Writes the files of a report beside its stream, one for each format.

Knows nothing of what they say.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

from conformance.model import canonical
from conformance.model.errors import UsageError
from conformance.report import markdown
from conformance.report.reading import read_events
from conformance.report.result import Summary
from conformance.report.summary import summarise

FORMATS: Final[Mapping[str, Callable[[Summary], str]]] = {
    "summary.json": lambda summary: canonical.pretty(summary.to_json()),
    "report.md": markdown.render,
}
"""The files of a report beside its stream, and what makes the text of each from the summary."""


def write_reports(summary: Summary, folder: Path) -> tuple[Path, ...]:
    """Write a file of each format into `folder`, made if need be, and return their paths.

    Raises UsageError where the folder cannot be written.
    """
    texts = {name: render(summary) for name, render in FORMATS.items()}
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in texts.items():
            # A run that is killed here leaves no half of a report.
            (folder / f".{name}").write_text(text, encoding="utf-8")
            os.replace(folder / f".{name}", folder / name)
    except OSError as error:
        raise UsageError(
            f"{folder}: cannot write the report: {error.strerror}",
            "Name a folder that can be written.",
        ) from error
    return tuple(folder / name for name in texts)


def publish(stream: Path) -> Summary:
    """Read a stream, write the reports beside it, and return the summary; raises UsageError."""
    summary = summarise(read_events(stream))
    write_reports(summary, stream.parent)
    return summary
