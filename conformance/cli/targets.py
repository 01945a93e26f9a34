"""The options that name targets, declared for the commands that take them; loads little."""

from __future__ import annotations

import argparse

from conformance.play import option_table


def add_targets(
    command: argparse.ArgumentParser, *, several: bool = False, needed: bool = True
) -> None:
    """Declare what names targets, and how they are started."""
    command.set_defaults(several=several)
    nargs = ("+" if several else 1) if needed else "*"
    command.add_argument("targets", metavar="TARGET", nargs=nargs, default=[],
        help="PATH or NAME=PATH of a QEMU program, a quoted pattern for paths, or a target file "
        "(*.toml, or *.toml:NAME)")  # fmt: skip
    options = (*option_table.TARGET, *option_table.CACHE)
    option_table.declare(options, command.add_argument, "--")
