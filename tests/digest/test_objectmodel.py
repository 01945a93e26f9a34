"""The object model of a digest is gathered whole; that of the schema the suite started from."""

from __future__ import annotations

import pytest

from conformance.digest.declaration import EntityKind
from conformance.digest.digest import (
    DefaultKind,
    Digest,
    DigestBranch,
    DigestEntity,
    DigestMember,
    DigestValue,
)
from conformance.digest.lookup import DocumentedMember
from conformance.digest.objectmodel import DeclaredObjects, ObjectType, object_model
from conformance.knowledge.digests import SEED, load_digest
from conformance.model.flavour import Program
from conformance.model.terms import ABSENT, JsonValue


def _seed() -> DeclaredObjects:
    return object_model(load_digest(SEED).schemas[Program.SYSTEM])


def _types() -> dict[str, ObjectType]:
    return {each.name: each for each in _seed().types}


def _member(type_name: str, name: str) -> DocumentedMember:
    return next(each for each in _types()[type_name].members if each.name == name)


def test_every_command_and_object_type_is_there() -> None:
    model = _seed()

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
    types = _seed().types

    assert sum(len(each.members) for each in types) == 187
    assert sum(member.default is not ABSENT for each in types for member in each.members) == 105


def test_types_whose_members_stand_elsewhere_are_open_and_empty() -> None:
    opened = [each for each in _seed().types if each.open]

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
    closed = [each.name for each in _seed().types if not each.members and not each.open]

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


def _digest(*entities: DigestEntity) -> Digest:
    return Digest(version="1.0", schemas={Program.SYSTEM: {each.name: each for each in entities}})


def _flag(kind: DefaultKind = DefaultKind.NONE, **case_defaults: JsonValue) -> DigestMember:
    return DigestMember(
        name="flag",
        type="bool",
        optional=True,
        default_kind=kind,
        default=False if kind is DefaultKind.VALUE else ABSENT,
        case_defaults=case_defaults,
    )


def _union(member: DigestMember, **base_defaults: JsonValue) -> Digest:
    """Two object types over one base with one member; the second's type speaks of it too."""
    return _digest(
        DigestEntity(
            kind=EntityKind.ENUM, name="Kind", values=(DigestValue(name="a"), DigestValue(name="b"))
        ),
        DigestEntity(kind=EntityKind.STRUCT, name="Base", members=(member,)),
        DigestEntity(
            kind=EntityKind.STRUCT, name="Derived", base="Base", base_defaults=base_defaults
        ),
        DigestEntity(
            kind=EntityKind.UNION,
            name="Options",
            tag="qom-type",
            base_members=(DigestMember(name="qom-type", type="Kind"),),
            branches=(DigestBranch(case="a", type="Base"), DigestBranch(case="b", type="Derived")),
        ),
        DigestEntity(kind=EntityKind.COMMAND, name="object-add", arg_type="Options", boxed=True),
    )


def test_default_of_the_type_that_is_nearest_to_the_object_counts() -> None:
    found = object_model(_union(_flag(DefaultKind.VALUE), flag=True).schemas[Program.SYSTEM])

    assert [kind.members[0].default for kind in found.types] == [False, True]


def test_default_that_a_text_gives_for_some_object_types_is_theirs_alone() -> None:
    found = object_model(_union(_flag(DefaultKind.DEPENDS, b=True)).schemas[Program.SYSTEM])

    assert [kind.members[0].default for kind in found.types] == [ABSENT, True]


def test_object_add_without_types_has_none() -> None:
    found = object_model(
        _digest(DigestEntity(kind=EntityKind.COMMAND, name="object-add")).schemas[Program.SYSTEM]
    )

    assert (found.commands, found.types) == (("object-add",), ())
