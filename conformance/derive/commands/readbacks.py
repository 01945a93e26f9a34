"""Steps that read back what a request was given, from the query that shows it.

cases/readbacks/ says which query that is; knows no command by name.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from conformance.derive.commands.filling import argument_at, filled, filled_path
from conformance.derive.inputs import Introspected
from conformance.derive.steps import supporting_step, supporting_steps
from conformance.judge.expect_answer import Accept, Answer
from conformance.judge.expect_value import Confirms, ReadsBack, Stays
from conformance.knowledge.everything import Knowledge
from conformance.knowledge.ranges import VALUE, with_value
from conformance.knowledge.readbacks import JSON_TURN, OWN, Readback, Since
from conformance.knowledge.valid_request import ValidRequest
from conformance.model.case import READS_BACK, Emits, Role, Step
from conformance.model.expectation import Expectation
from conformance.model.stage import Awaited, Request
from conformance.model.terms import ABSENT, Absent, JsonValue, PathPart, as_object
from conformance.space.answers import types_at
from conformance.space.paths import Element, Into, Way

_STAYS: Final = "X45"


@dataclass(frozen=True, slots=True, kw_only=True)
class GivenArgument:
    """An argument of a request: its label, also with its value, the way to it, and its value."""

    label: str
    varied: str
    way: Way
    value: JsonValue
    request: Request

    @property
    def names(self) -> tuple[str, ...]:
        """The names on its way; an element has a number."""
        turns = (turn for turn in self.way if isinstance(turn, Into | Element))
        return tuple(turn.name if isinstance(turn, Into) else "0" for turn in turns)


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownArgument:
    """Where an argument shows: the query, the path of the thing, the path in it, and the value.

    There is no query where an event tells it.
    """

    entry: Readback
    query: Request | None
    thing: tuple[PathPart, ...] = ()
    below: tuple[str, ...] = ()
    pattern: JsonValue

    def moving(self, request: Request) -> tuple[tuple[str, ...], ...]:
        """Return the paths in the thing at which a request may change what shows."""
        moves = [tuple(each.split(".")) for each in self.entry.moves]
        if self.entry.stays is Since.BEFORE:
            for part in self.entry.of:
                request = replace(request, arguments=argument_at(part, _arguments(request)))
            given = (self.entry.place_of(name) or (name,) for name in _arguments(request))
            return (*moves, *(each for way in given for each in _places(None, way)))
        own = self.below[: self.below.index(JSON_TURN)] if JSON_TURN in self.below else self.below
        return (own, *moves)


def _arguments(request: Request) -> Mapping[str, JsonValue]:
    return as_object(request.arguments)


def shown_argument(
    build: Introspected, knowledge: Knowledge, given: GivenArgument
) -> ShownArgument | None:
    """Return where an argument shows first, None if nothing is known to show it."""
    for entry in knowledge.readbacks.of(given.request.execute):
        if entry.shows(given.label, given.varied):
            shown = _shown(build, entry, given)
            if shown is not None:
                return shown
    return None


def _shown(build: Introspected, entry: Readback, given: GivenArgument) -> ShownArgument | None:
    spelling = entry.spelling(given.label, given.varied)
    pattern = given.value if spelling is None else _spelt(spelling, given.value)
    if entry.told is not None:
        known = entry.told.event in build.schema.events
        return ShownArgument(entry=entry, query=None, pattern=pattern) if known else None
    query, thing = _query(entry, given.request), _thing(entry, given.request)
    own = given.names
    if query is None or thing is None or own[: len(entry.of)] != entry.of:
        return None
    if query.execute not in build.schema.commands:
        return None
    if build.schema_error(query.execute, as_object(query.arguments)):
        return None
    if entry.confirms:
        return ShownArgument(entry=entry, query=query, pattern=pattern)
    place = entry.place_of(given.label)
    own = own[len(entry.of) :]
    # A query must show every integer that a command takes.
    usual = 0 if type(given.value) is int else given.value
    returned = build.schema.commands[query.execute].ret_type
    for below in _places(place, own):
        kinds = types_at(build.schema, returned, (*thing, *below))
        fits = spelling is not None or any(
            kind is None or build.validator.check(kind, usual) is None for kind in kinds
        )
        if kinds and fits:
            return ShownArgument(
                entry=entry, query=query, thing=thing, below=below, pattern=pattern
            )
    return None


def _places(place: tuple[str, ...] | None, own: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    """Yield where an argument may show: names are written with dashes or underscores."""
    if place is not None:
        turns = (own if turn == OWN else (turn,) for turn in place if turn)
        yield tuple(part for turn in turns for part in turn)
        return
    yield own
    for old, new in ("-_", "_-"):
        if old in own[-1]:
            yield tuple(name.replace(old, new) for name in own)


def _spelt(pattern: JsonValue, value: JsonValue) -> JsonValue:
    """Return a pattern with the value in place of its word, also within a text."""
    if isinstance(pattern, str) and pattern != VALUE:
        return pattern.replace(VALUE, str(value))
    filled: JsonValue = with_value(pattern, value)
    return filled


def _query(entry: Readback, request: Request) -> Request | None:
    if entry.request is None:
        return None
    asked = as_object(entry.request.arguments)
    arguments = filled(asked, _arguments(request))
    if isinstance(arguments, Absent):
        return None
    return replace(entry.request, arguments=arguments or ABSENT)


def _thing(entry: Readback, request: Request) -> tuple[PathPart, ...] | None:
    return filled_path(entry.at, _arguments(request), besides=JSON_TURN)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """The steps that read an argument back, around those of its request.

    `before` stand before the set-up, `between` between it and the request, `after` behind that;
    `emits` are the events that must follow the request.
    """

    before: tuple[Step, ...] = ()
    between: tuple[Step, ...] = ()
    emits: tuple[Emits, ...] = ()
    after: tuple[Step, ...] = ()


def reading(
    shown: ShownArgument | None, base: ValidRequest, request: Request, *, supporting: int
) -> Reading:
    """Return the steps for an argument of `request`, which differs from `base` in that alone.

    `supporting` is how many steps stand between `before` and `between`.
    """
    if shown is None or (shown.entry.needs_success and not base.known):
        return Reading()
    entry = shown.entry
    emits = tuple(_awaited(entry.awaits, request))
    then = tuple(supporting_steps(_all_filled(entry.then, request), Role.CHECK))
    # What an event has not told leaves another state, and the event is what is looked for.
    undone = Accept() if shown.query is not None else Answer()
    undo = tuple(supporting_steps(_all_filled(entry.undo, request), Role.CLEANUP, undone))
    if shown.query is None:
        told = _told(shown, request)
        if not then:
            return Reading(emits=(*emits, told), after=undo)
        last = replace(then[-1], emits=(*then[-1].emits, told))
        return Reading(emits=emits, after=(*then[:-1], last, *undo))
    asked = supporting_step(shown.query, Role.SETUP, Answer())
    before: tuple[Step, ...] = ()
    between: tuple[Step, ...] = ()
    if entry.stays is Since.BASE and _can_be_undone(shown, base, request):
        before = tuple(_made_and_undone(base, asked))
    elif entry.stays is Since.BEFORE:
        between = (asked,)
    subject = len(before) + supporting + len(between)
    seen: Expectation = ReadsBack((*shown.thing, *shown.below), shown.pattern, subject)
    if entry.confirms:
        seen = Confirms(subject)
    checks = [Step(request=shown.query, expect=seen, role=Role.CHECK, rule=READS_BACK)]
    if before or between:
        was = subject - 1 if between else len(before) - len(base.cleanup) - 1
        stays = Stays(shown.thing, was, subject, shown.moving(request))
        checks.append(Step(request=shown.query, expect=stays, role=Role.CHECK, rule=_STAYS))
    return Reading(
        before=before,
        between=between,
        emits=emits,
        after=(*then, *checks, *undo),
    )


def _told(shown: ShownArgument, request: Request) -> Emits:
    told = shown.entry.told
    assert told is not None, "without a query, an event tells it"
    data = filled(with_value(told.data, shown.pattern), _arguments(request))
    return Emits(event=told.event, data=as_object(data), rule=READS_BACK)


def _awaited(events: Sequence[Awaited], request: Request) -> Iterator[Emits]:
    for each in events:
        data = filled(each.data, _arguments(request))
        yield Emits(event=each.event, data=as_object(data), rule=None)


def _all_filled(requests: Sequence[Request], request: Request) -> Iterator[Request]:
    """Yield the requests with the arguments of `request` that they name."""
    for each in requests:
        arguments = filled(_arguments(each), _arguments(request))
        if not isinstance(arguments, Absent):
            yield replace(each, arguments=arguments or ABSENT)


def _can_be_undone(shown: ShownArgument, base: ValidRequest, request: Request) -> bool:
    """Return whether the request without the argument makes the same thing, and can be undone."""
    same = _thing(shown.entry, base.request) == shown.thing
    asked = _query(shown.entry, base.request) == shown.query
    differs = base.arguments != _arguments(request)
    undone = base.cleanup and not base.destructive and not base.request.descriptor
    return bool(same and asked and differs and undone)


def _made_and_undone(base: ValidRequest, asked: Step) -> Sequence[Step]:
    """Return the steps of the request without the argument, the query, and the clean-up."""
    made = supporting_step(base.request, Role.SETUP, Answer())
    return (
        *supporting_steps(base.setup, Role.SETUP),
        made,
        asked,
        *supporting_steps(base.cleanup, Role.SETUP, Answer()),
    )
