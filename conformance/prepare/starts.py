"""Counts a build's machines that started in this process, and those that died before the greeting.

A death by a signal before the greeting counts against the build only if it happens again: the run
counts such deaths over all of its processes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import Final

from conformance.model.ending import Ending
from conformance.model.stage import MachineSpec
from conformance.report.stream import StartDied

TRIES: Final = 3
"""How often a machine is started that ends before its greeting."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StartDeath:
    """A machine that ended before it was ready for a case; `always`: so did each one like it."""

    command_line: tuple[str, ...]
    death: Ending
    always: bool = False

    def event(self, target: str) -> StartDied:
        """Return its event."""
        return StartDied(
            target=target,
            command_line=self.command_line,
            exit_status=self.death.status,
            stderr=self.death.stderr,
            always=self.always,
        )


def lasting(deaths: Iterable[StartDeath]) -> Iterator[StartDeath]:
    """Yield those of the deaths of all machines of one kind that a signal caused."""
    return (replace(each, always=True) for each in deaths if each.death.status < 0)


@dataclass(slots=True)
class Starts:
    """The starts of one build in one process."""

    _stood: list[MachineSpec] = field(default_factory=list)
    """A list, because specs contain requests, which have no hash."""
    _deaths: list[StartDeath] = field(default_factory=list)

    def stood(self, spec: MachineSpec) -> bool:
        """Return whether a machine of `spec` has started before: the host lacks nothing for it."""
        return spec in self._stood

    def note(self, spec: MachineSpec) -> None:
        """Note the start of a machine of `spec`."""
        if spec not in self._stood:
            self._stood.append(spec)

    def died(self, *deaths: StartDeath) -> None:
        """Note the deaths of machines."""
        self._deaths += deaths

    def take_deaths(self) -> tuple[StartDeath, ...]:
        """Return the deaths since the last call."""
        deaths, self._deaths = tuple(self._deaths), []
        return deaths
