"""What the user asked for, checked: the same for the command and for the pytest plugin."""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final, Protocol

from conformance.knowledge.check import check_cases
from conformance.knowledge.decoder import raise_problems
from conformance.launch.target import NAME, Target, program_targets, read_targets
from conformance.model.errors import UsageError
from conformance.play.run import Options
from conformance.prepare.campaign import Selection

_SHARD: Final = re.compile(r"(\d+)/(\d+)")
_VARIABLE: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_NO_MACHINE: Final = "none"


class Asked(Protocol):
    """The options as pytest's parser, or argparse, leaves them."""

    qmp_program: list[str]
    qmp_targets: list[str]
    qmp_rootfs: list[str]
    qmp_schema: str
    qmp_cases: list[str]
    qmp_arg: list[str]
    qmp_env: list[str]
    qmp_machine: str
    qmp_accel: str
    qmp_case: list[str]
    qmp_shard: str
    qmp_thorough: bool
    qmp_no_sandbox: bool
    qmp_report: str
    qmp_seed: int


def read_options(asked: Asked) -> Options:
    """Return the options, target files read and patterns filled in; raises UsageError."""
    _check_program(asked)
    words = ["--no-sandbox"] if asked.qmp_no_sandbox else []
    words += ["--thorough"] if asked.qmp_thorough else []
    targets: list[Target] = []
    for program in asked.qmp_program:
        targets += _from_program(program, asked, words)
    for text in asked.qmp_targets:
        targets += _from_file(text, words)
    if asked.qmp_no_sandbox:
        targets = [replace(target, sandbox=False) for target in targets]
    _check_cases(targets)
    if not asked.qmp_report:
        raise UsageError("the report folder has no name", "Name one, such as qmp-report.")
    return Options(
        targets=tuple(targets),
        report=Path(asked.qmp_report),
        selection=Selection(
            globs=tuple(asked.qmp_case),
            shard=_shard(asked.qmp_shard),
            thorough=asked.qmp_thorough,
        ),
        seed=asked.qmp_seed,
    )


def _check_cases(targets: Sequence[Target]) -> None:
    """Raise KnowledgeError, which tells all that is wrong with the cases of the targets' own."""
    for folders in dict.fromkeys(target.cases for target in targets if target.cases):
        raise_problems(check_cases([Path(folder) for folder in folders]))


def is_target_file(word: str) -> bool:
    """Return whether a word of the command line names a target file, or a target of one."""
    return word.endswith(".toml") or ".toml:" in word


def _check_program(asked: Asked) -> None:
    for key, option, value in (
        ("rootfs", "rootfs", " ".join(asked.qmp_rootfs)),
        ("schema", "schema", asked.qmp_schema),
        ("cases", "cases", " ".join(asked.qmp_cases)),
        ("args", "arg", " ".join(asked.qmp_arg)),
        ("env", "env", " ".join(asked.qmp_env)),
        ("machine", "machine", asked.qmp_machine.removeprefix(_NO_MACHINE)),
        ("accel", "accel", asked.qmp_accel),
    ):
        if value and asked.qmp_targets:
            raise UsageError(
                f"--{option} {value} does not reach the targets of {asked.qmp_targets[0]}",
                f"Write `{key}` in that file.",
            )
    for root in asked.qmp_rootfs:
        if not root or not Path(root).is_dir():
            raise UsageError(
                f"the root {root or 'without a name'} is no folder",
                "Name the folder that holds the root file system of the program.",
            )
    if not asked.qmp_machine:
        raise UsageError("the machine has no name", "Write --machine q35, or leave it out.")


def _from_program(word: str, asked: Asked, words: Sequence[str]) -> Iterator[Target]:
    """Yield the targets of NAME=PATH or PATH: the programs that fit it, in each root."""
    name, path = _named(word)
    env = tuple(map(_variable, asked.qmp_env))
    schema = os.path.abspath(asked.qmp_schema) if asked.qmp_schema else ""
    for root in asked.qmp_rootfs or [""]:
        for found in program_targets(path, root, name):
            target = replace(
                found,
                schema=schema,
                machine=asked.qmp_machine,
                accel=asked.qmp_accel,
                cases=tuple(map(os.path.abspath, asked.qmp_cases)),
                args=tuple(asked.qmp_arg),
                env=env,
            )
            yield replace(target, spelling=shlex.join([*words, *_spelt(target, bool(name))]))


def _named(word: str) -> tuple[str, str]:
    """Return the name and the path of NAME=PATH; a path that holds "=" begins with a folder."""
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
    """Yield the words with which a command line describes the target again."""
    if target.rootfs:
        yield from ("--rootfs", target.rootfs)
    if target.schema:
        yield from ("--schema", target.schema)
    yield from (word for folder in target.cases for word in ("--cases", folder))
    if target.machine != _NO_MACHINE:
        yield f"--machine={target.machine}"
    if target.accel:
        yield f"--accel={target.accel}"
    yield from (f"--arg={arg}" for arg in target.args)
    yield from (f"--env={name}={value}" for name, value in target.env)
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
