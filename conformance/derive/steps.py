"""The steps around a request that is known to succeed, and the machine that they run on."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from typing import Final

from conformance.judge.expect_answer import Accept, Answer, Ends
from conformance.knowledge.valid_request import Effect, ValidRequest
from conformance.model.blocked import Blocked, not_applicable, unmet, untried
from conformance.model.case import Emits, Isolation, Role, Step, Subject
from conformance.model.expectation import Expectation
from conformance.model.once import once
from conformance.model.stage import MachineSpec, Request, Stage
from conformance.model.terms import SubjectKind

ACCEPTED: Final = Accept()
ANSWERED: Final = Answer()
PLAIN: Final = Stage(name="plain", kept=True)
"""A machine of type none with nothing added: the cases of many subjects share it."""


@lru_cache(maxsize=1024)
def command_subject(name: str) -> Subject:
    """Return the command as a subject."""
    return Subject(kind=SubjectKind.COMMAND, name=name)


def supporting_step(request: Request, role: Role, expect: Expectation = ACCEPTED) -> Step:
    """Return the step of a valid request that the case is not about."""
    emits: tuple[Emits, ...] = ()
    if request.awaits and not request.companion:
        emits = tuple(Emits(event=each.event, data=each.data, rule=None) for each in request.awaits)
    return Step(request=request, expect=expect, role=role, rule="Q30", emits=emits)


_AGAIN: Final = once(supporting_step)
"""The same of requests that many cases send: one recipe's set-up and clean-up."""


def supporting_steps(
    requests: Iterable[Request], role: Role, expect: Expectation = ACCEPTED
) -> Iterator[Step]:
    """Yield the steps of valid requests that the case is not about."""
    return (_AGAIN(request, role, expect) for request in requests)


def around(
    valid: ValidRequest, *steps: Step, cleanup: Expectation | None = ACCEPTED
) -> tuple[Step, ...]:
    """Return `steps` between the set-up and the clean-up of a request; no clean-up for None.

    `cleanup` is the expectation for each request of the clean-up.
    """
    undone = () if cleanup is None else supporting_steps(valid.cleanup, Role.CLEANUP, cleanup)
    return (*supporting_steps(valid.setup, Role.SETUP), *steps, *undone)


def success_of(valid: ValidRequest) -> Expectation:
    """Return the expectation for a request that succeeds."""
    return Ends() if valid.effect is Effect.END else ACCEPTED


def witness(valid: ValidRequest) -> Step:
    """Return the step that shows that the request is accepted without its fault."""
    return Step(request=valid.request, expect=success_of(valid), role=Role.WITNESS, rule="Q30")


def stage_of(valid: ValidRequest) -> Stage:
    """Return the plain machine, or that of the request's command if it needs another."""
    return own_stage(valid.command, valid.spec) if valid.spec.mark else PLAIN


def own_stage(command: str, spec: MachineSpec) -> Stage:
    """Return a machine for the requests of one command alone: they may leave things behind."""
    return Stage(name=f"own/{command}{spec.mark}", spec=spec)


def isolation_of(valid: ValidRequest) -> Isolation:
    """Return whether other cases can share the machine of the request."""
    return Isolation.ALONE if valid.destructive else Isolation.SHARED


def blocked_by(valid: ValidRequest, lacks: Mapping[str, str]) -> Blocked | None:
    """Return why the request does not succeed here, None if it does.

    `lacks` maps each need that host and build do not meet to the reason.
    """
    if valid.always_fails:
        why = f"no request of it succeeds: {valid.always_fails}"
        return untried(why) if valid.possible else not_applicable(why)
    return unmet(valid.needs, lacks)
