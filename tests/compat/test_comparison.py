"""A comparison gives each change the class that QEMU's own rules give it."""

from __future__ import annotations

import random
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conformance.compat.change import (
    ChangeClass,
    ChangedBehaviour,
    ChangeKind,
    Documented,
    SideFacts,
    SideKind,
)
from conformance.compat.comparison import compare, compared
from conformance.compat.meaning import RULES, ComparedSide, CompatKnowledge
from conformance.digest.digest import DigestEntity, DigestFeature, DigestValue
from conformance.digest.expand import schema_of as expanded
from conformance.qapi.introspection import read_introspection
from conformance.report.compatibility import markdown, text
from tests.compat.test_difference import PAIRS, SUBJECTS, returning, taking
from tests.digest.test_expand import command as declared
from tests.digest.test_expand import entities, m
from tests.digest.test_expand import enum as declared_enum
from tests.digest.test_expand import struct as declared_struct
from tests.qapi.schemas import (
    BUILTINS,
    Entry,
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

BAD, GOOD = ChangeClass.INCOMPATIBLE, ChangeClass.COMPATIBLE
K = ChangeKind


def side(*entries: Entry, version: str = "", **more: Any) -> ComparedSide:
    facts = SideFacts(name="x", kind=SideKind.INTROSPECTION, version=version)
    return ComparedSide(facts=facts, schema=schema_of(*entries), **more)


def digest(*made: DigestEntity, version: str = "") -> ComparedSide:
    facts = SideFacts(name="x", kind=SideKind.DIGEST, version=version)
    whole = entities(*made)
    return ComparedSide(facts=facts, schema=expanded(whole, whole=True), release=whole)


# What each kind means where the client sends, and where the server does.
EXPECTED = {
    K.OPTIONAL_ADDED: (GOOD, "Q70", GOOD, "Q73"),
    K.MANDATORY_ADDED: (BAD, "Q71", GOOD, "Q73"),
    K.MEMBER_REMOVED: (BAD, "Q71", BAD, "Q74"),
    K.NOW_OPTIONAL: (GOOD, "Q70", BAD, "Q74"),
    K.NOW_MANDATORY: (BAD, "Q71", GOOD, "Q73"),
    K.TYPE_CHANGED: (BAD, "Q71", BAD, "Q74"),
    K.TYPE_NARROWED: (BAD, "Q71", GOOD, "Q73"),
    K.TYPE_WIDENED: (GOOD, "Q70", BAD, "Q74"),
    K.VALUE_ADDED: (GOOD, "Q70", GOOD, "Q73"),
    K.VALUE_REMOVED: (BAD, "Q71", GOOD, "Q74"),
    K.BRANCH_ADDED: (GOOD, "Q70", GOOD, "Q73"),
    K.BRANCH_REMOVED: (BAD, "Q71", GOOD, "Q74"),
    K.TAG_CHANGED: (BAD, "Q71", BAD, "Q74"),
    K.ALTERNATIVE_ADDED: (GOOD, "Q70", BAD, "Q74"),
    K.ALTERNATIVE_REMOVED: (BAD, "Q71", GOOD, "Q74"),
    K.FEATURE_ADDED: (GOOD, "Q70", GOOD, "Q73"),
    K.FEATURE_REMOVED: (BAD, "Q71", BAD, "Q74"),
}


@pytest.mark.parametrize(("old", "new", "differences"), PAIRS.values(), ids=PAIRS)
def test_each_kind_of_change_has_its_class_in_each_direction(
    old: list[Entry], new: list[Entry], differences: set[tuple[K, str]]
) -> None:
    for wrap, first in ((taking, 0), (returning, 2)):
        changes = compare(side(*wrap(*old)), side(*wrap(*new)))
        assert {(c.kind, c.change_class, c.rule) for c in changes} == {
            (kind, *EXPECTED[kind][first : first + 2]) for kind, _ in differences
        }


OF_SUBJECTS = {
    K.COMMAND_ADDED: (GOOD, "Q70"),
    K.COMMAND_REMOVED: (BAD, "Q71"),
    K.EVENT_ADDED: (GOOD, "Q73"),
    K.EVENT_REMOVED: (BAD, "Q74"),
    K.FEATURE_ADDED: (GOOD, "Q70"),
    K.FEATURE_REMOVED: (GOOD, "Q71"),
    K.OOB_GAINED: (GOOD, "Q70"),
    K.OOB_LOST: (BAD, "Q71"),
    K.TYPE_CHANGED: (BAD, "Q74"),
}


@pytest.mark.parametrize(("old", "new", "differences"), SUBJECTS.values(), ids=SUBJECTS)
def test_commands_and_events_as_a_whole_have_their_classes(
    old: list[Entry], new: list[Entry], differences: set[tuple[K, str]]
) -> None:
    ((kind, _),) = differences

    (change,) = compare(side(*old), side(*new))

    assert (change.change_class, change.rule) == OF_SUBJECTS[kind]


def test_every_kind_has_a_rule() -> None:
    assert RULES.keys() == set(ChangeKind)


def the_class(old: ComparedSide, new: ComparedSide, **knowledge: Any) -> tuple[ChangeClass, str]:
    (change,) = compare(old, new, CompatKnowledge(**knowledge))
    return change.change_class, change.reason


DEPRECATED: Any = {"features": ["deprecated"]}


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ([command("c", **DEPRECATED)], []),
        ([event("E", **DEPRECATED)], []),
        (taking(struct("A", member("x", "str", **DEPRECATED))), taking(struct("A"))),
        (
            [command("c", "A", **DEPRECATED), struct("A", member("x", "str"))],
            [command("c", "A"), struct("A")],
        ),
    ],
    ids=["command", "event", "member", "member of a command"],
)
def test_what_had_been_deprecated_may_go(old: list[Entry], new: list[Entry]) -> None:
    changes = compare(side(*old, version="5.2.0"), side(*new, version="7.2.0"))

    broken = [each for each in changes if each.kind is not K.FEATURE_REMOVED]
    assert [each.change_class for each in broken] == [ChangeClass.DEPRECATED_FIRST]
    assert broken[0].reason == "deprecated at least since 5.2, gone by 7.2"


def test_a_release_in_between_tells_of_a_deprecation() -> None:
    between = entities(declared("c", features=(DigestFeature(name="deprecated"),)))
    old, new = side(command("c"), version="5.2.0"), side(version="7.2.0")

    assert the_class(old, new)[0] is BAD
    assert the_class(old, new, history={"6.1": between}) == (
        ChangeClass.DEPRECATED_FIRST,
        "deprecated at least since 6.1, gone by 7.2",
    )
    # What a release after the new one says comes too late.
    assert the_class(old, new, history={"8.0": between})[0] is BAD


def test_a_deprecation_that_is_too_young_excuses_nothing() -> None:
    history = {"6.0": entities(declared("c"))}
    old, new = side(command("c", **DEPRECATED), version="6.1.0"), side(version="6.2.0")

    found, reason = the_class(old, new, history=history)

    assert found is BAD
    assert reason == "deprecated in 6.1, gone in 6.2: the policy asks for 2 releases"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ([command("c", features=["unstable"])], []),
        ([command("x-c")], []),
        (taking(struct("A", optional("x-a", "str"))), taking(struct("A"))),
        (taking(struct("A", member("x", "E")), enum("E", "a", "x-b")),
         taking(struct("A", member("x", "E")), enum("E", "a"))),
        ([command("x-c", "A"), struct("A")],
         [command("x-c", "A"), struct("A", member("y", "str"))]),
    ],
    ids=["feature", "name", "name of a member", "name of a value", "within it"],
)  # fmt: skip
def test_what_was_unstable_may_go(old: list[Entry], new: list[Entry]) -> None:
    assert the_class(side(*old), side(*new))[0] is ChangeClass.UNSTABLE


def test_a_change_counts_for_the_place_that_it_hits_worst() -> None:
    inner = struct("I", member("y", "str"))
    users = [command("a", "A"), command("b", "I")]
    outer = struct("A", member("x", "I", features=["unstable"]))

    (change,) = compare(side(*users, outer, inner), side(*users, outer, struct("I")))

    assert change.change_class is BAD
    assert (change.place, change.others) == (
        "command b: argument y",
        ("command a: argument x.y",),
    )


CONDITIONAL = (
    declared("c", m("e", "E"), m("x", condition="X")),
    declared("d", condition="D"),
    declared_enum("E", "a", DigestValue(name="b", condition="B")),
)


def test_what_one_side_was_built_without_is_no_matter_of_compatibility() -> None:
    whole = digest(*CONDITIONAL, version="9.9.0")
    build = side(
        *taking(struct("A", member("e", "E")), enum("E", "a")),
        version="9.9.1",
        release=entities(*CONDITIONAL),
    )

    for old, new in ((whole, build), (build, whole)):
        changes = compare(old, new)
        assert {each.change_class for each in changes} == {ChangeClass.CONFIGURATION}
        assert {each.reason.partition("if ")[2] for each in changes} == {"B", "X", "D"}


def test_what_its_release_has_without_condition_is_missed() -> None:
    old = side(command("c"), version="9.8.0")
    new = side(version="9.9.0", release=entities(declared("c")))

    assert the_class(old, new) == (BAD, "9.9 has it, this side does not")


def test_what_may_have_been_left_out_of_a_build_that_no_digest_tells_of_is_in_doubt() -> None:
    old = side(command("d"), version="9.8.0", release=entities(*CONDITIONAL))
    found, reason = the_class(old, side(version="9.9.0"))

    assert found is ChangeClass.CONFIGURATION
    assert reason.startswith("perhaps left out of the new side: 9.8 has it if D")


def documented(**more: Any) -> Documented:
    entry = {"place": "command c*", "change_class": GOOD, "gone_in": "6.0"}
    return Documented(**{**entry, "where": "w", "reason": "r", **more})


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        ({}, GOOD),
        ({"change_class": ChangeClass.UNREACHABLE}, ChangeClass.UNREACHABLE),
        ({"change_class": BAD}, BAD),
        ({"change_class": ChangeClass.DEPRECATED_FIRST, "deprecated_in": "5.1"},
         ChangeClass.DEPRECATED_FIRST),
        ({"change_class": ChangeClass.DEPRECATED_FIRST, "deprecated_in": "5.2"}, BAD),
        ({"place": "command d"}, BAD),
        ({"place": "command ?"}, BAD),
        ({"gone_in": "7.0"}, BAD),
        ({"gone_in": "5.2"}, BAD),
        ({"kinds": frozenset({K.COMMAND_REMOVED})}, GOOD),
        ({"kinds": frozenset({K.EVENT_REMOVED})}, BAD),
    ],
    ids=["compatible", "unreachable", "incompatible", "deprecated", "deprecated too late",
         "another place", "no pattern", "later", "earlier", "the kind", "another kind"],
)  # fmt: skip
def test_what_documents_say_decides(entry: dict[str, Any], expected: ChangeClass) -> None:
    old, new = side(command("c"), version="5.2.0"), side(version="6.2.0")

    assert the_class(old, new, documented=(documented(**entry),))[0] is expected


def test_brackets_in_a_place_stand_for_themselves() -> None:
    old = returning(array("L", "A"), struct("A", member("x", "str")))
    new = returning(array("L", "A"), struct("A"))
    entry = documented(place="command c: result [].x")

    assert the_class(side(*old), side(*new), documented=(entry,))[0] is GOOD


def test_what_documents_say_of_an_incompatible_change_is_its_reason() -> None:
    entry = documented(change_class=BAD)
    old, new = side(command("c"), version="5.2.0"), side(version="6.2.0")

    assert the_class(old, new, documented=(entry,)) == (BAD, "r (w)")


def test_types_that_nothing_reaches_are_told_apart() -> None:
    base, used = declared_struct("Base", m("x")), declared_struct("Used", base="Base")
    old = digest(declared("c", arg_type="Used"), base, used,
                 declared_struct("Loose", m("x")), declared_struct("Gone"))  # fmt: skip
    new = digest(declared("c", arg_type="Used"), declared_struct("Base", m("x"), m("y")), used,
                 declared_struct("Loose"), declared_struct("Come"))  # fmt: skip

    changes = compare(old, new)

    assert [(each.change_class, each.kind, each.place) for each in changes] == [
        (BAD, K.MANDATORY_ADDED, "command c: argument y"),
        (ChangeClass.UNREACHABLE, K.TYPE_ADDED, "type Come"),
        (ChangeClass.UNREACHABLE, K.TYPE_REMOVED, "type Gone"),
        (ChangeClass.UNREACHABLE, K.MEMBER_REMOVED, "type Loose: x"),
    ]


def test_the_worst_comes_first_and_the_rest_by_name() -> None:
    old = side(command("b"), command("x-a"), command("c"))
    new = side(command("z"), command("y"))

    assert [(each.change_class, each.place) for each in compare(old, new)] == [
        (BAD, "command b"),
        (BAD, "command c"),
        (ChangeClass.UNSTABLE, "command x-a"),
        (GOOD, "command y"),
        (GOOD, "command z"),
    ]


def notes(old: ComparedSide, new: ComparedSide) -> str:
    return " ".join(compared(old, new).notes)


def test_notes_say_what_could_not_be_judged() -> None:
    known = side(version="9.9.0", release=entities(declared("c")))
    older = side(version="9.8.0", release=entities(declared("c")))

    assert notes(older, known) == ""
    assert "no digest of 9.9" in notes(older, side(version="9.9.1"))
    assert "version of the old side is not known" in notes(side(), known)
    assert "old side is part of a schema" in notes(side(partial=True), known)
    assert "old side is the newer release" in notes(known, older)


def test_a_comparison_counts_its_classes() -> None:
    found = compared(side(command("b"), command("x-a")), side(command("c")))

    assert {name: count for name, count in found.counts.items() if count} == {
        BAD: 1,
        ChangeClass.UNSTABLE: 1,
        GOOD: 1,
    }
    assert [each.place for each in found.at_least(ChangeClass.UNSTABLE)] == [
        "command b",
        "command x-a",
    ]


@st.composite
def schemas(draw: st.DrawFn) -> list[Entry]:
    """Draw a schema whose types are named by numbers and may hold each other in circles."""
    count = draw(st.integers(1, 6))
    names = [str(number) for number in range(1, count + 1)]
    any_type = st.sampled_from([*names, "str", "int", "bool", "any"])
    entries: list[Entry] = []
    objects = []
    for name in names:
        members = [
            member(f"m{i}", draw(any_type), **draw(st.sampled_from([{}, {"default": None}])))
            for i in range(draw(st.integers(0, 3)))
        ]
        match draw(st.sampled_from(["struct", "union", "enum", "array", "alternate"])):
            case "struct":
                entries.append(struct(name, *members))
                objects.append(name)
            case "union":
                tag = member("tag", f"{name}0")
                variant = struct(f"{name}1", member("inner", draw(any_type)))
                entries += [union(name, "tag", [tag, *members], {"a": f"{name}1"}), variant,
                            enum(f"{name}0", "a", "b")]  # fmt: skip
                objects.append(name)
            case "enum":
                entries.append(enum(name, *draw(st.sets(st.sampled_from("abcd"), min_size=1))))
            case "array":
                entries.append(array(name, draw(any_type)))
            case _:
                entries.append(alternate(name, "str", "null"))
    argument = draw(st.sampled_from([*objects, "0"]))
    return [*entries, command("c", argument, draw(any_type)), event("E", argument)]


@given(schemas())
def test_no_schema_differs_from_itself(entries: list[Entry]) -> None:
    assert compare(side(*entries), side(*entries)) == ()


@given(schemas(), st.randoms(use_true_random=False))
def test_names_of_types_and_order_mean_nothing(entries: list[Entry], chance: random.Random) -> None:
    assert compare(side(*entries), renamed([*BUILTINS, *entries], chance)) == ()


def renamed(entries: list[Entry], chance: random.Random) -> ComparedSide:
    """Return a side whose types have other names, with everything in another order."""
    fixed = {
        each["name"] for each in entries if each["meta-type"] in ("command", "event", "builtin")
    }
    names = [each["name"] for each in entries if each["name"] not in fixed]
    others = dict(zip(names, chance.sample(range(1000), len(names)), strict=True))

    def other(value: Any, key: str = "") -> Any:
        if isinstance(value, dict):
            return {inner: other(each, inner) for inner, each in value.items()}
        if isinstance(value, list):
            shuffled = [other(each, key) for each in value]
            return chance.sample(shuffled, len(shuffled))
        is_type = key in ("type", "arg-type", "ret-type", "element-type")
        return f"t{others[value]}" if is_type and value in others else value

    made = [{**other(each), "name": f"t{others[each['name']]}" if each["name"] in others
             else each["name"]} for each in chance.sample(entries, len(entries))]  # fmt: skip
    facts = SideFacts(name="y", kind=SideKind.INTROSPECTION)
    return ComparedSide(facts=facts, schema=read_introspection(made))


@pytest.mark.parametrize(
    ("versions", "told"),
    [
        (("5.2.0", "6.2.0"), True),
        (("5.1", "5.2.9"), False),
        (("6.2.0", "10.0.13"), False),
        (("6.2.0", "5.2.0"), True),
        (("6.0.0", "6.1.0"), True),
        (("6.1.0", "6.2.0"), True),
        (("", "6.2.0"), False),
    ],
    ids=["across", "before", "since", "backwards", "from between", "to since", "unknown"],
)
def test_behaviour_is_told_that_may_have_changed_between_the_sides(
    versions: tuple[str, str], told: bool
) -> None:
    changed = ChangedBehaviour(
        name="n",
        command="c",
        title="t",
        was="accepted",
        now="refused",
        after="5.2",
        by="6.2",
        where="w",
        reason="r",
    )
    of_another = replace(changed, command="gone")
    old, new = (side(command("c"), version=version) for version in versions)

    found = compared(old, new, CompatKnowledge(behaviours=(changed, of_another)))

    assert found.behaviours == ((changed,) if told else ())
    assert ("NO SCHEMA SHOWS" in text(found)) is told
    assert ("no schema shows" in markdown(found)) is told
