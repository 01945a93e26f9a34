"""Bytes to and from a server."""

from __future__ import annotations

import contextlib
import math
import os
import socket
import threading
import time
from collections.abc import Callable, Iterator

import pytest

from conformance.wire.connection import (
    Connection,
    WireClosed,
    WireError,
    WireOverflow,
    WireTimeout,
    weight,
)
from conformance.wire.framing import Message, read_message
from tests.patience import PATIENCE
from tests.wire.machine import machine

LONG = PATIENCE
DROPS = 6000
"""A minute of drops: far more than come within the limit of the test, on whatever machine."""
"""Seconds that no test needs unless it fails."""


class Pair:
    """A connection and the peer's end of its socket."""

    def __init__(self, limit: int) -> None:
        sock, self.peer = socket.socketpair()
        sock.setblocking(False)
        self.peer.settimeout(LONG)
        self.sock = sock
        self.connection = Connection(sock, reply_limit=limit)


@contextlib.contextmanager
def pair(limit: int = 1 << 20) -> Iterator[Pair]:
    made = Pair(limit)
    with made.sock, made.peer:
        yield made


@contextlib.contextmanager
def meanwhile(work: Callable[[], None]) -> Iterator[None]:
    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield
    finally:
        thread.join(LONG)
        assert not thread.is_alive()


def test_lines_come_out_one_by_one_with_their_ends() -> None:
    with pair() as p:
        p.peer.sendall(b"one\r\ntwo\n\nfour\r\n")
        got = [p.connection.receive(LONG) for _ in range(4)]
        assert got == [b"one\r\n", b"two\n", b"\n", b"four\r\n"]


def test_a_line_in_pieces_is_put_together() -> None:
    with pair() as p:
        p.peer.sendall(b"first\r\nhal")
        assert p.connection.receive(LONG) == b"first\r\n"
        with pytest.raises(WireTimeout, match="3 bytes"):
            p.connection.receive(0.01)
        p.peer.sendall(b"f\r")
        with pytest.raises(WireTimeout, match="5 bytes"):
            p.connection.receive(0)
        p.peer.sendall(b"\nnext\r\n")
        assert p.connection.receive(LONG) == b"half\r\n"
        assert p.connection.receive(LONG) == b"next\r\n"


def test_a_timeout_comes_when_it_should() -> None:
    with pair() as p:
        begin = time.monotonic()
        with pytest.raises(WireTimeout):
            p.connection.receive(0.05)
        assert time.monotonic() - begin >= 0.05


def test_drops_of_a_line_do_not_put_the_timeout_off() -> None:
    stop = threading.Event()
    with pair() as p:

        def drip() -> None:
            for _ in range(DROPS):
                if stop.wait(0.01):
                    return
                p.peer.sendall(b"x")
            # Whoever waits still has been put off by every drop.
            p.peer.shutdown(socket.SHUT_WR)

        with meanwhile(drip):
            try:
                with pytest.raises(WireTimeout):
                    p.connection.receive(0.1)
            finally:
                stop.set()


def test_what_is_queued_goes_out_with_receive() -> None:
    with pair() as p:
        p.connection.queue(b"ab")
        p.connection.queue(b"c\n")
        assert p.connection.pending == 4
        p.peer.sendall(b"ok\r\n")
        assert p.connection.receive(LONG) == b"ok\r\n"
        assert p.connection.pending == 0
        assert p.peer.recv(100) == b"abc\n"


def test_what_is_queued_goes_out_with_flush() -> None:
    with pair() as p:
        p.connection.queue(b"abc\n")
        p.connection.flush(LONG)
        assert p.peer.recv(100) == b"abc\n"


def test_flush_keeps_what_comes_meanwhile() -> None:
    size = 4 << 20
    with pair() as p:

        def answer_then_read() -> None:
            # More than the socket holds: it waits until the other side reads.
            p.peer.sendall(b"r" * 1_000_000 + b"\r\n")
            left = size
            while left:
                left -= len(p.peer.recv(65536))

        with meanwhile(answer_then_read):
            p.connection.queue(b"q" * size)
            p.connection.flush(LONG)
        assert p.connection.receive(LONG) == b"r" * 1_000_000 + b"\r\n"


def test_two_full_pipes_do_not_block_each_other() -> None:
    request, reply, count = b"q" * 999 + b"\n", b"r" * 1998 + b"\r\n", 3000
    with pair() as p:

        def echo() -> None:
            # Reads one request and answers it before it reads the next, as QEMU does.
            with p.peer.makefile("rb") as requests:
                for _ in range(count):
                    assert requests.readline() == request
                    p.peer.sendall(reply)

        with meanwhile(echo):
            for _ in range(count):
                p.connection.queue(request)
            assert p.connection.pending == count * len(request)
            assert all(p.connection.receive(LONG) == reply for _ in range(count))
        assert p.connection.pending == 0


def test_flush_gives_up_on_a_peer_that_does_not_read() -> None:
    with pair() as p:
        p.connection.queue(b"x" * (4 << 20))
        with pytest.raises(WireTimeout, match="not sent"):
            p.connection.flush(0.05)
        assert 0 < p.connection.pending < 4 << 20


def test_the_end_comes_behind_the_last_line_with_what_is_left() -> None:
    with pair() as p:
        p.peer.sendall(b"last\r\npart")
        p.peer.close()
        assert p.connection.receive(LONG) == b"last\r\n"
        for _ in range(2):
            with pytest.raises(WireClosed) as caught:
                p.connection.receive(LONG)
            assert caught.value.partial == b"part"


def test_last_lines_are_read_although_nothing_can_be_sent() -> None:
    with pair() as p:
        p.peer.sendall(b"bye\r\n")
        p.peer.close()
        p.connection.queue(b"hello\n")
        assert p.connection.receive(LONG) == b"bye\r\n"
        with pytest.raises(WireClosed):
            p.connection.receive(LONG)
        with pytest.raises(WireClosed):
            p.connection.flush(LONG)
        assert p.connection.pending == 6


def test_a_peer_that_closes_on_unread_bytes_has_closed() -> None:
    with pair() as p:
        p.connection.queue(b"unread\n")
        p.connection.flush(LONG)
        p.peer.sendall(b"bye\r\n")
        p.peer.close()
        assert p.connection.receive(LONG) == b"bye\r\n"
        with pytest.raises(WireClosed) as caught:
            p.connection.receive(LONG)
        assert caught.value.partial == b""


def test_flush_ends_when_the_peer_goes_away() -> None:
    with pair() as p:
        p.connection.queue(b"x" * (4 << 20))
        with pytest.raises(WireTimeout):
            p.connection.flush(0)
        p.peer.close()
        with pytest.raises(WireClosed):
            p.connection.flush(LONG)


@pytest.mark.parametrize(
    "line",
    [
        pytest.param(b"x" * 1001, id="no end yet"),
        pytest.param(b"x" * 1000 + b"\n", id="by its end"),
        pytest.param(b"x" * 1001 + b"\r\n", id="with its end"),
    ],
)
def test_a_line_over_the_limit_overflows(line: bytes) -> None:
    with pair(limit=1000) as p:
        p.peer.sendall(b"ok\r\n" + line)
        assert p.connection.receive(LONG) == b"ok\r\n"
        for _ in range(2):
            with pytest.raises(WireOverflow) as caught:
                p.connection.receive(LONG)
            assert caught.value.head == b"x" * 200


def test_a_line_within_the_limit_passes() -> None:
    with pair(limit=1000) as p:
        p.peer.sendall(b"x" * 999 + b"\n" + b"y" * 998 + b"\r\n")
        assert len(p.connection.receive(LONG)) == 1000
        assert len(p.connection.receive(LONG)) == 1000


def test_flush_overflows_on_an_endless_line() -> None:
    with pair(limit=1000) as p:
        p.peer.sendall(b"x" * 2000)
        p.connection.queue(b"x" * (4 << 20))
        with pytest.raises(WireOverflow):
            p.connection.flush(LONG)


def test_many_short_lines_do_not_overflow() -> None:
    with pair(limit=1000) as p:
        p.peer.sendall(b"12345678\r\n" * 5000)
        p.connection.queue(b"x" * (4 << 20))
        with pytest.raises(WireTimeout):
            p.connection.flush(0.05)
        assert all(p.connection.receive(LONG) == b"12345678\r\n" for _ in range(5000))


def test_a_long_line_costs_no_more_than_its_length() -> None:
    line = b"x" * (16 << 20) + b"\r\n"
    with pair(limit=32 << 20) as p, meanwhile(lambda: p.peer.sendall(line)):
        assert p.connection.receive(LONG) == line


def test_descriptors_travel_behind_what_is_queued() -> None:
    with pair() as p:
        p.connection.queue(b"first\n")
        reader, writer = os.pipe()
        try:
            p.connection.send_descriptors(b"second\n", [writer])
        finally:
            os.close(writer)
        got = b""
        passed: list[int] = []
        while got != b"first\nsecond\n":
            data, fds, _, _ = socket.recv_fds(p.peer, 100, 4)
            got += data
            passed += fds
        (copy,) = passed
        with open(copy, "wb") as there, open(reader, "rb") as here:
            there.write(b"through")
            there.close()
            assert here.read() == b"through"


def test_descriptors_wait_no_longer_than_they_may() -> None:
    with pair() as p:
        p.sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
        with contextlib.suppress(BlockingIOError):
            while True:
                p.sock.send(b"x" * 4096)
        with pytest.raises(WireTimeout):
            p.connection.send_descriptors(b"x", [p.sock.fileno()], timeout=0.05)
        p.peer.close()
        with pytest.raises(WireClosed):
            p.connection.send_descriptors(b"x", [p.sock.fileno()], timeout=LONG)


def test_descriptors_need_a_byte_to_travel_with() -> None:
    with pair() as p, pytest.raises(ValueError, match="at least one byte"):
        p.connection.send_descriptors(b"", [0])


def test_a_blocking_socket_is_refused() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs, pytest.raises(ValueError, match="non-blocking"):
        Connection(ours)


def test_every_end_of_a_dialogue_is_a_wire_error() -> None:
    assert all(issubclass(kind, WireError) for kind in (WireTimeout, WireClosed, WireOverflow))


@pytest.mark.qemu
def test_qemu_answers_a_pipeline_in_order() -> None:
    count = 200
    with machine() as sock:
        sock.setblocking(False)
        connection = Connection(sock)
        assert connection.receive(LONG).startswith(b'{"QMP": ')
        connection.queue(b'{"execute":"qmp_capabilities"}\n')
        for number in range(count):
            connection.queue(b'{"execute":"query-name","id":%d}\n' % number)
        read = [read_message(connection.receive(LONG)) for _ in range(count + 1)]
        assert read[0] == Message({"return": {}})
        assert read[1:] == [Message({"return": {}, "id": number}) for number in range(count)]
        with pytest.raises(WireTimeout):
            connection.receive(0)


@pytest.mark.qemu
def test_qemu_takes_a_descriptor() -> None:
    with machine() as sock:
        sock.setblocking(False)
        connection = Connection(sock)
        connection.receive(LONG)
        connection.queue(b'{"execute":"qmp_capabilities"}\n')
        getfd = b'{"execute":"getfd","arguments":{"fdname":"mine"},"id":1}\n'
        connection.send_descriptors(getfd, [sock.fileno()])
        assert connection.receive(LONG) == b'{"return": {}}\r\n'
        assert read_message(connection.receive(LONG)) == Message({"return": {}, "id": 1})


def test_our_end_comes_behind_what_was_sent_and_the_peer_may_still_speak() -> None:
    with pair() as p:
        p.connection.queue(b"last")
        p.connection.flush(LONG)
        p.connection.end()
        assert p.peer.recv(100) == b"last"
        assert p.peer.recv(100) == b""
        p.peer.sendall(b"answer\r\n")
        assert p.connection.receive(LONG) == b"answer\r\n"


def test_a_peer_that_is_gone_takes_our_end_in_silence() -> None:
    with pair() as p:
        p.peer.close()
        p.connection.end()
        with pytest.raises(WireClosed):
            p.connection.receive(LONG)


def test_a_stream_that_is_no_socket_does_and_carries_no_descriptors() -> None:
    with pair() as p:
        terminal = _Terminal(p.sock)
        connection = Connection(terminal)
        connection.queue(b"x")
        connection.flush(LONG)
        p.peer.sendall(b"y\n")
        assert (p.peer.recv(10), connection.receive(LONG)) == (b"x", b"y\n")
        with pytest.raises(ValueError, match="only a socket"):
            connection.send_descriptors(b"x", [0])


class _Terminal:
    """A stream with no more than a terminal has."""

    def __init__(self, sock: socket.socket) -> None:
        self.fileno = sock.fileno
        self.getblocking = sock.getblocking
        self.recv = sock.recv
        self.send = sock.send
        self.shutdown = sock.shutdown


def test_a_part_is_taken_and_the_rest_stays_with_the_peer_or_comes_as_a_line() -> None:
    with pair() as p:
        p.peer.sendall(b"one\r\ntwo\r\n")
        assert p.connection.receive_part(4, LONG) == b"one\r"
        assert p.sock.recv(100, socket.MSG_PEEK) == b"\ntwo\r\n"
        assert p.connection.receive(LONG) == b"\n"
        assert p.connection.receive_part(2, LONG) == b"tw"
        assert p.connection.receive(LONG) == b"o\r\n"


def test_a_part_that_does_not_come_is_told_and_kept() -> None:
    with pair() as p:
        p.peer.sendall(b"one")
        with pytest.raises(WireTimeout, match="1 of 4 bytes did not come"):
            p.connection.receive_part(4, 0.01)
        p.peer.close()
        with pytest.raises(WireClosed):
            p.connection.receive_part(4, LONG)
        assert p.connection.receive_part(3, LONG) == b"one"


def test_a_line_is_as_heavy_as_its_text_and_its_brackets() -> None:
    assert weight(b"text") == 4
    assert weight(b"[{") - 2 == (weight(b"[") - 1) + (weight(b"{") - 1) > 0
    assert weight(b"]}") == 2


def test_a_part_behind_lines_that_were_taken_is_the_next_one() -> None:
    with pair() as p:
        p.peer.sendall(b"one\ntwo\nthree\n")
        assert p.connection.receive(LONG) == b"one\n"

        assert p.connection.receive_part(3, LONG) == b"two"
        assert [p.connection.receive(LONG) for _ in range(2)] == [b"\n", b"three\n"]


def test_what_ended_a_dialogue_says_so() -> None:
    assert "after 3 bytes of a line" in str(WireClosed(b"abc"))
    overflow = WireOverflow(7, b"head")
    assert (overflow.limit, overflow.head) == (7, b"head")
    assert "longer than 7 bytes" in str(overflow)
    assert "head" in str(overflow)


def test_lines_that_wait_count_for_no_limit_while_more_is_sent() -> None:
    with pair(limit=16) as p:
        p.peer.sendall(b"0123456789\n" * 3)
        p.connection.queue(b"x" * 100)
        p.connection.flush(LONG)

        assert [p.connection.receive(LONG) for _ in range(3)] == [b"0123456789\n"] * 3


def test_a_wait_tells_when_nothing_had_come_yet() -> None:
    ours, theirs = socket.socketpair()
    ours.setblocking(False)
    with ours, theirs:
        connection = Connection(ours)
        assert connection.empty_at == -math.inf
        theirs.sendall(b"one\r\n")
        connection.receive(PATIENCE)
        # It was there before we looked: nothing is known of when it came.
        assert connection.empty_at == -math.inf
        began = time.monotonic()

        with pytest.raises(WireTimeout):
            connection.receive(0.3)
        sent = time.monotonic()
        theirs.sendall(b"two\r\n")
        connection.receive(PATIENCE)

        assert began <= connection.empty_at <= sent
        assert connection.empty_at - began > 0.1
