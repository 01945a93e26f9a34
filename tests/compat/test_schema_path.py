"""A route is spelt without a type's name, and followed in schemas that are cut in another way."""

from __future__ import annotations

import pytest

from conformance.compat.schema_path import (
    ELEMENT,
    Found,
    Route,
    SchemaPart,
    SchemaStep,
    SchemaSubject,
    alternative,
    branch,
    counterpart,
    follow,
    member,
    tag,
    value,
)
from conformance.qapi.model import JsonType, Schema
from tests.qapi.schemas import (
    alternate,
    array,
    command,
    enum,
    event,
    optional,
    schema_of,
    struct,
    union,
)
from tests.qapi.schemas import member as has

KINDS = {
    "name": "Kind",
    "meta-type": "enum",
    "members": [{"name": "a", "features": ["deprecated"]}, {"name": "b"}],
}
SCHEMA = schema_of(
    command("c", "A", "L", features=["unstable"]),
    event("E", "T"),
    struct("A", has("x", "F"), has("old", "str", features=["deprecated"])),
    alternate("F", "str", "T"),
    array("L", "T"),
    union("T", "kind", [has("kind", "Kind"), optional("base", "str")], {"a": "B"}),
    struct("B", has("deep", "L")),
    KINDS,
)
ARGUMENT = Route(SchemaSubject.COMMAND, "c", SchemaPart.ARGUMENT)
RESULT = Route(SchemaSubject.COMMAND, "c", SchemaPart.RESULT)
DATA = Route(SchemaSubject.EVENT, "E", SchemaPart.DATA)
OBJECT = alternative(JsonType.OBJECT)


@pytest.mark.parametrize(
    ("place", "text"),
    [
        (Route(SchemaSubject.COMMAND, "c"), "command c"),
        (ARGUMENT, "command c: argument"),
        (ARGUMENT.then(member("x"), OBJECT, member("kind")), "command c: argument x<object>.kind"),
        (RESULT.then(ELEMENT, branch("kind", "a"), member("deep")),
         "command c: result [].kind=a.deep"),
        (DATA.then(tag("kind"), value("b")), "event E: data kind=b"),
        (Route(SchemaSubject.TYPE, "T").then(member("x")), "type T: x"),
    ],
    ids=str,
)  # fmt: skip
def test_a_route_reads_from_left_to_right(place: Route, text: str) -> None:
    assert str(place) == text


@pytest.mark.parametrize(
    ("place", "features", "deprecated"),
    [
        (Route(SchemaSubject.COMMAND, "c"), ("unstable",), False),
        (ARGUMENT.then(member("old")), ("deprecated",), True),
        (ARGUMENT.then(member("x"), OBJECT, tag("kind"), value("a")), ("deprecated",), True),
        (ARGUMENT.then(member("x"), OBJECT, branch("kind", "a"), member("deep")), (), True),
        (RESULT.then(ELEMENT, branch("kind", "b")), (), False),
    ],
    ids=str,
)
def test_features_on_the_way_are_gathered(
    place: Route, features: tuple[str, ...], deprecated: bool
) -> None:
    assert follow(SCHEMA, place) == Found(
        features=features, deprecated=deprecated, unstable=place.kind is SchemaSubject.COMMAND
    )


LENIENT = {
    "a member of the base is found in a branch": DATA.then(branch("kind", "a"), member("base")),
    "a member of a branch is found beside it": DATA.then(member("deep")),
    "an alternative that is not chosen": ARGUMENT.then(member("x"), branch("kind", "b")),
    "an alternative of what is no alternate": ARGUMENT.then(
        member("old"), alternative(JsonType.STRING)
    ),
    "a branch of what is no union": ARGUMENT.then(branch("kind", "a"), member("old")),
}


@pytest.mark.parametrize("place", LENIENT.values(), ids=LENIENT)
def test_it_does_not_matter_where_a_schema_is_cut(place: Route) -> None:
    assert follow(SCHEMA, place) is not None


NOWHERE = {
    "no such command": Route(SchemaSubject.COMMAND, "d"),
    "no such event": Route(SchemaSubject.EVENT, "D"),
    "no such type": Route(SchemaSubject.TYPE, "D"),
    "no such member": ARGUMENT.then(member("y")),
    "no such branch": DATA.then(branch("kind", "c")),
    "another tag": DATA.then(branch("other", "a")),
    "no such value": DATA.then(tag("kind"), value("c")),
    "no such alternative": ARGUMENT.then(member("x"), alternative(JsonType.NULL)),
    "no array": ARGUMENT.then(ELEMENT),
    "beyond the end": ARGUMENT.then(member("old"), member("x")),
    "beyond what is not there": ARGUMENT.then(member("y"), member("x")),
}


@pytest.mark.parametrize("place", NOWHERE.values(), ids=NOWHERE)
def test_what_is_not_there_is_not_found(place: Route) -> None:
    assert follow(SCHEMA, place) is None


def test_a_type_is_found_by_its_name() -> None:
    assert follow(SCHEMA, Route(SchemaSubject.TYPE, "T")) is not None
    assert follow(Schema(), Route(SchemaSubject.TYPE, "T")) is None


@pytest.mark.parametrize(
    ("kind", "others", "expected"),
    [
        (JsonType.INT, {JsonType.INT}, JsonType.INT),
        (JsonType.INT, {JsonType.NUMBER}, JsonType.NUMBER),
        (JsonType.NUMBER, {JsonType.INT, JsonType.NULL}, JsonType.INT),
        (JsonType.STRING, {JsonType.NUMBER}, None),
    ],
)
def test_an_integer_is_chosen_as_a_number_too(
    kind: JsonType, others: set[JsonType], expected: JsonType | None
) -> None:
    assert counterpart(kind, others) is expected


def test_steps_of_a_route_add_up() -> None:
    assert DATA.then(member("x")).then(ELEMENT).steps == (member("x"), SchemaStep(ELEMENT.kind))


def test_values_of_an_old_enumeration_are_followed() -> None:
    schema = schema_of(command("c", "A"), struct("A", has("e", "E")), enum("E", "x"))

    assert follow(schema, ARGUMENT.then(member("e"), value("x"))) is not None
