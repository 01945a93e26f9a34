"""Cases of requests whose peer misbehaves: each costs at most the request that talks to it.

Knows no command, no peer and no manner by name.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Final

from conformance.derive.commands.known_states import with_facts
from conformance.derive.commands.valid import not_in_schema
from conformance.derive.inputs import Introspected
from conformance.derive.objects.under_test import type_under_test
from conformance.derive.steps import (
    ANSWERED,
    blocked_by,
    command_subject,
    supporting_step,
    supporting_steps,
)
from conformance.judge.expect_answer import Accept, Present, RefusedLike
from conformance.judge.expect_value import Tells
from conformance.knowledge.absences import refusals_of
from conformance.knowledge.everything import Knowledge
from conformance.knowledge.peers import Approach, MannerRecipe
from conformance.knowledge.valid_request import Effect, Status, ValidRequest
from conformance.model.blocked import Blocked, not_applicable, untried
from conformance.model.case import (
    Case,
    Emits,
    Isolation,
    MayEnd,
    Meanwhile,
    Misbehaves,
    Role,
    Step,
    Subject,
)
from conformance.model.stage import (
    OUT_OF_BAND,
    SCRATCH,
    Peer,
    Request,
    Stage,
)
from conformance.model.terms import ABSENT, Aspect

LIVES: Final = "X53"
"""The rule that a peer does no harm beyond the request that talks to it."""
_WAITS: Final = "X54"
"""The rule that a request does not keep others waiting for its peer."""
_TELLS: Final = "X58"
"""The rule that the program tells what became of what a peer spoiled."""
_OUT_OF_BAND: Final = "Q35"
"""The rule that what runs out of band waits for nobody."""
_OOB: Final = ("oob",)
_RECIPE: Final = "recipe"
_LIMIT: Final = 3.0
"""Seconds until a request counts as one that is never answered: several times the silence of any
peer, and less than the usual, since what hangs costs that for each play."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Misbehaving:
    """A peer with a manner, at an address of its own beside that of the good one."""

    name: str
    recipe: MannerRecipe
    good: Peer
    bad: Peer


@dataclass(frozen=True, slots=True, kw_only=True)
class _Told:
    """The events and the query that tell what became of what a peer spoiled."""

    emits: tuple[Emits, ...]
    step: Step


@dataclass(frozen=True)
class _Talk:
    """A request that talks to peers, and the machine on which all of their manners are tried."""

    build: Introspected
    knowledge: Knowledge
    valid: ValidRequest
    subject: Subject
    begins: str
    """How the ids of its cases begin."""
    undo: tuple[Request, ...] = ()
    """What of its clean-up undoes the request itself."""
    approach: Approach | None = None
    """What is known beyond the request."""

    @property
    def name(self) -> str:
        """The name of the request."""
        return self.valid.name or _RECIPE

    @cached_property
    def misbehaving(self) -> tuple[_Misbehaving, ...]:
        """The peers that misbehave, one after the other."""
        found: list[_Misbehaving] = []
        known = self.knowledge.commands.peers
        for peer in self.valid.spec.peers:
            for name, recipe, manner in known.misbehaving(peer):
                bad = replace(peer, address=_beside(peer, name, len(found) + 1), manner=manner)
                found.append(_Misbehaving(name=name, recipe=recipe, good=peer, bad=bad))
        return tuple(found)

    @cached_property
    def stage(self) -> Stage:
        """The machine with all of its peers; out of band where it can be asked something so."""
        used = tuple(each.bad for each in self.misbehaving if not self.blocked(each))
        peers = (*self.valid.spec.peers, *used)
        spec = replace(self.valid.spec, peers=peers)
        capabilities = _OOB if self.beside else ()
        return Stage(name=f"peers{spec.mark}", spec=spec, capabilities=capabilities)

    @cached_property
    def beside(self) -> Step | None:
        """The step that is answered out of band at any time, None if the build has no command."""
        commands = self.build.schema.commands
        for name in self.knowledge.commands.peers.beside:
            if name in commands and commands[name].allow_oob and name not in self.build.unserved:
                request = Request(name, ABSENT, key=OUT_OF_BAND)
                return Step(request=request, expect=ANSWERED, role=Role.CHECK, rule=_OUT_OF_BAND)
        return None

    def blocked(self, each: _Misbehaving) -> Blocked | None:
        """Return why the request is not made of that peer."""
        known, build = self.knowledge.commands.peers, self.build
        slow = each.recipe.slow or (self.approach.slow if self.approach else "")
        if slow and not build.thorough:
            return untried(f"run with --thorough alone: {slow}")
        request = f"{self.begins}/{self.name}"
        return untried(known.spares(request, each.name, build.version))

    def is_asked(self) -> bool:
        """Return whether a peer of the request can misbehave, and the request is what talks to it.

        Who is named on the command line talks to the machine before a case does.
        """
        spec, known = self.valid.spec, self.knowledge.commands.peers
        on_the_line = " ".join(spec.args)
        peers = [
            each
            for each in spec.peers
            if not known.untried(each.serve) and each.address not in on_the_line
        ]
        named = all(any(_names(request, peer) for request in self.asked) for peer in peers)
        whole = bool(peers) and len(peers) == len(spec.peers)
        return whole and named and self.valid.effect is not Effect.END

    def cases(self) -> Iterator[Case]:
        """Yield a case a manner."""
        untyped = self.valid.command in self.knowledge.untyped(self.build.version)
        invalid = None if untyped else not_in_schema(self.build, self.valid)
        for each in self.misbehaving:
            blocked = (
                not_applicable(invalid)
                or blocked_by(replace(self.valid, always_fails=""), self.build.lacks)
                or self.blocked(each)
            )
            yield self._case(each, blocked)

    def _case(self, each: _Misbehaving, blocked: Blocked | None) -> Case:
        before = () if self._once else (*self._good(Role.SETUP),)
        first = [self._towards(each, request) for request in self.asked]
        last = len(before) + len(first) - 1
        talks = next(n for n, step in enumerate(first) if _names(step.request, each.bad))
        alive = [_alive(self.build)]
        calls, sequel = self.calling, self._sequel(each)
        if calls is not None and sequel is not None:
            # What a companion brings about is told while the next request is answered.
            told = alive if calls.companion else first
            told[-1] = replace(told[-1], emits=sequel.emits)
        manner, meanwhile = each.bad.manner, None
        if manner is not None and manner.patience:
            # While an event is awaited, no other request is under way.
            waits = self.valid.request.awaits or (sequel and sequel.emits)
            beside = None if waits else self.beside
            rule = beside.rule if beside else None
            # Who calls by itself is waited for behind the answer, or not at all.
            step = last if calls is None else last + 1
            meanwhile = Meanwhile(step=step, seconds=manner.patience, rule=_WAITS, beside=rule)
            (first if calls is None else alive).extend([beside] if beside else [])
        at_once = manner is not None and not manner.at
        misbehaves = Misbehaves(
            address=each.bad.address, step=len(before) + talks if at_once else last
        )
        may_end = self.approach.may_end if self.approach else ()
        number = f"{each.good.serve}/" if len(self.valid.spec.peers) > 1 else ""
        return Case(
            id=f"{self.begins}/{Aspect.PEERS}/{self.name}/{number}{each.name}",
            subject=self.subject,
            aspect=Aspect.PEERS,
            stage=self.stage,
            steps=()
            if blocked
            else (
                *(*before, *first, *alive),
                *([sequel.step] if sequel else []),
                *self._afterwards(each, len(before) + len(self.valid.setup)),
            ),
            isolation=Isolation.ALONE if self.valid.destructive else Isolation.SHARED,
            about=self.name,
            blocked=blocked,
            misbehaves=misbehaves,
            meanwhile=meanwhile,
            may_end=MayEnd(step=last, words=may_end) if may_end else None,
            limit=_LIMIT,
        )

    @property
    def calling(self) -> Request | None:
        """The request that makes a client call, if it is not the one that the cases are about."""
        return self.approach.calling if self.approach else None

    @property
    def asked(self) -> tuple[Request, ...]:
        """The request that the cases are about, with what stands before it and makes peers call."""
        calling = () if self.calling is None else (self.calling,)
        return (*self.valid.setup, self.valid.request, *calling)

    def _sequel(self, each: _Misbehaving) -> _Told | None:
        """Return what is to be told after that manner, None if nothing is known."""
        sequel = self.approach.sequel(each.name) if self.approach else None
        if sequel is None:
            return None
        pattern = with_facts(sequel.answer, self.build)
        return _Told(
            emits=tuple(
                Emits(event=event.event, data=event.data, rule=_TELLS) for event in sequel.awaits
            ),
            step=Step(
                request=sequel.request,
                expect=Tells(pattern),
                role=Role.CHECK,
                rule=_TELLS,
                why=sequel.reason,
            ),
        )

    def _towards(self, each: _Misbehaving, request: Request) -> Step:
        """Return the step of a request that goes to a peer which misbehaves."""
        role = Role.SUBJECT if request is self.valid.request else Role.CHECK
        own = request.companion or (role is Role.SUBJECT and self.valid.name)
        sent = _readdressed(request if own else replace(request, awaits=()), each.good, each.bad)
        absences = refusals_of(self.knowledge.absences, frozenset({request.execute}))
        step = supporting_step(sent, role, Present(absences))
        return replace(step, rule=LIVES)

    @property
    def _once(self) -> bool:
        """Whether the request succeeds once at most on a machine, or is not known to."""
        return self.valid.destructive or self.valid.status is not Status.SUCCEEDS

    def _good(self, role: Role) -> Iterator[Step]:
        """Yield the request of peers that behave well, with its set-up and its clean-up."""
        for request in (*self.valid.setup, self.valid.request):
            yield replace(supporting_step(request, role), rule=LIVES)
        yield from supporting_steps(self.valid.cleanup, Role.CLEANUP, ANSWERED)

    def _afterwards(self, each: _Misbehaving, subject: int) -> Iterator[Step]:
        """Yield what undoes the request, and the same request of a peer that behaves well."""
        for request in self.valid.cleanup:
            sent = _readdressed(replace(request, awaits=()), each.good, each.bad)
            undoes = request in self.undo
            yield Step(
                request=sent,
                expect=RefusedLike(subject) if undoes else ANSWERED,
                role=Role.CHECK if undoes else Role.CLEANUP,
                rule=LIVES,
            )
        if not self._once:
            yield from self._good(Role.CHECK)
        yield _alive(self.build)


def _alive(build: Introspected) -> Step:
    probe = Request(build.flavour.probe, ABSENT)
    return Step(request=probe, expect=Accept(), role=Role.CHECK, rule=LIVES)


def peer_cases(build: Introspected, knowledge: Knowledge, name: str) -> Iterator[Case]:
    """Yield the cases of the requests of a command that talk to a peer."""
    known = knowledge.commands.peers
    recipe = knowledge.command(name)
    own = recipe.requests(build.version) if name in knowledge.commands else ()
    subject = command_subject(name)
    talks = [_Talk(build, knowledge, valid, subject, name) for valid in own]
    for each in known.approaches_of(name, build.version, build.arch):
        talks.append(_Talk(build, knowledge, each.valid, subject, name, each.undo, each))
    for talk in talks:
        if talk.is_asked():
            yield from talk.cases()


def peer_cases_of_type(build: Introspected, knowledge: Knowledge, name: str) -> Iterator[Case]:
    """Yield the cases of the smallest object of a type, if it talks to a peer."""
    tested = type_under_test(build, knowledge, name)
    if tested.blocked or tested.recipe.setup or not tested.recipe.spec.peers:
        return
    valid = tested.smallest
    begins, undo = f"{valid.command}/{name}", valid.cleanup
    talk = _Talk(build, knowledge, valid, tested.subject, begins, undo)
    if talk.is_asked():
        yield from talk.cases()


def _beside(peer: Peer, name: str, number: int) -> str:
    """Return the address of a peer that misbehaves, beside that of the good one."""
    if peer.address.isdecimal():
        return str(int(peer.address) + number)
    return f"{peer.address}.{name}"


def _readdressed(request: Request, good: Peer, bad: Peer) -> Request:
    return request.with_arguments(_replaced(request.arguments, good.address, bad.address))


def _names(request: Request, peer: Peer) -> bool:
    """Return whether a request names the address of a peer."""
    return _replaced(request.arguments, peer.address, "") != request.arguments


def _replaced(value: object, old: str, new: str) -> object:
    """Return the value with another address: a socket in the scratch folder, or a port."""
    match value:
        case str():
            if not old.isdecimal():
                return value.replace(f"{SCRATCH}/{old}", f"{SCRATCH}/{new}")
            return new if value == old else value.replace(f":{old}", f":{new}")
        case dict():
            return {key: _replaced(item, old, new) for key, item in value.items()}
        case list() | tuple():
            return [_replaced(item, old, new) for item in value]
        case _:
            return value
