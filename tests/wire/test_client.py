"""Sessions by the official client."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import json
import logging
import os
import socket
from typing import Any

import pytest

from conformance.wire.client import ClientSession
from conformance.wire.connection import Connection
from conformance.wire.session import SessionError, SessionLost
from tests.patience import PATIENCE, patiently
from tests.wire.machine import machine
from tests.wire.miniature import GREETING, Miniature, success


def descriptors() -> set[str]:
    return set(os.listdir("/proc/self/fd"))


def with_id(command: dict[str, Any], **members: Any) -> bytes:
    return json.dumps({**members, "id": command["id"]}).encode() + b"\r\n"


def test_a_command_returns_what_the_server_returns() -> None:
    with (
        Miniature(lambda c: with_id(c, **{"return": c["arguments"]})) as server,
        ClientSession(server.sock, PATIENCE) as session,
    ):
        assert session.execute("echo", {"n": 2**64 - 1}) == {"n": 2**64 - 1}


def test_a_refusal_is_an_error_with_its_class_and_the_session_goes_on() -> None:
    def answer(command: dict[str, Any]) -> bytes:
        if command["execute"] != "nosuch":
            return success(command)
        return with_id(command, error={"class": "CommandNotFound", "desc": "no such"})

    with Miniature(answer) as server, ClientSession(server.sock, PATIENCE) as session:
        with pytest.raises(SessionError, match="nosuch: CommandNotFound: no such") as caught:
            session.execute("nosuch")
        assert caught.value.error_class == "CommandNotFound"
        assert session.execute("stop") == {}


def test_a_reply_of_three_megabytes_is_read() -> None:
    text = "x" * (3 << 20)
    with (
        Miniature(lambda c: with_id(c, **{"return": text})) as server,
        ClientSession(server.sock, PATIENCE) as session,
    ):
        assert session.execute("much") == text


def test_a_reply_that_would_take_much_to_read_is_not_read() -> None:
    with (
        Miniature(lambda c: with_id(c, **{"return": [{}] * 200_000})) as server,
        ClientSession(server.sock, PATIENCE) as session,
        pytest.raises(SessionLost, match="holds too much to read"),
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
        pytest.param(b"[]\r\n", "stop: UnexpectedTypeError", id="no object"),
        pytest.param(
            b'{"error": {"class": "GenericError", "desc": "x"}}\r\n',
            "stop: ServerParseError",
            id="error without id",
        ),
        pytest.param(b'{"return": {}, "id": []}\r\n', "stop: TypeError", id="id unhashable"),
    ],
)
def test_a_broken_protocol_ends_the_session_with_its_cause(
    reply: bytes | None, problem: str
) -> None:
    with Miniature(lambda c: reply) as server, ClientSession(server.sock, PATIENCE) as session:
        with pytest.raises(SessionLost, match=f"^{problem}"):
            session.execute("stop")
        with pytest.raises(SessionLost, match=r"^cont: "):
            session.execute("cont")


def test_a_reply_that_is_neither_return_nor_error_is_a_broken_protocol() -> None:
    with (
        Miniature(lambda c: with_id(c, odd=1)) as server,
        ClientSession(server.sock, PATIENCE) as session,
        pytest.raises(SessionLost, match="BadReplyError"),
    ):
        session.execute("stop")


@pytest.mark.parametrize(
    ("greeting", "problem"),
    [
        pytest.param(None, "the server has closed the connection", id="none"),
        pytest.param(b'{"return": {}}\r\n', "GreetingError", id="another message"),
        pytest.param(b"HTTP/1.1 400\r\n", "Failed to deserialize", id="another protocol"),
        pytest.param(b"", "no answer within", id="silence"),
    ],
)
def test_a_session_without_a_greeting_does_not_begin(greeting: bytes | None, problem: str) -> None:
    limit = 0.2 if greeting == b"" else PATIENCE
    with (
        Miniature(success, greeting=greeting) as server,
        pytest.raises(SessionLost, match=f"the negotiation: .*{problem}"),
        ClientSession(server.sock, limit),
    ):
        pytest.fail("it has begun")


def test_a_refused_negotiation_does_not_begin_a_session() -> None:
    refusal = b'{"error": {"class": "GenericError", "desc": "no"}}\r\n'
    with (
        Miniature(lambda c: refusal, negotiates=False) as server,
        pytest.raises(SessionLost, match="the negotiation: NegotiationError"),
        ClientSession(server.sock, PATIENCE),
    ):
        pytest.fail("it has begun")


def test_a_reply_that_does_not_come_ends_the_session() -> None:
    def attempt(limit: float) -> None:
        with Miniature(lambda c: b"") as server, ClientSession(server.sock, limit) as session:
            with pytest.raises(SessionLost, match=f"stop: no answer within {limit:g} s"):
                session.execute("stop")
            with pytest.raises(SessionLost):
                session.execute("cont")

    patiently(attempt, 0.2)


def test_a_server_that_does_not_read_cannot_hold_a_session_back() -> None:
    def attempt(limit: float) -> None:
        ours, theirs = socket.socketpair()
        with ours, theirs:
            theirs.sendall(GREETING + b'{"return": {}}\r\n')
            with (
                ClientSession(ours, limit) as session,
                pytest.raises(SessionLost, match="no answer within"),
            ):
                session.execute("much", {"data": "x" * (4 << 20)})

    patiently(attempt, 0.2)


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
            ClientSession(ours, 0.2).__enter__()
        # What is not closed in order warns when it is collected, and a warning is an error here.
        gc.collect()
        assert descriptors() == before


def test_the_socket_stays_open_and_as_it_was() -> None:
    with Miniature(success) as server:
        with ClientSession(server.sock, PATIENCE) as session:
            session.execute("stop")
        assert os.get_blocking(server.sock.fileno())
        server.sock.setblocking(False)
        connection = Connection(server.sock)
        connection.queue(b'{"execute":"stop","id":5}\n')
        assert connection.receive(PATIENCE) == b'{"return": {}, "id": 5}\r\n'


def test_no_descriptor_and_no_loop_is_left_behind() -> None:
    before = descriptors()
    with Miniature(success) as server, ClientSession(server.sock, PATIENCE) as session:
        session.execute("stop")
    with Miniature(success, greeting=None) as server, pytest.raises(SessionLost):
        ClientSession(server.sock, PATIENCE).__enter__()
    assert descriptors() == before
    with pytest.raises(RuntimeError, match="no running event loop"):
        asyncio.get_running_loop()


def test_the_client_keeps_its_log_to_itself(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    with (
        Miniature(lambda c: None) as server,
        ClientSession(server.sock, PATIENCE) as session,
        pytest.raises(SessionLost),
    ):
        session.execute("stop")
    assert not [record for record in caplog.records if record.name.startswith("qemu")]


@pytest.mark.qemu
def test_a_session_with_qemu() -> None:
    with machine() as sock, ClientSession(sock, PATIENCE) as session:
        assert session.execute("query-status")["running"] is False
        with pytest.raises(SessionError) as caught:
            session.execute("qom-list", {"path": "/nosuch"})
        assert caught.value.error_class == "DeviceNotFound"
        session.execute("cont")
        session.await_event("RESUME")


@pytest.mark.qemu
def test_a_session_ends_when_qemu_quits() -> None:
    with machine() as sock, ClientSession(sock, PATIENCE) as session:
        assert session.execute("quit") == {}
        with pytest.raises(SessionLost):
            session.execute("query-status")
