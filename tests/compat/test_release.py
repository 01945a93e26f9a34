"""A release tells whether it has a place, and the condition of just that place."""

from __future__ import annotations

import pytest

from conformance.compat.release import DeclaredRelease, condition_in_words
from conformance.compat.schema_path import (
    Route,
    SchemaPart,
    SchemaSubject,
    branch,
    member,
    tag,
    value,
)
from conformance.digest.declaration import Condition, EntityKind
from conformance.digest.digest import DigestBranch, DigestEntity, DigestFeature, DigestValue
from tests.digest.test_expand import command, entities, enum, m, struct

ARGUMENT = Route(SchemaSubject.COMMAND, "c", SchemaPart.ARGUMENT)
UNION = DigestEntity(
    kind=EntityKind.UNION,
    name="U",
    base_members=(m("k", "K"),),
    tag="k",
    branches=(DigestBranch(case="b", type="S", condition={"all": ("A", "B")}),),
)
RELEASE = DeclaredRelease(
    "9.9",
    entities(
        command("c", m("plain"), m("u", "U"), m("some", condition={"not": "N"}), condition="C"),
        command("d", condition="C", features=(DigestFeature(name="f", condition="F"),)),
        UNION,
        struct("S", m("x")),
        enum("K", "a", DigestValue(name="b", condition={"all": ("A", "B")})),
    ),
)


def test_a_release_has_everything_that_one_of_its_builds_can_have() -> None:
    assert RELEASE.find(ARGUMENT.then(member("some"))) is not None
    assert RELEASE.find(ARGUMENT.then(member("none"))) is None
    assert RELEASE.find(Route(SchemaSubject.COMMAND, "d"), "f") is not None
    assert RELEASE.find(Route(SchemaSubject.COMMAND, "d"), "g") is None


@pytest.mark.parametrize(
    ("place", "feature", "expected"),
    [
        (Route(SchemaSubject.COMMAND, "c"), None, "C"),
        (ARGUMENT.then(member("plain")), None, None),
        (ARGUMENT.then(member("some")), None, "not N"),
        (ARGUMENT.then(member("u"), tag("k"), value("b")), None, "A and B"),
        (ARGUMENT.then(member("u"), branch("k", "b"), member("x")), None, None),
        (Route(SchemaSubject.COMMAND, "d"), "f", "F"),
    ],
    ids=["a command", "a member", "a conditional member", "a value", "within it", "a feature"],
)
def test_the_condition_is_that_of_the_place_and_not_of_what_it_stands_in(
    place: Route, feature: str | None, expected: str | None
) -> None:
    assert RELEASE.condition(place, feature) == expected


@pytest.mark.parametrize(
    ("condition", "words"),
    [
        ("A", "A"),
        ({"not": "A"}, "not A"),
        ({"any": ("A", {"not": "B"})}, "A or not B"),
        ({"all": ("A", {"any": ("B", "C")})}, "A and (B or C)"),
        ({"not": {"any": ("A", "B")}}, "not (A or B)"),
    ],
)
def test_conditions_are_told_in_words(condition: Condition, words: str) -> None:
    assert condition_in_words(condition) == words
