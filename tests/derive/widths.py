"""Schemas made up for integers: their types have widths, as those of a build that was told them."""

from __future__ import annotations

from dataclasses import replace

from conformance.qapi.model import Builtin, IntRange, JsonType, Schema
from conformance.qapi.qom import INTEGER_RANGES
from tests.qapi.schemas import Entry, builtin, schema_of

NAMES = tuple(name for name in INTEGER_RANGES if name != "int")


def wide_schema_of(*entries: Entry) -> Schema:
    """Return the schema of `entries`, which may name integer types of every width.

    "int" is the integer of which nothing is known, "int64" and the others are as wide as they say.
    """
    schema = schema_of(*(builtin(name, "int") for name in NAMES), *entries)
    types = {
        name: Builtin(name=name, json_type=JsonType.INT, range=IntRange(*INTEGER_RANGES[name]))
        for name in NAMES
    }
    return replace(schema, types={**schema.types, **types})
