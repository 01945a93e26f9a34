"""Finds what differs between two schemas on the wire: types are followed, not named.

Two types are compared where both schemas use them at the same place. Each difference within them is
reported once, with all commands and events that reach it. Does not judge whether a difference
matters.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

from conformance.compat.change import ChangeKind, Direction
from conformance.compat.schema_path import Route, SchemaPart, SchemaStep, SchemaSubject, StepKind
from conformance.compat.walk import (
    Compared,
    Guard,
    Local,
    Pair,
    Pairs,
    TypePair,
    feature_changes,
    guard_of,
)
from conformance.qapi.model import Command, Event


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One difference and the routes to it: one for each command and event, best first.

    Of several routes from a command, the least guarded is taken, then the shortest. `features` are
    those on the old side, or on the new side for something new.
    """

    kind: ChangeKind
    direction: Direction | None
    routes: tuple[Route, ...]
    features: tuple[str, ...] = ()
    old: str = ""
    new: str = ""


def differences(old: Compared, new: Compared) -> tuple[Difference, ...]:
    """Return all differences in what the commands and events of two schemas reach."""
    walk = _Walk(old, new)
    found = [*_subjects(old, new)]
    for name in sorted(old.schema.commands.keys() & new.schema.commands.keys()):
        before, after = old.schema.commands[name], new.schema.commands[name]
        start = Route(SchemaSubject.COMMAND, name)
        found += _command(start, before, after)
        for part, direction in (
            (SchemaPart.ARGUMENT, Direction.INPUT),
            (SchemaPart.RESULT, Direction.OUTPUT),
        ):
            names = _type_of(before, part), _type_of(after, part)
            walk.begin(Route(SchemaSubject.COMMAND, name, part), names, direction, before.features)
    for name in sorted(old.schema.events.keys() & new.schema.events.keys()):
        was, now = old.schema.events[name], new.schema.events[name]
        found += _features(Route(SchemaSubject.EVENT, name), None, was.features, now.features)
        start = Route(SchemaSubject.EVENT, name, SchemaPart.DATA)
        walk.begin(start, (was.arg_type, now.arg_type), Direction.OUTPUT, was.features)
    return (*found, *walk.differences())


def differences_of_types(old: Compared, new: Compared, names: Sequence[str]) -> list[Difference]:
    """Return the differences in types of these names, which exist in both schemas."""
    walk = _Walk(old, new)
    for name in names:
        walk.begin(Route(SchemaSubject.TYPE, name), (name, name), Direction.OUTPUT, ())
    return list(walk.differences())


def _type_of(command: Command, part: SchemaPart) -> str:
    return command.ret_type if part is SchemaPart.RESULT else command.arg_type


def _subjects(old: Compared, new: Compared) -> Iterator[Difference]:
    """Yield the commands and events that only one of the schemas has."""
    for kind, before, after, added, removed in (
        (SchemaSubject.COMMAND, old.schema.commands, new.schema.commands,
         ChangeKind.COMMAND_ADDED, ChangeKind.COMMAND_REMOVED),
        (SchemaSubject.EVENT, old.schema.events, new.schema.events,
         ChangeKind.EVENT_ADDED, ChangeKind.EVENT_REMOVED),
    ):  # fmt: skip
        present: list[tuple[ChangeKind, Command | Event]] = []
        if not new.partial:
            present += [(removed, each) for name, each in before.items() if name not in after]
        if not old.partial:
            present += [(added, each) for name, each in after.items() if name not in before]
        for change, each in present:
            routes = (Route(kind, each.name),)
            yield Difference(kind=change, direction=None, routes=routes, features=each.features)


def _command(start: Route, old: Command, new: Command) -> Iterator[Difference]:
    yield from _features(start, None, old.features, new.features)
    if old.allow_oob != new.allow_oob:
        kind = ChangeKind.OOB_GAINED if new.allow_oob else ChangeKind.OOB_LOST
        yield Difference(kind=kind, direction=None, routes=(start,), features=old.features)


def _features(
    start: Route, direction: Direction | None, old: Iterable[str], new: Iterable[str]
) -> Iterator[Difference]:
    for change in feature_changes((), old, new):
        yield Difference(
            kind=change.kind,
            direction=direction,
            routes=(start,),
            features=change.features,
            old=change.old,
            new=change.new,
        )


@dataclass(frozen=True, slots=True)
class _Root:
    """Where the walk begins."""

    route: Route
    direction: Direction
    guard: Guard


_Reached: TypeAlias = dict[Pair, tuple[Guard, tuple[SchemaStep, ...]]]


class _Walk:
    """Walks through two schemas from the places that clients use."""

    def __init__(self, old: Compared, new: Compared) -> None:
        self._pairs = Pairs(old, new)
        self._roots: dict[_Root, TypePair] = {}

    def begin(
        self, start: Route, types: tuple[str, str], direction: Direction, features: Iterable[str]
    ) -> None:
        """Compare the types at the beginning of a route, and everything that they lead to."""
        root = _Root(start, direction, guard_of(start.name, features))
        self._roots[root] = self._pairs.begin(types, direction)

    def differences(self) -> Iterator[Difference]:
        """Yield the differences found, each with all its routes."""
        reached = {root: _reach(node, self._pairs.nodes) for root, node in self._roots.items()}
        for root, node in self._roots.items():
            for local in node.local:
                yield _difference(local, root.direction, (root.route.then(*local.steps),))
        for pair, node in self._pairs.nodes.items():
            if not node.local:
                continue
            ways = [
                (max(root.guard, found[pair][0]), len(found[pair][1]), str(root.route), root, pair)
                for root, found in reached.items()
                if pair in found
            ]
            ways.sort(key=lambda way: way[:3])
            begun = [root.route.then(*reached[root][pair][1]) for *_, root, pair in ways]
            for local in node.local:
                routes = tuple(each.then(*local.steps) for each in begun)
                yield _difference(local, pair.direction, routes)


def _reach(start: TypePair, nodes: dict[Pair, TypePair]) -> _Reached:
    """Return how each pair is reached from `start`: the least guarded way, then the shortest."""
    best: _Reached = {}
    todo: dict[Guard, deque[tuple[tuple[SchemaStep, ...], TypePair]]] = {
        each: deque() for each in Guard
    }
    todo[Guard.NONE].append(((), start))
    for guard in Guard:
        while todo[guard]:
            steps, node = todo[guard].popleft()
            for edge in node.edges:
                if edge.pair in best and best[edge.pair][0] <= max(guard, edge.guard):
                    continue
                then = max(guard, edge.guard)
                way = (*steps, *edge.steps)
                best[edge.pair] = (then, way)
                todo[then].append((way, nodes[edge.pair]))
    return best


_OF_TAGS: Final = {
    ChangeKind.VALUE_ADDED: ChangeKind.BRANCH_ADDED,
    ChangeKind.VALUE_REMOVED: ChangeKind.BRANCH_REMOVED,
}
"""What a change of its tag's enumeration means to a union."""


def _difference(local: Local, direction: Direction, routes: tuple[Route, ...]) -> Difference:
    before_last = routes[0].steps[-2:-1]
    tagged = bool(before_last) and before_last[0].kind is StepKind.TAG
    return Difference(
        kind=_OF_TAGS.get(local.kind, local.kind) if tagged else local.kind,
        direction=direction,
        routes=routes,
        features=local.features,
        old=local.old,
        new=local.new,
    )
