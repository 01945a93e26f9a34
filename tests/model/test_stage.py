"""Requests as values."""

from __future__ import annotations

import pytest

from conformance.model.stage import Request
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
