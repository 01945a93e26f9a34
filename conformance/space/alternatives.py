"""What one member can be varied to: each enumeration value, each branch, both booleans.

One variation at a time, from the schema alone. Knows nothing of requests, cases or recipes;
derive/commands/ranges.py tries the ends of integers.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from conformance.model.terms import ABSENT, Absent, JsonValue, as_object
from conformance.qapi.model import Alternate, Array, Builtin, Enum, JsonType, Member, Object, Schema
from conformance.space.objects import ObjectPlace
from conformance.space.paths import BranchTaken, Way, label_of
from conformance.space.values import exemplar, kind_of

GIVEN: Final = "given"
"""The word in labels for a value that stands for all values of its type."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Variation:
    """An object at the end of `way` whose `member` is `value`.

    If `value` is ABSENT, the way itself is the variation: it leads through a branch. `label` spells
    both: "detect-zeroes=off", "options.driver:qcow2", "file:string".
    """

    label: str
    way: Way
    member: str
    value: JsonValue | Absent
    rule: str
    for_all: bool = False
    """Whether the value only stands for all values of its type."""

    @property
    def path(self) -> str:
        """The label without the value."""
        return self.label.partition("=")[0]

    @property
    def given(self) -> JsonValue:
        """The value, or the one that selects the branch."""
        if self.value is not ABSENT:
            return self.value
        last = self.way[-1]
        assert isinstance(last, BranchTaken), "a variation without a value takes a branch"
        return last.case

    def edit(self, value: JsonValue | Absent) -> Mapping[str, JsonValue]:
        """Return what is at the end of the way, where the object `value` was."""
        if self.value is ABSENT:
            return as_object(value)
        return {**as_object(value), self.member: self.value}


def variations_of(schema: Schema, place: ObjectPlace, member: Member) -> Iterator[Variation]:
    """Yield the variations of one member of an object, in the order of the schema.

    A mandatory member that cannot be varied has none: every request has it. The objects that a
    member holds are places of their own; an optional one is given once.
    """
    name = member.name
    if name == place.tag:
        for case in place.cases:
            way = (*place.way, BranchTaken(name, case))
            yield Variation(label=label_of(way), way=way, member=name, value=ABSENT, rule="Q19")
        return
    found = list(_values(schema, member.type))
    if member.optional and not found:
        found = [
            _Value(label=f"={GIVEN}", value=exemplar(schema, member.type), rule="Q30", for_all=True)
        ]
    for each in found:
        label = place.label_with(member) + each.label
        yield Variation(
            label=label,
            way=place.way,
            member=name,
            value=each.value,
            rule=each.rule,
            for_all=each.for_all,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Value:
    label: str
    value: JsonValue
    rule: str
    for_all: bool = False


def _values(schema: Schema, name: str) -> Iterator[_Value]:
    """Yield the values of a type that has few, and one for each branch of an alternate."""
    match schema.type(name):
        case Builtin(json_type=JsonType.BOOLEAN):
            yield _Value(label="=true", value=True, rule="Q30")
            yield _Value(label="=false", value=False, rule="Q30")
        case Enum(values=values):
            for value in values:
                yield _Value(label=f"={value}", value=value, rule="Q13")
        case Array(element=element):
            for each in _plain_values(schema, element):
                yield _Value(label=f".0{each.label}", value=[each.value], rule=each.rule)
        case Alternate(members=members):
            for branch in members:
                kind = kind_of(schema, branch)
                one = _Value(label="", value=exemplar(schema, branch), rule="Q24", for_all=True)
                for each in tuple(_plain_values(schema, branch)) or (one,):
                    yield _Value(label=f":{kind}{each.label}", value=each.value, rule=each.rule)
        case Builtin() | Object():
            pass


def _plain_values(schema: Schema, name: str) -> Iterator[_Value]:
    """Yield the values of a type that holds no other: arrays and alternates can be recursive."""
    if isinstance(schema.type(name), Builtin | Enum):
        yield from _values(schema, name)
