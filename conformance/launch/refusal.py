"""Why this host refuses bubblewrap its namespaces, and the way out; changes nothing.

The kernel gives the same answer for most causes, so the cause is searched for.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from conformance.model.errors import HostError

_KINDS: Final = ("user", "mnt", "pid", "net", "ipc", "uts", "cgroup")
_EITHER: Final = "or use --no-sandbox."
# Of Seccomp in /proc/PID/status: system calls are filtered.
_FILTERED: Final = 2

# How bubblewrap words the error that the kernel gives in a chroot.
_EPERM: Final = ("No permissions to create", "Operation not permitted")


@dataclass(frozen=True, slots=True)
class Host:
    """What decides on namespaces on a host; its /proc is looked up in the folder `root`."""

    root: Path = Path("/")
    uid: int = -1
    """The user who asks; -1 is the user of this process."""

    @property
    def privileged(self) -> bool:
        """Whether root asks."""
        return (os.geteuid() if self.uid < 0 else self.uid) == 0

    def setting(self, name: str) -> str | None:
        """Return the kernel setting of that name (sysctl), None if there is none."""
        return self._read("proc/sys/" + name.replace(".", "/")).strip() or None

    @property
    def changed_root(self) -> bool:
        """Whether the root of this process was changed (chroot)."""
        try:
            return not os.path.samefile(self.root / "proc/1/root", self.root)
        except OSError:
            # Only root may look there. A root that is no mount can be no other process's root.
            mounts = self._read("proc/self/mountinfo").splitlines()
            return bool(mounts) and not any(line.split()[4] == "/" for line in mounts)

    @property
    def filtered(self) -> bool:
        """Whether the system calls of this process are filtered, as in a container."""
        found = re.search(r"^Seccomp:\s*(\d)", self._read("proc/self/status"), re.MULTILINE)
        return found is not None and int(found[1]) == _FILTERED

    def _read(self, path: str) -> str:
        try:
            return (self.root / path).read_text()
        except OSError:
            return ""


def refusal(said: str, host: Host = Host()) -> HostError:
    """Return the cause of bubblewrap's failure, given its message."""
    for kind in _KINDS:
        name = f"user.max_{kind}_namespaces"
        if host.setting(name) == "0":
            return _refused(said, f"{name} is 0", f"Set it (sysctl -w {name}=1000)")
    if host.changed_root:
        return _chroot(said, "this is a chroot")
    if not host.privileged:
        for name, bad, good in (
            ("kernel.unprivileged_userns_clone", "0", "1"),
            ("kernel.apparmor_restrict_unprivileged_userns", "1", "0"),
        ):
            if host.setting(name) == bad:
                profile = "give bwrap an AppArmor profile that allows `userns`, "
                return _refused(
                    said,
                    f"{name} is {bad}",
                    f"Set it (sysctl -w {name}={good}), {profile * ('apparmor' in name)}"
                    "run as root",
                )
    if host.filtered:
        return _refused(
            said,
            "system calls are filtered (seccomp), as in a container",
            "Start the container with --privileged, or with --security-opt seccomp=unconfined and "
            "--security-opt unmask=ALL (docker: systempaths=unconfined)",
        )
    if "proc" in said:
        return _refused(
            said,
            "parts of /proc are covered, as in a container",
            "Start the container with --security-opt unmask=ALL (docker: systempaths=unconfined)",
        )
    if any(words in said for words in _EPERM):
        return _chroot(said, "no setting forbids it, so this is a chroot, most likely")
    return _refused(
        said,
        "the kernel has none, or a security module forbids them",
        "Look into the kernel's log (dmesg)",
    )


def _chroot(said: str, cause: str) -> HostError:
    return _refused(
        said,
        f"{cause}, in which the kernel makes no user namespaces",
        "Enter the root by systemd-nspawn, podman or `bwrap --bind ROOT /` (sbuild: "
        "$chroot_mode = 'unshare'), run outside of it with --rootfs",
    )


def _refused(said: str, cause: str, remedy: str) -> HostError:
    return HostError(
        f"bubblewrap cannot make its namespaces here: {cause} ({said})", f"{remedy}, {_EITHER}"
    )
