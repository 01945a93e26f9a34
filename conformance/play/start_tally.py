"""Judges the machines that ended before they were ready, over all processes of a run.

One may be the host's doing; a second one is the build's. Decides from events alone, and knows
nothing of machines.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from signal import SIGKILL
from typing import Final

from conformance.derive.exchanges import exchange_case
from conformance.judge.verdict import death_words, ending_text
from conformance.knowledge.exchanges import load_exchanges
from conformance.knowledge.rules import Rule, load_rules
from conformance.knowledge.store import cases_folder
from conformance.model.case import Case
from conformance.model.ending import Ending
from conformance.model.terms import Outcome, Severity
from conformance.report.stream import CaseEnded, Event, Evidence, Finding, StartDied

_ANY: Final = (99, 0, 0)
"""A version that the recipe applies to: it has no range."""
_PROOF = 2
"""The signals that count against the build.

A program that exits with a status may lack something, and the host sends SIGKILL.
"""
_REPEATS = 100
"""How often the reproducer starts the machine: enough if one of ten starts dies."""


class StartTally:
    """The deaths of a run by target, and the case that they count for."""

    def __init__(self, deaths: Iterable[StartDied]) -> None:
        self._left: dict[str, list[StartDied]] = {}
        for death in deaths:
            self._left.setdefault(death.target, []).append(death)
        # Nothing is read where nothing has died, as in nearly all runs.
        self._case = _about_starts() if self._left else None

    def concerns(self, target: str, case: str) -> bool:
        """Return whether a case of a target is the one about all starts, and some have failed."""
        return self._case is not None and target in self._left and case == self._case.id

    def settled(self, ended: Event) -> Iterator[Event]:
        """Yield the events of that case, which ended with `ended` on its own, its end last."""
        assert isinstance(ended, CaseEnded), "a case ends with its end"
        deaths = self._left.pop(ended.target)
        yield from deaths
        finding, ended = tallied(ended, deaths, load_rules()[ended.rules[0]])
        if finding is not None:
            yield finding
        yield ended

    def rest(self) -> Iterator[Event]:
        """Yield the same for the targets whose case was not selected."""
        for target in sorted(self._left):
            assert self._case is not None, "deaths are of a case"
            case = self._case
            yield from self.settled(
                CaseEnded(
                    target=target,
                    case=case.id,
                    subject_kind=case.subject.kind,
                    subject=case.subject.name,
                    aspect=case.aspect,
                    outcome=Outcome.NOT_RUN,
                    reason="",
                    rules=case.rules,
                    seconds=0.0,
                    about=case.about,
                )
            )


def _about_starts() -> Case:
    """Return the case about all starts of a run, the same for every build."""
    recipes = load_exchanges(cases_folder() / "exchanges")
    (recipe,) = (recipe for recipe in recipes if recipe.every_start)
    return exchange_case(recipe, recipe.on[0], recipe.programs[0].flavour)


def tallied(
    ended: CaseEnded, deaths: Sequence[StartDied], rule: Rule
) -> tuple[Finding | None, CaseEnded]:
    """Return the outcome of that case, given the machines that died, and the finding.

    `ended` is the case's own outcome, `rule` the rule that it is about.
    """
    proofs = [each for each in deaths if each.exit_status < 0 and each.exit_status != -SIGKILL]
    first = (proofs or deaths)[0]
    words = death_words(Ending(status=first.exit_status, stderr=first.stderr))
    how = ending_text(first.exit_status) + (f": {words}" if words else "")
    if len(proofs) < _PROOF:
        reason = f"a machine ended before it was ready ({how}), and another in its place did not"
        return None, replace(
            ended, outcome=Outcome.INTERMITTENT, reason=reason, plays=0, shown=len(deaths)
        )
    summary = f"QEMU ended before it was ready for a client ({how})"
    finding = Finding(
        target=ended.target,
        case=ended.case,
        subject_kind=ended.subject_kind,
        subject=ended.subject,
        rule=rule.id,
        severity=Severity(rule.severity),
        outcome=Outcome.CRASH,
        summary=summary,
        expected="the greeting, as soon as a client is connected",
        why=f"{rule.promise} ({rule.source})",
        fold=f"start {words}",
        evidence=Evidence(transcript=(), exit_status=first.exit_status, stderr=first.stderr),
        reproducer=_reproducer(first),
        plays=0,
        shown=len(proofs),
    )
    return finding, replace(ended, outcome=Outcome.CRASH, reason=summary, shown=len(proofs))


def _reproducer(death: StartDied) -> str:
    command = shlex.join(death.command_line)
    return "\n".join(
        (
            f"for start in $(seq {_REPEATS}); do",
            f"  {command} > /dev/null <<'EOF' || echo \"start $start: status $?\"",
            '{"execute":"qmp_capabilities"}',
            '{"execute":"quit"}',
            "EOF",
            "done",
        )
    )
