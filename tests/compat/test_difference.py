"""Two schemas differ in what goes over the wire; each difference is told once, with its places."""

from __future__ import annotations

import pytest

from conformance.compat.change import ChangeKind, Direction
from conformance.compat.difference import Difference, differences
from conformance.compat.walk import Compared
from conformance.qapi.model import INT64, UINT64, Builtin, IntRange, JsonType, Schema
from tests.qapi.schemas import (
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

K = ChangeKind


def found(old: list[Entry], new: list[Entry]) -> tuple[Difference, ...]:
    return differences(Compared(schema=schema_of(*old)), Compared(schema=schema_of(*new)))


def told(old: list[Entry], new: list[Entry]) -> set[tuple[ChangeKind, str]]:
    """Return the kind and first place of each difference."""
    return {(each.kind, str(each.routes[0])) for each in found(old, new)}


def taking(*types: Entry) -> list[Entry]:
    """Return a schema whose command c takes the first of `types`."""
    return [command("c", types[0]["name"]), *types]


def returning(*types: Entry) -> list[Entry]:
    """Return a schema whose command c returns the first of `types`."""
    return [command("c", "0", types[0]["name"]), *types]


def telling(*types: Entry) -> list[Entry]:
    """Return a schema whose event E tells the first of `types`."""
    return [event("E", types[0]["name"]), *types]


INET = struct("In", member("host", "str"))
IN2 = struct("In2", optional("y", "str"))
UNIX = struct("Un", member("path", "str"))

PAIRS = {
    "an optional member is new": (
        [struct("A")],
        [struct("B", optional("x", "str"))],
        {(K.OPTIONAL_ADDED, "x")},
    ),
    "a mandatory member is new": (
        [struct("A")],
        [struct("B", member("x", "str"))],
        {(K.MANDATORY_ADDED, "x")},
    ),
    "a member is gone": (
        [struct("A", member("x", "str"))],
        [struct("B")],
        {(K.MEMBER_REMOVED, "x")},
    ),
    "a member may be left out": (
        [struct("A", member("x", "str"))],
        [struct("B", optional("x", "str"))],
        {(K.NOW_OPTIONAL, "x")},
    ),
    "a member may no longer be left out": (
        [struct("A", optional("x", "str"))],
        [struct("B", member("x", "str"))],
        {(K.NOW_MANDATORY, "x")},
    ),
    "a member has another type": (
        [struct("A", member("x", "str"))],
        [struct("B", member("x", "bool"))],
        {(K.TYPE_CHANGED, "x")},
    ),
    "a string became an enumeration": (
        [struct("A", member("x", "str"))],
        [struct("B", member("x", "C")), enum("C", "a")],
        {(K.TYPE_NARROWED, "x")},
    ),
    "an enumeration became a string": (
        [struct("A", member("x", "C")), enum("C", "a")],
        [struct("B", member("x", "str"))],
        {(K.TYPE_WIDENED, "x")},
    ),
    "an integer became a number": (
        [struct("A", member("x", "int"))],
        [struct("B", member("x", "number"))],
        {(K.TYPE_WIDENED, "x")},
    ),
    "anything became an object": (
        [struct("A", member("x", "any"))],
        [struct("B", member("x", "B2")), struct("B2")],
        {(K.TYPE_NARROWED, "x")},
    ),
    "an element of an array has another type": (
        [struct("A", member("x", "L")), array("L", "str")],
        [struct("B", member("x", "M")), array("M", "int")],
        {(K.TYPE_CHANGED, "x[]")},
    ),
    "a value became an array of it": (
        [struct("A", member("x", "str"))],
        [struct("B", member("x", "M")), array("M", "str")],
        {(K.TYPE_CHANGED, "x")},
    ),
    "a value is new and another gone": (
        [struct("A", member("x", "C")), enum("C", "a", "b")],
        [struct("B", member("x", "D")), enum("D", "b", "c")],
        {(K.VALUE_REMOVED, "x=a"), (K.VALUE_ADDED, "x=c")},
    ),
    "a branch is new and another gone": (
        [union("A", "t", [member("t", "C")], {"a": "In"}), enum("C", "a", "b"), INET],
        [union("B", "t", [member("t", "D")], {"c": "Un"}), enum("D", "b", "c"), UNIX],
        {(K.BRANCH_REMOVED, "t=a"), (K.BRANCH_ADDED, "t=c")},
    ),
    "a member of a branch is gone": (
        [union("A", "t", [member("t", "C")], {"a": "In"}), enum("C", "a"), INET],
        [union("B", "t", [member("t", "C")], {"a": "X"}), enum("C", "a"), struct("X")],
        {(K.MEMBER_REMOVED, "t=a.host")},
    ),
    "a branch without a variant gets one": (
        [union("A", "t", [member("t", "C")], {}), enum("C", "a")],
        [union("B", "t", [member("t", "C")], {"a": "In"}), enum("C", "a"), INET],
        {(K.MANDATORY_ADDED, "t=a.host")},
    ),
    "a union chooses by another member": (
        [union("A", "t", [member("t", "C"), member("u", "C")], {}), enum("C", "a")],
        [union("B", "u", [member("t", "C"), member("u", "C")], {}), enum("C", "a")],
        {(K.TAG_CHANGED, "")},
    ),
    "a value became an alternate of it": (
        [struct("A", member("x", "str"))],
        [struct("B", member("x", "F")), alternate("F", "str", "null")],
        {(K.TYPE_WIDENED, "x")},
    ),
    "an alternate became one of its types": (
        [struct("A", member("x", "F")), alternate("F", "str", "null")],
        [struct("B", member("x", "str"))],
        {(K.TYPE_NARROWED, "x")},
    ),
    "a value became an alternate of other types": (
        [struct("A", member("x", "bool"))],
        [struct("B", member("x", "F")), alternate("F", "str", "null")],
        {(K.TYPE_CHANGED, "x")},
    ),
    "an alternative is new and another gone": (
        [struct("A", member("x", "F")), alternate("F", "str", "null")],
        [struct("B", member("x", "G")), alternate("G", "str", "bool")],
        {(K.ALTERNATIVE_REMOVED, "x<null>"), (K.ALTERNATIVE_ADDED, "x<boolean>")},
    ),
    "an alternative takes more numbers": (
        [struct("A", member("x", "F")), alternate("F", "str", "int")],
        [struct("B", member("x", "G")), alternate("G", "str", "number")],
        {(K.TYPE_WIDENED, "x<int>")},
    ),
    "within an alternative something is new": (
        [struct("A", member("x", "F")), alternate("F", "str", "B"), struct("B")],
        [struct("A", member("x", "F")), alternate("F", "str", "In2"), IN2],
        {(K.OPTIONAL_ADDED, "x<object>.y")},
    ),
    "a member has a new feature": (
        [struct("A", member("x", "str", features=["a"]))],
        [struct("B", member("x", "str", features=["b"]))],
        {(K.FEATURE_REMOVED, "x"), (K.FEATURE_ADDED, "x")},
    ),
    "a type has a new feature": (
        [struct("A")],
        [struct("B", features=["a"])],
        {(K.FEATURE_ADDED, "")},
    ),
}  # fmt: skip


@pytest.mark.parametrize(("old", "new", "expected"), PAIRS.values(), ids=PAIRS)
@pytest.mark.parametrize(
    ("wrap", "where"),
    [
        (taking, "command c: argument"),
        (returning, "command c: result"),
        (telling, "event E: data"),
    ],
    ids=["taken", "returned", "told"],
)
def test_a_difference_is_found_wherever_it_is(
    old: list[Entry], new: list[Entry], expected: set[tuple[K, str]], wrap: object, where: str
) -> None:
    assert callable(wrap)
    wanted = {(kind, f"{where} {place}".rstrip()) for kind, place in expected}
    direction = Direction.INPUT if wrap is taking else Direction.OUTPUT

    assert told(wrap(*old), wrap(*new)) == wanted
    assert {each.direction for each in found(wrap(*old), wrap(*new))} == {direction}


SUBJECTS = {
    "a command is new": ([], [command("c")], {(K.COMMAND_ADDED, "command c")}),
    "a command is gone": ([command("c")], [], {(K.COMMAND_REMOVED, "command c")}),
    "an event is new": ([], [event("E")], {(K.EVENT_ADDED, "event E")}),
    "an event is gone": ([event("E")], [], {(K.EVENT_REMOVED, "event E")}),
    "a command is now deprecated": (
        [command("c")],
        [command("c", features=["deprecated"])],
        {(K.FEATURE_ADDED, "command c")},
    ),
    "an event is no longer unstable": (
        [event("E", features=["unstable"])],
        [event("E")],
        {(K.FEATURE_REMOVED, "event E")},
    ),
    "a command may be run out of band": (
        [command("c")],
        [{**command("c"), "allow-oob": True}],
        {(K.OOB_GAINED, "command c")},
    ),
    "a command may no longer be run out of band": (
        [{**command("c"), "allow-oob": True}],
        [command("c")],
        {(K.OOB_LOST, "command c")},
    ),
    "a command returns another type": (
        [command("c", "0", "str")],
        [command("c", "0", "int")],
        {(K.TYPE_CHANGED, "command c: result")},
    ),
}


@pytest.mark.parametrize(("old", "new", "expected"), SUBJECTS.values(), ids=SUBJECTS)
def test_commands_and_events_differ_as_a_whole(
    old: list[Entry], new: list[Entry], expected: set[tuple[K, str]]
) -> None:
    assert told(old, new) == expected


def test_the_old_and_new_types_are_told_in_words() -> None:
    old = taking(struct("A", member("x", "str")))
    new = taking(struct("A", member("x", "C")), enum("C", *"abcdefgh"))

    (only,) = found(old, new)

    assert (only.old, only.new) == ("string", "one of a, b, c, d, e, f and 2 more")


def ints(range_: IntRange) -> Schema:
    plain = schema_of(*taking(struct("A", member("x", "int"))))
    integer = Builtin(name="int", json_type=JsonType.INT, range=range_)
    return Schema(commands=plain.commands, types={**plain.types, "int": integer})


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (IntRange.signed(8), IntRange.signed(16), [K.RANGE_WIDENED]),
        (IntRange.signed(16), IntRange.signed(8), [K.RANGE_NARROWED]),
        (IntRange.signed(8), IntRange.unsigned(8), [K.RANGE_NARROWED]),
        # For uint64 QEMU takes negative integers too.
        (INT64, UINT64, [K.RANGE_WIDENED]),
        (UINT64, UINT64, []),
    ],
    ids=["wider", "narrower", "another", "to unsigned", "the same"],
)
def test_ranges_of_integers_are_told_where_both_are_known(
    old: IntRange, new: IntRange, expected: list[K]
) -> None:
    unknown = schema_of(*taking(struct("A", member("x", "int"))))

    assert [
        each.kind for each in differences(Compared(schema=ints(old)), Compared(schema=ints(new)))
    ] == expected
    assert differences(Compared(schema=ints(old)), Compared(schema=unknown)) == ()


def test_a_difference_in_a_shared_type_is_told_once_with_all_its_places() -> None:
    users = [command("c", "A"), command("d", "B"), event("E", "A")]
    outer = struct("B", member("a", "L"))
    old = [*users, outer, array("L", "A"), struct("A")]
    new = [*users, outer, array("L", "A"), struct("A", optional("x", "str"))]

    by_direction = {each.direction: each.routes for each in found(old, new)}

    assert list(map(str, by_direction[Direction.INPUT])) == [
        "command c: argument x",
        "command d: argument a[].x",
    ]
    assert list(map(str, by_direction[Direction.OUTPUT])) == ["event E: data x"]


def test_types_that_hold_themselves_are_gone_through_once() -> None:
    tree = struct("T", optional("left", "T"), optional("more", "L"))
    old = [command("c", "T"), tree, array("L", "T")]
    new = [command("c", "T"), {**tree, "members": [*tree["members"], optional("x", "str")]},
           array("L", "T")]  # fmt: skip

    assert told(old, new) == {(K.OPTIONAL_ADDED, "command c: argument x")}


def test_an_array_of_itself_ends() -> None:
    entries = [command("c", "0", "L"), array("L", "L")]

    assert told(entries, entries) == set()


def test_the_way_that_promises_most_is_named() -> None:
    inner = struct("I")
    outer = struct("A", member("short", "I", features=["unstable"]), member("x", "W"))
    wrap = struct("W", member("long", "I"))
    old = taking(outer, wrap, inner)
    new = taking(outer, wrap, struct("I", member("y", "str")))

    assert told(old, new) == {(K.MANDATORY_ADDED, "command c: argument x.long.y")}


MOVES = {
    "a type is renamed": (
        taking(struct("A", member("x", "B")), struct("B", member("y", "str"))),
        taking(struct("9", member("x", "7")), struct("7", member("y", "str"))),
    ),
    "one type is cut in two equal ones": (
        taking(struct("A", member("x", "B"), member("z", "B")), struct("B", member("y", "str"))),
        taking(struct("A", member("x", "B"), member("z", "C")), struct("B", member("y", "str")),
               struct("C", member("y", "str"))),
    ),
    "members, values and alternatives change places": (
        taking(struct("A", member("x", "E"), member("y", "F")), enum("E", "a", "b"),
               alternate("F", "str", "null")),
        taking(struct("A", member("y", "F"), member("x", "E")), enum("E", "b", "a"),
               alternate("F", "null", "str")),
    ),
    "a member moves from all branches to the base": (
        taking(union("A", "t", [member("t", "E")], {"a": "X", "b": "Y"}), enum("E", "a", "b"),
               struct("X", member("m", "str"), member("x", "str")),
               struct("Y", member("m", "str"))),
        taking(union("A", "t", [member("t", "E"), member("m", "str")], {"a": "X"}),
               enum("E", "a", "b"), struct("X", member("x", "str"))),
    ),
    "a member moves from the base to all branches": (
        returning(union("A", "t", [member("t", "E"), member("m", "str")], {}), enum("E", "a", "b")),
        returning(union("A", "t", [member("t", "E")], {"a": "X", "b": "X"}), enum("E", "a", "b"),
                  struct("X", member("m", "str"))),
    ),
    "a struct becomes a union whose branches hold what it held": (
        taking(struct("A", member("t", "E"), member("m", "str")), enum("E", "a", "b")),
        taking(union("A", "t", [member("t", "E")], {"a": "X", "b": "X"}), enum("E", "a", "b"),
               struct("X", member("m", "str"))),
    ),
    "a variant without members is left out": (
        taking(union("A", "t", [member("t", "E")], {"a": "X"}), enum("E", "a"), struct("X")),
        taking(union("A", "t", [member("t", "E")], {}), enum("E", "a")),
    ),
}  # fmt: skip


@pytest.mark.parametrize(("old", "new"), MOVES.values(), ids=MOVES)
def test_what_no_client_can_see_is_no_difference(old: list[Entry], new: list[Entry]) -> None:
    assert told(old, new) == set()
    assert told(new, old) == set()


def test_a_member_that_stays_in_some_branches_only_is_gone_from_the_others() -> None:
    old = returning(struct("A", member("m", "str")))
    new = returning(
        union("A", "t", [member("t", "E")], {"a": "X", "b": "Y"}),
        enum("E", "a", "b"),
        struct("X", member("m", "str")),
        struct("Y", member("n", "str")),
    )

    # What the branches add is no news: the old side did not tell them apart.
    assert told(old, new) == {
        (K.MANDATORY_ADDED, "command c: result t"),
        (K.MEMBER_REMOVED, "command c: result t=b.m"),
    }


def test_a_tag_that_becomes_an_enumeration_is_one_difference() -> None:
    old = taking(struct("A", member("type", "str"), optional("props", "any")))
    new = taking(
        union("A", "type", [member("type", "E")], {"a": "X"}),
        enum("E", "a"),
        struct("X", member("size", "int")),
    )

    assert told(old, new) == {
        (K.TYPE_NARROWED, "command c: argument type"),
        (K.MEMBER_REMOVED, "command c: argument props"),
    }


def test_of_a_part_of_a_schema_nothing_is_told_to_be_missing() -> None:
    whole = schema_of(command("c"), command("d"), event("E"))
    part = schema_of(command("c"))

    assert differences(Compared(schema=whole), Compared(schema=part, partial=True)) == ()
    assert differences(Compared(schema=part, partial=True), Compared(schema=whole)) == ()


def test_an_open_object_may_have_what_it_does_not_show() -> None:
    whole = schema_of(*taking(struct("A", member("x", "str"), member("y", "str"))))
    part = schema_of(*taking(struct("B", member("x", "int"))))
    opened = Compared(schema=part, open=frozenset({"B"}))

    assert [each.kind for each in differences(Compared(schema=whole), opened)] == [K.TYPE_CHANGED]
    assert [each.kind for each in differences(opened, Compared(schema=whole))] == [K.TYPE_CHANGED]


def test_a_type_that_is_declared_nowhere_may_be_any() -> None:
    open_type = Builtin(name="Elsewhere", json_type=JsonType.VALUE)
    plain = schema_of(*taking(struct("A", member("x", "any"))))
    types = {**plain.types, "Elsewhere": open_type}
    part = schema_of(*taking(struct("A", member("x", "any"))))
    opened = Schema(
        commands=part.commands,
        types={**types, "A": schema_of(*taking(struct("A", member("x", "str")))).type("A")},
    )
    side = Compared(schema=opened, open=frozenset({"str"}))

    assert differences(side, Compared(schema=plain)) == ()
