"""What introspection shows, held against the rules of the language."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from conformance.derive.schema.lint import lint_cases
from conformance.judge.expect_value import Lists
from conformance.knowledge.exceptions import NameKind, NamingException
from conformance.knowledge.versions import VersionRange
from conformance.model.case import Case
from conformance.qapi.model import (
    Builtin,
    Command,
    Enum,
    EnumMember,
    Event,
    JsonType,
    Member,
    Object,
    Schema,
)
from tests.derive.inputs import NO_OBJECTS, a_build, known

EMPTY = Object(name="0", members=())


def test_a_plain_schema_breaks_no_rule() -> None:
    assert broken(schema()) == []


@pytest.mark.parametrize(
    ("member", "rules"),
    [
        ("a.b", ["Q44"]),
        ("1a", ["Q44"]),
        ("has-a", ["Q45"]),
        ("q_a", ["Q45", "Q47"]),
        ("u", ["Q45"]),
        ("aB", ["Q47"]),
        ("__a", ["Q50"]),
        ("x-a", ["Q49"]),
        ("__org.example_a", []),
    ],
)
def test_a_member_s_name_breaks_the_rules_that_it_breaks(member: str, rules: list[str]) -> None:
    assert broken(schema(Object(name="1", members=(Member(name=member, type="0"),)))) == rules


def test_a_value_may_begin_with_a_digit_and_bear_a_member_s_reserved_name() -> None:
    values = tuple(EnumMember(name=name) for name in ("1a", "u"))

    assert broken(schema(Enum(name="1", members=values))) == []


def test_an_event_in_lower_case_is_told() -> None:
    made = schema()
    events = {"Gone": Event(name="Gone", arg_type="0")}

    assert broken(Schema(commands=made.commands, events=events, types=made.types)) == ["Q48"]


def test_an_excepted_name_excuses_what_is_added_to_its_type() -> None:
    members = (Member(name="old_a", type="0"), Member(name="new_b", type="0"))
    known = NamingException(
        rule="Q47",
        kind=NameKind.MEMBER,
        names=frozenset({"old_a"}),
        versions=VersionRange("<9.0"),
        reason="old",
    )
    made = schema(Object(name="1", members=members))

    assert broken(made, exceptions=(known,), version=(8, 2, 0)) == []
    assert broken(made, exceptions=(known,), version=(9, 0, 0)) == ["Q47", "Q47"]


def test_experiments_need_no_mark_in_releases_that_have_none() -> None:
    made = schema(Object(name="1", members=(Member(name="x-a", type="0"),)))

    assert broken(made, version=(6, 1, 0)) == []


def test_text_for_people_is_returned_by_unstable_commands_only() -> None:
    text = Object(name="1", members=(Member(name="human-readable-text", type="0"),))
    told = Command(name="x-tell", arg_type="0", ret_type="1", features=("unstable",))
    untold = Command(name="tell", arg_type="0", ret_type="1")
    types = {"0": EMPTY, "1": text}

    assert broken(Schema(commands={"x-tell": told}, types=types)) == []
    assert broken(Schema(commands={"tell": untold}, types=types)) == ["Q77"]


def test_the_built_in_types_have_their_documented_json_types() -> None:
    kept = Builtin(name="int", json_type=JsonType.INT)
    other = Builtin(name="int", json_type=JsonType.NUMBER)
    text = Builtin(name="str", json_type=JsonType.INT)

    assert broken(schema(kept)) == []
    assert broken(schema(other, text)) == ["Q66", "Q67"]


def test_each_other_command_line_is_to_show_the_same_entries() -> None:
    asked = Command(name="query-qmp-schema", arg_type="0", ret_type="0")
    made = Schema(commands={asked.name: asked}, types={"0": EMPTY})
    entries = [{"name": "0", "meta-type": "object", "members": []}]

    found = {
        case.stage.spec.machine: case.steps[0].expect
        for case in cases(made, entries=entries, machines=("pc",))
        if case.steps
    }

    assert found.keys() == {"none", "pc"}
    assert set(map(repr, found.values())) == {repr(Lists(tuple(entries)))}


def schema(*types: Builtin | Enum | Object) -> Schema:
    command = Command(name="ask-it", arg_type="0", ret_type="0")
    return Schema(
        commands={command.name: command},
        events={"GONE_1": Event(name="GONE_1", arg_type="0")},
        types={kind.name: kind for kind in (EMPTY, *types)},
    )


def cases(made: Schema, **more: Any) -> list[Case]:
    machines = dict.fromkeys(more.pop("machines", ()), ())
    naming = more.pop("exceptions", ())
    model = replace(NO_OBJECTS, trees=machines)
    return list(lint_cases(a_build(made, model=model, **more), known(naming=naming), ""))


def broken(made: Schema, **more: Any) -> list[str]:
    """Return the rules of the claims that are not kept, in order."""
    claims = [claim for case in cases(made, **more) for claim in case.claims]
    return sorted(claim.rule for claim in claims if claim.promised != claim.found)
