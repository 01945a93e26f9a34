"""What the user asked for, checked: the same for the command and for the pytest plugin."""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Protocol

from conformance.errors import UsageError
from conformance.launch.target import Target, program_target, read_targets
from conformance.run.campaign import Selection
from conformance.run.run import Options

_SHARD = re.compile(r"(\d+)/(\d+)")


class Asked(Protocol):
    """The options as pytest's parser, or argparse, leaves them."""

    qmp_program: list[str]
    qmp_rootfs: str
    qmp_schema: str
    qmp_targets: list[str]
    qmp_case: list[str]
    qmp_shard: str
    qmp_thorough: bool
    qmp_no_sandbox: bool
    qmp_report: str
    qmp_seed: int


def read_options(asked: Asked) -> Options:
    """Return the options, target files read; raises UsageError."""
    _check_program(asked)
    words = ["--no-sandbox"] if asked.qmp_no_sandbox else []
    words += ["--thorough"] if asked.qmp_thorough else []
    targets: list[Target] = []
    for program in asked.qmp_program:
        targets.append(_from_program(program, asked, words))
    for text in asked.qmp_targets:
        targets += _from_file(text, words)
    if asked.qmp_no_sandbox:
        targets = [replace(target, sandbox=False) for target in targets]
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


def _check_program(asked: Asked) -> None:
    for key, value in (("rootfs", asked.qmp_rootfs), ("schema", asked.qmp_schema)):
        if value and asked.qmp_targets:
            raise UsageError(
                f"--{key} {value} does not reach the targets of {asked.qmp_targets[0]}",
                f"Write `{key}` in that file.",
            )
    if asked.qmp_rootfs and not Path(asked.qmp_rootfs).is_dir():
        raise UsageError(
            f"the root {asked.qmp_rootfs} is no folder",
            "Name the folder that holds the root file system of the program.",
        )


def _from_program(program: str, asked: Asked, words: Sequence[str]) -> Target:
    if not program:
        raise UsageError("a target has no name", "Name a QEMU system emulator, or a target file.")
    target = program_target(program, asked.qmp_rootfs)
    schema = os.path.abspath(asked.qmp_schema) if asked.qmp_schema else ""
    options = ["--rootfs", target.rootfs] if target.rootfs else []
    options += ["--schema", schema] if schema else []
    spelling = shlex.join([*words, *options, target.program])
    return replace(target, schema=schema, spelling=spelling)


def _from_file(text: str, words: Sequence[str]) -> Sequence[Target]:
    """Return the targets of FILE, or the one of FILE:NAME."""
    stem, _, name = text.partition(".toml:")
    path = f"{stem}.toml" if name else text
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
