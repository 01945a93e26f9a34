"""Peers that misbehave: what each manner does on the wire, at its stage and not before."""

from __future__ import annotations

import os
import socket
import struct
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from conformance.knowledge.loading import load_knowledge
from conformance.launch.conversation import MockServer
from conformance.launch.folder import RunFolder
from conformance.launch.manners import FLOOD, GARBAGE, Mannered
from conformance.launch.mock_servers import MOCK_SERVERS
from conformance.launch.peers import Peers
from conformance.launch.scratch import Room
from conformance.launch.target import program_target
from conformance.model.stage import Manner, Peer, Says, Then

LIMIT = 60.0
GREETING = b"NBDMAGICIHAVEOPT\x00\x03"


def option(number: int, content: bytes = b"") -> bytes:
    return struct.pack(">8sII", b"IHAVEOPT", number, len(content)) + content


def vhost(request: int) -> bytes:
    return struct.pack("=III", request, 1, 0)


def login(stage: int) -> bytes:
    return struct.pack(">BB46x", 0x43, stage)


ASKED: dict[str, tuple[bytes, ...]] = {
    "sink": (b"anything",),
    "nbd": (struct.pack(">I", 3), option(8), option(7, bytes(6))),
    "nbd-tls": (struct.pack(">I", 3), option(5)),
    "ftp": (b"USER a\r\n", b"PASS b\r\n", b"PWD\r\n"),
    "iscsi": (login(0x81), login(0x87)),
    "http": (b"HEAD /disk HTTP/1.1\r\n\r\n",),
    "pr-helper": (),
    "dbus": (b"\0AUTH\r\n", b"AUTH EXTERNAL 30\r\n"),
    "barrier": (b"anything",),
    "vhost-user-crypto": (vhost(1), vhost(15), vhost(17)),
    "vhost-user-device": (vhost(1), vhost(15), vhost(17), vhost(24)),
    "vhost-user-net": (vhost(1), vhost(15), vhost(17)),
}
"""What a client says, message by message, so that the server comes to its stages."""


def made(says: Says, then: Then, at: int, *, late: float = 0.0, patience: float = 0.0) -> Manner:
    return Manner(at=at, says=says, then=then, late=late, patience=patience)


def told(talk: MockServer, asked: tuple[bytes, ...]) -> list[bytes]:
    """Return what is said at first, and to each message."""
    said = [talk.greet()]
    for message in asked:
        said.append(b"" if talk.over else talk.hear(message))
    return said


@pytest.mark.parametrize("serve", ASKED)
def test_a_peer_comes_to_each_of_its_stages_and_is_good_up_to_there(serve: str) -> None:
    known = load_knowledge().commands.peers
    (dialogue,) = (each for each in known.dialogues if each.serve == serve)
    good = told(MOCK_SERVERS[serve](), ASKED[serve])
    mute = MOCK_SERVERS[serve]().mute

    # The first of TLS needs a client that speaks it: tests/launch/test_disk_servers.py.
    stages = [name for name in dialogue.stages if name not in ("server-hello", "hello")]
    for at in range(1, len(stages) + 1):
        talk = Mannered(MOCK_SERVERS[serve](), made(Says.GARBAGE, Then.HANG_UP, at))
        said = told(talk, ASKED[serve])

        assert talk.misbehaved, stages[at - 1]
        before = [words for words in said if words][:-1]
        assert [words for words in said if words][-1] == GARBAGE
        assert before == [words for words in good if words][: len(before)]
        assert mute or len(before) == at - 1


def test_every_peer_of_the_suite_has_its_stages_or_a_reason_in_the_data() -> None:
    known = load_knowledge().commands.peers

    assert {each.serve for each in known.dialogues} >= MOCK_SERVERS.keys()
    assert all(bool(each.stages) or each.untried or each.reason for each in known.dialogues)


@pytest.mark.parametrize(
    ("says", "heard"),
    [
        (Says.NOTHING, b""),
        (Says.HALF, GREETING[:9]),
        (Says.GARBAGE, GARBAGE),
        (Says.SAME, GREETING),
    ],
)
def test_what_is_said_in_place_of_a_greeting(says: Says, heard: bytes) -> None:
    talk = Mannered(MOCK_SERVERS["nbd"](), made(says, Then.HANG_UP, 1))

    assert talk.greet() == heard
    assert talk.over


def test_bytes_are_said_as_they_are_given() -> None:
    manner = Manner(at=1, says=Says.BYTES, then=Then.HANG_UP, hex="1503")
    assert Mannered(MOCK_SERVERS["nbd"](), manner).greet() == b"\x15\x03"


def test_a_flood_is_the_same_again_and_again() -> None:
    said = Mannered(MOCK_SERVERS["nbd"](), made(Says.FLOOD, Then.HANG_UP, 1)).greet()

    assert said.startswith(GREETING * 3)
    assert FLOOD - len(GREETING) < len(said) <= FLOOD


def test_who_falls_silent_says_nothing_more() -> None:
    talk = Mannered(MOCK_SERVERS["nbd"](), made(Says.NOTHING, Then.SILENCE, 2, patience=9.0))

    assert talk.greet() == GREETING
    assert talk.hear(struct.pack(">I", 3) + option(8)) == b""
    assert (talk.misbehaved, talk.over, talk.patience) == (True, False, 9.0)
    assert talk.hear(option(7, bytes(6))) == b""


def test_who_goes_on_is_as_good_as_before_but_late() -> None:
    talk = Mannered(MOCK_SERVERS["nbd"](), made(Says.SAME, Then.GO_ON, 0, late=0.5))

    assert told(talk, ASKED["nbd"]) == told(MOCK_SERVERS["nbd"](), ASKED["nbd"])
    assert talk.delay == 0.5


def test_a_peer_that_nobody_asks_that_much_has_not_misbehaved() -> None:
    talk = Mannered(MOCK_SERVERS["nbd"](), made(Says.GARBAGE, Then.HANG_UP, 3))

    told(talk, ASKED["nbd"][:1])

    assert not talk.misbehaved


# On sockets.


@pytest.fixture
def room(folder: RunFolder) -> Iterator[Room]:
    made = Room(program_target("/bin/sh"), folder)
    yield made
    made.close()


@contextmanager
def calling(
    room: Room, manner: Manner, serve: str = "nbd"
) -> Iterator[tuple[Peers, socket.socket]]:
    peers = Peers((Peer(serve=serve, address="peer", manner=manner),), room, os.getpid())
    try:
        with socket.socket(socket.AF_UNIX) as sock:
            sock.settimeout(LIMIT)
            sock.connect(str(room.path / "peer"))
            yield peers, sock
    finally:
        peers.close()


def test_a_silent_peer_hangs_up_when_its_patience_ends(room: Room) -> None:
    with calling(room, made(Says.NOTHING, Then.SILENCE, 0, patience=0.2)) as (peers, sock):
        began = time.monotonic()
        assert peers.misbehaved("peer", LIMIT)
        assert sock.recv(1) == b""
        assert time.monotonic() - began > 0.1


def test_a_late_peer_answers_after_that_time_and_serves_others_meanwhile(room: Room) -> None:
    with calling(room, made(Says.SAME, Then.GO_ON, 0, late=0.3)) as (_, sock):
        began = time.monotonic()
        sock.setblocking(False)
        with pytest.raises(BlockingIOError):
            sock.recv(1)
        sock.settimeout(LIMIT)
        assert sock.recv(100) == GREETING
        assert time.monotonic() - began > 0.25


def test_a_peer_that_hangs_up_behind_a_message_sends_all_of_it(room: Room) -> None:
    with calling(room, made(Says.FLOOD, Then.HANG_UP, 1)) as (_, sock):
        heard = 0
        while words := sock.recv(1 << 20):
            heard += len(words)
        assert FLOOD - len(GREETING) < heard <= FLOOD


def test_a_flood_that_nobody_reads_keeps_no_other_peer_from_answering(room: Room) -> None:
    flood = made(Says.FLOOD, Then.HANG_UP, 1)
    peers = (
        Peer(serve="nbd", address="flood", manner=flood),
        Peer(serve="nbd", address="good"),
    )
    served = Peers(peers, room, os.getpid())
    try:
        with socket.socket(socket.AF_UNIX) as deaf, socket.socket(socket.AF_UNIX) as sock:
            deaf.connect(str(room.path / "flood"))
            assert served.misbehaved("flood", LIMIT)
            sock.settimeout(LIMIT)
            sock.connect(str(room.path / "good"))
            assert sock.recv(100) == GREETING
    finally:
        served.close()


@pytest.mark.parametrize(
    ("size", "said"), [(4, b"what"), (-3, b"what was s"), (99, b"what was said")]
)
def test_a_forwarder_says_as_much_of_what_it_was_given_as_its_manner_allows(
    room: Room, size: int, said: bytes
) -> None:
    manner = Manner(at=1, says=Says.PART, size=size, then=Then.HANG_UP)
    peer = Peer(serve="forwarder", address="given", calls="there", manner=manner)
    served = Peers((peer,), room, os.getpid())
    try:
        with socket.socket(socket.AF_UNIX) as there:
            there.settimeout(LIMIT)
            there.bind(str(room.path / "there"))
            there.listen()
            with socket.socket(socket.AF_UNIX) as giver:
                giver.connect(str(room.path / "given"))
                giver.sendall(b"what was said")
                assert not served.misbehaved("given", 0.05)
            with there.accept()[0] as line:
                line.settimeout(LIMIT)
                assert b"".join(iter(lambda: line.recv(100), b"")) == said
            assert served.misbehaved("given", LIMIT)
    finally:
        served.close()


def test_a_forwarder_that_finds_nobody_says_nothing(room: Room) -> None:
    peers = (
        Peer(serve="forwarder", address="given", calls="nobody"),
        Peer(serve="nbd", address="good"),
    )
    served = Peers(peers, room, os.getpid())
    try:
        with socket.socket(socket.AF_UNIX) as giver:
            giver.connect(str(room.path / "given"))
        with socket.socket(socket.AF_UNIX) as sock:
            sock.settimeout(LIMIT)
            sock.connect(str(room.path / "good"))
            assert sock.recv(100) == GREETING
    finally:
        served.close()


def test_whether_a_peer_has_misbehaved_is_not_waited_for_longer_than_said(room: Room) -> None:
    with calling(room, made(Says.GARBAGE, Then.HANG_UP, 3)) as (peers, sock):
        assert sock.recv(100) == GREETING
        assert not peers.misbehaved("peer", 0.05)
