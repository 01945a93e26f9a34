"""Fills the key tables in pages about files under cases/, from the fields that the decoder reads.

A page marks the place with `<!-- keys: CLASS -->`. Knows no file of cases.
"""

from __future__ import annotations

import enum
import re
from collections.abc import Iterator
from typing import Any, Final

from conformance.knowledge.case_file import CaseFile
from conformance.knowledge.known_issues import KnownFile
from conformance.knowledge.shapes import (
    Choice,
    Leaf,
    Many,
    Named,
    Node,
    Record,
    Requests,
    Slot,
    flat_shape,
    shape_of,
)
from conformance.model.errors import KnowledgeError

_PART: Final = re.compile(r"(<!-- keys: (\w+) -->\n).*?(<!-- end of keys -->)", re.DOTALL)
_HEAD: Final = "| key | type | default | meaning |\n|---|---|---|---|\n"
_MACHINE: Final = "the [machine](recipes.md#machines)"


def filled(page: str) -> str:
    """Return a page with the key tables that it asks for.

    Raises KnowledgeError for a class that no file has.
    """
    seen: set[type] = set()
    files = (CaseFile, KnownFile)
    classes = {cls.__name__: cls for file in files for cls in _classes(file, seen)}

    def put(match: re.Match[str]) -> str:
        if match[2] not in classes:
            raise KnowledgeError(f"no file has a {match[2]}", f"Known: {', '.join(classes)}.")
        return f"{match[1]}\n{''.join(_table(classes[match[2]]))}\n{match[3]}"

    return _PART.sub(put, page)


def _classes(cls: type, seen: set[type]) -> Iterator[type]:
    """Yield a class and all classes within it."""
    if cls in seen:
        return
    seen.add(cls)
    yield cls
    for slot in shape_of(cls).slots:
        for inner in _within(slot.node):
            yield from _classes(inner, seen)


def _within(node: Node) -> tuple[type, ...]:
    match node:
        case Many() | Named():
            return _within(node.of)
        case Record() | Requests():
            return (node.cls,)
        case Choice():
            return node.of
        case Leaf():
            return ()


def _table(cls: type) -> Iterator[str]:
    """Yield the lines of the table of a class, then those of its turns, if it has any."""
    yield _HEAD
    yield from _rows(cls)
    for slot in shape_of(cls).slots:
        match slot.node:
            case Many(of=Choice(of=kinds)) if cls not in kinds:
                yield f"\nEach of `{slot.name}` is one of these; most take `line` and `rule`.\n"
                yield "\n| key | type | what it does |\n|---|---|---|\n"
                yield from _turns(kinds)


def _rows(cls: type) -> Iterator[str]:
    for slot in shape_of(cls).slots:
        if slot.key.title:
            continue
        if slot.key.flat:
            yield from _flat_rows(slot)
        else:
            yield _row(f"`{slot.name}`", _is(slot.node), _absence(slot), slot.key.text)


def _flat_rows(slot: Slot) -> Iterator[str]:
    """Yield the rows of a flat record; the keys of a machine share one row."""
    names = ", ".join(f"`{name}`" for name in flat_shape(slot).names)
    if slot.field == "spec":
        yield _row(names, "", "", f"{_MACHINE}; {_inherited(slot)}".rstrip("; "))
        return
    for inner in flat_shape(slot).slots:
        yield _row(f"`{inner.name}`", _is(inner.node), _absence(inner), inner.key.text)


def _inherited(slot: Slot) -> str:
    if slot.key.inherits:
        return "default: each key as in the recipe"
    return "default: the recipe's" if slot.optional else ""


def _row(*cells: str) -> str:
    return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |\n"


def _is(node: Node) -> str:
    match node:
        case Leaf():
            return node.form.words
        case Requests():
            return "array of requests or their names"
        case Many(of=Record() | Choice()):
            return "array of tables"
        case Many():
            return f"array, each {_is(node.of)}" + ", or its name" * bool(node.named)
        case Named(of=Record()):
            return "table of tables"
        case Named():
            return f"table, each {_is(node.of)}"
        case Record() | Choice():
            return "table"


def _absence(slot: Slot) -> str:
    """Return the default of a key, for a reader."""
    if slot.key.one_of:
        return "one of these"
    if slot.required:
        return "required"
    return slot.key.default or _value(slot.default)


def _value(value: Any) -> str:
    match value:
        case bool():
            return "true" if value else "false"
        case enum.Enum():
            return str(value.value)
        case int() | float():
            return str(value)
        case str():
            return value
        case tuple():
            return ", ".join(str(getattr(item, "value", item)) for item in value)
        case _:
            return ""


def _turns(classes: tuple[type, ...]) -> Iterator[str]:
    """Yield a row for each kind of turn, by its first key."""
    for cls in classes:
        first, *rest = shape_of(cls).slots
        more = "; ".join(
            f"`{slot.name}`: {slot.key.text}" for slot in rest if slot.name not in ("line", "rule")
        )
        yield _row(f"`{first.name}`", _is(first.node), f"{first.key.text}. {more}".strip(". "))
