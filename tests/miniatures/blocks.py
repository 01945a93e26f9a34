"""What the exchanges on the wire ask of a machine beyond the rest: block devices, jobs, and more.

The miniature has it where it is given the word "wide": the cases that the suite derives of these
commands by their names would ask more of them than they do.
"""

from __future__ import annotations

import contextlib
import os
import socket
from typing import Any, Protocol

from .objects import PROPERTIES, TYPES
from .schema import (
    OBJECT_MEMBERS,
    Broken,
    Entry,
    RefusedError,
    array,
    command,
    entries,
    enum,
    event,
    struct,
)

BLOCKS: list[Entry] = [
    enum("DetectZeroes", "off", "on", "unmap"),
    struct(
        "Block",
        driver="str",
        node_name="str?",
        config="str?",
        image="any?",
        size="int?",
        detect_zeroes="DetectZeroes?",
        server="any?",
    ),
    struct("Node", node_name="str"),
    struct("Made", job_id="str", options="any"),
    struct("Job", device="str"),
    struct("Kvm", enabled="bool", present="bool"),
    struct("JobStatus", id="str", status="str"),
    enum("NetdevType", "hubport", "user"),
    struct("Hubport", hubid="int"),
    struct("User", hostname="str?"),
    {
        **struct("Netdev", type="NetdevType", id="str"),
        "tag": "type",
        "variants": [{"case": "hubport", "type": "Hubport"}, {"case": "user", "type": "User"}],
    },
    array("Node"),
    command("blockdev-add", "Block"),
    command("blockdev-del", "Node"),
    command("blockdev-create", "Made"),
    command("query-named-block-nodes", ret="[Node]"),
    *(command(f"query-{what}", ret="[any]") for what in ("jobs", "block-jobs", "block-exports")),
    *(command(name, "Id") for name in ("job-dismiss", "block-export-del", "device_del")),
    command("netdev_add", "Netdev"),
    command("netdev_del", "Id"),
    command("block-job-cancel", "Job"),
    command("query-balloon", ret="Balloon"),
    command("query-kvm", ret="Kvm"),
    command("system_powerdown"),
    command("migrate-pause", oob=True),
    enum("WatchdogAction", "reset", "pause", "none"),
    struct("Watchdog", action="WatchdogAction"),
    struct("Saving", val="int", size="int", filename="str"),
    command("watchdog-set-action", "Watchdog"),
    command("pmemsave", "Saving"),
    event("WATCHDOG", "Watchdog"),
    event("POWERDOWN"),
    event("JOB_STATUS_CHANGE", "JobStatus"),
]


_HELD = {4096: b"\xa5", 8192: b"\x5a"}


class Machine(Protocol):
    """The machine that the devices are in."""

    blocked: int

    def event(self, name: str, data: dict[str, Any] | None = None) -> None:
        """Tell of an event before the command is answered."""
        ...


def widened(schema: list[Entry]) -> list[Entry]:
    """Return the schema with what the exchanges want beside commands; for the whole process."""
    rules = struct("AuthZList", rules="[any]?")
    OBJECT_MEMBERS["authz-list"] = rules
    TYPES["authz-list"] = ("object", False)
    PROPERTIES["authz-list"] = {"rules": ("AuthZRuleList", [])}
    typed = any(entry["name"] == "ObjectType" for entry in schema)
    wide = [*entries(typed=typed), *([rules] if typed else [])]
    for entry in wide:
        if entry["name"] == "Parameters":
            entry["members"] = [
                *entry["members"],
                {"name": "max-postcopy-bandwidth", "type": "int", "default": None},
            ]
    return wide


class Blocks:
    """The commands; the name of each method is that of its command."""

    def __init__(self, machine: Machine, broken: Broken) -> None:
        self._machine = machine
        self._nodes: list[str] = []
        self._jobs: list[str] = []
        self._backends: list[str] = []
        self._broken = broken
        self._action = "reset"

    def _blockdev_add(  # noqa: PLR0913 - the members of a command's arguments
        self,
        driver: str,
        node_name: str = "",
        config: str = "",
        image: Any = None,
        size: int = 0,
        detect_zeroes: str = "off",
        server: Any = None,
    ) -> dict[str, Any]:
        if driver not in ("blkdebug", "nbd", "null-co") or not node_name:
            raise RefusedError(f"Unknown driver '{driver}'")
        if node_name in self._nodes:
            raise RefusedError(f"node-name={node_name} is in use")
        if driver == "nbd":
            self._connect(str(server["path"]), node_name)
        if config:
            # A file that is there is read to its end; who writes a pipe may take time for that.
            with contextlib.suppress(OSError):
                self._machine.blocked = os.open(config, os.O_RDONLY | os.O_NONBLOCK)
        self._nodes.append(node_name)
        return {}

    def _connect(self, path: str, node_name: str) -> None:
        """Connect to a server; what keeps its promises does not wait for what that says."""
        with socket.socket(socket.AF_UNIX) as server:
            server.connect(path)
            if "waits-for-peer" in self._broken:
                self._machine.blocked = server.detach()
                return
            if not self._broken & {"freezes-for-peer", "dies-of-garbage", "peer-takes-name"}:
                return
            said = server.recv(8)
        if "peer-takes-name" in self._broken and not said:
            self._nodes.append(node_name)
        if "dies-of-garbage" in self._broken and said not in (b"", b"NBDMAGIC"):
            os._exit(3)
        if said != b"NBDMAGIC":
            raise RefusedError("this is no server of NBD")

    def _blockdev_del(self, node_name: str) -> dict[str, Any]:
        if node_name not in self._nodes:
            raise RefusedError(f"Failed to find node with node-name='{node_name}'")
        self._nodes.remove(node_name)
        return {}

    def _query_named_block_nodes(self) -> list[dict[str, Any]]:
        return [{"node-name": name} for name in self._nodes]

    def _blockdev_create(self, job_id: str, options: Any) -> dict[str, Any]:
        self._jobs.append(job_id)
        for status in ("created", "running", "waiting", "pending", "concluded"):
            self._machine.event("JOB_STATUS_CHANGE", {"id": job_id, "status": status})
        return {}

    def _job_dismiss(self, id: str) -> dict[str, Any]:
        if id not in self._jobs:
            raise RefusedError(f"Job '{id}' not found")
        self._jobs.remove(id)
        self._machine.event("JOB_STATUS_CHANGE", {"id": id, "status": "null"})
        return {}

    def _query_jobs(self) -> list[Any]:
        return []

    def _query_block_jobs(self) -> list[Any]:
        return []

    def _query_block_exports(self) -> list[Any]:
        return []

    def _block_job_cancel(self, device: str) -> dict[str, Any]:
        raise RefusedError(f"Block job '{device}' not found", "DeviceNotActive")

    def _block_export_del(self, id: str) -> dict[str, Any]:
        raise RefusedError(f"Export '{id}' is not found")

    def _device_del(self, id: str) -> dict[str, Any]:
        raise RefusedError(f"Device '{id}' not found", "DeviceNotFound")

    def _netdev_add(self, id: str, **settings: Any) -> dict[str, Any]:
        if not id[:1].isalpha():
            raise RefusedError("Parameter 'id' expects an identifier")
        if id in self._backends and "takes-a-taken-back-end" not in self._broken:
            raise RefusedError(f"Duplicate ID '{id}' for netdev")
        self._backends.append(id)
        return {}

    def _netdev_del(self, id: str) -> dict[str, Any]:
        if id not in self._backends:
            raise RefusedError(f"Device '{id}' not found", "DeviceNotFound")
        self._backends.remove(id)
        return {}

    def _query_balloon(self) -> dict[str, Any]:
        raise RefusedError("No balloon device has been activated", "DeviceNotActive")

    def _query_kvm(self) -> dict[str, Any]:
        return {"enabled": False, "present": False}

    def _watchdog_set_action(self, action: str) -> dict[str, Any]:
        self._action = "none" if "action-dropped" in self._broken else action
        return {}

    def end_of_time(self) -> None:
        """Let the watchdog do what it is to do."""
        self._machine.event("WATCHDOG", {"action": self._action})

    def _pmemsave(self, val: int, size: int, filename: str) -> dict[str, Any]:
        """Save the memory, in which two bytes are not zero."""
        held = b"" if "memory-saved-elsewhere" in self._broken else _HELD.get(val, b"")
        with open(filename, "wb") as file:
            file.write(held.ljust(size, b"\0")[:size])
        return {}

    def _system_powerdown(self) -> dict[str, Any]:
        self._machine.event("POWERDOWN")
        return {}

    def _migrate_pause(self) -> dict[str, Any]:
        raise RefusedError("migrate-pause is only possible during postcopy migration")
