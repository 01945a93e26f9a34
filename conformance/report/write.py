"""Writes the files of a report beside its stream, one for each format.

Knows nothing of what they say.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Final

from conformance.model import canonical
from conformance.model.errors import UsageError
from conformance.report import markdown
from conformance.report.formats.registry import RUN_FORMATS
from conformance.report.formats.told import told_of
from conformance.report.reading import read_events
from conformance.report.result import Summary
from conformance.report.summary import summarise

FORMATS: Final[Mapping[str, Callable[[Summary], str]]] = {
    "summary.json": lambda summary: canonical.pretty(summary.to_json()),
    "report.md": markdown.render,
}
"""The files of a report beside its stream, and what makes the text of each from the summary."""
FOUND: Final = "found"
"""The folder, in that of the report, of what random searches found."""
_LONG: Final = 48 << 20
"""The bytes of a stream that hold more cases than a run has that is not thorough."""


def write_reports(summary: Summary, folder: Path) -> tuple[Path, ...]:
    """Write a file of each format into `folder`, made if need be, and return their paths.

    Raises UsageError where the folder cannot be written.
    """
    return write_files(folder, {name: render(summary) for name, render in FORMATS.items()})


def write_files(folder: Path, texts: Mapping[str, str]) -> tuple[Path, ...]:
    """Write texts by the names of their files into `folder`, made if need be; raises UsageError."""
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


def _write_found(summary: Summary, folder: Path) -> None:
    """Write what random searches found, one file of cases each, in place of those of before."""
    for old in folder.glob("v[0-9]*-*.toml"):
        old.unlink()
    texts = {
        f"{found.fingerprint}.toml": found.text
        for target in summary.targets
        for each in target.searched
        for found in each.found
    }
    if texts:
        write_files(folder, texts)


def publish(stream: Path, formats: Sequence[str] = ()) -> Summary:
    """Read a stream, write the reports beside it, and return the summary; raises UsageError.

    `formats` are those of RUN_FORMATS that are asked for beside the usual ones.

    A long one is read by a process of its own: what the cases of a thorough run take does not come
    on top of what this process holds.
    """
    if stream.stat().st_size < _LONG:
        return _publish(stream, formats)
    apart = multiprocessing.get_context("spawn")
    # A signal for all processes of a terminal ends no report (play/interruption.py).
    with ProcessPoolExecutor(1, apart, signal.signal, (signal.SIGINT, signal.SIG_IGN)) as pool:
        return pool.submit(_publish, stream, formats).result()


def _publish(stream: Path, formats: Sequence[str]) -> Summary:
    summary = summarise(read_events(stream))
    write_reports(summary, stream.parent)
    _write_found(summary, stream.parent / FOUND)
    asked = [RUN_FORMATS[name] for name in dict.fromkeys(formats) if name in RUN_FORMATS]
    if asked:
        run = told_of(read_events(stream))
        write_files(stream.parent, dict(pair for each in asked for pair in each.files(run)))
    return summary
