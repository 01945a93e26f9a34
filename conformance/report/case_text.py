"""Describes one case for a reader: what it sends and expects, and how to run it by hand."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final, assert_never

from conformance.model.canonical import compact
from conformance.model.case import Case
from conformance.model.counting import counted
from conformance.model.script import (
    Drive,
    Exchange,
    Gather,
    Gone,
    Hear,
    Hold,
    Join,
    Leave,
    Part,
    Release,
    Send,
    Sync,
    Turn,
)
from conformance.report.reproducer import reproducer

_SENT: Final = 200
"""How many bytes of a request a reader is shown."""


def describe(case: Case, command_line: Sequence[str]) -> str:
    """Return the steps of a case with their expectations, and how to run it by hand."""
    return "\n".join(_description(case, command_line))


def _description(case: Case, command_line: Sequence[str]) -> Iterator[str]:
    yield f"{case.id}"
    yield f"  aspect {case.aspect}, stage {case.stage.name}, {case.isolation} machine"
    if case.fault is not None:
        yield f"  fault: {case.fault}"
    if case.blocked:
        yield f"  not run: {case.blocked.outcome}: {case.blocked.reason}"
    for step in case.steps:
        beside = " (to the companion)" * step.request.companion
        yield f"  {step.role:8} {step.request.text()}{beside}"
        yield f"           {step.rule}: {step.expect.words()}"
        if step.why:
            yield f"           {step.why}"
        for each in step.emits:
            side = {None: "", True: " after the reply", False: " before the reply"}[each.answered]
            data = f" with {compact(dict(each.data))}" if each.data else ""
            how = f"{each.rule}: emits" if each.rule is not None else "awaits"
            yield f"           {how} {each.event}{data}{side}"
    if case.exchange is not None:
        yield from _turns(case.exchange)
    for claim in case.claims:
        where = "" if claim.where is None else f" ({claim.where})"
        yield f"  {claim.rule} {claim.what}: {claim.promised}{where}"
    yield ""
    yield reproducer(case, (), command_line)


def _turns(exchange: Exchange) -> Iterator[str]:
    """Yield the turns of an exchange, one a line."""
    yield f"  {exchange.reason}"
    for turn in exchange.turns:
        yield f"  {_turn(turn)}"


def _turn(turn: Turn) -> str:
    """Return a turn in words: a turn that receives has a rule, all others are our own actions."""
    match turn:
        case Hear() | Sync() | Gather() | Gone() | Drive():
            return f"{turn.line}: {_heard(turn)} ({turn.rule})"
        case Join(line=line, endpoint=endpoint):
            return f"{line}: joins {endpoint}"
        case Send(line=line, data=data):
            return f"{line}: sends {data[:_SENT]!r}" + "..." * (len(data) > _SENT)
        case Part(line=line, size=size):
            return f"{line}: hears {size} bytes"
        case Hold(path=path):
            return f"the server is held up at {path}"
        case Release(path=path):
            return f"the server is let go at {path}"
        case Leave(line=line, half=half):
            return f"{line}: is closed" + " for writing" * half
        case _:
            assert_never(turn)


def _heard(turn: Hear | Sync | Gather | Gone | Drive) -> str:
    match turn:
        case Hear(what=what, lead=lead):
            return f"hears {what}" + f" behind {lead!r}" * bool(lead)
        case Sync(lead=lead):
            return "is in step" + f" after {lead!r}" * bool(lead)
        case Gather(ids=ids, free=free):
            return f"hears {counted(len(ids) + len(free), 'reply')}"
        case Gone():
            return "is closed by the server"
        case Drive(deed=deed, name=name, promised=promised):
            words = f"{deed} {name}".rstrip()
            return f"the official client: {words}: {promised}"
        case _:
            assert_never(turn)
