"""The schema that a digest describes looks as a build of its release would show it."""

from __future__ import annotations

from typing import Any

import pytest

from conformance.digest.declaration import Condition, EntityKind, Flag
from conformance.digest.digest import (
    DigestBranch,
    DigestEntity,
    DigestFeature,
    DigestMember,
    DigestValue,
)
from conformance.digest.expand import EMPTY, open_objects, schema_of
from conformance.qapi.model import (
    Alternate,
    Array,
    Builtin,
    Enum,
    EnumMember,
    IntRange,
    JsonType,
    Member,
    Object,
    SchemaError,
    Variant,
)


def m(name: str, kind: str = "str", **more: Any) -> DigestMember:
    return DigestMember(name=name, type=kind, **more)


def entities(*made: DigestEntity) -> dict[str, DigestEntity]:
    return {each.name: each for each in made}


def command(name: str = "cmd", *members: DigestMember, **more: Any) -> DigestEntity:
    return DigestEntity(kind=EntityKind.COMMAND, name=name, members=members, **more)


def struct(name: str, *members: DigestMember, **more: Any) -> DigestEntity:
    return DigestEntity(kind=EntityKind.STRUCT, name=name, members=members, **more)


def enum(name: str, *values: str | DigestValue, **more: Any) -> DigestEntity:
    made = tuple(DigestValue(name=v) if isinstance(v, str) else v for v in values)
    return DigestEntity(kind=EntityKind.ENUM, name=name, values=made, **more)


def union(name: str, branches: dict[str, str], **more: Any) -> DigestEntity:
    made = tuple(DigestBranch(case=case, type=kind) for case, kind in branches.items())
    return DigestEntity(kind=EntityKind.UNION, name=name, branches=made, **more)


def without(*symbols: str) -> Any:
    def holds(condition: Condition) -> bool:
        return condition not in symbols

    return holds


def test_data_given_in_place_become_a_type() -> None:
    schema = schema_of(entities(command("cmd", m("path"), m("force", "bool", optional=True))))

    assert schema.command("cmd").arg_type == "q_obj_cmd-arg"
    assert schema.command("cmd").ret_type == EMPTY
    assert schema.object("q_obj_cmd-arg").members == (
        Member(name="path", type="str"),
        Member(name="force", type="bool", optional=True),
    )
    assert schema.object(EMPTY).members == ()


def test_an_event_without_data_takes_the_empty_object() -> None:
    schema = schema_of(entities(DigestEntity(kind=EntityKind.EVENT, name="STOP")))

    assert schema.event("STOP").arg_type == EMPTY
    assert set(schema.types) == {EMPTY}


def test_bases_are_dissolved_and_stand_first() -> None:
    schema = schema_of(
        entities(
            struct("A", m("a")),
            struct("B", m("b"), base="A"),
            struct("C", m("c"), base="B"),
            command("cmd", arg_type="C"),
        )
    )

    assert [each.name for each in schema.object("C").members] == ["a", "b", "c"]
    assert set(schema.types) == {"C", "str", EMPTY}


def test_a_union_has_a_variant_for_each_value_of_its_tag() -> None:
    schema = schema_of(
        entities(
            enum("Kind", "one", "two"),
            struct("One", m("x", "int")),
            union("U", {"one": "One"}, base_members=(m("kind", "Kind"),), tag="kind"),
            command("cmd", arg_type="U"),
        )
    )

    made = schema.object("U")
    assert (made.tag, made.members) == ("kind", (Member(name="kind", type="Kind"),))
    assert made.variants == (Variant(case="one", type="One"), Variant(case="two", type=EMPTY))


def test_what_has_a_condition_that_does_not_hold_is_left_out() -> None:
    feature = DigestFeature(name="f", condition="X")
    kind = enum("Kind", "one", DigestValue(name="two", condition="X"), features=(feature,))
    made = entities(
        kind,
        union("U", {"one": "S", "two": "S"}, base_members=(m("kind", "Kind"),), tag="kind"),
        struct("S", m("x", condition="X"), m("y", features=(feature,))),
        command("cmd", m("u", "U")),
        command("gone", condition="X"),
    )

    whole, less = schema_of(made), schema_of(made, without("X"))

    assert set(whole.commands) == {"cmd", "gone"}
    assert set(less.commands) == {"cmd"}
    assert whole.type("Kind") == Enum(
        name="Kind", members=(EnumMember(name="one"), EnumMember(name="two")), features=("f",)
    )
    assert less.type("Kind") == Enum(name="Kind", members=(EnumMember(name="one"),))
    assert [v.case for v in less.object("U").variants] == ["one"]
    assert less.object("S").members == (Member(name="y", type="str"),)
    assert whole.object("S").members[1].features == ("f",)


def test_a_branch_that_is_compiled_out_leaves_no_variant_though_its_value_is_there() -> None:
    branch = DigestBranch(case="one", type="S", condition="X")
    made = DigestEntity(
        kind=EntityKind.UNION, name="U", base_members=(m("k", "K"),), tag="k", branches=(branch,)
    )
    schema = schema_of(
        entities(enum("K", "one"), struct("S"), made, command("c", arg_type="U")), without("X")
    )

    assert schema.object("U").variants == ()


def test_arrays_alternates_and_results_are_reached() -> None:
    either = DigestEntity(
        kind=EntityKind.ALTERNATE, name="Either", members=(m("name"), m("many", "[S]"))
    )
    schema = schema_of(entities(either, struct("S"), command("cmd", returns="[Either]")))

    assert schema.command("cmd").ret_type == "[Either]"
    assert schema.type("[Either]") == Array(name="[Either]", element="Either")
    assert schema.type("Either") == Alternate(name="Either", members=("str", "[S]"))
    assert set(schema.types) == {"[Either]", "Either", "[S]", "S", "str", EMPTY}


@pytest.mark.parametrize(
    ("name", "low", "high"),
    [
        ("int8", -128, 127),
        ("uint16", 0, 65535),
        ("int", -(2**63), 2**63 - 1),
        ("uint64", 0, 2**64 - 1),
        ("size", 0, 2**64 - 1),
    ],
)
def test_integers_keep_their_widths(name: str, low: int, high: int) -> None:
    schema = schema_of(entities(command("cmd", m("n", name))))

    assert schema.type(name) == Builtin(
        name=name, json_type=JsonType.INT, range=IntRange(low, high)
    )


def test_only_what_is_reached_is_there_unless_all_is_wanted() -> None:
    made = entities(struct("Used", m("x")), struct("Unused", m("x", "Odd")), enum("Odd", "a"))
    made |= entities(command("cmd", m("u", "Used")))

    assert "Unused" not in schema_of(made).types
    assert {"Unused", "Odd", "QType", "uint8"} <= set(schema_of(made, whole=True).types)


def test_types_may_hold_themselves() -> None:
    schema = schema_of(entities(struct("Tree", m("c", "[Tree]")), command("c", arg_type="Tree")))

    assert schema.object("Tree").members == (Member(name="c", type="[Tree]"),)


def test_flags_and_features_of_commands_are_shown() -> None:
    features = (DigestFeature(name="unstable"),)
    flags = frozenset({Flag.ALLOW_OOB, Flag.COROUTINE})
    made = schema_of(entities(command("cmd", flags=flags, features=features))).command("cmd")

    assert (made.allow_oob, made.features) == (True, ("unstable",))


def test_a_name_that_is_declared_nowhere_takes_any_value_as_a_member() -> None:
    schema = schema_of(entities(command("cmd", m("x", "Elsewhere"))))

    assert schema.type("Elsewhere") == Builtin(name="Elsewhere", json_type=JsonType.VALUE)


def test_a_name_that_is_declared_nowhere_leaves_objects_open() -> None:
    made = entities(
        enum("K", "a", "b"),
        struct("B", m("x"), base="Elsewhere"),
        struct("C", m("y"), base="B"),
        union("U", {"a": "Other", "b": "C"}, base_members=(m("k", "K"),), tag="k"),
        command("cmd", arg_type="U"),
        command("data", m("o", "Other")),
        command("boxed", arg_type="Third", boxed=True),
    )
    schema = schema_of(made)

    assert open_objects(made) == {"B", "C", "q_open_Other", "q_open_Third"}
    assert schema.object("U").variants[0] == Variant(case="a", type="q_open_Other")
    assert schema.object("q_open_Other") == Object(name="q_open_Other", members=())
    assert schema.command("boxed").arg_type == "q_open_Third"
    assert schema.type("Other") == Builtin(name="Other", json_type=JsonType.VALUE)


@pytest.mark.parametrize(
    ("made", "problem"),
    [
        (entities(struct("A", base="B"), struct("B", base="A")), "is its own base"),
        (entities(struct("A", base="K"), enum("K", "a")), "is no object"),
        (entities(union("A", {}, tag="k")), "is no member"),
        (entities(struct("A", m("x", "c")), command("c")), "is no type"),
    ],
    ids=["a circle of bases", "an enumeration as base", "no tag", "a command as type"],
)
def test_entities_that_contradict_themselves_are_refused(
    made: dict[str, DigestEntity], problem: str
) -> None:
    with pytest.raises(SchemaError, match=problem):
        schema_of(made, whole=True)
