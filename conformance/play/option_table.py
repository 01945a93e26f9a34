"""Every option, declared once: for the command, for pytest, for target files and for the docs.

Loaded in every pytest run on the machine: it imports the kinds of options, and nothing else of
the suite.
"""

from __future__ import annotations

import argparse
from typing import Final

from conformance.play.option import CommandName, KeyForm, Option, TargetKey

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
MANUAL: Final = Option(
    name="manual",
    metavar="PATH",
    default="",
    commands=_TESTING,
    help="the reference manual of its release (a manual page), if no source or digest of it is "
    "known (default: the one beside the program)",
    key=TargetKey(name="manual", form=KeyForm.PATH),
)
PARTIAL: Final = Option(
    name="partial",
    default=False,
    commands=(*_TESTING, CommandName.DIFF, CommandName.DIGEST, CommandName.LINT),
    help="of a source, take what is there: what files declare that it includes and lacks is open",
    key=TargetKey(name="partial", form=KeyForm.BOOLEAN),
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
        *("html", "markdown", "json", "junit", "tap", "sarif"),
        *("gitlab-codequality", "github-annotations", "github-summary"),
        *("tmt", "ctrf", "kcidb"),
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
SKIP_CODE: Final = Option(
    name="skip-code",
    metavar="N",
    default=0,
    commands=(CommandName.RUN,),
    help="the exit code where this host alone keeps targets from being tested, such as 77",
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
FUZZ: Final = Option(
    name="fuzz",
    metavar="TIME",
    default="",
    commands=(CommandName.RUN,),
    help="search with requests drawn at random, too, for a time such as 90s, 10m or 1h",
)
SEED: Final = Option(
    name="seed",
    metavar="N",
    default=0,
    commands=(CommandName.RUN,),
    help="the seed of the random search (default: the hash of the build)",
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
BISECT: Final = Option(
    name="bisect",
    default=False,
    commands=(CommandName.REPLAY,),
    help="exit as `git bisect run` reads it: 0 good, 1 bad, 125 cannot say",
    no_twin=_OF_NO_RUN,
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
    commands=(CommandName.DIFF, CommandName.JSON_SCHEMA, CommandName.VALIDATE),
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
        *(CommandName.DIFF, CommandName.DIGEST, CommandName.LINT),
        CommandName.JSON_SCHEMA,
        *(CommandName.RUN_DIFF, CommandName.TREND, CommandName.REPORT),
        CommandName.FINDING,
    ),
    help="write to this file, not to standard output",
    no_twin=_OF_NO_RUN,
)
DIGEST_VERSION: Final = Option(
    name="version",
    metavar="VERSION",
    default="",
    commands=(CommandName.DIGEST, CommandName.LINT, CommandName.JSON_SCHEMA),
    help="the release, if what is named does not contain it",
    no_twin=_OF_NO_RUN,
)
BUILD_ROOTFS: Final = _text(
    CommandName.JSON_SCHEMA, "rootfs", "DIR", "the root file system of BUILD"
)
DIALECT: Final = Option(
    name="dialect",
    default="2020-12",
    choices=("2020-12", "draft-07"),
    commands=(CommandName.JSON_SCHEMA,),
    help="the version of JSON Schema to write (default: 2020-12)",
    no_twin=_OF_NO_RUN,
)
RECORD_AT: Final = _text(
    CommandName.RECORDING, "at", "PATH", "where clients connect (default: SOCKET.record)"
)
RECORD_LIMIT: Final = Option(
    name="limit",
    metavar="MIB",
    default=1024,
    commands=(CommandName.RECORDING,),
    help="the largest recording in MiB; beyond, the dialogue goes on unrecorded (default: 1024)",
    no_twin=_OF_NO_RUN,
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
ANSWERED: Final = _text(
    CommandName.VALIDATE,
    "command",
    "NAME",
    "the command that a lone answer is of (default: each whose answer it can be)",
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
    *(ROOTFS, IMAGE, ENGINE, SCHEMA, PARTIAL, MANUAL, CASES, ARG, ENV, MACHINE, ACCEL),
    *(NO_SANDBOX, THOROUGH),
)
"""How targets are started."""
ALL: Final[tuple[AnyOption, ...]] = (
    *(PROGRAM, TARGETS, *TARGET, NO_CACHE),
    *(CASE, SHARD, REPORT, REPORT_FORMAT, KNOWN, BASELINE),
    *(STALE, BUDGET, ALLOW_PARTIAL, SKIP_CODE, TOUCHING, RESUME, FUZZ, SEED),
    *(WORKERS, QUIET, VERBOSE, FULL),
    *(RECORD, BISECT, RULES_FORMAT, RELEASE),
    *(OLD_ROOTFS, OLD_VERSION, NEW_ROOTFS, NEW_VERSION),
    *(SCHEMA_PROGRAM, DIFF_FORMAT, ALL_CHANGES, FAIL_ON, OUTPUT, DIGEST_VERSION),
    *(BUILD_ROOTFS, DIALECT),
    *(RECORD_AT, RECORD_LIMIT),
    *(VALIDATE_SCHEMA, ANSWERED, VALIDATE_FORMAT),
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
