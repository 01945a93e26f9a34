"""The environment of a program: what of the caller's reaches it, and what the suite adds.

Starts nothing.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from conformance.launch.janitor import MARK
from conformance.launch.target import Target

PATH: Final = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
DIAGNOSTICS: Final[Mapping[str, str]] = {
    "ASAN_OPTIONS": "",
    "LSAN_OPTIONS": "",
    "TSAN_OPTIONS": "",
    # The functions of a stack tell one defect from another.
    "UBSAN_OPTIONS": "print_stacktrace=1",
    "MALLOC_CHECK_": "",
    "MALLOC_PERTURB_": "",
    "G_DEBUG": "",
}
"""The variables that make a program look at itself, each with the options that the suite sets.

Those of the caller follow, and count where they differ.
"""


def diagnostics() -> dict[str, str]:
    """Return the variables that make a program look at itself, with the caller's values."""
    found = {}
    for name, own in DIAGNOSTICS.items():
        value = ":".join(filter(None, (own, os.environ.get(name))))
        if value:
            found[name] = value
    return found


def environment(target: Target, folder: Path) -> dict[str, str]:
    """Return the whole environment for the command; the sandbox adds target.env.

    It marks the processes as those of the run that `folder` belongs to.
    """
    clean = {"HOME": "/tmp", "PATH": PATH, "LANG": "C", MARK: str(folder), **diagnostics()}
    return clean if target.sandbox else {**clean, **dict(target.env)}
