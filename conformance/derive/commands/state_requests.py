"""The requests that a command is asked in a known state: refused ones, those about its things, own.

Knows no state and no command by name, and nothing of cases.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import islice, zip_longest
from typing import Final

from conformance.derive.commands.errors import named_instead
from conformance.derive.commands.filling import argument_at
from conformance.derive.commands.valid import not_in_schema
from conformance.derive.inputs import Introspected
from conformance.derive.steps import blocked_by
from conformance.knowledge.arguments import Catalogue
from conformance.knowledge.everything import Knowledge
from conformance.knowledge.refusals import Reference, When
from conformance.knowledge.states import MachineState
from conformance.knowledge.valid_request import Effect, ValidRequest
from conformance.model.canonical import digest
from conformance.model.stage import MachineSpec, Request
from conformance.model.terms import ABSENT, Absent, JsonValue, as_object

MOST: Final = 6
"""The most requests of a command in one state."""
_REFUSALS: Final = 2
_THINGS: Final = 4
"""How many of them are requests that must be refused, and how many name things of the state."""
_OWN: Final = "recipe"
"""What tells a recipe's own request from its others."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AskedIn:
    """One request in a state, with what comes before and after it; `named` are the state's things.

    `label` tells it from others of the command.
    """

    label: str
    request: Request
    setup: tuple[Request, ...] = ()
    cleanup: tuple[Request, ...] = ()
    effect: Effect = Effect.NONE
    named: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class StateRequests:
    """What can be asked in a state of a build."""

    build: Introspected
    knowledge: Knowledge
    state: MachineState

    def of(self, name: str, *, refusals: bool) -> Iterator[AskedIn]:
        """Yield those of a command: refused ones, those about things of the state, its own.

        What an accepted one begins may still go on behind it.
        """
        own = _of_command(self.build, self.knowledge, name)
        if refusals:
            yield from islice(self._refused(name), _REFUSALS)
        # One of each known request before a second one of any.
        rows = zip_longest(*map(self._about_things, own))
        yield from islice((each for row in rows for each in row if each is not None), _THINGS)
        known = [*self.own_of(name)]
        yield from [each for each in known if each.effect is Effect.NONE] or known

    def own_of(self, name: str) -> Iterator[AskedIn]:
        """Yield a command's own ones, as far as the machine is one for them."""
        for valid in _of_command(self.build, self.knowledge, name):
            yield from self._own(valid)

    def _own(self, valid: ValidRequest) -> Iterator[AskedIn]:
        """Yield a request as its recipe has it, apart from others, if the machine is one for it."""
        if _is_served(valid.spec, self.state.spec):
            if not any(each.awaits for each in valid.setup):
                yield _as_asked(valid, valid.name or _OWN)
        elif valid.command in self.state.asks and not valid.setup:
            yield _as_asked(replace(valid, cleanup=()), valid.name or _OWN)

    def _about_things(self, valid: ValidRequest) -> Iterator[AskedIn]:
        """Yield a request with a thing of the state for each of its references."""
        for reference in valid.references:
            for thing in self.state.things_of(reference.to):
                asked = self._naming(valid, reference, thing)
                if asked is not None:
                    yield asked

    def _naming(self, valid: ValidRequest, reference: Reference, thing: str) -> AskedIn | None:
        """Return a request that names a thing, None if it needs what is not there.

        Others of its references name other things of the state, where there are any.
        """
        arguments = named_instead(valid.arguments, replace(reference, instead=thing))
        named, missing = [thing], False
        for other in valid.references:
            own = argument_at(".".join(other.at), arguments)
            if other.at == reference.at or isinstance(own, Absent):
                continue
            things = self.state.things_of(other.to)
            instead = next((each for each in things if each not in named), None)
            missing |= instead is None
            if instead is not None:
                named.append(instead)
                arguments = named_instead(
                    as_object(arguments), replace(other, instead=instead, without=frozenset())
                )
        served = _is_served(valid.spec, self.state.spec)
        awaiting = any(each.awaits for each in valid.setup)
        if missing and valid.setup and (awaiting or not served):
            return None
        if self.build.schema_error(valid.command, arguments):
            return None
        label = f"{valid.name or _OWN} {'.'.join(reference.at)}={thing}"
        whole = replace(
            valid,
            request=valid.request.with_arguments(arguments),
            setup=valid.setup if missing else (),
            cleanup=valid.cleanup if missing or not valid.setup else (),
        )
        return replace(_as_asked(whole, label), named=tuple(named))

    def _refused(self, name: str) -> Iterator[AskedIn]:
        """Yield requests that must be refused whatever the state."""
        if name not in self.knowledge.commands:
            return
        for each in self.knowledge.commands[name].refusals_for(self.build.version):
            apart = each.when is When.APART and each.spec is None and not each.destructive
            arguments: JsonValue = each.arguments
            if not apart or any(request.awaits for request in each.setup):
                continue
            if not self.build.schema_error(name, arguments):
                request = Request(name, each.arguments or ABSENT)
                valid = ValidRequest(request=request, setup=each.setup, cleanup=each.cleanup)
                renamed = _apart(valid, self.knowledge.catalogue, each.name)
                yield _as_asked(renamed, each.name)


@lru_cache(maxsize=1)
def _known(build: Introspected, knowledge: Knowledge) -> dict[str, tuple[ValidRequest, ...]]:
    """Return where the requests of a build's commands are kept."""
    return {}


def _of_command(build: Introspected, knowledge: Knowledge, name: str) -> tuple[ValidRequest, ...]:
    """Return the requests of a command that succeed on a build, as far as the host goes."""
    kept = _known(build, knowledge)
    if name not in kept:
        kept[name] = tuple(_possible(build, knowledge, name))
    return kept[name]


def _possible(build: Introspected, knowledge: Knowledge, name: str) -> Iterator[ValidRequest]:
    if name not in knowledge.commands:
        if not build.schema_error(name, {}):
            yield ValidRequest(request=Request(name))
        return
    untyped = knowledge.untyped(build.version)
    for valid in knowledge.commands[name].requests(build.version):
        if blocked_by(valid, build.lacks) or (name not in untyped and not_in_schema(build, valid)):
            continue
        around = (*valid.setup, *valid.cleanup)
        if all(each.execute in build.schema.commands for each in around):
            yield _apart(valid, knowledge.catalogue, valid.name)


def _is_served(own: MachineSpec, there: MachineSpec) -> bool:
    """Return whether the machine `there` has all that `own` names."""
    if own.machine not in (MachineSpec().machine, there.machine):
        return False
    if own.accel and own.accel != there.accel:
        return False
    pairs = {*zip(there.args, there.args[1:], strict=False)}
    options = [each for each in zip(own.args, own.args[1:], strict=False) if each[0][:1] == "-"]
    flags = {each for each in own.args if each[:1] == "-"} <= {*there.args}
    return (
        flags
        and all(each in pairs or each[1][:1] == "-" for each in options)
        and {*own.files} <= {*there.files}
        and {*own.peers} <= {*there.peers}
        and {*own.descriptors} <= {*there.descriptors}
        and {*own.endpoints} <= {*there.endpoints}
        and not own.companions
        and {*own.devices} <= {*there.devices}
    )


def _as_asked(valid: ValidRequest, label: str) -> AskedIn:
    """Return a request to ask; what its clean-up would wait for may not come in a state."""
    return AskedIn(
        label=label,
        request=valid.request,
        setup=valid.setup,
        cleanup=tuple(replace(each, awaits=()) if each.awaits else each for each in valid.cleanup),
        effect=valid.effect,
    )


def _apart(valid: ValidRequest, catalogue: Catalogue, label: str) -> ValidRequest:
    """Return a request whose things have names of their own, for others stay on the machine.

    What it refers to, and its set-up does not make, keeps its name.
    """
    made = {n for each in valid.setup for n in _names_in(catalogue, each)}
    own = (argument_at(".".join(each.at), valid.arguments) for each in valid.references)
    there = {each for each in own if isinstance(each, str)}
    made |= {name for name in _names_in(catalogue, valid.request) if name not in there}
    if not made:
        return valid
    word = digest([valid.command, label])[:4]
    names = {name: f"{name}-{word}" for name in made if name}

    def renamed(value: object) -> object:
        match value:
            case str():
                parts = value.split("/")
                return "/".join(names.get(part, part) for part in parts)
            case Mapping():
                return {key: renamed(each) for key, each in value.items()}
            case list() | tuple():
                return [renamed(each) for each in value]
            case _:
                return value

    def request(each: Request) -> Request:
        return each.with_arguments(renamed(each.arguments))

    return replace(
        valid,
        request=request(valid.request),
        setup=tuple(map(request, valid.setup)),
        cleanup=tuple(map(request, valid.cleanup)),
    )


def _names_in(catalogue: Catalogue, request: Request) -> Iterator[str]:
    named = catalogue.names_in(request.execute, as_object(request.arguments))
    return (name for name, _ in named)
