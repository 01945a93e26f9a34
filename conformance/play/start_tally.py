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

from conformance.judge.defect import plain
from conformance.judge.verdict import death_words
from conformance.knowledge.rules import Rule, load_rules
from conformance.knowledge.store import cases_folder
from conformance.knowledge.weights import load_weights
from conformance.model.case import Case
from conformance.model.ending import Ending, ending_text
from conformance.model.fingerprint import fingerprint
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
        # How many processes tried a machine that always dies depends on how many there were.
        yield from dict.fromkeys(sorted((d for d in deaths if d.always), key=_key))
        yield from (death for death in deaths if not death.always)
        findings, ended = tallied(ended, deaths, load_rules()[ended.rules[0]])
        yield from findings
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


def _key(death: StartDied) -> tuple[tuple[str, ...], int, str]:
    return death.command_line, death.exit_status, death.stderr


def _about_starts() -> Case:
    """Return the case about all starts of a run, the same for every build."""
    # Not at the top: where nothing has died, no process of a run has to load what derives cases.
    from conformance.derive.exchanges import exchange_case
    from conformance.knowledge.exchanges import load_exchanges

    recipes = load_exchanges(cases_folder() / "exchanges")
    (recipe,) = (recipe for recipe in recipes if recipe.every_start)
    return exchange_case(recipe, recipe.on[0], recipe.programs[0].flavour)


def tallied(
    ended: CaseEnded, deaths: Sequence[StartDied], rule: Rule
) -> tuple[tuple[Finding, ...], CaseEnded]:
    """Return the outcome of that case, given the machines that died, and the findings.

    `ended` is the case's own outcome, `rule` the rule that it is about. Machines that die each time
    are one defect for each command line; others, which may die of anything, are one together.
    """
    proofs = [each for each in deaths if each.exit_status < 0 and each.exit_status != -SIGKILL]
    groups: dict[str, list[StartDied]] = {}
    for each in proofs:
        groups.setdefault(shlex.join(each.command_line[1:]) * each.always, []).append(each)
    found = tuple(
        _finding(ended, group, rule, line)
        for line, group in sorted(groups.items())
        if len(group) >= _PROOF
    )
    if not found:
        reason = (
            f"a machine ended before it was ready ({_how((proofs or deaths)[0])}), and another in "
            "its place did not"
        )
        return (), replace(
            ended, outcome=Outcome.INTERMITTENT, reason=reason, plays=0, shown=len(deaths)
        )
    shown = sum(each.shown for each in found)
    return found, replace(ended, outcome=Outcome.CRASH, reason=found[0].summary, shown=shown)


def _finding(ended: CaseEnded, group: Sequence[StartDied], rule: Rule, line: str) -> Finding:
    first = group[0]
    defect = plain(" ".join(filter(None, ("start", _words(first) or line))))
    return Finding(
        target=ended.target,
        case=ended.case,
        subject_kind=ended.subject_kind,
        subject=ended.subject,
        rule=rule.id,
        severity=Severity(rule.severity),
        outcome=Outcome.CRASH,
        summary=f"QEMU ended before it was ready for a client ({_how(first)})",
        expected="the greeting, as soon as a client is connected",
        why=f"{rule.promise} ({rule.source})",
        fold=" ".join(filter(None, ("start", line, _words(first)))),
        defect=defect,
        fingerprint=fingerprint(defect),
        weight=load_weights().weight(Outcome.CRASH, rule.id, ended.case),
        evidence=Evidence(transcript=(), exit_status=first.exit_status, stderr=first.stderr),
        reproducer=_reproducer(first),
        plays=0,
        shown=len(group),
    )


def _how(death: StartDied) -> str:
    words = _words(death)
    return ending_text(death.exit_status) + (f": {words}" if words else "")


def _words(death: StartDied) -> str:
    return death_words(Ending(status=death.exit_status, stderr=death.stderr))


def _reproducer(death: StartDied) -> str:
    command = shlex.join(death.command_line)
    times = 1 if death.always else _REPEATS
    return "\n".join(
        (
            f"for start in $(seq {times}); do",
            f"  {command} > /dev/null <<'EOF' || echo \"start $start: status $?\"",
            '{"execute":"qmp_capabilities"}',
            '{"execute":"quit"}',
            "EOF",
            "done",
        )
    )
