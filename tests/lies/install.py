"""Puts the relay where a sandbox can run it, and says how it is started as a target."""

from __future__ import annotations

import os
from pathlib import Path

from conformance.launch.target import Target
from tests.packaged import copy_package, write_program

INSIDE = (
    "relay",
    "told",
    "changes",
    "table",
    "content",
    "requests",
    "events",
    "protocol",
    "values",
    "arguments",
    "declared",
)
"""The modules that run in the sandbox."""


def install(folder: Path) -> None:
    """Make the relay's package in `folder`."""
    here = Path(__file__).parent
    copy_package([here / f"{name}.py" for name in INSIDE], folder / "lies")


def liar(folder: Path, lie: str, program: str) -> Target:
    """Return the target that is `program` behind the relay that tells `lie`."""
    path = folder / f"qemu-{lie}-{Path(program).name}"
    if not path.exists():
        # Another process may do so, too, and a program that is written cannot be started.
        new = path.with_suffix(f".{os.getpid()}")
        call = f"main({program!r}, {lie!r}, sys.argv[1:])"
        write_program(new, "from lies.relay import main", call)
        new.rename(path)
    return Target(name=lie, program=str(path))
