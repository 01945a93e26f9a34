"""Judges what a process does beside its answers: what it writes to stderr, and its descriptors.

Knows no kind of report by name: these are data.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Final

from conformance.judge.miss import Miss
from conformance.judge.observation import Observation, Said, Taken, Talk
from conformance.model.case import Case, Role
from conformance.model.complaint import Complaint, Complaints
from conformance.model.expectation import Kind
from conformance.model.terms import SubjectKind

_DESCRIPTORS: Final = "X40"
_IDLE: Final = "X41"
_BUSY: Final = 0.2
"""The part of a rest that a program may work: an idle one uses a hundredth, one that spins all of
it, or a fourth on a host with other work."""
_COST: Final = "X42"
_LONG: Final = 1.0
_STEEP: Final = 8.0
"""The CPU seconds of an answer that are worth a word, and how many times those for a fourth of the
things: four times as long is in order, and twice that is beyond what a loaded host adds."""
_NAMES: Final = ("standard input", "standard output", "standard error")
_FRAMES: Final = 3
"""How many functions of a stack tell a defect: one alone may be a helper of many."""
_LINES: Final = 20
"""How many lines of a report to show: the rest is what the memory around looks like."""
_TO_COME: Final = 60
"""How many lines a report may have before its stack ends."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """A report of a program about itself: its kind, what is wrong, where, and its text.

    Nothing in it differs from run to run; `defect` is the same for all builds. Of a leak, `bytes`
    and `objects` count what is lost.
    """

    complaint: Complaint
    words: str
    defect: str
    functions: tuple[str, ...]
    text: str
    bytes: int = 0
    objects: int = 0

    @property
    def place(self) -> str:
        """The innermost function that says something, as the end of a sentence; "" if unknown."""
        return f" (in {self.functions[0]})" if self.functions else ""


def reports_in(text: str, complaints: Complaints) -> Iterator[Report]:
    """Yield the reports in a program's output, in order."""
    lines = text.splitlines()
    for number, line in enumerate(lines):
        begun = _begun(line, complaints)
        if begun is not None:
            yield _report(*begun, lines[number : number + _TO_COME], complaints)


def _begun(line: str, complaints: Complaints) -> tuple[Complaint, re.Match[str]] | None:
    """Return which report begins with a line, None if none does."""
    found = ((kind, kind.begins.search(line)) for kind in complaints.kinds)
    return next(((kind, match) for kind, match in found if match is not None), None)


def _report(
    kind: Complaint, begins: re.Match[str], lines: list[str], complaints: Complaints
) -> Report:
    counts = begins.groupdict()
    functions, length = _stack(lines[1:], complaints)
    words = _masked(begins["words"].strip(), complaints.masks)
    file = (counts.get("file") or "").rpartition("/")[2]
    where = functions or ([file] if file else [])
    return Report(
        complaint=kind,
        words=words,
        defect=" ".join([_masked(words, complaints.compared), *where]),
        functions=tuple(functions),
        text=_masked("\n".join(lines[: 1 + min(length, _LINES - 1)]), complaints.masks),
        bytes=int(counts.get("bytes") or 0),
        objects=int(counts.get("objects") or 0),
    )


def _stack(lines: list[str], complaints: Complaints) -> tuple[list[str], int]:
    """Return the functions of the first stack in `lines`, and how many lines reach its end."""
    functions: list[str] = []
    began, length = False, 0
    for number, line in enumerate(lines, start=1):
        found = next(filter(None, (each.search(line) for each in complaints.frames)), None)
        if found is not None:
            began, length = True, number
            name = found["function"]
            if not any(fnmatchcase(name, glob) for glob in complaints.passed_over):
                functions.append(name)
        elif began or _begun(line, complaints):
            break
    return functions[:_FRAMES], length


def _masked(text: str, masks: Mapping[re.Pattern[str], str]) -> str:
    for pattern, word in masks.items():
        # Not as a template: a word has no escapes.
        text = word.join(pattern.split(text))
    return text


def process_misses(
    case: Case, seen: Observation | Talk, complaints: Complaints
) -> tuple[Miss, ...]:
    """Return what the process did beside its answers while a case ran."""
    return (
        *_report_misses(case, seen, complaints),
        *_descriptor_misses(case, seen, complaints),
        *_idle_misses(case, seen),
        *_time_misses(case, seen),
    )


def lost_only(seen: Observation | Talk, complaints: Complaints) -> bool:
    """Return whether all that a program reported at its end is what it had not freed."""
    found = [*reports_in(seen.said[-1].text, complaints)] if seen.said else []
    return bool(found) and all(each.complaint.leak for each in found)


def last_report(seen: Observation | Talk, complaints: Complaints) -> Report | None:
    """Return the report with which a program died, None if it made none then.

    What it wrote before and lived is no cause.
    """
    found = [*reports_in(seen.said[-1].text, complaints)] if seen.said and seen.death else []
    deadly = [each for each in found if not each.complaint.leak]
    return deadly[-1] if deadly else None


def _report_misses(case: Case, seen: Observation | Talk, complaints: Complaints) -> Iterator[Miss]:
    """Yield what a program reported about itself and lived; leaks are judged elsewhere."""
    folds: set[str] = set()
    deadly = last_report(seen, complaints)
    for said in seen.said:
        for report in reports_in(said.text, complaints):
            miss = _miss(case, said, report)
            if not report.complaint.leak and report != deadly and miss.fold not in folds:
                folds.add(miss.fold)
                yield miss


def _miss(case: Case, said: Said, report: Report) -> Miss:
    request = _asked(case, said.step)
    guilty = _guilty(case, said.step, precise=bool(report.functions))
    return Miss(
        rule=report.complaint.rule,
        kind=Kind.PROCESS,
        summary=f"{request}: QEMU wrote to standard error: {report.words}{report.place}",
        expected="nothing of the kind on standard error",
        fold=f"report {report.complaint.rule} {report.defect} {guilty}",
        stderr=report.text,
    )


def _guilty(case: Case, number: int, *, precise: bool) -> str:
    """Return what was asked, for the fold: the same may go wrong for different causes.

    Unless what was seen is `precise`, the object that holds the argument tells defects of one kind
    apart: what reads one of its members reads the others.
    """
    if case.exchange is not None or not 0 <= number < len(case.steps):
        return case.subject.name
    step = case.steps[number]
    words = [step.request.execute]
    words += [case.subject.name] * (case.subject.kind is not SubjectKind.COMMAND)
    about = step.role in (Role.SUBJECT, Role.WITNESS) and case.subject.kind is SubjectKind.COMMAND
    words += [case.about.rpartition(".")[0] or case.about] * (about and not precise)
    return " ".join(filter(None, words))


def _descriptor_misses(
    case: Case, seen: Observation | Talk, complaints: Complaints
) -> Iterator[Miss]:
    """Yield the standard descriptors that were closed or replaced, unless the case gave them up."""
    for taken in seen.taken or ():
        if taken.number in _given_up(case, taken.step, complaints):
            continue
        request = _asked(case, taken.step)
        yield Miss(
            rule=_DESCRIPTORS,
            kind=Kind.PROCESS,
            summary=f"{request}: QEMU {_done(taken)}",
            expected="descriptors 0 to 2 stay what they were at the start",
            fold=f"descriptor {taken.number} {_guilty(case, taken.step, precise=False)}",
        )


def _given_up(case: Case, step: int, complaints: Complaints) -> set[int]:
    """Return the descriptors that requests up to a step have handed to a device."""
    requests = (*case.stage.setup, *(each.request for each in case.steps[: step + 1]))
    texts = [request.text() for request in requests]
    return {
        number
        for pattern, numbers in complaints.handed.items()
        if any(map(pattern.search, texts))
        for number in numbers
    }


def _done(taken: Taken) -> str:
    what = f"descriptor {taken.number} ({_NAMES[taken.number]})"
    return f"closed its {what}" if taken.closed else f"put another file in place of its {what}"


def _asked(case: Case, step: int) -> str:
    """Return the request that was awaited, or what an exchange is about."""
    if case.exchange is not None or not 0 <= step < len(case.steps):
        return case.subject.name
    return case.steps[step].request.execute


def _idle_misses(case: Case, seen: Observation | Talk) -> Iterator[Miss]:
    """Yield that the program worked although it was asked nothing."""
    if case.measure is None or isinstance(seen, Talk) or seen.idle is None:
        return
    if seen.idle > _BUSY * case.measure.rest:
        yield Miss(
            rule=_IDLE,
            kind=Kind.PROCESS,
            # Not how long: it differs from run to run.
            summary=f"while nothing is asked for {case.measure.rest:g} s, QEMU works on",
            expected=f"at most {_BUSY * case.measure.rest:g} s of CPU time",
            fold=f"idle {case.about}",
        )


def _time_misses(case: Case, seen: Observation | Talk) -> Iterator[Miss]:
    """Yield that the time for an answer grows faster than what it describes."""
    if case.measure is None or isinstance(seen, Talk) or len(case.measure.steps) < 2:
        return
    first, *_, last = (seen.cpu[step] for step in case.measure.steps if step < len(seen.cpu))
    if last > _LONG and last > _STEEP * first:
        command = case.steps[case.measure.steps[-1]].request.execute
        counts = case.measure.counts
        yield Miss(
            rule=_COST,
            kind=Kind.PROCESS,
            summary=f"{command}: {counts[-1]} take far longer than {counts[0]}, and over a second",
            expected=f"at most {_STEEP:g} times the CPU time for {counts[-1] // counts[0]} times "
            "as many",
            fold=f"time {command} {case.about}",
        )


def lost_objects(seen: Observation, complaints: Complaints) -> Counter[str]:
    """Return how many objects a program said at its end that it had lost, by defect."""
    lost: Counter[str] = Counter()
    for said in seen.said:
        for report in reports_in(said.text, complaints):
            if report.complaint.leak:
                lost[report.defect] += report.objects
    return lost


def leak_misses(
    case: Case, once: Observation, twice: Observation, complaints: Complaints
) -> Iterator[Miss]:
    """Yield each allocation of which twice as many rounds of a case lose one more a round."""
    assert case.measure is not None, "the case counts rounds"
    rounds, before = case.measure.rounds, lost_objects(once, complaints)
    for said in twice.said:
        for report in reports_in(said.text, complaints):
            more = lost_objects(twice, complaints)[report.defect] - before[report.defect]
            if report.complaint.leak and more >= rounds:
                yield Miss(
                    rule=report.complaint.rule,
                    kind=Kind.PROCESS,
                    summary=f"{case.subject.name}: each request loses memory{report.place}",
                    expected=f"{rounds} more requests lose no more",
                    fold=f"leak {report.defect} {case.subject.name}",
                    stderr=report.text,
                )
