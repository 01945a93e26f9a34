"""Programs of the tests' own where a sandbox can run them: they need the interpreter alone."""

from __future__ import annotations

import compileall
import os
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path


def copy_package(sources: Sequence[Path], folder: Path) -> None:
    """Make the package `folder` of these files."""
    folder.mkdir()
    (folder / "__init__.py").write_text("")
    for source in sources:
        shutil.copy(source, folder / source.name)
    # The sandbox writes no byte code, and without it each start takes twice as long.
    compileall.compile_dir(folder, quiet=2)


def write_program(path: Path, *lines: str) -> None:
    """Make the program `path` of lines of Python, which find the packages beside it."""
    # Not sys.executable: a virtual environment may lie where the sandbox shows nothing.
    interpreter = os.path.realpath(sys.executable)
    beside = "sys.path.insert(0, os.path.dirname(os.path.realpath(__file__)))"
    whole = (f"#!{interpreter} -ISB", "import os, sys", beside, *lines)
    path.write_text("\n".join(whole) + "\n")
    path.chmod(0o755)
