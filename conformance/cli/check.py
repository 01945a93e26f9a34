"""The command `check`: files of cases in, all that is wrong with them and an exit code out."""

from __future__ import annotations

import argparse
from pathlib import Path

from conformance.knowledge.check import check_cases
from conformance.model.counting import counted
from conformance.model.terms import ExitCode


def add(command: argparse.ArgumentParser, name: str) -> None:
    """Declare the options of the command."""
    command.description = (
        "Check your own files of cases, without any QEMU: their keys, names, and contradictions to "
        "the shipped cases."
    )
    # Named like the targets of other commands, so that files may come between options, too.
    command.add_argument(
        "targets", metavar="FILE", nargs="+", help="a file of cases (TOML), or a folder of them"
    )
    command.set_defaults(call=_check, several=True)


def _check(asked: argparse.Namespace) -> int:
    problems = check_cases([Path(name) for name in asked.targets])
    for problem in problems:
        print(problem)
    if problems:
        print(f"\n{counted(len(problems), 'problem')}.")
        return int(ExitCode.USAGE)
    print("Nothing is wrong.")
    return int(ExitCode.CONFORMS)
