"""The commands `known update` and `known prune`: files of known issues beside what runs show."""

from __future__ import annotations

import argparse
import datetime
import os
from pathlib import Path
from typing import Any

from conformance.cli.command_line import sentence
from conformance.knowledge.known_files import appended, without
from conformance.knowledge.known_issues import SHIPPED, read_known
from conformance.model.counting import counted
from conformance.model.errors import UsageError
from conformance.model.known_issue import KnownIssue
from conformance.model.terms import ExitCode
from conformance.play import option_table
from conformance.play.beforehand import read_baseline
from conformance.play.option import CommandName
from conformance.report.known_update import EntryTexts, gone, new_issues
from conformance.report.result import Summary


def add(parser: argparse.ArgumentParser, name: str) -> None:
    """Declare the commands of `known` and their options."""
    group = parser.add_subparsers(required=True, metavar="COMMAND")
    parser.set_defaults(several=True)
    for command, word, text, call in (
        (CommandName.KNOWN_UPDATE, "update", "write what runs found into a file", _update),
        (CommandName.KNOWN_PRUNE, "prune", "remove what runs show to be gone from a file", _prune),
    ):
        _add(group, command, word, text, call)


def _add(group: Any, command: CommandName, word: str, text: str, call: Any) -> None:
    parser = group.add_parser(word, help=text, description=sentence(text))
    parser.add_argument("file", metavar="FILE", help="the file of known issues (TOML)")
    parser.add_argument(
        "targets", metavar="RUN", nargs="+", help="the report folder of a run, or its stream"
    )
    option_table.declare(command, parser)
    parser.set_defaults(call=call, usage=parser.format_usage())


def _update(asked: argparse.Namespace) -> int:
    path = Path(asked.file)
    known = _read(path) if path.exists() else ()
    given = EntryTexts(
        reason=option_table.REASON.of(asked),
        link=option_table.LINK.of(asked),
        expires=_date(option_table.EXPIRES.of(asked)),
    )
    issues = new_issues(known, _runs(asked), given)
    if issues:
        text = path.read_text(encoding="utf-8") if path.exists() else ""
        _write(path, appended(text, issues))
    print(f"{path}: {counted(len(issues), 'entry')} added, {len(known)} were there.")
    return ExitCode.CONFORMS


def _prune(asked: argparse.Namespace) -> int:
    path = Path(asked.file)
    known = _read(path)
    numbers = [*gone(known, _runs(asked))]
    for number in numbers:
        issue = known[number]
        print(f"{issue.where}: removed {issue.fingerprint}: {issue.reason}")
    if numbers:
        _write(path, without(path.read_text(encoding="utf-8"), numbers))
    print(f"{path}: {counted(len(numbers), 'entry')} removed of {len(known)}.")
    return ExitCode.CONFORMS


def _read(path: Path) -> tuple[KnownIssue, ...]:
    if str(path) == SHIPPED:
        raise UsageError("the known issues that ship are no file of yours", "Name a file.")
    return read_known([str(path)], None)


def _runs(asked: argparse.Namespace) -> list[Summary]:
    return [read_baseline(Path(name)) for name in asked.targets]


def _date(text: str) -> str:
    if not text:
        return ""
    try:
        day = datetime.date.fromisoformat(text)
    except ValueError as error:
        raise UsageError(f"--expires {text}: no date", "Write it as 2027-06-30.") from error
    if day < datetime.datetime.now(datetime.UTC).date():
        raise UsageError(f"--expires {text}: that day is over", "Name one to come.")
    return day.isoformat()


def _write(path: Path, text: str) -> None:
    """Replace a file as a whole: one that is read meanwhile, or a full disk, costs nothing."""
    under_way = path.with_name(f".{path.name}")
    try:
        under_way.write_text(text, encoding="utf-8")
        os.replace(under_way, path)
    except OSError as error:
        under_way.unlink(missing_ok=True)
        raise UsageError(
            f"{path}: cannot be written: {error.strerror}", "Name another file."
        ) from error
