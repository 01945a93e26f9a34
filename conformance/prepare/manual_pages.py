"""Where a package puts the reference manual of a program; reads none."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from conformance.launch.target import Target, host_path
from conformance.model.flavour import Program

_PAGES: Final = {
    Program.SYSTEM: "qemu-qmp-ref.7",
    Program.STORAGE_DAEMON: "qemu-storage-daemon-qmp-ref.7",
    Program.GUEST_AGENT: "qemu-ga-ref.7",
}
_FOLDER: Final = "share/man/man7"
"""Where the pages are, in the prefix whose bin/ has the program."""


def pages_beside(target: Target, program: Program) -> tuple[Path, ...]:
    """Return where the page of a program may be in its root."""
    prefixes = dict.fromkeys((str(Path(target.program).parent.parent), "/usr"))
    paths = (
        f"{prefix}/{_FOLDER}/{_PAGES[program]}{end}" for prefix in prefixes for end in ("", ".gz")
    )
    return tuple(host_path(target, path) for path in paths)


def manual_stamps(target: Target) -> list[list[int]]:
    """Return what changes where a page in the target's root does."""
    found = []
    for program in _PAGES:
        for path in pages_beside(target, program):
            if path.is_file():
                stat = path.stat()
                found.append([stat.st_size, stat.st_mtime_ns])
    return found
