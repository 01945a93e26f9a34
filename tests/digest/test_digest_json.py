"""A digest is written and read back the same, and a broken one is refused by name."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from conformance.digest.declaration import EntityKind, Flag
from conformance.digest.digest import (
    DefaultKind,
    Digest,
    DigestBranch,
    DigestEntity,
    DigestFeature,
    DigestMember,
    DigestValue,
)
from conformance.digest.digest_json import digest_text, from_json, to_json
from conformance.knowledge.digests import SEED, digest_names, load_digest
from conformance.model.flavour import Program
from conformance.model.terms import JsonValue
from conformance.qapi.model import SchemaError

FEATURE = DigestFeature(name="deprecated", condition={"not": "CONFIG_A"})
MEMBER = DigestMember(
    name="m",
    type="[str]",
    optional=True,
    condition={"all": ("CONFIG_A", {"any": ("CONFIG_B", "CONFIG_C")})},
    features=(FEATURE, DigestFeature(name="unstable")),
    since="1.2",
    default_kind=DefaultKind.DEPENDS,
    case_defaults={"box": False},
    line=7,
)
WHOLE = DigestEntity(
    kind=EntityKind.UNION,
    name="u",
    module="a.json",
    line=3,
    condition="CONFIG_A",
    features=(FEATURE,),
    since="1.0",
    members=(MEMBER,),
    values=(DigestValue(name="v"), DigestValue(name="w", condition="X", since="1.1")),
    base="Base",
    base_members=(replace(MEMBER, default_kind=DefaultKind.PROSE),),
    tag="m",
    branches=(DigestBranch(case="v", type="T"), DigestBranch(case="w", type="U", condition="X")),
    arg_type="Args",
    boxed=True,
    returns="[Result]",
    flags=frozenset({Flag.NO_GEN, Flag.ALLOW_OOB}),
    errors=("GenericError",),
    error_items=(None, "GenericError"),
    unknown_errors=("WetPaint",),
    unknown_events=("PAINT_DRY",),
    base_defaults={"n": 0, "o": None},
    documented=False,
)
PLAIN = DigestEntity(kind=EntityKind.STRUCT, name="s", module="b.json")


def _digest(*entities: DigestEntity, **others: tuple[DigestEntity, ...]) -> Digest:
    programs = {Program.SYSTEM: entities} | {
        Program(name.replace("_", "-")): found for name, found in others.items()
    }
    schemas = {program: {e.name: e for e in found} for program, found in programs.items()}
    return Digest(version="1.2.3", schemas=schemas, open_names=("Away", "Gone"))


def _read(digest: Digest) -> Digest:
    return from_json(json.loads(digest_text(digest)))


def test_every_fact_is_written_and_read_back() -> None:
    digest = _digest(WHOLE, PLAIN)

    assert _read(digest) == digest
    assert from_json(to_json(digest)) == digest


@pytest.mark.parametrize("value", [None, False, 0, "", [], "text", 2**64 - 1, 1.5])
def test_default_is_read_back_as_it_is(value: JsonValue) -> None:
    member = DigestMember(name="m", type="any", default_kind=DefaultKind.VALUE, default=value)
    [found] = _read(_digest(replace(PLAIN, members=(member,)))).schemas[Program.SYSTEM].values()

    assert found.members[0] == member
    assert type(found.members[0].default) is type(value)


def test_what_says_nothing_is_left_out() -> None:
    value = to_json(_digest(replace(PLAIN, values=(DigestValue(name="v"),))))

    assert value["schemas"]["system"] == [
        {"kind": "struct", "name": "s", "module": "b.json", "values": ["v"]}
    ]


def test_order_of_the_source_is_kept() -> None:
    names = ("z", "a", "m")
    digest = _digest(*(replace(PLAIN, name=name) for name in names))

    assert tuple(_read(digest).schemas[Program.SYSTEM]) == names


def test_module_that_a_program_shares_with_the_system_stands_there_once() -> None:
    own = replace(PLAIN, name="own", module="daemon.json")
    digest = _digest(WHOLE, PLAIN, storage_daemon=(PLAIN, own, WHOLE))

    written = to_json(digest)["schemas"]["storage-daemon"]

    assert [item if isinstance(item, str) else item["name"] for item in written] == [
        "b.json",
        "own",
        "a.json",
    ]
    assert _read(digest) == digest
    assert tuple(_read(digest).schemas[Program.STORAGE_DAEMON]) == ("s", "own", "u")


def test_module_that_differs_from_the_systems_is_written_whole() -> None:
    digest = _digest(PLAIN, storage_daemon=(replace(PLAIN, since="1.1"),))

    assert [item["name"] for item in to_json(digest)["schemas"]["storage-daemon"]] == ["s"]
    assert _read(digest) == digest


def test_text_has_a_line_for_each_declaration_and_is_always_the_same() -> None:
    digest = _digest(WHOLE, PLAIN)
    text = digest_text(digest)

    assert sum('"name":"u"' in line or '"name":"s"' in line for line in text.splitlines()) == 2
    assert digest_text(_read(digest)) == text


@pytest.mark.parametrize("name", [*digest_names(), SEED])
def test_digests_that_ship_are_written_as_they_stand(name: str) -> None:
    digest = load_digest(name)

    assert _read(digest) == digest


def _changed(path: str, value: Any) -> Any:
    """Return the JSON of a whole digest with one place changed; None takes it away."""
    whole = json.loads(digest_text(_digest(WHOLE)))
    at = whole
    *way, last = [int(step) if step.isdigit() else step for step in path.split(".")]
    for step in way:
        at = at[step]
    if value is None:
        del at[last]
    else:
        at[last] = value
    return whole


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        pytest.param("format", 2, "digest: its format is not 1", id="format"),
        pytest.param("version", None, "digest: 'version' is missing", id="missing"),
        pytest.param("extra", 1, "digest: 'extra' is unknown", id="unknown"),
        pytest.param("open-names", [1], "'open-names' holds other things", id="no-strings"),
        pytest.param("schemas", [], "digest: 'schemas' is no dict", id="no-schemas"),
        pytest.param("schemas.kernel", [], "'kernel' is no Program", id="program"),
        pytest.param("schemas.system", {}, "system: is no array", id="no-array"),
        pytest.param("schemas.system.0", 1, "system: 1 is no object", id="no-object"),
        pytest.param("schemas.system.0.kind", "bush", "'bush' is no EntityKind", id="kind"),
        pytest.param("schemas.system.0.line", True, "system: union u: 'line' is no int", id="line"),
        pytest.param("schemas.system.0.flags", ["x"], "union u: 'x' is no Flag", id="flag"),
        pytest.param("schemas.system.0.condition", {"no": 1}, "is no condition", id="condition"),
        pytest.param(
            "schemas.system.0.members.0.type", None, "u: members m: 'type' is missing", id="member"
        ),
        pytest.param(
            "schemas.system.0.members.0.default-kind",
            "odd",
            "'odd' is no DefaultKind",
            id="default",
        ),
        pytest.param("schemas.system.0.values.1.x", 1, "u: values w: 'x' is unknown", id="value"),
        pytest.param("schemas.guest-agent", ["x"], "guest-agent: takes 'x', of which", id="module"),
    ],
)
def test_broken_digest_is_refused_by_place(path: str, value: Any, message: str) -> None:
    with pytest.raises(SchemaError, match=message):
        from_json(_changed(path, value))


def test_declaration_that_stands_there_twice_is_refused() -> None:
    value = to_json(_digest(PLAIN))
    value["schemas"]["system"] *= 2

    with pytest.raises(SchemaError, match="system: s stands there twice"):
        from_json(value)
