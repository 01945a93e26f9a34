"""The messages of the protocol as types, so that they are checked like their content.

Knows no program's schema: arguments, return values and data may be anything here.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from typing import Final

from conformance.model.terms import ErrorClass
from conformance.qapi.model import Builtin, Enum, EnumMember, JsonType, Member, Object, Schema


class MessageKind(enum.StrEnum):
    """What a message is; the value is the member that distinguishes it."""

    # A request.
    EXECUTE = "execute"
    # A request to run out of band.
    EXEC_OOB = "exec-oob"
    # An event of the server.
    EVENT = "event"
    # The reply to a request that succeeded.
    RETURN = "return"
    # The reply to a request that failed.
    ERROR = "error"
    # The server's first message.
    GREETING = "QMP"


SENT: Final = (MessageKind.EXECUTE, MessageKind.EXEC_OOB)
RECEIVED: Final = (
    MessageKind.EVENT,
    MessageKind.RETURN,
    MessageKind.ERROR,
    MessageKind.GREETING,
)
CALLED: Final[Mapping[MessageKind, str]] = {
    MessageKind.EXECUTE: "request",
    MessageKind.EXEC_OOB: "request",
    MessageKind.EVENT: "event",
    MessageKind.RETURN: "reply",
    MessageKind.ERROR: "reply",
    MessageKind.GREETING: "greeting",
}
"""What a reader calls a message of each kind."""


def _object(name: str, mandatory: Mapping[str, str], optional: Mapping[str, str]) -> Object:
    return Object(
        name=name,
        members=(
            *(Member(name=key, type=kind) for key, kind in mandatory.items()),
            *(Member(name=key, type=kind, optional=True) for key, kind in optional.items()),
        ),
    )


_REQUEST: Final = {"arguments": "any", "id": "any"}
_TYPES: Final = (
    Builtin(name="any", json_type=JsonType.VALUE),
    Builtin(name="str", json_type=JsonType.STRING),
    Builtin(name="int", json_type=JsonType.INT),
    Enum(name="error-class", members=tuple(EnumMember(name=name) for name in ErrorClass)),
    _object("description", {"class": "error-class", "desc": "str"}, {}),
    _object("timestamp", {"seconds": "int", "microseconds": "int"}, {}),
    _object(MessageKind.EXECUTE, {"execute": "str"}, _REQUEST),
    _object(MessageKind.EXEC_OOB, {"exec-oob": "str"}, _REQUEST),
    _object(MessageKind.EVENT, {"event": "str", "timestamp": "timestamp"}, {"data": "any"}),
    _object(MessageKind.RETURN, {"return": "any"}, {"id": "any"}),
    _object(MessageKind.ERROR, {"error": "description"}, {"id": "any"}),
    _object(MessageKind.GREETING, {"QMP": "any"}, {}),
)
MESSAGES: Final = Schema(types={kind.name: kind for kind in _TYPES})
"""The messages as types, each named like its kind."""
