"""What reads back what a request was given, from the query, the event or the file that shows it.

cases/readbacks/ says which query that is; knows no command by name.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from conformance.derive.commands.filling import argument_at, filled, filled_path
from conformance.derive.inputs import Introspected
from conformance.derive.steps import supporting_step, supporting_steps
from conformance.judge.expect_answer import Answer
from conformance.judge.expect_value import Confirms, ReadsBack, Stays
from conformance.knowledge.everything import Knowledge
from conformance.knowledge.keys import SCRATCH_MARK
from conformance.knowledge.ranges import VALUE, with_value
from conformance.knowledge.readbacks import JSON_TURN, OWN, Readback, Since
from conformance.knowledge.valid_request import ValidRequest
from conformance.model.case import READS_BACK, Emits, Role, ShownFile, Step
from conformance.model.expectation import Expectation
from conformance.model.stage import SCRATCH, Awaited, Request
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

    Without a query, it is the file of the scratch folder of that name, or else an event.
    """

    entry: Readback
    query: Request | None
    file: str = ""
    thing: tuple[PathPart, ...] = ()
    below: tuple[str, ...] = ()
    pattern: JsonValue

    def moving(self, request: Request) -> tuple[tuple[str, ...], ...]:
        """Return the paths in the thing at which a request may change what shows."""
        moves = [tuple(each.split(".")) for each in self.entry.moves]
        if self.entry.stays is Since.BEFORE:
            for part in self.entry.of:
                request = request.with_arguments(argument_at(part, _arguments(request)))
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
        if _has(build, entry) and entry.shows(given.label, given.varied):
            shown = _shown(build, entry, given)
            if shown is not None:
                return shown
    return None


def _has(build: Introspected, entry: Readback) -> bool:
    """Return whether a build has the command and the event of an entry."""
    told = entry.told is None or entry.told.event in build.schema.events
    return told and (entry.request is None or entry.request.execute in build.schema.commands)


def _shown(build: Introspected, entry: Readback, given: GivenArgument) -> ShownArgument | None:
    spelling = entry.spelling(given.label, given.varied)
    pattern = given.value if spelling is None else _spelt(spelling, given.value)
    if entry.told is not None:
        return ShownArgument(entry=entry, query=None, pattern=pattern)
    query, thing = _query(entry, given.request), _thing(entry, given.request)
    file = _file(entry, given.request)
    own = given.names
    if (query is None and not file) or thing is None or own[: len(entry.of)] != entry.of:
        return None
    if query and build.schema_error(query.execute, as_object(query.arguments)):
        return None
    if entry.confirms:
        return ShownArgument(entry=entry, query=query, pattern=pattern)
    place = entry.place_of(given.label)
    own = own[len(entry.of) :]
    # A query must show every integer that a command takes.
    usual = 0 if type(given.value) is int else given.value
    for below in _places(place, own):
        kinds = _kinds_at(build, entry, (*thing, *below))
        fits = spelling is not None or any(
            kind is None or build.validator.check(kind, usual) is None for kind in kinds
        )
        if kinds and fits:
            return ShownArgument(
                entry=entry, query=query, file=file, thing=thing, below=below, pattern=pattern
            )
    return None


def _kinds_at(
    build: Introspected, entry: Readback, path: Sequence[PathPart]
) -> tuple[str | None, ...]:
    """Return the types of what can stand there; None is any."""
    if entry.request is None:
        return (None,)
    return types_at(build.schema, build.schema.commands[entry.request.execute].ret_type, path)


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


def _file(entry: Readback, request: Request) -> str:
    """Return the name of the entry's file in the scratch folder, "" if there is none."""
    path = filled(entry.file.replace(SCRATCH_MARK, SCRATCH), _arguments(request))
    return path.partition(f"{SCRATCH}/")[2] if isinstance(path, str) else ""


def _query(entry: Readback, request: Request) -> Request | None:
    if entry.request is None:
        return None
    asked = as_object(entry.request.arguments)
    arguments = filled(asked, _arguments(request))
    if isinstance(arguments, Absent):
        return None
    return entry.request.with_arguments(arguments or ABSENT)


def _thing(entry: Readback, request: Request) -> tuple[PathPart, ...] | None:
    return filled_path(entry.at, _arguments(request), besides=JSON_TURN)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """The steps that read an argument back, around those of its request.

    `before` stand before the set-up, `between` between it and the request, `after` behind that;
    `emits` are the events that must follow the request, `files` those that show it at the end.
    """

    before: tuple[Step, ...] = ()
    between: tuple[Step, ...] = ()
    emits: tuple[Emits, ...] = ()
    after: tuple[Step, ...] = ()
    files: tuple[ShownFile, ...] = ()


def reading(
    shown: ShownArgument | None, base: ValidRequest, request: Request, *, supporting: int
) -> Reading:
    """Return the steps for an argument of `request`, which differs from `base` in that alone.

    `supporting` is how many steps stand between `before` and `between`.
    """
    if shown is None or (shown.entry.needs_success and not base.known):
        return Reading()
    entry, query = shown.entry, shown.query
    if entry.told is not None:
        return _told(shown, entry.told, request)
    then = supporting_steps(_all_filled(entry.then, request), Role.CHECK)
    undo = supporting_steps(_all_filled(entry.undo, request), Role.CLEANUP)
    before: tuple[Step, ...] = ()
    between: tuple[Step, ...] = ()
    if query and entry.stays is not None:
        asked = supporting_step(query, Role.SETUP, Answer())
        if entry.stays is Since.BEFORE:
            between = (asked,)
        elif _can_be_undone(shown, base, request):
            before = tuple(_made_and_undone(base, asked))
    subject = len(before) + supporting + len(between)
    checks = [_check(shown, query, subject)] if query else []
    if query and (before or between):
        was = subject - 1 if between else len(before) - len(base.cleanup) - 1
        stays = Stays(shown.thing, was, subject, shown.moving(request))
        checks.append(Step(request=query, expect=stays, role=Role.CHECK, rule=_STAYS))
    return Reading(
        before=before,
        between=between,
        emits=tuple(_awaited(entry.awaits, request)),
        after=(*then, *checks, *undo),
        files=() if query else (_shown_file(shown, subject),),
    )


def _told(shown: ShownArgument, told: Awaited, request: Request) -> Reading:
    """Return the steps for an argument that an event tells."""
    entry = shown.entry
    emits = tuple(_awaited(entry.awaits, request))
    then = tuple(supporting_steps(_all_filled(entry.then, request), Role.CHECK))
    # What an event has not told leaves another state, and the event is what is looked for.
    undo = tuple(supporting_steps(_all_filled(entry.undo, request), Role.CLEANUP, Answer()))
    data = filled(with_value(told.data, shown.pattern), _arguments(request))
    seen = Emits(event=told.event, data=as_object(data), rule=READS_BACK)
    if not then:
        return Reading(emits=(*emits, seen), after=undo)
    last = replace(then[-1], emits=(*then[-1].emits, seen))
    return Reading(emits=emits, after=(*then[:-1], last, *undo))


def _check(shown: ShownArgument, query: Request, subject: int) -> Step:
    """Return the step that shows the argument of the step `subject`."""
    seen: Expectation = ReadsBack((*shown.thing, *shown.below), shown.pattern, subject)
    if shown.entry.confirms:
        seen = Confirms(subject)
    return Step(request=query, expect=seen, role=Role.CHECK, rule=READS_BACK)


def _shown_file(shown: ShownArgument, subject: int) -> ShownFile:
    return ShownFile(
        name=shown.file,
        path=(*shown.thing, *shown.below),
        pattern=shown.pattern,
        step=subject,
        rule=READS_BACK,
    )


def _awaited(events: Sequence[Awaited], request: Request) -> Iterator[Emits]:
    for each in events:
        data = filled(each.data, _arguments(request))
        yield Emits(event=each.event, data=as_object(data), rule=None)


def _all_filled(requests: Sequence[Request], request: Request) -> Iterator[Request]:
    """Yield the requests with the arguments of `request` that they name."""
    for each in requests:
        arguments = filled(_arguments(each), _arguments(request))
        if not isinstance(arguments, Absent):
            yield each.with_arguments(arguments or ABSENT)


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
