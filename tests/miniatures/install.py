"""Puts the miniature where a sandbox can run it, and says how it is started as a target."""

from __future__ import annotations

import compileall
import os
import shutil
import sys
from pathlib import Path

from conformance.launch.target import Target
from tests.miniatures.source import source_path, write_sources

_PARTS = (
    "contradictions.py",
    "schema.py",
    "objects.py",
    "bends.py",
    "text.py",
    "blocks.py",
    "session.py",
    "limited.py",
    "monitors.py",
    "server.py",
    "hostile.py",
    "liar.py",
)


def install(folder: Path) -> Path:
    """Return the program, made in `folder`; it needs this interpreter and nothing else."""
    package = folder / "miniature"
    package.mkdir()
    (package / "__init__.py").write_text("")
    for part in _PARTS:
        shutil.copy(Path(__file__).parent / part, package / part)
    # The sandbox writes no byte code, and without it each start takes twice as long.
    compileall.compile_dir(package, quiet=2)
    program = folder / "qemu-system-x86_64-mini"
    # Not sys.executable: a virtual environment may lie where the sandbox shows nothing.
    interpreter = os.path.realpath(sys.executable)
    program.write_text(
        f"#!{interpreter} -ISB\n"
        "import os, sys\n"
        "sys.path.insert(0, os.path.dirname(os.path.realpath(__file__)))\n"
        "from miniature.server import main\n"
        "main(sys.argv)\n"
    )
    program.chmod(0o755)
    write_sources(folder)
    return program


def miniature(program: Path, *words: str) -> Target:
    """Return the target that is the miniature, breaking the promises that `words` name."""
    args = ("-D", ",".join(words)) if words else ()
    name = "-".join(("mini", *words))
    source = source_path(program.parent, *words)
    return Target(name=name, program=str(program), args=args, schema=str(source))
