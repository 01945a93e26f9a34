"""A schema as JSON Schema says of every value what the suite's own validator says."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import jsonschema
import pytest

from conformance.digest.expand import schema_of as schema_of_digest
from conformance.knowledge.digests import load_digest
from conformance.model.flavour import Program
from conformance.model.terms import JsonValue
from conformance.qapi.json_schema import Description, Dialect
from conformance.qapi.model import Schema, UnknownNameError
from conformance.qapi.validate import Validator
from conformance.space.faults import faults
from conformance.space.values import variations
from tests.qapi.schemas import (
    ADDRESSES,
    alternate,
    array,
    command,
    enum,
    event,
    member,
    optional,
    schema_of,
    struct,
    union,
)

# JSON Schema counts 1.0 among the integers, QMP does not: the two are told apart here.
STRICT: Final = jsonschema.Draft202012Validator.TYPE_CHECKER.redefine(
    "integer", lambda _, value: type(value) is int
)
STRICT_VALIDATOR: Final = jsonschema.validators.extend(  # type: ignore[no-untyped-call]
    jsonschema.Draft202012Validator, type_checker=STRICT
)
TREE: Final = schema_of(
    *ADDRESSES,
    struct("Leaf", member("name", "str")),
    alternate("Ref", "str", "Node"),
    enum("Kind", "leaf", "pair", "none"),
    struct("Pair", member("left", "Ref"), optional("right", "[Ref]")),
    array("[Ref]", "Ref"),
    union("Node", "kind", [member("kind", "Kind")], {"leaf": "Leaf", "pair": "Pair"}),
    command("grow", "Node", "[Ref]"),
    command("connect", "Address"),
    {**command("pause"), "allow-oob": True},
    command("old", features=["deprecated", "unstable"]),
    event("GROWN", "Leaf"),
    event("STOP"),
)
BRANCHES: Final = 12
GROW: Final = {"kind": "pair", "left": "a", "right": [{"kind": "leaf", "name": "b"}]}


def judge(schema: Schema, name: str, dialect: Dialect = Dialect.DRAFT_2020_12) -> Any:
    return STRICT_VALIDATOR(Description(schema=schema, dialect=dialect).document(name))


def released(name: str) -> Schema:
    return schema_of_digest(load_digest(name).schemas[Program.SYSTEM], whole=True)


@pytest.mark.parametrize(
    ("message", "valid"),
    [
        ({"execute": "grow", "arguments": GROW, "id": [1]}, True),
        ({"execute": "grow", "arguments": {"kind": "none"}}, True),
        ({"execute": "grow"}, False),
        ({"execute": "grown", "arguments": GROW}, False),
        ({"exec-oob": "grow", "arguments": GROW}, False),
        ({"execute": "grow", "arguments": {**GROW, "name": "of another branch"}}, False),
        ({"execute": "grow", "arguments": {**GROW, "left": 1}}, False),
        ({"execute": "grow", "arguments": {**GROW, "left": {"kind": "leaf"}}}, False),
        ({"execute": "grow", "arguments": {"left": "a"}}, False),
    ],
)
def test_a_request_is_described(message: object, valid: bool) -> None:
    assert judge(TREE, "grow").is_valid(message) is valid


@pytest.mark.parametrize(
    ("message", "valid"),
    [
        ({"execute": "pause"}, True),
        ({"exec-oob": "pause", "arguments": {}}, True),
        ({"execute": "pause", "exec-oob": "pause"}, False),
        ({}, False),
    ],
)
def test_what_runs_out_of_band_is_asked_in_one_way(message: object, valid: bool) -> None:
    assert judge(TREE, "pause").is_valid(message) is valid


@pytest.mark.parametrize(
    ("name", "data", "valid"),
    [
        ("STOP", {}, True),
        ("STOP", {"data": {}}, True),
        ("GROWN", {"data": {"name": "a"}}, True),
        ("GROWN", {}, False),
        ("GROWN", {"data": {"name": 1}}, False),
    ],
)
def test_an_event_is_described(name: str, data: dict[str, Any], valid: bool) -> None:
    whole = {"event": name, "timestamp": {"seconds": 1, "microseconds": 2}, **data}

    assert judge(TREE, name).is_valid(whole) is valid


def test_features_are_told_and_deprecation_in_the_dialects_own_words() -> None:
    (new, old) = (
        Description(schema=TREE, dialect=each).document("old")[key]["old.request"]
        for each, key in ((Dialect.DRAFT_2020_12, "$defs"), (Dialect.DRAFT_07, "definitions"))
    )

    assert (new["deprecated"], new["x-qapi-features"]) == (True, ["deprecated", "unstable"])
    assert "deprecated" not in old


def test_what_is_open_takes_more_members() -> None:
    closed, opened = (
        STRICT_VALIDATOR(Description(schema=TREE, open=each).document("grow"))
        for each in (frozenset[str](), frozenset({"grow"}))
    )
    more = {"execute": "grow", "arguments": {**GROW, "more": 1}}

    assert (closed.is_valid(more), opened.is_valid(more)) == (False, True)


def test_examples_stand_at_their_member() -> None:
    examples = {("Address", "host"): ("a", "b")}
    document = Description(schema=TREE, examples=examples).document("connect")

    assert document["$defs"]["Address.inet"]["properties"]["host"] == {
        "type": "string",
        "examples": ["a", "b"],
    }


def test_a_type_has_a_document_and_an_unknown_name_has_none() -> None:
    assert judge(TREE, "Ref").is_valid("a")
    with pytest.raises(UnknownNameError):
        Description(schema=TREE).document("shrink")


@pytest.mark.parametrize("dialect", Dialect)
@pytest.mark.parametrize("name", ["", "grow", "STOP", "[Ref]"])
def test_a_document_is_valid_in_its_dialect(name: str, dialect: Dialect) -> None:
    document = Description(schema=TREE, dialect=dialect).document(name)
    judge_of: dict[Dialect, Any] = {
        Dialect.DRAFT_2020_12: jsonschema.Draft202012Validator,
        Dialect.DRAFT_07: jsonschema.Draft7Validator,
    }
    meta = judge_of[dialect].META_SCHEMA

    assert document["$schema"].rstrip("#") == meta["$schema"].rstrip("#")
    assert [*judge_of[dialect](meta).iter_errors(document)] == []


def values_of(schema: Schema, name: str) -> Iterator[JsonValue]:
    """Yield values of a type, and each of them with one fault."""
    for number, (_, value) in enumerate(variations(schema, name)):
        yield value
        # Those of the first branches meet every kind of type.
        for fault in faults(schema, name, value) if number < BRANCHES else ():
            yield fault.value


@pytest.mark.parametrize("release", ["7.2", "10.0"])
def test_both_validators_say_the_same_of_all_types_of_a_release(release: str) -> None:
    schema = released(release)
    own = Validator(schema)
    whole = Description(schema=schema).document()
    asked = [each.arg_type for each in schema.commands.values()]
    asked += [each.arg_type for each in schema.events.values()]
    asked += [each.ret_type for each in schema.commands.values()]
    seen = {True: 0, False: 0}
    for name in dict.fromkeys(asked):
        described = Description(schema=schema).of_type(name)
        other = STRICT_VALIDATOR({**whole, **described})
        for value in values_of(schema, name):
            valid = own.check(name, value) is None
            seen[valid] += 1
            assert other.is_valid(value) is valid, (name, value)

    assert min(seen.values()) > 500
