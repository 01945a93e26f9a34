"""What was given is read back, and what was not given stays."""

from __future__ import annotations

from typing import Any

import pytest

from conformance.judge.expect_value import Confirms, ReadsBack, Stays
from conformance.model.expectation import Reply

DONE: dict[str, Any] = {"return": {}}
REFUSED: dict[str, Any] = {"error": {"class": "GenericError", "desc": "no"}}


def shown(**members: Any) -> dict[str, Any]:
    return {"return": [{"id": "other"}, {"id": "own", **members}]}


OWN = ({"id": "own"},)


@pytest.mark.parametrize(
    ("message", "subject", "what"),
    [
        (shown(speed=5), DONE, None),
        (shown(speed=6), DONE, '{"id":"own"}.speed is 6'),
        (shown(), DONE, '{"id":"own"}.speed is not there'),
        (shown(speed=6), REFUSED, None),
        (REFUSED, DONE, None),
    ],
)
def test_a_value_is_read_back(
    message: dict[str, Any], subject: dict[str, Any], what: str | None
) -> None:
    expect = ReadsBack((*OWN, "speed"), 5, 0)

    problem = expect.problem(Reply(message=message, earlier=[subject]))

    assert (problem.what if problem else None) == what


@pytest.mark.parametrize(
    ("before", "subject", "message", "what"),
    [
        (shown(a=1, b=2), DONE, shown(a=9, b=2), None),
        (shown(a=1, b=2), DONE, shown(a=9, b=3), '{"id":"own"}.b is 3'),
        (shown(a=1, b=2), DONE, shown(a=9), '{"id":"own"}.b is not there'),
        (shown(a=1, b=2), REFUSED, shown(a=9, b=3), None),
        (REFUSED, DONE, shown(a=9, b=3), None),
        ({"return": []}, DONE, shown(a=9, b=3), None),
    ],
)
def test_the_rest_stays(
    before: dict[str, Any], subject: dict[str, Any], message: dict[str, Any], what: str | None
) -> None:
    expect = Stays(OWN, 0, 1, (("a",),))

    problem = expect.problem(Reply(message=message, earlier=[before, subject]))

    assert (problem.what if problem else None) == what


@pytest.mark.parametrize(
    ("message", "subject", "what"),
    [
        (DONE, DONE, None),
        (REFUSED, DONE, "refused with GenericError: no"),
        (REFUSED, REFUSED, None),
    ],
)
def test_a_request_confirms_what_was_taken(
    message: dict[str, Any], subject: dict[str, Any], what: str | None
) -> None:
    problem = Confirms(0).problem(Reply(message=message, earlier=[subject]))

    assert (problem.what if problem else None) == what
