"""The needs of recipes, and which of them a build itself says that it lacks."""

from __future__ import annotations

from collections.abc import Iterable

from conformance.derive import combining
from conformance.knowledge.everything import Knowledge
from conformance.knowledge.ranges import needs_of
from conformance.qapi.qom import ObjectModel


def needs_of_all(knowledge: Knowledge) -> tuple[str, ...]:
    """Return all needs of all knowledge, sorted."""
    return tuple(
        sorted(
            {
                *knowledge.recipes.needs(),
                *knowledge.examples.needs(),
                *knowledge.events.needs(),
                *(need for exchange in knowledge.exchanges for need in exchange.needs),
                *needs_of(knowledge.ranges),
                *knowledge.commands.needs(),
                *knowledge.states.needs(),
                *combining.NEEDS,
                *knowledge.plugs.needs(),
            }
        )
    )


def own_lacks(needs: Iterable[str], model: ObjectModel) -> dict[str, str]:
    """Return why each need about the build's own types is not met."""
    lacks = {}
    for need in sorted(needs):
        kind, _, argument = need.partition(":")
        if kind == "type" and argument not in model.by_name:
            lacks[need] = f"this build has no type {argument}"
        elif kind == "property":
            owner, _, name = argument.partition(".")
            if all(item.name != name for item in model.properties.get(owner, ())):
                lacks[need] = f"this build has no property {argument}"
    return lacks
