"""Which cases were meant by an id or a pattern that no case fits."""

from __future__ import annotations

import pytest

from conformance.prepare.case_names import near_globs, near_ids

IDS = (
    "object-add/iothread/valid/mandatory-only",
    "object-add/iothread/defaults/poll-max-ns",
    "qom-get/valid/plain",
    "wire/numbers/big",
)


@pytest.mark.parametrize(
    ("glob", "meant"),
    [
        ("object-ad/*", "object-add/*"),
        ("object-add/iothrad/*", "object-add/iothread/*"),
        ("object-add/iothread", "object-add/iothread/*"),
        ("object-add/iothread/", "object-add/iothread/*"),
        ("iothread", "*/iothread/*"),
        ("object-add/iothread/vald/*", "object-add/iothread/valid/*"),
        ("object-add/iothread/*/nothing", "object-add/iothread/*"),
        ("*iothred*", "*iothread*"),
        ("qom-get/valid/plan", "qom-get/valid/plain"),
    ],
)
def test_a_pattern_that_nearly_fits_is_told_the_one_that_does(glob: str, meant: str) -> None:
    assert near_globs(glob, IDS) == f"Did you mean '{meant}'?"


def test_far_from_all_nothing_is_guessed() -> None:
    assert "list PROGRAM" in near_globs("zzzzz", IDS)
    assert "list PROGRAM" in near_ids("zzzzz", IDS)


def test_the_nearest_ids_are_named() -> None:
    assert near_ids("qom-get/valid/plan", IDS) == "Nearest: qom-get/valid/plain."
    assert "--case 'object-add/iothread/*'" in near_ids("object-add/iothread", IDS)
