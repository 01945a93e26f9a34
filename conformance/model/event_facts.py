"""What is known of a build's events, whatever case they come in; knows no message."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase


@dataclass(frozen=True, slots=True, kw_only=True)
class EventFacts:
    """The events that may wait before they are sent, and what brings each about.

    `limited` are those that QEMU sends at most once per second. `causes` gives the commands, as
    globs, that may bring an event about; of an event that it does not name nothing is known.
    """

    limited: tuple[str, ...] = ()
    causes: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def explains(self, event: str, commands: Iterable[str]) -> bool:
        """Return whether one of `commands` may bring `event` about, or nothing is known of it."""
        globs = self.causes.get(event)
        return globs is None or any(
            fnmatchcase(command, glob) for command in commands for glob in globs
        )
