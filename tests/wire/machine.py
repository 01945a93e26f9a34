"""A real QEMU in a sandbox, with one end of a socket pair for its monitor."""

from __future__ import annotations

import contextlib
import shutil
import socket
import subprocess
from collections.abc import Iterator

import pytest

from tests.patience import PATIENCE

PROGRAMS = ("bwrap", "qemu-system-x86_64")

SANDBOX = (
    *("bwrap", "--ro-bind", "/", "/", "--dev", "/dev", "--proc", "/proc", "--tmpfs", "/tmp"),
    *("--unshare-all", "--die-with-parent"),
)
QEMU = ("qemu-system-x86_64", "-machine", "none", "-nodefaults", "-display", "none", "-S")


@contextlib.contextmanager
def machine() -> Iterator[socket.socket]:
    """Yield our end of the monitor of a machine that ends with the context."""
    for program in PROGRAMS:
        if shutil.which(program) is None:
            pytest.fail(f"{program} is not installed; deselect these tests with -m 'not qemu'")
    ours, theirs = socket.socketpair()
    with ours, theirs:
        ours.settimeout(PATIENCE)
        chardev = f"socket,id=mon,fd={theirs.fileno()}"
        process = subprocess.Popen(
            [*SANDBOX, *QEMU, "-chardev", chardev, "-mon", "chardev=mon,mode=control"],
            pass_fds=[theirs.fileno()],
            stdin=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        theirs.close()
        try:
            yield ours
        finally:
            process.kill()
            process.wait(timeout=PATIENCE)
