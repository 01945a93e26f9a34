"""What a page holds packed: an index, the cases by subject, and the evidence by root cause.

A reader opens the index, and of the others only what is looked at.  No time is in them: two runs of
one build have equal ones.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from conformance.model import canonical
from conformance.model.counting import number
from conformance.model.terms import Aspect, Outcome, SubjectKind
from conformance.report.coverage import CommandCoverage, EventCoverage, Share
from conformance.report.formats.told import ToldCase
from conformance.report.html.columns import Columns, ShownCause
from conformance.report.html.packing import Numbered, packed, shown
from conformance.report.result import Counts, SubjectRow
from conformance.report.stream import Finding
from conformance.report.table import LETTERS
from conformance.report.wording import MEANINGS, OUTCOMES, build, ending, visible

LETTER: Final = {**LETTERS, Outcome.PASS: ".", Outcome.NOT_APPLICABLE: "/"}
"""One character for each outcome."""
_ABSENT: Final = " "
"""The build has no such case."""
_FULL: Final = 200_000
"""The characters of JSON from which on a chunk takes no further subject."""
_ASPECTS: Final = {aspect: place for place, aspect in enumerate(Aspect)}

_Subject = tuple[SubjectKind, str]


@dataclass(slots=True)
class _Shelf:
    """The cases of some subjects, on their way into one chunk."""

    texts: Numbered = field(default_factory=lambda: Numbered.of([""]))
    rules: Numbered = field(default_factory=lambda: Numbered.of([()]))
    subjects: dict[str, Any] = field(default_factory=dict)
    size: int = 0

    def put(self, place: int, content: Any) -> None:
        self.subjects[str(place)] = content
        self.size += len(canonical.compact(content))

    def chunk(self) -> Any:
        return {"texts": self.texts.values, "rules": self.rules.values, "subjects": self.subjects}


def chunks_of(columns: Columns) -> Iterator[tuple[str, str]]:
    """Yield the id and the text of each chunk; that of the index is "index"."""
    rows = _rows(columns)
    cases = _cases(columns)
    rules = Numbered.of(each.cause.finding.rule for each in columns.causes)
    places = []
    made: list[Any] = []
    shelf = _Shelf()
    for place, subject in enumerate(rows):
        if shelf.size > _FULL:
            made.append(shelf.chunk())
            shelf = _Shelf()
        told = [
            _case(name, found, shelf, rules, columns)
            for name, found in sorted(cases.get(subject, {}).items(), key=_in_order)
        ]
        covered = [_covered(row) for row in rows[subject]]
        shelf.put(place, {"cases": told, "covered": covered if any(covered) else []})
        places.append(len(made))
    made.append(shelf.chunk())
    evidence = _findings(columns)
    subjects = {subject: place for place, subject in enumerate(rows)}
    causes = [_cause(each, evidence[each.name], subjects) for each in columns.causes]
    yield "index", packed({**_index(columns, rows, places, rules), "causes": causes})
    for place, chunk in enumerate(made):
        yield f"cases-{place}", packed(chunk)
    for place, cause in enumerate(columns.causes):
        yield f"cause-{place}", packed(_evidence(evidence[cause.name]))


def _rows(columns: Columns) -> dict[_Subject, list[SubjectRow | None]]:
    """Return the rows of each subject, build by build, kind by kind and then by name."""
    found: dict[_Subject, list[SubjectRow | None]] = {}
    count = len(columns.builds)
    for place, each in enumerate(columns.builds):
        for row in each.rows:
            found.setdefault((row.kind, row.subject), [None] * count)[place] = row
    kinds = [*SubjectKind]
    return dict(sorted(found.items(), key=lambda item: (kinds.index(item[0][0]), item[0][1])))


def _cases(columns: Columns) -> dict[_Subject, dict[str, list[ToldCase | None]]]:
    found: dict[_Subject, dict[str, list[ToldCase | None]]] = {}
    count = len(columns.targets)
    for place, target in enumerate(columns.targets):
        for case in target.cases:
            of_subject = found.setdefault((case.ended.subject_kind, case.ended.subject), {})
            of_subject.setdefault(case.id, [None] * count)[place] = case
    return found


def _in_order(item: tuple[str, Sequence[ToldCase | None]]) -> tuple[int, str]:
    name, found = item
    return min(_ASPECTS[each.ended.aspect] for each in found if each), name


def _case(
    name: str, found: Sequence[ToldCase | None], shelf: _Shelf, rules: Numbered, columns: Columns
) -> list[Any]:
    """Return a case: aspect, id, a letter for each build, rules, reasons, root causes."""
    there = [each for each in found if each is not None]
    cited = sorted({rule for each in there for rule in each.ended.rules})
    reasons = [shelf.texts.number(visible(each.ended.reason)) if each else 0 for each in found]
    causes = [
        [place, *sorted({columns.numbers[finding.fingerprint] for finding in each.findings})]
        for place, each in enumerate(found)
        if each and each.findings
    ]
    told: list[Any] = [
        _ASPECTS[there[0].ended.aspect],
        visible(name),
        "".join(LETTER[each.ended.outcome] if each else _ABSENT for each in found),
        shelf.rules.number(tuple(rules.number(rule) for rule in cited)),
    ]
    if any(reasons) or causes:
        told.append(reasons if any(reasons) else 0)
    return [*told, causes] if causes else told


def _index(
    columns: Columns,
    rows: dict[_Subject, list[SubjectRow | None]],
    places: Sequence[int],
    rules: Numbered,
) -> Any:
    promises = {
        rule.rule: (visible(rule.promise), str(rule.severity))
        for each in columns.builds
        for rule in each.rules
    }
    notes = Numbered.of([""])
    kinds = [*SubjectKind]
    return {
        "builds": [
            {
                "name": visible(target.name),
                "text": visible(build(target.summary)),
                "spelling": visible(target.summary.build.spelling),
            }
            for target in columns.targets
        ],
        "outcomes": [[LETTER[each], OUTCOMES[each], MEANINGS.get(each, "")] for each in Outcome],
        "aspects": [*map(str, Aspect)],
        "kinds": [*map(str, SubjectKind)],
        "rules": [[rule, *promises.get(rule, ("", ""))] for rule in rules.values],
        "subjects": [
            [
                kinds.index(kind),
                visible(name),
                place,
                [_counts(_total(row)) if row else "" for row in found],
                [notes.number(visible(row.note)) if row else 0 for row in found],
            ]
            for ((kind, name), found), place in zip(rows.items(), places, strict=True)
        ],
        "notes": notes.values,
    }


def _cause(
    each: ShownCause, found: dict[int, list[Finding]], subjects: dict[_Subject, int]
) -> list[Any]:
    """Return a root cause: name, weight, rule, what happened, letters, the numbers of subjects."""
    finding = each.cause.finding
    letters = "".join(letter or _ABSENT for letter in each.letters)
    told = [each.name, str(each.worst.weight), finding.rule, visible(finding.summary), letters]
    shown_by = {(seen.subject_kind, seen.subject) for group in found.values() for seen in group}
    places = sorted(subjects[each] for each in shown_by if each in subjects)
    return [*told, places]


def _total(row: SubjectRow) -> Counts:
    """Return the cases of a row by outcome."""
    found: dict[Outcome, int] = {}
    for counts in row.cells.values():
        for outcome, count in counts.items():
            found[outcome] = found.get(outcome, 0) + count
    return {outcome: found[outcome] for outcome in Outcome if outcome in found}


def _counts(counts: Counts) -> str:
    return "".join(f"{LETTER[outcome]}{count}" for outcome, count in counts.items())


def _covered(row: SubjectRow | None) -> list[str]:
    """Return in words what the cases of a subject cover."""
    if row is None or row.reached is None:
        return []
    if isinstance(row.reached, EventCoverage):
        if row.reached.provoked:
            return ["provoked"]
        seen = "came, though no recipe provokes it" if row.reached.seen else "never came"
        return [visible(f"{seen}: {row.reached.why_not}")]
    return [visible(words) for words in _command(row.reached)]


def _command(reached: CommandCoverage) -> Iterator[str]:
    yield from _share("members of its arguments", reached.covered, reached.members)
    yield from _part("valid requests accepted", reached.valid)
    yield from _part("invalid requests refused for their fault", reached.invalid)
    yield from _part("accepted members that a query shows", reached.looked)
    yield from _part("members of its answer looked at", reached.told)
    yield from _part("of them with a value known beforehand", reached.known)
    if reached.why_not:
        yield f"nothing accepted: {reached.why_not}"


def _part(what: str, share: Share) -> Iterator[str]:
    yield from _share(what, share.part, share.whole)


def _share(what: str, part: int, whole: int) -> Iterator[str]:
    if whole:
        yield f"{what}: {number(part)} of {number(whole)}"


def _findings(columns: Columns) -> dict[str, dict[int, list[Finding]]]:
    """Return the findings of all cases by root cause and build."""
    found: dict[str, dict[int, list[Finding]]] = {each.name: {} for each in columns.causes}
    for place, target in enumerate(columns.targets):
        for finding in (finding for case in target.cases for finding in case.findings):
            found[finding.fingerprint].setdefault(place, []).append(finding)
    return found


def _evidence(found: dict[int, list[Finding]]) -> Any:
    """Return all that shows a root cause: by build, a finding for each case."""
    texts = Numbered.of([""])
    builds = {
        str(place): [_finding(finding, texts) for finding in findings]
        for place, findings in found.items()
    }
    return {"texts": texts.values, "builds": builds}


def _finding(finding: Finding, texts: Numbered) -> list[Any]:
    """Return case, letter, rule, and the numbers of what happened, evidence and reproducer."""
    evidence = finding.evidence
    end = ending(evidence.exit_status)
    told = (
        visible(finding.summary),
        visible(finding.expected),
        visible(f"the process {end}") if end else "",
        shown(evidence.stderr.strip("\n")),
        shown(finding.reproducer.strip("\n")),
    )
    return [
        visible(finding.case),
        LETTER[finding.outcome],
        finding.rule,
        *map(texts.number, told),
        [texts.number(visible(line)) for line in evidence.transcript],
    ]
