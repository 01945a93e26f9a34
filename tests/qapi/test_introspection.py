"""Reading query-qmp-schema."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import Any

import pytest

import conformance
from conformance.knowledge.rules import load_rules
from conformance.qapi.introspection import examine, read_introspection
from conformance.qapi.model import (
    Alternate,
    Array,
    Builtin,
    Command,
    Enum,
    EnumMember,
    Event,
    JsonType,
    Member,
    Object,
    SchemaError,
    Variant,
)
from tests.qapi.schemas import (
    ADDRESSES,
    BUILTINS,
    Entry,
    alternate,
    array,
    builtin,
    command,
    enum,
    event,
    member,
    old_enum,
    optional,
    schema_of,
    struct,
    union,
)


def test_each_kind_of_entry_is_read() -> None:
    schema = schema_of(
        *ADDRESSES,
        alternate("StrOrNull", "str", "null"),
        command("open", "Channel", "[str]", **{"allow-oob": True, "features": ["unstable"]}),
        event("OPENED", "Inet", features=["deprecated"]),
    )
    assert schema.types["any"] == Builtin(name="any", json_type=JsonType.VALUE)
    assert schema.types["[str]"] == Array(name="[str]", element="str")
    assert schema.types["StrOrNull"] == Alternate(name="StrOrNull", members=("str", "null"))
    assert schema.types["Inet"] == Object(
        name="Inet",
        members=(Member(name="host", type="str"), Member(name="port", type="int", optional=True)),
    )
    assert schema.types["Address"] == Object(
        name="Address",
        members=(Member(name="family", type="Family"),),
        tag="family",
        variants=(Variant(case="inet", type="Inet"), Variant(case="unix", type="Unix")),
    )
    assert schema.commands["open"] == Command(
        name="open", arg_type="Channel", ret_type="[str]", allow_oob=True, features=("unstable",)
    )
    assert schema.events["OPENED"] == Event(
        name="OPENED", arg_type="Inet", features=("deprecated",)
    )


@pytest.mark.parametrize(
    "entry",
    [
        pytest.param(old_enum("Mode", "on", "off"), id="values alone, as 5.2 has it"),
        pytest.param(enum("Mode", "on", "off"), id="members alone"),
        pytest.param({**old_enum("Mode", "on", "off"), **enum("Mode", "on", "off")}, id="both"),
    ],
)
def test_an_enumeration_reads_the_same_in_its_old_and_new_form(entry: Entry) -> None:
    expected = Enum(name="Mode", members=(EnumMember(name="on"), EnumMember(name="off")))
    assert schema_of(entry).types["Mode"] == expected


def test_features_are_kept_wherever_they_stand() -> None:
    schema = schema_of(
        struct("S", member("m", "str", features=["deprecated"]), features=["f"]),
        {**enum("E"), "members": [{"name": "v", "features": ["unstable"]}]},
    )
    kept = schema.object("S")
    assert kept.features == ("f",)
    assert kept.members[0].features == ("deprecated",)
    values = schema.type("E")
    assert isinstance(values, Enum)
    assert values.members[0].features == ("unstable",)


def test_unknown_members_of_an_entry_are_left_alone() -> None:
    plain, odd = struct("S", member("m", "str")), struct("S", member("m", "str", x=1), y=[2])
    assert schema_of(plain) == schema_of(odd)


def test_types_may_hold_themselves() -> None:
    schema = schema_of(
        struct("Node", optional("next", "Node"), optional("more", "[Node]")),
        array("[Node]", "Node"),
    )
    assert schema.object("Node").members[0].type == "Node"


FAMILY = enum("F", "a", "b")
TAG = member("f", "F")

MALFORMED: dict[str, tuple[list[Any], str, str]] = {
    "entry that is no object": (["x"], "entry 7", "is not an object"),
    "no name": ([{"meta-type": "enum", "values": []}], "entry 7", "has no 'name'"),
    "name of a wrong type": (
        [{"name": 1, "meta-type": "enum"}], "entry 7: name", "is not a string"),
    "name given twice": (
        [command("stop"), event("stop")],
        "entry 8 (event 'stop')", "has the name of entry 7 (command 'stop')"),
    "no meta-type": ([{"name": "x"}], "entry 7", "has no 'meta-type'"),
    "name that is a path": (
        [command("../../x")], "entry 7 (command '../../x'): name",
        "no usable name: '../../x' holds other things than letters"),
    "name with a line break": (
        [event("a\nb")], "entry 7 (event 'a\\nb'): name",
        "no usable name: 'a\\nb' holds other things than letters"),
    "name without end": (
        [command("c" * 1_000_000)], f"entry 7 (command '{'c' * 40}...'): name",
        f"no usable name: '{'c' * 40}...' has 1000000 characters, more than 255"),
    "type with a name of no use": (
        [struct("S\0")], "entry 7 (object 'S\\x00'): name",
        "no usable name: 'S\\x00' holds other things than printable ASCII"),
    "member with a name of no use": (
        [struct("S", member("a/b", "str"))], "entry 7 (object 'S'): members[0]: name",
        "no usable name: 'a/b'"),
    "enum value with a name of no use": (
        [enum("E", "\x1b[31m")], "entry 7 (enum 'E'): members[0]: name",
        "no usable name: '\\x1b[31m'"),
    "feature with a name of no use": (
        [struct("S", features=["\ud800"])], "entry 7 (object 'S'): features[0]",
        "no usable name: '\\ud800'"),
    "unknown meta-type": (
        [{"name": "x", "meta-type": "class"}], "entry 7 (class 'x'): meta-type", "is 'class'"),
    "unknown json-type": (
        [builtin("b", "date")], "entry 7 (builtin 'b'): json-type", "is 'date', none of string"),
    "enum without values": (
        [{"name": "E", "meta-type": "enum"}], "entry 7 (enum 'E')", "has no 'values'"),
    "enum value of a wrong type": (
        [{"name": "E", "meta-type": "enum", "values": ["a", 1]}],
        "entry 7 (enum 'E'): values[1]", "is not a string"),
    "enum member of a wrong type": (
        [{"name": "E", "meta-type": "enum", "members": ["a"]}],
        "entry 7 (enum 'E'): members[0]", "is not an object"),
    "enum forms that differ": (
        [{**old_enum("E", "a"), **enum("E", "b")}],
        "entry 7 (enum 'E'): values", "do not agree with members"),
    "enum value given twice": (
        [enum("E", "a", "a")], "entry 7 (enum 'E'): members", "the value 'a' stands there 2 times"),
    "array without element-type": (
        [{"name": "[x]", "meta-type": "array"}], "entry 7 (array '[x]')", "has no 'element-type'"),
    "array of an unknown type": (
        [array("[x]", "x")], "entry 7 (array '[x]'): element-type", "there is no type 'x'"),
    "object without members": (
        [{"name": "S", "meta-type": "object"}], "entry 7 (object 'S')", "has no 'members'"),
    "members of a wrong type": (
        [{"name": "S", "meta-type": "object", "members": {}}],
        "entry 7 (object 'S'): members", "is not an array"),
    "member without a type": (
        [struct("S", {"name": "m"})], "entry 7 (object 'S'): members[0]", "has no 'type'"),
    "member of an unknown type": (
        [struct("S", member("a", "str"), member("b", "x"))],
        "entry 7 (object 'S'): members[1]: type", "there is no type 'x'"),
    "member given twice": (
        [struct("S", member("a", "str"), member("a", "int"))],
        "entry 7 (object 'S'): members", "the member 'a' stands there 2 times"),
    "features of a wrong type": (
        [struct("S", features="x")], "entry 7 (object 'S'): features", "is not an array"),
    "feature of a wrong type": (
        [struct("S", member("a", "str", features=[None]))],
        "entry 7 (object 'S'): members[0]: features[0]", "is not a string"),
    "tag without variants": (
        [struct("U", TAG, tag="f"), FAMILY], "entry 7 (object 'U')", "has one of 'tag' and"),
    "variants without tag": (
        [struct("U", TAG, variants=[]), FAMILY], "entry 7 (object 'U')", "has one of 'tag' and"),
    "tag that is no member": (
        [union("U", "g", [TAG], {}), FAMILY], "entry 7 (object 'U'): tag", "'g' is no member"),
    "tag that is no enumeration": (
        [union("U", "f", [member("f", "str")], {})],
        "entry 7 (object 'U'): tag", "the member 'f' is no enumeration"),
    "tag that is optional": (
        [union("U", "f", [optional("f", "F")], {}), FAMILY],
        "entry 7 (object 'U'): tag", "the member 'f' is optional"),
    "case that the tag cannot have": (
        [union("U", "f", [TAG], {"c": "0"}), FAMILY],
        "entry 7 (object 'U'): variants[0]: case", "'c' is no value of 'f'"),
    "case given twice": (
        [struct("U", TAG, tag="f", variants=[{"case": "a", "type": "0"}] * 2), FAMILY],
        "entry 7 (object 'U'): variants", "the case 'a' stands there 2 times"),
    "variant of an unknown type": (
        [union("U", "f", [TAG], {"a": "x"}), FAMILY],
        "entry 7 (object 'U'): variants[0]: type", "there is no object type 'x'"),
    "variant that is no object": (
        [union("U", "f", [TAG], {"a": "str"}), FAMILY],
        "entry 7 (object 'U'): variants[0]: type", "there is no object type 'str'"),
    "variant that has a common member": (
        [union("U", "f", [TAG], {"a": "S"}), FAMILY, struct("S", member("f", "str"))],
        "entry 7 (object 'U'): variants[0]: type", "the member 'f' stands there 2 times"),
    "variant that is its own union": (
        [union("U", "f", [TAG], {"a": "U"}), FAMILY],
        "entry 7 (object 'U'): variants[0]", "the object 'U' is a branch of itself"),
    "alternate of an unknown type": (
        [alternate("A", "str", "x")],
        "entry 7 (alternate 'A'): members[1]: type", "there is no type 'x'"),
    "alternate of two strings": (
        [alternate("A", "str", "F"), FAMILY],
        "entry 7 (alternate 'A'): members[1]: type", "'F' and 'str' are both of type string"),
    "alternate of int and number": (
        [alternate("A", "int", "number")],
        "entry 7 (alternate 'A'): members[1]: type", "'number' and 'int' are both of type int"),
    "alternate of anything": (
        [alternate("A", "any")],
        "entry 7 (alternate 'A'): members[0]: type", "no JSON type tells 'any'"),
    "command without ret-type": (
        [{"name": "c", "meta-type": "command", "arg-type": "0"}],
        "entry 7 (command 'c')", "has no 'ret-type'"),
    "command with an unknown ret-type": (
        [command("c", ret="x")], "entry 7 (command 'c'): ret-type", "there is no type 'x'"),
    "command whose arguments are no object": (
        [command("c", "str")], "entry 7 (command 'c'): arg-type", "there is no object type 'str'"),
    "allow-oob of a wrong type": (
        [{**command("c"), "allow-oob": 1}],
        "entry 7 (command 'c'): allow-oob", "is not true or false"),
    "event with unknown data": (
        [event("E", "x")], "entry 7 (event 'E'): arg-type", "there is no object type 'x'"),
}  # fmt: skip


@pytest.mark.parametrize(("entries", "place", "problem"), MALFORMED.values(), ids=MALFORMED.keys())
def test_a_malformed_entry_is_named_with_its_place(
    entries: list[Any], place: str, problem: str
) -> None:
    with pytest.raises(SchemaError) as caught:
        read_introspection([*BUILTINS, *entries])
    assert caught.value.place == place
    assert caught.value.problem.startswith(problem)
    assert str(caught.value) == f"{place}: {caught.value.problem}"


def test_every_fault_of_every_entry_is_told_with_its_rule() -> None:
    entries = [
        {"name": "E", "meta-type": "enum", "members": ["a", {"name": 1}]},
        struct("S", member("a", "E"), member("b", "x"), member("c", "y")),
        command("c", "nothing", "nowhere"),
        event("c"),
        {"name": "o", "meta-type": "command", "arg-type": 1, "allow-oob": 1},
        union("U", "f", [optional("f", "str")], {"a": "S"}),
        union("V", "a", [member("a", "G")], {"p": "S", "q": "int"}),
        enum("G", "p"),
    ]
    found = examine([*BUILTINS, *entries])
    assert [(fault.rule, str(fault)) for fault in found.faults] == [
        ("Q65", "entry 7 (enum 'E'): members[0]: is not an object"),
        ("Q65", "entry 7 (enum 'E'): members[1]: name: is not a string"),
        ("Q46", "entry 10 (event 'c'): has the name of entry 9 (command 'c')"),
        ("Q57", "entry 11 (command 'o'): arg-type: is not a string"),
        ("Q57", "entry 11 (command 'o'): has no 'ret-type'"),
        ("Q57", "entry 11 (command 'o'): allow-oob: is not true or false"),
        ("Q68", "entry 8 (object 'S'): members[1]: type: there is no type 'x'"),
        ("Q68", "entry 8 (object 'S'): members[2]: type: there is no type 'y'"),
        ("Q60", "entry 12 (object 'U'): tag: the member 'f' is optional"),
        ("Q60", "entry 12 (object 'U'): tag: the member 'f' is no enumeration"),
        ("Q22", "entry 13 (object 'V'): variants[0]: type: the member 'a' stands there 2 times"),
        ("Q62", "entry 13 (object 'V'): variants[1]: case: 'q' is no value of 'a'"),
        ("Q62", "entry 13 (object 'V'): variants[1]: type: there is no object type 'int'"),
        ("Q58", "entry 9 (command 'c'): arg-type: there is no object type 'nothing'"),
        ("Q68", "entry 9 (command 'c'): ret-type: there is no type 'nowhere'"),
    ]
    assert "S" in found.schema.types
    assert "E" not in found.schema.types


def test_branches_in_a_circle_are_told_once_for_each_union_of_it() -> None:
    tags = [enum("F", "a"), enum("G", "b")]
    found = examine(
        [
            *BUILTINS,
            *tags,
            union("A", "f", [member("f", "F")], {"a": "B"}),
            union("B", "g", [member("g", "G")], {"b": "A"}),
            union("C", "h", [member("h", "F")], {"a": "A"}),
        ]
    )
    assert [fault.problem for fault in found.faults] == [
        "the object 'A' is a branch of itself",
        "the object 'B' is a branch of itself",
    ]


def test_what_is_no_array_is_no_schema() -> None:
    with pytest.raises(SchemaError, match="does not return an array"):
        read_introspection({})


def test_a_schema_error_is_a_value_error() -> None:
    assert issubclass(SchemaError, ValueError)


def test_every_rule_that_a_contradiction_cites_is_broken_here() -> None:
    folder = Path(conformance.__file__).parent / "qapi"
    cited = {
        node.value
        for name in ("consistency", "introspection")
        for node in ast.walk(ast.parse((folder / f"{name}.py").read_text()))
        if isinstance(node, ast.Constant) and re.fullmatch(r"[WQX]\d\d", str(node.value))
    }
    broken = {
        fault.rule
        for entries, _, _ in MALFORMED.values()
        for fault in examine([*BUILTINS, *entries]).faults
    }
    assert broken == cited <= load_rules().keys()
