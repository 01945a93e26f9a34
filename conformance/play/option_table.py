"""The options of a run, declared once for the command and for pytest; reads no value.

Loaded in every pytest run on the machine: it imports nothing of the suite.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Final


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """An option: `--NAME` of the command, `--qmp-NAME` of pytest.

    One of `many` may be given several times and is a list; a `flag` takes no value.
    """

    name: str
    help: str
    metavar: str = ""
    default: str | int = ""
    many: bool = False
    flag: bool = False

    @property
    def dest(self) -> str:
        """The attribute that holds the value, with either parser."""
        return f"qmp_{self.name.replace('-', '_')}"

    @property
    def unset(self) -> list[str] | str | int | bool:
        """The value of an option that is not given."""
        if self.many:
            return []
        return False if self.flag else self.default

    def declare(self, add: Callable[..., Any], prefix: str) -> None:
        """Declare it by `add`, which takes what argparse's add_argument takes."""
        if self.flag:
            add(prefix + self.name, dest=self.dest, action="store_true", help=self.help)
            return
        more = "; may be given several times" if self.many else ""
        add(
            prefix + self.name,
            dest=self.dest,
            action="append" if self.many else "store",
            default=self.unset,
            type=type(self.default),
            metavar=self.metavar,
            help=self.help + more,
        )

    def words(self, value: Any) -> list[str]:
        """Return the words that give pytest the same value."""
        if self.flag:
            return [f"--qmp-{self.name}"] if value else []
        return [f"--qmp-{self.name}={each}" for each in (value if self.many else [value])]


TARGET: Final = (
    Option(
        name="rootfs",
        metavar="DIR",
        many=True,
        help="the root file system that the program is in; each program is tested in each",
    ),
    Option(
        name="schema",
        metavar="PATH",
        help="QEMU's source tree, or a digest, that the program is built from",
    ),
    Option(
        name="cases",
        metavar="DIR",
        many=True,
        help="a folder of recipes, states and dangers of your own, beside those that ship",
    ),
    Option(name="arg", metavar="ARG", many=True, help="one more argument for QEMU (--arg=-smp)"),
    Option(name="env", metavar="NAME=VALUE", many=True, help="one more variable for QEMU"),
    Option(
        name="machine",
        metavar="MACHINE",
        default="none",
        help="-machine for cases that need no other (default: none)",
    ),
    Option(name="accel", metavar="ACCEL", help="-accel (default: QEMU's choice)"),
    Option(
        name="no-sandbox",
        flag=True,
        help="start QEMU without bubblewrap: requests then reach the host",
    ),
    Option(
        name="thorough", flag=True, help="walk the trees of all machines, not of the common ones"
    ),
)
"""How targets are started."""
SELECTION: Final = (
    Option(name="case", metavar="GLOB", many=True, help="only cases whose id fits"),
    Option(
        name="shard", metavar="N/M", default="1/1", help="only the Nth of M parts of the subjects"
    ),
)
"""Which cases are wanted."""
RUN: Final = (
    Option(
        name="report",
        metavar="DIR",
        default="qmp-report",
        help="the folder of the report (default: qmp-report)",
    ),
    Option(name="seed", metavar="N", default=0, help="the seed of what is made at random"),
)
NAMED: Final = (
    Option(
        name="program",
        metavar="TARGET",
        many=True,
        help="a QEMU program to test: PATH, NAME=PATH, or a quoted pattern",
    ),
    Option(
        name="targets",
        metavar="FILE",
        many=True,
        help="a target file (TOML), or FILE.toml:NAME",
    ),
)
"""What the command takes without an option."""
ALL: Final = (*NAMED, *TARGET, *SELECTION, *RUN)


def declare(options: Iterable[Option], add: Callable[..., Any], prefix: str) -> None:
    """Declare options by `add`, each under its name behind `prefix`."""
    for option in options:
        option.declare(add, prefix)


def completed(asked: argparse.Namespace) -> argparse.Namespace:
    """Return the values of all options, those that a command does not have at their defaults."""
    return argparse.Namespace(
        **{option.dest: getattr(asked, option.dest, option.unset) for option in ALL}
    )


def pytest_words(asked: argparse.Namespace) -> list[str]:
    """Return the words that give pytest the same values."""
    return [word for option in ALL for word in option.words(getattr(asked, option.dest))]
