"""Builds the server with the sanitizers of the C compiler, where there is one."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

SOURCE = Path(__file__).with_name("server.c")
PACKAGES = "gcc and libc6-dev"
_FLAGS = ("-g", "-O0", "-fno-omit-frame-pointer", "-fsanitize=address,undefined")
# Compiling takes a second; on a busy machine, some.
_LIMIT = 120.0


def build_sanitized(folder: Path, *flags: str) -> Path:
    """Return the program, made in `folder` with more flags; skips the test where that fails."""
    compiler = shutil.which("gcc") or shutil.which("cc")
    if compiler is None:
        pytest.skip(f"NOT TESTED: no C compiler is here to build {SOURCE}; install {PACKAGES}")
    program = folder / "qemu-system-x86_64-sanitized"
    done = subprocess.run(
        [compiler, *_FLAGS, *flags, "-o", str(program), str(SOURCE)],
        capture_output=True,
        text=True,
        timeout=_LIMIT,
        check=False,
    )
    if done.returncode != 0:
        pytest.skip(f"NOT TESTED: {compiler} has no sanitizers; install {PACKAGES}: {done.stderr}")
    return program
