"""Cases of values of which the schema alone promises nothing: they are answered, and QEMU lives.

Each argument is tried with the values of its kind and of its documented form, and with the names of
things that are there, in a request that is accepted without.  Knows no command by name.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Final

from conformance.derive.argument_shapes import shape_of
from conformance.derive.commands.attempts import Attempt, likeliest
from conformance.derive.commands.base_requests import (
    SHALLOW,
    Arguments,
    arguments_of,
    requests_with,
)
from conformance.derive.commands.errors import named_instead
from conformance.derive.commands.filling import argument_at
from conformance.derive.commands.trials import Trial, Tried, filled_all
from conformance.derive.inputs import Introspected
from conformance.derive.unique import named_apart
from conformance.knowledge.argument_forms import FormPromise, Thing
from conformance.knowledge.arguments import ArgumentShape, Catalogue
from conformance.knowledge.everything import Knowledge
from conformance.knowledge.recipes import Wish
from conformance.knowledge.valid_request import ValidRequest
from conformance.model.case import Case
from conformance.model.stage import Request
from conformance.model.terms import ABSENT, Absent, JsonValue, as_object
from conformance.qapi.model import Member
from conformance.space.objects import ObjectPlace
from conformance.space.paths import Edit, Into
from conformance.space.values import exemplar

_LONG: Final = 100
"""Characters beyond which a value is told by its length."""
_SPARE: Final = "spare"
"""What a thing is called that the request under test has not to do with."""


def value_cases(build: Introspected, knowledge: Knowledge, name: str) -> Iterator[Case]:
    """Yield a case for each string, integer and array among a command's arguments."""
    if name in SHALLOW or name in knowledge.untyped(build.version):
        return
    arguments = arguments_of(build, knowledge, name)
    for place in arguments.places:
        for member in place.members:
            shape = shape_of(build.schema, member.type)
            if shape and member.name != place.tag:
                tried = _of_argument(arguments, place, member, shape)
                if tried is not None:
                    yield named_apart(tried.case(tried.label))
    for valid in _known(arguments):
        yield from map(named_apart, _references(arguments, valid))
        yield from map(named_apart, _held(arguments, valid))


def _of_argument(
    arguments: Arguments, place: ObjectPlace, member: Member, shape: ArgumentShape
) -> Tried | None:
    """Return an argument with the values of its form and its kind, and the names that are taken."""
    label = place.label_with(member)
    catalogue, command = arguments.knowledge.catalogue, arguments.command.name
    of_form: Mapping[str, FormPromise] = {}
    if shape is ArgumentShape.STRING:
        of_form = catalogue.of_form(command, label, arguments.build.version)
    of_kind = catalogue.values(command, label, shape)
    if not (of_form or of_kind):
        return None
    attempt = _attempt(arguments, place, member, shape)
    whole = as_object(attempt.object)
    own = whole[member.name]

    def trial(name: str, value: JsonValue, promise: FormPromise | None = None) -> Trial:
        given = attempt.with_instead({**whole, member.name: value})
        return Trial(name=name, arguments=given, promise=promise)

    trials = [
        trial(_brief(text), text, promise)
        for text, promise in of_form.items()
        if not (promise.wish is Wish.ACCEPT and (attempt.alone or not attempt.base.known))
    ]
    for each in of_kind:
        value = each.like(own)
        if not (isinstance(value, str) and value in of_form):
            trials.append(trial(each.name, value))
    if isinstance(own, str):
        trials += _taken(attempt, label, own)
    way = (*place.way, Into(member.name)) if shape is not ArgumentShape.ARRAY else ()
    return Tried(attempt=attempt, label=label, trials=trials, read=way)


def _brief(text: str) -> str:
    """Return what tells a value from others: long ones differ in their length."""
    if len(text) > _LONG:
        return f"{text[:8]}... ({len(text)} characters)"
    return text or "empty"


def _attempt(
    arguments: Arguments, place: ObjectPlace, member: Member, shape: ArgumentShape
) -> Attempt:
    """Return the likeliest request that has the member, an array with an element."""
    known = tuple(requests_with(arguments, place, member, apart=False))
    nearest = arguments.nearest(place.label_with(member))
    return likeliest(arguments, (*known, *nearest), place.way, _giving(arguments, member, shape))


def _giving(arguments: Arguments, member: Member, shape: ArgumentShape) -> Edit:
    schema = arguments.schema

    def given(value: JsonValue | Absent) -> JsonValue:
        whole = as_object(value)
        own = whole.get(member.name)
        if own if shape is ArgumentShape.ARRAY else own is not None:
            return whole
        return {**whole, member.name: exemplar(schema, member.type)}

    return given


def _taken(attempt: Attempt, label: str, own: str) -> Iterator[Trial]:
    """Yield that the new thing's name is that of another thing, of its own kind and of others."""
    arguments, base = attempt.arguments_of, attempt.base
    catalogue, command = arguments.knowledge.catalogue, arguments.command.name
    named = catalogue.named_by(command, label)
    if not base.known or attempt.alone or base.request.descriptor:
        return
    if named is not None:
        promise = FormPromise(wish=Wish.REJECT, words=named.unique) if named.unique else None
        request = attempt.valid_request(label)
        yield Trial(
            name="taken",
            arguments=attempt.arguments,
            promise=promise,
            setup=(request,),
            cleanup=base.cleanup,
        )
    if not catalogue.is_new_name(command, label):
        return
    for thing in catalogue.things:
        made = _made(arguments, base, thing, own)
        if made is not None and thing is not named:
            setup, cleanup = made
            name = f"name of a {thing.name}"
            yield Trial(name=name, arguments=attempt.arguments, setup=setup, cleanup=cleanup)


def _made(
    arguments: Arguments, base: ValidRequest, thing: Thing, name: str
) -> tuple[tuple[Request, ...], tuple[Request, ...]] | None:
    """Return the requests that make a thing of a name and take it away, None if none can here."""
    if not thing.make or (thing.machines and base.spec.machine not in thing.machines):
        return None
    setup = filled_all(arguments.build, thing.make, {"name": name})
    cleanup = filled_all(arguments.build, thing.unmake, {"name": name})
    return None if setup is None or cleanup is None else (setup, cleanup)


def _known(arguments: Arguments) -> Iterator[ValidRequest]:
    """Yield the command's requests that are known to succeed here."""
    name, knowledge = arguments.command.name, arguments.knowledge
    if name not in knowledge.commands:
        return
    for valid in knowledge.commands[name].requests(arguments.build.version):
        if not (valid.always_fails or arguments.build.lacks.keys() & {*valid.needs}):
            yield valid


def _references(arguments: Arguments, valid: ValidRequest) -> Iterator[Case]:
    """Yield a case for each argument that names a thing: it names others, of each kind."""
    whole, catalogue = valid.arguments, arguments.knowledge.catalogue
    there = sorted(each.name for each in _things(valid, catalogue))
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
            made = _made(arguments, valid, thing, _SPARE)
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


def _held(arguments: Arguments, valid: ValidRequest) -> Iterator[Case]:
    """Yield the cases in which the things that are there are put in use in each way.

    Of the things, those count that are of a kind which the request names, or else all.  What
    changes the machine for good is asked about each thing on a machine of its own.
    """
    there = _things(replace(valid, request=_NOTHING), arguments.knowledge.catalogue)
    kinds = {each.thing for each in there if each.thing and _mentions(valid.arguments, each.name)}
    found = {
        each.name: [*_uses(arguments, valid, each, each.thing)]
        for each in there
        if each.thing and (each.thing in kinds or not kinds)
    }
    cases = {f"held/{name}": uses for name, uses in found.items()}
    if not valid.destructive:
        cases = {"held": [use for uses in found.values() for use in uses]}
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
    arguments: Arguments, valid: ValidRequest, named: _Named, thing: Thing
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


_NOTHING: Final = Request("")


@dataclass(frozen=True, slots=True)
class _Named:
    """A thing that a request makes: its name, its kind if it is known, and the request's arguments."""

    name: str
    thing: Thing | None
    given: Mapping[str, JsonValue]

    @property
    def words(self) -> Mapping[str, JsonValue]:
        """What requests about it may name: its name, and what its own request says."""
        usual = self.thing.usual(self.given) if self.thing else {}
        return {**usual, **self.given, "name": self.name}


def _things(valid: ValidRequest, catalogue: Catalogue) -> list[_Named]:
    """Return the things that a request and its set-up make, each once."""
    found: dict[str, _Named] = {}
    for request in (*valid.setup, valid.request):
        given = as_object(request.arguments) if request.arguments is not ABSENT else {}
        for name, label in catalogue.names_in(request.execute, given):
            thing = catalogue.named_by(request.execute, label)
            if name not in found or found[name].thing is None:
                whole = given if "." not in label else {}
                found[name] = _Named(name, thing, whole)
    return [*found.values()]
