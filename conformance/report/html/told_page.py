"""What a page tells without scripts, as values for its template: words and numbers, no markup."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from conformance.model.counting import counted, number
from conformance.model.terms import BROKEN, Mark, Outcome, Severity, SubjectKind
from conformance.report.cost_text import memory_words
from conformance.report.html.columns import Columns, ShownCause
from conformance.report.html.packing import shown
from conformance.report.news_text import news_verdict
from conformance.report.result import Counts, RunVerdict, Summary, TargetSummary
from conformance.report.rules import RuleRow
from conformance.report.stream import Evidence
from conformance.report.table import LETTERS
from conformance.report.wording import (
    MEANINGS,
    OUTCOMES,
    build,
    ending,
    plays,
    replay,
    resumed,
    run_verdict,
    target_verdict,
    visible,
    weighed,
)

_DECIDED: Final = frozenset({Outcome.PASS, *BROKEN})
_TRANSCRIPT: Final = 6
"""The last lines of a dialogue: the request at fault and its answer."""
_STDERR: Final = 6
_LINE: Final = 600
"""The characters of a line that a reader takes in."""
_WAYS: Final = 5
_CASES: Final = 10
_REASONS: Final = 3
_GOES_ON: Final = "FCTI"
"""The letters of a build that shows a root cause."""

Fact = tuple[str, str]
"""A name and what is told under it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ToldCause:
    """A root cause in words; `letters` beside the builds of the page."""

    name: str
    summary: str
    weight: str
    counts: bool
    """Whether it breaks what must hold, and is not meant so."""
    rule: str
    words: str
    """Its weight and marks, and the severity of its rule where that is not `must`."""
    cases: str
    letters: tuple[str, ...]
    standing: str
    facts: tuple[Fact, ...]
    evidence: str
    stderr: str
    reproducer: str
    replay: str
    ways: tuple[str, ...]
    more_ways: str
    examples: tuple[str, ...]
    more_cases: str


def verdict(columns: Columns) -> tuple[str, bool, str]:
    """Return the verdict as a sentence, whether it is a good one, and its news if any."""
    whole = columns.whole
    news = [news_verdict(each.news) for each in columns.run.summaries if each.news is not None]
    return visible(run_verdict(whole)), whole.verdict is RunVerdict.CONFORMS, " ".join(news)


def heads(columns: Columns) -> list[dict[str, Any]]:
    """Return what the row of each build tells."""
    return [
        {
            "name": visible(target.name),
            "text": visible(build(target.summary)),
            "good": target.summary.verdict is RunVerdict.CONFORMS,
            "verdict": visible(target_verdict(target.summary)),
            "numbers": _numbers(target.summary),
            "facts": _provenance(target.summary),
        }
        for target in columns.targets
    ]


def _numbers(target: TargetSummary) -> list[str]:
    totals = target.totals
    broken = sum(totals.get(each, 0) for each in BROKEN)
    rest = sum(count for each, count in totals.items() if each not in _DECIDED)
    told = (sum(totals.values()), totals.get(Outcome.PASS, 0), broken, rest, len(target.causes))
    return [number(each) for each in told]


def _provenance(target: TargetSummary) -> list[Fact]:
    facts = target.build
    told = (
        ("program", facts.program),
        ("package", facts.package),
        ("SHA-256", facts.sha256),
        ("SHA-256 of its introspection", facts.schema_sha256),
        ("started by", facts.launcher),
        ("compared with", facts.documentation),
        ("command line", " ".join(facts.command_line)),
    )
    return [(name, visible(text)) for name, text in told if text]


def lost(columns: Columns) -> list[Fact]:
    """Return the targets that could not be tested, and why."""
    return [
        (visible(each.target), visible(f"{each.what}. {each.remedy}")) for each in columns.run.lost
    ]


def news(columns: Columns) -> list[dict[str, str]]:
    """Return what is new beside what was known, or is known no more."""
    return [
        {
            "standing": str(item.standing),
            "name": item.fingerprint,
            "target": visible(item.target),
            "summary": visible(item.summary),
            "note": visible(item.note),
            "shown": "yes" if item.fingerprint in columns.numbers else "",
        }
        for target in columns.targets
        for item in target.items
        if item.news
    ]


def causes(columns: Columns) -> Iterator[ToldCause]:
    """Yield the root causes, the worst first."""
    for each in columns.causes:
        yield _cause(columns, each)


def _cause(columns: Columns, each: ShownCause) -> ToldCause:
    cause, target = each.cause, columns.targets[each.place].summary
    finding = cause.finding
    worst = each.worst.severity
    severity = "" if worst is Severity.MUST else f" ({worst})"
    ways, cases = cause.ways[1:], cause.cases
    return ToldCause(
        name=each.name,
        summary=visible(finding.summary),
        weight=str(each.worst.weight),
        counts=worst is Severity.MUST and Mark.INTENDED not in each.worst.marks,
        rule=finding.rule,
        words=weighed(each.worst) + severity,
        cases=number(max(each.cases)),
        letters=each.letters,
        standing=", ".join(dict.fromkeys(str(item.standing) for item in each.items)),
        facts=tuple(_facts(columns, each)),
        evidence="\n".join(_tail(finding.evidence.transcript, _TRANSCRIPT)),
        stderr="\n".join(_tail(finding.evidence.stderr.strip().splitlines(), _STDERR)),
        reproducer=shown(finding.reproducer.strip("\n")),
        replay=visible(replay(finding, target.build)),
        ways=tuple(visible(f"{way.summary} ({way.case})") for way in ways[:_WAYS]),
        more_ways=number(len(ways) - _WAYS) if len(ways) > _WAYS else "",
        examples=tuple(map(visible, _beginning(finding.case, cases)[:_CASES])),
        more_cases=number(len(cases) - _CASES) if len(cases) > _CASES else "",
    )


def _beginning(first: str, cases: Sequence[str]) -> list[str]:
    return [first, *(case for case in cases if case != first)]


def _facts(columns: Columns, each: ShownCause) -> Iterator[Fact]:
    finding = each.cause.finding
    severity = "" if finding.severity is Severity.MUST else f" ({finding.severity})"
    yield "Promised", visible(finding.expected)
    yield "Rule", visible(f"{finding.rule}{severity}: {finding.why}")
    yield "Does", visible(weighed(finding))
    yield "Case", visible(f"{finding.case}, {OUTCOMES[finding.outcome]}")
    if finding.plays:
        yield "Comes and goes", plays(finding)
    if finding.evidence.exit_status is not None:
        yield "Process", _ending(finding.evidence)
    yield "Seen in", counted(each.cases[each.place], "case")
    if len(columns.targets) > 1:
        yield "Shown as on", visible(columns.targets[each.place].name)
        yield "Newest builds", visible("; ".join(_newest(columns, each)))
    for item in each.items:
        note = f"{item.target}: {item.standing}{f', {item.note}' if item.note else ''}"
        yield "Beside what was known", visible(note)


def _ending(evidence: Evidence) -> str:
    return ending(evidence.exit_status) or ""


def _newest(columns: Columns, each: ShownCause) -> Iterator[str]:
    """Yield in which of the newest builds of each program and architecture it still is."""
    groups: dict[str, list[str]] = {}
    for place in columns.newest:
        letter = each.letters[place]
        word = "not known in" if not letter else "still in" if letter in _GOES_ON else "not in"
        groups.setdefault(word, []).append(columns.targets[place].name)
    for word in ("still in", "not in", "not known in"):
        if word in groups:
            yield f"{word} {', '.join(groups[word])}"


def _tail(lines: Sequence[str], limit: int) -> list[str]:
    left_out = len(lines) - limit
    head = [f"... {counted(left_out, 'earlier line')} left out"] if left_out > 0 else []
    return head + [_short(visible(line)) for line in lines[-limit:]]


def _short(line: str) -> str:
    left_out = len(line) - _LINE
    return line if left_out <= 0 else f"{line[:_LINE]}... {counted(left_out, 'character')} left out"


def kinds(columns: Columns) -> Iterator[tuple[str, list[str]]]:
    """Yield each kind of subject, and for each build its passed cases and what is broken."""
    for kind in SubjectKind:
        found = [_sum(target, kind) for target in columns.builds]
        if any(found):
            yield (
                f"{kind}s" if kind is not SubjectKind.PROTOCOL else str(kind),
                [_kind_cell(counts) for counts in found],
            )


def _kind_cell(counts: Counts) -> str:
    if not counts:
        return ""
    told = f"{number(counts.get(Outcome.PASS, 0))} of {number(sum(counts.values()))}"
    broken = sum(counts.get(each, 0) for each in BROKEN)
    return f"{told}, {number(broken)} broken" if broken else told


def _sum(target: TargetSummary, kind: SubjectKind) -> Counts:
    found = Counter[Outcome]()
    for row in target.rows:
        if row.kind is kind:
            for counts in row.cells.values():
                found.update(counts)
    return found


def broken_subjects(columns: Columns) -> list[tuple[str, list[str]]]:
    """Return the subjects with something broken, and for each build what is."""
    found: dict[str, list[str]] = {}
    for place, target in enumerate(columns.builds):
        for row in target.rows:
            counts = Counter[Outcome]()
            for each in row.cells.values():
                counts.update({key: count for key, count in each.items() if key in BROKEN})
            if counts:
                cells = found.setdefault(visible(row.subject), [""] * len(columns.builds))
                cells[place] = " ".join(f"{LETTERS[key]}{counts[key]}" for key in sorted(counts))
    return sorted(found.items())


def coverage(columns: Columns) -> Iterator[tuple[str, list[str]]]:
    """Yield what was looked at, and for each build how much of it."""
    lines = {
        "Commands with an accepted valid request": [each.commands for each in columns.builds],
        "Events provoked": [each.events for each in columns.builds],
        "Sessions of the official client kept": [each.sessions for each in columns.builds],
    }
    for name, shares in lines.items():
        if any(share.whole for share in shares):
            yield (
                name,
                [
                    f"{number(share.part)} of {number(share.whole)}" if share.whole else ""
                    for share in shares
                ],
            )
    yield "Rules kept wherever they were tested", [_kept(each.rules) for each in columns.builds]


def _kept(rules: Sequence[RuleRow]) -> str:
    tested = [each for each in rules if each.passed or each.broken]
    return f"{number(sum(each.kept for each in tested))} of {number(len(tested))}"


def untested(columns: Columns) -> Iterator[tuple[str, str, list[str]]]:
    """Yield each outcome without a verdict, what it means, and how many cases have it."""
    for outcome in Outcome:
        counts = [each.totals.get(outcome, 0) for each in columns.builds]
        if outcome not in _DECIDED and any(counts):
            numbers = [number(count) if count else "" for count in counts]
            yield OUTCOMES[outcome], MEANINGS.get(outcome, ""), numbers


def reasons(columns: Columns) -> Iterator[tuple[str, list[tuple[str, list[str]]]]]:
    """Yield each build and the commonest reasons of its cases without a verdict, by outcome."""
    for target in columns.targets:
        told = []
        for outcome in target.summary.totals:
            found = Counter(
                {r.reason: r.count for r in target.summary.reasons if r.outcome is outcome}
            )
            lines = [
                f"{number(count)}: {_short(visible(reason)) or 'no reason given'}"
                for reason, count in found.most_common(_REASONS)
            ]
            if outcome not in _DECIDED and lines:
                told.append((OUTCOMES[outcome], lines))
        if told:
            yield visible(target.name), told


def rules(columns: Columns) -> Iterator[tuple[RuleRow, list[tuple[str, bool]]]]:
    """Yield each rule that cases are about, and for each build how many show it kept, or broken."""
    found: dict[str, list[RuleRow | None]] = {}
    for place, target in enumerate(columns.builds):
        for row in target.rules:
            found.setdefault(row.rule, [None] * len(columns.builds))[place] = row
    for rows in found.values():
        if any(row and row.cases for row in rows):
            first = next(row for row in rows if row)
            yield first, [_rule_cell(row) for row in rows]


def _rule_cell(row: RuleRow | None) -> tuple[str, bool]:
    """Return the passed cases, and the broken ones behind them, and whether there are any."""
    if row is None or not row.cases:
        return "", False
    if row.broken:
        return f"{number(row.passed)}, {number(row.broken)} broken", True
    return (number(row.passed) if row.passed else "no verdict"), False


def changes(columns: Columns) -> Iterator[tuple[str, list[str]]]:
    """Yield how many root causes each build has, by weight, and what came and went before it."""
    for weight in columns.weights():
        yield (
            str(weight),
            [
                _count(weight == each.worst.weight for each in _those(columns, place))
                for place in range(len(columns.targets))
            ],
        )
    yield "in all", [_count(_those(columns, place)) for place in range(len(columns.targets))]
    if any(place is not None for place in columns.before):
        yield "new since the build before", _moved(columns, came=True)
        yield "gone since the build before", _moved(columns, came=False)


def _those(columns: Columns, place: int) -> Iterator[ShownCause]:
    return (each for each in columns.causes if (each.letters[place] or " ") in _GOES_ON)


def _count(found: Iterator[Any]) -> str:
    return number(sum(map(bool, found)))


def _moved(columns: Columns, *, came: bool) -> list[str]:
    cells = []
    for place, before in enumerate(columns.before):
        if before is None:
            cells.append("")
            continue
        old, new = (before, place) if came else (place, before)
        moved = sum(
            each.letters[old] == "." and (each.letters[new] or " ") in _GOES_ON
            for each in columns.causes
        )
        cells.append(number(moved))
    return cells


def runs(columns: Columns) -> Iterator[list[Fact]]:
    """Yield what is told of each run itself; its times are nowhere else on the page."""
    for summary in columns.run.summaries:
        yield [(name, visible(text)) for name, text in _run(summary) if text]


def _run(summary: Summary) -> Iterator[Fact]:
    started, ended = summary.started, summary.ended
    yield "Targets", ", ".join(each.build.target for each in summary.targets)
    if started is not None:
        yield "Suite", f"{started.suite}, seed {started.seed}"
        yield "Selection", ", ".join(started.selection) or "every case"
        yield "Begun", started.time
    if ended is not None:
        whole = "whole" if summary.complete else "partial"
        yield "Ended", f"{ended.time} ({whole}), exit code {ended.exit_code}"
        yield "Took", f"{ended.seconds:.0f} s"
    yield "", resumed(started) or ""
    yield "", memory_words(ended) or ""
    if started is not None:
        yield "Host", "; ".join(f"{name}: {told}" for name, told in sorted(started.host.items()))
