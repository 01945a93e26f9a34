"""Whether a request uses what a schema marks, at any depth."""

from __future__ import annotations

from typing import Any

import pytest

from conformance.model.stage import Request
from conformance.qapi.introspection import read_introspection
from conformance.space.marks import is_marked
from tests.qapi.schemas import BUILTINS

MARK = ["deprecated"]
ENTRIES: list[dict[str, Any]] = [
    *BUILTINS,
    {
        "name": "Mode",
        "meta-type": "enum",
        "members": [{"name": "new"}, {"name": "old", "features": MARK}],
        "values": ["new", "old"],
    },
    {"name": "empty", "meta-type": "object", "members": []},
    {"name": "[Mode]", "meta-type": "array", "element-type": "Mode"},
    {"name": "Either", "meta-type": "alternate", "members": [{"type": "Mode"}, {"type": "int"}]},
    {
        "name": "Branch",
        "meta-type": "object",
        "members": [{"name": "weak", "type": "int", "default": None, "features": MARK}],
    },
    {
        "name": "Args",
        "meta-type": "object",
        "tag": "mode",
        "variants": [{"case": "new", "type": "Branch"}, {"case": "old", "type": "empty"}],
        "members": [
            {"name": "mode", "type": "Mode"},
            {"name": "more", "type": "[Mode]", "default": None},
            {"name": "either", "type": "Either", "default": None},
        ],
    },
    {"name": "run", "meta-type": "command", "arg-type": "Args", "ret-type": "empty"},
    {
        "name": "gone",
        "meta-type": "command",
        "arg-type": "empty",
        "ret-type": "empty",
        "features": MARK,
    },
]


@pytest.mark.parametrize(
    ("execute", "arguments", "marked"),
    [
        ("run", {"mode": "new"}, False),
        ("run", {"mode": "old"}, True),
        ("run", {"mode": "new", "weak": 1}, True),
        ("run", {"mode": "new", "more": ["new", "new"]}, False),
        ("run", {"mode": "new", "more": ["new", "old"]}, True),
        ("run", {"mode": "new", "either": "old"}, True),
        ("run", {"mode": "new", "either": 1}, False),
        ("gone", {}, True),
        ("unknown", {}, False),
    ],
)
def test_what_is_marked_is_found(execute: str, arguments: dict[str, Any], marked: bool) -> None:
    schema = read_introspection(ENTRIES)

    assert is_marked(schema, Request(execute, arguments), "deprecated") is marked
    assert not is_marked(schema, Request(execute, arguments), "unstable")
