"""Items that pytest-xdist runs on other hosts; what stands for ssh starts them on this one."""

from __future__ import annotations

import hashlib
import sys
from pathlib import Path

import pytest

from conformance.launch.build import is_same
from conformance.launch.target import Target
from tests.conftest import Doors, events
from tests.test_merging import settled

# The last word of what execnet calls is the command; a host has temporary folders of its own.
SSH = """\
#!/bin/sh
for last; do :; done
unset PYTEST_XDIST_WORKER
exec sh -c "$last"
"""


@pytest.mark.qemu
def test_a_run_on_other_hosts_is_that_of_this_one(doors: Doors, targets: str) -> None:
    folder = doors.home / "bin"
    folder.mkdir()
    (folder / "ssh").write_text(SSH)
    (folder / "ssh").chmod(0o755)
    words = (f"--qmp-targets={targets}:broken", "--qmp-case=object-add/toy/*")
    more = (*words, "--qmp-case=qom-list/*", "-q", "-p", "no:cacheprovider")
    assert doors.pytest(*more, "--qmp-report=here").code == 1

    doors.environment["PATH"] = f"{folder}:{doors.environment['PATH']}"
    hosts = [f"--tx=ssh={name}//python={sys.executable}" for name in ("one", "two")]
    done = doors.pytest(*more, "--qmp-report=there", "--dist=load", *hosts)

    assert done.code == 1, done.out
    here, there = (
        [settled(event) for event in events(doors.home / name)] for name in ("here", "there")
    )
    assert here == there
    assert events(doors.home / "there")[-1]["cost"].keys() <= {"gw0", "gw1"}


def test_another_build_on_a_host_is_seen(tmp_path: Path) -> None:
    program = tmp_path / "qemu-system-x86_64"
    target = Target(name="q", program=str(program))
    assert not is_same(target, "")

    program.write_bytes(b"one")
    assert is_same(target, hashlib.sha256(b"one").hexdigest())
    assert not is_same(target, hashlib.sha256(b"another").hexdigest())
