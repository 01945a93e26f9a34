"""The command `record`: between a client and a server, with clean ends."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from conformance.cli.main import main
from conformance.model.terms import ExitCode
from tests.patience import PATIENCE


@pytest.fixture
def server(tmp_path: Path) -> Iterator[socket.socket]:
    """A socket that a server listens on."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listener:
        listener.bind(str(tmp_path / "qmp"))
        listener.listen()
        listener.settimeout(PATIENCE)
        yield listener


@pytest.fixture
def command(tmp_path: Path, server: socket.socket) -> Iterator[subprocess.Popen[str]]:
    words = [sys.executable, "-m", "conformance", "record", "qmp", "file.ndjson"]
    with subprocess.Popen(words, cwd=tmp_path, stderr=subprocess.PIPE, text=True) as process:
        try:
            yield process
        finally:
            process.kill()


def talk(tmp_path: Path, server: socket.socket) -> None:
    """Have one client say one thing and hear one answer."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as client:
        client.settimeout(PATIENCE)
        client.connect(str(tmp_path / "qmp.record"))
        inner, _ = server.accept()
        with inner:
            inner.settimeout(PATIENCE)
            client.sendall(b'{"execute": "stop"}\n')
            assert inner.recv(100) == b'{"execute": "stop"}\n'
            inner.sendall(b'{"return": {}}\r\n')
            assert client.recv(100) == b'{"return": {}}\r\n'
            client.close()
            assert inner.recv(100) == b""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=["int", "term"])
def test_two_clients_are_recorded_and_a_signal_ends_it(
    tmp_path: Path, server: socket.socket, command: subprocess.Popen[str], number: int
) -> None:
    assert command.stderr is not None
    assert command.stderr.readline().startswith("clients connect to qmp.record")
    talk(tmp_path, server)
    talk(tmp_path, server)
    command.send_signal(number)
    said = command.stderr.read()

    assert command.wait(PATIENCE) == ExitCode.CONFORMS
    assert said == "file.ndjson: 2 requests, 2 lines of the server\n"
    assert not (tmp_path / "qmp.record").exists()
    lines = (tmp_path / "file.ndjson").read_text().splitlines()
    assert [json.loads(line) for line in lines] == [
        {"sent": {"execute": "stop"}}, {"received": {"return": {}}},
    ] * 2  # fmt: skip


def test_a_server_that_hangs_up_ends_it(
    tmp_path: Path, server: socket.socket, command: subprocess.Popen[str]
) -> None:
    assert command.stderr is not None
    command.stderr.readline()
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as client:
        client.connect(str(tmp_path / "qmp.record"))
        inner, _ = server.accept()
        inner.close()

        assert command.wait(PATIENCE) == ExitCode.CONFORMS


def test_nothing_that_is_there_is_overwritten(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "file").write_text("mine")

    code = main(["record", "qmp", "file"])

    assert code == ExitCode.USAGE
    assert "file: File exists" in capsys.readouterr().err
    assert (tmp_path / "file").read_text() == "mine"
    assert not (tmp_path / "qmp.record").exists()


def test_a_client_without_a_server_ends_it_with_the_name_of_the_socket(tmp_path: Path) -> None:
    words = [sys.executable, "-m", "conformance", "record", "gone", "file", "--at", "here"]
    with subprocess.Popen(words, cwd=tmp_path, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        process.stderr.readline()
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as client:
            client.connect(str(tmp_path / "here"))
            said = process.stderr.read()

        assert process.wait(PATIENCE) == ExitCode.USAGE
    assert "gone: No such file or directory" in said
