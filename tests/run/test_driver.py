"""The official client's turns of an exchange, and what is told of them."""

from __future__ import annotations

import json
from contextlib import ExitStack
from typing import Any

import pytest

from conformance.run.driver import Driver
from conformance.terms import ErrorClass
from conformance.turns import Deed, Drive
from conformance.wire.session import SessionLost
from tests.wire.miniature import GREETING, Answer, Miniature, success

LIMIT = 5.0
EVENT = b'{"event": "STOP", "timestamp": {"seconds": 1, "microseconds": 1}}\r\n'


def drive(deed: Deed, name: str = "", **more: Any) -> Drive:
    return Drive(line="a", rule="W37", deed=deed, name=name, **more)


def refusal(command: dict[str, Any]) -> bytes:
    error = {"class": "CommandNotFound", "desc": "no"}
    return json.dumps({"error": error, "id": command["id"]}).encode() + b"\r\n"


def with_event(command: dict[str, Any]) -> bytes:
    return EVENT + success(command)


def taken(answer: Answer, *turns: Drive, greeting: bytes = GREETING) -> list[str]:
    """Return what is told of the turns, from connecting on, on a server that answers so."""
    with Miniature(answer, greeting=greeting) as server, ExitStack() as undo:
        sock = server.sock.dup()
        sock.setblocking(False)
        driver = Driver(undo, lambda name: sock, LIMIT)
        return [driver.take(turn) for turn in (drive(Deed.CONNECT, "a"), *turns)]


@pytest.mark.parametrize(
    ("answer", "turn"),
    [
        pytest.param(success, drive(Deed.EXECUTE, "stop"), id="execute"),
        pytest.param(success, drive(Deed.OUT_OF_BAND, "yank"), id="exec-oob"),
        pytest.param(success, drive(Deed.PIPELINE, "stop", times=20), id="pipeline"),
        pytest.param(
            refusal,
            drive(Deed.EXECUTE, "stop", refused=ErrorClass.COMMAND_NOT_FOUND),
            id="refused",
        ),
    ],
)
def test_what_is_promised_is_told_where_it_comes(answer: Answer, turn: Drive) -> None:
    leaving = drive(Deed.DISCONNECT)

    assert taken(answer, turn, leaving) == ["connected", turn.promised, leaving.promised]


def test_an_event_that_comes_is_told() -> None:
    event = drive(Deed.EVENT, "STOP")

    assert taken(with_event, drive(Deed.EXECUTE, "stop"), event)[-1] == event.promised


def test_a_refusal_in_place_of_a_success_is_told_otherwise() -> None:
    turn = drive(Deed.EXECUTE, "stop")

    assert taken(refusal, turn)[-1] == "error CommandNotFound" != turn.promised


@pytest.mark.parametrize(
    ("answer", "greeting", "fault"),
    [
        pytest.param(lambda c: b"{]\r\n", GREETING, "no message: b'{\\]", id="no JSON"),
        pytest.param(lambda c: None, GREETING, "closed the connection", id="goes away"),
        pytest.param(lambda c: b"[]\r\n", GREETING, "UnexpectedTypeError", id="no object"),
        pytest.param(success, b'{"hello": 1}\r\n', "Greeting", id="no greeting"),
    ],
)
def test_what_a_client_cannot_follow_ends_its_session(
    answer: Answer, greeting: bytes, fault: str
) -> None:
    with pytest.raises(SessionLost, match=fault):
        taken(answer, drive(Deed.EXECUTE, "stop"), greeting=greeting)
