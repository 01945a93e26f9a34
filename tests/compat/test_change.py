"""A comparison leaves the process in the form that its JSON Schema describes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

import conformance.report
from conformance.compat.change import (
    Change,
    ChangeClass,
    ChangeKind,
    Comparison,
    Direction,
    SideFacts,
    SideKind,
    to_json,
)

SCHEMA: dict[str, Any] = json.loads(
    (Path(conformance.report.__path__[0]) / "comparison.schema.json").read_text()
)
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)
BARE = Change(
    kind=ChangeKind.COMMAND_REMOVED,
    change_class=ChangeClass.INCOMPATIBLE,
    subject="command c",
    place="command c",
    rule="Q71",
)
FULL = Change(
    kind=ChangeKind.TYPE_CHANGED,
    change_class=ChangeClass.UNSTABLE,
    subject="command c",
    place="command c: argument x",
    rule="Q71",
    direction=Direction.INPUT,
    old="string",
    new="int",
    reason="marked unstable",
    others=("command d: argument x",),
)
OLD = SideFacts(name="old.json", kind=SideKind.INTROSPECTION)
NEW = SideFacts(name="10.0", kind=SideKind.DIGEST, version="10.0.2", detail="here")


def test_a_comparison_is_of_the_form_that_is_described() -> None:
    value = to_json(Comparison(old=OLD, new=NEW, changes=(BARE, FULL), notes=("n",)))

    VALIDATOR.validate(json.loads(json.dumps(value)))
    assert value["counts"] == {
        "incompatible": 1,
        "deprecated-first": 0,
        "unstable": 1,
        "configuration": 0,
        "unreachable": 0,
        "compatible": 0,
    }
    assert value["old"] == {
        "name": "old.json", "kind": "saved introspection", "version": "", "detail": "",
    }  # fmt: skip


def test_members_that_say_nothing_are_left_out_of_a_change() -> None:
    bare, full = to_json(Comparison(old=OLD, new=NEW, changes=(BARE, FULL)))["changes"]

    assert bare.keys() == {"class", "kind", "subject", "place", "rule"}
    assert full == {
        "class": "unstable",
        "kind": "type changed",
        "subject": "command c",
        "place": "command c: argument x",
        "rule": "Q71",
        "direction": "input",
        "old": "string",
        "new": "int",
        "reason": "marked unstable",
        "others": ["command d: argument x"],
    }


@pytest.mark.parametrize(
    ("words", "place"),
    [
        (ChangeClass, ("change", "properties", "class", "enum")),
        (ChangeKind, ("change", "properties", "kind", "enum")),
        (Direction, ("change", "properties", "direction", "enum")),
        (SideKind, ("side", "properties", "kind", "enum")),
    ],
    ids=["classes", "kinds", "directions", "sides"],
)
def test_the_schema_and_the_code_know_the_same_words(words: Any, place: tuple[str, ...]) -> None:
    found = SCHEMA["$defs"]
    for key in place:
        found = found[key]

    assert found == [str(word) for word in words]


def test_classes_are_ranked_from_the_worst() -> None:
    assert [each.rank for each in ChangeClass] == list(range(6))
    assert min(ChangeClass, key=lambda each: each.rank) is ChangeClass.INCOMPATIBLE
