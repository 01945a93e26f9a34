"""Each rule of the schema language, on both sides: what breaks it, and its nearest neighbour."""

from __future__ import annotations

from pathlib import Path

import pytest

from conformance.digest.declaration import Source
from conformance.source.reader import SourceError, read_source

ENUM = "{ 'enum': 'Colour', 'data': ['red', 'blue'] }\n"
STRUCT = "{ 'struct': 'Point', 'data': { 'x': 'int' } }\n"
MANY = ", ".join(f"'f{n}'" for n in range(62))


def read(folder: Path, text: str, version: str = "10.0", *, partial: bool = False) -> Source | str:
    """Return the source, or the fault without its place."""
    path = folder / "f.json"
    path.write_text(ENUM + STRUCT + text)
    try:
        return read_source(path, version, partial=partial)
    except SourceError as error:
        return error.problem


def alternate(*types: str) -> str:
    told = ", ".join(f"'m{n}': {type_}" for n, type_ in enumerate(types))
    return f"{{ 'alternate': 'Alt', 'data': {{ {told} }} }}"


def enum(*values: str) -> str:
    return f"{{ 'enum': 'Other', 'data': [{', '.join(map(repr, values))}] }}\n"


def union(data: str, base: str = "'tag': 'Colour'") -> str:
    head = f"{{ 'union': 'Sum', 'base': {{ {base} }}, 'discriminator': 'tag'"
    return f"{head}, 'data': {{ {data} }} }}\n"


def pragma(key: str, name: str) -> str:
    return f"{{ 'pragma': {{ '{key}': ['{name}'] }} }}\n"


TWICE = "collides with 'a-b': both are one name in C"
NESTED = union("'red': 'Point'").replace("Sum", "Inner").replace("tag", "inner")


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        pytest.param(alternate("'str'", "'number'"), "'m1' cannot be told from 'm0'", id="number"),
        pytest.param(alternate("'bool'", "'str'"), "'m1' cannot be told from 'm0'", id="bool"),
        pytest.param(alternate("'Point'", "'Point'"), "'m1' cannot be told from 'm0'", id="same"),
        pytest.param(
            enum("on", "auto") + alternate("'Other'", "'bool'"),
            "'m1' cannot be told from 'm0'",
            id="switch",
        ),
        pytest.param(
            enum("2x", "auto") + alternate("'int'", "'Other'"),
            "'m1' cannot be told from 'm0'",
            id="digits",
        ),
        pytest.param(
            "{ 'event': 'some-event' }",
            "the name 'some-event' of the event has lowercase or '-'",
            id="event",
        ),
        pytest.param(
            "{ 'command': 'do_it' }", "the name 'do_it' of the command has uppercase or '_'",
            id="command",
        ),
        pytest.param(
            "{ 'struct': 'notCamel', 'data': {} }",
            "the name 'notCamel' of the struct is not in CamelCase",
            id="type",
        ),
        pytest.param(
            "{ 'command': 'c', 'data': { 'Arg': 'int' } }", "the member 'Arg' has uppercase",
            id="member",
        ),
        pytest.param(
            "{ 'command': 'c', 'data': { 'an_arg': 'int' } }",
            "the name of the member 'an_arg' has '_'",
            id="underscore",
        ),
        pytest.param(enum("Value"), "the value 'Value' has uppercase", id="value"),
        pytest.param(
            "{ 'command': 'c', 'features': ['X'] }", "the feature 'X' has uppercase", id="feature"
        ),
        pytest.param(
            pragma("member-name-exceptions", "Other") + enum("a-b", "a_b"),
            f"the value 'a_b' {TWICE}",
            id="values collide",
        ),
        pytest.param(
            pragma("member-name-exceptions", "Some")
            + "{ 'struct': 'Some', 'data': { 'a-b': 'str', 'a_b': 'str' } }",
            f"the member 'a_b' {TWICE}",
            id="members collide",
        ),
        pytest.param(
            union("'red': 'Point'", "'tag': 'Colour', 'x': 'int'"),
            "the member 'x' of branch 'red' is one of the base too",
            id="base and branch",
        ),
        pytest.param(
            NESTED + union("'blue': 'Inner'", "'tag': 'Colour', 'x': 'int'"),
            "the member 'x' of branch 'blue' is one of the base too",
            id="base and branch of a branch",
        ),
        pytest.param(
            union("'red': 'Sum'"), "the union contains itself: 'Sum'",
            id="itself",
        ),
        pytest.param(
            "{ 'union': 'Sum', 'base': { 'tag': 'None' }, 'discriminator': 'tag', 'data': {} }"
            "{ 'enum': 'None', 'data': [] }",
            "the union 'Sum' has no branches",
            id="no branches",
        ),
        pytest.param(
            "{ 'struct': 'Some', 'data': {}, 'features': ['deprecated'] }",
            "types cannot have the feature 'deprecated'",
            id="deprecated type",
        ),
        pytest.param(
            enum("a").replace(" }", ", 'features': ['unstable'] }"),
            "types cannot have the feature 'unstable'",
            id="unstable type",
        ),
        pytest.param(
            f"{{ 'command': 'c', 'features': [{MANY}, 'more'] }}",
            "'more' is one feature more than the 64 allowed",
            id="too many features",
        ),
        pytest.param(
            "{ 'command': 'c', 'returns': ['int'] }",
            "'returns' names '[int]', which is neither an object nor a list of such",
            id="returns integers",
        ),
        pytest.param(
            alternate("'int'") + "{ 'command': 'c', 'returns': 'Alt' }",
            "'returns' names 'Alt', which is neither an object nor a list of such",
            id="returns an alternate",
        ),
        pytest.param(
            "{ 'command': 'c', 'data': { 'a': { 'type': 'int', 'if': 'X' } } }",
            "the argument 'a' has a condition, which needs 'boxed'",
            id="conditional argument",
        ),
        pytest.param(
            "{ 'struct': 'Some', 'data': { 'a': { 'type': 'int', 'if': 'X' } } }"
            "{ 'event': 'E', 'data': 'Some' }",
            "the argument 'a' has a condition, which needs 'boxed'",
            id="conditional member of the arguments",
        ),
        pytest.param(
            "{ 'event': 'E', 'if': ['X'] }", "a condition is no list", id="list of conditions"
        ),
        pytest.param(
            "{ 'struct': 'Some', 'data': { 'a': { 'type': 'int', 'if': 'defined(X)' } } }",
            "the condition 'defined(X)' is no name of a symbol",
            id="C condition",
        ),
        pytest.param(
            union("", "'tag': { 'type': 'Colour', 'if': 'X' }"),
            "the discriminator 'tag' must always be there",
            id="conditional tag",
        ),
    ],
)  # fmt: skip
def test_what_breaks_a_rule_is_refused(tmp_path: Path, text: str, problem: str) -> None:
    assert read(tmp_path, text) == problem


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(alternate("'str'", "'null'", "'Point'", "['int']"), id="string and others"),
        pytest.param(alternate("'Colour'", "'int'", "'bool'"), id="names that spell nothing else"),
        pytest.param(enum("on", "x2") + alternate("'Other'", "'int'"), id="switch and number"),
        pytest.param("{ 'event': 'SOME_EVENT2' }", id="event"),
        pytest.param("{ 'command': 'x-do-it' }", id="command"),
        pytest.param(pragma("command-name-exceptions", "do_it") + "{ 'command': 'do_it' }",
                     id="excepted command"),
        pytest.param("{ 'struct': '__org.qemu_X-Thing', 'data': {} }", id="vendor type"),
        pytest.param(pragma("member-name-exceptions", "Other") + enum("Value", "a_b"),
                     id="excepted values"),
        pytest.param(enum("9pfs", "__org.qemu_x-y"), id="values with digit and vendor"),
        pytest.param(union("'red': 'Point'", "'tag': 'Colour', 'y': 'int'"), id="disjoint"),
        pytest.param(union(""), id="union without branches"),
        pytest.param(NESTED + union("'blue': 'Inner'", "'tag': 'Colour', 'y': 'int'"),
                     id="disjoint branch of a branch"),
        pytest.param("{ 'command': 'c', 'features': ['deprecated', 'unstable'] }", id="command's"),
        pytest.param(f"{{ 'command': 'c', 'features': [{MANY}] }}", id="62 and the standard two"),
        pytest.param("{ 'command': 'c', 'returns': ['Point'] }", id="returns objects"),
        pytest.param(pragma("command-returns-exceptions", "c")
                     + "{ 'command': 'c', 'returns': ['int'] }", id="excepted result"),
        pytest.param("{ 'struct': 'Some', 'data': { 'a': { 'type': 'int', 'if': 'X' } } }"
                     "{ 'command': 'c', 'boxed': true, 'data': 'Some' }", id="boxed conditional"),
        pytest.param("{ 'struct': 'Some', 'data': { 'if': 'str', 'type': 'str' } }",
                     id="members named like keys"),
        pytest.param("{ 'event': 'E', 'if': { 'all': ['X', { 'not': 'Y' }] } }", id="condition"),
    ],
)  # fmt: skip
def test_what_keeps_a_rule_is_taken_without_a_remark(tmp_path: Path, text: str) -> None:
    source = read(tmp_path, text)

    assert isinstance(source, Source), source
    assert source.remarks == ()


OLD = "QEMU 5.2 refuses it, 7.2 takes it"
NEW = "QEMU 7.2 refuses it, 5.2 takes it"
NEWEST = "QEMU 10.0 refuses it, 7.2 takes it"
CHANGED = [
    pytest.param("{ 'event': 'an_event' }", "7.2", "5.2", NEW, id="name"),
    pytest.param(
        "{ 'struct': 'Some', 'data': { 'a_b': 'int' } }", "7.2", "5.2", NEW, id="underscore"
    ),
    pytest.param("{ 'struct': 'SomeKind', 'data': {} }", "5.2", "7.2", OLD, id="Kind"),
    pytest.param(alternate("'int'", "['int']"), "5.2", "7.2", OLD, id="array"),
    pytest.param(
        "{ 'event': 'E', 'if': ['X', 'Y'] }", "6.1", "6.0",
        "QEMU 6.1 refuses it, 6.0 takes it", id="conditions",
    ),
    pytest.param(
        "{ 'struct': 'Some', 'data': {}, 'features': ['unstable'] }", "7.2", "5.2",
        NEW, id="unstable",
    ),
    pytest.param(
        "{ 'command': 'c', 'data': { 'a': { 'type': 'int', 'if': 'X' } } }", "10.0", "7.2",
        NEWEST, id="conditional",
    ),
    pytest.param(
        f"{{ 'command': 'c', 'features': [{MANY}, 'a'] }}", "10.0", "7.2", NEWEST, id="features"
    ),
]  # fmt: skip


@pytest.mark.parametrize(("text", "refusing", "taking", "words"), CHANGED)
def test_a_rule_that_has_changed_is_that_of_the_release(
    tmp_path: Path, text: str, refusing: str, taking: str, words: str
) -> None:
    taken = read(tmp_path, text, taking)

    assert isinstance(read(tmp_path, text, refusing), str)
    assert isinstance(taken, Source)
    assert taken.remarks == ()


@pytest.mark.parametrize(("text", "refusing", "taking", "words"), CHANGED)
def test_without_a_release_a_rule_that_has_changed_is_a_remark(
    tmp_path: Path, text: str, refusing: str, taking: str, words: str
) -> None:
    source = read(tmp_path, text, "")

    assert isinstance(source, Source)
    assert source.remarks
    assert all(remark.problem.endswith(f"({words})") for remark in source.remarks)


@pytest.mark.parametrize(
    "text",
    ["{ 'command': 'c', 'returns': 'any' }", "{ 'command': 'do_it' }", enum("Value")],
    ids=["result", "command", "value"],
)
def test_of_a_part_of_a_schema_the_exceptions_may_be_missing(tmp_path: Path, text: str) -> None:
    source = read(tmp_path, text, partial=True)

    assert isinstance(read(tmp_path, text), str)
    assert isinstance(source, Source)
    assert [remark.problem.partition("(")[2] for remark in source.remarks] == [
        "no pragma that is there excepts it)"
    ]
