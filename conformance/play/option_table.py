"""Every option, declared once: for the command, for pytest, for target files and for the docs.

Loaded in every pytest run on the machine: it imports nothing of the suite.
"""

from __future__ import annotations

import argparse
import enum
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, Generic, TypeVar, cast


class CommandName(enum.StrEnum):
    """The commands that take options."""

    RUN = "run"
    LIST = "list"
    SHOW = "show"
    REPLAY = "replay"
    DOCTOR = "doctor"
    RULES = "rules"
    EXPLAIN = "explain"
    DIFF = "schema diff"
    DIGEST = "schema digest"
    VALIDATE = "validate"
    KNOWN_UPDATE = "known update"
    KNOWN_PRUNE = "known prune"
    RUN_DIFF = "diff"
    TREND = "trend"
    MERGE = "merge"
    REPORT = "report"
    PASTE = "paste"
    FINDING = "finding"


class KeyForm(enum.StrEnum):
    """What TOML value a key of a target file has."""

    TEXT = "a string"
    WORDS = "a command line"
    # A relative one starts at the file's folder.
    PATH = "a path"
    LIST = "a list of strings"
    PATHS = "a list of paths"
    # The same; the word `shipped` is no path.
    KNOWN = "a list of paths, or `shipped`"
    TIME = "a time"
    TABLE = "a table of strings"
    BOOLEAN = "true or false"


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetKey:
    """A key of a target file, named like the field of `Target` that it sets.

    With `axis`, it may also be a key of [target.axes].
    """

    name: str
    form: KeyForm = KeyForm.TEXT
    axis: bool = False


T = TypeVar("T", str, int, bool, tuple[str, ...])


@dataclass(frozen=True, slots=True, kw_only=True)
class Option(Generic[T]):
    """An option: `--NAME` of `commands`, and `--qmp-NAME` of pytest.

    The type of `default` decides the type of the value: a bool makes a flag, a tuple an option
    that may be given several times.  `no_twin` says why pytest has no `--qmp-NAME`, None if it
    has one.  `key` is its key in a target file.  Of an option with a key, the value on the command
    line does not reach the targets of a file, unless `reaches_files`.
    """

    name: str
    help: str
    default: T
    commands: tuple[CommandName, ...]
    metavar: str = ""
    short: str = ""
    choices: tuple[str, ...] = ()
    no_twin: str | None = None
    key: TargetKey | None = None
    reaches_files: bool = False

    @property
    def dest(self) -> str:
        """The attribute that holds the value, with either parser."""
        name = self.name.replace("-", "_")
        return name if self.no_twin is not None else f"qmp_{name}"

    @property
    def many(self) -> bool:
        """Whether it may be given several times."""
        return isinstance(self.default, tuple)

    @property
    def flag(self) -> bool:
        """Whether it takes no value."""
        return isinstance(self.default, bool)

    @property
    def description(self) -> str:
        """The help, with what every option of its type has."""
        return f"{self.help}; may be given several times" if self.many else self.help

    def of(self, asked: object) -> T:
        """Return the value that a parser left, or the default where `asked` has none."""
        value: Any = getattr(asked, self.dest, self.default)
        return cast(T, tuple(value) if self.many else value)

    def is_given(self, asked: object) -> bool:
        """Return whether the value differs from the default."""
        return self.of(asked) != self.default

    def declare(self, add: Callable[..., Any], prefix: str = "--") -> None:
        """Declare it by `add`, which takes what argparse's add_argument takes."""
        names = [self.short] if self.short and prefix == "--" else []
        settings: dict[str, Any] = {"dest": self.dest, "help": self.description}
        if self.flag:
            settings["action"] = "store_true"
        else:
            default = self.default
            settings["action"] = "append" if self.many else "store"
            # The parsers append to a copy of a list, and to nothing else.
            settings["default"] = list(default) if isinstance(default, tuple) else default
            settings["type"] = int if isinstance(default, int) else str
        # argparse writes choices itself, where no metavar hides them.
        if self.choices:
            settings["choices"] = self.choices
        elif self.metavar:
            settings["metavar"] = self.metavar
        add(*names, prefix + self.name, **settings)

    def words(self, asked: object) -> list[str]:
        """Return the words that give pytest the same value."""
        value = self.of(asked)
        if isinstance(value, bool):
            return [f"--qmp-{self.name}"] if value else []
        each = value if isinstance(value, tuple) else (value,)
        return [f"--qmp-{self.name}={one}" for one in each]


_TESTING: Final = (
    *(CommandName.RUN, CommandName.LIST, CommandName.SHOW, CommandName.REPLAY),
    *(CommandName.DOCTOR, CommandName.RULES, CommandName.EXPLAIN),
)
"""The commands that take a target."""
_OF_NO_RUN: Final = "its command makes no run"
"""pytest does what `run` does, and nothing else."""


def _text(command: CommandName, name: str, metavar: str, says: str) -> Option[str]:
    """Return an option of one command that takes a text, and may be left out."""
    return Option(
        name=name,
        metavar=metavar,
        default="",
        commands=(command,),
        help=says,
        no_twin=_OF_NO_RUN,
    )


NAME_KEY: Final = TargetKey(name="name")
"""The one key of a target file that no option has: the command line writes NAME=PATH."""

PROGRAM: Final = Option(
    name="program",
    metavar="TARGET",
    default=(),
    commands=(),
    help="a QEMU program to test: PATH, NAME=PATH, or a quoted pattern",
    key=TargetKey(name="program", form=KeyForm.PATH, axis=True),
)
TARGETS: Final = Option(
    name="targets",
    metavar="FILE",
    default=(),
    commands=(),
    help="a target file (TOML), or FILE.toml:NAME",
)
ROOTFS: Final = Option(
    name="rootfs",
    metavar="DIR",
    default=(),
    commands=_TESTING,
    help="the root file system of the program; each program is tested in each root",
    key=TargetKey(name="rootfs", form=KeyForm.PATH, axis=True),
)
IMAGE: Final = Option(
    name="image",
    metavar="REF",
    default=(),
    commands=_TESTING,
    help="the container image of the program, by name or digest; each program is tested in each",
    key=TargetKey(name="image", axis=True),
)
ENGINE: Final = Option(
    name="engine",
    metavar="COMMAND",
    default="",
    commands=_TESTING,
    help="the container engine, with its own options (default: podman if it is there, else docker)",
    key=TargetKey(name="engine", form=KeyForm.WORDS),
)
SCHEMA: Final = Option(
    name="schema",
    metavar="PATH",
    default="",
    commands=_TESTING,
    help="the QEMU source tree, or the digest of one, that the program is built from",
    key=TargetKey(name="schema", form=KeyForm.PATH),
)
CASES: Final = Option(
    name="cases",
    metavar="DIR",
    default=(),
    commands=_TESTING,
    help="a folder of your own recipes, states and dangers, beside the shipped ones",
    key=TargetKey(name="cases", form=KeyForm.PATHS),
)
MACHINE: Final = Option(
    name="machine",
    metavar="MACHINE",
    default="none",
    commands=_TESTING,
    help="-machine for cases that need no other (default: none)",
    key=TargetKey(name="machine", axis=True),
)
ACCEL: Final = Option(
    name="accel",
    metavar="ACCEL",
    default="",
    commands=_TESTING,
    help="-accel (default: QEMU's choice)",
    key=TargetKey(name="accel", axis=True),
)
ARG: Final = Option(
    name="arg",
    metavar="ARG",
    default=(),
    commands=_TESTING,
    help="one more argument for QEMU (--arg=-smp)",
    key=TargetKey(name="args", form=KeyForm.LIST, axis=True),
)
ENV: Final = Option(
    name="env",
    metavar="NAME=VALUE",
    default=(),
    commands=_TESTING,
    help="one more environment variable for QEMU",
    key=TargetKey(name="env", form=KeyForm.TABLE),
)
NO_SANDBOX: Final = Option(
    name="no-sandbox",
    default=False,
    commands=_TESTING,
    help="start QEMU without bubblewrap: requests then reach the host",
    key=TargetKey(name="sandbox", form=KeyForm.BOOLEAN),
    reaches_files=True,
)
THOROUGH: Final = Option(
    name="thorough",
    default=False,
    commands=_TESTING,
    help="walk the QOM trees of all machines, not only the common ones",
)
NO_CACHE: Final = Option(
    name="no-cache",
    default=False,
    commands=_TESTING,
    help="introspect and derive again; neither read nor write the user's cache folder",
)
CASE: Final = Option(
    name="case",
    metavar="GLOB",
    default=(),
    commands=(CommandName.RUN, CommandName.LIST, CommandName.DOCTOR),
    help="only cases whose id matches",
    key=TargetKey(name="select", form=KeyForm.LIST),
)
SHARD: Final = Option(
    name="shard",
    metavar="N/M",
    default="1/1",
    commands=(CommandName.RUN, CommandName.LIST),
    help="only the Nth of M parts of the subjects",
)
REPORT: Final = Option(
    name="report",
    metavar="DIR",
    default="qmp-report",
    commands=(CommandName.RUN, CommandName.MERGE),
    help="the folder of the report (default: qmp-report)",
)
REPORT_FORMAT: Final = Option(
    name="format",
    default=(),
    choices=(
        *("markdown", "json", "junit", "tap", "sarif"),
        *("gitlab-codequality", "tmt", "ctrf", "kcidb"),
    ),
    commands=(CommandName.RUN, CommandName.MERGE, CommandName.REPORT),
    help="write the report in this format, too: its file is in the report folder",
)
KNOWN: Final = Option(
    name="known",
    metavar="FILE",
    default=(),
    commands=(CommandName.RUN,),
    help="a file of known issues (TOML), or `shipped`: only what it does not hold makes a run fail",
    key=TargetKey(name="known", form=KeyForm.KNOWN),
    reaches_files=True,
)
BASELINE: Final = Option(
    name="baseline",
    metavar="RUN",
    default="",
    commands=(CommandName.RUN,),
    help="the folder or stream of an earlier run: only what that did not show makes a run fail",
)
STALE: Final = Option(
    name="stale",
    default="fail",
    choices=("fail", "warn"),
    commands=(CommandName.RUN, CommandName.MERGE),
    help="whether known issues that are gone or have expired make a run fail (default: fail)",
)
BUDGET: Final = Option(
    name="budget",
    metavar="TIME",
    default="",
    commands=(CommandName.RUN,),
    help="the time that the run may take, such as 90s, 10m or 1h: what is most worth it runs first",
    key=TargetKey(name="budget", form=KeyForm.TIME),
    reaches_files=True,
)
ALLOW_PARTIAL: Final = Option(
    name="allow-partial",
    default=False,
    commands=(CommandName.RUN,),
    help="let a run that its budget cut end with 0 if what it did run makes no run fail",
)
TOUCHING: Final = Option(
    name="touching",
    metavar="FILE",
    default=(),
    commands=(CommandName.RUN,),
    help="a source file of QEMU that a patch changes, or the patch: what it may change runs first",
)
RESUME: Final = Option(
    name="resume",
    default=False,
    commands=(CommandName.RUN,),
    help="go on with the interrupted run of the report folder, with the options that it had",
)
SEED: Final = Option(
    name="seed",
    metavar="N",
    default=0,
    commands=(CommandName.RUN,),
    help="the seed of all random choices",
)
WORKERS: Final = Option(
    name="workers",
    short="-n",
    metavar="N",
    default=0,
    commands=(CommandName.RUN,),
    help="worker processes (default: 0, only this process)",
    no_twin="pytest-xdist has -n",
)
QUIET: Final = Option(
    name="quiet",
    short="-q",
    default=False,
    commands=(CommandName.RUN,),
    help="print only the verdicts",
    no_twin="pytest has -q",
)
VERBOSE: Final = Option(
    name="verbose",
    short="-v",
    default=False,
    commands=(CommandName.RUN,),
    help="print each item, and each finding in full",
    no_twin="pytest has -v",
)
FULL: Final = Option(
    name="full",
    default=False,
    commands=(CommandName.RUN, CommandName.MERGE, CommandName.REPORT),
    help="print the whole report, not one screen of it",
    no_twin="pytest has -v",
)
RECORD: Final = _text(
    CommandName.REPLAY, "record", "FILE", "write the dialogue to a file, for `validate`"
)
RELEASE: Final = Option(
    name="release",
    metavar="VERSION",
    default="",
    commands=(CommandName.RULES, CommandName.EXPLAIN),
    help="without TARGET, the release (10.0) whose digest gives the cases",
    no_twin=_OF_NO_RUN,
)
RULES_FORMAT: Final = Option(
    name="format",
    default="text",
    choices=("text", "markdown", "json"),
    commands=(CommandName.RULES,),
    help="the output format (default: text); docs/rules.md is the markdown",
    no_twin=_OF_NO_RUN,
)
OLD_ROOTFS, NEW_ROOTFS = (
    Option(
        name=f"{side}-rootfs",
        metavar="DIR",
        default="",
        commands=(CommandName.DIFF,),
        help=f"the root file system that the program {side.upper()} is in",
        no_twin=_OF_NO_RUN,
    )
    for side in ("old", "new")
)
OLD_VERSION, NEW_VERSION = (
    Option(
        name=f"{side}-version",
        metavar="VERSION",
        default="",
        commands=(CommandName.DIFF,),
        help=f"the version of {side.upper()}, if it does not contain one",
        no_twin=_OF_NO_RUN,
    )
    for side in ("old", "new")
)
SCHEMA_PROGRAM: Final = Option(
    name="program",
    default="system",
    choices=("system", "storage-daemon", "guest-agent"),
    commands=(CommandName.DIFF,),
    help="the program whose schema a digest or source tree gives (default: system)",
    no_twin=_OF_NO_RUN,
)
DIFF_FORMAT: Final = Option(
    name="format",
    default="text",
    choices=("text", "markdown", "json"),
    commands=(CommandName.DIFF,),
    help="the output format (default: text)",
    no_twin=_OF_NO_RUN,
)
ALL_CHANGES: Final = Option(
    name="all",
    default=False,
    commands=(CommandName.DIFF,),
    help="in text, list the changes that are otherwise only counted",
    no_twin=_OF_NO_RUN,
)
FAIL_ON: Final = Option(
    name="fail-on",
    default="",
    choices=(
        *("incompatible", "deprecated-first", "unstable"),
        *("configuration", "unreachable", "compatible"),
    ),
    commands=(CommandName.DIFF,),
    help="exit with 1 for a change of this class or a worse one",
    no_twin=_OF_NO_RUN,
)
OUTPUT: Final = Option(
    name="output",
    short="-o",
    metavar="FILE",
    default="",
    commands=(
        *(CommandName.DIFF, CommandName.DIGEST),
        *(CommandName.RUN_DIFF, CommandName.TREND, CommandName.REPORT),
        CommandName.FINDING,
    ),
    help="write to this file, not to standard output",
    no_twin=_OF_NO_RUN,
)
DIGEST_VERSION: Final = _text(
    CommandName.DIGEST, "version", "VERSION", "the release, if PATH does not contain it"
)
VALIDATE_SCHEMA: Final = Option(
    name="schema",
    metavar="SCHEMA",
    default="",
    commands=(CommandName.VALIDATE,),
    help="the schema for dialogues that contain none: a saved introspection, or the "
    "release (10.0) of a shipped digest",
    no_twin=_OF_NO_RUN,
)
VALIDATE_FORMAT: Final = Option(
    name="format",
    default="text",
    choices=("text", "json"),
    commands=(CommandName.VALIDATE,),
    help="the output format (default: text)",
    no_twin=_OF_NO_RUN,
)


REASON: Final = _text(
    CommandName.KNOWN_UPDATE,
    "reason",
    "TEXT",
    "the reason of the new entries (default: what the build did)",
)
LINK: Final = _text(CommandName.KNOWN_UPDATE, "link", "URL", "where the new entries are discussed")
EXPIRES: Final = _text(
    CommandName.KNOWN_UPDATE,
    "expires",
    "DATE",
    "the last day on which the new entries count, as YYYY-MM-DD",
)
RUN_FORMAT: Final = Option(
    name="format",
    default="text",
    choices=("text", "markdown", "json"),
    commands=(CommandName.RUN_DIFF, CommandName.TREND),
    help="the output format (default: text)",
    no_twin=_OF_NO_RUN,
)
FINDING_FORMAT: Final = Option(
    name="format",
    default="text",
    choices=("text", "markdown", "issue", "sh", "python"),
    commands=(CommandName.FINDING,),
    help="the output format (default: text); `issue` is to be filed, `sh` and `python` show it",
    no_twin=_OF_NO_RUN,
)

SOURCE: Final = _text(
    CommandName.FINDING,
    "source",
    "TREE",
    "quote the lines of this source tree that the root cause is about",
)
ONLY: Final = Option(
    name="only",
    metavar="NAME",
    default=(),
    commands=(CommandName.PASTE,),
    help="only the root cause whose name (v1-...) begins so",
    no_twin=_OF_NO_RUN,
)

AnyOption = Option[str] | Option[int] | Option[bool] | Option[tuple[str, ...]]

TARGET: Final[tuple[AnyOption, ...]] = (
    *(ROOTFS, IMAGE, ENGINE, SCHEMA, CASES, ARG, ENV, MACHINE, ACCEL),
    *(NO_SANDBOX, THOROUGH),
)
"""How targets are started."""
ALL: Final[tuple[AnyOption, ...]] = (
    *(PROGRAM, TARGETS, *TARGET, NO_CACHE),
    *(CASE, SHARD, REPORT, REPORT_FORMAT, KNOWN, BASELINE),
    *(STALE, BUDGET, ALLOW_PARTIAL, TOUCHING, RESUME, SEED),
    *(WORKERS, QUIET, VERBOSE, FULL),
    *(RECORD, RULES_FORMAT, RELEASE),
    *(OLD_ROOTFS, OLD_VERSION, NEW_ROOTFS, NEW_VERSION),
    *(SCHEMA_PROGRAM, DIFF_FORMAT, ALL_CHANGES, FAIL_ON, OUTPUT, DIGEST_VERSION),
    *(VALIDATE_SCHEMA, VALIDATE_FORMAT),
    *(REASON, LINK, EXPIRES, RUN_FORMAT, FINDING_FORMAT, SOURCE, ONLY),
)
"""Every option, in the order in which help and docs list them."""
TWINS: Final = tuple(option for option in ALL if option.no_twin is None)
"""What pytest has."""
KEYS: Final = (NAME_KEY, *(option.key for option in ALL if option.key is not None))
"""What a table of a target file may hold, besides `axes`, `include` and `exclude`."""


def options_of(command: CommandName) -> tuple[AnyOption, ...]:
    """Return the options of a command."""
    return tuple(option for option in ALL if command in option.commands)


def declare(command: CommandName, parser: argparse.ArgumentParser) -> None:
    """Declare the options of a command; of QUIET and VERBOSE it takes one."""
    add = parser.add_argument
    for option in options_of(command):
        if option is QUIET:
            add = parser.add_mutually_exclusive_group().add_argument
        option.declare(add)
        if option is VERBOSE:
            add = parser.add_argument


def pytest_words(asked: object) -> list[str]:
    """Return the words that give pytest the same values."""
    return [word for option in TWINS for word in option.words(asked)]
