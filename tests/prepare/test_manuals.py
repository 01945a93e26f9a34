"""The manual beside a program is found if it is of the build's release, and says what it says."""

from __future__ import annotations

from pathlib import Path

import pytest

from conformance.derive.inputs import Facts
from conformance.launch.target import Target
from conformance.model.errors import UsageError
from conformance.model.flavour import Program
from conformance.prepare.manual_pages import manual_stamps
from conformance.prepare.manuals import find_manual, manual_facts, manual_of
from conformance.qapi.model import Command, Object, Schema
from tests.source.pages import NEW

SCHEMA = Schema(
    commands={"paint-it": Command(name="paint-it", arg_type="o", ret_type="o")},
    types={"o": Object(name="o", members=())},
)


@pytest.fixture
def target(tmp_path: Path) -> Target:
    """A program in a root with the manual of 11.1.2."""
    page = tmp_path / "usr/share/man/man7/qemu-qmp-ref.7"
    page.parent.mkdir(parents=True)
    page.write_text(NEW)
    return Target(name="t", program="/usr/bin/qemu-system-x86_64", rootfs=str(tmp_path))


def test_the_manual_in_the_root_is_found(target: Target, tmp_path: Path) -> None:
    found = find_manual(target, (11, 1, 5), Program.SYSTEM)

    assert found == tmp_path / "usr/share/man/man7/qemu-qmp-ref.7"


@pytest.mark.parametrize(
    ("version", "program"),
    [((11, 2, 0), Program.SYSTEM), ((11, 1, 2), Program.STORAGE_DAEMON)],
    ids=["release", "program"],
)
def test_the_manual_of_another_build_is_not_taken(
    target: Target, version: tuple[int, int, int], program: Program
) -> None:
    assert find_manual(target, version, program) is None


def test_the_manual_that_is_named_must_be_of_the_release(target: Target, tmp_path: Path) -> None:
    page = tmp_path / "mine.7"
    page.write_text(NEW)
    named = Target(name="t", program="/x/qemu", manual=str(page))

    assert find_manual(named, (11, 1, 0), Program.SYSTEM) == page
    with pytest.raises(
        UsageError, match=r"is the manual of QEMU 11\.1\.2, and the build is 10\.0\.3"
    ):
        find_manual(named, (10, 0, 3), Program.SYSTEM)


def test_where_the_source_is_known_no_manual_counts(target: Target) -> None:
    exact = Facts(entities={}, name="11.1", exact=True)
    older = Facts(entities={}, name="10.0", exact=False)

    assert manual_of(target, Program.SYSTEM, (11, 1, 2), exact, SCHEMA) is None
    assert manual_of(target, Program.SYSTEM, (11, 1, 2), older, SCHEMA) is not None
    assert manual_of(target, Program.SYSTEM, (11, 1, 2), None, SCHEMA) is not None


def test_a_result_that_the_manual_does_not_tell_may_be_anything(tmp_path: Path) -> None:
    page = tmp_path / "page.7"
    page.write_text(NEW.replace(".B Return\n\\fB[\\fP\\fBBox\\fP\\fB]\\fP\n.TP\n", ""))

    facts = manual_facts(page, Program.SYSTEM, SCHEMA)

    assert facts.entities["paint-it"].returns == "any"
    (example,) = facts.examples or ()
    assert (example.owner, [fault.problem for fault in example.faults]) == (
        "paint-it", ["the request of paint-it: arguments.kind is missing"],
    )  # fmt: skip


def test_a_manual_that_changes_changes_its_stamp(target: Target, tmp_path: Path) -> None:
    before = manual_stamps(target)
    (tmp_path / "usr/share/man/man7/qemu-qmp-ref.7").write_text(NEW + "\n")

    assert len(before) == 1
    assert manual_stamps(target) != before
