"""A defect has one name on every build that has it, and two defects have two."""

from __future__ import annotations

import pytest

from conformance.judge.defect import death_defect, defect_of, plain
from conformance.judge.miss import Miss
from conformance.model.complaint import Complaints
from conformance.model.expectation import Kind

HELPERS = Complaints(helpers=("qemu_mutex_*",))


def named(words: str, request: str = "blockdev-add", about: str = "SIGABRT") -> str:
    return plain(death_defect(words, HELPERS, request, about))


SAME = (
    "qemu-system-x86_64: ../../block.c:*: bdrv_insert_node: Assertion `ctx' failed.",
    "qemu-system-aarch64: block.c:77: bdrv_insert_node: Assertion `ctx' failed.",
    "/opt/qemu-storage-daemon: ../block/b.c:1: bdrv_insert_node: Assertion `ctx' failed.",
    "qemu-kvm: ../block.c:*: bdrv_insert_node: Assertion `ctx' failed.",
)


@pytest.mark.parametrize("words", SAME)
def test_a_failed_check_is_named_by_its_function_and_condition(words: str) -> None:
    assert named(words) == "crash bdrv_insert_node: Assertion `ctx' failed."
    # Whatever was asked.
    assert named(words, "drive-backup") == named(words)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (
            "ERROR:../replay/t.c:21:save: assertion failed: (locked)",
            "ERROR:t.c:9:save: assertion failed: (locked)",
        ),
        (
            "GLib: ../../../glib/gmem.c:139: failed to allocate * bytes",
            "qemu-system-arm: GLib: ../glib/gmem.c:1: failed to allocate * bytes",
        ),
        ("Unexpected error in f() at ../util/o.c:145:", "Unexpected error in f() at util/o.c:140:"),
        ("", ""),
    ],
)
def test_what_differs_by_build_is_left_out(one: str, other: str) -> None:
    assert named(one) == named(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (SAME[0], SAME[0].replace("ctx", "bs")),
        (SAME[0], SAME[0].replace("insert", "remove")),
        ("Unexpected error in f() at a.c:1:", "Unexpected error in g() at a.c:1:"),
    ],
)
def test_other_words_are_another_defect(one: str, other: str) -> None:
    assert named(one) != named(other)


@pytest.mark.parametrize(
    "words",
    [
        "",
        "Unexpected error in f() at a.c:1:",
        "q: qemu-thread.c:76: qemu_mutex_destroy: Assertion `mutex->initialized' failed.",
    ],
)
def test_words_that_many_defects_share_are_told_with_the_request(words: str) -> None:
    assert named(words, "object-add a", "SIGABRT a") != named(words, "object-add b", "SIGABRT b")


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("value X09 /machine/unattached/device[12]/x", "value X09 /machine/unattached/device[*]/x"),
        ("W68 expecting value at character 111", "W68 expecting value at character *"),
        ("W68 expecting value at character 81", "W68 expecting value at character *"),
        # A member is no file.
        ("X18 arguments.channels.addr", "X18 arguments.channels.addr"),
        ("X31 type:l2tpv3.cookie64", "X31 type:l2tpv3.cookie64"),
        ("value X17 uint32 priority", "value X17 uint32 priority"),
    ],
)
def test_places_and_counters_are_left_out_and_names_stay(text: str, name: str) -> None:
    assert plain(text) == name


def test_a_miss_without_a_name_of_its_own_has_that_of_its_fold() -> None:
    miss = Miss(rule="X01", kind=Kind.VALUE, summary="s", expected="e", fold="value X01 a b")

    assert defect_of(miss) == "value X01 a b"
