"""How a process of a run reacts to signals: the first ends it, the next ones wait.

Knows nothing of what is ended.
"""

from __future__ import annotations

import contextlib
import os
import select
import signal
import stat
import threading
from collections.abc import Iterator
from typing import Any, Final

_ENDING: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
"""Ctrl-C; what cancels a job; what comes when a terminal or a connection closes."""


class Interruption:
    """A signal handler: the first signal raises KeyboardInterrupt, all others do nothing.

    What the first has started, a report among it, must not be cut short.
    """

    def __init__(self) -> None:
        self.heard = False
        """Whether a signal came in time."""
        self._over = False

    def over(self) -> None:
        """Ignore signals from now on: there is nothing left to interrupt."""
        self._over = True

    def __call__(self, number: int, frame: object) -> None:
        """Handle a signal."""
        if self.heard or self._over:
            return
        self.heard = True
        if number == signal.SIGHUP:
            _leave_terminals()
        raise KeyboardInterrupt


@contextlib.contextmanager
def interruptible() -> Iterator[Interruption]:
    """Let signals end a run as Ctrl-C does, with a report that further signals wait for.

    After the first one, all stay ignored until the process ends.
    """
    interruption = Interruption()
    before = _install(_ENDING, interruption)
    try:
        yield interruption
    finally:
        for number, handler in before.items():
            signal.signal(number, signal.SIG_IGN if interruption.heard else handler)


def interrupted_once() -> None:
    """Let Ctrl-C end this process once; further ones do not disturb what it does then."""
    _install((signal.SIGINT,), Interruption())


@contextlib.contextmanager
def undisturbed() -> Iterator[None]:
    """Ignore signals while a report is written: the run is over in any case."""
    # A handler and not SIG_IGN, which started programs would inherit.
    before = _install(_ENDING, lambda *_: None)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _install(numbers: tuple[signal.Signals, ...], handler: Any) -> dict[signal.Signals, Any]:
    """Install a handler and return the previous ones; ignored signals stay ignored."""
    if threading.current_thread() is not threading.main_thread():
        return {}
    # None: a handler that is not Python's and could not be restored.
    kept = (signal.SIG_IGN, None)
    found = {number: signal.getsignal(number) for number in numbers}
    return {
        number: signal.signal(number, handler)
        for number, before in found.items()
        if before not in kept
    }


def _leave_terminals() -> None:
    """Redirect output to a closed terminal to nowhere: writing there would fail."""
    for name in os.listdir("/proc/self/fd"):
        file = int(name)
        with contextlib.suppress(OSError):
            if stat.S_ISCHR(os.fstat(file).st_mode) and _hung_up(file):
                nowhere = os.open(os.devnull, os.O_RDWR)
                os.dup2(nowhere, file, inheritable=os.get_inheritable(file))
                os.close(nowhere)


def _hung_up(file: int) -> bool:
    poll = select.poll()
    poll.register(file, 0)
    return any(events & (select.POLLHUP | select.POLLERR) for _, events in poll.poll(0))
