"""What became of a case: walks its steps in order and stops at the first that settles it."""

from __future__ import annotations

import re
import signal
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from conformance.derive.case import Case, LinksTo, ListsProperties, ReadsAs, Role, Step
from conformance.judge.expect import check
from conformance.judge.miss import Kind, Miss
from conformance.judge.observation import Death, Observation
from conformance.judge.reply import MessageJudge
from conformance.terms import Outcome, SubjectKind

_ASSERTION: Final = re.compile(
    r"^.*?(?:Assertion|assertion|ERROR:|GLib: |BUG:|Unexpected error|is not an instance of).*$",
    re.M,
)
"""The line in which a dying QEMU says what it died of."""
_ADDRESS: Final = re.compile(r"0x[0-9a-f]+|\b\d{4,}\b")


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """The outcome of a case, why, and the promises that it saw broken."""

    outcome: Outcome
    reason: str = ""
    misses: tuple[Miss, ...] = ()


def judge(case: Case, seen: Observation, messages: MessageJudge, first_id: int) -> Verdict:
    """Return the verdict on `case`, whose first request had the id `first_id`.

    Shape and schema are judged for every message that came; of the steps' expectations the first
    one missed counts, for what follows it follows from it.
    """
    misses = list(_unasked(seen, messages))
    outcome, reason = Outcome.PASS, ""
    for number, (step, line) in enumerate(zip(case.steps, seen.replies, strict=True)):
        if line is None:
            broken = _broken_off(case, number, seen)
            return Verdict(outcome=broken[0], reason=broken[1].summary, misses=(*misses, broken[1]))
        read = messages.reply(line, step.request, first_id + number)
        misses += read.misses
        if read.message is None:
            break
        miss = check(case, step, read.message)
        if miss is None:
            continue
        outcome, reason, counted = _weigh(step, miss)
        misses += [miss] if counted else []
        if outcome is not Outcome.PASS:
            break
    if misses:
        return Verdict(outcome=Outcome.FAIL, reason=misses[0].summary, misses=tuple(misses))
    return Verdict(outcome=outcome, reason=reason)


def _weigh(step: Step, miss: Miss) -> tuple[Outcome, str, bool]:
    """Return (outcome, reason, whether the miss is a broken promise)."""
    if miss.kind is Kind.REFUSED:
        if step.role is Role.SETUP:
            return Outcome.UNTESTABLE_HERE, f"the set-up failed: {miss.summary}", False
        if step.role is Role.WITNESS and step.request.execute == "qom-set":
            # The witness is the value that the property has: who refuses that takes none at all.
            return Outcome.NOT_APPLICABLE, f"cannot be set: {miss.summary}", False
        if step.role is Role.WITNESS:
            return Outcome.VACUOUS, f"never accepted without the fault: {miss.summary}", False
        if isinstance(step.expect, ReadsAs | LinksTo):
            return Outcome.NOT_APPLICABLE, f"cannot be read: {miss.summary}", False
        if isinstance(step.expect, ListsProperties) and step.expect.entries is None:
            # Types of modules are listed whether or not the module is installed.
            return Outcome.UNTESTABLE_HERE, f"the type cannot be loaded: {miss.summary}", False
    return Outcome.FAIL, miss.summary, True


def _unasked(seen: Observation, messages: MessageJudge) -> Iterator[Miss]:
    for line in seen.events:
        yield from messages.event(line).misses
    for line in seen.strays:
        yield from messages.stray(line).misses


def _broken_off(case: Case, number: int, seen: Observation) -> tuple[Outcome, Miss]:
    command = case.steps[number].request.execute
    if seen.death is not None:
        what = f"{command}: QEMU died ({ending_text(seen.death.status)})"
        words = death_words(seen.death)
        # A command is asked about many things, which may die of like words for unlike causes.
        about = case.about if case.subject.kind is SubjectKind.COMMAND else ""
        where = f"{words} {about}" if words else f"{case.subject.name} {case.about}"
        fold = f"crash {command} {where}"
        outcome, kind = Outcome.CRASH, Kind.CRASH
        what = f"{what}: {words}" if words else what
    else:
        what = f"{command}: no answer within {case.limit:g} s"
        fold = f"hang {command} {case.subject.name}"
        outcome, kind = Outcome.TIMEOUT, Kind.HANG
    expected = "one response to each command, success or error"
    return outcome, Miss(rule="W35", kind=kind, summary=what, expected=expected, fold=fold)


def death_words(death: Death) -> str:
    """Return the line in which the build said what it died of, less what differs by run."""
    found = _ASSERTION.search(death.stderr)
    return _ADDRESS.sub("*", found.group(0).strip())[:200] if found else ""


def ending_text(status: int) -> str:
    """Return an exit status as a person would say it."""
    if status >= 0:
        return f"exit status {status}"
    try:
        return signal.Signals(-status).name
    except ValueError:
        return f"signal {-status}"
