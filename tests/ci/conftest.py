"""The tools, and the command as they find it."""

from __future__ import annotations

import os
import shlex
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Final

import pytest

from tests.conftest import QEMU, ROOT

FILES: Final = ROOT / "docs/ci"
_REQUIRED: Final = "QMP_CONFORMANCE_TOOLS"
"""The variable that makes it a failure that a tool is missing; `nox -s formats` sets it."""
_QUICK: Final = ("--case", "qom-list/valid/*")
"""What is played here: the files ask for all cases."""

Command = Callable[..., Path]


def tool(name: str, *, changes: str = "") -> str:
    """Return the path of a tool; skips the test, loudly, where it is missing.

    A tool that `changes` something of the machine is used only where all tools must be there.
    """
    required = bool(os.environ.get(_REQUIRED))
    beside = Path(sys.executable).with_name(name)
    found = str(beside) if beside.exists() else shutil.which(name)
    if found is None:
        assert not required, f"{name} is not installed"
        pytest.skip(f"NOT TESTED: {name} is not installed; `nox -s formats` tests with it")
    if changes and not required:
        pytest.skip(f"NOT TESTED: {name} changes {changes}; `nox -s formats` tests with it")
    return found


@pytest.fixture
def command(tmp_path: Path) -> Command:
    """What makes a folder for PATH with `qmp-conformance`, which plays few cases.

    `more` are further words of each run, and `before` what starts the command.
    """
    assert Path(QEMU).exists(), f"install QEMU: there is no {QEMU}"

    def made(*more: str, before: str = "exec") -> Path:
        folder = tmp_path / "bin"
        folder.mkdir(exist_ok=True)
        program = folder / "qmp-conformance"
        ours = f"env PYTHONPATH={shlex.quote(str(ROOT))} {shlex.quote(sys.executable)}"
        program.write_text(
            f'#!/bin/sh\n[ "$1" = run ] && set -- "$@" {shlex.join([*_QUICK, *more])}\n'
            f'{before} {ours} -m conformance "$@"\n'
        )
        program.chmod(0o755)
        return folder

    return made
