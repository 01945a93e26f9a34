"""Compares the refusal of a faulty request with that of the same request without its fault.

Knows no command: only that a refusal which tells them apart has seen the fault.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, Final

from conformance.judge.expect_answer import Reject, without_names
from conformance.judge.miss import Miss
from conformance.judge.observation import Line, Observation
from conformance.judge.verdict import Verdict
from conformance.model.case import Case, Role
from conformance.model.expectation import Kind
from conformance.model.stage import Request
from conformance.model.terms import Outcome
from conformance.wire.framing import Message

LEFT_BEHIND: Final = "W65"
"""The rule that a refused request has had no effect."""
_MADE_UP: Final = r"\bw[0-9a-f]{8}\b"
_ANY_NUMBER: Final = r"\b0x[0-9a-f]+\b|\b\d+(?:\.\d+)?\b"
_BOOLEANS: Final = {True: ("true", "on", "yes"), False: ("false", "off", "no"), None: ("null",)}
"""How a server may write what a request has as a JSON word."""
_MASK: Final = "*"


def refused_witness(case: Case, seen: object) -> int | None:
    """Return the step of the witness that was refused after the faulty requests were.

    None if the case has no such witness, or any faulty request was accepted.
    """
    if case.fault is None or not isinstance(seen, Observation):
        return None
    steps = case.steps
    number = next((n for n, step in enumerate(steps) if step.role is Role.WITNESS), None)
    if number is None or error_of(seen.replies[number]) is None:
        return None
    faulty = [n for n in range(number) if steps[n].role is Role.SUBJECT]
    told = all(
        isinstance(steps[n].expect, Reject) and error_of(seen.replies[n]) is not None
        for n in faulty
    )
    return number if faulty and told else None


def without_faults(case: Case) -> Case:
    """Return a case with a witness less its faulty requests, and less what looks at their traces.

    Raises ValueError for a case without a witness behind a faulty request.
    """
    roles = [step.role for step in case.steps]
    first, number = roles.index(Role.SUBJECT), roles.index(Role.WITNESS)
    return replace(case, steps=(*case.steps[:first], *case.steps[number:]), fault=None)


def with_one_fault(case: Case) -> Iterator[Case]:
    """Yield the case once for each of its faulty requests, less the others."""
    faulty = [n for n, step in enumerate(case.steps) if step.role is Role.SUBJECT]
    for kept in faulty if len(faulty) > 1 else ():
        steps = (step for n, step in enumerate(case.steps) if n == kept or n not in faulty)
        yield replace(case, steps=tuple(steps))


def told_apart(case: Case, seen: Observation, refusal: Mapping[str, Any]) -> bool:
    """Return whether each faulty request was refused otherwise than its witness.

    `refusal` is the error of the witness where no faulty request came before.  Values that either
    request carries are no difference, nor are names that only one of them has.
    """
    number = refused_witness(case, seen)
    assert number is not None, "the caller has seen the refusals"
    witness = case.steps[number].request
    for step, line in zip(case.steps[:number], seen.replies, strict=False):
        error = error_of(line)
        if step.role is Role.SUBJECT and error is not None:
            mask = _mask(step.request, witness)
            if _masked(error, mask) == _masked(refusal, mask):
                return False
    return True


def left_behind(case: Case, seen: Observation) -> Verdict:
    """Return the verdict on a case whose witness is accepted where no faulty request came before.

    `seen` is the play in which it was refused after one.
    """
    number = refused_witness(case, seen)
    assert number is not None, "the caller has seen the refusals"
    error, command = error_of(seen.replies[number]) or {}, case.steps[number].request.execute
    text = f"{error.get('class')}: {error.get('desc')}"
    what = f"{command}: accepted by itself, and after a refused request refused with {text}"
    miss = Miss(
        rule=LEFT_BEHIND,
        kind=Kind.REFUSED,
        summary=what,
        expected="the refused request has had no effect: what was accepted before it still is",
        fold=f"left behind {case.subject.name} {command} {without_names(text)}",
    )
    missed = frozenset({number})
    return Verdict(outcome=Outcome.FAIL, reason=what, misses=(miss,), missed=missed, harmless=False)


def error_of(line: Line | None) -> Mapping[str, Any] | None:
    """Return the error of a reply, None if it is none."""
    if line is None or not isinstance(line.read, Message):
        return None
    error = line.read.value.get("error")
    return error if isinstance(error, dict) else None


def without_made_up(text: str) -> str:
    """Return a text without the names that the suite makes up for one case."""
    return re.sub(_MADE_UP, _MASK, text)


def _masked(error: Mapping[str, Any], mask: re.Pattern[str]) -> tuple[object, str]:
    return error.get("class"), mask.sub(_MASK, str(error.get("desc")))


def _mask(one: Request, other: Request) -> re.Pattern[str]:
    """Return what matches the values of both requests, and the names that only one of them has."""
    values, names = _carried(one.arguments)
    more, others = _carried(other.arguments)
    words = sorted({*values, *more, *(names ^ others)}, key=lambda word: (-len(word), word))
    return re.compile("|".join((*map(_whole, words), _MADE_UP, _ANY_NUMBER)))


def _whole(word: str) -> str:
    """Return a pattern of a text that is no part of a longer word."""
    before = r"(?<!\w)" if re.match(r"\w", word) else ""
    after = r"(?!\w)" if re.search(r"\w\Z", word) else ""
    return f"{before}{re.escape(word)}{after}"


def _carried(arguments: object) -> tuple[set[str], set[str]]:
    """Return the values in arguments as a server may write them, and the names of members."""
    values: set[str] = set()
    names: set[str] = set()
    waiting: list[object] = [arguments]
    while waiting:
        value = waiting.pop()
        match value:
            case dict():
                names.update(value)
                waiting += value.values()
            case list() | tuple():
                waiting += value
            case True | False | None:
                values.update(_BOOLEANS[value])
            case str() | int() | float():
                values.add(str(value))
    return values - {""}, names
