"""What a single question costs in CPU seconds, with an empty cache and with a full one.

    python -m benchmarks.latency PROGRAM [--rootfs DIR] [--rounds 5] [--json FILE]

Beside them stand what Python and pytest cost that do nothing.  CPU seconds are those of the command
and of what it waits for; whatever is killed with its sandbox leaves no account of what it used.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

_CASE: Final = "object-add/iothread/valid/poll-max-ns=least"
_GROUP: Final = "object-add/iothread/*"
_FILLING: Final = ("rules", "list")
"""The questions whose answers serve all others."""
_LIMIT: Final = 600.0
"""Seconds for one command; the longest takes ten."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A command, what its exit codes may be, and the CPU seconds that it is to cost, 0 for no goal.

    `first` tells that it is asked with an empty cache.
    """

    name: str
    words: tuple[str, ...]
    codes: tuple[int, ...] = (0,)
    goal: float = 0.0
    first: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """What a question costs: the median of its rounds, and beside an idle pytest."""

    name: str
    cpu: float
    goal: float
    rounds: tuple[float, ...]


def questions(program: str, rootfs: str) -> Iterator[Question]:
    """Yield what is asked, in an order in which the first ones fill the cache."""
    target = (*(["--rootfs", rootfs] if rootfs else []), program)
    python, suite = (sys.executable,), (sys.executable, "-m", "conformance")
    yield Question(name="python -c pass", words=(*python, "-c", "pass"))
    empty = (*python, "-m", "pytest", "-q", "--collect-only", "-p", "no:cacheprovider", "empty.py")
    yield Question(name="pytest --collect-only empty.py", words=empty, codes=(5,))
    for first in (True, False):
        rest = () if first else (0.5, 1.0, 1.5)
        few, some, more = rest or (0.0, 0.0, 0.0)
        for name, words, codes, goal in (
            ("rules", ("rules",), (0,), few),
            ("explain W68", ("explain", "W68"), (0,), few),
            ("list", ("list", *target), (0,), some),
            ("show CASE", ("show", _CASE, *target), (0,), some),
            ("show CASE, misspelt", ("show", f"{_CASE}x", *target), (2,), some),
            ("replay CASE", ("replay", _CASE, *target), (0, 1), more),
            ("run --case GROUP", ("run", "--case", _GROUP, *target), (0, 1), more),
        ):
            yield Question(
                name=f"{name}, empty cache" if first else name,
                words=(*suite, *words),
                codes=codes,
                goal=goal,
                first=first,
            )


def measure(program: str, rootfs: str, rounds: int) -> tuple[Cost, ...]:
    """Ask all, `rounds` times; raises CalledProcessError where one ends as it should not."""
    seen: dict[str, list[float]] = {}
    goals: dict[str, float] = {}
    with tempfile.TemporaryDirectory(prefix="qmp-benchmark-") as name:
        folder = Path(name)
        (folder / "empty.py").touch()
        for number in range(rounds):
            full = folder / f"full-{number}"
            for place, question in enumerate(questions(program, rootfs)):
                empty = folder / f"empty-{number}-{place}"
                if not question.first and question.name in _FILLING:
                    _ask(question, folder, full)
                cpu = _ask(question, folder, empty if question.first else full)
                seen.setdefault(question.name, []).append(cpu)
                goals[question.name] = question.goal
    return tuple(
        Cost(
            name=name,
            cpu=round(statistics.median(each), 3),
            goal=goals[name],
            rounds=tuple(round(one, 3) for one in each),
        )
        for name, each in seen.items()
    )


def _ask(question: Question, folder: Path, cache: Path) -> float:
    cache.mkdir(exist_ok=True)
    path = [str(Path(__file__).parent.parent), os.environ.get("PYTHONPATH", "")]
    environment = {
        **os.environ,
        "XDG_CACHE_HOME": str(cache),
        "PYTHONPATH": os.pathsep.join(filter(None, path)),
    }
    began = _used()
    done = subprocess.run(
        question.words,
        env=environment,
        cwd=folder,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        timeout=_LIMIT,
        check=False,
    )
    if done.returncode not in question.codes:
        raise subprocess.CalledProcessError(
            done.returncode, question.words, stderr=done.stderr.decode(errors="replace")
        )
    return _used() - began


def _used() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def table(costs: Sequence[Cost]) -> str:
    """Return the costs as text for a person."""
    idle = costs[1].cpu
    lines = [f"{'CPU seconds':<34} {'median':>7} {'goal':>5} {'pytests':>8}"]
    for cost in costs:
        goal = f"{cost.goal:.1f}" if cost.goal else ""
        lines.append(f"{cost.name:<34} {cost.cpu:7.2f} {goal:>5} {cost.cpu / idle:8.1f}")
    return "\n".join(lines)


def main() -> None:
    """Measure, and print a table; write the numbers as JSON where asked to."""
    parser = argparse.ArgumentParser(description="Measure what single questions cost.")
    parser.add_argument("program")
    parser.add_argument("--rootfs", default="")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--json", type=Path, help="where to write the numbers")
    asked = parser.parse_args()
    costs = measure(asked.program, asked.rootfs, asked.rounds)
    print(table(costs))
    if asked.json:
        numbers: Mapping[str, object] = {cost.name: asdict(cost) for cost in costs}
        asked.json.write_text(json.dumps(numbers, indent=1) + "\n")


if __name__ == "__main__":
    main()
