"""Sessions for what needs no odd bytes."""

from __future__ import annotations

import contextlib
import json
import os
import socket
import time
from typing import Any

import pytest

from conformance.wire.connection import Connection, WireError
from conformance.wire.session import Session, SessionError, SessionLost, SessionSilent
from tests.patience import PATIENCE, patiently
from tests.wire.machine import machine
from tests.wire.miniature import GREETING, Miniature, success

EVENT = b'{"event": "STOP", "timestamp": {"seconds": 1, "microseconds": 2}}\r\n'


def descriptors() -> set[str]:
    return set(os.listdir("/proc/self/fd"))


def with_id(command: dict[str, Any], **members: Any) -> bytes:
    return json.dumps({**members, "id": command["id"]}).encode() + b"\r\n"


def test_a_command_returns_what_the_server_returns() -> None:
    with (
        Miniature(lambda c: with_id(c, **{"return": c["arguments"]})) as server,
        Session(server.sock, PATIENCE) as session,
    ):
        assert session.execute("echo", {"n": 2**64 - 1}) == {"n": 2**64 - 1}


def test_the_greeting_is_kept_as_it_came() -> None:
    odd = GREETING.replace(b'"QMP": {', b'"QMP": {"extra": [1], ')
    with Miniature(success, greeting=odd) as server, Session(server.sock, PATIENCE) as session:
        assert session.greeting == json.loads(odd)


def test_events_are_collected_in_order() -> None:
    with (
        Miniature(lambda c: EVENT + success(c)) as server,
        Session(server.sock, PATIENCE) as session,
    ):
        assert session.events() == ()
        session.execute("stop")
        session.execute("stop")
        assert session.events() == (json.loads(EVENT),) * 2


def test_a_refusal_is_an_error_with_its_class_and_the_session_goes_on() -> None:
    def answer(command: dict[str, Any]) -> bytes:
        if command["execute"] != "nosuch":
            return success(command)
        return with_id(command, error={"class": "CommandNotFound", "desc": "no such"})

    with Miniature(answer) as server, Session(server.sock, PATIENCE) as session:
        with pytest.raises(SessionError, match="nosuch: CommandNotFound: no such") as caught:
            session.execute("nosuch")
        assert caught.value.error_class == "CommandNotFound"
        assert session.execute("stop") == {}


def test_a_reply_of_three_megabytes_is_read() -> None:
    text = "x" * (3 << 20)
    with (
        Miniature(lambda c: with_id(c, **{"return": text})) as server,
        Session(server.sock, PATIENCE) as session,
    ):
        assert session.execute("much") == text


def test_a_reply_that_would_take_much_to_read_is_not_read() -> None:
    with (
        Miniature(lambda c: with_id(c, **{"return": [{}] * 200_000})) as server,
        Session(server.sock, PATIENCE) as session,
        pytest.raises(SessionLost, match="longer than 4194304 bytes, or as heavy to read"),
    ):
        session.execute("much")


@pytest.mark.parametrize(
    ("reply", "problem"),
    [
        pytest.param(None, "stop: the server has closed the connection", id="goes away"),
        pytest.param(
            b"garbage\r\n",
            "stop: the server sent a line that is no message",
            id="no JSON",
        ),
        pytest.param(b"[]\r\n", "stop: the server sent a line that is no message", id="no object"),
        pytest.param(
            b'{"error": {"class": "GenericError", "desc": "x"}}\r\n',
            "stop: the server sent a reply to no request",
            id="error without id",
        ),
        pytest.param(
            b'{"return": {}, "id": []}\r\n',
            "stop: the server sent a reply to no request",
            id="id unhashable",
        ),
    ],
)
def test_a_broken_protocol_ends_the_session_with_its_cause(
    reply: bytes | None, problem: str
) -> None:
    with Miniature(lambda c: reply) as server, Session(server.sock, PATIENCE) as session:
        with pytest.raises(SessionLost, match=f"^{problem}"):
            session.execute("stop")
        with pytest.raises(SessionLost, match=r"^cont: "):
            session.execute("cont")


def test_a_reply_that_is_neither_return_nor_error_is_a_broken_protocol() -> None:
    with (
        Miniature(lambda c: with_id(c, odd=1)) as server,
        Session(server.sock, PATIENCE) as session,
        pytest.raises(SessionLost, match="stop: the server's reply is no reply"),
    ):
        session.execute("stop")


@pytest.mark.parametrize(
    ("greeting", "problem"),
    [
        pytest.param(None, "the server has closed the connection", id="none"),
        pytest.param(
            b'{"return": {}}\r\n', "the server's first message is no greeting", id="another message"
        ),
        pytest.param(
            b"HTTP/1.1 400\r\n", "the server sent a line that is no message", id="another protocol"
        ),
        pytest.param(b"", "no answer within", id="silence"),
    ],
)
def test_a_session_without_a_greeting_does_not_begin(greeting: bytes | None, problem: str) -> None:
    limit = 0.2 if greeting == b"" else PATIENCE
    with (
        Miniature(success, greeting=greeting) as server,
        pytest.raises(SessionLost, match=f"the negotiation: .*{problem}"),
        Session(server.sock, limit),
    ):
        pytest.fail("it has begun")


def test_a_refused_negotiation_does_not_begin_a_session() -> None:
    refusal = b'{"error": {"class": "GenericError", "desc": "no"}}\r\n'
    with (
        Miniature(lambda c: refusal, negotiates=False) as server,
        pytest.raises(SessionLost, match="the negotiation: the server refuses it: no"),
        Session(server.sock, PATIENCE),
    ):
        pytest.fail("it has begun")


def test_a_reply_that_does_not_come_ends_the_session() -> None:
    def attempt(limit: float) -> None:
        with Miniature(lambda c: b"") as server, Session(server.sock, limit) as session:
            with pytest.raises(SessionLost, match=f"stop: no answer within {limit:g} s"):
                session.execute("stop")
            with pytest.raises(SessionLost):
                session.execute("cont")

    patiently(attempt, 0.2)


def test_the_time_for_all_questions_bounds_each_of_them() -> None:
    def attempt(limit: float) -> None:
        with (
            Miniature(lambda c: b"") as server,
            Session(server.sock, PATIENCE, until=time.monotonic() + limit) as session,
            pytest.raises(SessionSilent, match="stop: no answer when the time for all questions"),
        ):
            session.execute("stop")

    patiently(attempt, 0.2)


def test_events_without_end_end_the_session() -> None:
    event = EVENT.replace(b"STOP", b"S" * 500_000)
    with (
        Miniature(lambda c: event * 10) as server,
        Session(server.sock, PATIENCE) as session,
        pytest.raises(SessionLost, match="stop: the server sends events without end"),
    ):
        session.execute("stop")


def test_a_server_that_does_not_read_cannot_hold_a_session_back() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        theirs.sendall(GREETING + b'{"return": {}}\r\n')
        with (
            Session(ours, 0.2) as session,
            pytest.raises(SessionLost, match="no answer within"),
        ):
            session.execute("much", {"data": "x" * (4 << 20)})


def test_a_negotiation_that_cannot_be_sent_ends_and_leaves_nothing_behind() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        before = descriptors()
        theirs.sendall(GREETING)
        ours.setblocking(False)
        with contextlib.suppress(BlockingIOError):
            while True:
                ours.send(b" " * 4096)
        with pytest.raises(SessionLost, match="the negotiation: no answer within"):
            Session(ours, 0.2).__enter__()
        assert descriptors() == before


def test_the_socket_stays_open_and_as_it_was() -> None:
    with Miniature(success) as server:
        with Session(server.sock, PATIENCE) as session:
            session.execute("stop")
        assert os.get_blocking(server.sock.fileno())
        server.sock.setblocking(False)
        connection = Connection(server.sock)
        connection.queue(b'{"execute":"stop","id":5}\n')
        assert connection.receive(PATIENCE) == b'{"return": {}, "id": 5}\r\n'


def test_no_descriptor_is_left_behind() -> None:
    before = descriptors()
    with Miniature(success) as server, Session(server.sock, PATIENCE) as session:
        session.execute("stop")
    with Miniature(success, greeting=None) as server, pytest.raises(SessionLost):
        Session(server.sock, PATIENCE).__enter__()
    assert descriptors() == before


def test_session_errors_are_wire_errors() -> None:
    assert issubclass(SessionError, WireError)
    assert issubclass(SessionLost, WireError)


@pytest.mark.qemu
def test_a_session_with_qemu() -> None:
    with machine() as sock, Session(sock, PATIENCE) as session:
        assert set(session.greeting) == {"QMP"}
        assert session.execute("query-status")["running"] is False
        with pytest.raises(SessionError) as caught:
            session.execute("qom-list", {"path": "/nosuch"})
        assert caught.value.error_class == "DeviceNotFound"
        session.execute("cont")
        assert [event["event"] for event in session.events()] == ["RESUME"]


@pytest.mark.qemu
def test_a_session_ends_when_qemu_quits() -> None:
    with machine() as sock, Session(sock, PATIENCE) as session:
        assert session.execute("quit") == {}
        with pytest.raises(SessionLost):
            session.execute("query-status")
