"""Cases that known requests leave nothing behind once they are undone, and create what they say.

Knows no command and no query by name.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from typing import Final

from conformance.derive.applicability import OFFERS, names_absent
from conformance.derive.commands.filling import filled_path
from conformance.derive.commands.unchanged import (
    TOGETHER,
    look_again,
    looks_at,
    state_queries,
    watched,
)
from conformance.derive.commands.valid import not_in_schema
from conformance.derive.inputs import Introspected
from conformance.derive.steps import (
    around,
    blocked_by,
    command_subject,
    stage_of,
    supporting_step,
    supporting_steps,
)
from conformance.judge.expect_answer import Answer, Succeeds
from conformance.judge.expect_value import Adds
from conformance.knowledge.everything import Knowledge
from conformance.knowledge.state_queries import Creation
from conformance.knowledge.valid_request import Effect, ValidRequest
from conformance.model.case import Case, Isolation, Role, Step
from conformance.model.state import StateQuery
from conformance.model.terms import Aspect, JsonValue

OWN: Final = "recipe"
"""The name of a recipe's own request."""
_RESTORED: Final = "X46"
_CREATED: Final = "X47"
_BACK: Final = "what was done is undone: by the clean-up, or by the request itself"
_ADDED: Final = "the request has added what it names, and nothing else"
_LASTING: Final = (Effect.NONE, Effect.DESTRUCTIVE)
"""The effects after which the machine can be asked."""


def restored_cases(build: Introspected, knowledge: Knowledge, name: str) -> Iterator[Case]:
    """Yield the cases that the known requests of a command, once undone, have left nothing."""
    if knowledge.state.only_asks(name) or name in knowledge.state.unsettled:
        return
    alike: list[_Group] = []
    requests = knowledge.command(name).requests(build.version)
    taken_back = (undone(each, build, knowledge) for each in requests)
    for valid in filter(None, taken_back):
        left = left_behind(valid, build, knowledge)
        if left is None or not is_possible(valid, build):
            continue
        group = next((each for each in alike if each.takes(valid, left)), None)
        if group is None:
            alike.append(group := _Group(left))
        group.requests.append(valid)
    queries = state_queries(build, knowledge) if alike else ()
    for number, group in enumerate(alike if queries else (), start=1):
        case = _case(group.requests[0], f"restored/{number}")
        steps = [
            step
            for valid in group.requests
            for step in around(valid, _subject(valid), cleanup=Succeeds())
        ]
        asked = [query for query in queries if query.request.execute not in group.left]
        names = tuple(valid.name or OWN for valid in group.requests)
        looks = looks_at(asked, 0, _RESTORED, _BACK)
        yield watched(replace(case, together=names), (), steps, looks)


@dataclass(slots=True)
class _Group:
    """Requests on equal machines, after which the queries `left` show something else."""

    left: frozenset[str]
    requests: list[ValidRequest] = field(default_factory=list)

    def takes(self, valid: ValidRequest, left: frozenset[str]) -> bool:
        """Return whether a request belongs to them."""
        few = len(self.requests) < TOGETHER
        return few and left == self.left and valid.spec == self.requests[0].spec


def created_cases(build: Introspected, knowledge: Knowledge, name: str) -> Iterator[Case]:
    """Yield the cases that a command has created just what its request names."""
    known = [each for each in knowledge.state.creations if each.command == name]
    if not known:
        return
    queries = state_queries(build, knowledge)
    for valid in knowledge.command(name).requests(build.version):
        fitting = {
            each.request.text(): each
            for each in known
            if build.version in each.versions
            and _fits(each.given, valid.arguments)
            and filled_path(each.at, valid.arguments) is not None
        }
        if fitting and queries and is_possible(valid, build):
            yield _created(valid, queries, fitting, _beside(valid, build, knowledge))


def _created(
    valid: ValidRequest,
    queries: Sequence[StateQuery],
    creations: Mapping[str, Creation],
    beside: frozenset[str],
) -> Case:
    asked = [each for each in queries if each.request.text() not in beside]
    before = [*supporting_steps(valid.setup, Role.SETUP)]
    looks = (supporting_step(query.request, Role.SETUP, Answer()) for query in asked)
    after = [
        _grown(valid, query, step, creations[query.request.text()])
        if query.request.text() in creations
        else look_again(query, step, _CREATED, _ADDED)
        for step, query in enumerate(asked, start=len(before))
    ]
    case = _case(valid, f"created/{valid.name or OWN}")
    return replace(case, steps=(*before, *looks, _subject(valid), *after))


def _grown(valid: ValidRequest, query: StateQuery, step: int, creation: Creation) -> Step:
    return Step(
        request=query.request,
        expect=Adds(
            query, step, filled_path(creation.at, valid.arguments) or (), _named(creation, valid)
        ),
        role=Role.CHECK,
        rule=_CREATED,
        why=creation.reason or _ADDED,
    )


def _named(creation: Creation, valid: ValidRequest) -> tuple[Mapping[str, JsonValue], ...]:
    """Return the members by which each new element is known."""
    objects = [valid.arguments]
    if creation.per:
        objects = [each for each in _objects(valid.arguments) if creation.per in each]
    return tuple(
        {member: each[given] for member, given in creation.named.items() if given in each}
        for each in objects
    )


def _objects(value: JsonValue) -> Iterator[Mapping[str, JsonValue]]:
    """Yield the objects in a value, at any depth."""
    match value:
        case Mapping():
            yield value
            for each in value.values():
                yield from _objects(each)
        case list() | tuple():
            for each in value:
                yield from _objects(each)


def _beside(valid: ValidRequest, build: Introspected, knowledge: Knowledge) -> frozenset[str]:
    """Return the queries that show something else about what a request creates."""
    return frozenset(
        request.text()
        for each in knowledge.state.beside
        if each.command == valid.command
        and build.version in each.versions
        and _fits(each.given, valid.arguments)
        for request in each.requests
    )


def _fits(globs: Mapping[str, JsonValue], arguments: Mapping[str, JsonValue]) -> bool:
    return all(fnmatchcase(str(arguments.get(n, "")), str(glob)) for n, glob in globs.items())


def undone(valid: ValidRequest, build: Introspected, knowledge: Knowledge) -> ValidRequest | None:
    """Return a request with what undoes it, None if nothing is known to."""
    if valid.cleanup and not valid.destructive:
        return valid
    name = valid.name or OWN
    for each in knowledge.state.undoing:
        if each.fits(valid.command, name, build.version):
            request = replace(valid.request, awaits=each.awaits)
            return replace(valid, request=request, cleanup=each.undo, effect=Effect.NONE)
    return None


def left_behind(
    valid: ValidRequest, build: Introspected, knowledge: Knowledge
) -> frozenset[str] | None:
    """Return the queries that show something else afterwards, None if nothing undoes it."""
    name = valid.name or OWN
    entries = [
        each for each in knowledge.state.leaving if each.fits(valid.command, name, build.version)
    ]
    if any(not each.queries for each in entries):
        return None
    return frozenset(query for each in entries for query in each.queries)


def is_possible(valid: ValidRequest, build: Introspected) -> bool:
    """Return whether a request and all around it can be sent; its valid case tells why not."""
    offer = OFFERS[build.program]
    if valid.effect not in _LASTING or not valid.known or blocked_by(valid, build.lacks):
        return False
    return not not_in_schema(build, valid) and all(
        each.execute in build.schema.commands
        and each.execute not in build.unserved
        and not names_absent(each, offer)
        for each in (*valid.setup, valid.request, *valid.cleanup)
    )


def _case(valid: ValidRequest, about: str) -> Case:
    return Case(
        id=f"{valid.command}/{Aspect.LIFECYCLE}/{about}",
        subject=command_subject(valid.command),
        aspect=Aspect.LIFECYCLE,
        stage=stage_of(valid),
        steps=(),
        isolation=Isolation.ALONE,
        about=about,
    )


def _subject(valid: ValidRequest) -> Step:
    return supporting_step(valid.request, Role.SUBJECT, Succeeds())
