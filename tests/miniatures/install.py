"""Puts the miniature where a sandbox can run it, and says how it is started as a target."""

from __future__ import annotations

from pathlib import Path

from conformance.launch.target import Target
from tests.miniatures.source import source_path, write_sources
from tests.packaged import copy_package, write_program

_PARTS = (
    "contradictions.py",
    "schema.py",
    "objects.py",
    "bends.py",
    "text.py",
    "blocks.py",
    "session.py",
    "limited.py",
    "devices.py",
    "migration.py",
    "incoming.py",
    "monitors.py",
    "server.py",
    "hostile.py",
    "histories.py",
    "liar.py",
)


def install(folder: Path) -> Path:
    """Return the program, made in `folder`; it needs this interpreter and nothing else."""
    here = Path(__file__).parent
    copy_package([here / part for part in _PARTS], folder / "miniature")
    program = folder / "qemu-system-x86_64-mini"
    write_program(program, "from miniature.server import main", "main(sys.argv)")
    write_sources(folder)
    return program


def miniature(program: Path, *words: str) -> Target:
    """Return the target that is the miniature, breaking the promises that `words` name."""
    env = (("BREAKS", ",".join(words)),) if words else ()
    name = "-".join(("mini", *words))
    source = source_path(program.parent, *words)
    return Target(name=name, program=str(program), env=env, schema=str(source))
