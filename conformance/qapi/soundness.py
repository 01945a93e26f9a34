"""The part of a schema that agrees with itself; knows neither entries nor where it is used.

What is unusable is left out, with everything that needs it, so that the rest can be flattened and
validated against without further question.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from conformance.qapi.consistency import Checker
from conformance.qapi.model import Command, Event, Schema


def sound_part(schema: Schema, listed: Iterable[str] = ()) -> Schema:
    """Return the largest part of `schema` that does not contradict itself.

    Of the names of commands and events that it lacks, whether they stood there or were only
    `listed` (of entries that could not be read), it says so in `left_out`.
    """
    part = _shrunk(schema)
    named = {*schema.commands, *schema.events, *listed}
    return replace(part, left_out=frozenset(named - part.commands.keys() - part.events.keys()))


def _shrunk(schema: Schema) -> Schema:
    part = schema
    while True:
        # A type that was left out takes along, in the next round, those that need it.
        checker = Checker(part)
        types = {n: k for n, k in part.types.items() if not any(checker.contradictions(k, ""))}
        if len(types) == len(part.types):
            break
        part = replace(part, types=types)
    checker = Checker(part)
    return replace(
        part,
        commands={n: c for n, c in part.commands.items() if _is_usable(checker, c)},
        events={n: e for n, e in part.events.items() if _is_usable(checker, e)},
    )


def _is_usable(checker: Checker, entity: Command | Event) -> bool:
    """Return whether the types that a command or an event names are there."""
    if any(checker.object_type("", entity.arg_type, "")):
        return False
    return isinstance(entity, Event) or not any(checker.any_type(entity.ret_type, ""))
