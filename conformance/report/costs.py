"""What the cases of a target have cost, by aspect and by item; knows not who measures it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from conformance.model.terms import Aspect
from conformance.report.stream import Cost

_DEAREST: Final = 10
"""So many items are told; the stream has them all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetCosts:
    """What a target has cost: together, by aspect, and of the items that took longest."""

    total: Cost
    aspects: Mapping[Aspect, Cost]
    dearest: Mapping[str, Cost]


def costs_of(items: Mapping[str, Cost]) -> TargetCosts:
    """Return the costs of items, by their names in pytest, which end in the aspect."""
    aspects: dict[Aspect, Cost] = {}
    for item, cost in items.items():
        aspect = Aspect(item.rpartition("::")[2])
        aspects[aspect] = aspects.get(aspect, Cost()) + cost
    dearest = sorted((item for item in items if items[item].seconds), key=_by_time(items))
    return TargetCosts(
        total=sum(items.values(), Cost()),
        aspects={aspect: aspects[aspect] for aspect in Aspect if aspect in aspects},
        dearest={item: items[item] for item in dearest[:_DEAREST]},
    )


def _by_time(items: Mapping[str, Cost]) -> Callable[[str], tuple[float, str]]:
    return lambda item: (-items[item].seconds, item)
