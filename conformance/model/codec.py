"""Writes values as JSON and reads them back, by the fields of their classes.

The only writer and reader of what crosses processes, or waits in a file for a later run. Reading is
strict: anything that `write` cannot have made is an error with its place.
Knows no class of the suite.

A dataclass is an object of its fields. A union of dataclasses, or a class in place of those that
come from it, adds the member "is", the name of the class; an enumeration is its value, bytes are
hexadecimal, a set is a sorted array. A field that is ABSENT is omitted.

Values become text at once, without dicts and lists of their parts in between: what has become text
stands for its value wherever that is met again.
"""

from __future__ import annotations

import dataclasses
import enum
import functools
import json
import types
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import compress
from json.encoder import encode_basestring_ascii
from operator import attrgetter, is_not
from typing import Any, Final, Generic, TypeVar, Union, get_args, get_origin, get_type_hints

from conformance.model.canonical import compact
from conformance.model.terms import ABSENT, Absent

T = TypeVar("T")
_TAG: Final = "is"
_PLAIN: Final = (str, bool, int, float, type(None))
_REMEMBERED: Final = 4096
"""How many values of a type to recognize without writing them: some types have endless ones."""
_Write = Callable[[Any], str]
_Way = Callable[[Any], Any]
_Kinds = Mapping[Any, tuple[Any, ...]]
_ALONE: Final[_Kinds] = {}
"""No class has others in its place."""


class CodecError(ValueError):
    """A JSON value that is not one of the type: `problem` at `place`."""

    def __init__(self, problem: str, place: str = "") -> None:
        super().__init__(problem, place)
        self.problem = problem
        self.place = place

    def __str__(self) -> str:
        return f"{self.place}: {self.problem}" if self.place else self.problem

    def within(self, part: str | int) -> CodecError:
        """Return the error for the enclosing value that holds the faulty one as `part`."""
        return CodecError(self.problem, f"{part}.{self.place}" if self.place else str(part))


@dataclasses.dataclass(slots=True)
class _Ways:
    """How to write values of a type as text, and to read them; None if JSON is the value itself."""

    write: _Write
    read: _Way | None


class Codec(Generic[T]):
    """Writes and reads the values of one type.

    A `sparse` codec omits defaults. Values of the types `shared` are written once, into `table`,
    and elsewhere as their numbers in it. A codec that reads such values needs the table: `load`
    takes it. `kinds` maps a class to the dataclasses that may stand in its place. Many values of
    the types `again` are the very same: each is written in many places, and made text once.
    """

    def __init__(
        self,
        hint: Any,
        *,
        sparse: bool = False,
        shared: Sequence[Any] = (),
        kinds: _Kinds = _ALONE,
        again: Sequence[Any] = (),
    ) -> None:
        self._sparse = sparse
        self._kinds = kinds
        self._again = again
        self._known: dict[Any, _Ways] = {}
        self._shared = {str(each): _Shared() for each in shared}
        self._ways = self._of(hint)

    def text(self, value: T) -> str:
        """Return `value` as JSON on one line, ASCII only."""
        return self._ways.write(value)

    def write(self, value: T) -> Any:
        """Return `value` as JSON that is read already."""
        return json.loads(self._ways.write(value))

    def read(self, value: Any) -> T:
        """Return the value that `write` made the JSON from; raises CodecError."""
        found: T = value if self._ways.read is None else self._ways.read(value)
        return found

    @property
    def table(self) -> str:
        """The shared values by type, as the text of JSON."""
        return _braced(f"{compact(name)}:{each.text}" for name, each in self._shared.items())

    def load(self, table: Any) -> None:
        """Take the table of another codec of this type; raises CodecError."""
        if not isinstance(table, dict) or table.keys() != self._shared.keys():
            raise CodecError("no table of this type")
        for name, shared in self._shared.items():
            shared.load(_checked(table[name], list))

    def _of(self, hint: Any) -> _Ways:
        """Return how to write and read values of a type, which may be recursive."""
        found = self._known.get(hint)
        if found is None:
            self._known[hint] = self._later(hint)
            found = self._made(hint)
            shared = self._shared.get(str(hint))
            if shared is not None:
                shared.ways = found
                found = _Ways(_met(shared.write), shared.read)
            elif hint in self._again:
                found = _Ways(_met(found.write), found.read)
            self._known[hint] = found
        return found

    def _later(self, hint: Any) -> _Ways:
        """Return a writer and reader that are looked up on use."""

        def write(value: Any) -> str:
            return self._known[hint].write(value)

        def read(value: Any) -> Any:
            way = self._known[hint].read
            return value if way is None else way(value)

        return _Ways(write, read)

    def _made(self, hint: Any) -> _Ways:
        origin, parts = get_origin(hint), get_args(hint)
        if hint in (Any, object):
            return _Ways(compact, None)
        if hint in _PLAIN:
            write = encode_basestring_ascii if hint is str else compact
            return _Ways(write, functools.partial(_plain, hint))
        if hint is bytes:
            return _Ways(lambda value: f'"{value.hex()}"', _bytes)
        if origin in (Union, types.UnionType):
            return self._union(parts)
        if origin in (tuple, frozenset, Sequence, list):
            return self._array(origin, parts)
        if origin is Mapping:
            return self._mapping(*parts)
        if isinstance(hint, type) and issubclass(hint, enum.Enum):
            return _enumeration(hint)
        if hint in self._kinds:
            return self._union(self._kinds[hint])
        if dataclasses.is_dataclass(hint):
            return self._object(hint)
        raise TypeError(f"no JSON is known for {hint}")

    def _union(self, parts: tuple[Any, ...]) -> _Ways:
        # A field is left out where it is absent: see _object.
        rest = [part for part in parts if part not in (type(None), Absent)]
        if all(map(_is_json, rest)):
            return _Ways(compact, None if len(rest) > 1 else _optional(self._of(rest[0])).read)
        if len(rest) == 1:
            return _optional(self._of(rest[0]))
        if type(None) in parts or not all(map(dataclasses.is_dataclass, rest)):
            raise TypeError(f"no JSON tells apart {parts}")
        ways = {cls: self._of(cls) for cls in rest}
        names = {cls.__name__: way for cls, way in ways.items()}
        starts = {cls: f'{{"{_TAG}":"{cls.__name__}"' for cls in rest}

        def write(value: Any) -> str:
            members = ways[type(value)].write(value)[1:]
            return f"{starts[type(value)]}{'' if members == '}' else ','}{members}"

        def read(value: Any) -> Any:
            members = dict(_checked(value, dict))
            name = members.pop(_TAG, None)
            way = names.get(name) if isinstance(name, str) else None
            if way is None or way.read is None:
                raise CodecError(f"no such kind: {str(name)[:80]!r}")
            return way.read(members)

        return _Ways(write, read)

    def _array(self, origin: Any, parts: tuple[Any, ...]) -> _Ways:
        make: Callable[[Any], Any] = frozenset if origin is frozenset else tuple
        if origin in (list, Sequence):
            make = list
        if origin is tuple and parts[-1] is not Ellipsis:
            return self._fixed(parts)
        way = self._of(parts[0])
        is_set = origin is frozenset
        element_write, element_read = way.write, way.read

        def write(value: Any) -> str:
            if element_write is compact and not is_set:
                return compact(value)
            texts = map(element_write, value)
            return f"[{','.join(sorted(texts) if is_set else texts)}]"

        def read(value: Any) -> Any:
            elements = _checked(value, list)
            if element_read is None:
                return make(elements)
            try:
                return make(map(element_read, elements))
            except CodecError as error:
                raise _located(error, element_read, enumerate(elements)) from None

        return _Ways(write, read)

    def _fixed(self, parts: tuple[Any, ...]) -> _Ways:
        return _one_by_one([self._of(part) for part in parts])

    def _mapping(self, key: Any, element: Any) -> _Ways:
        name = _enumeration(key) if key is not str else _Ways(encode_basestring_ascii, None)
        way = self._of(element)

        def write(value: Any) -> str:
            if way.write is compact and key is str:
                return compact(value)
            return _braced(f"{name.write(each)}:{way.write(part)}" for each, part in value.items())

        def read(value: Any) -> Any:
            members = _checked(value, dict)
            if way.read is None and name.read is None:
                return members
            try:
                return {
                    (each if name.read is None else name.read(each)): (
                        part if way.read is None else way.read(part)
                    )
                    for each, part in members.items()
                }
            except CodecError as error:
                raise _located(error, way.read, members.items()) from None

        return _Ways(write, read)

    def _object(self, cls: Any) -> _Ways:
        hints = get_type_hints(cls)
        fields = [each for each in dataclasses.fields(cls) if each.init]
        kept = {each.name: self._of(hints[each.name]) for each in fields if not is_left_out(each)}
        absent = frozenset(name for name in kept if _may_be_absent(hints[name]))
        defaults = {each.name: _default(each) for each in fields if each.name in kept}
        if not self._sparse:
            defaults = dict.fromkeys(kept, _NONE)
        needed = frozenset(name for name in kept if defaults[name] is _NONE) - absent
        left_out = {each.name: _default(each) for each in fields if is_left_out(each)}
        return _Ways(
            _writer(kept, defaults, left_out),
            _reader(cls, kept, needed, absent),
        )


def _one_by_one(ways: Sequence[_Ways]) -> _Ways:
    """Return how to write and read an array with a type for each of its elements."""

    def write(value: Any) -> str:
        texts = (way.write(each) for way, each in zip(ways, value, strict=True))
        return f"[{','.join(texts)}]"

    def read(value: Any) -> Any:
        if len(_checked(value, list)) != len(ways):
            raise CodecError(f"{len(value)} elements instead of {len(ways)}")
        return tuple(
            each if way.read is None else way.read(each)
            for way, each in zip(ways, value, strict=True)
        )

    return _Ways(write, read)


def _writer(
    kept: Mapping[str, _Ways], defaults: Mapping[str, Any], left_out: Mapping[str, Any]
) -> _Write:
    ways = [(f"{compact(name)}:", way.write, defaults[name]) for name, way in kept.items()]
    usual = [defaults[name] for name in kept]
    members_of = _members(tuple(kept))

    def write(value: Any) -> str:
        texts = []
        members = members_of(value)
        # Most members are the very default.
        unusual = map(is_not, members, usual)
        for member, (start, text_of, default) in compress(zip(members, ways, strict=True), unusual):
            if member is ABSENT or (type(member) is type(default) and member == default):
                continue
            texts.append(start + text_of(member))
        if left_out:
            _check_left_out(value, left_out)
        return f"{{{','.join(texts)}}}"

    return write


def _check_left_out(value: Any, left_out: Mapping[str, Any]) -> None:
    for name, default in left_out.items():
        if getattr(value, name) != default:
            raise TypeError(f"{type(value).__name__}.{name} cannot be written")


def _members(names: tuple[str, ...]) -> Callable[[Any], tuple[Any, ...]]:
    """Return what gives the members of those names: all at once, which takes half of the time."""
    if len(names) > 1:
        return attrgetter(*names)
    return lambda value: tuple(getattr(value, name) for name in names)


def _reader(
    cls: Any, kept: Mapping[str, _Ways], needed: frozenset[str], absent: frozenset[str]
) -> _Way:
    def read(value: Any) -> Any:
        members: dict[str, Any] = {}
        for name, member in _checked(value, dict).items():
            way = kept.get(name)
            if way is None:
                raise _misfit(kept, needed, value)
            from_json = way.read
            try:
                members[name] = member if from_json is None else from_json(member)
            except CodecError as error:
                raise error.within(name) from None
        if len(members) < len(kept):
            if needed - members.keys():
                raise _misfit(kept, needed, value)
            for name in absent - members.keys():
                members[name] = ABSENT
        return cls(**members)

    return read


def _misfit(
    kept: Mapping[str, _Ways], needed: frozenset[str], value: Mapping[str, Any]
) -> CodecError:
    wrong = {*(needed - value.keys()), *(value.keys() - kept.keys())}
    return CodecError(f"missing or unknown members: {sorted(map(str, wrong))}")


def _met(write: _Write) -> _Write:
    """Return what recognizes the very values that were written, and their texts."""
    texts: dict[int, str] = {}
    # So that no other value gets the number of one.
    values: list[Any] = []

    def write_once(value: Any) -> str:
        text = texts.get(id(value))
        if text is None:
            if len(values) >= _REMEMBERED:
                texts.clear()
                values.clear()
            text = texts[id(value)] = write(value)
            values.append(value)
        return text

    return write_once


class _Shared:
    """The values of one type that are written once."""

    def __init__(self) -> None:
        self.ways = _Ways(compact, None)
        self._places: dict[str, str] = {}
        self._loaded: list[Any] = []
        self._read: list[Any] = []

    @property
    def text(self) -> str:
        return f"[{','.join(self._places)}]"

    def load(self, written: list[Any]) -> None:
        self._loaded = written
        self._read = [_NONE] * len(written)

    def write(self, value: Any) -> str:
        text = self.ways.write(value)
        place = self._places.get(text)
        if place is None:
            place = self._places[text] = str(len(self._places))
        return place

    def read(self, place: Any) -> Any:
        if type(place) is not int or not 0 <= place < len(self._read):
            raise CodecError(f"there is no number {str(place)[:80]}")
        found = self._read[place]
        if found is _NONE:
            written = self._loaded[place]
            found = written if self.ways.read is None else self.ways.read(written)
            self._read[place] = found
        return found


_NONE: Final = object()
"""Stands for a missing value."""
_LEFT_OUT: Final = "left out"
LEFT_OUT: Final = {_LEFT_OUT: True}
"""The metadata of a field that is never written, because the value written has its default."""


def is_left_out(field: Any) -> bool:
    """Return whether a field of a dataclass is never written."""
    return bool(field.metadata.get(_LEFT_OUT, False))


def _braced(members: Iterable[str]) -> str:
    return f"{{{','.join(members)}}}"


def _default(field: Any) -> Any:
    if field.default is not dataclasses.MISSING:
        return field.default
    return _NONE if field.default_factory is dataclasses.MISSING else field.default_factory()


def _may_be_absent(hint: Any) -> bool:
    return hint is object or Absent in get_args(hint)


def _is_json(hint: Any) -> bool:
    """Return whether JSON represents all values of a type directly."""
    return hint in _PLAIN or (
        get_origin(hint) in (Sequence, Mapping) and "JsonValue" in str(get_args(hint)[-1])
    )


def _optional(way: _Ways) -> _Ways:
    write, read = way.write, way.read
    return _Ways(
        lambda value: "null" if value is None else write(value),
        None if read is None else lambda value: None if value is None else read(value),
    )


def _enumeration(cls: type[enum.Enum]) -> _Ways:
    members = {each.value: each for each in cls}
    texts = {each: compact(each.value) for each in cls}

    def read(value: Any) -> enum.Enum:
        found = members.get(value) if isinstance(value, str) else None
        if found is None:
            raise CodecError(f"{str(value)[:80]!r} is not a valid {cls.__name__}")
        return found

    return _Ways(texts.__getitem__, read)


def _plain(kind: type[Any], value: Any) -> Any:
    # type() and not isinstance(): true is no integer here.  A float without a fraction may come
    # back as an integer.
    if type(value) is kind or (kind is float and type(value) is int):
        return value
    raise CodecError(f"not of type {kind.__name__}: {str(value)[:80]!r}")


def _bytes(value: Any) -> bytes:
    try:
        return bytes.fromhex(_checked(value, str))
    except ValueError as error:
        raise CodecError(f"no bytes: {str(value)[:80]!r}") from error


def _checked(value: Any, kind: type[Any]) -> Any:
    if type(value) is not kind:
        raise CodecError(f"not of type {kind.__name__}: {str(value)[:80]!r}")
    return value


def _located(error: CodecError, read: _Way | None, parts: Any) -> CodecError:
    """Return the error of the first faulty part, with its place.

    Without one, the error is about a key: `error` itself.
    """
    if read is None:
        return error
    for place, part in parts:
        try:
            read(part)
        except CodecError as found:
            return found.within(place)
    return error
