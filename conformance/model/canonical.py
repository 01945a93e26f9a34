"""The suite's only JSON writer: equal values, equal bytes."""

from __future__ import annotations

import hashlib
import json
import json.encoder
from collections.abc import Callable
from typing import Any, Final

_COMPACT: Final = json.JSONEncoder(separators=(",", ":"), allow_nan=False, check_circular=False)
_CANONICAL: Final = json.JSONEncoder(separators=(",", ":"), sort_keys=True, allow_nan=False)


def parts_of(encoder: json.JSONEncoder) -> Callable[[Any, int], Any]:
    """Return what gives the parts of a value's text, the compiled encoder where there is one.

    JSONEncoder makes that anew for every value: half of the time of a plan's arguments.
    """
    compiled = getattr(json.encoder, "c_make_encoder", None)
    if compiled is None:
        return lambda value, _: encoder.iterencode(value)
    escape = json.encoder.encode_basestring_ascii
    marks = (encoder.key_separator, encoder.item_separator)
    how = (encoder.sort_keys, encoder.skipkeys, encoder.allow_nan)
    parts: Callable[[Any, int], Any] = compiled(None, encoder.default, escape, None, *marks, *how)
    return parts


_PARTS: Final = parts_of(_COMPACT)


def compact(value: Any) -> str:
    """Return `value` as JSON on one line, members in the given order, ASCII only."""
    return "".join(_PARTS(value, 0))


def canonical(value: Any) -> str:
    """Return `value` as JSON on one line with sorted members: equal values, equal text."""
    return _CANONICAL.encode(value)


def pretty(value: Any) -> str:
    """Return `value` as indented JSON with sorted members, ending in a line break."""
    return json.dumps(value, indent=1, sort_keys=True, allow_nan=False) + "\n"


def digest(value: Any) -> str:
    """Return the SHA-256 of the canonical text of `value`, in hexadecimal."""
    return hashlib.sha256(canonical(value).encode()).hexdigest()


def same(left: Any, right: Any) -> bool:
    """Return whether two JSON values are equal; 1, 1.0 and true are three values.

    Python compares them equal, but a client on the wire can tell them apart.
    """
    if type(left) is not type(right):
        return False
    if isinstance(left, dict):
        return left.keys() == right.keys() and all(same(left[k], right[k]) for k in left)
    if isinstance(left, list):
        return len(left) == len(right) and all(map(same, left, right))
    return bool(left == right)
