"""The object model that the suite started from is whole."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from conformance.errors import KnowledgeError
from conformance.knowledge.objectmodel import DocumentedMember, ObjectType, load_object_model
from conformance.terms import ABSENT


def _types() -> dict[str, ObjectType]:
    return {each.name: each for each in load_object_model().types}


def _member(type_name: str, name: str) -> DocumentedMember:
    return next(each for each in _types()[type_name].members if each.name == name)


def test_every_command_and_object_type_is_there() -> None:
    model = load_object_model()

    assert model.commands == (
        "qom-list",
        "qom-get",
        "qom-set",
        "qom-list-types",
        "qom-list-properties",
        "object-add",
        "object-del",
    )
    assert len(model.types) == 48
    assert (model.types[0].name, model.types[-1].name) == (
        "acpi-generic-initiator",
        "x-vfio-user-server",
    )


def test_members_that_the_schema_defines_are_counted() -> None:
    types = load_object_model().types

    assert sum(len(each.members) for each in types) == 187
    assert sum(member.default is not ABSENT for each in types for member in each.members) == 105


def test_types_whose_members_stand_elsewhere_are_open_and_empty() -> None:
    opened = [each for each in load_object_model().types if each.open]

    assert [each.name for each in opened] == [
        "authz-list",
        "authz-listfile",
        "authz-pam",
        "authz-simple",
        "secret",
        "secret_keyring",
        "throttle-group",
        "tls-creds-anon",
        "tls-creds-psk",
        "tls-creds-x509",
        "tls-cipher-suites",
    ]
    assert not any(each.members for each in opened)


def test_types_without_members_are_not_open() -> None:
    closed = [each.name for each in load_object_model().types if not each.members and not each.open]

    assert closed == ["can-bus", "pef-guest", "s390-pv-guest"]


@pytest.mark.parametrize(
    ("type_name", "member", "expected"),
    [
        ("colo-compare", "compare_timeout", ("uint64", True, 3000)),
        ("colo-compare", "vnet_hdr_support", ("bool", True, False)),
        ("filter-dump", "status", ("str", True, "on")),
        ("filter-dump", "queue", ("NetFilterDirection", True, "all")),
        ("sev-guest", "policy", ("uint32", True, 1)),
        ("sev-snp-guest", "policy", ("uint64", True, 0x30000)),
        ("memory-backend-ram", "size", ("size", False, ABSENT)),
        ("memory-backend-ram", "merge", ("bool", True, ABSENT)),
        ("memory-backend-ram", "share", ("bool", True, False)),
        ("memory-backend-memfd", "share", ("bool", True, True)),
        ("thread-context", "cpu-affinity", ("[uint16]", True, ABSENT)),
        ("iommufd", "fd", ("str", True, ABSENT)),
    ],
)
def test_member_is_as_documented(
    type_name: str, member: str, expected: tuple[str, bool, object]
) -> None:
    found = _member(type_name, member)

    assert (found.type, found.optional, found.default) == expected


def test_conditions_and_features_are_kept() -> None:
    assert _types()["cryptodev-vhost-user"].condition == "CONFIG_VHOST_CRYPTO"
    assert _types()["x-remote-object"].features == ("unstable",)
    assert _member("memory-backend-file", "pmem").condition == "CONFIG_LIBPMEM"
    assert _member("rng-egd", "opened").features == ("deprecated",)


@pytest.mark.parametrize(
    ("value", "message"),
    [
        pytest.param({"types": []}, "malformed: KeyError 'commands'", id="missing"),
        pytest.param({"commands": ["a", "a"], "types": []}, "a stands there twice", id="twice"),
        pytest.param(
            {"commands": [], "types": [{"name": "t", "members": [], "since": 1}]},
            "object type t: unknown since",
            id="unknown",
        ),
        pytest.param({"commands": [], "types": [{"name": "t"}]}, "KeyError 'members'", id="type"),
    ],
)
def test_malformed_file_is_refused_by_name(tmp_path: Path, value: object, message: str) -> None:
    path = tmp_path / "model.json"
    path.write_text(json.dumps(value))

    with pytest.raises(KnowledgeError, match=message) as caught:
        load_object_model(path)
    assert str(path) in str(caught.value)


def test_file_that_is_no_json_is_refused_by_name(tmp_path: Path) -> None:
    path = tmp_path / "model.json"
    path.write_text("{")

    with pytest.raises(KnowledgeError, match=r"model\.json: not JSON"):
        load_object_model(path)
