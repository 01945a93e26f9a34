"""Reads a documentation comment: members, features, sections and examples, with places.

Reads both forms: up to 9.0, sections are known by their words alone ("Returns:", "Note:",
"Example:"); later ones are reStructuredText (".. qmp-example::"). Knows nothing of the declaration
that the comment belongs to.
"""

from __future__ import annotations

import enum
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, assert_never

from conformance.digest.declaration import Documentation, Section, SourcePlace, SourceRemark
from conformance.source.expression import Comment, SourceError
from conformance.source.rulings import Matter


class _Kind(enum.StrEnum):
    """What a piece of a comment is about."""

    # The entity as a whole.
    BODY = "body"
    # The line that introduces features; it says nothing itself.
    HEADING = "heading"
    # One argument, member, value or branch.
    MEMBER = "member"
    # One feature.
    FEATURE = "feature"
    # The result of a command.
    RETURNS = "Returns"
    # The errors of a command.
    ERRORS = "Errors"
    # The release that introduced the entity.
    SINCE = "Since"
    # A dialogue.
    EXAMPLE = "Example"
    # A note, which belongs to the body.
    NOTE = "Note"
    # A word from developers to each other: so the language's own tag reads.
    DEVELOPERS = "TODO"  # a tag that QEMU's comments bear, not work that is left here


_SYMBOL: Final = re.compile(r"@([\w.-]+):")
_DESCRIPTION: Final = re.compile(r"@([^\s:]+):(?!:)[ \t]*")
_ANY_NAME: Final = re.compile(r"@([^:]*):")
_TAG: Final = re.compile(r"(\w+):(?!:)[ \t]*")
_TAGS: Final[Mapping[str, _Kind]] = {kind: kind for kind in _Kind if kind[0].isupper()} | {
    "Notes": _Kind.NOTE,
    "Examples": _Kind.EXAMPLE,
}
_EXAMPLE: Final = re.compile(r" *\.\. qmp-example::\s*")
_OPTION: Final = re.compile(r" *:[\w-]+:(?:\s|$)")
_VERSION: Final = re.compile(r"\d+(?:\.\d+)+")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Line:
    """A part of a line of the comment, from some column on."""

    text: str
    place: SourcePlace

    @property
    def indent(self) -> int:
        return len(self.text) - len(self.text.lstrip(" "))

    def after(self, columns: int) -> _Line:
        place = self.place
        moved = SourcePlace(file=place.file, line=place.line, column=place.column + columns)
        return _Line(text=self.text[columns:], place=moved)


class _Piece:
    """What is said about one thing; collects its lines while the comment is read.

    `behind_tag` is the text on the line of the tag that begins the piece.
    """

    def __init__(
        self, kind: _Kind, place: SourcePlace, name: str = "", behind_tag: _Line | None = None
    ) -> None:
        self.kind = kind
        self.place = place
        self.name = name
        self.is_tagged = behind_tag is not None
        self.lines = [behind_tag] if behind_tag else []

    def goes_on(self, after_blank: bool) -> bool:
        """Return whether a line without indentation still belongs to the piece."""
        if self.kind is _Kind.BODY or not after_blank:
            return self.kind is not _Kind.HEADING
        if self.kind in (_Kind.HEADING, _Kind.MEMBER, _Kind.FEATURE) or self.is_tagged:
            return False
        # In the old form, the text of a section may begin below its tag, without indentation.
        first = next((line for line in self.lines if line.text), None)
        return first is None or first.indent == 0


def read_documentation(comment: Comment) -> Documentation:
    """Return what `comment` says; its symbol is None if it documents no declaration.

    Examples are removed from the text around them. The body holds everything about the entity as a
    whole, including notes; notes between developers are dropped. Raises SourceError for a first
    line without a proper symbol, and for what is said twice.
    """
    lines = tuple(
        _Line(text=text, place=comment.place_of(index)) for index, text in enumerate(comment.lines)
    )
    first = lines[0].text if lines else ""
    if not first.startswith("@"):
        body, examples = _without_examples(lines)
        section = _section(body, comment.place)
        return Documentation(
            symbol=None,
            body=section,
            examples=tuple(examples),
            place=comment.place,
            faults=tuple(_misplaced(lines)),
        )
    if (match := _SYMBOL.fullmatch(first)) is None:
        raise SourceError(lines[0].place, "the first line must be '@NAME:' and nothing else")
    return _assembled(match[1], _pieces(lines[1:], lines[0].place), comment.place)


def _pieces(lines: Iterable[_Line], place: SourcePlace) -> list[_Piece]:
    """Split the lines below the symbol into pieces, in order."""
    pieces = [_Piece(_Kind.BODY, place)]
    among_features = after_blank = False
    for line in lines:
        started = _started(line, among_features=among_features) if line.indent == 0 else None
        if (
            started is None
            and line.text
            and line.indent == 0
            and not pieces[-1].goes_on(after_blank)
        ):
            started = _Piece(_Kind.BODY, line.place)
            started.lines.append(line)
        if started is None:
            pieces[-1].lines.append(line)
        else:
            pieces.append(started)
            among_features = started.kind in (_Kind.HEADING, _Kind.FEATURE)
        after_blank = not line.text
    return pieces


def _started(line: _Line, *, among_features: bool) -> _Piece | None:
    """Return the piece that begins with `line`, or None."""
    if line.text == "Features:":
        return _Piece(_Kind.HEADING, line.place)
    if match := _DESCRIPTION.match(line.text):
        kind = _Kind.FEATURE if among_features else _Kind.MEMBER
    elif (match := _TAG.match(line.text)) and match[1] in _TAGS:
        kind = _TAGS[match[1]]
    else:
        return None
    rest = line.after(match.end())
    return _Piece(kind, line.place, match[1], rest if rest.text else None)


def _assembled(symbol: str, pieces: list[_Piece], place: SourcePlace) -> Documentation:
    bodies: list[Section] = []
    examples: list[Section] = []
    members: dict[str, Section] = {}
    features: dict[str, Section] = {}
    single: dict[str, Section] = {}
    for piece in pieces:
        section, found = _read(piece)
        examples += found
        match piece.kind:
            case _Kind.BODY | _Kind.HEADING:
                bodies.append(section)
            case _Kind.NOTE:
                text = f"{piece.name}: {section.text}"
                bodies.append(Section(text=text, place=section.place))
            case _Kind.MEMBER:
                _put(members, f"@{piece.name}:", piece.name, section)
            case _Kind.FEATURE:
                _put(features, f"@{piece.name}:", piece.name, section)
            case _Kind.RETURNS | _Kind.ERRORS | _Kind.SINCE:
                _put(single, f"{piece.kind}:", piece.kind, section)
            case _Kind.EXAMPLE:
                examples += [section] if section.text else []
            case _Kind.DEVELOPERS:
                # Not for readers, and no fact.
                pass
            case _:
                assert_never(piece.kind)
    version, beyond = _since(single.get(_Kind.SINCE))
    return Documentation(
        symbol=symbol,
        body=_joined(bodies + beyond),
        members=members,
        features=features,
        since=version,
        returns=single.get(_Kind.RETURNS),
        errors=single.get(_Kind.ERRORS),
        examples=tuple(examples),
        place=place,
        faults=tuple(sorted(_faults(pieces))),
        disputed=tuple(_disputed(pieces)),
    )


def _misplaced(lines: Iterable[_Line]) -> Iterator[SourceRemark]:
    """Yield what only the documentation of a definition may have."""
    for line in lines:
        if match := _ANY_NAME.match(line.text):
            problem = f"'@{match[1]}:' in documentation of no definition"
            yield SourceRemark(place=line.place, problem=problem)


def _faults(pieces: Sequence[_Piece]) -> Iterator[SourceRemark]:
    """Yield what is wrong with a comment, whatever definition it belongs to."""
    headings = [piece for piece in pieces if piece.kind is _Kind.HEADING]
    for piece in headings[1:]:
        yield SourceRemark(place=piece.place, problem="'Features:' stands twice")
    for piece, following in zip(pieces, [*pieces[1:], None], strict=True):
        if piece.kind is _Kind.HEADING and (not following or following.kind is not _Kind.FEATURE):
            problem = "no feature follows 'Features:'"
            yield SourceRemark(place=piece.place, problem=problem)
    has_ended = False
    for piece in pieces[1:]:
        if piece.kind is not _Kind.MEMBER:
            has_ended = True
        elif has_ended:
            problem = f"the description of '@{piece.name}:' follows a section"
            yield SourceRemark(place=piece.place, problem=problem)
        yield from _faults_of(piece)
    yield from _headings(pieces[0])


def _faults_of(piece: _Piece) -> Iterator[SourceRemark]:
    """Yield what is wrong with one piece, but for its place among the others."""
    if piece.kind in (_Kind.BODY, _Kind.HEADING):
        yield from _headings(piece)
        return
    if not any(line.text.strip() for line in piece.lines):
        told = f"@{piece.name}" if piece.kind in (_Kind.MEMBER, _Kind.FEATURE) else piece.name
        yield SourceRemark(place=piece.place, problem=f"no text follows '{told}:'")
    below = piece.lines[1:] if piece.is_tagged else piece.lines
    first = next((line for line in below if line.text), None)
    previous = ""
    for line in below:
        if first and line.text and previous and line.indent < first.indent:
            problem = f"the line is indented less than the {first.indent} columns before"
            yield SourceRemark(place=line.place, problem=problem)
            return
        previous = line.text


def _headings(piece: _Piece) -> Iterator[SourceRemark]:
    for line in piece.lines:
        if line.text.startswith("="):
            problem = "a heading in the documentation of a definition"
            yield SourceRemark(place=line.place, problem=problem)


def _disputed(pieces: Iterable[_Piece]) -> Iterator[tuple[str, SourceRemark]]:
    """Yield what only some releases refuse."""
    for piece in pieces:
        if piece.kind in (_Kind.NOTE, _Kind.EXAMPLE):
            problem = f"the section '{piece.name}:' is of an older form"
            yield Matter.OLD_SECTION, SourceRemark(place=piece.place, problem=problem)
        columns = piece.lines[0].place.column - piece.place.column if piece.is_tagged else 0
        for line in piece.lines[1:]:
            if not line.text:
                break
            if line.indent < columns:
                problem = f"the line is indented less than the {columns} columns of the text above"
                yield Matter.INDENTATION, SourceRemark(place=line.place, problem=problem)
                break


def _put(sections: dict[str, Section], what: str, name: str, section: Section) -> None:
    if name in sections:
        raise SourceError(section.place, f"{what!r} stands twice in one comment")
    sections[name] = section


def _read(piece: _Piece) -> tuple[Section, list[Section]]:
    """Return the text of `piece` without its examples, and the examples."""
    lines, examples = _without_examples(piece.lines)
    section = _section(lines, piece.place, first_apart=piece.is_tagged)
    if piece.kind not in (_Kind.BODY, _Kind.EXAMPLE):
        section = Section(text=section.text, place=piece.place)
    return section, examples


def _joined(bodies: list[Section]) -> Section:
    told = [section for section in bodies if section.text] or bodies
    return Section(text="\n\n".join(section.text for section in told), place=told[0].place)


def _since(section: Section | None) -> tuple[str | None, list[Section]]:
    """Return the version of a "Since:", and what goes to the body: everything beyond the version.

    Some sections continue with the versions of single members.
    """
    if section is None:
        return None, []
    match = _VERSION.match(section.text)
    told = [Section(text=f"Since: {section.text}", place=section.place)]
    if match is None:
        return None, told
    # Older releases write "0.14.0" for "0.14".
    version = re.sub(r"^(\d+\.\d+)\.0$", r"\1", match.group())
    return version, told if match.end() < len(section.text) else []


def _section(lines: Sequence[_Line], place: SourcePlace, *, first_apart: bool = False) -> Section:
    """Return `lines` as one text without shared indentation and surrounding blank lines.

    With `first_apart`, the first line, which follows a tag, does not count for the indentation. The
    place is that of the first character; `place` is for a text without lines.
    """
    told = [index for index, line in enumerate(lines) if line.text.strip()]
    if not told:
        return Section(text="", place=place)
    shared = min((lines[i].indent for i in told if i > 0 or not first_apart), default=0)
    texts = [
        line.text[shared:] if i > 0 or not first_apart else line.text
        for i, line in enumerate(lines)
    ]
    first = lines[told[0]]
    return Section(
        text="\n".join(texts[told[0] : told[-1] + 1]), place=first.after(first.indent).place
    )


def _without_examples(lines: Sequence[_Line]) -> tuple[list[_Line], list[Section]]:
    """Take the `.. qmp-example::` directives out of `lines`; return the rest and their contents."""
    left: list[_Line] = []
    examples: list[Section] = []
    index = 0
    while index < len(lines):
        directive = lines[index]
        index += 1
        if not _EXAMPLE.fullmatch(directive.text):
            left.append(directive)
            continue
        begin = index
        while index < len(lines) and (
            not lines[index].text or lines[index].indent > directive.indent
        ):
            index += 1
        while begin < index and _OPTION.match(lines[begin].text):
            begin += 1
        section = _section(lines[begin:index], directive.place)
        examples += [section] if section.text else []
    return left, examples
