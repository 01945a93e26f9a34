"""Targets: how a program alone makes one, and where its paths lie on the host."""

from __future__ import annotations

from pathlib import Path

import pytest

from conformance.launch.target import Target, host_path, program_target
from conformance.model.errors import LaunchError


def test_a_program_alone_is_named_after_itself() -> None:
    assert program_target("/opt/bin/qemu-system-arm") == Target(
        name="qemu-system-arm", program="/opt/bin/qemu-system-arm"
    )


def test_a_bare_program_of_a_root_lies_in_usr_bin(tmp_path: Path) -> None:
    target = program_target("qemu-system-x86_64", str(tmp_path))
    assert (target.program, target.rootfs) == ("/usr/bin/qemu-system-x86_64", str(tmp_path))


def test_links_are_followed_inside_the_root(tmp_path: Path) -> None:
    (tmp_path / "usr/bin").mkdir(parents=True)
    (tmp_path / "bin").symlink_to("/usr/bin")
    (tmp_path / "usr/bin/qemu").symlink_to("../../../../etc/alternatives/qemu")
    target = program_target("/bin/qemu", str(tmp_path))
    assert host_path(target) == tmp_path / "etc/alternatives/qemu"


def test_a_circle_of_links_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a").symlink_to("b")
    (tmp_path / "b").symlink_to("a")
    with pytest.raises(LaunchError, match="circle"):
        host_path(program_target("/a", str(tmp_path)))
