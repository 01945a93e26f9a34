"""Whether a request uses what a schema marks with a feature; knows nothing but a schema."""

from __future__ import annotations

from conformance.model.stage import Request
from conformance.model.terms import JsonValue, as_object
from conformance.qapi.flatten import variant_of
from conformance.qapi.model import Alternate, Array, Enum, Object, Schema


def is_marked(schema: Schema, request: Request, feature: str) -> bool:
    """Return whether the command of `request`, a member or a value in it has the feature.

    A command that the schema does not know has none.
    """
    command = schema.commands.get(request.execute)
    if command is None:
        return False
    arguments = as_object(request.arguments)
    return feature in command.features or _uses(schema, command.arg_type, arguments, feature)


def _uses(schema: Schema, type_name: str, value: JsonValue, feature: str) -> bool:
    kind = schema.type(type_name)
    match kind:
        case Enum():
            return any(part.name == value and feature in part.features for part in kind.members)
        case Array():
            elements = value if isinstance(value, list | tuple) else ()
            return any(_uses(schema, kind.element, each, feature) for each in elements)
        case Alternate():
            # Which branch a value takes hangs on its JSON type: whatever fits none finds nothing.
            return any(_uses(schema, name, value, feature) for name in kind.members)
        case Object():
            return isinstance(value, dict) and _object_uses(schema, kind, value, feature)
        case _:
            return False


def _object_uses(schema: Schema, kind: Object, value: dict[str, JsonValue], feature: str) -> bool:
    for member in kind.members:
        if member.name in value:
            own = feature in member.features
            if own or _uses(schema, member.type, value[member.name], feature):
                return True
    tag = value.get(kind.tag) if kind.tag is not None else None
    if not isinstance(tag, str):
        return False
    variant = variant_of(schema, kind, tag)
    return _object_uses(schema, variant, value, feature)
