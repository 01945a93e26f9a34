"""Puts a summary's files beside its stream; knows nothing of what they say."""

from __future__ import annotations

import os
from pathlib import Path

from conformance.model import canonical
from conformance.model.errors import UsageError
from conformance.report import markdown
from conformance.report.reading import read_events
from conformance.report.result import Summary
from conformance.report.stream import REPORT_FILE, SUMMARY_FILE
from conformance.report.summary import summarise


def write_reports(summary: Summary, folder: Path) -> tuple[Path, ...]:
    """Write summary.json and report.md into `folder`, made if need be, and return their paths.

    Raises UsageError where the folder cannot be written.
    """
    texts = {
        SUMMARY_FILE: canonical.pretty(summary.to_json()),
        REPORT_FILE: markdown.render(summary),
    }
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in texts.items():
            # Whole or not at all: what is killed amid it leaves no half of a report.
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
