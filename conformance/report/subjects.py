"""The tables of the published report with a row for each subject, as Markdown.

Knows nothing of findings.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final

from conformance.model.counting import number
from conformance.model.terms import Aspect, Outcome, SubjectKind
from conformance.report.coverage import CommandCoverage, EventCoverage, Share
from conformance.report.markup import code, code_cell, folded, plain, row
from conformance.report.result import Counts, SubjectRow, TargetSummary, shown_aspects
from conformance.report.wording import OUTCOMES, accepted_commands, kept_sessions, provoked_events

# For the narrow cells of the tables.
_BRIEFLY: Final = {
    Outcome.REFUSED_DIFFERENTLY: "differently",
    Outcome.NOT_APPLICABLE: "n/a",
    Outcome.UNTESTABLE_HERE: "untestable",
    Outcome.BLOCKED_BY_FINDING: "blocked",
}
_COLUMNS: Final = (Aspect.VALID, Aspect.INVALID, Aspect.EFFECT, Aspect.GATES, Aspect.ERRORS)
"""The aspects of commands with columns of their own; the others share one."""
_KEPT_SPACE: Final = "\N{NO-BREAK SPACE}"
_HEADS: Final = (
    "Command",
    "Members",
    "Valid",
    "Invalid",
    "Effect",
    "Gates",
    "Errors",
    "Named",
    "Left out",
    "Other",
)
_LEGEND: Final = (
    "**Members**: those of the arguments at all depths that a judged case tried, of those in the "
    "schema. **Valid**: accepted, of those sent. **Invalid**: refused where the same request "
    "without the fault was accepted, of those sent; where that was refused with other words, the "
    "fault was seen (refused differently); what was refused and shows nothing is vacuous. "
    "**Effect**, **Gates**, **Errors**: passed, of those sent. **Named**: refusals that name the "
    "member at fault, which nothing promises. **Left out**: places in the arguments "
    "whose type is among them already, and which are not entered again. **Other**: cases of the "
    "remaining aspects."
)


def subjects(target: TargetSummary) -> Iterator[str]:
    """Yield the sections about commands, events and object types; empty kinds have none."""
    by_kind = {kind: [each for each in target.rows if each.kind is kind] for kind in SubjectKind}
    if by_kind[SubjectKind.COMMAND]:
        yield from _commands(by_kind[SubjectKind.COMMAND], target.commands)
    if by_kind[SubjectKind.EVENT]:
        yield from _events(by_kind[SubjectKind.EVENT], target.events)
    if by_kind[SubjectKind.OBJECT_TYPE]:
        yield from _by_aspect("Object types", by_kind[SubjectKind.OBJECT_TYPE])
    if by_kind[SubjectKind.DEVICE_TYPE]:
        yield from _by_aspect("Device types", by_kind[SubjectKind.DEVICE_TYPE])
    if by_kind[SubjectKind.PROTOCOL]:
        yield from _protocol(by_kind[SubjectKind.PROTOCOL], target.sessions)


def _commands(rows: Sequence[SubjectRow], share: Share) -> Iterator[str]:
    yield "### Commands"
    yield ""
    if share.whole:
        yield f"{accepted_commands(share)}."
        yield ""
    tried = [each for each in rows if _applies(each)]
    if tried:
        yield _LEGEND
        yield ""
        yield row(_HEADS)
        yield row([":--", *["--:"] * (len(_HEADS) - 1)])
        for each in tried:
            if isinstance(each.reached, CommandCoverage):
                yield row(_command(each, each.reached))
            else:
                yield row([code_cell(each.subject), *[""] * (len(_HEADS) - 2), _sum(each.cells)])
        yield ""
    yield from _answers(rows)
    yield from _arguments(rows)
    yield from _without_cases([each for each in rows if not _applies(each)])
    yield from _refusing(rows)


def _command(each: SubjectRow, reached: CommandCoverage) -> Iterator[str]:
    valid, invalid, effect, gates, errors = (each.cells.get(aspect, {}) for aspect in _COLUMNS)
    yield code_cell(each.subject)
    yield _share(Share(part=reached.covered, whole=reached.members))
    yield _share(reached.valid, valid)
    yield _share(reached.invalid, invalid)
    yield plain(reached.unseen) or _share(reached.effect, effect)
    yield _share(reached.gates, gates)
    yield _share(reached.errors, errors)
    yield _share(reached.named)
    yield number(reached.left_out) if reached.left_out else ""
    yield _sum({aspect: told for aspect, told in each.cells.items() if aspect not in _COLUMNS})


def _answers(rows: Sequence[SubjectRow]) -> Iterator[str]:
    """Yield the table of the commands that answer something, and how much of it is looked at."""
    told = [
        (each, each.reached)
        for each in rows
        if isinstance(each.reached, CommandCoverage) and each.reached.told.whole
    ]
    if not told:
        return
    looked = sum(bool(reached.known.part) for _, reached in told)
    yield (
        f"**Answers**: the content of {number(looked)} of {number(len(told))} commands that answer "
        "something was compared with what is known from elsewhere. *Told*: members of the answer "
        "that were there when a case looked, of those in the schema. *Known*: those with the value "
        "that was known before."
    )
    yield ""
    yield row(["Command", "Told", "Known", "Cases"])
    yield row([":--", "--:", "--:", "--:"])
    for each, reached in told:
        yield row(
            [
                code_cell(each.subject),
                _share(reached.told),
                _share(reached.known),
                _cell(each.cells.get(Aspect.ANSWERS, {})),
            ]
        )
    yield ""


def _arguments(rows: Sequence[SubjectRow]) -> Iterator[str]:
    """Yield the table of the commands with accepted arguments, and how many of those were seen."""
    given = [
        (each, each.reached)
        for each in rows
        if isinstance(each.reached, CommandCoverage) and each.reached.looked.whole
    ]
    if not given:
        return
    looked = sum(reached.looked.part for _, reached in given)
    whole = sum(reached.looked.whole for _, reached in given)
    yield (
        f"**Arguments**: {number(looked)} of {number(whole)} members of arguments with an accepted "
        "value were read back. Nothing shows what the others did: they were accepted "
        "only."
    )
    yield ""
    yield row(["Command", "Read back", "Accepted only"])
    yield row([":--", "--:", ":--"])
    for each, reached in given:
        only = ", ".join(map(code_cell, reached.accepted_only))
        yield row([code_cell(each.subject), _share(reached.looked), only])
    yield ""


def _refusing(rows: Sequence[SubjectRow]) -> Iterator[str]:
    """Yield the table of the commands that accepted no valid request."""
    why = {
        each.subject: each.reached.why_not
        for each in rows
        if isinstance(each.reached, CommandCoverage) and each.reached.why_not
    }
    if not why:
        return
    yield row(["Nothing valid accepted", "Why"])
    yield row([":--", ":--"])
    yield from (row([code_cell(name), plain(reason)]) for name, reason in why.items())
    yield ""


def _applies(each: SubjectRow) -> bool:
    """Return whether a subject has cases that apply to the build."""
    return any(counts.keys() - {Outcome.NOT_APPLICABLE} for counts in each.cells.values())


def _without_cases(rows: Sequence[SubjectRow]) -> Iterator[str]:
    """Yield a line for each group of subjects without cases, for the same reason."""
    notes: dict[str, list[str]] = {}
    for each in rows:
        nothing = "nothing of it applies to this build" if each.cells else "no case of it was run"
        notes.setdefault(each.note or nothing, []).append(each.subject)
    for note, names in notes.items():
        told = ", ".join(map(code, names))
        yield from folded(f"{number(len(names))}: {note}", [told])


def _events(rows: Sequence[SubjectRow], share: Share) -> Iterator[str]:
    yield "### Events"
    yield ""
    yield f"{provoked_events(share)}."
    yield ""
    told = [
        (each, each.reached)
        for each in rows
        if isinstance(each.reached, EventCoverage) and (each.cells or each.reached.seen)
    ]
    if told:
        yield row(["Event", "Came", "Cases", "Why it was not provoked"])
        yield row([":--", ":--", "--:", ":--"])
        for each, reached in told:
            came = "provoked" if reached.provoked else "seen besides" if reached.seen else "no"
            cells = [code_cell(each.subject), came, _sum(each.cells), plain(reached.why_not)]
            yield row(cells)
        yield ""
    shown = {each.subject for each, _ in told}
    yield from _without_cases([each for each in rows if each.subject not in shown])


def _protocol(rows: Sequence[SubjectRow], sessions: Share) -> Iterator[str]:
    yield from _by_aspect("Protocol", rows)
    if sessions.whole:
        yield f"{kept_sessions(sessions)}."
        yield ""


def _by_aspect(heading: str, rows: Sequence[SubjectRow]) -> Iterator[str]:
    aspects = shown_aspects(rows)
    yield f"### {heading}"
    yield ""
    if aspects:
        yield row([heading, *map(str, aspects)])
        yield row([":--", *("--:" for _ in aspects)])
        for each in rows:
            if each.cells:
                cells = [_cell(each.cells.get(aspect, {})) for aspect in aspects]
                yield row([code_cell(each.subject), *cells])
        yield ""
    yield from _without_cases([each for each in rows if not each.cells])


def _share(share: Share, counts: Counts | None = None) -> str:
    """Return a share, and how many of the cases did not pass."""
    others = dict(counts or {})
    others.pop(Outcome.PASS, None)
    told = [f"{number(share.part)} / {number(share.whole)}"] if share.whole else []
    return _lines([*told, *_told(others)])


def _sum(cells: Mapping[Aspect, Counts]) -> str:
    total: Counter[Outcome] = Counter()
    for counts in cells.values():
        total.update(counts)
    return _cell({outcome: total[outcome] for outcome in Outcome if outcome in total})


def _cell(counts: Counts) -> str:
    return _lines(_told(counts))


def _lines(told: Iterable[str]) -> str:
    """Return the content of a cell, broken nowhere else, however narrow it is."""
    return "<br>".join(line.replace(" ", _KEPT_SPACE) for line in told)


def _told(counts: Counts) -> Iterator[str]:
    # A tick marks only what passed; what broke is bold.
    for outcome, count in counts.items():
        match outcome:
            case Outcome.PASS:
                yield f"{number(count)} ✓"
            case Outcome.FAIL | Outcome.CRASH | Outcome.TIMEOUT | Outcome.HARNESS_ERROR:
                yield f"**{number(count)} {OUTCOMES[outcome]}**"
            case _:
                yield f"{number(count)} {_BRIEFLY.get(outcome, OUTCOMES[outcome])}"
