"""Checks the options and makes the targets: the same for the command and for pytest."""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from conformance.launch.target import NAME, Target, program_targets
from conformance.model.errors import UsageError
from conformance.model.known_issue import KnownIssue
from conformance.model.terms import ExitCode
from conformance.play.option_table import (
    ACCEL,
    ALLOW_PARTIAL,
    ARG,
    BASELINE,
    BUDGET,
    CASE,
    CASES,
    ENGINE,
    ENV,
    FUZZ,
    IMAGE,
    KNOWN,
    MACHINE,
    MANUAL,
    NO_CACHE,
    NO_SANDBOX,
    PARTIAL,
    PROGRAM,
    REPORT,
    REPORT_FORMAT,
    RESUME,
    ROOTFS,
    SCHEMA,
    SEED,
    SHARD,
    SKIP_CODE,
    STALE,
    TARGET,
    TARGETS,
    THOROUGH,
    TOUCHING,
)
from conformance.play.target_file import read_targets, seconds, words_fault
from conformance.prepare.selection import Patch, Selection
from conformance.prepare.targets import distinct
from conformance.report.formats.needs import check_formats

_SHARD: Final = re.compile(r"(\d+)/(\d+)")
_OWN_CODES: Final = range(max(set(ExitCode) - {ExitCode.INTERRUPTED}) + 1, 126)
"""The exit codes that neither the suite nor a shell gives a meaning."""
_VARIABLE: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What the user asked for; `report` is the folder of the report."""

    targets: tuple[Target, ...]
    report: Path
    formats: tuple[str, ...] = ()
    """Those of the report beside the ones that every run writes."""
    selection: Selection = Selection()
    seed: int = SEED.default
    cached: bool = True
    """Whether answers and plans of earlier runs count, and those of this one are kept."""
    known: tuple[KnownIssue, ...] = ()
    baseline: Path | None = None
    """The folder or the stream of an earlier run."""
    stale_fails: bool = True
    """Whether known issues that are gone make the run fail."""
    budget: float | None = None
    """The seconds that the run may take."""
    fuzz: float | None = None
    """The seconds of the random search, None without one."""
    allow_partial: bool = False
    """Whether a run that its budget cut may end with 0."""
    skip_code: int | None = None
    """The exit code of a run in which this host alone keeps targets from being tested."""
    touching: Patch = Patch()
    """The source files that a patch of QEMU changes."""
    resume: bool = False
    """Whether the interrupted run in the report folder is gone on with."""

    def words(self) -> tuple[str, ...]:
        """Return the selection as the report shows it."""
        number, count = self.selection.shard
        return (
            *self.selection.globs,
            *(f"{target.name}: {glob}" for target in self.targets for glob in target.select),
            *([f"shard {number}/{count}"] if count > 1 else []),
            *(["thorough"] if self.selection.thorough else []),
            *(["random search"] if self.selection.searching else []),
        )


def read_options(asked: object) -> Options:
    """Return the options, target files read and patterns expanded; raises UsageError.

    `asked` is the result of argparse's or pytest's parser.
    """
    _check_target(asked)
    words = [f"--{option.name}" for option in (NO_SANDBOX, THOROUGH) if option.is_given(asked)]
    targets: list[Target] = []
    for program in PROGRAM.of(asked):
        targets += _from_program(program, asked, words)
    for text in TARGETS.of(asked):
        targets += _from_file(text, words)
    if NO_SANDBOX.of(asked):
        targets = [replace(target, sandbox=False) for target in targets]
    _check_cases(targets)
    if not REPORT.of(asked):
        raise UsageError("the report folder has no name", "Name one, such as qmp-report.")
    check_formats(REPORT_FORMAT.of(asked))
    return Options(
        targets=tuple(targets),
        report=Path(REPORT.of(asked)),
        formats=REPORT_FORMAT.of(asked),
        selection=Selection(
            globs=CASE.of(asked),
            shard=_shard(SHARD.of(asked)),
            thorough=THOROUGH.of(asked),
            searching=bool(FUZZ.of(asked)),
        ),
        seed=SEED.of(asked),
        cached=not NO_CACHE.of(asked),
        known=_known(asked, targets),
        baseline=Path(BASELINE.of(asked)) if BASELINE.of(asked) else None,
        stale_fails=STALE.of(asked) == STALE.default,
        budget=_time(BUDGET.name, BUDGET.of(asked)),
        fuzz=_time(FUZZ.name, FUZZ.of(asked)),
        allow_partial=ALLOW_PARTIAL.of(asked),
        skip_code=_skip_code(SKIP_CODE.of(asked)),
        touching=_patch(TOUCHING.of(asked)),
        resume=RESUME.of(asked),
    )


def _time(option: str, text: str) -> float | None:
    found = seconds(text) if text else None
    if text and found is None:
        raise UsageError(f"--{option} {text}: no time", "Write 90s, 10m or 1h, for example.")
    return found


def _skip_code(number: int) -> int | None:
    if number == SKIP_CODE.default:
        return None
    if number not in _OWN_CODES:
        raise UsageError(
            f"--skip-code {number}: no exit code of its own",
            f"Write one of {_OWN_CODES[0]} to {_OWN_CODES[-1]}: autopkgtest and Meson take 77.",
        )
    return number


def _patch(files: Sequence[str]) -> Patch:
    """Return what files name: themselves, or what a unified diff changes; raises UsageError."""
    if not files:
        return Patch()
    # Not at the top: few runs need it.
    from conformance.prepare.touched import read_patch

    return read_patch(files)


def _known(asked: object, targets: Sequence[Target]) -> tuple[KnownIssue, ...]:
    """Return the known issues of the files that are named; raises KnowledgeError.

    Those of a target's own files count for it, and for those that name the same file, alone.
    """
    own: dict[str, list[str]] = {}
    # Where no target has any, two of one name are told of where the run begins.
    for target in distinct(targets) if any(each.known for each in targets) else ():
        for word in dict.fromkeys(target.known):
            own.setdefault(word, []).append(target.name)
    if not KNOWN.of(asked) and not own:
        return ()
    # Not at the top: it loads the decoder of files.
    from conformance.knowledge.known_issues import read_known

    strict = STALE.of(asked) == STALE.default
    today = datetime.now(UTC).date() if strict else None
    of_all = read_known(KNOWN.of(asked), today)
    places = {issue.where for issue in of_all}
    of_some = (
        replace(issue, when=replace(issue.when, targets=tuple(names)))
        for word, names in own.items()
        for issue in read_known((word,), today)
        if issue.where not in places
    )
    return (*of_all, *of_some)


def _check_cases(targets: Sequence[Target]) -> None:
    """Raise KnowledgeError, with all mistakes in the targets' own cases."""
    own = [*dict.fromkeys(target.cases for target in targets if target.cases)]
    if not own:
        return
    # Not at the top: it loads all that reads cases.
    from conformance.knowledge.check import check_cases
    from conformance.knowledge.decoder import raise_problems

    for folders in own:
        raise_problems(check_cases([Path(folder) for folder in folders]))


def _check_target(asked: object) -> None:
    """Raise UsageError for options of targets that make no sense."""
    files = TARGETS.of(asked)
    for option in TARGET:
        if files and option.key and not option.reaches_files and option.is_given(asked):
            value = option.of(asked)
            told = " ".join(value) if isinstance(value, tuple) else value
            raise UsageError(
                f"--{option.name} {told} does not reach the targets of {files[0]}",
                f"Write `{option.key.name}` in that file.",
            )
    for root in ROOTFS.of(asked):
        if not root or not Path(root).is_dir():
            raise UsageError(
                f"the root {root or 'without a name'} is no folder",
                "Name the folder that holds the root file system of the program.",
            )
    if "" in IMAGE.of(asked):
        raise UsageError("an image has no name", "Name it as the engine does, such as qemu:10.0.")
    if ENGINE.is_given(asked) and not IMAGE.is_given(asked):
        raise UsageError(
            f"--{ENGINE.name} {ENGINE.of(asked)} has no image to run",
            f"Name one with --{IMAGE.name}.",
        )
    if wrong := words_fault(ENGINE.of(asked)):
        raise UsageError(f"--{ENGINE.name} {ENGINE.of(asked)}: {wrong}", "Close what is quoted.")
    if not MACHINE.of(asked):
        raise UsageError("the machine has no name", "Write --machine q35, or leave it out.")


def _from_program(word: str, asked: object, words: Sequence[str]) -> Iterator[Target]:
    """Yield the targets of NAME=PATH or PATH: the matching programs, in each root."""
    name, path = _named(word)
    env = tuple(map(_variable, ENV.of(asked)))
    schema = os.path.abspath(SCHEMA.of(asked)) if SCHEMA.of(asked) else None
    cases = tuple(map(os.path.abspath, CASES.of(asked)))
    places = [("", image) for image in IMAGE.of(asked)]
    places = [*((root, "") for root in ROOTFS.of(asked)), *places] or [("", "")]
    for root, image in places:
        for found in program_targets(path, root, name, image=image):
            target = replace(
                found,
                engine=ENGINE.of(asked) if image else "",
                schema=schema,
                partial=PARTIAL.of(asked),
                manual=os.path.abspath(MANUAL.of(asked)) if MANUAL.of(asked) else None,
                cases=cases,
                machine=MACHINE.of(asked),
                accel=ACCEL.of(asked),
                args=ARG.of(asked),
                env=env,
            )
            yield replace(target, spelling=shlex.join([*words, *_spelt(target, bool(name))]))


def _named(word: str) -> tuple[str, str]:
    """Return the name and the path of NAME=PATH; a path with "=" begins with a folder."""
    name, equals, path = word.partition("=")
    if not word:
        raise UsageError("a target has no name", "Name a QEMU system emulator, or a target file.")
    if not equals or "/" in name:
        return "", word
    if not NAME.fullmatch(name):
        raise UsageError(
            f"{word}: {name!r} cannot be a name",
            "Write NAME=PATH with letters, digits, and . _ + - in NAME; ./PATH if it is none.",
        )
    if not path:
        raise UsageError(f"{word} names no program", "Write NAME=PATH.")
    return name, path


def _variable(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals or not _VARIABLE.fullmatch(name):
        raise UsageError(
            f"--env {text}: no variable", "Write --env NAME=VALUE, with letters, digits and _."
        )
    return name, value


def _spelt(target: Target, named: bool) -> Iterator[str]:
    """Yield the words that describe the target on a command line."""
    if target.rootfs:
        yield from (f"--{ROOTFS.name}", target.rootfs)
    if target.image:
        yield from (f"--{IMAGE.name}", target.image)
    if target.engine:
        yield f"--{ENGINE.name}={target.engine}"
    if target.schema is not None:
        yield from (f"--{SCHEMA.name}", target.schema)
    if target.manual is not None:
        yield from (f"--{MANUAL.name}", target.manual)
    if target.partial:
        yield f"--{PARTIAL.name}"
    yield from (f"--{CASES.name}={folder}" for folder in target.cases)
    if target.machine != MACHINE.default:
        yield f"--{MACHINE.name}={target.machine}"
    if target.accel:
        yield f"--{ACCEL.name}={target.accel}"
    yield from (f"--{ARG.name}={arg}" for arg in target.args)
    yield from (f"--{ENV.name}={name}={value}" for name, value in target.env)
    yield f"{target.name}={target.program}" if named else target.program


def _from_file(text: str, words: Sequence[str]) -> Sequence[Target]:
    """Return the targets of FILE, or the one of FILE:NAME."""
    stem, _, name = text.partition(".toml:")
    path = f"{stem}.toml" if name else text
    given, equals, file = path.partition("=")
    if equals and "/" not in given and not Path(path).exists():
        raise UsageError(
            f"{text}: the targets of a file have names of their own",
            f"Write {file}, or {file}:NAME for one of them.",
        )
    if not path.endswith(".toml"):
        raise UsageError(f"{path} is no target file", "The name of one ends in .toml.")
    targets = [
        replace(target, spelling=shlex.join([*words, f"{path}:{target.name}"]))
        for target in read_targets(Path(path))
    ]
    found = [target for target in targets if name in ("", target.name)]
    if not found:
        known = ", ".join(target.name for target in targets)
        raise UsageError(f"{path} has no target {name!r}", f"It has: {known}.")
    return found


def _shard(text: str) -> tuple[int, int]:
    match = _SHARD.fullmatch(text)
    number, count = (int(match[1]), int(match[2])) if match else (0, 0)
    if not 1 <= number <= count:
        raise UsageError(f"{text!r} is no shard", "Write N/M with N from 1 to M, such as 2/8.")
    return number, count
