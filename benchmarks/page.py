"""Measures the HTML page of runs: what it takes to make, how large it is, what it takes to use.

    python -m benchmarks.page RUN... [--builds 12] [--json numbers.json]

RUNs are report folders. With `--builds`, they are taken again under other names until the page has
so many columns. The page is opened in a headless Chromium; each number is the least of some rounds.
"""

from __future__ import annotations

import argparse
import json
import resource
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from itertools import cycle, islice
from pathlib import Path
from typing import Final

from conformance.report.formats.told import ToldRun, joined, told_of
from conformance.report.html.page import render
from conformance.report.reading import read_run
from tests.report.chromium import Browser, chromium

_ROUNDS: Final = 3
_TEXT: Final = "node-name"
"""What most chunks have a case of."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Numbers:
    """What a page costs: seconds, but for counts, bytes and MiB."""

    builds: int
    results: int
    size: int
    read: float
    """To read the streams."""
    made: float
    memory: int
    """The peak of the resident memory of the process that reads and makes."""
    opened: float
    """From nothing to verdict, causes and the matrix of all subjects."""
    filtered: float
    """To look for a text in all cases."""
    subject: float
    case: float


def measure(runs: Sequence[Path], builds: int, rounds: int = _ROUNDS) -> Numbers:
    """Return what the page of these runs costs."""
    began = time.perf_counter()
    told = {str(run): told_of(read_run(run)) for run in runs}
    read = time.perf_counter() - began
    run = _of_builds(told, builds)
    made = _least(lambda: render(run), rounds)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "report.html"
        path.write_text(render(run), encoding="utf-8")
        with chromium(path) as browser:
            uses = [_least(lambda each=each: each(browser), rounds) for each in _USES]  # type: ignore[misc]
        size = path.stat().st_size
    opened, filtered, subject, case = uses
    return Numbers(
        builds=len(run.targets),
        results=sum(len(target.cases) for target in run.targets),
        size=size,
        read=read,
        made=made,
        memory=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
        opened=opened,
        filtered=filtered,
        subject=subject,
        case=case,
    )


def _of_builds(told: dict[str, ToldRun], builds: int) -> ToldRun:
    if builds <= len(told):
        return joined(told)
    again = islice(cycle(told.values()), builds)
    return joined({f"build {number}": run for number, run in enumerate(again, 1)})


def _least(what: Callable[[], object], rounds: int) -> float:
    """Return the least seconds that something took."""
    found = []
    for _ in range(rounds):
        began = time.perf_counter()
        what()
        found.append(time.perf_counter() - began)
    return round(min(found), 3)


def _open(browser: Browser) -> None:
    browser.open()


def _filter(browser: Browser) -> None:
    # Anew each time: what is opened once stays so.
    browser.open(f"#text={_TEXT}")


def _subject(browser: Browser) -> None:
    browser.open()
    browser.follow("#matrix tr[data-subject] a")


def _case(browser: Browser) -> None:
    _subject(browser)
    browser.follow("dialog tbody th a")


_USES: Final = (_open, _filter, _subject, _case)


def table(told: Numbers) -> str:
    """Return the numbers as a table of Markdown."""
    lines = ["| | |", "|---|---|"]
    lines += [
        f"| builds | {told.builds} |",
        f"| results of cases | {told.results:,} |",
        f"| size of the page | {told.size / 1e6:.1f} MB |",
        f"| to read the streams | {told.read:.1f} s |",
        f"| to make the page | {told.made:.1f} s |",
        f"| peak of the memory | {told.memory} MiB |",
        f"| to open it: verdict, causes, all subjects | {told.opened:.2f} s |",
        f"| to open it with a text that is looked for in all cases | {told.filtered:.2f} s |",
        f"| to open it, and then a subject with all its cases | {told.subject:.2f} s |",
        f"| the same, and then a case | {told.case:.2f} s |",
    ]
    return "\n".join(lines)


def main() -> None:
    """Measure, and print a table; write the numbers as JSON where asked to."""
    parser = argparse.ArgumentParser(description="Measure what the HTML page of runs costs.")
    parser.add_argument("runs", nargs="+", type=Path, metavar="RUN")
    parser.add_argument("--builds", type=int, default=1, help="the least number of columns")
    parser.add_argument("--json", type=Path, help="where to write the numbers")
    asked = parser.parse_args()
    told = measure(asked.runs, asked.builds)
    print(table(told))
    if asked.json:
        asked.json.write_text(json.dumps(asdict(told), indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
