"""Judges what a client could enable beside what it was offered; knows no connection."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from conformance.judge.events import message_of
from conformance.judge.observation import Talk
from conformance.model.script import Hear, Send, Turn, What
from conformance.qapi.model import Array, Enum, Object, Schema

NEGOTIATE: Final = "qmp_capabilities"
"""The command that enables capabilities."""
_ENABLE: Final = "enable"


def known_capabilities(schema: Schema) -> frozenset[str] | None:
    """Return the capabilities that introspection says can be enabled, None if it does not say."""
    command = schema.commands.get(NEGOTIATE)
    taken = schema.types.get(command.arg_type) if command else None
    for member in taken.members if isinstance(taken, Object) else ():
        kind = schema.types.get(member.type)
        element = schema.types.get(kind.element) if isinstance(kind, Array) else None
        if member.name == _ENABLE and isinstance(element, Enum):
            return frozenset(value.name for value in element.members)
    return None


def enabled_unoffered(turns: Sequence[Turn], talk: Talk, line: str) -> tuple[str, ...]:
    """Return what the last request of `turns` on a line asks to enable, and its greeting lacks.

    Nothing, where the turns do not show the greeting of that line.
    """
    offered: list[str] | None = None
    asked: list[str] = []
    for turn, heard in zip(turns, talk.heard, strict=False):
        match turn:
            case Hear(line=own, what=What.GREETING) if own == line and heard.lines:
                offered = [*_strings(_at(message_of(heard.lines[-1]), "QMP", "capabilities"))]
            case Send(line=own) if own == line:
                asked = [*_strings(_at(_request(turn.data), "arguments", _ENABLE))]
    if offered is None:
        return ()
    return tuple(each for each in asked if each not in offered)


def _request(data: bytes) -> Any:
    try:
        return json.loads(data)
    except ValueError:
        return None


def _at(value: Any, *names: str) -> Any:
    for name in names:
        value = value.get(name) if isinstance(value, Mapping) else None
    return value


def _strings(value: Any) -> Iterator[str]:
    yield from (each for each in value if isinstance(each, str)) if isinstance(value, list) else ()
