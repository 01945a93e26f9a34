"""A pass-through changes nothing of a dialogue, and keeps each message of it in order."""

from __future__ import annotations

import io
import os
import socket
import threading
from collections.abc import Iterator

import pytest

from conformance.wire import pass_through
from conformance.wire.pass_through import ClientValues, DialogueWriter, pass_session
from tests.patience import PATIENCE

LIMIT = 1 << 20


@pytest.mark.parametrize(
    ("chunks", "values"),
    [
        ([b'{"a":1}{"b":2}'], [b'{"a":1}', b'{"b":2}']),
        ([b'{"a"', b":\n1", b"} "], [b'{"a":\n1}']),
        ([b'\xff\n{"a":"}{"} junk {}'], [b'{"a":"}{"}', b"{}"]),
        ([b'{"a":"\\', b'"}"}'], [b'{"a":"\\"}"}']),
        ([b"{'a':'}\"'}"], [b"{'a':'}\"'}"]),
        ([b'it\'s "no" } {"a":[{}]}'], [b'{"a":[{}]}']),
        ([b'{"a":'], []),
    ],
    ids=["two", "in parts", "between", "escape", "single quotes", "stray marks", "open"],
)
def test_what_a_client_sends_is_split_into_values(chunks: list[bytes], values: list[bytes]) -> None:
    client = ClientValues()

    assert [value for chunk in chunks for value in client.feed(chunk)] == values


def test_a_recording_has_every_message_in_order() -> None:
    file = io.StringIO()
    recorder = DialogueWriter(file, LIMIT)

    recorder.hear_server(b'{"QMP": {}}\r\n{"ev')
    recorder.hear_client(b'{"execute": "a"}')
    recorder.hear_server(b'ent": "E"}\r\nno JSON\n')

    assert file.getvalue().splitlines() == [
        '{"received":{"QMP": {}}}',
        '{"sent":{"execute":"a"}}',
        '{"received":{"event": "E"}}',
        '{"raw-received":"no JSON\\n"}',
    ]
    assert (recorder.sent, recorder.received, recorder.full) == (1, 3, False)


def test_what_is_no_strict_json_is_counted_alone() -> None:
    file = io.StringIO()
    recorder = DialogueWriter(file, LIMIT)

    recorder.hear_client(b'{\'execute\':\'a\'}{"a":1,"a":2}{"b":\xff}')

    assert (file.getvalue(), recorder.sent, recorder.unread) == ("", 0, 3)


def test_beyond_the_limit_nothing_is_recorded() -> None:
    file = io.StringIO()
    recorder = DialogueWriter(file, 40)

    recorder.hear_client(b'{"execute":"a"}' * 3)
    recorder.hear_server(b"{}\n")

    assert file.getvalue() == '{"sent":{"execute":"a"}}\n'
    assert recorder.full


def test_a_line_without_an_end_is_not_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pass_through, "LINE_LIMIT", 10)
    recorder = DialogueWriter(io.StringIO(), LIMIT)

    recorder.hear_server(b"x" * 20)

    assert recorder.full


class Session:
    """A pass-through in a thread, between two sockets of the test."""

    def __init__(self) -> None:
        self.client, ours = socket.socketpair()
        self.server, theirs = socket.socketpair()
        for each in (self.client, self.server):
            each.settimeout(PATIENCE)
        self._inner = (ours, theirs)
        self.file = io.StringIO()
        self.ended_by_server: bool | None = None
        self._thread = threading.Thread(target=self._pass)
        self._thread.start()

    def _pass(self) -> None:
        self.ended_by_server = pass_session(*self._inner, DialogueWriter(self.file, LIMIT))

    def wait(self) -> None:
        self._thread.join(PATIENCE)
        assert not self._thread.is_alive()

    def end(self) -> None:
        for each in (self.client, self.server):
            each.close()
        self.wait()
        for each in self._inner:
            each.close()


@pytest.fixture
def session() -> Iterator[Session]:
    made = Session()
    try:
        yield made
    finally:
        made.end()


def read(sock: socket.socket, size: int) -> bytes:
    data = b""
    while len(data) < size:
        data += sock.recv(size - len(data))
    return data


def test_bytes_and_descriptors_pass_unchanged(session: Session) -> None:
    inside, outside = os.pipe()
    try:
        socket.send_fds(session.client, [b'{"execute":"getfd"}'], [outside])
        data, descriptors, _, _ = socket.recv_fds(session.server, 100, 1)
        os.write(descriptors[0], b"through")
        os.close(descriptors[0])
        session.server.sendall(b'{"return": {}}\r\n')

        assert data == b'{"execute":"getfd"}'
        assert os.read(inside, 100) == b"through"
        assert read(session.client, 16) == b'{"return": {}}\r\n'
    finally:
        os.close(inside)
        os.close(outside)


def test_a_slow_reader_gets_all_in_the_end(session: Session) -> None:
    line = b'{"event": "' + b"x" * 9_000_000 + b'"}\n'
    writer = threading.Thread(target=session.server.sendall, args=(line,))
    writer.start()

    assert read(session.client, len(line)) == line
    writer.join(PATIENCE)
    assert not writer.is_alive()


@pytest.mark.parametrize("ends", ["server", "client"])
def test_who_ends_the_session_is_told_and_the_last_words_arrive(
    session: Session, ends: str
) -> None:
    ending = session.server if ends == "server" else session.client
    other = session.client if ends == "server" else session.server
    ending.sendall(b'{"execute": "bye"}\n')
    ending.close()

    assert read(other, 19) == b'{"execute": "bye"}\n'
    session.wait()
    assert session.ended_by_server is (ends == "server")
