"""A server that lies in what it says of itself: names that are paths, control characters, too long.

It greets and answers as the miniature does.  Whoever makes file names, ids of cases, lines of a
report or words for a terminal of what it says, is led out of them.
"""

from __future__ import annotations

import sys
from typing import Any

from .schema import Broken, command
from .server import Arguments, Server, serve
from .session import Message

LONG = "m" * 1_000_000
NAMES = ("../../x", "a\0b", "line\nbreak", "\x1b[31mred\x1b[0m", "\ud800", "/etc/x", LONG)
"""None of them can be a name: each is a finding wherever it stands."""
TEXT = "\x1b]0;title\x07\n| ../../x | <script> | \ud800 \u202e\0" + "t" * 100_000
"""What every text for people says."""
_PROPERTIES = [{"name": name, "type": "string"} for name in NAMES]


def main(argv: list[str]) -> None:
    """Run the program with QEMU's arguments."""
    if "--version" in argv:
        sys.stdout.buffer.write(b"QEMU emulator version 10.0.99 (\x1b[31m" + b"v" * 5000 + b")\n")
        return
    serve(_Liar(frozenset(), complete="--preconfig" not in argv), argv, frozenset())


class _Liar(Server):
    """The miniature, with names of no use beside its own, and everything named twice once."""

    def __init__(self, broken: Broken, *, complete: bool) -> None:
        super().__init__(broken, complete=complete)
        odd = [command(name, "empty", "empty") for name in NAMES]
        kinds = [
            {
                "name": f"odd{number}",
                "meta-type": "object",
                "members": [{"name": name, "type": "str"}],
            }
            for number, name in enumerate(NAMES)
        ]
        values = {"name": "oddvalues", "meta-type": "enum", "values": list(NAMES)}
        features = {**command("featured", "empty", "empty"), "features": list(NAMES)}
        self._schema = [*self._schema, *odd, *kinds, values, features]

    def _query_qmp_schema(self) -> list[Arguments]:
        found = super()._query_qmp_schema()
        return [*found, next(entry for entry in found if entry["name"] == "query-status")]

    def greeting(self, broken: Broken) -> Message:
        """Return a greeting that bears a text for people."""
        greeting = super().greeting(broken)
        greeting["QMP"]["version"]["package"] = TEXT
        return greeting

    def _reply(self, request: Any) -> tuple[str, Message]:
        name, reply = super()._reply(request)
        if "error" in reply:
            reply["error"]["desc"] += TEXT
        return name, reply

    def _qom_list(self, path: str) -> list[Arguments]:
        found = super()._qom_list(path)
        children = [{"name": name, "type": "child<container>"} for name in NAMES]
        return [*found, *_PROPERTIES, *children, found[0]] if path == "/machine" else found

    def _qom_list_types(self, implements: str = "", abstract: bool = False) -> list[Arguments]:
        found = super()._qom_list_types(implements, abstract)
        odd = [{"name": name, "parent": "object"} for name in NAMES]
        return [*found, *odd, found[-1]] if not implements else found

    def _qom_list_properties(self, typename: str) -> list[Arguments]:
        found = super()._qom_list_properties(typename)
        return [*found, *_PROPERTIES, found[0]] if typename == "toy" else found
