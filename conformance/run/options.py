"""What the user asked for, checked: the same for the command and for the pytest plugin."""

from __future__ import annotations

import re
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
    qmp_targets: list[str]
    qmp_case: list[str]
    qmp_shard: str
    qmp_thorough: bool
    qmp_no_sandbox: bool
    qmp_report: str
    qmp_seed: int


def read_options(asked: Asked) -> Options:
    """Return the options, target files read; raises UsageError."""
    targets: list[Target] = []
    for program in asked.qmp_program:
        targets.append(program_target(program, asked.qmp_rootfs))
    for text in asked.qmp_targets:
        targets += _from_file(text)
    if asked.qmp_no_sandbox:
        targets = [replace(target, sandbox=False) for target in targets]
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


def _from_file(text: str) -> tuple[Target, ...]:
    """Return the targets of FILE, or the one of FILE:NAME."""
    path, _, name = text.partition(".toml:")
    if not name:
        return read_targets(Path(text))
    targets = read_targets(Path(f"{path}.toml"))
    found = tuple(target for target in targets if target.name == name)
    if not found:
        known = ", ".join(target.name for target in targets)
        raise UsageError(f"{path}.toml has no target {name!r}", f"It has: {known}.")
    return found


def _shard(text: str) -> tuple[int, int]:
    match = _SHARD.fullmatch(text)
    number, count = (int(match[1]), int(match[2])) if match else (0, 0)
    if not 1 <= number <= count:
        raise UsageError(f"{text!r} is no shard", "Write N/M with N from 1 to M, such as 2/8.")
    return number, count
