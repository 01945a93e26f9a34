"""How fast a run of the suite is, beside the same requests without a suite around them.

    python -m benchmarks.throughput PROGRAM [--rootfs DIR] [--case GLOB] [--rounds 3] [--json FILE]

Each round runs the suite once per number of workers, start to finish, and then plays back what
that very run sent, machine by machine, as raw bytes to plain QEMUs in as many processes.  The two
follow upon one another on one host, so that their ratio holds while seconds do not.  The questions
of the introspection are no part of the replay; their time is part of the run's.
"""

from __future__ import annotations

import argparse
import json
import os
import pickle
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import Any, Final

from benchmarks.probe import BEGAN, FOLDER
from benchmarks.tape import Played, Tape, play
from conformance.launch.target import Target, program_target
from conformance.model.terms import ExitCode

_LIMIT: Final = 1800.0
"""Seconds for one run: it takes half a minute on two idle cores."""
_START: Final = 10_000
"""Bytes that QEMU reads in the time in which another one starts: 50 ms at 5 us a byte."""
_WATCHED: Final = "import sys; from benchmarks.probe import main; sys.exit(main())"
_ROOT: Final = Path(__file__).parent.parent


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """What something took: wall time, and processor time less that of QEMU.

    Whoever is killed with its sandbox leaves no account of what it used.
    """

    seconds: float
    cpu: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """A run and its replay; `phases` are seconds by process and phase."""

    workers: int
    cases: int
    requests: int
    size: int
    machines: int
    run: Cost
    replay: Cost
    lines: int
    ended: int
    vain: int
    ready: Mapping[str, int]
    phases: Mapping[str, Mapping[str, float]]

    @property
    def ratio(self) -> float:
        """How much longer the run takes than its replay."""
        return self.run.seconds / self.replay.seconds


def measure(target: Target, workers: int, globs: Sequence[str] = ("*",)) -> Pair:
    """Run the cases that one of `globs` fits, then play the same back.

    Raises CalledProcessError where it fails.
    """
    with tempfile.TemporaryDirectory(prefix="qmp-benchmark-") as name:
        folder = Path(name)
        run = _run(target, workers, globs, folder)
        seen = [json.loads(path.read_text()) for path in sorted(folder.glob("*.json"))]
        tapes = [_tapes(path) for path in sorted(folder.glob("*.tapes"))]
        cases = _cases(folder / "report" / "events.ndjson")
    machines = [tape for own in tapes for tape in own]
    played, replay = _replay(target, deal(machines, workers))
    return Pair(
        workers=workers,
        cases=cases,
        requests=sum(tape.requests for tape in machines),
        size=sum(tape.size for tape in machines),
        machines=len(machines),
        run=run,
        replay=replay,
        lines=sum(each.lines for each in played),
        ended=sum(each.ended for each in played),
        vain=sum(each.vain for each in played),
        ready=dict(sum((Counter(process["ready"]) for process in seen), Counter())),
        phases={process["process"]: process["wall"] for process in seen},
    )


def _run(target: Target, workers: int, globs: Sequence[str], folder: Path) -> Cost:
    words = [
        "run",
        target.program,
        *(f"--case={glob}" for glob in globs),
        "--report",
        str(folder / "report"),
    ]
    words += ["--rootfs", target.rootfs] if target.rootfs else []
    words += ["-n", str(workers)] if workers > 1 else []
    began = _mark()
    environment = {
        **os.environ,
        "PYTHONPATH": str(_ROOT),
        FOLDER: str(folder),
        BEGAN: str(began.seconds),
    }
    command = [sys.executable, "-c", _WATCHED, *words]
    done = subprocess.run(
        command, env=environment, cwd=_ROOT, stdout=subprocess.DEVNULL, timeout=_LIMIT, check=False
    )
    # Findings are no concern of a benchmark; a run that never began has no stream.
    wanted = (ExitCode.CONFORMS, ExitCode.FINDINGS)
    if done.returncode not in wanted or not (folder / "report" / "events.ndjson").exists():
        raise subprocess.CalledProcessError(done.returncode, command)
    return _since(began)


def _replay(target: Target, tapes: Sequence[Sequence[Tape]]) -> tuple[list[Played], Cost]:
    """Play each of `tapes` in a process of its own."""
    began = _mark()
    # Not forked: the machines' thread and pipes are to be each process's own.
    with ProcessPoolExecutor(len(tapes), mp_context=get_context("spawn")) as processes:
        played = list(processes.map(play, [target] * len(tapes), tapes, timeout=_LIMIT))
    return played, _since(began)


def deal(tapes: Sequence[Tape], hands: int) -> list[list[Tape]]:
    """Deal out tapes so that all hands end together: whoever dealt for the run may have erred."""
    dealt: list[list[Tape]] = [[] for _ in range(hands)]
    loads = [0] * hands
    for tape in sorted(tapes, key=lambda tape: -tape.size):
        least = loads.index(min(loads))
        dealt[least].append(tape)
        loads[least] += _START + tape.size
    return dealt


def _mark() -> Cost:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return Cost(seconds=time.monotonic(), cpu=used.ru_utime + used.ru_stime)


def _since(began: Cost) -> Cost:
    now = _mark()
    return Cost(seconds=now.seconds - began.seconds, cpu=now.cpu - began.cpu)


def _tapes(path: Path) -> list[Tape]:
    # Written by our own run a moment ago, in a folder that nobody else can enter.
    found: list[Tape] = pickle.loads(path.read_bytes())
    return found


def _cases(stream: Path) -> int:
    with stream.open() as events:
        return sum(json.loads(line)["event"] == "case-ended" for line in events)


def summary(pairs: Sequence[Pair]) -> dict[str, Any]:
    """Return the medians of several rounds with one number of workers."""

    def median(values: Sequence[float]) -> float:
        return round(statistics.median(values), 2)

    middle = sorted(pairs, key=lambda pair: pair.ratio)[len(pairs) // 2]
    return {
        "workers": middle.workers,
        "cases": middle.cases,
        "requests": middle.requests,
        "bytes": middle.size,
        "machines": middle.machines,
        "run_seconds": median([pair.run.seconds for pair in pairs]),
        "run_cpu_seconds": median([pair.run.cpu for pair in pairs]),
        "replay_seconds": median([pair.replay.seconds for pair in pairs]),
        "replay_cpu_seconds": median([pair.replay.cpu for pair in pairs]),
        "cases_per_second": median([pair.cases / pair.run.seconds for pair in pairs]),
        "ratio": median([pair.ratio for pair in pairs]),
        "ratios": [round(pair.ratio, 2) for pair in pairs],
        "machines_asked_for": middle.ready,
        "ended": middle.ended,
        "vain": middle.vain,
        "phases": {
            process: {phase: round(spent, 2) for phase, spent in _by_weight(phases)}
            for process, phases in middle.phases.items()
        },
    }


def _by_weight(phases: Mapping[str, float]) -> list[tuple[str, float]]:
    return sorted(phases.items(), key=lambda entry: -entry[1])


def table(summaries: Sequence[Mapping[str, Any]]) -> str:
    """Return the summaries as text for a person."""
    lines = []
    for each in summaries:
        lines += [
            f"{each['workers']} worker(s): {each['cases']:,} cases, {each['requests']:,} requests, "
            f"{each['bytes']:,} bytes, {each['machines']} machines on either side",
            f"  the suite   {each['run_seconds']:8.2f} s  {each['run_cpu_seconds']:8.2f} s of CPU"
            f"  {each['cases_per_second']:.0f} cases/s",
            f"  the limit   {each['replay_seconds']:8.2f} s  "
            f"{each['replay_cpu_seconds']:8.2f} s of CPU (neither counts QEMU)",
            f"  ratio       {each['ratio']:8.2f}  (rounds: {', '.join(map(str, each['ratios']))})",
            f"  machines asked for: {_counted(each['machines_asked_for'])}",
            f"  of the replay, {each['ended']} machines ended before their tape, and "
            f"{each['vain']} lines brought less",
        ]
        for process, phases in each["phases"].items():
            lines.append(f"  {process}, {sum(phases.values()):.1f} s:")
            lines += [f"    {spent:8.2f} s  {phase}" for phase, spent in phases.items() if spent]
        lines.append("")
    return "\n".join(lines)


def _counted(ready: Mapping[str, int]) -> str:
    return ", ".join(f"{count} {state}" for state, count in sorted(ready.items()))


def main() -> None:
    """Measure, and print a table; write the numbers as JSON where asked to."""
    parser = argparse.ArgumentParser(description="Compare a run with its own requests alone.")
    parser.add_argument("program")
    parser.add_argument("--rootfs", default="")
    parser.add_argument("--case", action="append", metavar="GLOB", help="the cases that are run")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--workers", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--json", type=Path, help="where to write the numbers")
    asked = parser.parse_args()
    target = program_target(asked.program, asked.rootfs)
    rounds: dict[int, list[Pair]] = {workers: [] for workers in asked.workers}
    for _ in range(asked.rounds):
        for workers, pairs in rounds.items():
            pairs.append(measure(target, workers, asked.case or ["*"]))
    summaries = [summary(pairs) for pairs in rounds.values()]
    print(table(summaries))
    if asked.json:
        every = [asdict(pair) for pairs in rounds.values() for pair in pairs]
        text = json.dumps({"medians": summaries, "rounds": every}, indent=1)
        asked.json.write_text(text + "\n")


if __name__ == "__main__":
    main()
