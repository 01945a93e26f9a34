"""What the sessions over a raw connection and by the official client promise alike."""

from __future__ import annotations

import contextlib
import gc
import json
import os
import socket
from typing import Any

import pytest

from conformance.wire.client import ClientSession
from conformance.wire.connection import Connection
from conformance.wire.session import Session, SessionError, SessionLost
from tests.patience import PATIENCE, patiently
from tests.wire.machine import machine
from tests.wire.miniature import GREETING, Miniature, success

AnySession = Session | ClientSession
Words = dict[type[AnySession], str]
"""The words of each kind of session for one thing."""
KINDS: tuple[type[AnySession], ...] = (Session, ClientSession)
pytestmark = pytest.mark.parametrize("kind", KINDS)


def with_id(command: dict[str, Any], **members: Any) -> bytes:
    return json.dumps({**members, "id": command["id"]}).encode() + b"\r\n"


def test_a_command_returns_what_the_server_returns(kind: type[AnySession]) -> None:
    with (
        Miniature(lambda c: with_id(c, **{"return": c["arguments"]})) as server,
        kind(server.sock, PATIENCE) as session,
    ):
        assert session.execute("echo", {"n": 2**64 - 1}) == {"n": 2**64 - 1}


def test_a_refusal_is_an_error_with_its_class_and_the_session_goes_on(
    kind: type[AnySession],
) -> None:
    def answer(command: dict[str, Any]) -> bytes:
        if command["execute"] != "nosuch":
            return success(command)
        return with_id(command, error={"class": "CommandNotFound", "desc": "no such"})

    with Miniature(answer) as server, kind(server.sock, PATIENCE) as session:
        with pytest.raises(SessionError, match="nosuch: CommandNotFound: no such") as caught:
            session.execute("nosuch")
        assert caught.value.error_class == "CommandNotFound"
        assert session.execute("stop") == {}


def test_a_reply_of_three_megabytes_is_read(kind: type[AnySession]) -> None:
    text = "x" * (3 << 20)
    with (
        Miniature(lambda c: with_id(c, **{"return": text})) as server,
        kind(server.sock, PATIENCE) as session,
    ):
        assert session.execute("much") == text


def test_a_reply_that_would_take_much_to_read_is_not_read(kind: type[AnySession]) -> None:
    with (
        Miniature(lambda c: with_id(c, **{"return": [{}] * 200_000})) as server,
        kind(server.sock, PATIENCE) as session,
        pytest.raises(SessionLost, match=r"as heavy to read|holds too much to read"),
    ):
        session.execute("much")


@pytest.mark.parametrize(
    ("reply", "words"),
    [
        pytest.param(None, dict.fromkeys(KINDS, "the server has closed the connection"), id="gone"),
        pytest.param(
            b"garbage\r\n",
            dict.fromkeys(KINDS, "the server sent a line that is no message"),
            id="no JSON",
        ),
        pytest.param(
            b"[]\r\n",
            {Session: "the server sent a line that is no message", ClientSession: "UnexpectedType"},
            id="no object",
        ),
        pytest.param(
            b'{"error": {"class": "GenericError", "desc": "x"}}\r\n',
            {Session: "the server sent a reply to no request", ClientSession: "ServerParseError"},
            id="error without id",
        ),
        pytest.param(
            b'{"return": {}, "id": []}\r\n',
            {Session: "the server sent a reply to no request", ClientSession: "TypeError"},
            id="id unhashable",
        ),
    ],
)
def test_a_broken_protocol_ends_the_session_with_its_cause(
    kind: type[AnySession], reply: bytes | None, words: Words
) -> None:
    with Miniature(lambda c: reply) as server, kind(server.sock, PATIENCE) as session:
        with pytest.raises(SessionLost, match=f"^stop: {words[kind]}"):
            session.execute("stop")
        with pytest.raises(SessionLost, match=r"^cont: "):
            session.execute("cont")


def test_a_reply_that_is_neither_return_nor_error_is_a_broken_protocol(
    kind: type[AnySession],
) -> None:
    with (
        Miniature(lambda c: with_id(c, odd=1)) as server,
        kind(server.sock, PATIENCE) as session,
        pytest.raises(SessionLost, match=r"stop: (the server's reply is no reply|BadReplyError)"),
    ):
        session.execute("stop")


@pytest.mark.parametrize(
    ("greeting", "words"),
    [
        pytest.param(None, dict.fromkeys(KINDS, "the server has closed the connection"), id="none"),
        pytest.param(
            b'{"return": {}}\r\n',
            {Session: "the server's first message is no greeting", ClientSession: "GreetingError"},
            id="another message",
        ),
        pytest.param(
            b"HTTP/1.1 400\r\n",
            {
                Session: "the server sent a line that is no message",
                ClientSession: "Failed to deserialize",
            },
            id="another protocol",
        ),
        pytest.param(b"", dict.fromkeys(KINDS, "no answer within"), id="silence"),
    ],
)
def test_a_session_without_a_greeting_does_not_begin(
    kind: type[AnySession], greeting: bytes | None, words: Words
) -> None:
    limit = 0.2 if greeting == b"" else PATIENCE
    with (
        Miniature(success, greeting=greeting) as server,
        pytest.raises(SessionLost, match=f"the negotiation: .*{words[kind]}"),
        kind(server.sock, limit),
    ):
        pytest.fail("it has begun")


def test_a_refused_negotiation_does_not_begin_a_session(kind: type[AnySession]) -> None:
    refusal = b'{"error": {"class": "GenericError", "desc": "no"}}\r\n'
    with (
        Miniature(lambda c: refusal, negotiates=False) as server,
        pytest.raises(
            SessionLost, match=r"negotiation: (the server refuses it: no|NegotiationError)"
        ),
        kind(server.sock, PATIENCE),
    ):
        pytest.fail("it has begun")


def test_a_reply_that_does_not_come_ends_the_session(kind: type[AnySession]) -> None:
    def attempt(limit: float) -> None:
        with Miniature(lambda c: b"") as server, kind(server.sock, limit) as session:
            with pytest.raises(SessionLost, match=f"stop: no answer within {limit:g} s"):
                session.execute("stop")
            with pytest.raises(SessionLost):
                session.execute("cont")

    patiently(attempt, 0.2)


def test_a_server_that_does_not_read_cannot_hold_a_session_back(kind: type[AnySession]) -> None:
    def attempt(limit: float) -> None:
        ours, theirs = socket.socketpair()
        with ours, theirs:
            theirs.sendall(GREETING + b'{"return": {}}\r\n')
            with (
                kind(ours, limit) as session,
                pytest.raises(SessionLost, match="no answer within"),
            ):
                session.execute("much", {"data": "x" * (4 << 20)})

    patiently(attempt, 0.2)


def test_a_negotiation_that_cannot_be_sent_ends_and_leaves_nothing_behind(
    kind: type[AnySession],
) -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        before = os.listdir("/proc/self/fd")
        theirs.sendall(GREETING)
        ours.setblocking(False)
        with contextlib.suppress(BlockingIOError):
            while True:
                ours.send(b" " * 4096)
        with pytest.raises(SessionLost, match="the negotiation: no answer within"):
            kind(ours, 0.2).__enter__()
        # What is not closed in order warns when it is collected, and a warning is an error here.
        gc.collect()
        assert os.listdir("/proc/self/fd") == before


def test_the_socket_stays_open_and_as_it_was(kind: type[AnySession]) -> None:
    with Miniature(success) as server:
        with kind(server.sock, PATIENCE) as session:
            session.execute("stop")
        assert os.get_blocking(server.sock.fileno())
        server.sock.setblocking(False)
        connection = Connection(server.sock)
        connection.queue(b'{"execute":"stop","id":5}\n')
        assert connection.receive(PATIENCE) == b'{"return": {}, "id": 5}\r\n'


def test_no_descriptor_is_left_behind(kind: type[AnySession]) -> None:
    before = os.listdir("/proc/self/fd")
    with Miniature(success) as server, kind(server.sock, PATIENCE) as session:
        session.execute("stop")
    with Miniature(success, greeting=None) as server, pytest.raises(SessionLost):
        kind(server.sock, PATIENCE).__enter__()
    # What is not closed in order warns when it is collected, and a warning is an error here.
    gc.collect()
    assert os.listdir("/proc/self/fd") == before


@pytest.mark.qemu
def test_a_session_ends_when_qemu_quits(kind: type[AnySession]) -> None:
    with machine() as sock, kind(sock, PATIENCE) as session:
        assert session.execute("quit") == {}
        with pytest.raises(SessionLost):
            session.execute("query-status")
