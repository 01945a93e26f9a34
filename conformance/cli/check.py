"""The command `check`: files of cases or known issues in, what is wrong with them out."""

from __future__ import annotations

import argparse
from datetime import UTC, datetime
from pathlib import Path

from conformance.knowledge.check import check_cases
from conformance.knowledge.known_issues import check_known, is_known_file
from conformance.model.counting import counted
from conformance.model.terms import ExitCode


def add(command: argparse.ArgumentParser, name: str) -> None:
    """Declare the options of the command."""
    command.description = (
        "Check your own files of cases, without any QEMU: their keys, names, and contradictions to "
        "the shipped cases. Files of known issues are checked, too."
    )
    # Named like the targets of other commands, so that files may come between options, too.
    command.add_argument(
        "targets",
        metavar="FILE",
        nargs="+",
        help="a file of cases (TOML), or a folder of them; or a file of known issues",
    )
    command.set_defaults(call=_check, several=True)


def _check(asked: argparse.Namespace) -> int:
    paths = [Path(name) for name in asked.targets]
    known = [path for path in paths if is_known_file(path)]
    today = datetime.now(UTC).date()
    problems = [problem for path in known for problem in check_known(path, today)]
    if cases := [path for path in paths if path not in known]:
        problems += check_cases(cases)
    for problem in problems:
        print(problem)
    if problems:
        print(f"\n{counted(len(problems), 'problem')}.")
        return int(ExitCode.USAGE)
    print("Nothing is wrong.")
    return int(ExitCode.CONFORMS)
