"""The words that name targets, declared for the commands that take them; loads little."""

from __future__ import annotations

import argparse


def add_targets(command: argparse.ArgumentParser, *, nargs: str | int) -> None:
    """Declare the target arguments; a command that takes several takes one or more."""
    command.set_defaults(several=nargs in ("+", "*"))
    command.add_argument("targets", metavar="TARGET", nargs=nargs, default=[],
        help="PATH or NAME=PATH of a QEMU program, a quoted pattern for paths, or a target file "
        "(*.toml, or *.toml:NAME)")  # fmt: skip
