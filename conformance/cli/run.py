"""The command `run`: builds in, a report and an exit code out; pytest runs the items."""

from __future__ import annotations

import argparse
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import pytest

from conformance.cli.progress import Loudness, Progress
from conformance.cli.ready import options_of
from conformance.cli.screen import Screen
from conformance.cli.shown import show_report
from conformance.cli.targets import add_targets
from conformance.model.errors import HarnessError, UsageError
from conformance.model.terms import ExitCode
from conformance.play import option_table
from conformance.play.channel import Listener
from conformance.play.interruption import Interruption, interruptible
from conformance.play.leading import leading, warnings
from conformance.play.option import CommandName
from conformance.play.resuming import read_kept
from conformance.play.run import Run
from conformance.pytest_plugin import plugin
from conformance.report.result import Summary
from conformance.report.stream import STREAM_FILE
from conformance.report.terminal import render_verdicts
from conformance.report.wording import OUTCOMES
from conformance.report.write import publish

_ALONE: Final = (
    *("-p", "no:terminal", "--assert=plain", "--capture=no"),
    *("-c", os.devnull, "--noconftest"),
    *("-p", "no:cacheprovider", "-p", "no:tmpdir"),
    *("-p", plugin.__name__, "-p", "xdist.plugin"),
)
"""Only these plugins have a say, and no pytest configuration of the user.

tmpdir leaves folders behind if there are workers. The command itself shows all output, even while
an item runs.
"""


def add(command: argparse.ArgumentParser, name: CommandName) -> None:
    """Declare the options of the command."""
    command.set_defaults(call=_run)
    add_targets(command, nargs="+")
    option_table.declare(name, command)


def _loudness(asked: argparse.Namespace) -> Loudness:
    if option_table.QUIET.of(asked):
        return Loudness.QUIET
    return Loudness.LOUD if option_table.VERBOSE.of(asked) else Loudness.PLAIN


def _run(asked: argparse.Namespace) -> int:
    options, words = options_of(asked)
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
        if run.record and run.held.is_over:
            interruption.over()
            summary = publish(options.report / STREAM_FILE, options.formats)
            run.held.forget()
            return _end(summary, options.report, screen, loudness, asked)
        door = _Door(run, progress, interruption)
        progress.begin(run.campaigns, options.selection, read_kept(run.folder.path))
        for warning in warnings(run):
            progress.warn(warning)
        root = f"--rootdir={Path.cwd()}"
        with (
            _shut(),
            Listener(run.folder.path, progress.heard, progress.tick, progress.interval),
        ):
            status = pytest.main([*_ALONE, root, *workers, *words], plugins=[door])
        if door.summary is not None and door.summary.ended is not None:
            return _end(door.summary, options.report, screen, loudness, asked)
        if status == pytest.ExitCode.INTERRUPTED:
            # Before there was anything to report.
            raise KeyboardInterrupt
        raise HarnessError(
            f"pytest ended with {status!r} and without a report", "Please report this."
        )


def _end(
    summary: Summary, folder: Path, screen: Screen, loudness: Loudness, asked: argparse.Namespace
) -> int:
    """Show the report; return the exit code of the run."""
    _show_report(summary, folder, screen, loudness, full=option_table.FULL.of(asked))
    return summary.ended.exit_code if summary.ended else ExitCode.INTERRUPTED


def _show_report(
    summary: Summary, folder: Path, screen: Screen, loudness: Loudness, *, full: bool
) -> None:
    screen.clear()
    if loudness is Loudness.QUIET:
        screen.say(render_verdicts(summary, screen.width, colour=screen.colour).rstrip())
        return
    show_report(summary, folder, screen, full=full)


@contextmanager
def _shut() -> Iterator[None]:
    """Keep pytest's environment variables away from the command and its workers."""
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
        """Let the run return what its report says, whatever happens from now on."""
        self._interruption.over()

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Report an item that has ended, in whichever process."""
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
        """Keep the result of the run."""
        self.summary = config.stash.get(plugin.SUMMARY, None)
