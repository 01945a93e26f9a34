"""Cases made by hand, and machines that are threads and say what a test tells them to."""

from __future__ import annotations

import contextlib
import functools
import json
import select
import socket
import threading
from collections.abc import Callable, Container, Iterable, Sequence
from types import TracebackType
from typing import Any, cast

from conformance.judge.expect_answer import Accept
from conformance.launch.companions import CompanionMonitor
from conformance.launch.machine import Machine
from conformance.model.case import Case, Role, Step, Subject
from conformance.model.ending import Ending
from conformance.model.expectation import Expectation
from conformance.model.flavour import QMP
from conformance.model.peer_talk import PeerTalk
from conformance.model.stage import SCRATCH, MachineSpec, Request, Stage
from conformance.model.terms import ABSENT, Aspect, SubjectKind
from conformance.model.traffic import Traffic
from conformance.play.player import Player
from conformance.wire.connection import Connection
from tests.patience import PATIENCE

# At every wait of a test on its own server; that server answers at once.
LIMIT = PATIENCE
Answer = Callable[[dict[str, Any]], Sequence[object] | None]
"""The messages that answer a request; None: the server ends the connection instead."""
ACCEPT = Accept()
KILLED = Ending(status=-11, stderr="Assertion")


def step(
    execute: str, arguments: object = ABSENT, expect: Expectation = ACCEPT, rule: str = "X20"
) -> Step:
    return Step(request=Request(execute, arguments), expect=expect, role=Role.SUBJECT, rule=rule)


def case(name: str, *steps: Step, limit: float = LIMIT, **more: Any) -> Case:
    return Case(
        id=f"made/valid/{name}",
        subject=Subject(kind=SubjectKind.COMMAND, name="made"),
        aspect=Aspect.VALID,
        stage=Stage(name="plain"),
        steps=steps,
        limit=limit,
        **more,
    )


def success(request: dict[str, Any]) -> dict[str, Any]:
    return {"return": request.get("arguments", {}), "id": request["id"]}


class NoPeers:
    """The peers of a machine that has none."""

    def talks(self) -> tuple[PeerTalk, ...]:
        return ()


class FakeMachine:
    """A machine whose process is a thread, which answers on one end of a socket pair.

    `ending` is how the process is said to have ended once its socket is closed.
    """

    def __init__(self, answer: Answer, ending: Ending | None, *, greets: bool = False) -> None:
        self.monitor, self._theirs = socket.socketpair()
        self.monitor.setblocking(False)
        self._theirs.settimeout(LIMIT)
        self._answer = answer
        self._ending = ending
        self._greets = greets
        self.requests: list[dict[str, Any]] = []
        self.closed = False
        self.inside = SCRATCH
        self.command_line = ("qemu", "-S")
        self.flavour = QMP
        self.spec = MachineSpec()
        self.peers = NoPeers()
        self.traffic = Traffic()
        self.has_monitor = True
        self.stderr = ""
        self.companions: list[CompanionMonitor] = []
        self._thread = threading.Thread(target=self._serve, name="fake machine")
        self._thread.start()

    def ending(self, timeout: float) -> Ending | None:
        return self._ending

    def news(self) -> str:
        """Return what the machine says on standard error: a test may put it there."""
        said, self.stderr = self.stderr, ""
        return said

    def descriptors(self) -> tuple[str, ...] | None:
        """Return what its standard descriptors are: unknown."""
        return None

    def cpu_seconds(self) -> float | None:
        """Return the CPU time that it has used: unknown."""
        return None

    def pending(self, seconds: float) -> bool:
        """Return whether more than what was read has come, or comes within `seconds`."""
        return bool(select.select([self._theirs], [], [], seconds)[0])

    def machine_says(self, message: object) -> None:
        """Send a message now, before the answer that is being made."""
        self._theirs.sendall(_data(message))

    def hang_up(self) -> None:
        """Close the server's end, as a process does that ends before it greets."""
        self._theirs.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        self.closed = True
        self.monitor.close()
        self._thread.join(LIMIT)
        assert not self._thread.is_alive(), "the machine does not end"

    def __enter__(self) -> FakeMachine:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    @functools.cached_property
    def player(self) -> Player:
        """Return a player on the machine, without a greeting and a negotiation."""
        return Player(cast(Machine, self), Connection(self.monitor))

    def _serve(self) -> None:
        # A player that stops in the middle is what some tests are about.
        with self._theirs, contextlib.suppress(BrokenPipeError, ConnectionResetError):
            if self._greets:
                self._theirs.sendall(_data({"QMP": {"version": {}, "capabilities": []}}))
            # Unbuffered, so that `pending` sees what is not read yet.
            for line in self._theirs.makefile("rb", buffering=0):
                self.requests.append(json.loads(line))
                answers = self._answer(self.requests[-1])
                if answers is None:
                    return
                for message in answers:
                    self._theirs.sendall(_data(message))


def _data(message: object) -> bytes:
    return message if isinstance(message, bytes) else json.dumps(message).encode() + b"\r\n"


class FakePool:
    """Hands out servers that answer as told, one after the other; notes what was asked for.

    Those whose numbers are in `stillborn` end as `ending` tells before they greet; `alive` tells
    that none ever ends.
    """

    def __init__(
        self,
        *answers: Answer,
        stillborn: Container[int] = (),
        ending: Ending = KILLED,
        alive: bool = False,
    ) -> None:
        self._answers = list(answers)
        self._stillborn = stillborn
        self._ending = None if alive else ending
        self.taken: list[bool] = []
        """For each machine whether it came on top of those that were prefetched."""
        self.expected: list[MachineSpec] = []
        self.machines: list[FakeMachine] = []

    def take(self, spec: MachineSpec, *, again: bool = False) -> FakeMachine:
        self.taken.append(again)
        starts = len(self.machines) not in self._stillborn
        machine = FakeMachine(self._answers.pop(0), self._ending, greets=starts)
        if not starts:
            machine.hang_up()
        self.machines.append(machine)
        return machine

    def give_back(self, machine: FakeMachine) -> None:
        machine.close()

    def prefetch(self, specs: Iterable[MachineSpec]) -> None:
        self.expected = list(specs)
