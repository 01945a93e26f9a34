"""Starts a program in the place of QEMU, and stands between its monitors and whoever asks.

It runs inside the sandbox, where only its own folder and the interpreter are certain to be there:
it imports nothing but the standard library and the lies beside it.
"""

from __future__ import annotations

import contextlib
import heapq
import itertools
import json
import os
import re
import selectors
import signal
import socket
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

from .table import lie_named
from .told import Later, Lie, Message

_MONITOR = re.compile(r"socket,id=mon,fd=(\d+)$")
_LISTENING = re.compile(r"(socket,id=wire-\w+,path=)([^,]+)(,server=on,wait=off)$")
_OURS = "relay"
"""The id of requests that the relay sends of its own."""
_DECODER = json.JSONDecoder()
_DESCRIPTORS = 16
"""As many as come with one request."""


def main(program: str, name: str, argv: list[str]) -> None:
    """Run `program` with QEMU's arguments; what has no such monitor is not lied about."""
    found = [match for word in argv if (match := _MONITOR.match(word))]
    if not found:
        os.execv(program, [program, *argv])
    number = int(found[0][1])
    lie = lie_named(name)
    serving = threading.Event()
    argv = [_LISTENING.sub(lambda match: _stand_before(match, lie, serving), word) for word in argv]
    client = socket.socket(fileno=os.dup(number))
    ours, theirs = socket.socketpair()
    os.dup2(theirs.fileno(), number)
    theirs.close()
    with subprocess.Popen([program, *argv], pass_fds=(number, *_other_descriptors(number))) as qemu:
        os.close(number)
        Relay(lie(), client, ours, serving.set).run()
        client.close()
        status = qemu.wait()
    if status < 0:
        # It ends as QEMU did, without a second core.
        signal.signal(-status, signal.SIG_DFL)
        os.kill(os.getpid(), -status)
    # At once: threads of other connections may still wait for their clients.
    sys.stderr.flush()
    os._exit(status)


def _stand_before(match: re.Match[str], lie: Callable[[], Lie], serving: threading.Event) -> str:
    """Listen in the place of one of QEMU's sockets, and return where it listens instead."""
    path = match[2]
    behind = f"{path}.behind"
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(path)
    listener.listen()

    def serve() -> None:
        while True:
            client, _ = listener.accept()
            threading.Thread(target=relay, args=(client,), daemon=True).start()

    def relay(client: socket.socket) -> None:
        serving.wait()
        server = socket.socket(socket.AF_UNIX)
        with client, server:
            server.connect(behind)
            Relay(lie(), client, server).run()

    threading.Thread(target=serve, daemon=True).start()
    return f"{match[1]}{behind}{match[3]}"


def _other_descriptors(number: int) -> list[int]:
    open_now = [int(name) for name in os.listdir("/proc/self/fd")]
    return [each for each in open_now if each > 2 and each != number and _is_passed(each)]


def _is_passed(number: int) -> bool:
    try:
        return os.get_inheritable(number)
    except OSError:
        return False


@dataclass(slots=True, eq=False)
class _Line:
    """What a client sent of one request: its bytes, what they say, and descriptors."""

    data: bytes
    message: Message | None
    descriptors: list[int] = field(default_factory=list)


class Relay:
    """Passes lines on in both directions, as a lie makes them.

    The server gets one in-band request at a time: what a lie asks besides is done before the next
    one.  Requests out of band pass by.  `greeted` is called once the server has greeted.
    """

    def __init__(
        self,
        lie: Lie,
        client: socket.socket,
        server: socket.socket,
        greeted: Callable[[], None] = lambda: None,
    ) -> None:
        self._lie = lie
        self._client, self._server = client, server
        self._greeted = greeted
        self._waiting: deque[_Line] = deque()
        """What the server has not got."""
        self._asked: Message | None = None
        """The request that it is to answer."""
        self._aside: list[Message] = []
        """Those out of band that it is to answer."""
        self._besides = 0
        """The requests of the relay's own that it is to answer."""
        self._later: list[tuple[float, int, Message]] = []
        """What is told at its time."""
        self._numbers = itertools.count()
        self._rest = b""
        """What the server has sent of a line."""

    def run(self) -> None:
        """Relay until the server closes its end."""
        with selectors.DefaultSelector() as ready:
            for end in (self._client, self._server):
                end.setblocking(True)
                ready.register(end, selectors.EVENT_READ, end)
            while True:
                for key, _ in ready.select(self._patience()):
                    source: socket.socket = key.data
                    if not self._take(source):
                        if source is self._server:
                            return
                        ready.unregister(source)
                        self._server.shutdown(socket.SHUT_WR)
                self._tell_due()

    def _patience(self) -> float | None:
        return max(0.0, self._later[0][0] - time.monotonic()) if self._later else None

    def _tell_due(self) -> None:
        while self._later and self._later[0][0] <= time.monotonic():
            self._tell([heapq.heappop(self._later)[2]])

    def _take(self, end: socket.socket) -> bool:
        """Pass on what one end has sent; return whether it may send more."""
        try:
            data, descriptors, _, _ = socket.recv_fds(end, 65536, _DESCRIPTORS)
        except ConnectionResetError:
            return False
        if data and end is self._client and self._lie.raw:
            self._send(self._server, data, descriptors)
            return True
        if end is self._client:
            read = list(_requests(data))
            if read:
                # They come with the last bytes that were read, behind which ends of lines may be.
                last = [each for each in read if each.message is not None][-1:] or read[-1:]
                last[0].descriptors = descriptors
            self._waiting.extend(read)
        else:
            *lines, self._rest = (self._rest + data).split(b"\n")
            for line in lines:
                self._answer(_Line(line + b"\n", _message(line)))
        self._next()
        return bool(data)

    def _next(self) -> None:
        """Give the server its next request, if it has answered all others."""
        while (line := self._due()) is not None:
            self._waiting.remove(line)
            message = line.message
            if message is None:
                self._send(self._server, line.data, line.descriptors)
                continue
            altered = self._lie.request(message)
            if altered is None:
                self._tell([{**self._lie.instead(message), **_id_of(message)}])
                continue
            if "exec-oob" in message:
                self._aside.append(message)
            else:
                self._asked = message
            data = line.data if altered is message else json.dumps(altered).encode() + b"\n"
            self._send(self._server, data, line.descriptors)

    def _due(self) -> _Line | None:
        """Return the next request that the server may get: if it is busy, one out of band."""
        busy = self._asked is not None or self._besides
        return next((line for line in self._waiting if not busy or _is_aside(line)), None)

    def _answer(self, line: _Line) -> None:
        message = line.message
        if message is None:
            self._send(self._client, self._lie.line(line.data))
        elif "event" in message:
            self._tell(self._lie.event(message), line)
        elif "QMP" in message:
            self._greeted()
            self._tell([self._lie.greeting(message)], line)
        elif message.get("id") == _OURS:
            self._besides -= 1
        else:
            asked = self._asked_by(message)
            for more in self._lie.after(asked, message):
                self._besides += 1
                self._send(self._server, json.dumps({**more, "id": _OURS}).encode() + b"\n")
            self._tell(self._lie.reply(asked, message), line)

    def _asked_by(self, reply: Message) -> Message:
        aside = next((each for each in self._aside if _id_of(each) == _id_of(reply)), None)
        if aside is not None:
            self._aside.remove(aside)
            return aside
        asked, self._asked = self._asked or {}, None
        return asked

    def _tell(self, told: Iterable[Message | Later], line: _Line | None = None) -> None:
        """Tell the client; what is as `line` says goes as its bytes."""
        for each in told:
            if isinstance(each, Later):
                due = time.monotonic() + each.seconds
                heapq.heappush(self._later, (due, next(self._numbers), each.message))
                continue
            as_it_was = line is not None and each is line.message
            data = line.data if line and as_it_was else json.dumps(each).encode() + b"\r\n"
            self._send(self._client, self._lie.line(data))

    def _send(self, end: socket.socket, data: bytes, descriptors: Iterable[int] = ()) -> None:
        passed = list(descriptors)
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            if passed:
                data = data[socket.send_fds(end, [data], passed) :]
            end.sendall(data)
        for each in passed:
            os.close(each)


def _requests(data: bytes) -> Iterator[_Line]:
    """Yield the requests in what a client has sent, and what is none, or not all of one."""
    while data:
        try:
            text = data.decode()
            blank = len(text) - len(text.lstrip(" \t\r\n"))
            message, end = _DECODER.raw_decode(text, blank)
        except (ValueError, RecursionError):
            yield _Line(data, None)
            return
        whole = text[:end].encode()
        yield _Line(whole, message if isinstance(message, dict) else None)
        data = data[len(whole) :]


def _message(line: bytes) -> Message | None:
    try:
        message = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return message if isinstance(message, dict) else None


def _is_aside(line: _Line) -> bool:
    return line.message is not None and "exec-oob" in line.message


def _id_of(message: Message) -> Message:
    return {"id": message["id"]} if "id" in message else {}
