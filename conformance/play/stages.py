"""Prepares a stage: a negotiated machine of the pool, with its descriptors and set-up done."""

from __future__ import annotations

from dataclasses import dataclass

from conformance.judge.expect_answer import Accept
from conformance.judge.miss import Miss
from conformance.judge.observation import Line, Observation
from conformance.judge.reply import MessageJudge
from conformance.judge.verdict import Verdict, judge
from conformance.launch.machine import Machine
from conformance.launch.pool import Pool
from conformance.model.case import Case, Emits, Role, Step, Subject
from conformance.model.ending import ending_text
from conformance.model.expectation import Kind
from conformance.model.stage import Descriptor, MachineSpec, Request, Stage
from conformance.model.terms import BROKEN, Aspect, Outcome, SubjectKind
from conformance.play.player import Player, opened
from conformance.prepare.starts import TRIES, StartDeath, Starts, lasting
from conformance.wire.connection import Connection, WireError
from conformance.wire.framing import Message, read_message

GREETING_LIMIT = 30.0
"""The time limit of a greeting in seconds: it takes 0.1, or seconds on a loaded host."""


@dataclass(frozen=True, slots=True)
class StageFailed:
    """Why a stage failed: the outcome of every case on it, and what was seen.

    `began` says whether its machine had greeted by then.
    """

    verdict: Verdict
    case: Case
    seen: Observation | None
    began: bool = True


def prepare_stage(
    stage: Stage, pool: Pool, messages: MessageJudge, starts: Starts, *, again: bool = False
) -> Player | StageFailed:
    """Return a player on a machine of `stage`, or why there is none.

    A machine that ends before it greets is started again: once, or up to TRIES times if a signal
    ended it or one like it has started before. `starts` records the machines that ended before a
    successful one, and those that a signal ends each time. With `again`, the machine is additional
    to those prefetched. Raises LaunchError if the machine cannot even be started.
    """
    ended: list[StartDeath] = []
    for number in range(TRIES):
        machine = pool.take(stage.spec, again=again or number > 0)
        standing = _tried(machine, stage, messages)
        if isinstance(standing, Player):
            starts.note(stage.spec)
            starts.died(*ended)
            return standing
        last = standing
        death = last.seen.death if last.seen is not None else None
        killed = death is not None and death.status < 0
        if death is not None:
            ended.append(StartDeath(command_line=machine.command_line, death=death))
        # Only a machine that fails twice says something about the build, and not the host.
        once_more = number == 0 and (last.verdict.outcome in BROKEN or not last.began)
        if not once_more and (last.began or not (killed or starts.stood(stage.spec))):
            break
    if not last.began:
        # What its set-up ends each time is the outcome of every case on the stage.
        starts.died(*lasting(ended))
    return last


def _tried(machine: Machine, stage: Stage, messages: MessageJudge) -> Player | StageFailed:
    standing: Player | StageFailed | None = None
    try:
        standing = _negotiated(machine, stage, messages)
    finally:
        if not isinstance(standing, Player):
            machine.close()
    return standing


class _RefusedError(Exception):
    """A set-up request was refused."""


def _negotiated(machine: Machine, stage: Stage, messages: MessageJudge) -> Player | StageFailed:
    if not machine.has_monitor:
        return Player(machine, None)
    connection = Connection(machine.monitor, traffic=machine.traffic)
    negotiated = not machine.flavour.greets
    case = _setup_case(stage, negotiated=negotiated)
    try:
        if machine.flavour.greets:
            connection.receive(GREETING_LIMIT)
        for request in stage.negotiation() if stage.spec.descriptors else ():
            _ask(connection, request, ())
        for descriptor in stage.spec.descriptors:
            _pass(connection, descriptor)
    except _RefusedError as error:
        reason = f"the set-up failed: {error}"
        return StageFailed(Verdict(outcome=Outcome.UNTRIED, reason=reason), case, None)
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
            return StageFailed(verdict, case, seen)
    return player


def _declined(seen: Observation) -> bool:
    """Return whether a machine ended because it lacks what its command line asks for.

    Some builds greet first and look at their devices afterwards.
    """
    answered = any(reply is not None for reply in seen.replies)
    return not answered and seen.death is not None and seen.death.status > 0


def _setup_case(stage: Stage, *, negotiated: bool = False) -> Case:
    """Return the set-up of a stage as a case, so that it is played and judged as one."""
    requests = stage.setup if negotiated else (*stage.negotiation(), *stage.setup)
    return Case(
        id=f"set-up/{stage.name}",
        subject=Subject(kind=SubjectKind.COMMAND, name="set-up"),
        aspect=Aspect.VALID,
        stage=stage,
        steps=tuple(
            Step(
                request=request,
                expect=Accept(),
                role=Role.SETUP,
                rule="W35",
                emits=tuple(
                    Emits(event=each.event, data=each.data, rule=None)
                    for each in (() if request.companion else request.awaits)
                ),
            )
            for request in requests
        ),
        limit=GREETING_LIMIT,
    )


def _pass(connection: Connection, descriptor: Descriptor) -> None:
    """Pass one descriptor and close our own; raises OSError if its source cannot be opened."""
    with opened(descriptor.source) as ours:
        _ask(connection, Request("getfd", {"fdname": descriptor.name}), (ours,))


def _ask(connection: Connection, request: Request, fds: tuple[int, ...]) -> None:
    data = request.line(0)
    if fds:
        connection.send_descriptors(data, fds)
    else:
        connection.queue(data)
    read = read_message(connection.receive(GREETING_LIMIT))
    if not isinstance(read, Message) or "return" not in read.value:
        raise _RefusedError(f"{request.execute}: refused{_words(read)}")


def _words(read: object) -> str:
    error = read.value.get("error") if isinstance(read, Message) else None
    return f" with {error.get('class')}: {error.get('desc')}" if isinstance(error, dict) else ""


def _no_start(machine: Machine, case: Case, why: str) -> StageFailed:
    ending = machine.ending(1.0)
    reason = f"the machine of stage {case.stage.name} did not come up: {why}"
    seen = None
    if ending is not None:
        words = ending.stderr.strip().splitlines()
        how = ending_text(ending.status)
        said = words[-1] if words else why
        reason = f"the machine of stage {case.stage.name} did not start ({how}): {said}"
        replies: tuple[Line | None, ...] = (None,) * len(case.steps)
        death = ending
        seen = Observation(replies=replies, death=death)
    elif case.stage.spec == MachineSpec():
        # It greeted so when it was introspected; other machines may belong to another build.
        return StageFailed(_silent(reason), case, seen, began=False)
    verdict = Verdict(outcome=Outcome.NOT_STARTED, reason=reason)
    return StageFailed(verdict, case, seen, began=False)


def _silent(reason: str) -> Verdict:
    miss = Miss(
        rule="W13",
        kind=Kind.HANG,
        summary=reason,
        expected="the greeting, as soon as a client is connected",
        fold="no greeting",
    )
    return Verdict(outcome=Outcome.TIMEOUT, reason=reason, misses=(miss,), harmless=False)
