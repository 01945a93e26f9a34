"""The real builds that the tests of launch/ run, and a folder of a run for each test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from conformance.launch.folder import RunFolder
from conformance.launch.target import Target, program_target

# Root file systems with older and newer builds are optional; the host's own QEMU is not.
ROOTS = Path("/var/tmp/qemu-roots")


@pytest.fixture
def folder() -> Iterator[RunFolder]:
    with RunFolder() as made:
        yield made


@pytest.fixture
def host_target() -> Target:
    return program_target("/usr/bin/qemu-system-x86_64")


@pytest.fixture(params=["host", "bullseye", "trixie", "forky"])
def any_target(request: pytest.FixtureRequest) -> Target:
    if request.param == "host":
        return program_target("/usr/bin/qemu-system-x86_64")
    root = ROOTS / request.param
    if not root.is_dir():
        pytest.skip(f"no root file system {root}")
    return program_target("/usr/bin/qemu-system-x86_64", str(root))
