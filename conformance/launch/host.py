"""Probes this host for what cases need; changes nothing and remembers nothing.

These are the needs of docs/recipes.md about the host. Those about a build ("property:", "type:")
are answered where machines can be asked.
"""

from __future__ import annotations

import fcntl
import os
import platform
import re
import shutil
import subprocess
from collections.abc import Callable, Mapping
from importlib import metadata
from pathlib import Path
from typing import Final

from conformance.launch.target import Target, host_path
from conformance.model.errors import KnowledgeError, LaunchError

_NODES: Final = Path("/sys/devices/system/node")
_HUGE: Final = Path("/sys/kernel/mm/hugepages")
# KVM_CHECK_EXTENSION of <linux/kvm.h>: 0 for what this KVM cannot do.
_CHECK_EXTENSION: Final = 0xAE03
# bwrap --version only prints; on a swapping machine it takes a while to load.
_LIMIT: Final = 30.0


def probe(need: str, target: Target) -> str | None:
    """Return why the host lacks what `need` ("kind:argument") names, or None if it has it.

    Raises KnowledgeError for an unknown kind.
    """
    kind, _, argument = need.partition(":")
    if kind not in _PROBES:
        known = ", ".join(sorted(_PROBES))
        raise KnowledgeError(f"no probe of the host answers {need!r}", f"Use one of: {known}.")
    if kind not in _ALONE and not argument:
        raise KnowledgeError(f"the need {need!r} names nothing", f"Write {kind}:WHAT.")
    return _PROBES[kind](argument, target)


def remedy(need: str) -> str:
    """Return what would meet a need about the host, as a sentence."""
    kind, _, argument = need.partition(":")
    return _REMEDIES[kind].format(argument)


def answers(need: str) -> bool:
    """Return whether `probe` knows the kind of `need`."""
    return need.partition(":")[0] in _PROBES


def capabilities(target: Target) -> Mapping[str, str]:
    """Return the host's capabilities for a report: "yes" or a value, or why one is missing."""
    return {
        "machine": platform.machine(),
        "kernel": platform.release(),
        "cpu": _cpu("vendor_id") or "its vendor is not in /proc/cpuinfo",
        "qemu.qmp": _version("qemu.qmp") or "not installed",
        "kvm": _kvm("", target) or "yes",
        "bubblewrap": _bubblewrap(),
        "huge pages": _hugepages("", target) or "yes",
        "numa nodes": ",".join(map(str, _numa_nodes())) or "not shown by this kernel",
    }


def bearing(target: Target) -> Mapping[str, str]:
    """Return what of the host may change what a build says of itself."""
    return {
        "machine": platform.machine(),
        "kernel": platform.release(),
        "cpu": " ".join((_cpu("model name") or "", _cpu("flags") or _cpu("Features") or "")),
        "kvm": _kvm("", target) or "",
        "sandbox": shutil.which("bwrap") or "",
    }


def _path(argument: str, target: Target) -> str | None:
    return None if os.path.exists(argument) else f"no {argument} on this host"


def _kvm(argument: str, target: Target) -> str | None:
    if not os.path.exists("/dev/kvm"):
        return "no /dev/kvm on this host"
    try:
        os.close(os.open("/dev/kvm", os.O_RDWR | os.O_CLOEXEC))
    except OSError as error:
        return f"/dev/kvm cannot be used: {error.strerror}"
    return None


def _kvm_extension(argument: str, target: Target) -> str | None:
    if not argument.isdecimal():
        raise KnowledgeError(
            f"the need 'kvm-extension:{argument}' has no number", "Write kvm-extension:38."
        )
    if missing := _kvm("", target):
        return missing
    kvm = os.open("/dev/kvm", os.O_RDWR | os.O_CLOEXEC)
    try:
        there = fcntl.ioctl(kvm, _CHECK_EXTENSION, int(argument)) > 0
    except OSError:
        there = False
    finally:
        os.close(kvm)
    return None if there else f"this host's KVM has no extension {argument}"


def _cpu_flag(argument: str, target: Target) -> str | None:
    flags = _cpu("flags") or _cpu("Features") or ""
    return None if argument in flags.split() else f"this host's processor has no {argument}"


def _program(argument: str, target: Target) -> str | None:
    return None if shutil.which(argument) else f"no program {argument} on this host"


def _package(argument: str, target: Target) -> str | None:
    # Not at the top: it takes as long to load as all else here.
    from packaging.requirements import InvalidRequirement, Requirement

    try:
        wanted = Requirement(argument)
    except InvalidRequirement as error:
        raise KnowledgeError(
            f"the need 'package:{argument}' names no Python package", "Write package:qemu.qmp>=1."
        ) from error
    version = _version(wanted.name)
    if version is None:
        return f"{wanted.name} is not installed"
    fits = wanted.specifier.contains(version, prereleases=True)
    return None if fits else f"{wanted.name} {version} is installed, and {argument} is needed"


def _version(package: str) -> str | None:
    """Return the version of an installed Python package, None if there is none."""
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None


def _interface(argument: str, target: Target) -> str | None:
    there = os.path.exists(os.path.join("/sys/class/net", argument))
    return None if there else f"no network interface {argument} on this host"


def _target_file(argument: str, target: Target) -> str | None:
    try:
        there = host_path(target, argument).exists()
    except LaunchError:
        there = False
    return None if there else f"no {argument} in {target.place or 'the root of the host'}"


def _hugepages(argument: str, target: Target) -> str | None:
    free = 0
    for size in _HUGE.glob("hugepages-*"):
        free += int(_read(size / "free_hugepages") or 0)
    return None if free else "no free huge pages on this host"


def _numa(argument: str, target: Target) -> str | None:
    if not argument.isdecimal():
        raise KnowledgeError(f"the need 'numa:{argument}' names no node", "Write numa:1.")
    nodes = _numa_nodes()
    # A kernel without NUMA has one node, and does not show it.
    return None if int(argument) in (nodes or [0]) else f"no NUMA node {argument} on this host"


def _numa_nodes() -> list[int]:
    names = [node.name for node in _NODES.glob("node*")]
    return sorted(int(name[4:]) for name in names if name[4:].isdecimal())


def _cpu(key: str) -> str | None:
    found = re.search(rf"^{key}\s*:\s*(.*)$", _read(Path("/proc/cpuinfo")), re.MULTILINE)
    return found[1] if found else None


def _bubblewrap() -> str:
    found = shutil.which("bwrap")
    if found is None:
        return "no program bwrap on this host"
    try:
        done = subprocess.run(
            [found, "--version"],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=_LIMIT,
            check=True,
        )
    except (OSError, subprocess.SubprocessError) as error:
        return f"{found} does not run: {error}"
    return done.stdout.removeprefix("bubblewrap").strip()


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace").strip()
    except OSError:
        return ""


_PROBES: Final[Mapping[str, Callable[[str, Target], str | None]]] = {
    "path": _path,
    "kvm": _kvm,
    "kvm-extension": _kvm_extension,
    "cpu": _cpu_flag,
    "program": _program,
    "package": _package,
    "interface": _interface,
    "target-file": _target_file,
    "hugepages": _hugepages,
    "numa": _numa,
}
_ALONE: Final = frozenset({"kvm", "hugepages"})
_REMEDIES: Final[Mapping[str, str]] = {
    "path": "Load the kernel's module for it, or use a kernel and a machine that have it.",
    "kvm": "Load the module of KVM for this processor, and let this user read and write /dev/kvm.",
    "kvm-extension": "Use another kernel or processor.",
    "cpu": "Use a processor that has it.",
    "program": "Install {}.",
    "package": "Install it: pip install '{}'.",
    "interface": "Make it with ip link.",
    "target-file": "Install the package of the program's distribution that has it.",
    "hugepages": "Reserve some: sysctl vm.nr_hugepages=8.",
    "numa": "Use a machine that has it.",
}
"""What to do about each kind of need; the braces stand for its argument."""
