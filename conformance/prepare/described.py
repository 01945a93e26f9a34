"""A program without introspection: what it serves, and what the source of its release says of that.

Judges nothing, and knows no command but the one that lists the others.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from conformance.derive.inputs import Facts
from conformance.digest.digest import DigestEntity
from conformance.digest.expand import schema_of
from conformance.knowledge.guest_agent_blocklist import Withheld
from conformance.launch.pool import Pool
from conformance.model.errors import LaunchError
from conformance.model.stage import MachineSpec, Request
from conformance.model.terms import ABSENT
from conformance.qapi.model import Schema
from conformance.qapi.qom import ObjectModel
from conformance.wire.connection import Connection, WireError
from conformance.wire.framing import Message, read_message

LIMIT: Final = 30.0
"""Seconds for the single reply, which takes a millisecond."""
NO_OBJECTS: Final = ObjectModel(types=(), creatable=(), properties={}, trees={})
"""The object model of a program without objects."""
_DISABLED: Final = "this build has it disabled"
_UNSERVED: Final = "this build does not have it"
NO_SCHEMA: Final = Schema(commands={}, events={}, types={})


@dataclass(frozen=True, slots=True, kw_only=True)
class Served:
    """The commands that a build lists, and those of them that are enabled."""

    listed: frozenset[str]
    enabled: frozenset[str]


def ask_served(pool: Pool, roster: str) -> Served:
    """Return what a build says that it serves; raises LaunchError."""
    with pool.take(MachineSpec()) as machine:
        connection = Connection(machine.monitor)
        connection.queue(Request(roster, ABSENT).line(0))
        try:
            read = read_message(connection.receive(LIMIT), machine.flavour.line_end)
            if not isinstance(read, Message):
                raise ValueError(read.problem)
            listed = {
                each["name"]: each["enabled"] for each in read.value["return"]["supported_commands"]
            }
        except (WireError, KeyError, TypeError, ValueError) as error:
            ending = machine.ending(1.0)
            said = f": {ending.stderr.strip()}" if ending else ""
            raise LaunchError(
                f"{machine.target.program} does not say in answer to {roster} what it serves "
                f"({error!r}){said}",
                "Correct the target's program or arguments.",
            ) from error
    return Served(
        listed=frozenset(listed), enabled=frozenset(name for name, on in listed.items() if on)
    )


def unasked(facts: Facts | None, served: Served, withheld: Withheld) -> Mapping[str, str]:
    """Return the commands of source and build that the suite does not send, with the reasons."""
    commands = _schema(facts.entities).commands if facts else {}
    return dict(_unasked(sorted({*commands, *served.listed}), served, withheld))


def _unasked(names: list[str], served: Served, withheld: Withheld) -> Iterator[tuple[str, str]]:
    for name in names:
        why = withheld.why(name)
        if why is None and name not in served.listed:
            why = _UNSERVED
        elif why is None and name not in served.enabled:
            why = _DISABLED
        if why is not None:
            yield name, why


def described(facts: Facts | None, without: Mapping[str, str]) -> Schema:
    """Return the schema for deriving cases: that of the source, less the commands `without`."""
    if facts is None:
        return NO_SCHEMA
    schema = _schema(facts.entities)
    commands = {name: each for name, each in schema.commands.items() if name not in without}
    return Schema(commands=commands, events=schema.events, types=schema.types)


def _schema(entities: Mapping[str, DigestEntity]) -> Schema:
    return schema_of(entities)
