"""Infers a build's configuration from which conditional items it has.

Knows the logic of conditions; knows neither what the items are nor where they were found.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from conformance.digest.declaration import Condition

Assignment: TypeAlias = Mapping[str, bool]
"""Configuration symbols that are known to be on (true) or off (false) in a build."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownCondition:
    """The item at `where`, with `condition`, is in the build (`held`) or is not."""

    condition: Condition
    held: bool
    where: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Contradiction:
    """Items of one build that no configuration explains together.

    Without any one of their conditions, the others are possible.
    """

    present: tuple[ShownCondition, ...]
    absent: tuple[ShownCondition, ...]

    @property
    def text(self) -> str:
        """The conflicting conditions, in words."""
        return "; ".join(dict.fromkeys(condition_text(s.condition) for s in self.shown))

    @property
    def symbols(self) -> tuple[str, ...]:
        """The configuration symbols involved, sorted."""
        return tuple(sorted(frozenset().union(*(symbols(s.condition) for s in self.shown))))

    @property
    def shown(self) -> tuple[ShownCondition, ...]:
        """All items, those that exist first."""
        return self.present + self.absent


def condition_text(condition: Condition) -> str:
    """Return a condition in words."""
    if isinstance(condition, str):
        return condition
    ((operator, operand),) = condition.items()
    if operator == "not":
        return f"not {_bracketed(_one(operand))}"
    word = " and " if operator == "all" else " or "
    return word.join(_bracketed(part) for part in _many(operand))


def symbols(condition: Condition) -> frozenset[str]:
    """Return the configuration symbols that a condition depends on."""
    if isinstance(condition, str):
        return frozenset({condition})
    ((_, operand),) = condition.items()
    return frozenset().union(*(symbols(part) for part in _many(operand)))


def value_of(condition: Condition, known: Assignment) -> bool | None:
    """Return whether a condition holds given `known`, or None if that leaves it open."""
    if isinstance(condition, str):
        return known.get(condition)
    ((operator, operand),) = condition.items()
    values = {value_of(part, known) for part in _many(operand)}
    if operator == "not":
        (value,) = values
        return None if value is None else not value
    # `all` of nothing holds, `any` of nothing does not.
    deciding = operator == "any"
    if deciding in values:
        return deciding
    return None if None in values else not deciding


def contradictions(shown: Iterable[ShownCondition]) -> tuple[Contradiction, ...]:
    """Return each smallest group of the items `shown` that no single configuration explains."""
    return tuple(
        found for part in _components(_groups(shown)) for found in _settle(part).contradictions
    )


def assignment(shown: Iterable[ShownCondition]) -> Assignment:
    """Return the symbols that the items `shown` prove on or off, in the order of their names.

    Where items contradict each other, what exists counts and what is missing does not.
    """
    known: dict[str, bool] = {}
    for part in _components(_groups(shown)):
        kept = _settle(part).kept
        for symbol in frozenset().union(*(group.symbols for group in kept)):
            possible = [value for value in (False, True) if _possible(kept, {symbol: value})]
            if len(possible) == 1:
                known[symbol] = possible[0]
    return dict(sorted(known.items()))


@dataclass(frozen=True, slots=True)
class _Group:
    """All items that show the same about equal conditions."""

    condition: Condition
    held: bool
    shown: tuple[ShownCondition, ...]

    @property
    def symbols(self) -> frozenset[str]:
        return symbols(self.condition)


@dataclass(frozen=True, slots=True)
class _Settled:
    """Groups that are possible together, and the contradictions among the others."""

    kept: tuple[_Group, ...]
    contradictions: tuple[Contradiction, ...]


def _groups(shown: Iterable[ShownCondition]) -> tuple[_Group, ...]:
    """Return the items, equal ones grouped, in the order they came in."""
    found: dict[tuple[str, bool], list[ShownCondition]] = {}
    for each in shown:
        found.setdefault((condition_text(each.condition), each.held), []).append(each)
    return tuple(_Group(some[0].condition, some[0].held, tuple(some)) for some in found.values())


def _components(groups: Iterable[_Group]) -> tuple[tuple[_Group, ...], ...]:
    """Return the groups split by shared symbols, direct or through others."""
    parts: list[tuple[set[str], list[_Group]]] = []
    for group in groups:
        joined: tuple[set[str], list[_Group]] = (set(group.symbols), [])
        apart = []
        for part in parts:
            if part[0] & group.symbols:
                joined[0].update(part[0])
                joined[1].extend(part[1])
            else:
                apart.append(part)
        joined[1].append(group)
        parts = [*apart, joined]
    return tuple(tuple(members) for _, members in parts)


def _settle(groups: Sequence[_Group]) -> _Settled:
    kept = list(groups)
    found: list[Contradiction] = []
    while not _possible(kept, {}):
        core = _core(kept)
        found.append(
            Contradiction(
                present=tuple(s for group in core if group.held for s in group.shown),
                absent=tuple(s for group in core if not group.held for s in group.shown),
            )
        )
        # If anything is at fault, it is what is missing: what exists was compiled in.
        faulty = [group for group in core if not group.held] or core[-1:]
        kept = [group for group in kept if group not in faulty]
    return _Settled(tuple(kept), tuple(found))


def _core(groups: Sequence[_Group]) -> list[_Group]:
    """Return groups that are impossible together, none of which can be left out."""
    core = list(groups)
    for group in groups:
        without = [other for other in core if other is not group]
        if not _possible(without, {}):
            core = without
    return core


def _possible(groups: Sequence[_Group], known: Assignment) -> bool:
    """Return whether some configuration that agrees with `known` shows all of `groups`."""
    open_groups = []
    for group in groups:
        value = value_of(group.condition, known)
        if value is None:
            open_groups.append(group)
        elif value is not group.held:
            return False
    if not open_groups:
        return True
    # The condition with the fewest open symbols decides or fails soonest.
    left = [sorted(group.symbols - known.keys()) for group in open_groups]
    symbol = min(left, key=lambda names: (len(names), names))[0]
    return any(_possible(open_groups, {**known, symbol: value}) for value in (True, False))


def _bracketed(condition: Condition) -> str:
    text = condition_text(condition)
    return text if isinstance(condition, str) or "not" in condition else f"({text})"


def _one(operand: Condition | tuple[Condition, ...]) -> Condition:
    (condition,) = _many(operand)
    return condition


def _many(operand: Condition | tuple[Condition, ...]) -> tuple[Condition, ...]:
    return (operand,) if isinstance(operand, str | Mapping) else tuple(operand)
