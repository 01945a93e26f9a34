"""Shows what a run came to: on one screen, or all of its report."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from conformance.cli.screen import Screen
from conformance.report import one_screen, terminal
from conformance.report.result import Summary

_NARROW: Final = 100
_WIDE: Final = 120
"""The columns of a whole report, on any terminal: its tables need them."""


def show_report(summary: Summary, folder: Path, screen: Screen, *, full: bool) -> None:
    """Write what a run came to, and where its report is."""
    if full:
        width = min(max(screen.width, _NARROW), _WIDE)
        text = terminal.render(summary, width, colour=screen.colour)
        screen.say(f"\n{text}Report: {folder}")
        return
    text = one_screen.render(summary, min(screen.width, _WIDE), colour=screen.colour)
    screen.say(f"\n{text}Report: {folder}; --full prints it")
