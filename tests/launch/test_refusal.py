"""Why a host refuses bubblewrap its namespaces: each cause is told from the others."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest

from conformance.launch import mounts
from conformance.launch.refusal import Host, refusal
from tests.patience import PATIENCE

EPERM = "No permissions to create new namespace, likely because the kernel does not allow"
ENOSPC = "Creating new namespace failed: nesting depth or /proc/sys/user/max_*_namespaces exceeded"
ROOT, USER = 0, 1000
MOUNTED = "22 1 254:0 / / rw - ext4 /dev/vda rw\n23 22 0:5 / /proc rw - proc proc rw\n"


def host(folder: Path, changed: Mapping[str, str], uid: int = USER) -> Host:
    """Return a host whose /proc holds the files `changed`, by path, and what is usual."""
    files = {"self/mountinfo": MOUNTED, "self/status": "Seccomp:\t0\n", **changed}
    for name, text in files.items():
        path = folder / "proc" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return Host(root=folder, uid=uid)


CAUSES: dict[str, tuple[dict[str, str], str, str, str]] = {
    "no namespaces of users": (
        {"sys/user/max_user_namespaces": "0\n"},
        ENOSPC,
        "user.max_user_namespaces is 0",
        "sysctl -w user.max_user_namespaces=1000",
    ),
    "no namespaces of networks": (
        {"sys/user/max_net_namespaces": "0\n", "sys/user/max_user_namespaces": "9\n"},
        ENOSPC,
        "user.max_net_namespaces is 0",
        "sysctl -w user.max_net_namespaces=1000",
    ),
    "Debian's own setting": (
        {"sys/kernel/unprivileged_userns_clone": "0\n"},
        EPERM,
        "kernel.unprivileged_userns_clone is 0",
        "sysctl -w kernel.unprivileged_userns_clone=1",
    ),
    "AppArmor": (
        {"sys/kernel/apparmor_restrict_unprivileged_userns": "1\n"},
        "setting up uid map: Permission denied",
        "kernel.apparmor_restrict_unprivileged_userns is 1",
        "AppArmor profile that allows `userns`",
    ),
    "a filter of system calls": (
        {"self/status": "Seccomp:\t2\n"},
        EPERM,
        "system calls are filtered (seccomp)",
        "--security-opt seccomp=unconfined",
    ),
    "a covered proc": (
        {},
        "Can't mount proc on /newroot/proc: Operation not permitted",
        "parts of /proc are covered",
        "unmask=ALL",
    ),
    "a chroot on no mount": (
        {"self/mountinfo": MOUNTED.splitlines()[1] + "\n"},
        EPERM,
        "this is a chroot",
        "systemd-nspawn",
    ),
    "a chroot by elimination": ({}, EPERM, "so this is a chroot, most likely", "systemd-nspawn"),
    "a kernel without": (
        {},
        "Creating new namespace failed, likely because the kernel does not support user namespaces",
        "the kernel has none",
        "dmesg",
    ),
}


@pytest.mark.parametrize("name", CAUSES)
def test_the_cause_of_a_refusal_is_named_with_the_way_out(name: str, tmp_path: Path) -> None:
    files, said, cause, remedy = CAUSES[name]

    error = refusal(said, host(tmp_path, files))

    assert cause in error.what
    assert said in error.what
    assert remedy in error.remedy
    assert error.remedy.endswith("or use --no-sandbox.")


def test_what_binds_users_alone_is_no_cause_for_root(tmp_path: Path) -> None:
    files = {"sys/kernel/unprivileged_userns_clone": "0\n"}

    assert "chroot" in refusal(EPERM, host(tmp_path, files, ROOT)).what


def test_settings_that_are_right_are_not_advised(tmp_path: Path) -> None:
    files = {
        "sys/user/max_user_namespaces": "96365\n",
        "sys/kernel/unprivileged_userns_clone": "1\n",
        "sys/kernel/apparmor_restrict_unprivileged_userns": "0\n",
    }

    assert "sysctl" not in refusal(EPERM, host(tmp_path, files)).remedy


@pytest.mark.skipif(
    os.geteuid() != 0 or mounts._other_user()[0] is None,
    reason="only a root with all its rights may mount and change its root",
)
@pytest.mark.parametrize("mounted", [True, False], ids=["on a mount", "on a folder"])
def test_a_real_chroot_is_refused_by_the_kernel_and_told(tmp_path: Path, mounted: bool) -> None:
    # The host's own folders, seen in another root: what lies in them is the same program.
    folders = [entry.name for entry in Path("/").iterdir() if entry.is_dir()]
    plain = [name for name in folders if not Path("/", name).is_symlink()]
    script = [f"mount --bind {tmp_path} {tmp_path}"] if mounted else []
    for name in plain:
        script.append(f"mkdir -p {tmp_path}/{name} && mount --rbind /{name} {tmp_path}/{name}")
    for name in set(folders) - set(plain):
        script.append(f"ln -s {os.readlink(Path('/', name))} {tmp_path}/{name}")
    script.append(f"exec chroot {tmp_path} bwrap --ro-bind / / --unshare-all true")
    bwrap = subprocess.run(
        ["unshare", "--mount", "sh", "-ec", "\n".join(script)],
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )

    assert bwrap.returncode != 0
    (line,) = [line for line in bwrap.stderr.splitlines() if line.startswith("bwrap: ")]
    assert "this is a chroot" in refusal(line.removeprefix("bwrap: ")).what
