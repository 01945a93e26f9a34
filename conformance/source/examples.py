"""Reads an example of the documentation as the dialogue that it shows; knows no schema.

Arrows say who speaks: "->" the client, "<-" the server. Between messages there is prose, and three
dots for omitted messages. A mistake in the JSON is a fault of the example, a value.
"""

from __future__ import annotations

import enum
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final, TypeAlias

from conformance.digest.declaration import Section, SourcePlace
from conformance.model.terms import JsonValue
from conformance.source.example_json import ELISION, read_written


class ShownDirection(enum.StrEnum):
    """Who speaks in an example."""

    # The client: "->".
    SENT = "sent"
    # The server: "<-".
    RECEIVED = "received"


@dataclass(frozen=True, slots=True, kw_only=True)
class ExampleFault:
    """What is wrong with an example, and where."""

    place: SourcePlace
    problem: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownMessage:
    """One message of an example.

    `elided` are the paths (as in `validate.Fault`) of objects and arrays with omissions, and of
    whole values left out, for which `value` has null. `places` says where each path begins. A
    message that cannot be read as JSON has `value` null and is not `readable`.
    """

    direction: ShownDirection
    value: JsonValue
    readable: bool = True
    elided: frozenset[str] = frozenset()
    place: SourcePlace
    places: Mapping[str, SourcePlace] = field(default_factory=dict, compare=False)

    def nearest(self, path: str) -> SourcePlace:
        """Return the place of `path`, or of the innermost existing part around it."""
        while path and path not in self.places:
            path = path[: max(path.rfind("."), path.rfind("["), 0)]
        return self.places.get(path, self.place)


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftOut:
    """Something that is not shown: a message of `direction`, or any number where that is None."""

    direction: ShownDirection | None
    text: str
    place: SourcePlace


@dataclass(frozen=True, slots=True, kw_only=True)
class Prose:
    """A line for the reader: a title, an option of the directive, what happens in between."""

    text: str
    place: SourcePlace


Part: TypeAlias = ShownMessage | LeftOut | Prose


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """What one example shows, in order; `faults` are those found without a schema."""

    parts: tuple[Part, ...]
    faults: tuple[ExampleFault, ...]
    place: SourcePlace

    @property
    def messages(self) -> tuple[ShownMessage, ...]:
        """The messages alone."""
        return tuple(part for part in self.parts if isinstance(part, ShownMessage))


_ARROWS: Final = {"->": ShownDirection.SENT, "<-": ShownDirection.RECEIVED}
_ARROW: Final = re.compile(r"(->|<-)(?=\s|[{\[.]|$)")
_LINE_ARROW: Final = re.compile(r"^[ \t]*(?:->|<-)(?=\s|[{\[.]|$)", re.MULTILINE)
_STRAY_HERE: Final = re.compile(r"[ \t]*([\]}),:;'\"][^\s.]*)")
_STRAY_BELOW: Final = re.compile(r"\s*([\]},]+)")
_GOES_ON: Final = re.compile(r"[\s\]},]*(\"[^\"\n]*\")\s*:")
"""Another member, after the bracket that ends the message."""
_ANOTHER: Final = re.compile(r"\{\s*['\"]")
"""How a message without an arrow begins."""
_SERVED: Final = re.compile(r"\{\s*['\"](?:return|error|event|data|timestamp|QMP)['\"]")
"""How a message from a server begins, whatever the order of its members."""
_LINE: Final = re.compile(r"[^\n]*")


def parse_example(section: Section) -> Example:
    """Return the dialogue of an example's text, whatever it contains."""
    parser = _Parser(section)
    parts = tuple(parser.parts())
    return Example(parts=parts, faults=tuple(parser.faults), place=section.place)


class _Parser:
    """A position in an example's text."""

    def __init__(self, section: Section) -> None:
        self._text = section.text
        self._origin = section.place
        self._position = 0
        self.faults: list[ExampleFault] = []

    def parts(self) -> Iterator[Part]:
        """Yield the parts in order; faults are noted on the way."""
        while self._skip_space():
            arrow = _ARROW.match(self._text, self._position)
            if arrow is not None:
                place = self._place(self._position)
                self._position = arrow.end()
                yield from self._said(_ARROWS[arrow[1]], place)
            elif _ANOTHER.match(self._text, self._position):
                yield self._without_arrow()
            elif match := ELISION.match(self._text, self._position):
                yield LeftOut(direction=None, text=match[0], place=self._place(match.start()))
                self._position = match.end()
            else:
                yield self._prose()

    def _said(self, direction: ShownDirection, place: SourcePlace) -> Iterator[Part]:
        """Yield the message behind an arrow, or what is in its place."""
        end = self._next_arrow()
        self._skip_space(end)
        if self._position == end:
            self._fault(place, "nothing follows the arrow")
        elif match := ELISION.match(self._text, self._position, end):
            self._position = match.end()
            yield LeftOut(direction=direction, text=match[0], place=place)
        elif self._text[self._position] not in "{[":
            line = self._prose()
            self._fault(place, f"the message is no JSON: {line.text}")
            yield line
        else:
            yield self._message(direction, place, end)

    def _message(self, direction: ShownDirection, place: SourcePlace, end: int) -> ShownMessage:
        written = read_written(self._text, self._position, end)
        for slip in written.slips:
            self._fault(self._place(slip.offset), slip.problem)
        readable = written.whole
        self._position = written.end
        if readable and (more := _GOES_ON.match(self._text, self._position, end)):
            closed = self._place(written.end - 1)
            self._fault(closed, f"the message is closed too early: {more[1]} stands behind its end")
            readable = False
        if readable:
            self._stray()
        else:
            # Where the JSON continues after the mistake cannot be known.
            self._position = end
        return ShownMessage(
            direction=direction,
            value=written.value if readable else None,
            readable=readable,
            elided=written.elided,
            place=place,
            places={path: self._place(offset) for path, offset in written.offsets.items()},
        )

    def _stray(self) -> None:
        """Note brackets, commas and quotes after the end of a message."""
        end = self._position
        match = _STRAY_HERE.match(self._text, end) or _STRAY_BELOW.match(self._text, end)
        while match is not None:
            place = self._place(match.start(1))
            self._fault(place, f"{match[1]!r} stands behind the end of the message")
            self._position = end = match.end()
            match = _STRAY_BELOW.match(self._text, end)

    def _without_arrow(self) -> ShownMessage:
        """Return a message that lacks an arrow: its content shows who sends it."""
        place = self._place(self._position)
        end = self._next_arrow()
        served = _SERVED.match(self._text, self._position)
        return self._message(ShownDirection.RECEIVED if served else ShownDirection.SENT, place, end)

    def _prose(self) -> Prose:
        match = _LINE.match(self._text, self._position)
        text = match[0] if match else ""
        place = self._place(self._position)
        self._position += len(text)
        return Prose(text=text.strip(), place=place)

    def _next_arrow(self) -> int:
        """Return where the next line with an arrow begins, or the end of the text."""
        match = _LINE_ARROW.search(self._text, self._text.find("\n", self._position) + 1)
        no_more_lines = "\n" not in self._text[self._position :]
        return len(self._text) if match is None or no_more_lines else match.start()

    def _skip_space(self, end: int | None = None) -> bool:
        """Skip blanks; return whether a character comes before `end`."""
        limit = len(self._text) if end is None else end
        while self._position < limit and self._text[self._position].isspace():
            self._position += 1
        return self._position < limit

    def _fault(self, place: SourcePlace, problem: str) -> None:
        self.faults.append(ExampleFault(place=place, problem=problem))

    def _place(self, offset: int) -> SourcePlace:
        before = self._text[:offset]
        line_start = before.rfind("\n") + 1
        return SourcePlace(
            file=self._origin.file,
            line=self._origin.line + before.count("\n"),
            column=self._origin.column + offset - line_start,
        )
