"""What a digest says of a member is found wherever its base, its branch or its type declares it."""

from __future__ import annotations

import pytest

from conformance.digest.declaration import EntityKind
from conformance.digest.digest import DigestBranch, DigestEntity, DigestMember
from conformance.digest.lookup import argument_fact, argument_facts, object_facts


def _entity(kind: EntityKind, name: str, *members: str, **more: object) -> DigestEntity:
    made = tuple(
        DigestMember(name=member, type=name_of, line=line)
        for line, (member, _, name_of) in enumerate((m.partition(":") for m in members), start=7)
    )
    return DigestEntity(kind=kind, name=name, module="qapi/made.json", members=made, **more)  # type: ignore[arg-type]


ENTITIES = {
    entity.name: entity
    for entity in (
        _entity(EntityKind.STRUCT, "Base", "base:str"),
        _entity(EntityKind.STRUCT, "Cache", "direct:bool"),
        _entity(EntityKind.STRUCT, "File", "path:str", base="Base"),
        _entity(
            EntityKind.UNION,
            "Options",
            tag="driver",
            base_members=(DigestMember(name="driver", type="Driver", line=3),),
            branches=(DigestBranch(case="file", type="File"), DigestBranch(case="x", type="Gone")),
        ),
        _entity(EntityKind.COMMAND, "boxed", arg_type="Options"),
        _entity(EntityKind.COMMAND, "plain", "cache:Cache", "n:int"),
        _entity(EntityKind.COMMAND, "bare"),
    )
}


@pytest.mark.parametrize(
    ("name", "case", "names"),
    [
        ("File", None, ["base", "path"]),
        ("Options", None, ["driver"]),
        ("Options", "file", ["driver", "base", "path"]),
        ("Options", "x", ["driver"]),
        ("Nowhere", None, []),
    ],
    ids=["base", "common", "branch", "branch-declared-nowhere", "unknown"],
)
def test_members_of_an_object_come_base_first_and_branch_last(
    name: str, case: str | None, names: list[str]
) -> None:
    assert list(object_facts(ENTITIES, name, case)) == names


def test_arguments_may_stand_in_place_or_in_a_type() -> None:
    assert list(argument_facts(ENTITIES, "plain")) == ["cache", "n"]
    assert list(argument_facts(ENTITIES, "boxed", "file")) == ["driver", "base", "path"]
    assert argument_facts(ENTITIES, "bare") == {}
    assert argument_facts(ENTITIES, "unknown") == {}


def test_an_argument_is_found_by_its_path_with_its_line() -> None:
    found = argument_fact(ENTITIES, "plain", "cache.direct")

    assert found is not None
    assert (found.type, found.where) == ("bool", "qapi/made.json:7")
    assert argument_fact(ENTITIES, "plain", "cache.other") is None
    assert argument_fact(ENTITIES, "plain", "n.direct") is None
    assert argument_fact(ENTITIES, "plain", "gone.direct") is None
