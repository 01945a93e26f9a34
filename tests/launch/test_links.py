"""A machine that puts links in its scratch folder leads nobody who meets it there to the host."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

from conformance.launch.activation import calling
from conformance.launch.folder import RunFolder
from conformance.launch.gate import Gate
from conformance.launch.peers import Peers
from conformance.launch.scratch import Room
from conformance.launch.target import program_target
from conformance.model.errors import LaunchError
from conformance.model.stage import Peer


def test_a_link_to_a_socket_of_the_host_is_not_called(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The path of a socket is short.
    monkeypatch.chdir(tmp_path)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind("host")
        listener.listen()
        listener.setblocking(False)
        (tmp_path / "wire-a").symlink_to(tmp_path / "host")
        with pytest.raises(OSError, match="Errno"):
            calling(tmp_path, "wire-a")
        with pytest.raises(BlockingIOError):
            listener.accept()
        calling(tmp_path, "host").close()


def test_a_peer_does_not_listen_where_a_link_leads(folder: RunFolder, tmp_path: Path) -> None:
    room = Room(program_target("/bin/sh"), folder)
    try:
        (room.path / "sub").symlink_to(tmp_path)
        with pytest.raises(LaunchError, match="no peer can listen"):
            Peers((Peer(serve="sink", address="sub/sink"),), room, os.getpid())
        assert list(tmp_path.iterdir()) == []
        peers = Peers((Peer(serve="sink", address="a/b/sink"),), room, os.getpid())
        assert (room.path / "a/b/sink").is_socket()
        peers.close()
    finally:
        room.close()


def test_a_gate_does_not_open_what_a_link_leads_to(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    (tmp_path / "gate").symlink_to(tmp_path / "file")
    with pytest.raises(OSError, match="cannot be opened"):
        Gate(tmp_path / "gate", 30.0)
