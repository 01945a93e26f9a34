"""A migration that comes in: a server, and a client of its that calls a caller.

The miniature has it where it is given the word "wide".
"""

from __future__ import annotations

import socket
from typing import Any

from .blocks import Machine
from .schema import Broken, Entry, RefusedError, command, enum, event, struct

_SECONDS = 2.0
"""How long somebody who was called may take to call back."""

INCOMING: list[Entry] = [
    enum("MigrationStatus", "none", "failed", "completed"),
    struct("Incoming", uri="str", exit_on_error="bool?"),
    struct("MigrationInfo", status="MigrationStatus?", error_desc="str?"),
    struct("MigrationTold", status="MigrationStatus"),
    struct("ChardevMade", id="str", backend="any"),
    struct("Capabilities", capabilities="any"),
    command("migrate-incoming", "Incoming"),
    command("migrate-set-capabilities", "Capabilities"),
    command("query-migrate", ret="MigrationInfo"),
    command("chardev-add", "ChardevMade"),
    event("MIGRATION", "MigrationTold"),
]


class Incoming:
    """The commands; the name of each method is that of its command."""

    def __init__(self, machine: Machine, broken: Broken) -> None:
        self._machine, self._broken = machine, broken
        self._listener: socket.socket | None = None
        self._status = ""

    def _migrate_incoming(self, uri: str, exit_on_error: bool = True) -> dict[str, Any]:
        if self._listener is not None:
            raise RefusedError("the migration is expected already")
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.settimeout(_SECONDS)
        self._listener.bind(uri.removeprefix("unix:"))
        self._listener.listen()
        return {}

    def _migrate_set_capabilities(self, capabilities: Any) -> dict[str, Any]:
        return {}

    def _chardev_add(self, id: str, backend: Any) -> dict[str, Any]:
        """Call somebody, and hang up on who calls back: nobody here is a source."""
        address = backend.get("data", {}).get("addr")
        if address is None:
            return {}
        with socket.socket(socket.AF_UNIX) as called:
            called.connect(address["data"]["path"])
            if self._listener is not None:
                self._listener.accept()[0].close()
                spoiled = "spoiled-migration-completes" in self._broken
                self._status = "completed" if spoiled else "failed"
                self._machine.event("MIGRATION", {"status": self._status})
        return {}

    def _query_migrate(self) -> dict[str, Any]:
        why = {"error-desc": "nobody was a source"} if self._status == "failed" else {}
        return {"status": self._status, **why} if self._status else {}
