"""Declared names that no digest has, each with the reason.

Knows no digest.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import Annotated

from conformance.knowledge.common import REASON
from conformance.knowledge.keys import Key


class UndigestedKind(enum.StrEnum):
    """The kind of a declared name."""

    # A command.
    COMMAND = "command"
    # An event.
    EVENT = "event"
    # A type that object-add creates.
    OBJECT_TYPE = "object type"
    # Any QOM type, such as a device.
    QOM_TYPE = "QOM type"
    # A machine, as -machine takes it.
    MACHINE = "machine"
    # A member of an object type: TYPE.MEMBER.
    PROPERTY = "property"
    # A member of a command's arguments or answer, or of an event's data: NAME.PATH.
    MEMBER = "member"
    # A value of an enumeration there: NAME.PATH=VALUE.
    VALUE = "value"
    # An architecture of guests.
    ARCH = "architecture"
    # A rule of the catalogue.
    RULE = "rule"


@dataclass(frozen=True, slots=True, kw_only=True)
class Undigested:
    """Names of one kind that no digest has, nor the list of QOM types."""

    kind: Annotated[
        UndigestedKind,
        Key("the kind of name", identity=True),
    ]
    names: Annotated[
        tuple[str, ...],
        Key(
            "the names: `TYPE.MEMBER` for a property, `NAME.PATH` for a member of arguments, data "
            "or an answer (the command or event, and the path without element numbers), "
            "`NAME.PATH=VALUE` for a value; `*` stands for anything",
            some=True,
            identity=True,
            each=True,
        ),
    ]
    reason: Annotated[str, REASON]


@dataclass(frozen=True, kw_only=True)
class UndigestedPart:
    """The names without a digest that a file declares."""

    undigested: Annotated[
        tuple[Undigested, ...],
        Key(
            "names of a release, or of a distribution, without a digest: otherwise, a name "
            "that no digest has is an error"
        ),
    ] = ()
