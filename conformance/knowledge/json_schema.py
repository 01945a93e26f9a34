"""The JSON Schema of files under cases/, made from the fields that the decoder reads.

Editors use it to check and complete such files. Knows the shapes of dataclasses and no file.
"""

from __future__ import annotations

import enum
from typing import Any, Final

from conformance.knowledge.shapes import (
    Choice,
    Leaf,
    Many,
    Named,
    Node,
    Record,
    Requests,
    Slot,
    shape_of,
)

FILE: Final = "schema.json"
DIRECTIVE: Final = "#:schema "
"""What precedes the schema's path in the first line of a file."""


def schema_of_files(cls: type) -> dict[str, Any]:
    """Return the JSON Schema of files with the keys of a `cls`."""
    found: dict[str, Any] = {}
    top = _record(cls, found)
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "Cases of qmp-conformance",
        "description": "Made of the classes of conformance/knowledge; docs/recipes.md tells more.",
        **top,
        "definitions": dict(sorted(found.items())),
    }


def _reference(cls: type, found: dict[str, Any]) -> dict[str, Any]:
    if cls.__name__ not in found:
        # It may contain itself.
        found[cls.__name__] = {}
        found[cls.__name__] = _record(cls, found)
    return {"$ref": f"#/definitions/{cls.__name__}"}


def _record(cls: type, found: dict[str, Any]) -> dict[str, Any]:
    properties: dict[str, Any] = {}
    required: list[str] = []
    shape = shape_of(cls)
    for slot, needed in shape.flattened():
        if slot.key.title:
            continue
        properties[slot.name] = _property(slot, found)
        if needed:
            required.append(slot.name)
    rules: list[Any] = [
        {"oneOf": [{"required": [name]} for name in names]} for names in shape.choices
    ]
    rules += [{"not": {"required": list(pair)}} for pair in shape.contradictions]
    return {
        "type": "object",
        "properties": properties,
        **({"required": required} if required else {}),
        **({"allOf": rules} if rules else {}),
        "additionalProperties": False,
    }


def _property(slot: Slot, found: dict[str, Any]) -> dict[str, Any]:
    made = _node(slot.node, found)
    text = slot.key.text.replace("`", "")
    if "$ref" in made:
        # Validators ignore keys beside a reference.
        made = {"allOf": [made]}
    default = _default(slot)
    return {
        **made,
        "description": f"{text[:1].upper()}{text[1:]}.",
        **({} if default is None else {"default": default}),
    }


def _default(slot: Slot) -> Any:
    """Return the default of a key, if a file could give that value."""
    if slot.key.form is not None:
        return None
    if isinstance(slot.default, enum.Enum):
        return slot.default.value if isinstance(slot.default, str) else None
    return slot.default if isinstance(slot.default, bool | int | float) else None


def _node(node: Node, found: dict[str, Any]) -> dict[str, Any]:
    match node:
        case Leaf():
            return dict(node.form.schema)
        case Many():
            least = {"minItems": 1} if node.some else {}
            array = {"type": "array", "items": _node(node.of, found), **least}
            named = {"type": "string", "description": f"A name under [{node.named}] of this file."}
            return {"anyOf": [array, named]} if node.named else array
        case Named():
            return {"type": "object", "additionalProperties": _node(node.of, found)}
        case Record():
            return _reference(node.cls, found)
        case Requests():
            by_name = {"type": "string", "description": "The name of requests of this file."}
            return {"type": "array", "items": {"anyOf": [_reference(node.cls, found), by_name]}}
        case Choice():
            return {"oneOf": [_reference(cls, found) for cls in node.of]}
