"""Cases of the scripted exchanges: on which endpoints they are played, and how they begin and end.

Knows nothing of what the exchanges are about.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import asdict, replace
from typing import Final

from conformance.derive.inputs import Introspected
from conformance.knowledge.everything import Knowledge
from conformance.knowledge.exchanges import ExchangeRecipe, Start
from conformance.model.blocked import Blocked, unmet, untried
from conformance.model.canonical import digest
from conformance.model.case import Case, Isolation, Subject
from conformance.model.flavour import Flavour
from conformance.model.script import (
    CONTROL,
    FIRST,
    Exchange,
    Gather,
    Gone,
    Hear,
    Join,
    Leave,
    Part,
    Send,
    Sync,
    Turn,
    What,
)
from conformance.model.stage import NEGOTIATION, Endpoint, MachineSpec, Stage, Transport
from conformance.model.terms import Aspect, SubjectKind

_OTHERS: Final = ("b", "c")
"""The endpoints beside the first, which are Unix sockets."""
_CLOCK: Final = Endpoint(name="clock", transport=Transport.QTEST)
"""The endpoint that steps the clock of a machine which has none of its own."""
_REJOINED: Final = frozenset({Transport.SOCKET, Transport.TCP})
"""The transports on which a monitor can be joined again, for a new session."""
_ANSWERED: Final = "W35"
"""The rule that each command is answered once, whatever came before."""


def exchange_cases(build: Introspected, knowledge: Knowledge, name: str) -> Iterator[Case]:
    """Yield a case for each exchange of one part of the protocol, and each of its transports.

    Without `thorough`, slow ones are blocked.
    """
    for recipe in knowledge.exchanges:
        fits = build.version in recipe.versions and build.program in recipe.programs
        if recipe.subject == name and fits:
            blocked = unmet(recipe.needs, build.lacks)
            if recipe.slow and not build.thorough:
                blocked = untried(f"run with --thorough alone: {recipe.slow}")
            for transport in recipe.on:
                yield exchange_case(recipe, transport, build.flavour, blocked)


def exchange_case(
    recipe: ExchangeRecipe, transport: Transport, flavour: Flavour, blocked: Blocked | None = None
) -> Case:
    """Return the case of an exchange on a transport, with a program of that flavour."""
    alone = recipe.fresh or recipe.ends or transport not in _REJOINED
    where = "" if transport is Transport.SOCKET else f"@{transport}"
    return Case(
        id=f"wire/{recipe.subject}/{recipe.name}{where}",
        subject=Subject(kind=SubjectKind.PROTOCOL, name=recipe.subject),
        aspect=Aspect.WIRE,
        stage=_stage(recipe, transport, flavour),
        steps=(),
        isolation=Isolation.ALONE if alone else Isolation.SHARED,
        about=recipe.name.partition("/")[0],
        limit=recipe.limit,
        blocked=blocked,
        every_start=recipe.every_start,
        exchange=Exchange(
            turns=tuple(_turns(recipe, flavour)),
            probe=flavour.probe,
            reason=recipe.reason,
            ends=recipe.ends,
            shows=recipe.rules,
        ),
    )


def _stage(recipe: ExchangeRecipe, transport: Transport, flavour: Flavour) -> Stage:
    first = Endpoint(name=FIRST, transport=transport, pretty=recipe.pretty)
    endpoints = (first, *(Endpoint(name=name) for name in _OTHERS if not flavour.single))
    endpoints += (_CLOCK,) * recipe.clock
    name = f"wire/{transport}" + "/clock" * recipe.clock
    if recipe.spec != MachineSpec() or recipe.pretty:
        name += f"/{digest([asdict(recipe.spec), recipe.pretty])[:6]}"
    return Stage(name=name, spec=replace(recipe.spec, endpoints=endpoints))


def _turns(recipe: ExchangeRecipe, flavour: Flavour) -> Iterator[Turn]:
    """Yield how the first line reaches the start of the exchange, the exchange, and a final sync.

    The sync proves that each open line is in step.
    """
    before = tuple(_beginning(recipe.start, flavour))
    turns = (*before, *(_shifted(turn, len(before)) for turn in recipe.turns))
    if not recipe.ends:
        turns = (*turns, *(Sync(line=line, rule=_ANSWERED) for line in _standing(turns)))
    yield from _working(turns, flavour)


def _working(turns: Iterable[Turn], flavour: Flavour) -> Iterator[Turn]:
    """Yield the turns; a query on a line in command mode must succeed.

    A line is in command mode once its negotiation has ended; without negotiation, from the start.
    """
    ready = {CONTROL}
    for turn in turns:
        match turn:
            case Join(line=line) if flavour.greets:
                ready.discard(line)
            case Join(line=line):
                ready.add(line)
            case Hear(line=line, what=What.RETURN, command=command) if command == NEGOTIATION:
                ready.add(line)
            case Sync(line=line) if line in ready:
                yield replace(turn, works=True)
                continue
        yield turn


def _beginning(start: Start, flavour: Flavour) -> Iterator[Turn]:
    if start is Start.NOWHERE:
        return
    yield Join(line=FIRST, endpoint=FIRST)
    if not flavour.greets:
        return
    yield Hear(line=FIRST, what=What.GREETING, rule="W13", silent=True)
    if start is Start.GREETED:
        return
    enable = b',"arguments":{"enable":["oob"]}' if start is Start.OUT_OF_BAND else b""
    data = b'{"execute":"%s"%s,"id":"negotiation"}\n' % (NEGOTIATION.encode(), enable)
    yield Send(line=FIRST, data=data)
    yield Hear(line=FIRST, what=What.RETURN, rule="W61", id="negotiation", command=NEGOTIATION)


def _shifted(turn: Turn, by: int) -> Turn:
    """Return the turn with its reference to an earlier turn moved by `by`."""
    if isinstance(turn, Hear) and turn.same is not None:
        return replace(turn, same=replace(turn.same, turn=turn.same.turn + by))
    return turn


def _standing(turns: Iterable[Turn]) -> Iterator[str]:
    """Yield the lines that are open after the turns and were not just proved."""
    standing: dict[str, bool] = {}
    for turn in turns:
        match turn:
            case Join(line=line):
                standing[line] = False
            case Leave(line=line) | Gone(line=line):
                standing.pop(line, None)
            case Sync(line=line):
                standing[line] = True
            case Send(line=line) | Hear(line=line) | Gather(line=line) | Part(line=line):
                standing[line] = False
    yield from (line for line, proved in standing.items() if not proved and line != CONTROL)
