"""Watches what a machine's process does beside its answers; judges nothing."""

from __future__ import annotations

from typing import Final

from conformance.judge.observation import Said, Taken
from conformance.launch.machine import Machine

_GONE: Final = "gone"


class Watch:
    """The standard error, the standard descriptors and the CPU time of one machine, from now on."""

    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        self._cpu: float | None = None
        # What it wrote before its greeting is of no request.
        machine.news()
        self._standing = machine.descriptors()
        """What the descriptors 0 to 2 were at first, _GONE for a lost one; None if unknown."""

    def said(self, step: int) -> tuple[Said, ...]:
        """Return what the process has written to standard error since the last call."""
        news = self._machine.news()
        return (Said(step, news),) if news else ()

    def taken(self, step: int) -> tuple[Taken, ...] | None:
        """Return which standard descriptors are no longer what they were at the start.

        Each is told once: what happens to its number afterwards follows from that. None if the
        process ends: it may have died of a later request that was under way.
        """
        if self._standing is None:
            return ()
        found = self._machine.descriptors()
        if found == self._standing:
            return ()
        if found is None or self._machine.ending(0.0):
            return None
        pairs = enumerate(zip(self._standing, found, strict=True))
        changed = {which: now for which, (was, now) in pairs if was not in (now, _GONE)}
        kept = enumerate(self._standing)
        self._standing = tuple(_GONE if which in changed else was for which, was in kept)
        return tuple(Taken(step, which, closed=not now) for which, now in changed.items())

    def spent(self) -> float | None:
        """Return the CPU time that the machine has used since the last call; None if unknown."""
        before, self._cpu = self._cpu, self._machine.cpu_seconds()
        return None if before is None or self._cpu is None else self._cpu - before
