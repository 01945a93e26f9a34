"""The plan of a build as bytes, written while it is derived and read in parts.

Columns hold what is known of each case without reading it; pieces hold the cases, each some of
those that are played together. Knows nothing of how cases are derived.
"""

from __future__ import annotations

import json
import struct
import sys
import zlib
from array import array
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, cached_property
from io import BytesIO
from typing import Any, Final

from conformance.judge.expectations import EXPECTATIONS
from conformance.knowledge.versions import Version
from conformance.model.canonical import compact
from conformance.model.case import Case, Step, Subject
from conformance.model.codec import Codec, CodecError
from conformance.model.entry import Entry, entry_of
from conformance.model.event_facts import EventFacts
from conformance.model.expectation import Expectation
from conformance.model.flavour import Program
from conformance.model.row import Row
from conformance.model.stage import Request, Stage
from conformance.model.terms import Aspect, SubjectKind
from conformance.qapi.model import Schema
from conformance.qapi.qom import TypeInfo

_FOOTER: Final = struct.Struct("<QQ")
_PIECE: Final = 256
"""The most cases of a piece: more compress no better, and sometimes only one of them is wanted."""
_BUFFERED: Final = 16 << 20
"""The most characters of cases that wait for others of their piece."""
_KEPT: Final = 64
"""The number of pieces in memory while cases are read."""
_LEVEL: Final = 1
_PART: Final = 4096
"""The number of ids that are made one text."""
_READ: Final = 1 << 18
"""The bytes of ids that are read at once."""
_TABLES: Final = ("group", "item", "rules", "about", "reason")
"""The columns whose numbers stand for values in a table."""
_NUMBERS: Final = (*_TABLES, "piece", "weight", "blocked", "exchange")


class PlanError(ValueError):
    """Bytes that are not a plan."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """What is known of a build beside its cases.

    `documentation` says what it was compared with. A build without a schema has that of its source.
    """

    version: Version
    schema: Schema
    rows: tuple[Row, ...]
    program: Program = Program.SYSTEM
    package: str | None = None
    arch: str | None = None
    sha256: str = ""
    schema_sha256: str = ""
    documentation: str = ""
    as_root: str | None = None
    withheld: tuple[str, ...] = ()
    """As Target has them."""
    events: EventFacts = EventFacts()
    """What is known of its events, whatever the case."""


@cache
def _heads() -> Codec[Head]:
    return Codec(Head, sparse=True)


def _cases() -> Codec[Case]:
    """Return a codec for the cases of one plan, which share stages and types."""
    shared = (Stage, Subject, Expectation, frozenset[str], Mapping[str, TypeInfo])
    kinds = {Expectation: EXPECTATIONS}
    return Codec(Case, sparse=True, shared=shared, kinds=kinds, again=(Step, Request))


class _Table:
    """Numbered unique values."""

    def __init__(self) -> None:
        self.numbers: dict[Any, int] = {}

    def number(self, value: Any) -> int:
        return self.numbers.setdefault(value, len(self.numbers))


@dataclass(slots=True)
class _Open:
    """A piece that is not full yet."""

    number: int
    lines: list[str] = field(default_factory=list)


class _PackedIds:
    """The ids of cases, packed as they come: a thorough plan has megabytes of them."""

    def __init__(self) -> None:
        self._packer = zlib.compressobj(_LEVEL)
        self._packed: list[bytes] = []
        self._waiting: list[str] = []

    def add(self, case_id: str) -> None:
        self._waiting.append(case_id)
        if len(self._waiting) >= _PART:
            self._pack()

    def end(self) -> bytes:
        """Return all, each with a line end, packed."""
        self._pack()
        return b"".join([*self._packed, self._packer.flush()])

    def _pack(self) -> None:
        lines = "".join(f"{each}\n" for each in self._waiting)
        self._packed.append(self._packer.compress(lines.encode()))
        self._waiting.clear()


class PlanWriter:
    """Takes the cases of a plan one by one, and keeps few in memory."""

    def __init__(self) -> None:
        self._out = BytesIO()
        self._codec = _cases()
        self._ids = _PackedIds()
        self._rows = array("I")
        self._tables = {name: _Table() for name in _TABLES}
        self._open: dict[int, _Open] = {}
        self._sizes: dict[int, int] = {}
        self._waiting = 0
        self._pieces: list[tuple[int, int]] = []

    def add(self, case: Case, about: str | None) -> None:
        """Take the next case, which tries the member `about`, if any."""
        item = self._tables["item"].number((case.item, case.aspect))
        piece = self._open.get(item)
        if piece is None:
            piece = self._open[item] = _Open(len(self._pieces))
            self._sizes[item] = 0
            self._pieces.append((0, 0))
        entry = entry_of(case, about)
        line = self._codec.text(case)
        piece.lines.append(line)
        self._sizes[item] += len(line)
        self._waiting += len(line)
        row = (
            self._tables["group"].number((case.subject, case.aspect)),
            item,
            self._tables["rules"].number(entry.rules),
            self._tables["about"].number(entry.about),
            self._tables["reason"].number(entry.reason),
            piece.number,
            entry.weight,
            entry.is_blocked,
            entry.is_exchange,
        )
        self._ids.add(case.id)
        self._rows.extend(row)
        if len(piece.lines) >= _PIECE:
            self._flush(item)
        while self._waiting > _BUFFERED:
            self._flush(max(self._sizes, key=self._sizes.__getitem__))

    def end(self, head: Head) -> bytes:
        """Return the whole plan."""
        for item in [*self._open]:
            self._flush(item)
        places = {"ids": self._placed([self._ids.end()])}
        for at, name in enumerate(_NUMBERS):
            places[name] = self._section(self._rows[at :: len(_NUMBERS)].tobytes())
        places["shared"] = self._section(self._codec.table.encode())
        tables: dict[str, list[Any]] = {
            name: [
                (subject.kind, subject.name, aspect)
                for subject, aspect in self._tables[name].numbers
            ]
            for name in _TABLES[:2]
        }
        tables |= {name: [*self._tables[name].numbers] for name in _TABLES[2:]}
        trailer = {
            "head": _heads().write(head),
            "tables": tables,
            "pieces": self._pieces,
            "places": places,
            "order": sys.byteorder,
        }
        self._out.write(_FOOTER.pack(*self._section(compact(trailer).encode())))
        return self._out.getvalue()

    def _flush(self, item: int) -> None:
        piece = self._open.pop(item)
        self._waiting -= self._sizes.pop(item)
        self._pieces[piece.number] = self._section("\n".join(piece.lines).encode())

    def _section(self, content: bytes) -> tuple[int, int]:
        packer = zlib.compressobj(_LEVEL)
        return self._placed([packer.compress(content), packer.flush()])

    def _placed(self, packed: Iterable[bytes]) -> tuple[int, int]:
        start = self._out.tell()
        self._out.writelines(packed)
        return start, self._out.tell() - start


class WrittenPlan:
    """A written plan, read on demand; `data` are its bytes."""

    def __init__(self, data: bytes) -> None:
        """Open the plan; raises PlanError."""
        self.data = data
        try:
            start, length = _FOOTER.unpack(data[-_FOOTER.size :])
            trailer = json.loads(self._section((start, length)))
            if trailer["order"] != sys.byteorder:
                raise PlanError("of a host whose numbers are written the other way round")
            self.head = _heads().read(trailer["head"])
            self._tables: Mapping[str, list[Any]] = trailer["tables"]
            self._pieces: Sequence[tuple[int, int]] = trailer["pieces"]
            self._places: Mapping[str, tuple[int, int]] = trailer["places"]
            self._columns = {name: self._numbers(name) for name in _NUMBERS}
            self._groups, self.items = (
                tuple(
                    (Subject(kind=SubjectKind(kind), name=name), Aspect(aspect))
                    for kind, name, aspect in self._tables[table]
                )
                for table in _TABLES[:2]
            )
        except (struct.error, zlib.error, KeyError, TypeError, ValueError) as error:
            raise PlanError(f"no plan: {error}") from error
        if len({len(column) for column in self._columns.values()}) != 1:
            raise PlanError("no plan: its columns are not of one length")

    @property
    def rows(self) -> tuple[Row, ...]:
        """The subjects with a row in the report."""
        return self.head.rows

    def __len__(self) -> int:
        return len(self._columns["group"])

    @cached_property
    def ids(self) -> list[str]:
        """The ids of the cases, in order."""
        ids: list[str] = []
        rest = b""
        for part in self._parts(self._places["ids"]):
            whole, end, rest = (rest + part).rpartition(b"\n")
            ids += whole.decode().split("\n") if end else ()
        return ids

    def about(self, numbers: Iterable[int]) -> Iterator[str | None]:
        """Yield the member that each of the cases of those numbers tries, None for none."""
        names, column = self._tables["about"], self._columns["about"]
        return (names[column[number]] for number in numbers)

    def entries(self, numbers: Iterable[int] | None = None) -> Iterator[Entry]:
        """Yield what is known of the cases of those numbers, by default of all."""
        columns, tables, ids = self._columns, self._tables, self.ids
        rules = [tuple(each) for each in tables["rules"]]
        for number in range(len(self)) if numbers is None else numbers:
            subject, aspect = self._groups[columns["group"][number]]
            yield Entry(
                ids[number],
                subject,
                aspect,
                rules[columns["rules"][number]],
                tables["about"][columns["about"][number]],
                tables["reason"][columns["reason"][number]],
                columns["weight"][number],
                bool(columns["blocked"][number]),
                bool(columns["exchange"][number]),
            )

    def item_of(self, number: int) -> int:
        """Return the number of a case's item, an index into `items`."""
        return self._columns["item"][number]

    def weight_of(self, numbers: Iterable[int]) -> int:
        """Return how much work the cases of those numbers are."""
        column = self._columns["weight"]
        return sum(column[number] for number in numbers)

    @property
    def cases(self) -> tuple[Case, ...]:
        """All cases, read again; raises PlanError."""
        return tuple(self.read(range(len(self))))

    def read(self, numbers: Iterable[int]) -> Iterator[Case]:
        """Yield the cases of those numbers; raises PlanError."""
        column = self._columns["piece"]
        kept: dict[int, Mapping[int, str]] = {}
        for number in numbers:
            piece = column[number]
            if piece not in kept:
                if len(kept) >= _KEPT:
                    kept.clear()
                kept[piece] = self._lines(piece)
            yield self._case(kept[piece][number])

    def _lines(self, piece: int) -> Mapping[int, str]:
        """Return the cases of a piece as JSON, by number."""
        lines = self._section(self._pieces[piece]).decode().split("\n")
        return dict(zip(self._members[piece], lines, strict=True))

    @cached_property
    def _members(self) -> Mapping[int, list[int]]:
        members: dict[int, list[int]] = {}
        for number, piece in enumerate(self._columns["piece"]):
            members.setdefault(piece, []).append(number)
        return members

    def _case(self, line: str) -> Case:
        try:
            return self._codec.read(json.loads(line))
        except ValueError as error:
            raise PlanError(f"no case: {error}") from error

    @cached_property
    def _codec(self) -> Codec[Case]:
        codec = _cases()
        try:
            codec.load(json.loads(self._section(self._places["shared"])))
        except CodecError as error:
            raise PlanError(f"no plan: {error}") from error
        return codec

    def _section(self, place: tuple[int, int]) -> bytes:
        start, length = place
        return zlib.decompress(self.data[start : start + length])

    def _parts(self, place: tuple[int, int]) -> Iterator[bytes]:
        """Yield a section in parts."""
        start, length = place
        unpacker, rest = zlib.decompressobj(), self.data[start : start + length]
        while rest:
            yield unpacker.decompress(rest, _READ)
            rest = unpacker.unconsumed_tail
        yield unpacker.flush()

    def _numbers(self, name: str) -> array[int]:
        column = array("I")
        column.frombytes(self._section(self._places[name]))
        return column
