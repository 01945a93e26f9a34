"""A few lines of QMP, enough to ask a real build something; launch/ itself speaks none."""

from __future__ import annotations

import json
from typing import Any

from conformance.launch.machine import Machine
from tests.patience import PATIENCE

LIMIT = PATIENCE


class Client:
    """Speaks over a machine's monitor, with capabilities negotiated."""

    def __init__(self, machine: Machine) -> None:
        self._monitor = machine.monitor
        self._monitor.settimeout(LIMIT)
        self._heard = b""
        self.greeting = self._line()
        self.execute("qmp_capabilities")

    def execute(self, command: str, /, **arguments: Any) -> dict[str, Any]:
        self.send(command, **arguments)
        while True:
            line = self._line()
            if "event" not in line:
                return line

    def add_object(self, kind: str, identifier: str, /, **arguments: Any) -> dict[str, Any]:
        return self.execute("object-add", **{"qom-type": kind, "id": identifier, **arguments})

    def send(self, command: str, /, **arguments: Any) -> None:
        request = {"execute": command, "arguments": arguments}
        self._monitor.sendall(json.dumps(request).encode())

    def _line(self) -> dict[str, Any]:
        while b"\n" not in self._heard:
            more = self._monitor.recv(65536)
            if not more:
                raise EOFError("the monitor was closed")
            self._heard += more
        line, _, self._heard = self._heard.partition(b"\n")
        value: dict[str, Any] = json.loads(line)
        return value
