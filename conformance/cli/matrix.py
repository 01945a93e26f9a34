"""The command `targets`: target files in, the targets that they expand to out; starts nothing."""

from __future__ import annotations

import argparse
import shlex
from collections.abc import Iterable, Sequence
from typing import Final

from conformance.cli.ready import options_of
from conformance.cli.targets import add_targets
from conformance.launch.target import Target
from conformance.model.counting import counted
from conformance.model.terms import ExitCode
from conformance.prepare.targets import distinct
from conformance.report.wording import visible

_COLUMNS: Final = ("name", "program", "in", "machine", "accel", "args", "select", "budget", "known")


def add(command: argparse.ArgumentParser, name: str) -> None:
    """Declare the arguments of the command."""
    command.set_defaults(call=_targets)
    add_targets(command, nargs="+")


def _targets(asked: argparse.Namespace) -> int:
    targets = [*distinct(options_of(asked)[0].targets)]
    for line in table([_COLUMNS, *map(_row, targets)]):
        print(line)
    print(f"\n{counted(len(targets), 'target')}")
    return ExitCode.CONFORMS


def _row(target: Target) -> Sequence[str]:
    place = f"image {target.image}" if target.image else target.rootfs or "the host"
    select = " ".join(map(shlex.quote, target.select)) or "all cases"
    args = shlex.join(target.args)
    budget = f"{target.budget:g} s" if target.budget is not None else ""
    known = " ".join(map(shlex.quote, target.known))
    head = (target.name, target.program, place, target.machine, target.accel)
    return (*head, args, select, budget, known)


def table(rows: Sequence[Sequence[str]]) -> Iterable[str]:
    """Yield rows of text, the first of them headings, without the columns that hold nothing."""
    shown = [place for place in range(len(rows[0])) if any(row[place] for row in rows[1:])]
    texts = [[visible(row[place]) for place in shown] for row in rows]
    widths = [max(map(len, column)) for column in zip(*texts, strict=True)]
    for text in texts:
        cells = (each.ljust(width) for each, width in zip(text, widths, strict=True))
        yield "  ".join(cells).rstrip()
