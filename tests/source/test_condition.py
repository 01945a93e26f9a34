"""All spellings of a condition come to one form."""

from __future__ import annotations

import pytest

from conformance.digest.declaration import Condition
from conformance.source.condition import read_condition
from conformance.source.expression import ObjectValue, SourceError, Value, parse


def value_of(text: str) -> Value:
    (part,) = parse(f"{{ 'if': {text} }}", "f")
    assert isinstance(part, ObjectValue)
    value = part.get("if")
    assert value is not None
    return value


def test_no_condition_always_holds() -> None:
    assert read_condition(None) is None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("'A'", "A", id="name"),
        pytest.param("{'all': ['A', 'B']}", {"all": ("A", "B")}, id="all"),
        pytest.param("{'any': ['A', 'B']}", {"any": ("A", "B")}, id="any"),
        pytest.param("{'not': 'A'}", {"not": "A"}, id="not"),
        pytest.param("{'any': ['A']}", "A", id="any of one"),
        pytest.param(
            "{'all': ['A', {'any': ['B', {'not': 'C'}]}]}",
            {"all": ("A", {"any": ("B", {"not": "C"})})},
            id="nested",
        ),
        pytest.param("'defined(A)'", "A", id="C: defined"),
        pytest.param("'defined A'", "A", id="C: defined without parentheses"),
        pytest.param("' defined ( A ) '", "A", id="C: blanks"),
        pytest.param("'!defined(A)'", {"not": "A"}, id="C: not"),
        pytest.param("'!!A'", {"not": {"not": "A"}}, id="C: not not"),
        pytest.param("'defined(A) && defined(B)'", {"all": ("A", "B")}, id="C: and"),
        pytest.param("'A || B || C'", {"any": ("A", "B", "C")}, id="C: or"),
        pytest.param("'A || B && C'", {"any": ("A", {"all": ("B", "C")})}, id="C: and binds"),
        pytest.param(
            "'(A || B) && !(C)'", {"all": ({"any": ("A", "B")}, {"not": "C"})}, id="C: ()"
        ),
        pytest.param("['defined(A)']", "A", id="list of one"),
        pytest.param("['A', 'B || C']", {"all": ("A", {"any": ("B", "C")})}, id="list"),
    ],
)
def test_each_spelling_comes_to_one_form(text: str, expected: Condition) -> None:
    assert read_condition(value_of(text)) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("true", "f:1:9: a condition is a string, a list or an object", id="truth"),
        pytest.param("''", "f:1:9: '' is no condition", id="nothing"),
        pytest.param("[]", "f:1:9: an empty list is no condition", id="empty list"),
        pytest.param("{'any': []}", "f:1:17: an empty list is no condition", id="any of none"),
        pytest.param(
            "{'all': 'A'}", "f:1:17: 'all' needs a list of conditions", id="all of no list"
        ),
        pytest.param(
            "{}", "f:1:9: a condition has exactly one of 'all', 'any' and 'not'", id="empty object"
        ),
        pytest.param(
            "{'xor': ['A', 'B']}",
            "f:1:9: a condition has exactly one of 'all', 'any' and 'not'",
            id="unknown operator",
        ),
        pytest.param("'A &&'", "f:1:9: 'A &&' is no condition", id="C: half an and"),
        pytest.param("'A & B'", "f:1:9: 'A & B' is no condition", id="C: single and"),
        pytest.param("'defined(A'", "f:1:9: 'defined(A' is no condition", id="C: not closed"),
        pytest.param("'A B'", "f:1:9: 'A B' is no condition", id="C: two names"),
        pytest.param("'1'", "f:1:9: '1' is no condition", id="C: number"),
    ],
)
def test_what_is_no_condition_is_told_with_its_place(text: str, expected: str) -> None:
    with pytest.raises(SourceError) as caught:
        read_condition(value_of(text))

    assert str(caught.value) == expected


@pytest.mark.parametrize("sign", ["!", "("])
def test_an_expression_may_not_nest_without_end(sign: str) -> None:
    with pytest.raises(SourceError, match="is no condition"):
        read_condition(value_of(f"'{sign * 100_000}A'"))
