"""The published report in Markdown, for a QEMU maintainer; a pure function of the summary."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from conformance.knowledge.sections import section_title
from conformance.model.combination import RefusedPair
from conformance.model.counting import counted, number
from conformance.model.terms import Outcome, SettledBy, Severity
from conformance.report.cost_text import cost_table, memory_words
from conformance.report.front_page import anchor, front_page, heading
from conformance.report.markup import block, code, code_cell, folded, plain, row
from conformance.report.news_text import news_markdown, news_verdict
from conformance.report.result import (
    Reason,
    Summary,
    TargetSummary,
)
from conformance.report.root_cause import RootCause
from conformance.report.rule_table import rules
from conformance.report.search_table import searches
from conformance.report.stream import (
    BehaviourSeen,
    Combined,
    DefaultRead,
    Evidence,
    Finding,
    Measured,
    TargetStarted,
)
from conformance.report.subjects import subjects
from conformance.report.wording import (
    MEANINGS,
    OUTCOMES,
    SETTLED_BY,
    build,
    ending,
    pasted_words,
    plays,
    replay,
    resumed,
    run_verdict,
    title,
    weighed,
)

# As many as a reader can take in; the rest is in the stream, which the report names.
_TRANSCRIPT_LINES: Final = 40
_LINE: Final = 2000
_STDERR_LINES: Final = 20
_SIGNS: Final = 3
_CASES: Final = 200
_SUBJECTS: Final = 60
# So few cases need no folding.
_OPEN_CASES: Final = 5


def render(summary: Summary) -> str:
    """Return the report as GitHub-flavoured Markdown."""
    lines = ["# QMP conformance report", "", f"**{plain(run_verdict(summary))}**", ""]
    if summary.news is not None:
        lines += [f"**{plain(news_verdict(summary.news))}**", ""]
    lines += _incomplete(summary)
    lines += news_markdown(summary.news) if summary.news is not None else ()
    lines += _overview(summary)
    for target in summary.targets:
        lines += front_page(target)
    lines += _run(summary)
    for target in summary.targets:
        lines += _appendix(target)
    return "\n".join(lines).rstrip("\n") + "\n"


def _incomplete(summary: Summary) -> Iterator[str]:
    if summary.complete:
        return
    yield "> [!WARNING]"
    yield "> **This run is partial.** What it did not reach was not tested:"
    yield ">"
    yield from (f"> - {plain(reason)}" for reason in summary.incomplete)
    yield ""


def _overview(summary: Summary) -> Iterator[str]:
    shown = list(summary.totals)
    yield row(["Target", "Build", "Cases", *(OUTCOMES[each] for each in shown), "Root causes"])
    yield row([":--", ":--", *("--:" for _ in range(len(shown) + 2))])
    for target in summary.targets:
        numbers = [number(target.totals.get(each, 0)) for each in shown]
        cases = number(sum(target.totals.values()))
        names = [f"[{plain(target.build.target)}](#{heading(target)})", plain(build(target))]
        yield row([*names, cases, *numbers, number(len(target.causes))])
    yield ""


def _appendix(target: TargetSummary) -> Iterator[str]:
    """Yield all that the front page leaves out."""
    yield f"## Appendix: {plain(target.build.target)}"
    yield ""
    if target.causes:
        yield "### Each root cause"
        yield ""
        yield "Paste the scripts as an ordinary user: root is allowed more than the program was."
        yield ""
        for place, each in enumerate(target.causes, start=1):
            yield f'<a id="{anchor(target, each)}"></a>'
            yield ""
            yield f"#### {place}. {plain(title(each.finding))}"
            yield ""
            yield from cause_lines(each, target.build)
    yield from rules(target.rules)
    yield from subjects(target)
    yield from _defaults(target.defaults)
    yield from _behaviours(target.behaviours)
    yield from _measured(target.measured)
    yield from _combined(target.combined)
    yield from searches(target.searched)
    yield from _untested(target)
    yield from cost_table(target)


def cause_lines(each: RootCause, facts: TargetStarted) -> Iterator[str]:
    """Yield what is told of a root cause below its heading, which says what happened."""
    finding = each.finding
    weight = "" if finding.severity is Severity.MUST else f" ({finding.severity})"
    yield f"- **Promised**: {plain(finding.expected)}"
    yield f"- **Rule**: {plain(finding.rule)}{weight}, {plain(finding.why)}"
    yield f"- **Defect**: {code(finding.fingerprint)}, {plain(weighed(finding))}"
    subject = f"{finding.subject_kind} {code(finding.subject)}"
    yield f"- **Case**: {code(finding.case)}, {OUTCOMES[finding.outcome]} of {subject}"
    if section := section_title(finding.subject):
        yield f"- **Section of MAINTAINERS**: {plain(section)}"
    yield f"- **Seen in**: {counted(len(each.cases), 'case')}"
    if finding.plays:
        yield f"- **Comes and goes**: {plays(finding)}"
    end = ending(finding.evidence.exit_status)
    if end:
        yield f"- **Process**: {end}"
    yield ""
    yield from evidence_lines(finding.evidence)
    yield from _reproducer(each, facts)
    yield from _ways(each.ways[1:])
    yield from _cases(each.cases)


def evidence_lines(evidence: Evidence) -> Iterator[str]:
    """Yield the end of the dialogue and the last words of the process."""
    if evidence.transcript:
        yield from block(_tail(evidence.transcript, _TRANSCRIPT_LINES))
        yield ""
    errors = evidence.stderr.strip().splitlines()
    if errors:
        yield "Standard error:"
        yield ""
        yield from block(_tail(errors, _STDERR_LINES))
        yield ""


def _tail(lines: Sequence[str], limit: int) -> list[str]:
    left_out = len(lines) - limit
    head = [f"... {counted(left_out, 'earlier line')} left out"] if left_out > 0 else []
    return head + [_short(line) for line in lines[-limit:]]


def _short(line: str) -> str:
    left_out = len(line) - _LINE
    return line if left_out <= 0 else f"{line[:_LINE]}... {counted(left_out, 'character')} left out"


def _reproducer(each: RootCause, facts: TargetStarted) -> Iterator[str]:
    if each.reproducer.strip():
        yield "To see it again by hand:"
        yield ""
        # Whole, however long: shortened, it would not reproduce.
        yield from block(each.reproducer.strip("\n").splitlines(), "sh")
        yield ""
        yield from looked_for(each)
    yield "With the suite:"
    yield ""
    yield from block([replay(each.finding, facts)], "sh")
    yield ""


def looked_for(each: RootCause, *, here: bool = True) -> Iterator[str]:
    """Yield what the reproducer prints that shows the defect, and the stack where it ended.

    With `here`, also what came of it in a shell of this host.
    """
    if each.signs:
        yield "It shows in what that prints:"
        yield ""
        yield from block([_short(sign) for sign in each.signs[-_SIGNS:]])
        yield ""
    if each.pasted is not None and each.pasted.stack:
        yield "Where it ended, the innermost function first:"
        yield ""
        yield from block(each.pasted.stack)
        yield ""
    if each.pasted is not None and here:
        yield plain(pasted_words(each.pasted))
        yield ""


def _ways(ways: Sequence[Finding]) -> list[str]:
    """Return the other ways in which a defect shows."""
    if not ways:
        return []
    lines = [f"- {plain(each.summary)} ({code(each.case)})" for each in ways]
    if len(ways) <= _OPEN_CASES:
        return ["It also shows so:", "", *lines, ""]
    return folded(f"It also shows in {number(len(ways))} other ways", lines)


def _cases(cases: Sequence[str]) -> list[str]:
    if len(cases) == 1:
        return []
    lines = block(cases[:_CASES])
    if len(cases) > _CASES:
        lines += ["", f"and {number(len(cases) - _CASES)} more, which `summary.json` lists."]
    if len(cases) <= _OPEN_CASES:
        return ["All cases that show it:", "", *lines, ""]
    return folded(f"All {number(len(cases))} cases that show it", lines)


def _defaults(defaults: Sequence[DefaultRead]) -> Iterator[str]:
    """Yield the table of defaults: those that differ visible, the others folded."""
    if not defaults:
        return
    differ = [each for each in defaults if each.differs]
    alike = [each for each in defaults if not each.differs]
    yield "### Defaults"
    yield ""
    yield "What a member that was left out reads as, beside what the documentation and QOM say."
    yield ""
    if differ:
        yield from _default_rows(differ)
        yield ""
    if alike:
        yield from folded(
            f"{counted(len(alike), 'default')} without a difference", list(_default_rows(alike))
        )


def _default_rows(defaults: Sequence[DefaultRead]) -> Iterator[str]:
    yield row(["Subject", "Member", "Documented", "Declared", "Real", "Where"])
    yield row([":--"] * 6)
    for each in defaults:
        documented = code_cell(each.documented) or plain(each.says)
        values = [documented, code_cell(each.declared), code_cell(each.real)]
        yield row([code_cell(each.subject), code_cell(each.member), *values, plain(each.where)])


def _behaviours(found: Sequence[BehaviourSeen]) -> Iterator[str]:
    """Yield the table of what the build does where releases differ and no schema shows it."""
    if not found:
        return
    yield "### Behaviour"
    yield ""
    yield "What this build does where releases differ and no schema shows it."
    yield ""
    yield row(["Command", "What", "Before", "Since", "This build"])
    yield row([":--"] * 5)
    for each in found:
        before = f"{each.was} (up to {each.after} at least)"
        since = f"{each.now} (from {each.by} on at the latest)"
        told = [each.title, before, since, each.real or "not seen"]
        yield row([code_cell(each.subject), *map(plain, told)])
    yield ""


def _measured(found: Sequence[Measured]) -> Iterator[str]:
    """Yield the table of what was measured; what breaks a rule is a finding besides."""
    if not found:
        return
    yield "### Measured"
    yield ""
    yield "The size of an answer is in bytes, with each number as one; the time is that of the CPU."
    yield ""
    yield row(["Subject", "What", "For", "Size", "Seconds"])
    yield row([":--"] * 5)
    for each in found:
        numbers = [", ".join(map(number, values)) for values in (each.counts, each.sizes)]
        seconds = ", ".join(f"{value:.3f}" for value in each.seconds)
        yield row([code_cell(each.subject), plain(each.what), *numbers, seconds])
    yield ""


def _combined(found: Sequence[Combined]) -> Iterator[str]:
    """Yield the table of what choices came to together; what breaks a rule is a finding besides."""
    if not found:
        return
    yield "### Arguments in pairs"
    yield ""
    yield "What a request accepts alone is tried together, in rows that hold every two choices."
    yield "That two are refused is no finding: the schema does not say what goes together."
    yield ""
    yield row(["Case", "Accepted alone", "Pairs tried", "Rows refused"])
    yield row([":--", "--:", "--:", "--:"])
    for each in found:
        got = each.together
        counts = ((got.accepted, got.choices), (got.tried, got.pairs), (got.refused, got.rows))
        yield row([code_cell(each.case), *(f"{number(a)} of {number(b)}" for a, b in counts)])
    yield ""
    for each in found:
        for error, pairs in _by_error(each.together.refused_pairs):
            told = ", ".join(f"{code(pair.one)} with {code(pair.two)}" for pair in pairs)
            yield f"- {code(each.case)}: {told}: {plain(error)}"
    yield ""


def _by_error(
    found: Iterable[RefusedPair],
) -> Iterable[tuple[str, Sequence[RefusedPair]]]:
    alike: dict[str, list[RefusedPair]] = {}
    for each in found:
        alike.setdefault(each.error, []).append(each)
    return alike.items()


def _untested(target: TargetSummary) -> Iterator[str]:
    if not target.reasons and not target.missing:
        return
    yield "### Not tested, or without a verdict"
    yield ""
    if target.missing:
        yield f"{counted(target.missing, 'case')} announced, without a result: the run broke off."
        yield ""
    for outcome in Outcome:
        reasons = [each for each in target.reasons if each.outcome is outcome]
        if reasons:
            total = number(sum(each.count for each in reasons))
            yield f"**{OUTCOMES[outcome].capitalize()}** ({total}): {MEANINGS[outcome]}."
            yield ""
            for need, alike in _by_settling(reasons):
                if need is not None:
                    total = number(sum(each.count for each in alike))
                    yield f"{SETTLED_BY[need]} ({total}):"
                    yield ""
                yield from (_reason(each) for each in alike)
                yield ""


def _by_settling(
    reasons: Sequence[Reason],
) -> Iterator[tuple[SettledBy | None, Sequence[Reason]]]:
    """Yield the reasons by what would settle the cases, those that nothing is known of first."""
    for need in (None, *SettledBy):
        alike = [each for each in reasons if each.settled_by is need]
        if alike:
            yield need, alike


def _reason(reason: Reason) -> str:
    if reason.outcome in (Outcome.INTERMITTENT, Outcome.FLAKY, Outcome.HARNESS_ERROR):
        # A reader should look at these one by one.
        names = _names(reason.examples, reason.count)
    else:
        names = _names(reason.subjects[:_SUBJECTS], len(reason.subjects))
    text = plain(reason.reason) or "no reason given"
    return f"- {number(reason.count)}: {text} ({names})"


def _names(shown: Sequence[str], count: int) -> str:
    more = count - len(shown)
    return ", ".join(map(code, shown)) + (f" and {number(more)} more" if more > 0 else "")


def _run(summary: Summary) -> Iterator[str]:
    yield "## The run"
    yield ""
    started, ended = summary.started, summary.ended
    if started is None:
        yield "The stream lacks its beginning: what ran is not known."
        return
    yield f"- Suite {code(started.suite)}, seed {started.seed}, begun {plain(started.time)}"
    chosen = ", ".join(map(code, started.selection)) or "every case"
    yield f"- Selection: {chosen}"
    if ended:
        whole = "whole" if summary.complete else "partial"
        yield f"- Ended {plain(ended.time)} ({whole}), exit code {ended.exit_code}"
    for told in filter(None, (resumed(started), memory_words(ended))):
        yield f"- {told.rstrip('.')}"
    for probe, answer in sorted(started.host.items()):
        yield f"- Host, {code(probe)}: {plain(answer)}"
    yield ""
