"""The command `record`: stands between a client and a QEMU, and writes what they say."""

from __future__ import annotations

import argparse
import contextlib
import os
import signal
import socket
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any, Final

from conformance.model.counting import counted
from conformance.model.errors import UsageError
from conformance.model.terms import ExitCode
from conformance.play.option import CommandName
from conformance.play.option_table import RECORD_AT, RECORD_LIMIT, declare
from conformance.wire.pass_through import CONNECT_SECONDS, DialogueWriter, pass_session

_BEHIND: Final = ".record"
_NAMES: Final = "Name the socket that QEMU serves (-qmp unix:SOCKET,server=on,wait=off)."


def add(command: argparse.ArgumentParser, name: CommandName) -> None:
    """Declare the options of the command."""
    command.add_argument("socket", metavar="SOCKET", help="the Unix socket that QEMU serves")
    command.add_argument("file", metavar="FILE", help="the recording to write; it must not exist")
    declare(name, command)
    command.set_defaults(call=_record, targets=[], several=False)


def _record(asked: argparse.Namespace) -> int:
    served = asked.socket
    at = RECORD_AT.of(asked) or served + _BEHIND
    limit = _limit(RECORD_LIMIT.of(asked))
    with _listening(at) as listener, _created(Path(asked.file)) as file, _ended_by_signals():
        recorder = DialogueWriter(file, limit)
        print(f"clients connect to {at}; Ctrl-C ends the recording", file=sys.stderr, flush=True)
        with contextlib.suppress(KeyboardInterrupt):
            _serve(listener, served, recorder)
        print(_summary(recorder, asked.file), file=sys.stderr)
    return ExitCode.CONFORMS


def _serve(listener: socket.socket, served: str, recorder: DialogueWriter) -> None:
    """Pass one client after another on, as a monitor serves them, until QEMU hangs up."""
    while True:
        client, _ = listener.accept()
        with client, _connected(served) as server:
            if pass_session(client, server, recorder):
                return


@contextlib.contextmanager
def _connected(path: str) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as server:
        server.settimeout(CONNECT_SECONDS)
        try:
            server.connect(path)
        except OSError as error:
            raise UsageError(f"{path}: {error.strerror or error}", _NAMES) from error
        yield server


@contextlib.contextmanager
def _listening(path: str) -> Iterator[socket.socket]:
    """Yield a socket that only this user reaches; it is removed in the end."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listener:
        mask = os.umask(0o177)
        try:
            listener.bind(path)
        except OSError as error:
            told = f"{path}: {error.strerror or error}"
            raise UsageError(told, "Name another path with --at.") from error
        finally:
            os.umask(mask)
        try:
            listener.listen()
            yield listener
        finally:
            Path(path).unlink(missing_ok=True)


@contextlib.contextmanager
def _created(path: Path) -> Iterator[IO[str]]:
    """Yield a new file that only this user reads: a dialogue may hold passwords."""
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}", "Name a file that is not there.") from error
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        yield file


@contextlib.contextmanager
def _ended_by_signals() -> Iterator[None]:
    """Let SIGTERM and SIGINT end the recording, which a shell ignores for what it puts aside."""

    def end(number: int, frame: Any) -> None:
        raise KeyboardInterrupt

    before = {each: signal.signal(each, end) for each in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)


def _limit(size: int) -> int:
    """Return a number of MiB in bytes."""
    if size < 1:
        raise UsageError(f"--limit {size}: nothing could be recorded", "Write 1024, for example.")
    return size << 20


def _summary(recorder: DialogueWriter, file: str) -> str:
    told = f"{file}: {counted(recorder.sent, 'request')}, "
    told += f"{counted(recorder.received, 'line')} of the server"
    if recorder.unread:
        told += f"; {counted(recorder.unread, 'request')} that are no JSON are not in it"
    if recorder.full:
        told += "; the limit was reached: the end is not in it"
    return told
