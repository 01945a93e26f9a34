"""Peers on sockets: whom a client calls, what ends with what, and what is passed along."""

from __future__ import annotations

import os
import socket
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from conformance.launch.folder import RunFolder
from conformance.launch.peers import Peers
from conformance.launch.scratch import Room
from conformance.launch.target import program_target
from conformance.model.errors import KnowledgeError
from conformance.model.peer_talk import PeerTalk, PeerTurn
from conformance.model.stage import Manner, Peer, Says, Then

VIEWER = Peer(serve="vnc-viewer", address="viewer", calls="vnc")
LIMIT = 60.0


@pytest.fixture
def room(folder: RunFolder) -> Iterator[Room]:
    made = Room(program_target("/bin/sh"), folder)
    yield made
    made.close()


@contextmanager
def serving(room: Room, *peers: Peer) -> Iterator[None]:
    made = Peers(peers, room, os.getpid())
    try:
        yield
    finally:
        made.close()


@contextmanager
def connected(room: Room, name: str) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_UNIX) as sock:
        sock.settimeout(LIMIT)
        sock.connect(str(room.path / name))
        yield sock


@contextmanager
def listening(room: Room, name: str) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_UNIX) as sock:
        sock.settimeout(LIMIT)
        sock.bind(str(room.path / name))
        sock.listen()
        yield sock


def test_a_client_calls_when_it_is_called_and_both_lines_end_together(room: Room) -> None:
    with serving(room, VIEWER), listening(room, "vnc") as server:
        with connected(room, "viewer") as machine:
            called, _ = server.accept()
            called.settimeout(LIMIT)
            called.sendall(b"RFB 003.008\n")
            assert called.recv(100) == b"RFB 003.008\n"
            called.close()
            assert machine.recv(1) == b""
        with connected(room, "viewer"):
            called, _ = server.accept()
            called.settimeout(LIMIT)
        assert called.recv(1) == b""
        called.close()


def test_a_client_that_hangs_up_hangs_up_on_the_machine(room: Room) -> None:
    with (
        serving(room, VIEWER),
        listening(room, "vnc") as server,
        connected(room, "viewer") as machine,
    ):
        called, _ = server.accept()
        with called:
            called.sendall(b"RFB 003.008\n\0")
            assert machine.recv(1) == b""


def test_a_client_that_reaches_nobody_hangs_up(room: Room) -> None:
    with serving(room, VIEWER), connected(room, "viewer") as machine:
        assert machine.recv(1) == b""


def test_a_client_does_not_follow_a_link_out_of_the_folder(
    room: Room, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with socket.socket(socket.AF_UNIX) as host:
        host.bind("vnc")
        host.listen()
        host.setblocking(False)
        (room.path / "vnc").symlink_to(tmp_path / "vnc")
        (room.path / "sub").symlink_to(tmp_path)
        through = Peer(serve="vnc-viewer", address="other", calls="sub/vnc")
        with serving(room, VIEWER, through):
            for name in ("viewer", "other"):
                with connected(room, name) as machine:
                    assert machine.recv(1) == b""
        with pytest.raises(BlockingIOError):
            host.accept()


def test_who_hangs_up_at_once_says_nothing(room: Room) -> None:
    with serving(room, Peer(serve="hang-up", address="gone")), connected(room, "gone") as machine:
        assert machine.recv(1) == b""


def test_a_tpm_talks_on_the_descriptor_that_it_is_passed(room: Room) -> None:
    ours, theirs = socket.socketpair()
    with (
        serving(room, Peer(serve="tpm", address="tpm")),
        connected(room, "tpm") as control,
        ours,
    ):
        ours.settimeout(LIMIT)
        socket.send_fds(control, [struct.pack(">I", 0x10)], [theirs.fileno()])
        theirs.close()
        assert control.recv(100) == bytes(4)
        ours.sendall(struct.pack(">HII", 0x8001, 10, 0x181))
        assert ours.recv(100) == struct.pack(">HII", 0x8001, 10, 0x101)
        control.close()
        assert ours.recv(1) == b""


def test_a_descriptor_that_nobody_wants_is_closed(room: Room) -> None:
    ours, theirs = socket.socketpair()
    with serving(room, Peer(serve="sink", address="sink")), connected(room, "sink") as machine:
        ours.settimeout(LIMIT)
        with open(os.devnull, "rb") as file, ours:
            passed = [file.fileno(), theirs.fileno()]
            socket.send_fds(machine, [b"x"], passed)
            theirs.close()
            assert ours.recv(1) == b""


@pytest.mark.parametrize(
    "peer",
    [Peer(serve="vnc-viewer", address="a"), Peer(serve="sink", address="a", calls="b")],
    ids=["client without server", "server that calls"],
)
def test_a_client_calls_someone_and_a_server_nobody(room: Room, peer: Peer) -> None:
    with pytest.raises(KnowledgeError, match="calls"):
        Peers((peer,), room, os.getpid())


def test_what_a_peer_says_is_remembered_with_what_it_had_heard(room: Room) -> None:
    good = Peer(serve="nbd", address="good")
    gone = replace(good, address="gone", manner=Manner(at=0, says=Says.NOTHING, then=Then.HANG_UP))
    made = Peers((good, gone), room, os.getpid())
    try:
        with connected(room, "good") as machine:
            greeting = machine.recv(18, socket.MSG_WAITALL)
        with connected(room, "gone") as machine:
            assert machine.recv(1) == b""
    finally:
        made.close()

    first, second = made.talks()
    assert first == PeerTalk(address="good", turns=(PeerTurn(after=0, says=greeting),))
    assert second == PeerTalk(address="gone", turns=(PeerTurn(after=0, ends=True),))


def test_only_the_first_connections_are_remembered(room: Room) -> None:
    made = Peers((Peer(serve="hang-up", address="gone"),), room, os.getpid())
    try:
        for _ in range(40):
            with connected(room, "gone") as machine:
                assert machine.recv(1) == b""
    finally:
        made.close()

    assert len(made.talks()) == 32
