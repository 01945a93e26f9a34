"""The commands `list`, `show` and `replay`: a target and a case in, words about it out."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Final

from conformance.cli.command_line import swapped
from conformance.cli.ready import one_campaign
from conformance.cli.screen import Screen
from conformance.cli.targets import add_targets
from conformance.model.errors import UsageError
from conformance.model.terms import ExitCode, Outcome
from conformance.play import option_table
from conformance.play.option import CommandName
from conformance.prepare.campaign import check_selection, find_case
from conformance.prepare.prepare import warned

_PART: Final = 4096
"""The number of ids that are made one text: a thorough plan has megabytes of them."""


def add(command: argparse.ArgumentParser, name: CommandName) -> None:
    """Declare the options of a command of this module."""
    calls = {CommandName.LIST: _list, CommandName.SHOW: _show, CommandName.REPLAY: _replay}
    command.set_defaults(call=calls[name])
    if name is not CommandName.LIST:
        command.add_argument("case", metavar="CASE", help="the id of the case")
    add_targets(command, nargs=1)
    option_table.declare(name, command)


def _list(asked: argparse.Namespace) -> int:
    with one_campaign(asked) as (campaign, options, _):
        unfit = check_selection(options.selection, [campaign])
        ids = [campaign.plan.ids[number] for number in campaign.selected(options.selection)]
    if not ids:
        raise UsageError(
            "no case is selected", "Without --case and --shard, all cases are selected."
        )
    for glob in unfit:
        print(f"qmp-conformance: Warning: no case fits {glob!r}", file=sys.stderr)
    for start in range(0, len(ids), _PART):
        print("\n".join(ids[start : start + _PART]))
    return ExitCode.CONFORMS


def _in_order(asked: argparse.Namespace) -> None:
    """Put the case and the target of a command into the right order, if that is clear."""
    if swapped(asked.case, asked.targets[0], option_table.ROOTFS.of(asked)):
        asked.case, asked.targets[0] = asked.targets[0], asked.case


def _show(asked: argparse.Namespace) -> int:
    _in_order(asked)
    with one_campaign(asked, asked.case) as (campaign, _, _):
        case = find_case(campaign, asked.case)
    # Not at the top: the other commands of this module do without.
    from conformance.report.case_text import describe

    print(describe(case, campaign.command_line))
    return ExitCode.CONFORMS


def _replay(asked: argparse.Namespace) -> int:
    # Not at the top: the other commands of this module do without.
    from conformance.play.replay import replayed

    _in_order(asked)
    record = option_table.RECORD.of(asked)
    if record:
        # Better now than when the case has run.
        _write(Path(record), "")
    with one_campaign(asked, asked.case) as (campaign, _, folder):
        warned(campaign.target, folder)
        replay = replayed(find_case(campaign, asked.case), campaign, folder)
    Screen().say(replay.text)
    if record and replay.unrecorded is not None:
        raise UsageError(replay.unrecorded, "Leave out --record.")
    if record and replay.recording is not None:
        _write(Path(record), replay.recording)
    if replay.broken:
        return ExitCode.FINDINGS
    return ExitCode.CONFORMS if replay.outcome is Outcome.PASS else ExitCode.USAGE


def _write(path: Path, text: str) -> None:
    try:
        path.write_text(text, encoding="ascii")
    except OSError as error:
        what = f"the recording {path} cannot be written: {error.strerror}"
        raise UsageError(what, "Choose another with --record.") from error
