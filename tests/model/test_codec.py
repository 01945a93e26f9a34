"""One codec writes what crosses processes and reads it back, or says what is wrong and where."""

from __future__ import annotations

import enum
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import pytest

from conformance.model.codec import LEFT_OUT, Codec, CodecError
from conformance.model.terms import ABSENT, Absent, JsonValue


class Colour(enum.StrEnum):
    RED = "red"
    BLUE = "blue"


@dataclass(frozen=True, slots=True)
class Circle:
    radius: int


@dataclass(frozen=True, slots=True)
class Dot:
    pass


@dataclass(frozen=True, kw_only=True)
class Picture:
    name: str
    shapes: tuple[Circle | Dot, ...] = ()
    within: tuple[Picture, ...] = ()
    size: tuple[int, int] = (0, 0)
    colour: Colour = Colour.RED
    colours: Mapping[Colour, float] = field(default_factory=dict)
    names: frozenset[str] = frozenset()
    data: bytes = b""
    value: JsonValue = None
    may: JsonValue | Absent = ABSENT
    any: object = ABSENT
    limit: int | None = None
    first: Circle | None = None
    path: tuple[str | Mapping[str, JsonValue], ...] = ()
    entries: Sequence[Circle] = field(default_factory=list)
    faults: tuple[ValueError, ...] = field(default=(), metadata=LEFT_OUT)


EMPTY = Picture(name="empty")
FULL = Picture(
    name="full",
    shapes=(Dot(), Circle(2)),
    within=(Picture(name="inner", may=None),),
    size=(3, -4),
    colour=Colour.BLUE,
    colours={Colour.BLUE: 1.5},
    names=frozenset({"b", "a"}),
    data=b"\x00\xff",
    value={"deep": [1, 2.0, True, None, 2**70]},
    may=[1],
    any={"x": 1},
    limit=7,
    first=Circle(1),
    path=("a", {"b": 1}),
    entries=[Circle(3)],
)


@pytest.mark.parametrize("sparse", [False, True])
@pytest.mark.parametrize("picture", [EMPTY, FULL], ids=lambda each: each.name)
def test_what_is_written_reads_back_equal(picture: Picture, sparse: bool) -> None:
    codec = Codec[Picture](Picture, sparse=sparse)

    text = codec.text(picture)

    assert Codec[Picture](Picture, sparse=sparse).read(json.loads(text)) == picture


def test_a_sparse_codec_leaves_out_what_has_its_default() -> None:
    assert Codec[Picture](Picture, sparse=True).write(EMPTY) == {"name": "empty"}


def test_false_and_zero_are_no_defaults_of_each_other() -> None:
    @dataclass(frozen=True)
    class Holder:
        value: object = 0

    # Hints of a class in a function are not found by name.
    Holder.__annotations__["value"] = object
    codec = Codec[Holder](Holder, sparse=True)

    assert codec.read(codec.write(Holder(False))).value is False


def test_equal_values_of_a_shared_type_are_written_once() -> None:
    codec = Codec[Picture](Picture, sparse=True, shared=(Circle, frozenset[str]))
    written = [
        codec.write(Picture(name=name, first=Circle(5), names=frozenset({"a"}))) for name in "ab"
    ]
    reader = Codec[Picture](Picture, sparse=True, shared=(Circle, frozenset[str]))

    reader.load(json.loads(codec.table))
    one, other = map(reader.read, written)

    assert sorted(map(len, json.loads(codec.table).values())) == [1, 1]
    assert one.first == Circle(5)
    assert one.first is other.first


def test_a_number_without_a_place_in_the_table_is_refused() -> None:
    codec = Codec[Picture](Picture, sparse=True, shared=(Circle,))

    with pytest.raises(CodecError, match="there is no number 3"):
        codec.read({"name": "a", "first": 3})


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"name": 1}, "name: not of type str: '1'"),
        ({"size": [1]}, "size: 1 elements instead of 2"),
        ({"size": [1, True]}, "not of type int: 'True'"),
        ({"shapes": [{"is": "Circle", "radius": 1}, {"is": "Square"}]}, "shapes.1: no such kind"),
        ({"shapes": [{"is": "Circle", "radius": "1"}]}, "shapes.0.radius: not of type int"),
        ({"shapes": [{"is": "Circle"}]}, r"shapes.0: missing or unknown members: \['radius'\]"),
        ({"colour": "green"}, "colour: 'green' is not a valid Colour"),
        ({"colours": {"green": 1}}, "colours: 'green' is not a valid Colour"),
        ({"colours": {"red": "1"}}, "colours.red: not of type float"),
        ({"data": "0g"}, "data: no bytes"),
        ({"names": "ab"}, "names: not of type list"),
        ({"more": 1}, r"missing or unknown members: \['more'\]"),
        ({"faults": []}, r"missing or unknown members: \['faults'\]"),
        ({"within": [{}]}, "within.0: missing or unknown members"),
    ],
)
def test_what_cannot_have_been_written_is_refused_with_its_place(
    change: dict[str, object], problem: str
) -> None:
    codec = Codec[Picture](Picture)

    with pytest.raises(CodecError, match=problem):
        codec.read({**json.loads(json.dumps(codec.write(FULL))), **change})


@pytest.mark.parametrize("value", [None, [], "x", 1])
def test_what_is_no_object_is_refused(value: object) -> None:
    with pytest.raises(CodecError, match="not of type dict"):
        Codec[Picture](Picture).read(value)


def test_a_field_that_is_left_out_must_have_its_default() -> None:
    with pytest.raises(TypeError, match=r"Picture\.faults cannot be written"):
        Codec[Picture](Picture).write(Picture(name="faulty", faults=(ValueError(),)))


def test_a_type_without_json_is_a_mistake_of_whoever_asks() -> None:
    with pytest.raises(TypeError, match="no JSON is known"):
        Codec(complex)
