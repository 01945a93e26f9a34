"""What a peer is: bytes in, bytes out; no socket, no thread, no clock."""

from __future__ import annotations

import abc
from collections.abc import Callable, Generator


class MockServer:
    """One conversation, from the server's side; this one, "sink", listens and says nothing.

    Once `over`, it hangs up. `adopted` makes the conversation on a descriptor that it is passed,
    None if it takes none. What it says goes out after `delay` seconds; it hangs up after `patience`
    seconds, if that is not None. One that is `mute` answers nothing of what it hears.
    `misbehaved` says that it has done what its manner is.
    """

    over: bool = False
    adopted: Callable[[], MockServer] | None = None
    delay: float = 0.0
    patience: float | None = None
    misbehaved: bool = False

    @property
    def mute(self) -> bool:
        """Whether it is silent by its nature, so that to hear something is a stage of its own."""
        return type(self).hear is MockServer.hear

    def greet(self) -> bytes:
        """Return the server's first bytes."""
        return b""

    def hear(self, heard: bytes) -> bytes:
        """Return the answer to the bytes received since the last call."""
        return b""


class Keeper(MockServer):
    """Says nothing, and keeps what it hears."""

    def __init__(self) -> None:
        self.heard = b""

    def hear(self, heard: bytes) -> bytes:
        """Keep it."""
        self.heard += heard
        return b""


Script = Generator[int, bytes]
"""A conversation: it yields how many bytes it waits for, and gets them."""


class Scripted(MockServer, abc.ABC):
    """Someone that follows a script, and hangs up where that ends."""

    def __init__(self) -> None:
        self._heard = self._said = b""
        self._script = self.script()
        self._wanted = next(self._script)

    def greet(self) -> bytes:
        """Say what the script says first."""
        return self.hear(b"")

    @abc.abstractmethod
    def script(self) -> Script:
        """Yield the number of bytes that are wanted next; `say` answers them."""

    def say(self, words: bytes) -> None:
        """Send these bytes with the next answer."""
        self._said += words

    def hear(self, heard: bytes) -> bytes:
        """Answer all that is complete."""
        self._heard += heard
        while not self.over and len(self._heard) >= self._wanted:
            part, self._heard = self._heard[: self._wanted], self._heard[self._wanted :]
            try:
                self._wanted = self._script.send(part)
            except StopIteration:
                self.over = True
        said, self._said = self._said, b""
        return said
