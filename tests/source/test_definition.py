"""Each kind of expression becomes the entity that it declares."""

from __future__ import annotations

import pytest

from conformance.digest.declaration import (
    DeclaredBranch,
    DeclaredFeature,
    DeclaredMember,
    DeclaredValue,
    Entity,
    EntityKind,
    Flag,
    SourcePlace,
)
from conformance.source.definition import read_definition
from conformance.source.expression import ObjectValue, SourceError, parse


def declared(text: str) -> Entity:
    (part,) = parse(text, "f")
    assert isinstance(part, ObjectValue)
    return read_definition(part, None)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param(
            """{ 'enum': 'E', 'prefix': 'P', 'data': [ 'a', '2b',
               { 'name': 'c', 'if': 'X', 'features': [ 'unstable' ] } ] }""",
            Entity(
                kind=EntityKind.ENUM,
                name="E",
                values=(
                    DeclaredValue(name="a"),
                    DeclaredValue(name="2b"),
                    DeclaredValue(
                        name="c", condition="X", features=(DeclaredFeature(name="unstable"),)
                    ),
                ),
            ),
            id="enum",
        ),
        pytest.param(
            """{ 'struct': 'S', 'base': 'B', 'if': 'X',
                 'features': [ 'f', { 'name': 'g', 'if': 'Y' } ],
                 'data': { 'a': 'str', '*b': ['int'],
                           '*c': { 'type': ['T'], 'if': 'Z', 'features': ['deprecated'] } } }""",
            Entity(
                kind=EntityKind.STRUCT,
                name="S",
                base="B",
                condition="X",
                features=(DeclaredFeature(name="f"), DeclaredFeature(name="g", condition="Y")),
                members=(
                    DeclaredMember(name="a", type="str"),
                    DeclaredMember(name="b", type="[int]", optional=True),
                    DeclaredMember(
                        name="c",
                        type="[T]",
                        optional=True,
                        condition="Z",
                        features=(DeclaredFeature(name="deprecated"),),
                    ),
                ),
            ),
            id="struct",
        ),
        pytest.param(
            """{ 'union': 'U', 'base': { 't': 'E' }, 'discriminator': 't',
                 'data': { 'a': 'S', 'b': { 'type': 'T', 'if': 'X' } } }""",
            Entity(
                kind=EntityKind.UNION,
                name="U",
                base_members=(DeclaredMember(name="t", type="E"),),
                tag="t",
                branches=(
                    DeclaredBranch(case="a", type="S"),
                    DeclaredBranch(case="b", type="T", condition="X"),
                ),
            ),
            id="union with base in place",
        ),
        pytest.param(
            "{ 'union': 'U', 'base': 'B', 'discriminator': 't', 'data': { 'a': 'S' } }",
            Entity(
                kind=EntityKind.UNION,
                name="U",
                base="B",
                tag="t",
                branches=(DeclaredBranch(case="a", type="S"),),
            ),
            id="union with named base",
        ),
        pytest.param(
            "{ 'union': 'U', 'data': { 'a': 'str', 'b': ['int'] } }",
            Entity(
                kind=EntityKind.UNION,
                name="U",
                branches=(
                    DeclaredBranch(case="a", type="str"),
                    DeclaredBranch(case="b", type="[int]"),
                ),
            ),
            id="simple union",
        ),
        pytest.param(
            "{ 'alternate': 'A', 'data': { 'a': 'str', 'b': { 'type': 'S', 'if': 'X' } } }",
            Entity(
                kind=EntityKind.ALTERNATE,
                name="A",
                members=(
                    DeclaredMember(name="a", type="str"),
                    DeclaredMember(name="b", type="S", condition="X"),
                ),
            ),
            id="alternate",
        ),
        pytest.param(
            "{ 'command': 'c' }", Entity(kind=EntityKind.COMMAND, name="c"), id="bare command"
        ),
        pytest.param(
            """{ 'command': 'c', 'data': { '*a': 'str' }, 'returns': ['S'], 'allow-oob': true,
                 'allow-preconfig': true, 'gen': false, 'success-response': false }""",
            Entity(
                kind=EntityKind.COMMAND,
                name="c",
                members=(DeclaredMember(name="a", type="str", optional=True),),
                returns="[S]",
                flags=frozenset(Flag) - {Flag.COROUTINE},
            ),
            id="command with flags",
        ),
        pytest.param(
            "{ 'command': 'c', 'data': 'S', 'boxed': true, 'coroutine': true, 'returns': 'any' }",
            Entity(
                kind=EntityKind.COMMAND,
                name="c",
                arg_type="S",
                boxed=True,
                returns="any",
                flags=frozenset({Flag.COROUTINE}),
            ),
            id="boxed command",
        ),
        pytest.param(
            "{ 'event': 'E', 'data': { 'a': 'str' }, 'features': ['unstable'] }",
            Entity(
                kind=EntityKind.EVENT,
                name="E",
                members=(DeclaredMember(name="a", type="str"),),
                features=(DeclaredFeature(name="unstable"),),
            ),
            id="event",
        ),
        pytest.param(
            "{ 'event': '__com.some-one_E' }",
            Entity(kind=EntityKind.EVENT, name="__com.some-one_E"),
            id="extension of a vendor",
        ),
    ],
)
def test_an_expression_declares_an_entity(text: str, expected: Entity) -> None:
    assert declared(text) == expected


def test_places_are_those_of_the_expression_and_of_each_name() -> None:
    entity = declared("\n{ 'struct': 'S',\n  'data': { 'a': 'str' } }")

    assert entity.place == SourcePlace(file="f", line=2, column=1)
    assert entity.members[0].place == SourcePlace(file="f", line=3, column=13)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param(
            "{ 'data': {} }",
            "1:1: the expression must have exactly one of"
            " 'command', 'event', 'enum', 'struct', 'union', 'alternate'",
            id="no kind",
        ),
        pytest.param(
            "{ 'enum': 'A', 'struct': 'A' }",
            "1:1: the expression must have exactly one of"
            " 'command', 'event', 'enum', 'struct', 'union', 'alternate'",
            id="two kinds",
        ),
        pytest.param(
            "{ 'struct': 'A', 'data': {}, 'gen': false }",
            "1:30: unknown key 'gen' in the struct declaration;"
            " it may have base, data, features, if, struct",
            id="unknown key",
        ),
        pytest.param(
            "{ 'struct': 'A' }", "1:1: the struct declaration has no 'data'", id="key missing"
        ),
        pytest.param(
            "{ 'event': ['A'] }", "1:12: 'event' must be a string that is not empty", id="list"
        ),
        pytest.param("{ 'event': '4A' }", "1:12: '4A' is no valid name", id="digit first"),
        pytest.param("{ 'event': 'A B' }", "1:12: 'A B' is no valid name", id="blank"),
        pytest.param(
            "{ 'event': 'q_a' }",
            "1:12: 'q_a': names that begin with 'q_' are reserved",
            id="reserved prefix",
        ),
        pytest.param(
            "{ 'enum': 'AList', 'data': [] }",
            "1:11: 'AList': names that end with 'List' are reserved",
            id="reserved suffix",
        ),
        pytest.param(
            "{ 'event': 'A', 'data': { 'u': 'str' } }",
            "1:27: the name 'u' is reserved for members",
            id="reserved member",
        ),
        pytest.param(
            "{ 'event': 'A', 'data': { 'a': 'str', '*a': 'int' } }",
            "1:39: the member 'a' stands twice",
            id="member twice",
        ),
        pytest.param(
            "{ 'event': 'A', 'data': { 'a': { 'typ': 'str' } } }",
            "1:34: unknown key 'typ' in the member 'a'; it may have features, if, type",
            id="unknown key of a member",
        ),
        pytest.param(
            "{ 'event': 'A', 'data': { 'a': [ 'b', 'c' ] } }",
            "1:32: a type is a name, or a list that holds one name",
            id="list of two types",
        ),
        pytest.param(
            "{ 'event': 'A', 'data': ['str'] }", "1:25: members must be an object", id="no members"
        ),
        pytest.param(
            "{ 'event': 'A', 'boxed': true, 'data': {} }",
            "1:1: 'boxed' needs 'data' that names a type",
            id="boxed in place",
        ),
        pytest.param(
            "{ 'command': 'a', 'gen': true }", "1:26: 'gen' can only be false", id="flag of no use"
        ),
        pytest.param(
            "{ 'command': 'a', 'allow-oob': 'yes' }",
            "1:32: 'allow-oob' can only be true",
            id="flag of another type",
        ),
        pytest.param(
            "{ 'command': 'a', 'allow-oob': true, 'coroutine': true }",
            "1:1: 'allow-oob' and 'coroutine' cannot go together",
            id="flags at odds",
        ),
        pytest.param(
            "{ 'enum': 'A', 'data': 'a' }", "1:24: 'data' of an enum must be a list", id="no list"
        ),
        pytest.param(
            "{ 'enum': 'A', 'data': ['a', {'name': 'a'}] }",
            "1:30: the value 'a' stands twice",
            id="value twice",
        ),
        pytest.param(
            "{ 'enum': 'A', 'data': [], 'features': ['a', 'a'] }",
            "1:46: the feature 'a' stands twice",
            id="feature twice",
        ),
        pytest.param(
            "{ 'enum': 'A', 'data': [], 'features': 'a' }",
            "1:40: 'features' must be a list",
            id="features of no list",
        ),
        pytest.param(
            "{ 'union': 'A', 'data': {} }", "1:1: the union 'A' has no branches", id="no branches"
        ),
        pytest.param(
            "{ 'union': 'A', 'base': 'B', 'data': { 'a': 'C' } }",
            "1:1: 'base' and 'discriminator' go together",
            id="base alone",
        ),
        pytest.param(
            "{ 'union': 'A', 'discriminator': 'b', 'data': { 'a': 'C' } }",
            "1:1: 'base' and 'discriminator' go together",
            id="discriminator alone",
        ),
        pytest.param(
            "{ 'alternate': 'A', 'data': {} }",
            "1:1: the alternate has no alternatives",
            id="no alternatives",
        ),
        pytest.param(
            "{ 'struct': 'A', 'base': {}, 'data': {} }",
            "1:26: 'base' must be a string that is not empty",
            id="struct with base in place",
        ),
    ],
)
def test_a_fault_is_told_with_its_place(text: str, expected: str) -> None:
    with pytest.raises(SourceError) as caught:
        declared(text)

    assert str(caught.value) == f"f:{expected}"
