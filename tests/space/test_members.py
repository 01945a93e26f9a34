"""The members of arguments are counted at every depth, and a case tries one of them or none."""

from __future__ import annotations

import pytest

from conformance.model.case import Case, Subject
from conformance.model.stage import Stage
from conformance.model.terms import Aspect, SubjectKind
from conformance.qapi.model import Command
from conformance.space.members import ArgumentMembers, argument_members, member_of
from tests.qapi.schemas import array, enum, member, optional, schema_of, struct, union

SCHEMA = schema_of(
    union("Top", "kind", [member("kind", "Kind"), optional("all", "Tops")], {"a": "A"}),
    enum("Kind", "a", "b"),
    struct("A", optional("x", "Ints"), optional("again", "Top")),
    array("Tops", "Top"),
    array("Ints", "int"),
)
COMMAND = Command(name="mend", arg_type="Top", ret_type="Top", allow_oob=False, features=())
ALL = frozenset({"kind", "all", "kind:a.x", "kind:a.again"})


def test_members_are_counted_in_branches_and_what_comes_again_is_left_out() -> None:
    assert argument_members(SCHEMA, COMMAND, shallow=False) == ArgumentMembers(
        labels=ALL, left_out=2
    )


def test_of_shallow_arguments_only_their_own_members_count() -> None:
    assert argument_members(SCHEMA, COMMAND, shallow=True) == ArgumentMembers(
        labels=frozenset({"kind", "all"}), left_out=0
    )


def _case(about: str, aspect: Aspect = Aspect.INVALID, name: str = "mend") -> Case:
    kind = SubjectKind.COMMAND if name == "mend" else SubjectKind.EVENT
    return Case(
        id="x",
        subject=Subject(kind=kind, name=name),
        aspect=aspect,
        stage=Stage(name="plain"),
        steps=(),
        about=about,
    )


@pytest.mark.parametrize(
    ("case", "found"),
    [
        (_case("kind:a.x"), "kind:a.x"),
        (_case("kind:a.x", Aspect.VALID), "kind:a.x"),
        (_case("kind:a.x.0"), "kind:a.x"),
        (_case("kind:a"), None),
        (_case(""), None),
        (_case("kind", Aspect.ERRORS), None),
        (_case("kind", Aspect.VALID, "MENDED"), None),
    ],
    ids=["invalid", "valid", "element", "branch", "whole", "another-aspect", "event"],
)
def test_a_case_tries_a_member_or_none(case: Case, found: str | None) -> None:
    assert member_of(case, {"mend": ArgumentMembers(labels=ALL, left_out=0)}) == found
