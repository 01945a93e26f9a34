"""What is left of a schema that contradicts itself, and that nothing else goes."""

from __future__ import annotations

from typing import Any

import pytest

from conformance.qapi.introspection import examine, listed, read_introspection, read_usable
from conformance.qapi.model import SchemaError
from conformance.qapi.soundness import sound_part
from tests.qapi.schemas import BUILTINS


def _struct(name: str, **members: str) -> dict[str, Any]:
    return {
        "name": name,
        "meta-type": "object",
        "members": [{"name": member, "type": kind} for member, kind in members.items()],
    }


def _command(name: str, arg: str, ret: str = "empty") -> dict[str, Any]:
    return {"name": name, "meta-type": "command", "arg-type": arg, "ret-type": ret}


SOUND = [
    *BUILTINS,
    _struct("nothing"),
    _struct("inner", x="str"),
    _struct("outer", inner="inner"),
    _command("deep", "outer", "nothing"),
    _command("plain", "nothing", "nothing"),
    {"name": "DEEP", "meta-type": "event", "arg-type": "outer"},
]


def test_a_sound_schema_is_left_as_it_is() -> None:
    schema = read_introspection(SOUND)

    assert sound_part(schema) == schema
    assert read_usable(SOUND).schema == schema
    assert schema.left_out == frozenset()


def test_what_is_wrong_goes_with_all_that_needs_it_and_nothing_else() -> None:
    entries = [e if e["name"] != "inner" else _struct("inner", x="nowhere") for e in SOUND]

    found = read_usable(entries)

    assert [fault.rule for fault in found.faults] == ["Q68"]
    assert set(found.schema.commands) == {"plain"}
    assert not found.schema.events
    assert {"inner", "outer"}.isdisjoint(found.schema.types)
    assert "nothing" in found.schema.types
    assert found.schema.left_out == {"deep", "DEEP"}


def test_an_entry_that_cannot_be_read_is_left_out_by_its_name() -> None:
    entries = [
        *SOUND,
        {"name": "odd", "meta-type": "command", "arg-type": 1, "ret-type": "nothing"},
    ]

    found = read_usable(entries)

    assert found.schema.left_out == {"odd"}
    assert set(found.schema.commands) == {"deep", "plain"}


def test_the_rest_of_a_schema_is_sound() -> None:
    entries = [e if e["name"] != "inner" else _struct("inner", x="nowhere") for e in SOUND]
    schema = read_usable(entries).schema
    left = [*schema.types, *schema.commands, *schema.events]

    assert not examine([e for e in entries if e["name"] in left]).faults


@pytest.mark.parametrize("entries", [{}, [], [1]], ids=["no-array", "nothing", "no-entry"])
def test_nothing_usable_is_an_error(entries: object) -> None:
    with pytest.raises(SchemaError):
        read_usable(entries)


def test_names_are_listed_whether_or_not_their_entries_can_be_read() -> None:
    entries = [*SOUND, {"name": "odd", "meta-type": "command"}, 17, {"meta-type": "command"}]

    assert listed(entries, "command") == ("deep", "plain", "odd")
    assert listed(entries) == ("deep", "plain", "DEEP", "odd")
    assert listed({}) == ()
