"""The members of answers, and what of a pattern a schema knows."""

from __future__ import annotations

from conformance.model.terms import JsonValue
from conformance.space.answers import answer_members, fitted
from tests.qapi.schemas import array, enum, member, optional, schema_of, struct, union

SCHEMA = schema_of(
    struct("Thing", member("name", "str"), optional("inner", "Inner"), optional("kind", "Kind")),
    struct("Inner", member("n", "int"), optional("again", "Thing")),
    enum("Word", "x", "y"),
    struct("X", member("only-x", "int")),
    struct("Y"),
    union("Kind", "word", [member("word", "Word")], {"x": "X", "y": "Y"}),
    array("[Thing]", "Thing"),
)


def test_each_member_has_the_shortest_path_to_it() -> None:
    found = answer_members(SCHEMA, "[Thing]")

    assert set(found.labels.values()) == {
        *("name", "inner", "kind", "inner.n", "inner.again", "kind.word", "kind.word:x.only-x")
    }
    assert found.left_out == 1


def test_a_pattern_loses_what_the_schema_lacks() -> None:
    pattern: JsonValue = [
        {"name": "a", "later": 1, "inner": {"n": "{any}", "more": {"x": 1}}},
        "{more}",
    ]

    found = fitted(SCHEMA, "[Thing]", pattern)

    assert found.pattern == [{"name": "a", "inner": {"n": "{any}"}}, "{more}"]
    assert found.named == {"name", "inner", "inner.n"}
    assert found.known == {"name", "inner"}


def test_a_member_within_itself_counts_once() -> None:
    found = fitted(SCHEMA, "[Thing]", [{"inner": {"again": {"name": "b"}}}])

    assert found.named == {"inner", "inner.again", "name"}


def test_a_branch_has_the_members_of_its_tag() -> None:
    found = fitted(SCHEMA, "[Thing]", [{"kind": {"word": "x", "only-x": 3}}])
    other = fitted(SCHEMA, "[Thing]", [{"kind": {"word": "y", "only-x": 3}}])

    assert "kind.word:x.only-x" in found.known
    assert other.pattern == [{"kind": {"word": "y"}}]


def test_what_must_be_absent_is_no_member_that_was_seen() -> None:
    found = fitted(SCHEMA, "[Thing]", [{"inner": "{absent}"}])

    assert (found.pattern, found.named) == ([{"inner": "{absent}"}], set())
