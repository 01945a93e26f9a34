"""The schema that a real QEMU gives of itself."""

from __future__ import annotations

from typing import Any

import pytest

from conformance.qapi.flatten import branch_of, branches
from conformance.qapi.introspection import read_introspection
from conformance.qapi.model import Object
from conformance.qapi.validate import Validator
from conformance.wire.session import Session
from tests.patience import PATIENCE
from tests.wire.machine import machine

pytestmark = pytest.mark.qemu


@pytest.fixture(scope="module")
def entries() -> Any:
    with machine() as sock, Session(sock, PATIENCE) as session:
        return session.execute("query-qmp-schema")


def test_every_entry_is_read(entries: Any) -> None:
    schema = read_introspection(entries)
    read = {*schema.commands, *schema.events, *schema.types}
    assert read == {entry["name"] for entry in entries}


def test_the_schema_is_of_the_type_that_it_gives_itself(entries: Any) -> None:
    schema = read_introspection(entries)
    returns = schema.command("query-qmp-schema").ret_type
    assert Validator(schema).check(returns, entries) is None


def test_every_object_type_has_branches_that_can_be_found_again(entries: Any) -> None:
    schema = read_introspection(entries)
    objects = [name for name, kind in schema.types.items() if isinstance(kind, Object)]
    assert objects
    for name in objects:
        for each in branches(schema, name):
            names = [member.name for member in each.members]
            assert len(set(names)) == len(names)
            assert branch_of(schema, name, *(case for _, case in each.tags)) == each


def test_arguments_are_judged_by_it(entries: Any) -> None:
    schema = read_introspection(entries)
    validator, arguments = Validator(schema), schema.command("blockdev-add").arg_type
    node: dict[str, Any] = {"driver": "null-co", "node-name": "n", "size": 1}
    nested = {"driver": "raw", "file": node}
    assert validator.check(arguments, nested) is None
    node["size"] = "1M"
    fault = validator.check(arguments, nested)
    assert fault is not None
    assert fault.path == "file.size"
