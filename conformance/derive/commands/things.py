"""Cases of arguments that name other things than their own, and of things that are in use.

cases/values.toml says what there is and what puts it in use; knows no command by name.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from conformance.derive.commands.attempts import Attempt
from conformance.derive.commands.base_requests import Arguments
from conformance.derive.commands.errors import named_instead
from conformance.derive.commands.filling import argument_at
from conformance.derive.commands.trials import HELD, Trial, Tried, filled_all
from conformance.derive.commands.unchanged import state_queries
from conformance.derive.inputs import Introspected
from conformance.knowledge.argument_forms import Thing
from conformance.knowledge.arguments import Catalogue
from conformance.knowledge.exceptions import reasons_for
from conformance.knowledge.valid_request import ValidRequest
from conformance.model.case import Case
from conformance.model.once import once
from conformance.model.stage import Request
from conformance.model.state import StateQuery
from conformance.model.terms import ABSENT, JsonValue, as_object

_SPARE: Final = "spare"
"""What a thing is called that the request under test has not to do with."""
_NOTHING: Final = Request("")


def _named(
    build: Introspected, requests: Sequence[Request], name: str
) -> tuple[Request, ...] | None:
    return filled_all(build, requests, {"name": name})


_NAMED: Final = once(_named)
"""The requests that make a thing, or take it away, are the same in the cases of many commands."""


def made_here(
    arguments: Arguments, base: ValidRequest, thing: Thing, name: str
) -> tuple[tuple[Request, ...], tuple[Request, ...]] | None:
    """Return the requests that make a thing of a name and take it away, None if none can here."""
    if not thing.make or (thing.machines and base.spec.machine not in thing.machines):
        return None
    setup = _NAMED(arguments.build, thing.make, name)
    cleanup = _NAMED(arguments.build, thing.unmake, name)
    return None if setup is None or cleanup is None else (setup, cleanup)


def known_requests(arguments: Arguments) -> Iterator[ValidRequest]:
    """Yield the command's requests that are known to succeed here."""
    name, knowledge = arguments.command.name, arguments.knowledge
    if name not in knowledge.commands:
        return
    by_chance = reasons_for(knowledge.intermittent, arguments.build.version)
    for valid in knowledge.commands[name].requests(arguments.build.version):
        # Of what ends the build by chance, a variation shows no more.
        if f"{name}/valid/{valid.name or 'recipe'}" in by_chance:
            continue
        if not (valid.always_fails or arguments.build.lacks.keys() & {*valid.needs}):
            yield valid


def reference_cases(arguments: Arguments, valid: ValidRequest) -> Iterator[Case]:
    """Yield a case for each argument that names a thing: it names others, of each kind."""
    whole, catalogue = valid.arguments, arguments.knowledge.catalogue
    there = sorted(each.name for each in things_of(valid, catalogue))
    for reference in valid.references:
        label = ".".join(reference.at)
        own = argument_at(label, whole)
        if not isinstance(own, str):
            continue
        trials = [
            Trial(name=each, arguments=named_instead(whole, replace(reference, instead=each)))
            for each in there
            if each != own
        ]
        spare = named_instead(whole, replace(reference, instead=_SPARE))
        for thing in catalogue.things:
            made = made_here(arguments, valid, thing, _SPARE)
            if made is not None:
                setup, cleanup = made
                name = f"a spare {thing.name}"
                trials.append(Trial(name=name, arguments=spare, setup=setup, cleanup=cleanup))
        trials = [each for each in trials if not arguments.schema_error(each.arguments)]
        if trials:
            tried = Tried(attempt=_as_it_is(arguments, valid), label=label, trials=trials)
            yield tried.case("/".join(filter(None, (valid.name, label, "another"))))


def _as_it_is(arguments: Arguments, valid: ValidRequest) -> Attempt:
    return Attempt(
        arguments_of=arguments, base=valid, way=(), arguments=valid.arguments, error=None
    )


def held_cases(arguments: Arguments, valid: ValidRequest) -> Iterator[Case]:
    """Yield the cases in which the things that are there are put in use in each way.

    Of the things, those count that are of a kind which the request names, or else all.  What
    changes the machine for good is asked about each thing on a machine of its own.
    """
    there = things_of(replace(valid, request=_NOTHING), arguments.knowledge.catalogue)
    kinds = {each.thing for each in there if each.thing and _mentions(valid.arguments, each.name)}
    found = {
        each.name: [*_uses(arguments, valid, each, each.thing)]
        for each in there
        if each.thing and (each.thing in kinds or not kinds)
    }
    cases = {f"{HELD}/{name}": uses for name, uses in found.items()}
    if not valid.destructive:
        cases = {HELD: [use for uses in found.values() for use in uses]}
    for name, trials in cases.items():
        if trials:
            tried = Tried(attempt=_as_it_is(arguments, valid), label="", trials=trials)
            yield tried.case("/".join(filter(None, (valid.name, name))))


def _mentions(value: JsonValue, name: str) -> bool:
    """Return whether a string anywhere in the value is the name."""
    match value:
        case Mapping():
            return any(_mentions(each, name) for each in value.values())
        case list():
            return any(_mentions(each, name) for each in value)
        case _:
            return value == name


def _uses(
    arguments: Arguments, valid: ValidRequest, named: NamedThing, thing: Thing
) -> Iterator[Trial]:
    """Yield the request with the thing in use in each way that there can be here."""
    for holder in thing.holders:
        if holder.machines and valid.spec.machine not in holder.machines:
            continue
        setup = filled_all(arguments.build, holder.setup, named.words)
        cleanup = filled_all(arguments.build, holder.cleanup, named.words)
        if setup is not None and cleanup is not None:
            name = f"{named.name} in use by {holder.name}"
            yield Trial(name=name, arguments=valid.arguments, setup=setup, cleanup=cleanup)


@dataclass(frozen=True, slots=True)
class NamedThing:
    """A thing that a request makes: its name, its kind if known, and the request's arguments."""

    name: str
    thing: Thing | None
    given: Mapping[str, JsonValue]

    @property
    def words(self) -> Mapping[str, JsonValue]:
        """What requests about it may name: its name, and what its own request says."""
        usual = self.thing.usual(self.given) if self.thing else {}
        return {**usual, **self.given, "name": self.name}


def things_of(valid: ValidRequest, catalogue: Catalogue) -> list[NamedThing]:
    """Return the things that a request and its set-up make, each once."""
    found: dict[str, NamedThing] = {}
    for request in (*valid.setup, valid.request):
        given = as_object(request.arguments) if request.arguments is not ABSENT else {}
        for name, label in catalogue.names_in(request.execute, given):
            thing = catalogue.named_by(request.execute, label)
            if name not in found or found[name].thing is None:
                whole = given if "." not in label else {}
                found[name] = NamedThing(name, thing, whole)
    return [*found.values()]


def look_at_things(arguments: Arguments, base: ValidRequest) -> StateQuery | None:
    """Return the query that lists the things which a request makes, None if none does.

    What changes its machine for good may change it a while after its answer.
    """
    if base.destructive:
        return None
    made = things_of(replace(base, setup=()), arguments.knowledge.catalogue)
    asked = [Request(each.thing.seen) for each in made if each.thing]
    queries = state_queries(arguments.build, arguments.knowledge)
    return next((each for each in queries if each.request in asked), None)
