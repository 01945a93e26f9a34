"""The official client's turns of an exchange, and what is told of them."""

from __future__ import annotations

import json
import os
from contextlib import ExitStack
from typing import Any

import pytest

from conformance.launch.endpoints import Terminal
from conformance.model.errors import LaunchError
from conformance.model.script import ClientAction, Drive
from conformance.model.terms import ErrorClass
from conformance.play.client_driver import Driver
from conformance.wire.session import SessionLost
from tests.patience import PATIENCE, patiently
from tests.wire.miniature import GREETING, Answer, Miniature, success

LIMIT = PATIENCE
EVENT = b'{"event": "STOP", "timestamp": {"seconds": 1, "microseconds": 1}}\r\n'


def drive(deed: ClientAction, name: str = "", **more: Any) -> Drive:
    return Drive(line="a", rule="W37", deed=deed, name=name, **more)


def refusal(command: dict[str, Any]) -> bytes:
    error = {"class": "CommandNotFound", "desc": "no"}
    return json.dumps({"error": error, "id": command["id"]}).encode() + b"\r\n"


def with_event(command: dict[str, Any]) -> bytes:
    return EVENT + success(command)


def taken(
    answer: Answer, *turns: Drive, greeting: bytes = GREETING, limit: float = LIMIT
) -> list[str]:
    """Return what is told of the turns, from connecting on, on a server that answers so."""
    with Miniature(answer, greeting=greeting) as server, ExitStack() as undo:
        sock = server.sock.dup()
        sock.setblocking(False)
        driver = Driver(undo, lambda name: sock, limit)
        return [driver.take(turn) for turn in (drive(ClientAction.CONNECT, "a"), *turns)]


@pytest.mark.parametrize(
    ("answer", "turn"),
    [
        pytest.param(success, drive(ClientAction.EXECUTE, "stop"), id="execute"),
        pytest.param(success, drive(ClientAction.OUT_OF_BAND, "yank"), id="exec-oob"),
        pytest.param(success, drive(ClientAction.PIPELINE, "stop", times=20), id="pipeline"),
        pytest.param(
            refusal,
            drive(ClientAction.EXECUTE, "stop", refused=ErrorClass.COMMAND_NOT_FOUND),
            id="refused",
        ),
    ],
)
def test_what_is_promised_is_told_where_it_comes(answer: Answer, turn: Drive) -> None:
    leaving = drive(ClientAction.DISCONNECT)

    assert taken(answer, turn, leaving) == ["connected", turn.promised, leaving.promised]


def test_an_event_that_comes_is_told() -> None:
    event = drive(ClientAction.EVENT, "STOP")

    assert taken(with_event, drive(ClientAction.EXECUTE, "stop"), event)[-1] == event.promised


def test_a_refusal_in_place_of_a_success_is_told_otherwise() -> None:
    turn = drive(ClientAction.EXECUTE, "stop")

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
        taken(answer, drive(ClientAction.EXECUTE, "stop"), greeting=greeting)


def noting(asked: list[dict[str, Any]]) -> Answer:
    """Return an answer that succeeds, and notes what it answers."""

    def answer(command: dict[str, Any]) -> bytes:
        asked.append({name: value for name, value in command.items() if name != "id"})
        return success(command)

    return answer


def test_a_command_goes_out_as_the_turn_says() -> None:
    asked: list[dict[str, Any]] = []

    taken(
        noting(asked),
        drive(ClientAction.EXECUTE, "stop", arguments={"now": True}),
        drive(ClientAction.OUT_OF_BAND, "yank"),
        drive(ClientAction.PIPELINE, "cont", times=3),
    )

    assert asked == [
        {"execute": "stop", "arguments": {"now": True}},
        {"exec-oob": "yank"},
        *[{"execute": "cont"}] * 3,
    ]


def test_one_refusal_of_many_is_told_of_all() -> None:
    turn = drive(ClientAction.PIPELINE, "stop", times=3, refused=ErrorClass.COMMAND_NOT_FOUND)

    assert taken(refusal, turn)[-1] == "3 times error CommandNotFound" == turn.promised


def test_requests_that_are_sent_before_the_first_is_answered_are_many_at_once() -> None:
    held: list[dict[str, Any]] = []

    def late(command: dict[str, Any]) -> bytes:
        held.append(command)
        return b"".join(map(success, held)) if len(held) == 3 else b""

    turn = drive(ClientAction.PIPELINE, "stop", times=3)

    assert taken(late, turn)[-1] == turn.promised


def test_an_event_of_another_name_is_not_the_awaited_one() -> None:
    turns = (drive(ClientAction.EXECUTE, "stop"), drive(ClientAction.EVENT, "RESUME"))

    def attempt(limit: float) -> None:
        with pytest.raises(SessionLost, match="RESUME: no answer within"):
            taken(with_event, *turns, limit=limit)

    patiently(attempt, 0.2)


def test_leaving_closes_the_socket_before_the_exchange_is_over() -> None:
    with Miniature(success) as server, ExitStack() as undo:
        sock = server.sock.dup()
        sock.setblocking(False)
        driver = Driver(undo, lambda name: sock, LIMIT)
        driver.take(drive(ClientAction.CONNECT, "a"))

        driver.take(drive(ClientAction.DISCONNECT))

        assert sock.fileno() < 0
        with pytest.raises(KeyError):
            driver.take(drive(ClientAction.EXECUTE, "stop"))


def test_the_official_client_needs_a_socket() -> None:
    ours, theirs = os.openpty()
    with ExitStack() as undo:
        undo.callback(os.close, ours)
        undo.callback(os.close, theirs)
        driver = Driver(undo, lambda name: Terminal(os.ttyname(theirs)), LIMIT)

        with pytest.raises(LaunchError, match="needs a socket"):
            driver.take(drive(ClientAction.CONNECT, "a"))
