"""Cases that what an option makes at start is what the command makes of the same arguments.

Some options take the arguments of a command as JSON; cases/state.toml says which.  Knows no command
by name.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Final

from conformance.derive.commands.base_requests import arguments_of
from conformance.derive.commands.restored import OWN, is_possible, left_behind, undone
from conformance.derive.commands.unchanged import looks_at, state_queries, watched
from conformance.derive.devices.under_test import DELETED, DEVICE_ADD, device_under_test
from conformance.derive.inputs import Introspected
from conformance.derive.instances import reading
from conformance.derive.objects.under_test import type_under_test
from conformance.derive.steps import command_subject, supporting_step, supporting_steps
from conformance.knowledge.argument_forms import is_among
from conformance.knowledge.devices import Removal
from conformance.knowledge.everything import Knowledge
from conformance.knowledge.state_queries import AtStart
from conformance.knowledge.valid_request import Status, ValidRequest
from conformance.model.blocked import behind_finding
from conformance.model.canonical import compact
from conformance.model.case import Case, Isolation, Role, Step
from conformance.model.stage import SCRATCH, Awaited, MachineSpec, Request, Stage
from conformance.model.state import StateQuery
from conformance.model.terms import Aspect

RULE: Final = "X56"
_NAME: Final = "at-start"
_WHY: Final = "what the option made was taken away, and the command made it again"


def command_cases(build: Introspected, knowledge: Knowledge, name: str) -> Iterator[Case]:
    """Yield a case for each known request of a command that an option can make at start.

    What it needs is made at start, too.
    """
    options = _options(build, knowledge)
    if name not in options:
        return
    for each in _known(build, knowledge, name):
        valid = undone(each, build, knowledge)
        if valid is None or valid.request.descriptor or not is_possible(valid, build):
            continue
        left = left_behind(valid, build, knowledge)
        requests = (*valid.setup, valid.request)
        if (
            left is not None
            and _is_alone(valid)
            and all(request.execute in options for request in requests)
        ):
            about = f"{_NAME}/{valid.name or OWN}"
            case = Case(
                id=f"{name}/{Aspect.VALID}/{about}",
                subject=command_subject(name),
                aspect=Aspect.VALID,
                stage=_stage(valid.spec, requests, options),
                steps=(),
                isolation=Isolation.ALONE,
                about=about,
            )
            yield _made_twice(case, build, knowledge, valid, left)


def _known(build: Introspected, knowledge: Knowledge, name: str) -> Iterator[ValidRequest]:
    """Yield the requests that succeed: those of the recipe, and those of its integers."""
    yield from knowledge.command(name).requests(build.version)
    for each in arguments_of(build, knowledge, name).recipes:
        if not (each.varies or each.apart):
            about = each.paths[0].rstrip(".-*")
            yield replace(each.valid_request(), name=about, status=Status.SUCCEEDS)


def object_cases(build: Introspected, knowledge: Knowledge, name: str) -> Iterator[Case]:
    """Yield the case of an object type whose smallest request an option can make at start."""
    tested, options = type_under_test(build, knowledge, name), _options(build, knowledge)
    valid = tested.smallest
    requests = (*valid.setup, valid.request)
    if valid.destructive or not _is_alone(valid):
        return
    if not all(request.execute in options for request in requests):
        return
    blocked = tested.blocked or behind_finding(tested.recipe.start_ends)
    stage = _stage(valid.spec, requests, options)
    made = tested.case(Aspect.VALID, _NAME, (), about=_NAME, stage=stage, blocked=blocked)
    case = replace(made, isolation=Isolation.ALONE)
    # What the object needs stays as it is.
    yield case if case.blocked else _made_twice(case, build, knowledge, replace(valid, setup=()))


def device_cases(build: Introspected, knowledge: Knowledge, name: str) -> Iterator[Case]:
    """Yield the case of a device type that an option can plug in at start, if no guest must let go.

    What each of its properties reads is seen, too.
    """
    tested, options = device_under_test(build, knowledge, name), _options(build, knowledge)
    option = options.get(DEVICE_ADD)
    stays = tested.plug.cold or tested.stays or tested.plug.gone is Removal.GUEST
    if option is None or tested.blocked or stays or not tested.first:
        return
    if is_among(name, option.lasting):
        return
    gone = Awaited(event=DELETED, data={"device": tested.device_id})
    *first, last = tested.away
    valid = ValidRequest(
        request=Request(DEVICE_ADD, tested.base()),
        spec=tested.plug.spec,
        cleanup=(*first, replace(last, awaits=(gone,))),
    )
    known = behind_finding(tested.plug.known)
    made = tested.case(Aspect.VALID, _NAME, (), about=_NAME, blocked=known)
    stage = _stage(valid.spec, (valid.request,), options)
    case = replace(made, stage=stage, isolation=Isolation.ALONE)
    if case.blocked:
        yield case
        return
    shown = tuple(reading(tested.path, each) for each in tested.properties if not each.child_of)
    yield _made_twice(case, build, knowledge, valid, more=shown)


def _is_alone(valid: ValidRequest) -> bool:
    """Return whether it needs no peer in the network that comes with the machine."""
    return not any(peer.address.isdigit() for peer in valid.spec.peers)


def _options(build: Introspected, knowledge: Knowledge) -> Mapping[str, AtStart]:
    """Return the options that take the arguments of commands, by command."""
    known = knowledge.state.at_start
    return {each.command: each for each in known if build.version in each.versions}


def _stage(
    spec: MachineSpec, requests: tuple[Request, ...], options: Mapping[str, AtStart]
) -> Stage:
    """Return the machine that starts with what the requests would make."""
    words = [
        word
        for request in requests
        for word in (
            options[request.execute].option,
            compact(request.arguments).replace(SCRATCH, "{scratch}"),
        )
    ]
    started = replace(spec, args=(*spec.args, *words))
    return Stage(name=f"{_NAME}{started.mark}", spec=started)


def _made_twice(
    case: Case,
    build: Introspected,
    knowledge: Knowledge,
    valid: ValidRequest,
    left: frozenset[str] = frozenset(),
    more: Sequence[StateQuery] = (),
) -> Case:
    """Return the case in which what is there from the start is taken away and made again.

    The queries `left` show something else once it has been taken away; `more` are asked, too.
    """
    again: list[Step] = [
        *supporting_steps(valid.cleanup, Role.SETUP),
        *supporting_steps(valid.setup, Role.SETUP),
        supporting_step(valid.request, Role.SUBJECT),
    ]
    queries = knowledge.state.anew(state_queries(build, knowledge))
    asked = [*(query for query in queries if query.request.execute not in left), *more]
    option = _options(build, knowledge)[valid.command]
    looks = looks_at([query for query in asked if option.compares(query)], 0, RULE, _WHY)
    return watched(case, (), again, looks)
