"""Makes a stage stand: a machine of the pool, negotiated, with its descriptors and set-up done."""

from __future__ import annotations

from dataclasses import dataclass

from conformance.derive.case import Accept, Case, Role, Step, Subject
from conformance.judge.miss import Kind, Miss
from conformance.judge.observation import Death, Line, Observation
from conformance.judge.reply import MessageJudge
from conformance.judge.verdict import Verdict, judge
from conformance.launch.machine import Machine
from conformance.launch.pool import Pool
from conformance.run.exchange import Player, encode, opened
from conformance.stage import Descriptor, MachineSpec, Request, Stage
from conformance.terms import BROKEN, Aspect, Outcome, SubjectKind
from conformance.wire.connection import Connection, WireError
from conformance.wire.framing import Message, read_message

GREETING_LIMIT = 30.0
"""Seconds for a machine to greet: it takes 0.1, or seconds on a loaded host."""


@dataclass(frozen=True, slots=True)
class NotStanding:
    """Why a stage does not stand: what every case on it comes to, and what was seen."""

    verdict: Verdict
    case: Case
    seen: Observation | None


def stand(
    stage: Stage, pool: Pool, messages: MessageJudge, *, again: bool = False
) -> Player | NotStanding:
    """Return a player on a machine of `stage`, or why there is none.

    With `again`, the machine comes on top of those that were foretold.  Raises LaunchError where
    the machine could not even be started.
    """
    standing = _tried(pool.take(stage.spec, again=again), stage, messages)
    if isinstance(standing, NotStanding) and standing.verdict.outcome in BROKEN:
        # Only a machine that fails twice says something of the build, and not of the host.
        standing = _tried(pool.take(stage.spec, again=True), stage, messages)
    return standing


def _tried(machine: Machine, stage: Stage, messages: MessageJudge) -> Player | NotStanding:
    standing: Player | NotStanding | None = None
    try:
        standing = _negotiated(machine, stage, messages)
    finally:
        if not isinstance(standing, Player):
            machine.close()
    return standing


def _negotiated(machine: Machine, stage: Stage, messages: MessageJudge) -> Player | NotStanding:
    if not machine.has_monitor:
        return Player(machine, None)
    connection = Connection(machine.monitor)
    negotiated = not machine.dialect.greets
    case = _setup_case(stage, negotiated=negotiated)
    try:
        if machine.dialect.greets:
            connection.receive(GREETING_LIMIT)
        for request in stage.negotiation() if stage.spec.descriptors else ():
            _ask(connection, request, ())
        for descriptor in stage.spec.descriptors:
            _pass(connection, descriptor)
    except (WireError, OSError) as error:
        return _no_start(machine, case, str(error))
    if stage.spec.descriptors:
        case = _setup_case(stage, negotiated=True)
    player = Player(machine, connection)
    if not case.steps:
        return player
    for played, first, seen in player.play((case,)):
        verdict = judge(played, seen, messages, first)
        if verdict.outcome is Outcome.CRASH and _declined(seen):
            return _no_start(machine, case, verdict.reason)
        if verdict.outcome is not Outcome.PASS:
            return NotStanding(verdict, case, seen)
    return player


def _declined(seen: Observation) -> bool:
    """Return whether a machine ended itself for want of what its command line asks for.

    Some builds greet first and look at their devices then.
    """
    answered = any(reply is not None for reply in seen.replies)
    return not answered and seen.death is not None and seen.death.status > 0


def _setup_case(stage: Stage, *, negotiated: bool = False) -> Case:
    """Write the set-up of a stage as a case, so that it is played and judged as one."""
    requests = stage.setup if negotiated else (*stage.negotiation(), *stage.setup)
    return Case(
        id=f"set-up/{stage.name}",
        subject=Subject(kind=SubjectKind.COMMAND, name="set-up"),
        aspect=Aspect.VALID,
        stage=stage,
        steps=tuple(
            Step(request=request, expect=Accept(), role=Role.SETUP, rule="W35")
            for request in requests
        ),
        limit=GREETING_LIMIT,
    )


def _pass(connection: Connection, descriptor: Descriptor) -> None:
    """Pass one descriptor and close our own; raises OSError where its source cannot be opened."""
    with opened(descriptor.source) as ours:
        _ask(connection, Request("getfd", {"fdname": descriptor.name}), (ours,))


def _ask(connection: Connection, request: Request, fds: tuple[int, ...]) -> None:
    data = encode(request, 0)
    if fds:
        connection.send_descriptors(data, fds)
    else:
        connection.queue(data)
    read = read_message(connection.receive(GREETING_LIMIT))
    if not isinstance(read, Message) or "return" not in read.value:
        raise OSError(f"{request.execute} was refused: {read}")


def _no_start(machine: Machine, case: Case, why: str) -> NotStanding:
    ending = machine.ending(1.0)
    reason = f"the machine of stage {case.stage.name} did not come up: {why}"
    seen = None
    if ending is not None:
        words = ending.stderr.strip().splitlines()
        reason = f"the machine of stage {case.stage.name} did not start: {words[-1:] or why}"
        replies: tuple[Line | None, ...] = (None,) * len(case.steps)
        death = Death(status=ending.status, stderr=ending.stderr)
        seen = Observation(replies=replies, death=death)
    elif case.stage.spec == MachineSpec():
        # As it greeted when it was introspected; other machines may be none of this build's.
        return NotStanding(_silent(reason), case, seen)
    return NotStanding(Verdict(outcome=Outcome.UNTESTABLE_HERE, reason=reason), case, seen)


def _silent(reason: str) -> Verdict:
    miss = Miss(
        rule="W13",
        kind=Kind.HANG,
        summary=reason,
        expected="the greeting, as soon as a client is connected",
        fold="no greeting",
    )
    return Verdict(outcome=Outcome.TIMEOUT, reason=reason, misses=(miss,), harmless=False)
