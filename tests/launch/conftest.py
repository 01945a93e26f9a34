"""The real builds that the tests of launch/ run, and a folder of a run for each test."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from conformance.launch.folder import RunFolder
from conformance.launch.target import Target, program_target

# The host's own QEMU must be there; a folder of root file systems with other builds may be named.
ROOTS = os.environ.get("QMP_CONFORMANCE_ROOTS", "")
BUILDS = ["", *sorted(str(root) for root in Path(ROOTS).iterdir())] if ROOTS else [""]


@pytest.fixture
def folder() -> Iterator[RunFolder]:
    with RunFolder() as made:
        yield made


@pytest.fixture
def host_target() -> Target:
    return program_target("/usr/bin/qemu-system-x86_64")


@pytest.fixture(params=BUILDS, ids=lambda root: Path(root).name or "host")
def any_target(request: pytest.FixtureRequest) -> Target:
    return program_target("/usr/bin/qemu-system-x86_64", request.param)
