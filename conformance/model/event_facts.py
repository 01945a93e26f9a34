"""What is known of a build's events, whatever case they come in; knows no message."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase

from conformance.model.terms import JsonValue


@dataclass(frozen=True, slots=True, kw_only=True)
class TellingEvent:
    """Events whose data have all members of `data`: only `commands`, globs, bring them about."""

    event: str
    data: Mapping[str, JsonValue]
    commands: tuple[str, ...]

    def fits(self, event: str, data: Mapping[str, JsonValue]) -> bool:
        """Return whether an event with that data is one of them."""
        return event == self.event and all(
            name in data and data[name] == value for name, value in self.data.items()
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class EventFacts:
    """The events that may wait before they are sent, and what brings each about.

    `limited` are those that QEMU sends at most once per second. `causes` gives the commands, as
    globs, that may bring an event about; of an event that it does not name nothing is known.
    `telling` narrows this down for events whose data say what brought them about.
    """

    limited: tuple[str, ...] = ()
    causes: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    telling: tuple[TellingEvent, ...] = ()

    def explains(
        self, event: str, commands: Iterable[str], data: Mapping[str, JsonValue] | None = None
    ) -> bool:
        """Return whether one of `commands` may bring `event` about, or nothing is known of it."""
        told = (each.commands for each in self.telling if each.fits(event, data or {}))
        globs = next(told, self.causes.get(event))
        return globs is None or any(
            fnmatchcase(command, glob) for command in commands for glob in globs
        )
