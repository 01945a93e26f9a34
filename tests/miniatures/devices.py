"""The devices that are plugged into the machine, and what becomes of them."""

from __future__ import annotations

from typing import Any, Protocol

from .objects import Node, Tree
from .schema import Broken, RefusedError

_PERIPHERAL = "/machine/peripheral"
_TYPES = ("pc-dimm", "ivshmem-plain", "virtio-rng-pci", "gadget")


class Machine(Protocol):
    """The machine that the devices are in."""

    def event(self, name: str, data: dict[str, Any] | None = None) -> None:
        """Tell of an event before the command is answered."""
        ...


class Devices:
    """The commands; the name of each method is that of its command."""

    def __init__(self, machine: Machine, tree: Tree, broken: Broken) -> None:
        self._machine = machine
        self._tree = tree
        self._broken = broken
        self._leaving: set[str] = set()
        """The devices that a guest was asked to give back."""

    def _device_add(
        self, driver: str, id: str = "", memdev: str = "", rng: str = ""
    ) -> dict[str, Any]:
        if driver not in _TYPES:
            raise RefusedError(f"'{driver}' is not a valid device model name")
        if id in self._there:
            raise RefusedError(f"Duplicate device ID '{id}'")
        if rng and rng not in self._tree.objects.children:
            raise RefusedError(f"Device '{rng}' not found", "DeviceNotFound")
        # A source of entropy can be deleted while it is used; memory cannot.
        self._tree.users |= {memdev} - {""}
        if id:
            unset = "other" if "device-without-default" in self._broken else ""
            self._there[id] = Node(driver, {"rng": rng or unset})
        return {}

    def start_with(self, arguments: dict[str, Any], other: dict[str, Any]) -> None:
        """Plug in a device of the command line, which reads what is in `other` instead."""
        self._device_add(**arguments)
        self._there[arguments["id"]].values.update(other)

    def _device_del(self, id: str) -> dict[str, Any]:
        if id not in self._there:
            raise RefusedError(f"Device '{id}' not found", "DeviceNotFound")
        if id in self._leaving:
            raise RefusedError(f"Device {id} is already in the process of unplug")
        self._leaving.add(id)
        return {}

    def reset(self) -> None:
        """Take away the devices of which device_del asked the guest."""
        leaving = sorted(self._leaving & self._there.keys())
        for name in leaving if "device-stays" not in self._broken else ():
            del self._there[name]
            if "device-goes-untold" not in self._broken:
                path = f"{_PERIPHERAL}/{name}"
                self._machine.event("DEVICE_DELETED", {"device": name, "path": path})
        self._leaving.clear()

    def refused(self, arguments: dict[str, Any]) -> None:
        """Leave a device behind that was refused."""
        name = arguments.get("id")
        if "refusal-leaves-device" in self._broken and isinstance(name, str):
            self._there.setdefault(name, Node("gadget", {"rng": ""}))

    @property
    def _there(self) -> dict[str, Node]:
        return self._tree.find(_PERIPHERAL)[1].children
