"""The words in which a result is told, whatever the report looks like; knows no layout."""

from __future__ import annotations

import re
import shlex
import signal
from collections.abc import Iterable
from typing import Final

from conformance.model.counting import counted, number
from conformance.model.search import SEARCH
from conformance.model.terms import BROKEN, Aspect, Outcome, SettledBy, Severity
from conformance.report.coverage import Share
from conformance.report.result import Counts, RunVerdict, Summary, TargetSummary
from conformance.report.rules import RuleRow
from conformance.report.stream import Finding, Pasted, RunStarted, TargetStarted

OUTCOMES: Final = {
    Outcome.PASS: "pass",
    Outcome.FAIL: "fail",
    Outcome.CRASH: "crash",
    Outcome.TIMEOUT: "timeout",
    Outcome.INTERMITTENT: "intermittent",
    Outcome.FLAKY: "flaky",
    Outcome.REFUSED_DIFFERENTLY: "refused differently",
    Outcome.VACUOUS: "vacuous",
    Outcome.NOT_APPLICABLE: "not applicable",
    Outcome.UNTESTABLE_HERE: "untestable here",
    Outcome.UNTRIED: "untried",
    Outcome.BLOCKED_BY_FINDING: "blocked by a finding",
    Outcome.NOT_STARTED: "not started",
    Outcome.HARNESS_ERROR: "harness error",
    Outcome.NOT_RUN: "not run",
}
"""Each outcome in words."""

MEANINGS: Final = {
    Outcome.INTERMITTENT: "the promise is broken in some plays and kept in others",
    Outcome.FLAKY: "failed among other cases and passed in every play alone on a fresh machine",
    Outcome.REFUSED_DIFFERENTLY: (
        "refused with other words than the request without the fault: the fault was seen, and no "
        "request without it was accepted"
    ),
    Outcome.VACUOUS: "refused, and perhaps for another reason: no request shows what for",
    Outcome.NOT_APPLICABLE: "this build has no such subject or promise",
    Outcome.UNTESTABLE_HERE: "this host lacks what the case needs",
    Outcome.UNTRIED: "the suite has no recipe for it, or a reason not to try it",
    Outcome.BLOCKED_BY_FINDING: "another finding of the build stands in the way",
    Outcome.NOT_STARTED: "its machine did not start, and no probe of the host says why",
    Outcome.HARNESS_ERROR: "the suite itself failed",
    Outcome.NOT_RUN: "the run ended before its turn",
}
"""What an outcome without a verdict means."""

SETTLED_BY: Final = {
    SettledBy.NEED: "Settled by what the host, the build or the machine lacks",
    SettledBy.PEER: "Settled by a server to talk to",
    SettledBy.STATE: "Settled by something made before, or in another state",
    SettledBy.RECIPE: "Settled by other arguments, in a recipe",
}
"""What would settle a case whose request without the fault is refused."""

# Everything that a terminal could take for a command, line ends where one line is expected, and
# halves of characters, which no file can hold.
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")


def counts(totals: Counts) -> str:
    """Return all outcomes that occur, with the number of cases of each."""
    told = [f"{number(count)} {OUTCOMES[outcome]}" for outcome, count in totals.items()]
    return ", ".join(told) or "no case"


def accepted_commands(share: Share) -> str:
    """Return how many commands accepted a valid request, of those that were sent one."""
    told = f"{number(share.part)} of {number(share.whole)}"
    return f"Commands with an accepted valid request: {told}"


def provoked_events(share: Share) -> str:
    """Return how many events of the schema were provoked."""
    return f"Events provoked: {number(share.part)} of {number(share.whole)}"


def kept_sessions(share: Share) -> str:
    """Return how many sessions with the official client were kept."""
    told = f"{number(share.part)} of {number(share.whole)}"
    return f"Sessions with the official client, qemu.qmp: {told} kept"


def rules_kept(rows: Iterable[RuleRow]) -> str:
    """Return how many rules were kept wherever they were tested, and which were not."""
    told = list(rows)
    kept = sum(each.kept for each in told)
    broken = [
        f"{each.rule} in {number(each.broken)} of {counted(each.cases, 'case')}"
        for each in told
        if each.broken
    ]
    return f"Rules kept in every case that shows them: {number(kept)}; broken: " + (
        ", ".join(broken) or "none"
    )


def resumed(started: RunStarted | None) -> str | None:
    """Return how often a run was interrupted and gone on with, None for never."""
    if started is None or not started.resumed:
        return None
    return f"Interrupted and resumed {counted(started.resumed, 'time')}."


def visible(text: str) -> str:
    """Return `text` on one line, with control characters spelt out."""
    return _CONTROL.sub(lambda match: f"\\x{ord(match[0]):02x}", text)


def ending(status: int | None) -> str | None:
    """Return how a process ended, or None if it did not; a signal is named."""
    if status is None:
        return None
    if status >= 0:
        return f"exited with status {status}"
    try:
        return f"was killed by {signal.Signals(-status).name}"
    except ValueError:
        return f"was killed by signal {-status}"


def replay(finding: Finding, build: TargetStarted) -> str:
    """Return the shell command that runs the case of `finding` alone on its `build`."""
    if f"/{Aspect.FUZZ}/" in finding.case or f"/{Aspect.STATEFUL}/{SEARCH}" in finding.case:
        # What was drawn is no case of the plan: a file of the report has it.
        glob = f"*/history/{finding.fingerprint}"
        cases = f"--cases qmp-report/found --case {shlex.quote(glob)}"
        return f"qmp-conformance run {cases} {build.spelling}"
    return f"qmp-conformance replay {shlex.quote(finding.case)} {build.spelling}"


def plays(finding: Finding) -> str:
    """Return how often an intermittent finding showed."""
    return f"in {number(finding.shown)} of {number(finding.plays)} plays of the case"


def title(finding: Finding) -> str:
    """Return what a finding is about, as a heading: what happened, and in which case."""
    return f"{finding.summary} ({finding.case})"


def weighed(finding: Finding) -> str:
    """Return what a finding does to a user, and why a reader may judge it otherwise."""
    return ", ".join((finding.weight, *finding.marks))


def build(target: TargetSummary) -> str:
    """Return the build of `target` in a few words."""
    facts = target.build
    package = f" ({facts.package})" if facts.package else ""
    arch = f", {facts.arch}" if facts.arch else ""
    return f"QEMU {facts.version}{package}{arch}"


def target_verdict(target: TargetSummary) -> str:
    """Return the verdict on one build as a sentence."""
    cases = counted(sum(target.totals.values()), "case")
    passed = number(target.totals.get(Outcome.PASS, 0))
    match target.verdict:
        case RunVerdict.BROKEN:
            broken = sum(target.totals.get(outcome, 0) for outcome in BROKEN)
            found = counted(len(target.causes), "root cause")
            return f"Breaks promises: {found}; {number(broken)} of {cases} broken, {passed} passed."
        case RunVerdict.HARNESS:
            errors = counted(target.totals[Outcome.HARNESS_ERROR], "case")
            return f"No verdict: the suite itself failed in {errors}; {passed} passed."
        case RunVerdict.UNSETTLED:
            unsettled = sum(
                target.totals.get(outcome, 0) for outcome in (Outcome.FLAKY, Outcome.INTERMITTENT)
            )
            told = counted(unsettled, "case")
            return f"No verdict: {told} came out otherwise when tried again; {passed} passed."
        case RunVerdict.PARTIAL:
            return f"No verdict: only part of the cases has a result; {passed} of those passed."
        case RunVerdict.NOTHING_TESTED:
            return f"Nothing was tested: not one of {cases} could be judged."
        case RunVerdict.CONFORMS:
            return f"Conforms in all that was tested: {passed} of {cases} passed{_remarks(target)}."


def run_verdict(summary: Summary) -> str:
    """Return the verdict on the whole run as one unmistakable line."""
    partial = "" if summary.complete else " This run is PARTIAL: what is not named was not tested."
    builds = counted(len(summary.targets), "build")
    passed = counted(summary.totals.get(Outcome.PASS, 0), "case")
    match summary.verdict:
        case RunVerdict.BROKEN:
            broken = sum(target.verdict is RunVerdict.BROKEN for target in summary.targets)
            return f"FINDINGS: {number(broken)} of {builds} broke promises.{partial}"
        case RunVerdict.HARNESS:
            return f"HARNESS ERROR: the suite itself failed, this is no verdict.{partial}"
        case RunVerdict.UNSETTLED:
            return f"UNSETTLED: cases came out otherwise when tried again.{partial}"
        case RunVerdict.PARTIAL:
            return f"PARTIAL RUN: {passed} passed, the rest has no result: no verdict."
        case RunVerdict.NOTHING_TESTED:
            return "NOTHING TESTED: no case could be judged; this is no success."
        case RunVerdict.CONFORMS:
            empty = [each.verdict for each in summary.targets].count(RunVerdict.NOTHING_TESTED)
            but = f" Of {counted(empty, 'build')} nothing was tested." if empty else ""
            return f"CONFORMS: {passed} passed on {builds}, none broken.{but}"


def _remarks(target: TargetSummary) -> str:
    weak = [each for each in target.causes if each.finding.severity is not Severity.MUST]
    return f", with {counted(len(weak), 'remark')}" if weak else ""


def pasted_words(pasted: Pasted) -> str:
    """Return in a sentence what came of a reproducer in a shell."""
    if pasted.shows:
        return "Pasted into a shell of this host, it shows it."
    return f"Pasted into a shell of this host, it does not show it: {pasted.why}."
