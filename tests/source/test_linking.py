"""The entities of a schema imply others, and must fit together."""

from __future__ import annotations

import pytest

from conformance.digest.declaration import (
    DeclaredBranch,
    DeclaredMember,
    DeclaredValue,
    Entity,
    EntityKind,
)
from conformance.source.definition import read_definition
from conformance.source.expression import ObjectValue, SourceError, parse
from conformance.source.linking import check_links, element_of, with_implied
from conformance.source.rulings import Rulings

ENUM = "{ 'enum': 'E', 'data': ['a', 'b'] }\n"
STRUCT = "{ 'struct': 'S', 'data': { 's': 'str' } }\n"


def entities(text: str) -> tuple[Entity, ...]:
    parts = parse(text, "f")
    return tuple(read_definition(part, None) for part in parts if isinstance(part, ObjectValue))


def links(declared: tuple[Entity, ...], *, is_whole: bool) -> tuple[str, ...]:
    """Return the open names of a schema of today's release, without pragmas."""
    return check_links(declared, {}, Rulings((10, 0)), is_whole=is_whole)


def test_the_element_of_an_array_is_told_from_a_type() -> None:
    assert (element_of("[str]"), element_of("str")) == ("str", "str")


def test_a_simple_union_implies_an_enumeration_and_wrappers() -> None:
    implied = with_implied(
        entities(
            """{ 'union': 'U', 'if': 'X', 'data': { 'a': 'str', 'b': { 'type': 'S', 'if': 'Y' },
                                                'c': ['str'], 'd': 'str' } }
               { 'struct': 'S', 'data': {}, 'if': 'Z' }"""
        )
    )

    assert implied[:5] == (
        Entity(
            kind=EntityKind.ENUM,
            name="UKind",
            condition="X",
            values=(
                DeclaredValue(name="a"),
                DeclaredValue(name="b", condition="Y"),
                DeclaredValue(name="c"),
                DeclaredValue(name="d"),
            ),
        ),
        wrapper("q_obj_str-wrapper", "str"),
        wrapper("q_obj_S-wrapper", "S", "Z"),
        wrapper("q_obj_strList-wrapper", "[str]"),
        Entity(
            kind=EntityKind.UNION,
            name="U",
            condition="X",
            base_members=(DeclaredMember(name="type", type="UKind"),),
            tag="type",
            branches=(
                DeclaredBranch(case="a", type="q_obj_str-wrapper"),
                DeclaredBranch(case="b", type="q_obj_S-wrapper", condition="Y"),
                DeclaredBranch(case="c", type="q_obj_strList-wrapper"),
                DeclaredBranch(case="d", type="q_obj_str-wrapper"),
            ),
        ),
    )
    assert {entity.place for entity in implied[:5]} == {implied[4].place}
    assert links(implied, is_whole=True) == ()


def wrapper(name: str, wrapped: str, condition: str | None = None) -> Entity:
    member = DeclaredMember(name="data", type=wrapped)
    return Entity(kind=EntityKind.STRUCT, name=name, members=(member,), condition=condition)


def test_two_simple_unions_share_their_wrappers() -> None:
    implied = with_implied(
        entities(
            "{ 'union': 'U', 'data': { 'a': 'str' } }\n{ 'union': 'V', 'data': { 'a': 'str' } }"
        )
    )

    assert [e.name for e in implied] == ["UKind", "q_obj_str-wrapper", "U", "VKind", "V"]
    assert links(implied, is_whole=True) == ()


def test_a_declaration_that_implies_a_name_in_use_is_a_fault() -> None:
    text = "{ 'enum': 'UKind', 'data': [] }\n{ 'union': 'U', 'data': { 'a': 'str' } }"

    with pytest.raises(SourceError) as caught:
        links(with_implied(entities(text)), is_whole=True)

    assert str(caught.value) == "f:2:1: 'UKind' is already declared at f:1:1"


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("{ 'event': 'X', 'data': { 'a': 'E', 'b': ['S'] } }", id="members"),
        pytest.param(
            "{ 'struct': 'X', 'base': 'S', 'data': { '*x': 'X' } }", id="type within itself"
        ),
        pytest.param("{ 'command': 'x', 'data': 'S', 'returns': ['S'] }", id="unboxed struct"),
        pytest.param(
            """{ 'union': 'U', 'base': { 't': 'E' }, 'discriminator': 't', 'data': { 'b': 'S' } }
               { 'union': 'V', 'base': { 'v': 'E' }, 'discriminator': 'v', 'data': { 'a': 'U' } }
               { 'command': 'x', 'data': 'V', 'boxed': true }""",
            id="union in a union",
        ),
        pytest.param(
            """{ 'alternate': 'A', 'data': { 'a': 'E', 'b': 'S', 'c': 'int', 'd': 'bool',
                                         'e': 'null', 'f': ['int'] } }""",
            id="alternate of all",
        ),
    ],
)
def test_what_fits_together_is_no_fault(text: str) -> None:
    assert links(entities(ENUM + STRUCT + text), is_whole=True) == ()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param(
            "{ 'event': 'E' }", "3:1: 'E' is already declared at f:1:1", id="declared twice"
        ),
        pytest.param(
            "{ 'enum': 'size', 'data': [] }",
            "3:1: 'size' is the name of a built-in type",
            id="built in",
        ),
        pytest.param(
            "{ 'event': 'X', 'data': { 'a': ['Other'] } }",
            "3:27: the type 'Other' is declared nowhere",
            id="undeclared type",
        ),
        pytest.param(
            "{ 'event': 'X' }\n{ 'command': 'y', 'returns': 'X' }",
            "4:1: 'X' is no type but declared as event",
            id="no type",
        ),
        pytest.param(
            "{ 'struct': 'X', 'base': 'E', 'data': {} }",
            "3:1: the base 'E' is no struct",
            id="base of another kind",
        ),
        pytest.param(
            "{ 'struct': 'X', 'base': 'str', 'data': {} }",
            "3:1: the base 'str' is no struct",
            id="base that is built in",
        ),
        pytest.param(
            "{ 'struct': 'X', 'base': 'Y', 'data': {} }{ 'struct': 'Y', 'base': 'X', 'data': {} }",
            "3:1: the struct is its own base: X -> Y -> X",
            id="base of itself",
        ),
        pytest.param(
            "{ 'struct': 'X', 'base': 'S', 'data': { 's': 'int' } }",
            "3:41: the base of 'X' has a member 's' too",
            id="member of the base",
        ),
        pytest.param(
            "{ 'command': 'x', 'data': 'E' }",
            "3:1: 'data' names 'E', which is no object",
            id="arguments of no object",
        ),
        pytest.param(
            "{ 'union': 'U', 'base': { 't': 'E' }, 'discriminator': 't', 'data': { 'a': 'S' } }"
            "{ 'command': 'x', 'data': 'U' }",
            "3:83: 'data' names the union 'U', which needs 'boxed'",
            id="union not boxed",
        ),
        pytest.param(
            "{ 'union': 'U', 'base': 'S', 'discriminator': 't', 'data': { 'a': 'S' } }",
            "3:1: the discriminator 't' is no member of the base",
            id="no discriminator",
        ),
        pytest.param(
            "{ 'union': 'U', 'base': { '*t': 'E' }, 'discriminator': 't', 'data': { 'a': 'S' } }",
            "3:27: the discriminator 't' must always be there",
            id="optional discriminator",
        ),
        pytest.param(
            "{ 'union': 'U', 'base': 'S', 'discriminator': 's', 'data': { 'a': 'S' } }",
            "2:28: the discriminator 's' is of no enumeration",
            id="discriminator of no enum",
        ),
        pytest.param(
            "{ 'union': 'U', 'base': { 't': 'E' }, 'discriminator': 't', 'data': { 'c': 'S' } }",
            "3:71: the tag 't' has no value 'c'",
            id="unknown case",
        ),
        pytest.param(
            "{ 'union': 'U', 'base': { 't': 'E' }, 'discriminator': 't', 'data': { 'a': ['S'] } }",
            "3:71: the type '[S]' of branch 'a' is no object",
            id="branch of no object",
        ),
        pytest.param(
            "{ 'union': 'U', 'base': { 't': 'E', 's': 'int' }, 'discriminator': 't',\n"
            " 'data': { 'a': 'S' } }",
            "4:12: the member 's' of branch 'a' is one of the base too",
            id="branch like the base",
        ),
        pytest.param(
            "{ 'alternate': 'A', 'data': { 'a': 'str', 'b': 'E' } }",
            "3:43: 'b' cannot be told from 'a'",
            id="alternatives alike",
        ),
        pytest.param(
            "{ 'alternate': 'A', 'data': { 'a': 'any' } }",
            "3:31: an alternate cannot have the type 'any'",
            id="alternative of any",
        ),
    ],
)
def test_a_fault_is_told_with_its_place(text: str, expected: str) -> None:
    with pytest.raises(SourceError) as caught:
        links(entities(ENUM + STRUCT + text), is_whole=True)

    assert str(caught.value) == f"f:{expected}"


def test_names_are_open_where_files_are_missing() -> None:
    text = """
        { 'struct': 'X', 'base': 'Base', 'data': { 'a': ['Elsewhere'], 's': 'str' } }
        { 'union': 'U', 'base': { 't': 'Tag' }, 'discriminator': 't', 'data': { 'z': 'Branch' } }
        { 'union': 'V', 'base': 'X', 'discriminator': 'z', 'data': { 'z': 'S' } }
        { 'alternate': 'A', 'data': { 'a': 'Any', 'b': 'str' } }
        { 'command': 'c', 'data': 'Args', 'returns': 'Result' }
        """

    assert links(entities(ENUM + STRUCT + text), is_whole=False) == (
        "Any", "Args", "Base", "Branch", "Elsewhere", "Result", "Tag",
    )  # fmt: skip


def test_what_is_known_must_fit_even_where_files_are_missing() -> None:
    text = "{ 'struct': 'X', 'base': 'S', 'data': { 's': 'Elsewhere' } }"

    with pytest.raises(SourceError, match="has a member 's' too"):
        links(entities(STRUCT + text), is_whole=False)


def test_a_long_line_of_bases_is_read() -> None:
    text = "".join(
        f"{{ 'struct': 'X{n}', 'base': 'X{n + 1}', 'data': {{ 'm{n}': 'str' }} }}\n"
        for n in range(3000)
    )

    assert links(entities(text), is_whole=False) == ("X3000",)
