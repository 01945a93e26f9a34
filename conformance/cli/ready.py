"""The words that name targets, read, and the one target of a command made ready."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from glob import escape

from conformance.cli.progress import Loudness, Progress
from conformance.cli.screen import Screen
from conformance.launch.folder import RunFolder
from conformance.launch.target import is_target_file
from conformance.model.counting import counted
from conformance.model.errors import UsageError
from conformance.play.option_table import PROGRAM, TARGETS, pytest_words
from conformance.play.options import Options, read_options
from conformance.prepare.cache import open_cache
from conformance.prepare.campaign import Campaign
from conformance.prepare.prepare import prepare, warned


def options_of(asked: argparse.Namespace) -> tuple[Options, list[str]]:
    """Return the options, and the words that say the same to pytest."""
    files = [word for word in asked.targets if is_target_file(word)]
    setattr(asked, TARGETS.dest, files)
    programs = [word for word in asked.targets if not is_target_file(word)]
    setattr(asked, PROGRAM.dest, programs)
    return read_options(asked), pytest_words(asked)


@contextmanager
def one_campaign(
    asked: argparse.Namespace, case: str = ""
) -> Iterator[tuple[Campaign, Options, RunFolder]]:
    """Yield the single target of a command; its plan may have only the wanted cases."""
    options, _ = options_of(asked)
    if len(options.targets) != 1:
        raise UsageError(
            f"{asked.targets[0]} names {counted(len(options.targets), 'target')}",
            "Name one of them: FILE.toml:NAME, or the path of a program in one root.",
        )
    # Standard output is for the result; standard error shows progress on a terminal.
    screen = Screen(sys.stderr)
    progress = Progress(screen, Loudness.PLAIN if screen.is_live else Loudness.QUIET)
    target = options.targets[0]
    tell = partial(progress.phase, target.name)
    with RunFolder() as folder:
        with screen:
            cache = open_cache(off=not options.cached)
            selection = options.selection
            if case:
                selection = replace(selection, globs=(escape(case),))
            campaign = prepare(target, folder, cache, selection=selection, tell=tell)
            if folder.is_made:
                # Something was started: report what the sandbox does not contain.
                warned(campaign.target, folder)
        yield campaign, options, folder
