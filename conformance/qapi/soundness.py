"""Finds the part of a schema that does not contradict itself.

Leaves out what cannot be used, with everything that needs it, so that the rest can be flattened and
validated against without further checks. Knows neither entries nor how the part is used.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from conformance.qapi.consistency import Checker
from conformance.qapi.model import Command, Event, Schema


def sound_part(schema: Schema, listed: Iterable[str] = ()) -> Schema:
    """Return the largest part of `schema` that does not contradict itself.

    Its `left_out` are the names of commands and events that it lacks, whether they were in the
    schema or were only `listed` (by entries that could not be read).
    """
    part = _shrunk(schema)
    named = {*schema.commands, *schema.events, *listed}
    return replace(part, left_out=frozenset(named - part.commands.keys() - part.events.keys()))


def _shrunk(schema: Schema) -> Schema:
    part = schema
    while True:
        # In the next round, whatever needs a type that was left out is left out, too.
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
    """Return whether the types that a command or event names exist."""
    if any(checker.object_type("", entity.arg_type, "")):
        return False
    return isinstance(entity, Event) or not any(checker.any_type(entity.ret_type, ""))
