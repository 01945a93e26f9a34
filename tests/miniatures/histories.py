"""Defects that only several requests, or several members of one, bring out."""

from __future__ import annotations

import os
from typing import Any

from .schema import Broken


class Histories:
    """What a machine remembers of its requests, and dies of."""

    def __init__(self, broken: Broken) -> None:
        self._broken = broken
        self._gone: set[str] = set()
        self._running = False
        self._made_while_running = False

    def after(self, name: str, arguments: dict[str, Any]) -> None:
        """Note a request that was accepted; end the program where that is its defect."""
        own = arguments.get("id")
        made = name == "object-add"
        if made and self._is("dies-of-two-members"):
            self._end(arguments.get("flag") is True and arguments.get("mode") == "on")
        if made and self._is("dies-of-what-is-made-again"):
            self._end(own in self._gone)
        if name == "object-del":
            self._gone.add(str(own))
            self._made_while_running = False
        if name in ("cont", "stop"):
            self._running = name == "cont"
        if made and self._running:
            self._made_while_running = True
        if name == "stop" and self._is("dies-of-what-was-made-while-running"):
            self._end(self._made_while_running)

    def _is(self, breakage: str) -> bool:
        return breakage in self._broken

    def _end(self, now: bool) -> None:
        if now:
            os._exit(3)
