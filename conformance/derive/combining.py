"""Combines what is accepted alone, in requests that hold each pair of it.

A case of pairs asks for each of its choices by itself.  What they were answered makes the next
case: rows, in which every two accepted choices meet; then the pairs of the refused rows.  Knows
nothing of machines, and no command or object type by name.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import combinations, islice
from typing import Final, TypeAlias, cast

from conformance.derive.commands.unchanged import parts
from conformance.derive.steps import ANSWERED, supporting_steps
from conformance.derive.unique import with_word, word_of
from conformance.knowledge.ranges import UNIQUE
from conformance.knowledge.valid_request import ValidRequest
from conformance.model.canonical import compact
from conformance.model.case import Case, Role, Step
from conformance.model.terms import ABSENT, Absent, JsonValue, as_object

NEEDS: Final = ("package:allpairspy>=2.5",)
"""What makes the rows: the cases of pairs need it."""
CHOICES: Final = 48
"""So many choices of a request are tried, the first values of each argument first."""
VALUES: Final = 4
"""So many values of one argument are tried."""
ROWS: Final = 64
"""So many rows of a request are tried."""
PAIRS: Final = 128
"""So many pairs of the refused rows of a request are tried."""
BASE: Final = "base"
"""What a case calls its request as it is."""
_RULE: Final = "W35"


@dataclass(frozen=True, slots=True, kw_only=True)
class TriedChoice:
    """What can be added to a request or changed in it: `arguments` are the whole ones with it.

    Of the choices of one `axis`, a request holds one.
    """

    axis: str
    label: str
    arguments: JsonValue


Row: TypeAlias = tuple[int, ...]
"""The numbers of the choices that a request holds, in order."""


def bounded(choices: Sequence[TriedChoice]) -> tuple[TriedChoice, ...]:
    """Return the choices that are tried, in their order: the first values of each axis first."""
    ranks: dict[str, int] = {}
    ranked = []
    for number, choice in enumerate(choices):
        rank = ranks[choice.axis] = ranks.get(choice.axis, -1) + 1
        if rank < VALUES:
            ranked.append((rank, number))
    kept = sorted(number for _, number in sorted(ranked)[:CHOICES])
    return tuple(choices[number] for number in kept)


def choices_tried(case: Case, base: ValidRequest, choices: Sequence[TriedChoice]) -> Case:
    """Return the case that asks for a request as it is, and then with each choice."""
    wholes: dict[str, JsonValue] = {BASE: base.arguments}
    wholes |= {choice.label: choice.arguments for choice in bounded(choices)}
    steps = (
        step
        for label, whole in wholes.items()
        for step in with_word(tuple(_around(base, whole)), word_of(case.id, label))
    )
    return replace(case, steps=tuple(steps), together=tuple(wholes))


def _around(base: ValidRequest, whole: JsonValue) -> Iterator[Step]:
    request = base.request.with_arguments(whole)
    yield from supporting_steps(base.setup, Role.SETUP, ANSWERED)
    yield Step(request=request, expect=ANSWERED, role=Role.SUBJECT, rule=_RULE)
    yield from supporting_steps(base.cleanup, Role.CLEANUP, ANSWERED)


@dataclass(frozen=True)
class Combinations:
    """What the choices of a case come to together; `case` asks for each by itself."""

    case: Case

    @cached_property
    def _parts(self) -> tuple[Sequence[Step], ...]:
        """The steps of the base request, and of each choice: set-up, request, clean-up.

        What a choice leaves behind is not in the way of others: each has names of its own.
        """
        named = zip(parts(self.case.steps), self.case.together, strict=True)
        return tuple(with_word(part, UNIQUE, word_of(self.case.id, label)) for part, label in named)

    @cached_property
    def _arguments(self) -> tuple[JsonValue, ...]:
        return tuple(_arguments_of(part) for part in self._parts)

    @cached_property
    def axes(self) -> Mapping[str, Sequence[int]]:
        """The numbers of the choices of each axis."""
        found: dict[str, list[int]] = {}
        for number, label in enumerate(self.case.together[1:], start=1):
            found.setdefault(axis_of(label), []).append(number)
        return found

    def arguments(self, row: Row) -> JsonValue | None:
        """Return the arguments with the choices of a row, None if two of them contradict."""
        base = whole = self._arguments[0]
        try:
            for number in row:
                whole = merged(base, whole, self._arguments[number])
        except ApartError:
            return None
        return whole

    def rows(self, accepted: Collection[int]) -> Iterator[Row]:
        """Yield rows in which every two accepted choices of two axes meet, and all that can.

        They are the same whenever the same choices are accepted.
        """
        # Not at the top: only a run whose cases need it has it.
        from allpairspy import AllPairs

        axes = [[n for n in some if n in accepted] for some in self.axes.values()]
        factors: list[list[int | None]] = [[None, *some] for some in axes if some]
        if len(factors) < 2:
            return
        ends = (tuple((some[at],) for some in axes if some) for at in (0, -1))
        at_ends = (next(self._rows_of(numbers)) for numbers in ends)
        rows = dict.fromkeys(row for row in at_ends if len(row) > 1)
        for found in AllPairs(factors, filter_func=self._goes):
            row = tuple(sorted(n for n in found if n is not None))
            if len(row) > 1:
                rows[row] = None
        # The library gives up on some pairs where others contradict each other.
        left = set(self.pairs_of(accepted)) - pairs_in(rows)
        yield from rows
        yield from self._rows_of(sorted(left))

    def _rows_of(self, some: Sequence[Row]) -> Iterator[Row]:
        """Yield rows that hold all of `some`, each as many as go together, the first first."""
        left = list(some)
        while left:
            row: set[int] = set()
            for each in left:
                if all((one, two) not in self._apart for one in each for two in row):
                    row |= {*each}
            yield tuple(sorted(row))
            left = [each for each in left if not row >= {*each}]

    def _goes(self, row: Sequence[int | None]) -> bool:
        """Return whether the last choice of a row contradicts none of the others."""
        last = row[-1]
        others = (n for n in row[:-1] if n is not None)
        return last is None or not any((other, last) in self._apart for other in others)

    @cached_property
    def _apart(self) -> frozenset[Row]:
        """The pairs of choices that no request can hold both of, either way round."""
        some = range(1, len(self._parts))
        found = {pair for pair in combinations(some, 2) if self._are_apart(*pair)}
        return frozenset(found | {(two, one) for one, two in found})

    def _are_apart(self, one: int, two: int) -> bool:
        """Return whether no request holds two choices: one may be what the other is within."""
        axes = [axis_of(self.case.together[n]) for n in (one, two)]
        short, long = sorted(axes, key=len)
        within = long == short or long.startswith((f"{short}.", f"{short}:"))
        return within or self.arguments((one, two)) is None

    def pairs_of(self, accepted: Collection[int]) -> Iterator[Row]:
        """Yield the pairs of the accepted choices that a request can hold."""
        pairs = combinations(sorted(accepted), 2)
        return (pair for pair in pairs if pair not in self._apart)

    def case_of(self, rows: Sequence[Row]) -> Case:
        """Return the case that asks for each row instead of each choice."""
        names = [" ".join(self.case.together[n] for n in row) for row in rows]
        steps = (
            step
            for row, name in zip(rows, names, strict=True)
            for step in with_word(tuple(self._steps(row)), word_of(self.case.id, name))
        )
        return replace(self.case, steps=tuple(steps), together=tuple(names))

    def alone(self, row: Row) -> Case:
        """Return the case that asks for each choice of a row alone, and then for all of it."""
        return self.case_of((*((number,) for number in row), row))

    def _steps(self, row: Row) -> Iterator[Step]:
        """Yield the steps of a row, with the set-up and the clean-up of a choice."""
        whole = self.arguments(row)
        assert whole is not None, "rows hold what goes together"
        for step in self._parts[row[0]]:
            if step.role is Role.SUBJECT:
                step = replace(step, request=step.request.with_arguments(whole))
            yield step


def each_choice(case: Case) -> Iterator[Case]:
    """Yield the case with each of its choices alone, its request as it is among them."""
    choices = Combinations(case)
    return (choices.case_of(((number,),)) for number in range(len(case.together)))


def axis_of(label: str) -> str:
    """Return what a choice is of, without its value."""
    return label[: max(label.rfind("="), label.rfind(":"))]


def first_rows(rows: Iterator[Row]) -> tuple[Row, ...]:
    """Return as many rows as are tried."""
    return tuple(islice(rows, ROWS))


def pairs_in(rows: Collection[Row]) -> set[Row]:
    """Return the pairs of choices that rows hold."""
    return {pair for row in rows for pair in combinations(row, 2)}


def doubtful_pairs(accepted: Collection[Row], refused: Sequence[Row]) -> tuple[Row, ...]:
    """Return the pairs that may be why rows were refused: those that no accepted row holds."""
    good = pairs_in(accepted)
    found: dict[Row, None] = {}
    for row in refused:
        found |= dict.fromkeys(pair for pair in combinations(row, 2) if pair not in good)
    return tuple(found)[:PAIRS]


def merged(base: JsonValue, one: JsonValue, two: JsonValue) -> JsonValue:
    """Return what has the changes of both `one` and `two` from `base`.

    Raises ApartError if they change the same.
    """
    whole = _merged(base, one, two)
    assert not isinstance(whole, Absent), "nobody takes all of it away"
    return whole


class ApartError(ValueError):
    """Two change the same to something else."""


def _merged(
    base: JsonValue | Absent, one: JsonValue | Absent, two: JsonValue | Absent
) -> JsonValue | Absent:
    if _same(one, base):
        return two
    if _same(two, base) or _same(one, two):
        return one
    if isinstance(one, Mapping) and isinstance(two, Mapping):
        own = as_object({} if isinstance(base, Absent) else base)
        names = dict.fromkeys((*one, *two))
        found = {
            name: _merged(*(each.get(name, ABSENT) for each in (own, one, two))) for name in names
        }
        return {name: value for name, value in found.items() if not isinstance(value, Absent)}
    lists = [each for each in (base, one, two) if isinstance(each, list)]
    if len(lists) == 3 and len({len(each) for each in lists}) == 1:
        return [merged(*each) for each in zip(*lists, strict=True)]
    raise ApartError("both change the same")


def _same(one: JsonValue | Absent, two: JsonValue | Absent) -> bool:
    if isinstance(one, Absent) or isinstance(two, Absent):
        return one is two
    return compact(one) == compact(two)


def _arguments_of(part: Sequence[Step]) -> JsonValue:
    given = next(step for step in part if step.role is Role.SUBJECT).request.arguments
    return {} if given is ABSENT else cast(JsonValue, given)
