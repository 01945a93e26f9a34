"""The command qmp-conformance: a thin door to the rooms, parsing words and printing results.

What a command needs is loaded when it is asked for: to load all of it takes a second.
"""

from __future__ import annotations

import argparse
import signal
import sys
import traceback
from collections.abc import Sequence
from importlib import import_module
from typing import Any, Final, NoReturn

import conformance
from conformance.cli.command_line import options_in, prepared, sentence, unknown
from conformance.cli.screen import forget
from conformance.model.errors import ConformanceError, UsageError
from conformance.model.terms import ExitCode
from conformance.play.option import CommandName
from conformance.play.option_table import BISECT

_COMMANDS: Final = (
    (CommandName.RUN, "run", "run the cases of builds and write their report"),
    (CommandName.LIST, "cases", "list the cases of a build"),
    (CommandName.SHOW, "cases", "show what a case sends and expects"),
    (CommandName.REPLAY, "cases", "run one case alone on a fresh machine and show the dialogue"),
    (CommandName.DOCTOR, "doctor", "show what works here, and what is missing for which cases"),
    ("targets", "matrix", "show the targets that target files expand to"),
    ("known", "known", "keep files of known issues beside what runs show"),
    (
        CommandName.RUN_DIFF,
        "diff",
        "compare two runs: what is new, fixed, or was not run",
    ),
    (CommandName.TREND, "diff", "show each root cause of several runs, build by build"),
    (CommandName.MERGE, "merge", "make one run of shards, or of targets that were run apart"),
    ("schema", "schema", "compare schemas, describe one as JSON Schema, digest a source"),
    (
        CommandName.REPORT,
        "report",
        "write the report of a run again, or runs in the formats of other tools",
    ),
    (
        CommandName.PASTE,
        "paste",
        "make the reproducers of a run small, and try each in a shell, in the sandbox",
    ),
    (CommandName.FINDING, "finding", "show one root cause of a run, or write it as an issue"),
    (
        CommandName.VALIDATE,
        "validate",
        "check saved introspections and recorded dialogues, without any QEMU",
    ),
    (
        CommandName.RECORDING,
        "record",
        "stand between a client and a QEMU, and record what they say",
    ),
    ("check", "check", "check your own files of cases, without any QEMU"),
    (CommandName.RULES, "rules", "list what QEMU promises, and how many cases show it"),
    (CommandName.EXPLAIN, "rules", "explain what one rule promises and how it is tested"),
)
"""Each command with the module of this room that adds its options, and what it does."""
_PIPE: Final = 128 + signal.SIGPIPE
"""What a shell reports for a program that wrote to a pipe without a reader."""

_ABORTS: Final = 128
_CANNOT_SAY: Final = 125


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command and return its exit code."""
    words = sys.argv[1:] if arguments is None else arguments
    code = _code(words)
    # Words that cannot be parsed say nothing of a commit, either.
    return _bisected(code) if f"--{BISECT.name}" in words else code


def _bisected(code: int) -> int:
    """Return an exit code as `git bisect run` reads it; it ends at those from 128 on."""
    said = code in (ExitCode.CONFORMS, ExitCode.FINDINGS)
    return code if said or code >= _ABORTS else _CANNOT_SAY


def _code(words: Sequence[str]) -> int:
    try:
        asked = _parse(words)
        code = int(asked.call(asked))
        if sys.stdout is not None:
            sys.stdout.flush()
        return code
    except ConformanceError as error:
        print(f"qmp-conformance: {error}", file=sys.stderr)
        return int(error.exit_code)
    except BrokenPipeError:
        # The reader of the output is gone; Python would complain again at its end.
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
    """Read the command line; names of targets may come between the options."""
    asked, rest = command_parser(arguments).parse_known_args(prepared(arguments))
    for word in rest:
        if word.startswith("-"):
            raise unknown(word, options_in(asked.usage))
    if rest and not asked.several:
        raise UsageError(f"one target is enough, {rest[0]} is too many", "Leave it out.")
    asked.targets += rest
    return asked


def command_parser(arguments: Sequence[str] | None = None) -> argparse.ArgumentParser:
    """Return the parser of the whole command line, or of the commands that the words may name."""
    parser = _Parser(
        prog="qmp-conformance", description="Check QEMU builds against the promises of QMP."
    )
    parser.add_argument("--version", action="version", version=conformance.__version__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for name, module, text in _COMMANDS:
        command = commands.add_parser(name, help=text, description=sentence(text))
        if arguments is None or name in arguments:
            import_module(f"conformance.cli.{module}").add(command, name)
            command.set_defaults(usage=command.format_usage())
    return parser
