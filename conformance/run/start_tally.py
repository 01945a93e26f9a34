"""What the deaths of machines before they were ready come to, over all processes of a run.

One death may be the host's doing; a second one says something of the build.  Decides from events
alone, and knows nothing of machines.
"""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import replace

from conformance.judge.observation import Death
from conformance.judge.verdict import death_words, ending_text
from conformance.knowledge.rules import Rule
from conformance.stream import CaseEnded, Evidence, Finding, StartDied
from conformance.terms import Outcome, Severity

_PROOF = 2
"""Deaths that say something of the build."""
_REPEATS = 100
"""How often the reproducer starts the machine: of ten starts one that dies shows in nearly all."""


def tallied(
    ended: CaseEnded, deaths: Sequence[StartDied], rule: Rule
) -> tuple[Finding | None, CaseEnded]:
    """Return what the case about all starts comes to where machines have died, and the finding.

    `ended` is how the case ended by itself, `rule` the rule that it is about.
    """
    first = deaths[0]
    words = death_words(Death(status=first.exit_status, stderr=first.stderr))
    how = ending_text(first.exit_status) + (f": {words}" if words else "")
    if len(deaths) < _PROOF:
        reason = f"one machine died before it was ready ({how}), and another in its place did not"
        return None, replace(
            ended, outcome=Outcome.INTERMITTENT, reason=reason, plays=0, shown=len(deaths)
        )
    summary = f"QEMU died before it was ready for a client ({how})"
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
        shown=len(deaths),
    )
    return finding, replace(ended, outcome=Outcome.CRASH, reason=summary, shown=len(deaths))


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
