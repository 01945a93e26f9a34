"""Which arguments the values of a kind fit, by their types; knows no command and no object type."""

from __future__ import annotations

from conformance.knowledge.arguments import ArgumentShape
from conformance.qapi.model import Alternate, Array, Builtin, JsonType, Schema
from conformance.space.integers import is_integer


def shape_of(schema: Schema, type_name: str) -> ArgumentShape | None:
    """Return the shape of a type's values, None if no kind of values fits them."""
    match schema.type(type_name):
        case Builtin(json_type=JsonType.STRING):
            return ArgumentShape.STRING
        case Builtin() as kind if is_integer(kind):
            return ArgumentShape.INTEGER
        case Array():
            return ArgumentShape.ARRAY
        case Alternate(members=members):
            shapes = [shape_of(schema, member) for member in members]
            return ArgumentShape.STRING if ArgumentShape.STRING in shapes else None
        case _:
            return None
