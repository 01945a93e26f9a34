"""Reads QEMU's reference manual, as a package ships it, as the source of a schema.

A manual says less than the source: see `read_manual`. Reads both forms that releases have had: one
section for each definition (up to 7.2), and nested lists (10.0 and later). Knows no build.
"""

from __future__ import annotations

import gzip
import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

from conformance.digest.declaration import (
    DeclaredBranch,
    DeclaredFeature,
    DeclaredMember,
    DeclaredValue,
    Documentation,
    Entity,
    EntityKind,
    Section,
    Source,
    SourcePlace,
)
from conformance.model.errors import UsageError
from conformance.source.linking import with_implied
from conformance.source.man_page import BOLD, LineKind, PageLine, page_lines, plain

ANY_INTEGER: Final = "integer"
"""The type of integers in a manual: it does not say their width."""

_LARGEST: Final = 64 << 20
"""The bytes of a page that is read; real ones have less than one million."""

_WORDS: Final = {"Command": EntityKind.COMMAND, "Event": EntityKind.EVENT, "Enum": EntityKind.ENUM}
_WORDS_OF_TYPES: Final = {"Object": EntityKind.STRUCT, "Alternate": EntityKind.ALTERNATE}
_KINDS: Final = {**_WORDS, **_WORDS_OF_TYPES}
_TYPES: Final = {"string": "str", "boolean": "bool", "int": ANY_INTEGER, "value": "any"}

_NEW_HEAD: Final = re.compile(r"(\w+) (\S+)(?: \(Since: ([\d.]+)\))?")
_OLD_HEAD: Final = re.compile(rf"{BOLD}(\S+){BOLD} \((\w+)\)")
_PARTS: Final = frozenset({"Values", "Members", "Arguments", "Alternatives", "Features"})
_SECTIONS: Final = frozenset({*_PARTS, "Return", "Returns", "Errors", "Since", "If"})
_EXAMPLES: Final = frozenset({"Example", "Examples"})
# "TODO" is a heading of the pages, not work that is left here.
_NOTES: Final = frozenset({"Note", "Notes", "TODO", *_EXAMPLES})

_B: Final = re.escape(BOLD)
_NEW_TYPE: Final = rf"(?P<type>[\[\]{_B}A-Za-z0-9_.-]+)"
_NEW_PART: Final = re.compile(
    rf"{_B}(?P<name>[\w.-]+){_B}(?: \({_NEW_TYPE}(?P<optional>,\s+optional)?\))?(?:\s+--\s*|$)"
)
_IF: Final = rf"(?:\s+\({_B}?If: .*\))?"
"""A condition behind a part, which some releases write."""
_OLD_PART: Final = re.compile(
    rf"{_B}(?P<name>[\w.-]+){_B}(?::\s+{_B}?(?P<type>[^{_B}]+?){_B}?)?(?P<optional>\s+\(optional\))?{_IF}$"
)
_OF_TYPE: Final = re.compile(rf"The members of\s+{_B}?(?P<type>[\w.-]*\w){_B}?(?:\.|{_IF}$)")
_OF_BRANCH: Final = re.compile(
    rf"When\s+{_B}(?P<tag>[\w.-]+){_B}\s+is\s+{_B}(?P<case>[\w.-]+){_B}:\s+"
    rf"The members of\s+{_B}?(?P<type>[\w.-]*\w){_B}?"
)
_OF_SIMPLE: Final = re.compile(
    rf"{_B}data{_B}:\s+{_B}(?P<type>[^{_B}]+){_B}\s+when\s+{_B}type{_B}\s+is\s+"
    rf"{_B}\"(?P<case>[\w.-]+)\"{_B}"
)
"""A branch of a union without discriminator, up to 6.0."""
_OF_OLD_BRANCH: Final = re.compile(
    rf"The members of\s+{_B}?(?P<type>[\w.-]*\w){_B}?\s+when\s+{_B}(?P<tag>[\w.-]+){_B}\s+is\s+"
    rf"{_B}\"(?P<case>[\w.-]+)\"{_B}"
)
_BOLD_WORD: Final = re.compile(rf"{_B}([\w.-]+){_B}")


def read_manual(path: Path) -> Source:
    """Return what the manual page at `path` (perhaps compressed) documents.

    It does not say: widths of integers (the type is ANY_INTEGER), flags of commands, which part has
    a feature that a definition lists, conditions of parts, results (up to 7.2). What it calls an
    object is a struct, or a union where it has branches. Raises UsageError.
    """
    remedy = "Name a page such as /usr/share/man/man7/qemu-qmp-ref.7.gz."
    try:
        with path.open("rb") as file:
            data = file.read(_LARGEST)
        if data.startswith(b"\x1f\x8b"):
            data = gzip.decompress(data)
        page = data.decode("utf-8")
    except (OSError, EOFError, zlib.error, UnicodeDecodeError) as error:
        raise UsageError(f"the manual {path} cannot be read: {error}", remedy) from error
    reader = _Reader(path.name)
    entities = with_implied(reader.entities(page))
    if not entities:
        raise UsageError(f"{path} is no reference manual of QEMU", remedy)
    return Source(entities=entities, modules=(path.name,), open_names=(ANY_INTEGER,))


def version_of_manual(path: Path) -> str:
    """Return the release that a page states in its title, "" for none."""
    opener = gzip.open if path.suffix == ".gz" else open
    with opener(path, "rb") as file:
        head = file.read(1 << 14).decode("utf-8", "replace")
    match = re.search(r'^\.TH .*"(\d+\.\d+(?:\.\d+)?)', head, re.MULTILINE)
    return match[1] if match else ""


@dataclass(slots=True)
class _Draft:
    """A definition while its lines are read: each section's items, each item's lines."""

    kind: EntityKind
    name: str
    place: SourcePlace
    since: str | None = None
    sections: dict[str, list[list[PageLine]]] = field(default_factory=dict)
    body: list[PageLine] = field(default_factory=list)
    examples: list[list[PageLine]] = field(default_factory=list)


class _Reader:
    """Reads one page, line by line."""

    def __init__(self, file: str) -> None:
        self._file = file
        self._draft: _Draft | None = None
        self._section = ""
        self._depth = 0
        self._items_at = 0
        self._is_new = False

    def entities(self, page: str) -> Iterator[Entity]:
        """Yield what the page documents, in its order."""
        last = LineKind.TEXT
        for line in page_lines(page):
            head = self._head(line)
            ends = line.kind is LineKind.TITLE and plain(line.text) not in _SECTIONS | _NOTES
            if (head is not None or ends) and self._draft is not None:
                yield _Entity(self._draft).entity()
            if head is not None or ends:
                self._draft, self._section, self._depth = head, "", line.depth
            elif self._draft is not None:
                self._take(self._draft, line, last)
            last = line.kind
        if self._draft is not None:
            yield _Entity(self._draft).entity()

    def _head(self, line: PageLine) -> _Draft | None:
        if line.kind is LineKind.TITLE:
            old = _OLD_HEAD.fullmatch(line.text)
            name, word, since = (old[1], old[2], None) if old else ("", "", None)
            self._is_new = self._is_new and old is None
        elif line.kind is LineKind.TERM and (new := _NEW_HEAD.fullmatch(line.text)):
            word, name, since = new.groups()
            self._is_new = self._is_new or word in _KINDS
        else:
            return None
        if word not in _KINDS:
            return None
        place = SourcePlace(file=self._file, line=line.number)
        return _Draft(kind=_KINDS[word], name=name, place=place, since=since)

    def _take(self, draft: _Draft, line: PageLine, last: LineKind) -> None:
        """Add a line to the section that it belongs to."""
        word = plain(line.text)
        if line.kind is LineKind.LITERAL:
            if last is not LineKind.LITERAL:
                draft.examples.append([])
            draft.examples[-1].append(line)
            return
        if self._opens(line, word):
            self._section, self._items_at = word, line.depth + 1
            draft.sections.setdefault(word, [])
            return
        if self._section and self._is_new and line.depth < self._items_at - 1:
            self._section = ""
        if not self._section or self._section in _NOTES:
            draft.body.append(line)
            return
        items = draft.sections[self._section]
        mark = LineKind.BULLET if self._is_new else LineKind.TERM
        begins = line.kind is mark and line.depth == self._items_at
        if self._section not in _PARTS:
            begins = False
        if begins or not items:
            items.append([])
        items[-1].append(line)

    def _opens(self, line: PageLine, word: str) -> bool:
        """Return whether a line is the heading of a section of the definition."""
        if self._is_new:
            is_here = line.kind is LineKind.TERM and line.depth == self._depth + 1
            return is_here and word in _SECTIONS
        return line.kind is LineKind.TITLE and word in _SECTIONS | _NOTES


class _Entity:
    """Makes the definition of what was read."""

    def __init__(self, draft: _Draft) -> None:
        self._draft = draft
        self._members: list[DeclaredMember] = []
        self._branches: list[DeclaredBranch] = []
        self._texts: dict[str, Section] = {}
        self._tag: str | None = None
        self._of_type: str | None = None

    def entity(self) -> Entity:
        draft = self._draft
        for word in ("Members", "Arguments", "Alternatives"):
            for item in draft.sections.get(word, ()):
                self._part(item)
        values = tuple(self._values())
        features = dict(self._named("Features"))
        is_call = draft.kind in (EntityKind.COMMAND, EntityKind.EVENT)
        is_union = bool(self._branches) and draft.kind is EntityKind.STRUCT
        members = tuple(self._members)
        return Entity(
            kind=EntityKind.UNION if is_union else draft.kind,
            name=draft.name,
            features=tuple(DeclaredFeature(name=name) for name in features),
            condition=self._condition(),
            members=() if is_union else members,
            base_members=members if is_union and self._tag else (),
            values=values,
            base=None if is_call else self._of_type,
            arg_type=self._of_type if is_call else None,
            boxed=is_call and self._of_type is not None and not members,
            tag=self._tag,
            branches=tuple(self._branches),
            returns=self._returns(),
            documentation=self._documentation(features),
            place=draft.place,
        )

    def _documentation(self, features: dict[str, Section]) -> Documentation:
        draft = self._draft
        since = self._text("Since")
        return Documentation(
            symbol=draft.name,
            body=_section(draft.body, draft.place),
            members=self._texts,
            features=features,
            since=draft.since or (since.text if since else None),
            returns=self._text("Return") or self._text("Returns"),
            errors=self._text("Errors"),
            examples=tuple(_literal(lines, draft.place) for lines in draft.examples),
            place=draft.place,
        )

    def _part(self, item: list[PageLine]) -> None:
        """Take a member, a branch, or the type whose members there are."""
        joined, place = _joined(item), self._place(item)
        if item[0].kind is LineKind.TERM:
            joined = item[0].text
        branch = _OF_BRANCH.match(joined) or _OF_OLD_BRANCH.match(joined)
        if branch is not None:
            self._tag = branch["tag"]
            self._branches.append(
                DeclaredBranch(case=branch["case"], type=branch["type"], place=place)
            )
        elif simple := _OF_SIMPLE.match(joined):
            self._branches.append(
                DeclaredBranch(case=simple["case"], type=_type(simple["type"]), place=place)
            )
        elif whole := _OF_TYPE.match(joined):
            self._of_type = whole["type"]
        elif match := _match(item):
            self._texts[match["name"]] = _rest(item, match)
            self._members.append(
                DeclaredMember(
                    name=match["name"],
                    type=_type(match["type"] or ""),
                    optional=match["optional"] is not None,
                    place=place,
                )
            )

    def _values(self) -> Iterator[DeclaredValue]:
        for name, text in self._named("Values"):
            self._texts[name] = text
            yield DeclaredValue(name=name, place=text.place)

    def _named(self, section: str) -> Iterator[tuple[str, Section]]:
        for item in self._draft.sections.get(section, ()):
            if match := _match(item):
                yield match["name"], _rest(item, match)

    def _text(self, section: str) -> Section | None:
        lines = [line for item in self._draft.sections.get(section, ()) for line in item]
        return _section(lines, self._draft.place) if lines else None

    def _returns(self) -> str | None:
        items = self._draft.sections.get("Return")
        match = re.match(_NEW_TYPE, items[0][0].text) if items else None
        return _type(match["type"]) if match else None

    def _condition(self) -> str | None:
        """Return the condition of the whole, which stands as one text."""
        told = self._text("If")
        body = self._draft.body
        if told is None and body and plain(body[0].text).startswith("Availability: "):
            return plain(body[0].text).removeprefix("Availability: ")
        return told.text.replace("@", "") if told else None

    def _place(self, item: list[PageLine]) -> SourcePlace:
        return SourcePlace(file=self._draft.place.file, line=item[0].number)


def _match(item: list[PageLine]) -> re.Match[str] | None:
    """Return the name, type and so on at the beginning of an item."""
    if item[0].kind is LineKind.TERM:
        return _OLD_PART.match(item[0].text)
    return _NEW_PART.match(_joined(item))


def _rest(item: list[PageLine], match: re.Match[str]) -> Section:
    """Return the text of an item behind its name."""
    place = SourcePlace(file="", line=item[0].number)
    if item[0].kind is LineKind.TERM:
        return _section(item[1:], place)
    length, lines = match.end(), list(item)
    while lines and length >= len(lines[0].text):
        length -= len(lines[0].text) + 1
        lines.pop(0)
    if lines:
        # The mark of the item is before its name, not in the text.
        begun = lines[0].text[max(length, 0) :]
        lines[0] = replace(lines[0], text=begun, kind=LineKind.TEXT)
    return _section(lines, place)


def _joined(item: list[PageLine]) -> str:
    return "\n".join(line.text for line in item)


def _type(told: str) -> str:
    """Return the name of a type as the source writes it."""
    name = plain(told).removeprefix("array of ")
    is_array = name != plain(told) or name.startswith("[")
    name = name.strip("[]")
    name = _TYPES.get(name, name)
    return f"[{name}]" if is_array else name


def _section(lines: list[PageLine], place: SourcePlace) -> Section:
    return Section(text=_worded(_raw(lines)).strip("\n"), place=place)


def _raw(lines: list[PageLine]) -> str:
    """Return lines as text, the items of lists with their marks."""
    least = min((line.depth for line in lines), default=0)
    return "\n".join(
        "  " * (line.depth - least) + ("- " if line.kind is LineKind.BULLET else "") + line.text
        for line in lines
    )


def _worded(text: str) -> str:
    """Return text with bold words as the source refers to them."""
    return plain(_BOLD_WORD.sub(r"@\1", text))


def _literal(lines: list[PageLine], place: SourcePlace) -> Section:
    text = "\n".join(line.text for line in lines)
    return Section(text=text, place=SourcePlace(file=place.file, line=lines[0].number))
