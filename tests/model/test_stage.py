"""Requests and machines as values."""

from __future__ import annotations

from dataclasses import fields

import pytest

from conformance.model.stage import IN_BAND, Awaited, MachineSpec, Manner, Request, Says, Then
from conformance.model.terms import ABSENT


@pytest.mark.parametrize(
    ("request_", "line"),
    [
        (Request("stop", ABSENT), b'{"execute":"stop","id":7}\n'),
        (Request("a", {"b": "ä"}), b'{"execute":"a","arguments":{"b":"\\u00e4"},"id":7}\n'),
        (Request("a", None), b'{"execute":"a","arguments":null,"id":7}\n'),
        (Request("a", ABSENT, "exec-oob"), b'{"exec-oob":"a","id":7}\n'),
    ],
    ids=["without arguments", "with arguments", "with null", "out of band"],
)
def test_a_request_is_one_compact_line(request_: Request, line: bytes) -> None:
    assert request_.line(7) == line


def test_a_request_without_an_id_has_none() -> None:
    assert Request("stop", ABSENT).text() == '{"execute":"stop"}'


def test_other_arguments_change_nothing_else_of_a_request() -> None:
    whole = Request("a", {"b": 1}, "exec-oob", "memfd", (Awaited(event="STOP"),), companion=True)
    plain = Request("a", {"b": 1}, IN_BAND)
    kept = {each.name for each in fields(Request)} - {"arguments", "execute"}
    # Each of them has a value here that is not its default.
    assert all(getattr(whole, name) != getattr(plain, name) for name in kept)

    changed = whole.with_arguments({"c": 2})

    assert changed.arguments == {"c": 2}
    assert changed.with_arguments({"b": 1}) == whole


def test_equal_machines_have_one_mark_and_the_plain_one_has_none() -> None:
    marks = [MachineSpec(machine=name).mark for name in ("none", "q35", "q35", "pc")]

    assert marks[0] == ""
    assert marks[1] == marks[2] != marks[3]
    assert all(mark.startswith("/") for mark in marks[1:])


@pytest.mark.parametrize(
    ("manner", "words"),
    [
        (
            Manner(at=0, says=Says.NOTHING, then=Then.SILENCE, patience=0.5),
            "at once says nothing, then: silence, and hangs up after 0.5 s",
        ),
        (
            Manner(at=2, says=Says.BYTES, hex="15", then=Then.HANG_UP, late=0.1),
            "in place of answer 2 says the bytes 15, all 0.1 s late, then: hang-up",
        ),
        (
            Manner(at=1, says=Says.PART, size=6, then=Then.HANG_UP),
            "in place of answer 1 says the first 6 bytes of it, then: hang-up",
        ),
        (
            Manner(at=1, says=Says.PART, size=-6, then=Then.HANG_UP),
            "in place of answer 1 says all but the last 6 bytes of it, then: hang-up",
        ),
    ],
    ids=["silent", "bytes", "first", "last"],
)
def test_what_a_peer_does_is_told_in_words(manner: Manner, words: str) -> None:
    assert manner.words == words
