"""Tells all lies about a build, two at a time, and writes which of them the suite has seen.

python -m tests.lies.score [--only GLOB] [--to FILE] [ROOT]
"""

from __future__ import annotations

import argparse
import fnmatch
import sys
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path

from tests.lies.bench import Bench, Seen
from tests.lies.table import ENTRIES, FAMILIES, LACKS
from tests.lies.told import Entry

PAGE = Path(__file__).parents[2] / "docs/kill-score.md"
_WORKERS = 2
_bench: Bench | None = None
"""The one of this process."""


@dataclass(frozen=True, slots=True)
class Score:
    """What became of a lie of a family."""

    family: str
    entry: Entry
    seen: Seen


def _begin(folder: str, root: str) -> None:
    global _bench  # A process of the pool has one state, and it lasts as long as the process.
    _bench = Bench(Path(folder), root)
    _bench.__enter__()


def _tell(name: str) -> Seen:
    assert _bench is not None
    return _bench.tell(ENTRIES[name])


def main(argv: Sequence[str]) -> int:
    """Tell the lies that are asked for; return 0 if all that a promise forbids were seen."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("root", nargs="?", default="", help="a root file system with QEMU in it")
    parser.add_argument(
        "--only", action="append", help="the lies whose name or family fits; may stand repeatedly"
    )
    parser.add_argument("--to", type=Path, default=PAGE, help="the file that is written")
    asked = parser.parse_args(argv)
    chosen = [
        (family, entry)
        for family, entries in FAMILIES.items()
        for entry in entries
        if _fits(asked.only or ["*"], family, entry.name)
    ]
    with tempfile.TemporaryDirectory(prefix="lies-") as folder:
        Path(folder).chmod(0o755)
        scores = list(_scores(chosen, folder, asked.root))
    if not scores:
        parser.error(f"no lie fits {' or '.join(asked.only)}")
    asked.to.write_text(page(scores, asked.root or "The host's QEMU"), encoding="utf-8")
    return 1 if any(score.entry.rules and not score.seen.killed for score in scores) else 0


def _fits(globs: Sequence[str], *names: str) -> bool:
    return any(fnmatch.fnmatchcase(name, glob) for glob in globs for name in names)


def _scores(chosen: list[tuple[str, Entry]], folder: str, root: str) -> Iterator[Score]:
    Bench(Path(folder), root)
    with ProcessPoolExecutor(
        _WORKERS, mp_context=get_context("spawn"), initializer=_begin, initargs=(folder, root)
    ) as workers:
        told = {workers.submit(_tell, entry.name): (family, entry) for family, entry in chosen}
        seen = {}
        for done in as_completed(told):
            family, entry = told[done]
            seen[entry.name] = Score(family, entry, done.result())
            word = "seen" if seen[entry.name].seen.killed else "NOT SEEN"
            rules = " ".join(seen[entry.name].seen.rules)
            count = seen[entry.name].seen.cases
            print(f"{word} {entry.name} {rules} ({count} cases)", file=sys.stderr, flush=True)
    yield from (seen[entry.name] for _, entry in chosen)


def page(scores: Sequence[Score], build: str) -> str:
    """Return the page about the lies told of a build, as Markdown."""
    told = [score for score in scores if score.seen.cases]
    forbidden = [score for score in told if score.entry.rules]
    free = [score for score in told if not score.entry.rules]
    missed = [score for score in forbidden if not score.seen.killed]
    killed = len(forbidden) - len(missed)
    lines = [
        "# The kill score",
        "",
        "`nox -s lies` puts a relay between the suite and the monitors of a real QEMU. The relay",
        "tells one lie at a time; the suite kills a lie if it reports a finding, under a rule that",
        "the lie breaks, that the same cases do not show of the truth.",
        "[CONTRIBUTING.md](../CONTRIBUTING.md) says how to add one. This page is generated.",
        "",
        f"{build}: {killed} of {len(forbidden)} lies that a promise forbids are killed, "
        f"{100 * killed // max(1, len(forbidden))} %.",
        "",
        "## By family",
        "",
        "| family | lies | killed |",
        "|---|---|---|",
        *_rows((score.family, score) for score in forbidden),
        "",
        "## By rule",
        "",
        "The rule of the first finding; a lie that is not killed is under the first of its rules.",
        "",
        "| rule | lies | killed |",
        "|---|---|---|",
        *_rows(sorted(((_rule(score), score) for score in forbidden), key=lambda each: each[0])),
        "",
        "## Not killed",
        "",
        "| lie | family | cases | rules that forbid it | what the suite lacks |",
        "|---|---|---|---|---|",
        *(
            f"| {score.entry.name} | {score.family} | {score.seen.cases} | {score.entry.rules} | "
            f"{LACKS.get(score.entry.name, 'not looked into')} |"
            for score in missed
        ),
        "",
        "## Forbidden by no promise",
        "",
        "| lie | family | why none forbids it | findings |",
        "|---|---|---|---|",
        *(
            f"| {score.entry.name} | {score.family} | {score.entry.why} | "
            f"{', '.join(score.seen.rules) or 'none'} |"
            for score in free
        ),
        "",
        "## Not told",
        "",
        "The build has no case in which they could be seen.",
        "",
        *(f"- {score.entry.name} ({score.family})" for score in scores if not score.seen.cases),
    ]
    return "\n".join(lines).rstrip() + "\n"


def _rule(score: Score) -> str:
    return score.seen.rules[0] if score.seen.killed else score.entry.rules.split()[0]


def _rows(scores: Iterable[tuple[str, Score]]) -> Iterator[str]:
    groups: dict[str, list[Score]] = {}
    for name, score in scores:
        groups.setdefault(name, []).append(score)
    for name, group in groups.items():
        killed = sum(1 for score in group if score.seen.killed)
        yield f"| {name} | {len(group)} | {killed} |"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
