"""Puts the relay where a sandbox can run it, and says how it is started as a target."""

from __future__ import annotations

import compileall
import os
import shutil
import sys
from pathlib import Path

from conformance.launch.target import Target

_PARTS = ("relay.py", "told.py")


def install(folder: Path) -> None:
    """Make the relay's package in `folder`."""
    package = folder / "lies"
    package.mkdir()
    (package / "__init__.py").write_text("")
    for part in _PARTS:
        shutil.copy(Path(__file__).parent / part, package / part)
    compileall.compile_dir(package, quiet=2)


def liar(folder: Path, lie: str, program: str) -> Target:
    """Return the target that is `program` behind the relay that tells `lie`."""
    path = folder / f"qemu-{lie}"
    interpreter = os.path.realpath(sys.executable)
    path.write_text(
        f"#!{interpreter} -ISB\n"
        "import os, sys\n"
        "sys.path.insert(0, os.path.dirname(os.path.realpath(__file__)))\n"
        "from lies.relay import main\n"
        f"main({program!r}, {lie!r}, sys.argv[1:])\n"
    )
    path.chmod(0o755)
    return Target(name=lie, program=str(path))
