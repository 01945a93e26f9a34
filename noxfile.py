"""The sessions of the project: `nox -l` lists them."""

from __future__ import annotations

import os
from pathlib import Path

import nox

nox.options.sessions = ["tests", "lint", "typing", "build"]
nox.options.reuse_existing_virtualenvs = True

QEMU = os.environ.get("QEMU", "/usr/bin/qemu-system-x86_64")


@nox.session
def conformance(session: nox.Session) -> None:
    """Run the suite on a QEMU: nox -s conformance -- [OPTIONS] [TARGET...]; default: $QEMU."""
    session.install(".")
    session.run(
        "qmp-conformance", "run", *(session.posargs or ["-n", "2", QEMU]), success_codes=[0, 1]
    )


@nox.session
def tests(session: nox.Session) -> None:
    """Run the project's own tests; they need a QEMU and bubblewrap."""
    session.install("-e", ".[dev]")
    session.run("pytest", *session.posargs)


@nox.session
def lint(session: nox.Session) -> None:
    """Check style and formatting."""
    session.install("-e", ".[dev]")
    session.run("ruff", "check", ".")
    session.run("ruff", "format", "--check", ".")


@nox.session
def typing(session: nox.Session) -> None:
    """Check types, strictly."""
    session.install("-e", ".[dev]")
    session.run("mypy")


@nox.session
def build(session: nox.Session) -> None:
    """Build the wheel, install it alone, and run the main job from it, outside the checkout."""
    session.install("build")
    folder = Path(session.create_tmp()).resolve()
    session.run("python", "-m", "build", "--wheel", "--outdir", str(folder), ".")
    wheel = max(folder.glob("*.whl"), key=lambda path: path.stat().st_mtime)
    session.install("--force-reinstall", str(wheel))
    session.chdir(folder)
    session.run(
        "qmp-conformance", "run", QEMU, "--case", "object-add/iothread/*", "--report", "report"
    )
