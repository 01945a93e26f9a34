"""The command qmp-conformance: a thin door to the rooms, parsing words and printing results."""

from __future__ import annotations

import argparse
import difflib
import os
import re
import sys
import traceback
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, NoReturn

import pytest

import conformance
from conformance import plugin
from conformance.derive.case import Case
from conformance.errors import ConformanceError, HarnessError, UsageError
from conformance.interruption import Interruption, interruptible
from conformance.launch.folder import RunFolder
from conformance.leading import leading
from conformance.report_cli import add_report
from conformance.rules_cli import add_rules
from conformance.run.campaign import Campaign, find_case, prepare
from conformance.run.options import read_options
from conformance.run.run import Options, Run
from conformance.run.show import describe, replayed
from conformance.schema_cli import add_schema
from conformance.terms import BROKEN, ExitCode, Outcome
from conformance.validate_cli import add_validate

_QUIET = ("-qq", "--no-header", "--tb=no", "-rN", "--disable-warnings", "--assert=plain")
"""pytest shows its progress alone: the report says the rest."""
_ALONE = (
    *("-c", os.devnull, "--noconftest"),
    *("-p", "no:cacheprovider", "-p", "no:hypothesispytest", "-p", "no:tmpdir"),
)
"""The user's own pytest configuration has no say; the hypothesis plugin costs a second, and tmpdir
leaves folders behind where there are workers."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command and return its exit code."""
    try:
        asked = _parse(arguments)
        return int(asked.call(asked))
    except ConformanceError as error:
        print(f"qmp-conformance: {error}", file=sys.stderr)
        return int(error.exit_code)
    except BrokenPipeError:
        # Whoever read the output has seen enough; python would complain once more at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return int(ExitCode.CONFORMS)
    except KeyboardInterrupt:
        print("qmp-conformance: interrupted", file=sys.stderr)
        return int(ExitCode.INTERRUPTED)
    except Exception:  # of any kind: left to Python it would end with the status of findings
        # Left to python, a defect of the suite would end with status 1, which says that the build
        # has findings.
        traceback.print_exc()
        print("qmp-conformance: the suite itself failed\n  Please report this.", file=sys.stderr)
        return int(ExitCode.HARNESS)


class _Parser(argparse.ArgumentParser):
    """Says what is wrong as every other part does."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings, allow_abbrev=False)

    def error(self, message: str) -> NoReturn:
        raise UsageError(message, f"`{self.prog} --help` says what there is.")


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Read the command line; names of targets may stand among the options."""
    asked, rest = _parser().parse_known_args(arguments)
    for word in rest:
        if word.startswith("-"):
            known = re.findall(r"(?<![\w-])--?[a-z][\w-]*", asked.usage)
            near = difflib.get_close_matches(word.partition("=")[0], known, n=1, cutoff=0)
            raise UsageError(f"unknown option {word}", f"Did you mean {''.join(near)}?")
    if rest and not asked.several:
        raise UsageError(f"one target is enough, {rest[0]} is too many", "Leave it out.")
    asked.targets += rest
    return asked


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="qmp-conformance", description="Check QEMU builds against the promises of QMP."
    )
    parser.add_argument("--version", action="version", version=conformance.__version__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for name, call, text in (
        ("run", _run, "run the cases of builds and write their report"),
        ("list", _list, "name the cases of a build"),
        ("show", _show, "show what a case sends and expects"),
        ("replay", _replay, "run one case alone on a fresh machine and show the dialogue"),
    ):
        command = commands.add_parser(name, help=text, description=f"{text.capitalize()}.")
        command.set_defaults(call=call, several=name == "run")
        if name in ("show", "replay"):
            command.add_argument("case", metavar="CASE", help="the id of the case")
        if name == "replay":
            command.add_argument("--record", default="", metavar="FILE",
                help="write the dialogue to a file, for `validate`")  # fmt: skip
        _add_targets(command, several=name == "run")
        if name in ("run", "list"):
            _add_selection(command)
        if name == "run":
            _add_run(command)
        command.set_defaults(usage=command.format_usage())
    add_schema(commands)
    add_report(commands)
    add_validate(commands)
    add_rules(commands, partial(_add_targets, several=False, needed=False), _ready)
    return parser


def _add_targets(command: argparse.ArgumentParser, *, several: bool, needed: bool = True) -> None:
    add = command.add_argument
    nargs = ("+" if several else 1) if needed else "*"
    add("targets", metavar="TARGET", nargs=nargs, default=[],
        help="a QEMU system emulator, or a target file (*.toml, or *.toml:NAME)")  # fmt: skip
    add("--rootfs", default="", metavar="DIR", help="the root file system that the program is in")
    add("--schema", default="", metavar="PATH",
        help="QEMU's source tree, or a digest, that the program is built from")  # fmt: skip
    add("--no-sandbox", action="store_true",
        help="start QEMU without bubblewrap: requests then reach the host")  # fmt: skip
    add("--thorough", action="store_true", help="walk the trees of all machines")


def _add_selection(command: argparse.ArgumentParser) -> None:
    add = command.add_argument
    add("--case", dest="globs", action="append", default=[], metavar="GLOB",
        help="only cases whose id fits; may be given several times")  # fmt: skip
    add("--shard", default="1/1", metavar="N/M", help="only the Nth of M parts of the subjects")


def _add_run(command: argparse.ArgumentParser) -> None:
    add = command.add_argument
    add("--report", default="qmp-report", metavar="DIR", help="the folder of the report")
    add("-n", "--workers", type=int, default=0, metavar="N",
        help="worker processes (default: 0, none but this one)")  # fmt: skip
    add("--seed", type=int, default=0, metavar="N", help="the seed of what is made at random")


def _words(asked: argparse.Namespace) -> list[str]:
    """Return the command line as options of the pytest plugin."""
    files = [name for name in asked.targets if name.endswith(".toml") or ".toml:" in name]
    words = [f"--qmp-targets={name}" for name in files]
    words += [f"--qmp-program={name}" for name in asked.targets if name not in files]
    words += [f"--qmp-rootfs={asked.rootfs}", f"--qmp-schema={asked.schema}"]
    words += ["--qmp-no-sandbox"] if asked.no_sandbox else []
    words += ["--qmp-thorough"] if asked.thorough else []
    for name in ("shard", "report", "seed"):
        if hasattr(asked, name):
            words.append(f"--qmp-{name}={getattr(asked, name)}")
    return words + [f"--qmp-case={glob}" for glob in getattr(asked, "globs", ())]


def _options(asked: argparse.Namespace) -> tuple[Options, list[str]]:
    """Return the options, and the words that say the same to pytest."""
    words = _words(asked)
    parser = argparse.ArgumentParser()
    plugin.add_options(parser.add_argument)
    return read_options(parser.parse_args(words)), words


def _run(asked: argparse.Namespace) -> int:
    options, words = _options(asked)
    if asked.workers < 0:
        raise UsageError(f"-n {asked.workers}: no number of workers", "Write -n 2, for example.")
    workers = ("-n", str(asked.workers)) if asked.workers else ()
    with interruptible() as interruption, leading(options) as run:
        door = _Door(run, interruption)
        root = f"--rootdir={Path.cwd()}"
        status = pytest.main([*_QUIET, *_ALONE, root, *workers, *words], plugins=[door])
        if door.exit_code is not None:
            return door.exit_code
        if status == pytest.ExitCode.INTERRUPTED:
            raise KeyboardInterrupt
        raise HarnessError(
            f"pytest ended with {status!r} and without a report", "Please report this."
        )


class _Door:
    """A pytest plugin that hands a prepared run in, and its exit code out."""

    def __init__(self, run: Run, interruption: Interruption) -> None:
        self._run = run
        self._interruption = interruption
        self.exit_code: int | None = None

    @pytest.hookimpl(tryfirst=True)
    def pytest_configure(self, config: pytest.Config) -> None:
        """Save the plugin from preparing the run again."""
        config.stash[plugin.RUN] = self._run

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self) -> None:
        """Let what the run returns be what its report says, whatever comes from now on."""
        self._interruption.over()

    @pytest.hookimpl(trylast=True)
    def pytest_unconfigure(self, config: pytest.Config) -> None:
        """Keep what the run returns to the shell."""
        summary = config.stash.get(plugin.SUMMARY, None)
        if summary is not None and summary.ended is not None:
            self.exit_code = summary.ended.exit_code


@contextmanager
def _campaign(asked: argparse.Namespace) -> Iterator[tuple[Campaign, Options, RunFolder]]:
    options, _ = _options(asked)
    if len(options.targets) != 1:
        raise UsageError(
            f"{asked.targets[0]} names {len(options.targets)} targets",
            "Name one of them: FILE.toml:NAME.",
        )
    with RunFolder() as folder:
        thorough = options.selection.thorough
        yield prepare(options.targets[0], folder, thorough=thorough), options, folder


@contextmanager
def _ready(asked: argparse.Namespace) -> Iterator[Campaign]:
    with _campaign(asked) as (campaign, _, _):
        yield campaign


def _list(asked: argparse.Namespace) -> int:
    with _campaign(asked) as (campaign, options, _):
        ids = [case.id for case in campaign.plan.cases if options.selection.wants(case)]
    if not ids:
        raise UsageError("no case is selected", "Without --case and --shard all are named.")
    print("\n".join(ids))
    return ExitCode.CONFORMS


def _show(asked: argparse.Namespace) -> int:
    with _campaign(asked) as (campaign, _, _):
        case: Case = find_case(campaign, asked.case)
    print(describe(case, campaign))
    return ExitCode.CONFORMS


def _replay(asked: argparse.Namespace) -> int:
    if asked.record:
        # Better now than when the case has run.
        _write(Path(asked.record), "")
    with _campaign(asked) as (campaign, _, folder):
        replay = replayed(find_case(campaign, asked.case), campaign, folder)
    print(replay.text)
    if asked.record and replay.unrecorded:
        raise UsageError(replay.unrecorded, "Leave out --record.")
    if asked.record:
        _write(Path(asked.record), replay.recording)
    if replay.outcome in BROKEN:
        return ExitCode.FINDINGS
    return ExitCode.CONFORMS if replay.outcome is Outcome.PASS else ExitCode.USAGE


def _write(path: Path, text: str) -> None:
    try:
        path.write_text(text, encoding="ascii")
    except OSError as error:
        what = f"the recording {path} cannot be written: {error.strerror}"
        raise UsageError(what, "Choose another with --record.") from error
