"""Says what a reproducer prints if it shows its defect, and whether it was printed."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator, Sequence
from functools import cache
from typing import Any, Final

from conformance.judge.miss import Miss
from conformance.judge.observation import Line, Observation, Talk
from conformance.knowledge.store import cases_folder
from conformance.knowledge.volatile import host_members
from conformance.model.canonical import canonical
from conformance.model.ending import Ending
from conformance.model.expectation import Kind
from conformance.play.alone import Result
from conformance.report.script_reproducer import ENDED
from conformance.report.stepwise_reproducer import NOTHING, WAITED

_UNANSWERED: Final = (NOTHING, f"{ENDED} 137", "nothing more")
"""What scripts print where QEMU stopped answering: the first of these is the sign."""
_CHECK: Final = re.compile(r"^(?:\S*qemu-[\w-]+: )?(.*(?:[Aa]ssertion|ERROR:|BUG:).*)$", re.M)
"""The line in which a dying QEMU names the cause."""
_DIGITS: Final = re.compile(r"0x[0-9a-f]+|\d{4,}")
_PASSING: Final = frozenset({"id", "timestamp"})
"""The members of a message that differ from play to play."""
_PREFIX: Final = "<- "


def signs_of(result: Result, miss: Miss) -> tuple[str, ...]:
    """Return what a reproducer prints that shows a miss of the result."""
    seen = result.seen
    if seen is None:
        return signs_of(result.unready, miss) if result.unready is not None else ()
    if seen.death is not None and (isinstance(seen, Talk) or None in seen.replies):
        return tuple(_of_end(seen.death))
    if isinstance(seen, Talk):
        lines = [line for turn in seen.heard for line in turn.lines]
        told = [*_messages(lines)]
        return (*told, NOTHING) if any(turn.broke for turn in seen.heard) else tuple(told)
    if seen.held is not None and miss.kind is Kind.HANG and None not in seen.replies:
        return (WAITED.strip(),)
    if None in seen.replies:
        return (NOTHING,)
    if miss.kind is Kind.PROCESS:
        lines_of_report = miss.stderr.splitlines()[:1]
        taken = [f"descriptor {each.number} of QEMU is" for each in seen.taken or ()]
        return tuple(lines_of_report or taken)
    if miss.kind is Kind.FILE and seen.files is not None:
        return tuple(name for name, _, new in seen.files.changes() if new is not None)
    missed = sorted(result.verdict.missed)
    if missed:
        return tuple(_messages([seen.replies[number] for number in missed]))
    return tuple(_everything(result, seen))


def _of_end(death: Ending) -> Iterator[str]:
    status = death.status if death.status >= 0 else 128 - death.status
    yield f"{ENDED} {status}"
    found = _CHECK.search(death.stderr)
    if found is not None:
        yield found[1].strip()


def _everything(result: Result, seen: Observation) -> Iterator[str]:
    """Yield all that came, and that an event did not come which was awaited."""
    yield from _messages(seen.replies)
    yield from _messages(seen.events)
    come = {_value(line.data).get("event") for line in seen.events}
    awaited = {each.event for step in result.case.steps for each in step.emits}
    if awaited - come:
        yield NOTHING


def _messages(lines: Sequence[Line | None]) -> Iterator[str]:
    for line in lines:
        value = _value(line.data) if line is not None else {}
        if value:
            yield canonical(value)


def _value(said: bytes | str) -> dict[str, object]:
    """Return a message without what differs from play to play; an empty one for what is none."""
    try:
        value = json.loads(said)
    except (ValueError, RecursionError):
        return {}
    if not isinstance(value, dict):
        return {}
    return {name: _settled(part) for name, part in value.items() if name not in _PASSING}


def _settled(value: Any) -> Any:
    """Return a value without the members that the host decides."""
    if isinstance(value, list):
        return [_settled(each) for each in value]
    if isinstance(value, dict):
        left_out = _of_the_host()
        return {name: _settled(each) for name, each in value.items() if name not in left_out}
    return value


@cache
def _of_the_host() -> frozenset[str]:
    return host_members(cases_folder() / "volatile.toml")


def not_shown(signs: Sequence[str], output: str) -> str | None:
    """Return the first of the signs that an output lacks, None if all are there."""
    printed = {canonical(value) for line in output.splitlines() if (value := _printed(line))}
    # What is echoed of a request shows nothing.
    plain = "\n".join(line for line in output.splitlines() if not line.startswith("-> "))
    plain = _DIGITS.sub("*", plain)
    for sign in signs:
        if sign == NOTHING:
            there = any(each in plain for each in _UNANSWERED)
        else:
            there = sign in printed or _DIGITS.sub("*", sign) in plain
        if not there:
            return sign
    return None


def _printed(line: str) -> dict[str, object]:
    """Return the message that a line of output shows, if any: as it is, or as Python writes it."""
    text = line.strip().removeprefix(_PREFIX)
    if text.startswith(("b'", 'b"')):
        try:
            return _value(ast.literal_eval(text))
        except (ValueError, SyntaxError):
            return {}
    return _value(text)
