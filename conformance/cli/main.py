"""The command qmp-conformance: parses words, calls the rooms, prints results."""

from __future__ import annotations

import argparse
import os
import signal
import sys
import traceback
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, Final, NoReturn

import pytest

import conformance
from conformance.cli.check import add_check
from conformance.cli.command_line import options_in, prepared, sentence, swapped, unknown
from conformance.cli.progress import Loudness, Progress
from conformance.cli.report import add_report
from conformance.cli.rules import add_rules
from conformance.cli.schema import add_schema
from conformance.cli.screen import Screen, forget
from conformance.cli.validate import add_validate
from conformance.launch.folder import RunFolder
from conformance.model.case import Case
from conformance.model.counting import counted
from conformance.model.errors import ConformanceError, HarnessError, UsageError
from conformance.model.terms import ExitCode, Outcome
from conformance.play import option_table
from conformance.play.channel import Listener
from conformance.play.interruption import Interruption, interruptible
from conformance.play.leading import leading
from conformance.play.option_table import Command
from conformance.play.options import is_target_file, read_options
from conformance.play.replay import replayed
from conformance.play.run import Options, Run
from conformance.prepare.campaign import Campaign, check_selection, find_case, prepare
from conformance.pytest_plugin import plugin
from conformance.report.case_text import describe
from conformance.report.result import Summary
from conformance.report.terminal import render, render_verdicts
from conformance.report.wording import OUTCOMES

_NARROW: Final = 100
_WIDE: Final = 120
"""The width of a report in columns, on any terminal."""
_ALONE: Final = (
    *("-p", "no:terminal", "--assert=plain", "--capture=no"),
    *("-c", os.devnull, "--noconftest"),
    *("-p", "no:cacheprovider", "-p", "no:tmpdir"),
    *("-p", plugin.__name__, "-p", "xdist.plugin"),
)
"""Keeps out the user's pytest configuration and all plugins but these; tmpdir leaves folders behind
where there are workers. The command itself shows the output, also while an item runs."""
_PIPE: Final = 128 + signal.SIGPIPE
"""What a shell reports for a program that wrote to a pipe without a reader."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command and return its exit code."""
    try:
        asked = _parse(sys.argv[1:] if arguments is None else arguments)
        code = int(asked.call(asked))
        if sys.stdout is not None:
            sys.stdout.flush()
        return code
    except ConformanceError as error:
        print(f"qmp-conformance: {error}", file=sys.stderr)
        return int(error.exit_code)
    except BrokenPipeError:
        # The reader of the output has seen enough; python would complain once more at its end.
        forget(sys.stdout)
        return _PIPE
    except KeyboardInterrupt:
        print("qmp-conformance: interrupted", file=sys.stderr)
        return int(ExitCode.INTERRUPTED)
    except Exception:  # of any kind: left to Python it would end with 1, the status of findings
        traceback.print_exc()
        print("qmp-conformance: the suite itself failed\n  Please report this.", file=sys.stderr)
        return int(ExitCode.HARNESS)


class _Parser(argparse.ArgumentParser):
    """Reports errors like every other part."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings, allow_abbrev=False)

    def error(self, message: str) -> NoReturn:
        raise UsageError(message, f"`{self.prog} --help` lists the options.")


def _parse(arguments: Sequence[str]) -> argparse.Namespace:
    """Parse the command line; targets may come between options."""
    asked, rest = command_parser().parse_known_args(prepared(arguments))
    for word in rest:
        if word.startswith("-"):
            raise unknown(word, options_in(asked.usage))
    if rest and not asked.several:
        raise UsageError(f"one target is enough, {rest[0]} is too many", "Leave it out.")
    asked.targets += rest
    return asked


def command_parser() -> argparse.ArgumentParser:
    """Return the parser of the whole command line."""
    parser = _Parser(
        prog="qmp-conformance", description="Check QEMU builds against the promises of QMP."
    )
    parser.add_argument("--version", action="version", version=conformance.__version__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for name, call, text in (
        (Command.RUN, _run, "run the cases of builds and write their report"),
        (Command.LIST, _list, "list the cases of a build"),
        (Command.SHOW, _show, "show what a case sends and expects"),
        (Command.REPLAY, _replay, "run one case alone on a fresh machine and show the dialogue"),
    ):
        several = name is Command.RUN
        command = commands.add_parser(name, help=text, description=sentence(text))
        command.set_defaults(call=call, several=several)
        if name in (Command.SHOW, Command.REPLAY):
            command.add_argument("case", metavar="CASE", help="the id of the case")
        _add_targets(command, nargs="+" if several else 1)
        option_table.declare(name, command)
        command.set_defaults(usage=command.format_usage())
    add_schema(commands)
    add_report(commands)
    add_validate(commands)
    add_check(commands)
    add_rules(commands, partial(_add_targets, nargs="*"), _ready)
    return parser


def _add_targets(command: argparse.ArgumentParser, *, nargs: str | int) -> None:
    command.add_argument("targets", metavar="TARGET", nargs=nargs, default=[],
        help="PATH or NAME=PATH of a QEMU program, a quoted pattern for paths, or a target file "
        "(*.toml, or *.toml:NAME)")  # fmt: skip


def _loudness(asked: argparse.Namespace) -> Loudness:
    if option_table.QUIET.of(asked):
        return Loudness.QUIET
    return Loudness.LOUD if option_table.VERBOSE.of(asked) else Loudness.PLAIN


def _options(asked: argparse.Namespace) -> tuple[Options, list[str]]:
    """Return the options, and the words that say the same to pytest."""
    files = [word for word in asked.targets if is_target_file(word)]
    setattr(asked, option_table.TARGETS.dest, files)
    programs = [word for word in asked.targets if not is_target_file(word)]
    setattr(asked, option_table.PROGRAM.dest, programs)
    return read_options(asked), option_table.pytest_words(asked)


def _run(asked: argparse.Namespace) -> int:
    options, words = _options(asked)
    count, loudness = option_table.WORKERS.of(asked), _loudness(asked)
    if count < 0:
        raise UsageError(f"-n {count}: no number of workers", "Write -n 2, for example.")
    workers = ("-n", str(count)) if count else ()
    screen = Screen()
    progress = Progress(screen, loudness)
    with (
        interruptible() as interruption,
        screen,
        leading(options, tell=progress.phase) as run,
    ):
        door = _Door(run, progress, interruption)
        progress.begin(run.campaigns, options.selection)
        for glob in run.unfit:
            progress.warn(f"no case fits {glob!r}")
        root = f"--rootdir={Path.cwd()}"
        with (
            _shut(),
            Listener(run.folder.path, progress.heard, progress.tick, progress.interval),
        ):
            status = pytest.main([*_ALONE, root, *workers, *words], plugins=[door])
        if door.summary is not None and door.summary.ended is not None:
            _show_report(door.summary, options.report, screen, loudness)
            return door.summary.ended.exit_code
        if status == pytest.ExitCode.INTERRUPTED:
            # Before there was anything to report.
            raise KeyboardInterrupt
        raise HarnessError(
            f"pytest ended with {status!r} and without a report", "Please report this."
        )


def _show_report(summary: Summary, folder: Path, screen: Screen, loudness: Loudness) -> None:
    screen.clear()
    width = min(max(screen.width, _NARROW), _WIDE)
    if loudness is Loudness.QUIET:
        screen.say(render_verdicts(summary, width, colour=screen.colour).rstrip())
        return
    screen.say(f"\n{render(summary, width, colour=screen.colour)}Report: {folder}")


@contextmanager
def _shut() -> Iterator[None]:
    """Keep what the environment says to pytest away from the command, its workers included."""
    theirs = {name: text for name, text in os.environ.items() if name.startswith("PYTEST_")}
    for name in theirs:
        del os.environ[name]
    # Plugins that happen to be installed are loaded into every pytest otherwise.
    os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
    try:
        yield
    finally:
        del os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"]
        os.environ.update(theirs)


class _Door:
    """A pytest plugin that hands a prepared run in, and its summary out."""

    def __init__(self, run: Run, progress: Progress, interruption: Interruption) -> None:
        self._run, self._progress, self._interruption = run, progress, interruption
        self.summary: Summary | None = None

    @pytest.hookimpl(tryfirst=True)
    def pytest_configure(self, config: pytest.Config) -> None:
        """Save the plugin from preparing the run again."""
        config.stash[plugin.RUN] = self._run

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self) -> None:
        """Let what the run returns be what its report says, whatever comes from now on."""
        self._interruption.over()

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Tell of an item that has ended, whichever process ran it."""
        if report.when == "call":
            given = dict(report.user_properties)
            counts = {
                words: count
                for outcome, words in OUTCOMES.items()
                if isinstance(count := given.get(str(outcome)), int)
            }
            self._progress.item(report.nodeid, counts)

    @pytest.hookimpl(trylast=True)
    def pytest_unconfigure(self, config: pytest.Config) -> None:
        """Keep what became of the run."""
        self.summary = config.stash.get(plugin.SUMMARY, None)


@contextmanager
def _campaign(asked: argparse.Namespace) -> Iterator[tuple[Campaign, Options, RunFolder]]:
    options, _ = _options(asked)
    if len(options.targets) != 1:
        raise UsageError(
            f"{asked.targets[0]} names {counted(len(options.targets), 'target')}",
            "Name one of them: FILE.toml:NAME, or the path of a program in one root.",
        )
    # Standard output holds the answer; who watches a terminal sees here that something is done.
    screen = Screen(sys.stderr)
    progress = Progress(screen, Loudness.PLAIN if screen.is_live else Loudness.QUIET)
    target, thorough = options.targets[0], options.selection.thorough
    tell = partial(progress.phase, target.name)
    with RunFolder() as folder:
        with screen:
            campaign = prepare(target, folder, thorough=thorough, tell=tell)
            tell("planning its cases")
            # Made when it is first asked for, and kept.
            assert campaign.plan is not None
        yield campaign, options, folder


@contextmanager
def _ready(asked: argparse.Namespace) -> Iterator[Campaign]:
    with _campaign(asked) as (campaign, _, _):
        yield campaign


def _list(asked: argparse.Namespace) -> int:
    with _campaign(asked) as (campaign, options, _):
        unfit = check_selection(options.selection, [campaign])
        ids = [case.id for case in campaign.plan.cases if options.selection.wants(case)]
    if not ids:
        raise UsageError(
            "no case is selected", "Without --case and --shard, all cases are selected."
        )
    for glob in unfit:
        print(f"qmp-conformance: Warning: no case fits {glob!r}", file=sys.stderr)
    print("\n".join(ids))
    return ExitCode.CONFORMS


def _in_order(asked: argparse.Namespace) -> None:
    """Put the case and the target of a command into their order, where there is no doubt."""
    if swapped(asked.case, asked.targets[0], option_table.ROOTFS.of(asked)):
        asked.case, asked.targets[0] = asked.targets[0], asked.case


def _show(asked: argparse.Namespace) -> int:
    _in_order(asked)
    with _campaign(asked) as (campaign, _, _):
        case: Case = find_case(campaign, asked.case)
    print(describe(case, campaign.command_line))
    return ExitCode.CONFORMS


def _replay(asked: argparse.Namespace) -> int:
    _in_order(asked)
    record = option_table.RECORD.of(asked)
    if record:
        # Better now than when the case has run.
        _write(Path(record), "")
    with _campaign(asked) as (campaign, _, folder):
        replay = replayed(find_case(campaign, asked.case), campaign, folder)
    Screen().say(replay.text)
    if record and replay.unrecorded:
        raise UsageError(replay.unrecorded, "Leave out --record.")
    if record:
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
