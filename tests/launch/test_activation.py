"""A listening socket is a program's from the start, and its descriptor is the third."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from conformance.launch.activation import calling, handing, listening, out_of_the_way
from tests.patience import PATIENCE

LIMIT = PATIENCE
ECHO = """\
import socket
client, _ = socket.socket(fileno=3).accept()
client.sendall(client.recv(100).upper())
"""


def test_a_client_may_come_before_the_program(tmp_path: Path) -> None:
    folder = tmp_path / ("deep" * 40)
    folder.mkdir()
    with listening(folder, "s") as listener, calling(folder, "s") as client:
        number = out_of_the_way(listener.fileno())
        client.sendall(b"hello")
        argv = handing(number, [sys.executable, "-c", ECHO])
        with subprocess.Popen(argv, pass_fds=(number,)) as process:
            os.close(number)
            listener.close()
            client.settimeout(LIMIT)

            assert client.recv(100) == b"HELLO"
            assert process.wait(LIMIT) == 0


def test_what_must_not_be_in_the_way_has_a_great_number() -> None:
    with socket.socket() as sock:
        number = out_of_the_way(sock.fileno())
        try:
            assert number >= 10
            assert not os.get_inheritable(number)
        finally:
            os.close(number)


def test_where_nobody_listens_nobody_can_be_called(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="No such file"):
        calling(tmp_path, "s")
