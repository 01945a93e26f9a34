"""Every object within a type is found once, on the shortest way, and the rest is counted."""

from __future__ import annotations

from conformance.space.objects import ObjectPlaces, object_places, types_through
from conformance.space.paths import integer_paths
from tests.qapi.schemas import (
    Entry,
    alternate,
    array,
    enum,
    member,
    optional,
    schema_of,
    struct,
    union,
)


def places_of(*entries: Entry) -> ObjectPlaces:
    return object_places(schema_of(*entries), "Top")


def shown(places: ObjectPlaces) -> dict[str, list[str]]:
    return {place.label: [m.name for m in place.members] for place in places.places}


def test_objects_are_found_in_members_arrays_and_alternates() -> None:
    places = places_of(
        struct("Top", member("in", "In"), optional("some", "Items"), optional("pick", "Pick")),
        struct("In", member("x", "int")),
        array("Items", "Item"),
        struct("Item", member("y", "int")),
        alternate("Pick", "str", "Chosen"),
        struct("Chosen", member("z", "int")),
    )

    assert shown(places) == {
        "": ["in", "some", "pick"], "in": ["x"], "some.0": ["y"], "pick": ["z"],
    }  # fmt: skip
    assert places.left_out == 0


def test_a_type_that_holds_itself_is_entered_once_and_counted() -> None:
    places = places_of(struct("Top", optional("next", "Top"), optional("all", "Tops")),
                       array("Tops", "Top"))  # fmt: skip

    assert shown(places) == {"": ["next", "all"]}
    assert places.left_out == 2


def test_each_branch_adds_its_members_and_knows_a_stranger() -> None:
    places = places_of(
        union("Top", "kind", [member("kind", "Kind")], {"a": "A", "b": "B", "c": "A"}),
        enum("Kind", "a", "b", "c"),
        struct("A", member("x", "int"), member("both", "int")),
        struct("B", member("both", "int"), member("y", "int")),
    )

    assert shown(places) == {"": ["kind"], "kind:a": ["x", "both"], "kind:b": ["both", "y"]}
    assert [p.foreign.name if p.foreign else "" for p in places.places] == ["", "y", "x"]
    # The third branch is of the first one's type.
    assert places.left_out == 1


def test_the_label_of_a_member_spells_the_way_to_it() -> None:
    places = places_of(
        union("Top", "kind", [member("kind", "Kind")], {"a": "A"}),
        enum("Kind", "a"),
        struct("A", member("x", "int")),
    )

    branch = places.places[1]
    assert branch.label_with(branch.members[0]) == "kind:a.x"


def test_a_type_that_several_ways_lead_to_is_entered_on_the_way_that_is_asked_for() -> None:
    entries = (
        struct("Top", member("first", "In"), member("second", "In"), member("last", "Idle")),
        struct("In", member("x", "int"), optional("deep", "Deep")),
        struct("Deep", member("y", "int")),
        struct("Idle"),
    )
    schema = schema_of(*entries)

    places = object_places(schema, "Top", ("second", "nowhere"))

    assert [*shown(places)] == ["", "second", "last", "second.deep"]
    assert places.left_out == object_places(schema, "Top").left_out == 1
    assert types_through(schema, [("Top", ())], ("second",)) == {"In": "second"}
    assert [each.label for each in integer_paths(schema, "Top", {"In": "second"}).paths] == [
        "second.x",
        "second.deep.y",
    ]
