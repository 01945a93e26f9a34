"""What a run prints while it runs: what it does, its progress, its findings; starts nothing."""

from __future__ import annotations

import enum
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from types import MappingProxyType
from typing import Final

from conformance.cli.screen import Screen
from conformance.model.counting import counted, number
from conformance.model.terms import Severity
from conformance.play.channel import CasesEnded, Told
from conformance.play.pace import Pace
from conformance.prepare.campaign import Campaign
from conformance.prepare.selection import Selection
from conformance.report.paint import Style
from conformance.report.stream import Finding
from conformance.report.terminal import finding_lines
from conformance.report.wording import OUTCOMES, visible

_REDRAWN: Final = 0.1
"""Seconds between two updates of the progress line."""
_TERMINAL_TICK: Final = 1.0
_LOG_TICK: Final = 30.0


class Loudness(enum.Enum):
    """How much a run prints."""

    QUIET = "quiet"
    """Only the verdicts."""
    PLAIN = "plain"
    LOUD = "loud"
    """Each item as it ends, and each finding in full."""


class Progress:
    """Shows a run on a screen: on a terminal in a progress line, in a log now and then."""

    def __init__(
        self,
        screen: Screen,
        loudness: Loudness = Loudness.PLAIN,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._screen, self._loudness, self._clock = screen, loudness, clock
        self._began = self._played = clock()
        self._drawn = float("-inf")
        self._left: dict[str, dict[str, int]] = {}
        """The weights of the cases that have not ended, by target and id."""
        self._total = self._ended = 0
        self._pace = Pace(0)
        self._target = ""
        self._several = False
        self._found: set[tuple[str, str]] = set()

    @property
    def interval(self) -> float:
        """Seconds from one `tick` to the next."""
        return _TERMINAL_TICK if self._screen.is_live else _LOG_TICK

    def phase(self, target: str, doing: str) -> None:
        """Print what is done with a target before its cases run."""
        if self._loudness is Loudness.QUIET:
            return
        text = f"{visible(target)}: {doing}"
        if self._screen.is_live:
            self._screen.show(text)
        else:
            self._screen.say(text)

    def begin(
        self,
        campaigns: Sequence[Campaign],
        selection: Selection,
        kept: Mapping[str, Collection[str]] = MappingProxyType({}),
    ) -> None:
        """Print how many cases are to be run, and count from now on.

        `kept` are the cases of an interrupted run that are not played again, by target.
        """
        self._left = {
            campaign.target.name: {
                entry.id: entry.weight
                for entry in campaign.plan.entries(campaign.selected(selection))
                if entry.id not in kept.get(campaign.target.name, ())
            }
            for campaign in campaigns
        }
        self._total = sum(map(len, self._left.values()))
        self._pace = Pace(sum(sum(weights.values()) for weights in self._left.values()))
        self._several = len(campaigns) > 1
        self._target = campaigns[0].target.name if campaigns else ""
        self._played = self._clock()
        self._state(now=True)

    def warn(self, text: str) -> None:
        """Print a warning before the report."""
        if self._loudness is not Loudness.QUIET:
            self._screen.say(f"Warning: {text}", Style.DOUBT)

    def heard(self, told: Told) -> None:
        """Count cases that have ended, or a finding."""
        match told:
            case CasesEnded(target=target, cases=cases):
                for case in cases:
                    weight = self._left.get(target, {}).pop(case, None)
                    if weight is not None:
                        self._ended += 1
                        self._pace.add(weight)
                self._target = target
                if self._screen.is_live and self._clock() - self._drawn >= _REDRAWN:
                    self._state()
            case Finding(target=target, fold=fold, case=case):
                key = (target, fold or case)
                if key not in self._found:
                    self._found.add(key)
                    self._finding(told)
                    self._state()

    def item(self, node_id: str, counts: Mapping[str, int]) -> None:
        """Count an item that has ended, with the number of cases of each outcome."""
        if self._loudness is Loudness.LOUD:
            told = ", ".join(f"{number(count)} {name}" for name, count in counts.items())
            self._screen.say(f"{visible(node_id)}: {told or 'no result'}")

    def tick(self) -> None:
        """Print the progress of the run, some time after the last update."""
        self._state(now=True)

    def _finding(self, finding: Finding) -> None:
        if self._loudness is Loudness.QUIET:
            return
        style = Style.BAD if finding.severity is Severity.MUST else Style.DOUBT
        where = f"{visible(finding.target)}: " if self._several else ""
        kind = OUTCOMES[finding.outcome].upper()
        head = f"{where}{kind} {finding.severity} {finding.rule}  {visible(finding.case)}"
        if self._loudness is Loudness.LOUD:
            self._screen.say(head, style)
            lines = finding_lines(finding, self._screen.width, colour=self._screen.colour)
            self._screen.say("\n".join(lines))
        elif self._screen.is_live:
            # A log gets them with the report, in order.
            self._screen.say(head, style)

    def _state(self, *, now: bool = False) -> None:
        if self._loudness is Loudness.QUIET:
            return
        self._drawn = self._clock()
        if self._screen.is_live:
            self._screen.show(self.line())
        elif now:
            self._screen.say(self.line())

    def line(self) -> str:
        """Return the progress of the run in one line."""
        elapsed = self._clock() - self._began
        left = self._pace.left(self._clock() - self._played)
        done = f"{number(self._ended)} of {counted(self._total, 'case')}"
        parts = [done, counted(len(self._found), "finding"), f"{_clock_time(elapsed)} elapsed"]
        parts += [f"about {_clock_time(left)} left"] if left is not None else []
        return f"{visible(self._target)}: {', '.join(parts)}"


def _clock_time(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
