"""The monitors of the program: what they listen on, and the one loop that serves them all."""

from __future__ import annotations

import contextlib
import itertools
import os
import select
import socket
import tty
from collections.abc import Iterator, Sequence
from typing import Protocol

from .schema import Broken
from .session import Message, Session

_LOOK = 5
"""Milliseconds until a terminal that nobody has open is looked at again."""
_FAREWELL = 2000
"""Milliseconds that a client has to take what was said last."""


class Answering(Protocol):
    """What knows the commands."""

    ended: bool
    blocked: int
    """The descriptor that the command under way waits to be readable; -1 where none waits."""

    def greeting(self, broken: Broken) -> Message:
        """Return how a session begins, where `broken` are the promises that it breaks."""
        ...

    def answer(self, request: object, session: Session) -> None:
        """Say to the session, and to whom else it concerns, what a request comes to."""
        ...

    def resume(self) -> None:
        """Go on with the command that waited."""
        ...

    def patience(self) -> float | None:
        """Return for how many seconds nothing is to be told, None if that is for ever."""
        ...

    def tell_timely(self) -> None:
        """Tell of what had to wait for its time."""
        ...


class Monitor:
    """A monitor on two descriptors that are open from the start.

    Where the client of a `vital` one leaves, the program ends.
    """

    vital = False
    kept = False
    """Whether the next client is taken to have negotiated, as no server should."""

    def __init__(self, source: int, sink: int, *, indented: bool = False) -> None:
        self.source = source
        self.sink = sink
        self.indented = indented
        self.session: Session | None = None
        for fd in {source, sink}:
            os.set_blocking(fd, False)

    def open(self) -> bool:
        """Return whether there is a client now."""
        return self.source >= 0

    def close(self) -> bool:
        """Forget the client; return whether the program goes on."""
        self.source = -1
        return not self.vital


class Listening(Monitor):
    """A monitor whose clients connect to a socket, one after the other."""

    def __init__(self, listener: socket.socket, *, indented: bool = False) -> None:
        self._listener = listener
        listener.setblocking(False)
        self.source = self.sink = -1
        self.indented = indented
        self.session = None

    def waiting(self) -> int:
        """Return the descriptor that tells of a client."""
        return self._listener.fileno()

    def open(self) -> bool:
        with contextlib.suppress(BlockingIOError):
            client, _ = self._listener.accept()
            client.setblocking(False)
            self.source = self.sink = client.detach()
        return self.source >= 0

    def close(self) -> bool:
        os.close(self.source)
        self.source = self.sink = -1
        return True


class Terminal(Monitor):
    """A monitor on a terminal of its own, whose clients open its other side."""

    def __init__(self, *, indented: bool = False) -> None:
        master, slave = os.openpty()
        tty.setraw(slave)
        os.close(slave)
        super().__init__(master, master, indented=indented)

    def open(self) -> bool:
        poll = select.poll()
        poll.register(self.source, 0)
        return not poll.poll(0)

    def close(self) -> bool:
        return True


def monitors(argv: list[str]) -> Iterator[Monitor]:
    """Yield the monitors that a command line asks for, each opened."""
    pairs = [(word.removeprefix("-"), value) for word, value in itertools.pairwise(argv)]
    devices = {}
    for word, value in pairs:
        if word in ("-chardev", "chardev"):
            kind, *rest = value.split(",")
            settings = dict(setting.partition("=")[::2] for setting in rest)
            devices[settings["id"]] = (kind, settings)
    for word, value in pairs:
        if word in ("mon", "-mon", "monitor", "-monitor"):
            settings = dict(setting.partition("=")[::2] for setting in value.split(","))
            kind, device = devices[settings["chardev"]]
            yield _opened(kind, device, indented=settings.get("pretty") == "on")


def _opened(kind: str, device: dict[str, str], *, indented: bool) -> Monitor:
    if kind == "pty":
        return Terminal(indented=indented)
    if kind == "stdio":
        return Monitor(0, 1, indented=indented)
    if "fd" in device:
        fd = int(device["fd"])
        monitor = Monitor(fd, fd, indented=indented)
        monitor.vital = True
        return monitor
    if "path" in device:
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(device["path"])
    else:
        listener = socket.socket()
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((device["host"], int(device["port"])))
    listener.listen(1)
    return Listening(listener, indented=indented)


class Loop:
    """Serves all monitors: reads what comes, runs a command of each in turn, sends what is said."""

    def __init__(self, monitors: Sequence[Monitor], server: Answering, broken: Broken) -> None:
        self._monitors = monitors
        self._server = server
        self._broken = broken
        self._goes_on = True

    def run(self) -> None:
        """Go on until a command or the end of the first monitor ends all."""
        while self._goes_on and not self._server.ended:
            self._greet()
            self._wait()
            self._dispatch()
            self._send()
        self._flush()

    def _greet(self) -> None:
        for monitor in self._monitors:
            if monitor.session is None and monitor.open():
                monitor.session = Session(self._broken, indented=monitor.indented)
                monitor.session.negotiated = monitor.kept or self._negotiated_elsewhere()
                # The first monitor is the suite's own, which breaks off where that is not right.
                words = frozenset[str]() if monitor.vital else self._broken
                monitor.session.greeted = "greets-late" not in words
                for _ in range(monitor.session.greeted + ("greets-twice" in words)):
                    monitor.session.say(self._server.greeting(words))
        self._send()

    def _negotiated_elsewhere(self) -> bool:
        """Return whether a client is spared its negotiation for that of another one."""
        others = [each.session for each in self._monitors if each.session and not each.vital]
        return "session-shared" in self._broken and any(each.negotiated for each in others)

    def _wait(self) -> None:
        """Wait until something can be done, and read what has come."""
        poll, patience = select.poll(), self._server.patience()
        # Rounded up: what is looked at too early is looked at again.
        limit = None if patience is None else int(patience * 1000) + (patience > 0)
        wanted: dict[int, int] = {}
        for monitor in self._monitors:
            session = monitor.session
            if session is None:
                if isinstance(monitor, Listening):
                    wanted[monitor.waiting()] = select.POLLIN
                elif isinstance(monitor, Terminal):
                    limit = _LOOK if limit is None else min(limit, _LOOK)
                continue
            if not session.ended:
                wanted[monitor.source] = select.POLLIN
            if session.out:
                wanted[monitor.sink] = wanted.get(monitor.sink, 0) | select.POLLOUT
        if self._server.blocked >= 0:
            wanted[self._server.blocked] = select.POLLIN
        for fd, mask in wanted.items():
            poll.register(fd, mask)
        ready = {fd for fd, mask in poll.poll(limit) if mask & ~select.POLLOUT}
        self._server.tell_timely()
        if self._server.blocked in ready:
            self._server.resume()
        for monitor in self._monitors:
            if monitor.session is not None and monitor.source in ready:
                self._read(monitor, monitor.session)

    def _read(self, monitor: Monitor, session: Session) -> None:
        try:
            data = os.read(monitor.source, 65536)
        except BlockingIOError:
            return
        except OSError:
            # A terminal that is left reads so, and a connection that was reset.
            data = b""
        if data and not session.greeted:
            session.greeted = True
            session.say(self._server.greeting(frozenset()))
        session.text.feed(data)
        session.ended = not data

    def _dispatch(self) -> None:
        """Run what waits, one command of each monitor in turn, and what overtakes it at once."""
        busy = True
        while busy and not self._server.ended:
            busy = False
            for session in self._sessions():
                while (request := session.next_overtaking()) is not None:
                    self._server.answer(request, session)
                if session.queue and self._server.blocked < 0 and not self._server.ended:
                    busy = True
                    self._server.answer(session.next_in_line(), session)

    def _sessions(self) -> Iterator[Session]:
        yield from [each.session for each in self._monitors if each.session is not None]

    def _send(self) -> None:
        for monitor in self._monitors:
            session = monitor.session
            if session is None:
                continue
            try:
                if session.out:
                    del session.out[: os.write(monitor.sink, session.out)]
            except BlockingIOError:
                continue
            except OSError:
                session.ended = True
                session.out.clear()
            if session.ended and not session.out:
                monitor.session = None
                monitor.kept = session.negotiated and "session-kept" in self._broken
                self._goes_on = monitor.close() and self._goes_on

    def _flush(self) -> None:
        """Give each client the time to take what was said last."""
        for monitor in self._monitors:
            while monitor.session is not None and monitor.session.out:
                poll = select.poll()
                poll.register(monitor.sink, select.POLLOUT)
                if not poll.poll(_FAREWELL):
                    break
                self._send()
