"""The integer types by name: the rule for each, and its range; knows no schema."""

from __future__ import annotations

from typing import Final

from conformance.qapi.model import ANY_INT, INT64, Builtin, IntRange, JsonType, Type
from conformance.qapi.qom import INTEGER_RANGES

_RULES: Final = {
    "int": "Q03",
    "int64": "Q03",
    "int8": "Q04",
    "int16": "Q04",
    "int32": "Q04",
    "uint8": "Q05",
    "uint16": "Q05",
    "uint32": "Q05",
    "uint64": "Q06",
    "size": "Q07",
}
WIDEST: Final = "Q06"
"""The rule that refuses what no integer type takes."""
_LENIENT: Final = frozenset({"Q06", "Q07"})
"""The rules of the types for which servers accept negative numbers, on purpose (see there)."""


def is_integer(kind: Type) -> bool:
    """Return whether a type is an integer type of any width."""
    return isinstance(kind, Builtin) and kind.json_type is JsonType.INT


def width_of(kind: Builtin) -> str | None:
    """Return the name of the integer type, None for an integer of unknown width."""
    return None if kind.range == ANY_INT or kind.name not in _RULES else kind.name


def rule_of(width: str | None) -> str:
    """Return the rule of an integer type; for an unknown one, that of the widest."""
    return WIDEST if width is None else _RULES.get(width, WIDEST)


def is_let_through(rule: str, value: int) -> bool:
    """Return whether servers may take `value` as a large one where the rule wants none below 0."""
    return rule in _LENIENT and INT64.low <= value < 0


def range_of(width: str | None) -> IntRange:
    """Return the range of an integer type; for an unknown one, everything that some type takes."""
    known = None if width is None else INTEGER_RANGES.get(width)
    return ANY_INT if known is None else IntRange(*known)
