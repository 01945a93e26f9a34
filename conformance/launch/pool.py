"""Starts machines ahead of their use, all in one thread; knows nothing of their use.

One thread, since machines die with the thread that started them.
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections import deque
from collections.abc import Iterable
from types import TracebackType
from typing import Final, Self

from conformance.launch.folder import RunFolder
from conformance.launch.machine import Machine
from conformance.launch.target import Target
from conformance.model.errors import ConformanceError, HarnessError
from conformance.model.stage import MachineSpec
from conformance.model.traffic import Traffic

# Longer than the limits within one start, whose errors say more.
_LIMIT: Final = 120.0
_ENDING: Final = 1
"""How many machines may be ending while the consumer goes on: more would use up the host."""


class _Slot:
    """A requested machine: not started yet, started, failed, or no longer wanted."""

    __slots__ = ("dropped", "error", "machine", "spec")

    def __init__(self, spec: MachineSpec) -> None:
        self.spec = spec
        self.machine: Machine | None = None
        self.error: BaseException | None = None
        self.dropped = False

    @property
    def settled(self) -> bool:
        return self.machine is not None or self.error is not None


class Pool:
    """Hands out machines of a target, up to `ahead` of them started before they are asked for.

    For one consumer. The consumer closes the machines it was given, or gives them back; the pool
    closes what is left of them at its end.
    """

    def __init__(
        self,
        target: Target,
        folder: RunFolder,
        *,
        ahead: int = 2,
        traffic: Traffic | None = None,
    ) -> None:
        """`traffic` counts what is handed out, and what it is asked and answers."""
        self._traffic = traffic or Traffic()
        self._target = target
        self._folder = folder
        self._ahead = ahead
        self._change = threading.Condition()
        self._expected: deque[MachineSpec] = deque()
        self._line: deque[_Slot] = deque()
        self._urgent: deque[_Slot] = deque()
        self._started: list[Machine] = []
        self._ending: deque[Machine] = deque()
        """Those given back that nobody has waited for."""
        self._failure: Exception | None = None
        self._closing = False
        self._thread = threading.Thread(target=self._work, name="spawner", daemon=True)
        self._thread.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def prefetch(self, specs: Iterable[MachineSpec]) -> None:
        """Start machines ahead, in this order, after those already prefetched."""
        with self._change:
            self._expected.extend(specs)
            self._change.notify_all()

    def take(self, spec: MachineSpec, *, again: bool = False) -> Machine:
        """Return a fresh machine of `spec`; started now unless it was prefetched.

        What was prefetched before it is given up. With `again`, for a machine that replaces a spent
        one, nothing is given up and no prefetched machine is used. Raises what the start raised.
        """
        with self._change:
            if self._closing:
                raise HarnessError("the pool is closed", "Take machines before closing it.")
            slot, given_up = (None, []) if again else self._find(spec)
            if slot is None:
                slot = _Slot(spec)
                self._urgent.append(slot)
            for other in given_up:
                other.dropped = True
            self._change.notify_all()
        try:
            _close(given_up)
            machine = self._await(slot)
            machine.traffic = self._traffic
            self._traffic.machines += 1
            return machine
        except BaseException:
            with self._change:
                slot.dropped = True
            _close([slot])
            raise

    def give_back(self, machine: Machine) -> None:
        """End a machine that was handed out, while the consumer goes on.

        Raises what the end of one given back before raised.
        """
        machine.close(wait=False)
        self._ending.append(machine)
        self._wait_for_ends(_ENDING)

    def _wait_for_ends(self, left: int) -> None:
        while len(self._ending) > left:
            self._ending.popleft().close()

    def close(self) -> None:
        """End every machine, those handed out included, and the thread."""
        with self._change:
            self._closing = True
            self._change.notify_all()
        self._thread.join(_LIMIT)
        if self._thread.is_alive():
            raise HarnessError("a machine's start does not end", "Check what it waits for.")
        if self._failure is not None:
            raise self._failure
        self._wait_for_ends(0)

    def _find(self, spec: MachineSpec) -> tuple[_Slot | None, list[_Slot]]:
        """Remove `spec` and everything before it from the queue; leave the queue alone if it is not
        in."""
        if all(slot.spec != spec for slot in self._line) and spec not in self._expected:
            return None, []
        given_up: list[_Slot] = []
        while self._line:
            slot = self._line.popleft()
            if slot.spec == spec:
                return slot, given_up
            given_up.append(slot)
        while self._expected.popleft() != spec:
            pass
        return None, given_up

    def _await(self, slot: _Slot) -> Machine:
        deadline = time.monotonic() + _LIMIT
        with self._change:
            while not slot.settled:
                if not self._change.wait(deadline - time.monotonic()):
                    raise HarnessError(
                        f"no machine started within {_LIMIT:g} seconds", "Run fewer workers."
                    )
            if slot.machine is None:
                assert slot.error is not None
                raise slot.error
            return slot.machine

    def _next(self) -> _Slot | None:
        """Wait for a machine to start; None when the pool closes."""
        with self._change:
            while not self._closing:
                if self._urgent:
                    return self._urgent.popleft()
                if self._expected and len(self._line) < self._ahead:
                    slot = _Slot(self._expected.popleft())
                    self._line.append(slot)
                    return slot
                self._change.wait()
            return None

    def _work(self) -> None:
        # Ended in this thread, too: no Ctrl-C reaches it.
        try:
            with contextlib.ExitStack() as ends:
                while (slot := self._next()) is not None:
                    self._fill(slot)
                for machine in self._started:
                    ends.callback(machine.close)
        except (ConformanceError, OSError) as error:
            # Everything that ending a machine raises: a thread cannot raise to anyone, close() can.
            self._failure = error

    def _fill(self, slot: _Slot) -> None:
        machine: Machine | None = None
        error: BaseException | None = None
        if not slot.dropped:
            try:
                machine = Machine(self._target, slot.spec, self._folder)
            except BaseException as raised:  # Raised again in take(), in the consumer's thread.
                error = raised
        self._started = [other for other in self._started if not other.closed]
        if machine is not None:
            self._started.append(machine)
        with self._change:
            slot.machine, slot.error = machine, error
            dropped = slot.dropped
            self._change.notify_all()
        if dropped and machine is not None:
            machine.close()


def _close(slots: Iterable[_Slot]) -> None:
    for slot in slots:
        if slot.machine is not None:
            slot.machine.close()
