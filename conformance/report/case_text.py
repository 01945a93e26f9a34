"""A single case for a reader: what it sends and expects, and how to see it by hand."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final, assert_never

from conformance.judge.json_path import path_text
from conformance.model.canonical import compact
from conformance.model.case import (
    Accept,
    Answer,
    Case,
    Ends,
    Expectation,
    Holds,
    Known,
    LinksTo,
    Lists,
    ListsProperties,
    ListsTypes,
    NotYet,
    Reads,
    ReadsAs,
    Reject,
    Repeats,
    Returns,
    Shows,
    Sight,
    Understood,
)
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
"""Bytes of what is sent that a reader is shown."""


def describe(case: Case, command_line: Sequence[str]) -> str:
    """Return the steps of a case with their expectations, and how to see it by hand."""
    return "\n".join(_description(case, command_line))


def _description(case: Case, command_line: Sequence[str]) -> Iterator[str]:
    yield f"{case.id}"
    yield f"  aspect {case.aspect}, stage {case.stage.name}, {case.isolation} machine"
    if case.fault:
        yield f"  fault: {case.fault}"
    if case.blocked:
        yield f"  not run: {case.blocked.outcome}: {case.blocked.reason}"
    for step in case.steps:
        yield f"  {step.role:8} {step.request.text()}"
        yield f"           {step.rule}: {_expected(step.expect)}"
        if step.why:
            yield f"           {step.why}"
        for each in step.emits:
            side = {None: "", True: " after the reply", False: " before the reply"}[each.answered]
            data = f" with {compact(dict(each.data))}" if each.data else ""
            how = f"{each.rule}: emits" if each.rule else "awaits"
            yield f"           {how} {each.event}{data}{side}"
    if case.exchange is not None:
        yield from _turns(case.exchange)
    for claim in case.claims:
        yield f"  {claim.rule} {claim.what}: {claim.promised}" + f" ({claim.where})" * bool(
            claim.where
        )
    yield ""
    yield reproducer(case, (), command_line)


def _turns(exchange: Exchange) -> Iterator[str]:
    """Yield the turns of an exchange, one a line."""
    yield f"  {exchange.reason}"
    for turn in exchange.turns:
        yield f"  {_turn(turn)}"


def _turn(turn: Turn) -> str:
    """Return a turn in words: what is heard tells its rule, all else is ours to do."""
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


_WORDS: Final[Mapping[type[Expectation], str]] = {
    Accept: "accepted",
    Answer: "answered, either way",
    Ends: "accepted, and ends the build",
    Known: "answered as a command that the build knows",
    Understood: "accepted, or refused for another reason than its arguments",
    LinksTo: "returns the path of an object of the tree, or nothing",
}
"""The expectations that one sentence says."""


def _expected(expect: Expectation) -> str:
    """Return an expectation in words."""
    match expect:
        case Accept() | Answer() | Ends() | Known() | Understood() | LinksTo():
            return _WORDS[type(expect)]
        case Reject(classes=classes):
            return f"refused with {' or '.join(sorted(classes))}"
        case Returns(values=values):
            return f"returns {' or '.join(map(compact, values))}"
        case Lists(values=values):
            return f"returns just {len(values)} known values, in any order"
        case Reads(path=path, value=value):
            return f"returns {compact(value)} at {'.'.join(map(str, path))}"
        case Repeats(step=step):
            return f"returns the same as step {step + 1}"
        case Shows() | NotYet():
            return _seen(expect)
        case Holds(present=present, absent=absent):
            return "; ".join(
                [f"lists {name} as {kind}" for name, kind in present]
                + [f"lists no {name}" for name in absent]
            )
        case ReadsAs(type=type_name):
            return f"returns a value of the QOM type {type_name}"
        case ListsTypes(exactly=exactly):
            return "lists known types" if exactly is None else f"lists exactly {len(exactly)} types"
        case ListsProperties(entries=entries):
            listed = "well-formed" if entries is None else f"{len(entries)} known"
            return f"lists {listed} properties"


def _seen(expect: Shows | NotYet) -> str:
    if isinstance(expect, NotYet):
        return f"not yet so: {_seen(expect.shows)}"
    what = {
        Sight.VALUE: compact(expect.value),
        Sight.THERE: "something",
        Sight.ABSENT: "nothing",
        Sight.DIFFERENT: f"something else than step {expect.step + 1}",
    }
    return f"returns {what[expect.sight]} at {path_text(expect.path)}"
