"""Cases of values of which the schema alone promises nothing: they are answered, and QEMU lives.

Each argument is tried with the values of its kind and of its documented form, and with the names of
things that are there, in a request that is accepted without.  Knows no command by name.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from conformance.derive.argument_shapes import shape_of
from conformance.derive.commands.attempts import Attempt, likeliest
from conformance.derive.commands.base_requests import (
    SHALLOW,
    Arguments,
    arguments_of,
    requests_with,
)
from conformance.derive.commands.things import (
    held_cases,
    known_requests,
    look_at_things,
    made_here,
    reference_cases,
)
from conformance.derive.commands.trials import Trial, Tried
from conformance.derive.inputs import Introspected
from conformance.derive.unique import named_apart
from conformance.knowledge.argument_forms import DocumentedForms, FormPromise
from conformance.knowledge.arguments import ArgumentShape
from conformance.knowledge.everything import Knowledge
from conformance.knowledge.recipes import Wish
from conformance.model.case import Case
from conformance.model.terms import Absent, JsonValue, as_object
from conformance.qapi.model import Member
from conformance.space.objects import ObjectPlace
from conformance.space.paths import Edit, Into
from conformance.space.values import exemplar

_LONG: Final = 100
"""Characters beyond which a value is told by its length."""


def value_cases(build: Introspected, knowledge: Knowledge, name: str) -> Iterator[Case]:
    """Yield a case for each string, integer and array among a command's arguments."""
    if name in SHALLOW:
        return
    arguments = arguments_of(build, knowledge, name)
    for place in arguments.places:
        for member in place.members:
            shape = shape_of(build.schema, member.type)
            if shape and member.name != place.tag:
                tried = _of_argument(arguments, place, member, shape)
                if tried is not None:
                    yield named_apart(tried.case(tried.label))
    for valid in known_requests(arguments):
        yield from map(named_apart, reference_cases(arguments, valid))
        yield from map(named_apart, held_cases(arguments, valid))


def _of_argument(
    arguments: Arguments, place: ObjectPlace, member: Member, shape: ArgumentShape
) -> Tried | None:
    """Return an argument with the values of its form and its kind, and the names that are taken."""
    label = place.label_with(member)
    catalogue, command = arguments.knowledge.catalogue, arguments.command.name
    if catalogue.leaves_out(command, label, thorough=arguments.build.thorough):
        return None
    forms = DocumentedForms()
    if shape is ArgumentShape.STRING:
        forms = catalogue.forms_of(command, label, arguments.build.version)
    of_form, structured = forms.texts(), forms.structured()
    of_kind = catalogue.values(command, label, shape, thorough=arguments.build.thorough)
    if not (of_form or of_kind or structured):
        return None
    attempt = _surrounded(_attempt(arguments, place, member, shape), forms)
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
    formed = (trial(name, value) for name, value in structured.items())
    trials += [each for each in formed if not arguments.schema_error(each.arguments)]
    if isinstance(own, str):
        trials += _taken(attempt, label, own)
    way = (*place.way, Into(member.name)) if shape is not ArgumentShape.ARRAY else ()
    look = look_at_things(arguments, attempt.base)
    return Tried(attempt=attempt, label=label, trials=trials, read=way, look=look)


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


def _surrounded(attempt: Attempt, forms: DocumentedForms) -> Attempt:
    """Return the attempt on a machine that has what the values of the argument name."""
    base = attempt.base
    spec = forms.surrounded(base.spec)
    return attempt if spec is base.spec else replace(attempt, base=replace(base, spec=spec))


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
        made = made_here(arguments, base, thing, own)
        if made is not None and thing is not named:
            setup, cleanup = made
            name = f"name of a {thing.name}"
            yield Trial(name=name, arguments=attempt.arguments, setup=setup, cleanup=cleanup)
