"""Decides a case's outcome from its replies, step by step."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from itertools import islice
from typing import Any, Final

from conformance.judge.defect import death_defect
from conformance.judge.event_times import repeated_misses, time_misses, unexplained
from conformance.judge.events import agreement_misses, event_misses, limit_misses, not_come
from conformance.judge.expect import check, miss_of
from conformance.judge.files import file_misses, shown_misses
from conformance.judge.miss import Miss
from conformance.judge.observation import Broke, Observation
from conformance.judge.process import last_report, lost_only, process_misses
from conformance.judge.reply import MessageJudge
from conformance.judge.waiting import waiting_misses
from conformance.model.case import Case, Claim, Role, Step
from conformance.model.complaint import Complaints
from conformance.model.ending import Ending, ending_text
from conformance.model.expectation import Kind, Problem
from conformance.model.terms import Outcome, SubjectKind
from conformance.wire.framing import Message

_ASSERTION: Final = re.compile(
    r"^.*?(?:Assertion|assertion|ERROR:|GLib: |BUG:|Unexpected error|is not an instance of).*$",
    re.M,
)
"""The line in which a dying QEMU names the cause."""
_MANY: Final = 1000
"""How many unsolicited messages to accept: more than whole batches of requests cause."""
_MISSES: Final = 100
"""How many misses of unsolicited messages to report: each costs a finding, and these show enough.
"""
WITHOUT: Final = "this build was made or packaged without it"
_WELL_BEHAVED: Final = "its peer was not asked for what it would have done badly"
_ADDRESS: Final = re.compile(r"0x[0-9a-f]+|\b\d{4,}\b")


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """The outcome of a case, the reason, and the promises broken."""

    outcome: Outcome
    reason: str = ""
    misses: tuple[Miss, ...] = ()
    missed: frozenset[int] = frozenset()
    """The steps that were not answered as they must be."""
    harmless: bool = True
    """Whether all misses are values read by subject steps: then no state is in doubt."""
    doubts: tuple[Miss, ...] = ()
    """What an earlier case may have caused, too: a case that passes shows it only if it is alone.
    """

    def alone(self) -> Verdict:
        """Return the verdict on a case that had its machine for itself."""
        if self.outcome is not Outcome.PASS or not self.doubts:
            return self
        reason = self.doubts[0].summary
        return replace(self, outcome=Outcome.FAIL, reason=reason, misses=self.doubts, doubts=())


def judge(case: Case, seen: Observation, messages: MessageJudge, first_id: int) -> Verdict:
    """Return the verdict on `case`, whose first request had the id `first_id`.

    The shape and schema of every message are judged. A step that only reads, or is refused with
    another class than it must be, leaves the machine as it should: the next ones are judged, too.
    After any other miss they are not, since their faults follow from it.
    """
    misses = list(islice(_unasked(seen, messages), _MISSES))
    (outcome, reason), harmless = _at_first(seen), True
    earlier: list[Mapping[str, Any]] = []
    missed: set[int] = set()
    for number, (step, line) in enumerate(zip(case.steps, seen.replies, strict=True)):
        if line is None or (seen.broke is Broke.OVERFLOW and number == seen.broke_off):
            break
        withheld = step.expect.withheld
        read = messages.reply(line, step.request, first_id + number, withheld=withheld)
        misses += read.misses
        if read.message is None:
            break
        problems = check(case, step, read.message, earlier)
        earlier.append(read.message)
        late = None if problems else not_come(case, seen, number)
        if late:
            outcome, reason = Outcome.UNTRIED, f"the set-up failed: {late}"
            break
        if not problems:
            continue
        miss, *further = [miss_of(case, step, problem) for problem in problems]
        outcome, reason, counted = _weigh(step, problems[0], miss.summary)
        if counted and miss.kind is Kind.REFUSED and _refused_anyway(case, seen, number):
            outcome, reason, counted = Outcome.VACUOUS, f"never accepted: {miss.summary}", False
        if _is_absent(case, outcome, miss, read.message):
            outcome, reason, counted = Outcome.NOT_APPLICABLE, f"{WITHOUT}: {miss.summary}", False
        misses += [miss, *further] if counted else []
        missed.add(number)
        harmless &= miss.kind is Kind.VALUE and step.role is Role.SUBJECT
        if not (counted and (step.expect.reads or miss.kind is Kind.CLASS)):
            break
    if outcome is Outcome.PASS or _waited_at_last(case, outcome, len(earlier)):
        misses += _at_the_end(case, seen)
    # What the process did comes first: it must be proved, whatever else is wrong.
    beside = () if _is_shadowed(case) else process_misses(case, seen, messages.complaints)
    misses = [*beside, *misses, *file_misses(case, seen), *_of_events(case, seen, messages)]
    if _broke_off(seen) and not _ended_well(case, seen, messages.complaints):
        outcome, reason, misses[:0] = _ended(case, seen, messages.complaints)
        harmless = False
    elif misses:
        outcome, reason = Outcome.FAIL, misses[0].summary
    return Verdict(
        outcome=outcome,
        reason=reason,
        misses=tuple(misses),
        missed=frozenset(missed),
        harmless=harmless and not beside,
        doubts=tuple(unexplained(case, seen, messages.events)) if outcome is Outcome.PASS else (),
    )


def _at_first(seen: Observation) -> tuple[Outcome, str]:
    """Return the outcome and the reason of a case whose replies are as they must be."""
    return (Outcome.PASS, "") if seen.misbehaved else (Outcome.VACUOUS, _WELL_BEHAVED)


def judge_claims(case: Case) -> Verdict:
    """Return the verdict on a case with claims instead of steps."""
    misses = tuple(map(_miss, (claim for claim in case.claims if claim.promised != claim.found)))
    if not misses:
        return Verdict(outcome=Outcome.PASS)
    return Verdict(outcome=Outcome.FAIL, reason=misses[0].summary, misses=misses)


def _miss(claim: Claim) -> Miss:
    return Miss(
        rule=claim.rule,
        kind=Kind.VALUE,
        summary=f"{claim.what}: {claim.found}",
        expected=f"{claim.promised}, says {claim.where}"
        if claim.where is not None
        else claim.promised,
        fold=claim.fold,
        defect=claim.defect,
    )


def _weigh(step: Step, problem: Problem, summary: str) -> tuple[Outcome, str, bool]:
    """Return (outcome, reason, whether the problem is a broken promise)."""
    refusal = problem.kind is Kind.REFUSED
    if refusal and step.role in (Role.SETUP, Role.PASSAGE):
        return Outcome.UNTRIED, f"the set-up failed: {summary}", False
    otherwise = step.expect.inconclusive(problem)
    unknown = otherwise is None or otherwise.outcome is Outcome.VACUOUS
    if refusal and step.role is Role.WITNESS and unknown:
        return Outcome.VACUOUS, f"never accepted without the fault: {summary}", False
    if otherwise is None:
        return Outcome.FAIL, summary, True
    reason = f"{otherwise.reason}: {summary}" if otherwise.told else otherwise.reason
    return otherwise.outcome, reason, False


def _refused_anyway(case: Case, seen: Observation, number: int) -> bool:
    """Return whether the witness of the subject step `number` was refused, too.

    Then the cause may be something that both lack, not their difference.
    """
    subject = case.steps[number]
    return any(
        step.role is Role.WITNESS
        and step.request == subject.request
        and line is not None
        and isinstance(line.read, Message)
        and "error" in line.read.value
        for step, line in zip(case.steps[number + 1 :], seen.replies[number + 1 :], strict=True)
    )


def _waited_at_last(case: Case, outcome: Outcome, judged: int) -> bool:
    """Return whether only the clean-up waited in vain: for what follows from an earlier event."""
    return outcome is Outcome.UNTRIED and case.steps[judged - 1].role is Role.CLEANUP


def _is_absent(case: Case, outcome: Outcome, miss: Miss, message: Mapping[str, Any]) -> bool:
    """Return whether the build says that it lacks what the case is about."""
    if outcome in (Outcome.VACUOUS, Outcome.UNTRIED):
        return says_absent(case.absences, message)
    return miss.kind is Kind.REFUSED and says_absent(case.unlisted, message)


def says_absent(globs: Sequence[str], message: Mapping[str, Any]) -> bool:
    """Return whether a refusal, as one of `globs`, says that the build lacks a feature."""
    words = str(message["error"].get("desc", "")) if "error" in message else ""
    return any(fnmatchcase(words, glob) for glob in globs)


def _ended_well(case: Case, seen: Observation, complaints: Complaints) -> bool:
    """Return whether a last request ended the build, with at most its reply missing.

    LeakSanitizer changes the exit status of a build that has ended well.
    """
    if _may_have_ended(case, seen):
        return True
    *others, _ = seen.replies
    ends = case.steps[-1].expect.ends
    ended = seen.death is not None and (seen.death.status == 0 or lost_only(seen, complaints))
    return ends and ended and None not in others


def _may_have_ended(case: Case, seen: Observation) -> bool:
    """Return whether the build has ended as the case says that it may."""
    way, death = case.may_end, seen.death
    if way is None or death is None or death.status != 1 or None in seen.replies[: way.step + 1]:
        return False
    lines = death.stderr.splitlines()
    return any(fnmatchcase(line, glob) for glob in way.words for line in lines)


def _broke_off(seen: Observation) -> bool:
    """Return whether a reply is missing, or was the last one, against expectation."""
    ended = seen.death is not None or seen.broke is Broke.OVERFLOW
    return None in seen.replies or (ended and seen.broke_off is not None)


def _is_shadowed(case: Case) -> bool:
    """Return whether other cases send all requests of this one by themselves."""
    return any(step.expect.shadowed for step in case.steps)


def _ended(
    case: Case, seen: Observation, complaints: Complaints
) -> tuple[Outcome, str, list[Miss]]:
    """Return (outcome, reason, misses) of a case that broke off."""
    outcome, miss = _unanswered(case, _number(seen), seen, complaints)
    if _is_shadowed(case):
        return Outcome.BLOCKED_BY_FINDING, miss.summary, []
    return outcome, miss.summary, [miss]


def _number(seen: Observation) -> int:
    """Return the first step without a reply, or else the one that killed the build."""
    unanswered = seen.replies.index(None) if None in seen.replies else len(seen.replies)
    return unanswered if seen.broke_off is None else min(unanswered, seen.broke_off)


def _at_the_end(case: Case, seen: Observation) -> Iterator[Miss]:
    """Yield the misses of a case whose replies are as they must be."""
    yield from event_misses(case, seen)
    yield from agreement_misses(case, seen)
    yield from shown_misses(case, seen)


def _of_events(case: Case, seen: Observation, messages: MessageJudge) -> Iterator[Miss]:
    """Yield the misses of when and how often events came, whatever else the case shows."""
    yield from limit_misses(case, seen)
    yield from islice(time_misses(case, seen, messages.events), _MISSES)
    yield from islice(repeated_misses(seen), _MISSES)
    yield from waiting_misses(case, seen)


def _unasked(seen: Observation, messages: MessageJudge) -> Iterator[Miss]:
    for line in seen.events:
        yield from messages.event(line).misses
    for line in seen.strays:
        yield from messages.stray(line).misses


def _unanswered(
    case: Case, number: int, seen: Observation, complaints: Complaints
) -> tuple[Outcome, Miss]:
    step = case.steps[number]
    command = step.request.execute
    # Only the subject step is specific to a case: many cases share the others.
    about = case.about if step.role is Role.SUBJECT else ""
    stderr, defect = "", ""
    answered, *later = (line is not None for line in seen.replies[number:])
    if seen.broke is Broke.OVERFLOW:
        what = f"{command}: what came in place of an answer is too long or holds too much to read"
        fold = f"overflow {command} {case.subject.name} {about}"
        outcome, kind = Outcome.FAIL, Kind.SHAPE
    elif (any(later) and not answered and not seen.overtaken) or not (seen.death or seen.hung):
        what = f"{command}: no answer, though a later request was answered"
        fold = f"skipped {command} {case.subject.name} {about}"
        outcome, kind = Outcome.FAIL, Kind.SHAPE
    elif seen.death is not None:
        what = f"{command}: QEMU died ({ending_text(seen.death.status)})"
        report = last_report(seen, complaints)
        stderr = report.text if report else ""
        words = report.defect if report else death_words(seen.death)
        # A command may die with the same words for different causes.
        of_command = case.subject.kind is SubjectKind.COMMAND
        asked = command if of_command else f"{command} {case.subject.name}"
        how = f"{ending_text(seen.death.status)} {case.subject.name} {about}"
        defect = death_defect(words, complaints, asked, how)
        # Without words, what ended it tells two causes apart.
        told = words or ending_text(seen.death.status)
        where = words if words and not of_command else f"{told} {case.subject.name} {about}"
        fold = f"crash {command} {where}"
        outcome, kind = Outcome.CRASH, Kind.CRASH
        words = f"{report.words}{report.place}" if report else words
        what = f"{what}: {words}" if words else what
    else:
        what = f"{command}: {_silent(case, seen)}"
        fold = f"hang {command} {case.subject.name}"
        outcome, kind = Outcome.TIMEOUT, Kind.HANG
    expected = "one response to each command, success or error"
    return outcome, Miss(
        rule="W35",
        kind=kind,
        summary=what,
        expected=expected,
        fold=fold,
        stderr=stderr,
        defect=defect,
    )


def _silent(case: Case, seen: Observation) -> str:
    """Return how a live build failed to answer."""
    if seen.broke is Broke.CLOSED:
        return "no answer, the connection was closed, and QEMU runs on"
    many = len(seen.events) + len(seen.strays)
    endless = f", while {many} messages came unasked" if many > _MANY else ""
    return f"no answer within {case.limit:g} s{endless}"


def death_words(death: Ending) -> str:
    """Return the line in which the build named its cause of death, without what differs by run.

    For a build that exited it is the last line, for one that a signal ended only a line about a
    failed check: others may be older.
    """
    found = _ASSERTION.search(death.stderr)
    last = death.stderr.strip().rpartition("\n")[2] if death.status >= 0 else ""
    return _ADDRESS.sub("*", found.group(0).strip() if found else last)[:200]
