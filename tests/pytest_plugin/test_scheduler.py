"""Dealing items to workers of xdist: heaviest first, and on when workers die.

Also the contract with what of xdist's scheduler is not public, and yet is built upon here.
"""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

import pytest
from xdist.scheduler import LoadScopeScheduling
from xdist.workermanage import WorkerController

from conformance.pytest_plugin.scheduler import HeaviestFirst

IDS = tuple(f"t::command-{number}::valid" for number in range(6))


class Node:
    """A worker as a scheduler sees it; one that is gone cannot be sent anything."""

    def __init__(self, name: str) -> None:
        self.gateway = SimpleNamespace(id=name)
        self.got: list[int] = []
        self.gone = False
        self.shutting_down = False

    def send_runtest_some(self, indices: Sequence[int]) -> None:
        """Take items."""
        if self.gone:
            raise OSError("cannot send (already closed?)")
        self.got += indices

    def shutdown(self) -> None:
        """Be told to go home."""
        self.shutting_down = True


@pytest.fixture
def scheduler(pytestconfig: pytest.Config) -> HeaviestFirst:
    """A scheduler of two workers and six scopes; the first is the heaviest."""
    groups: Any = {
        node_id: SimpleNamespace(
            subject=SimpleNamespace(kind=None),
            weight=10 - place,
        )
        for place, node_id in enumerate(IDS)
    }
    option = SimpleNamespace(tx=["popen"] * 2, loadscopereorder=True)
    config = SimpleNamespace(option=option, getvalue=lambda name: getattr(option, name))
    return HeaviestFirst(config, None, groups)


def test_what_is_worth_most_comes_before_what_is_heaviest(
    scheduler: HeaviestFirst, pytestconfig: pytest.Config
) -> None:
    urgent = HeaviestFirst(scheduler.config, None, scheduler._groups, {IDS[4]: -1, IDS[5]: -1})
    one, two = added(urgent, "gw0", "gw1")

    collected(urgent, one, two)

    assert (one.got[0], two.got[0]) == (4, 5)
    assert played(urgent, [one, two]) == set(range(6))


def collected(scheduler: HeaviestFirst, *nodes: Node) -> None:
    """Have workers tell what they collected, as xdist does."""
    for node in nodes:
        scheduler.add_node_collection(node, list(IDS))
        if scheduler.collection_is_completed:
            scheduler.schedule()


def added(scheduler: HeaviestFirst, *names: str) -> list[Node]:
    """Have workers come up."""
    nodes = [Node(name) for name in names]
    for node in nodes:
        scheduler.add_node(node)
    return nodes


def played(scheduler: HeaviestFirst, nodes: Sequence[Any]) -> set[int]:
    """Let workers play what they get, until nothing is left; return the items."""
    done: set[int] = set()
    while left := [(node, item) for node in nodes for item in node.got if item not in done]:
        node, item = left[0]
        done.add(item)
        scheduler.mark_test_complete(node, item)
    return done


def test_the_heaviest_come_first(scheduler: HeaviestFirst) -> None:
    one, two = added(scheduler, "gw0", "gw1")

    collected(scheduler, one, two)

    assert (one.got[0], two.got[0]) == (0, 1)
    assert played(scheduler, [one, two]) == set(range(6))
    assert scheduler.tests_finished


def test_a_worker_that_dies_while_another_collects_is_forgotten(scheduler: HeaviestFirst) -> None:
    one, two = added(scheduler, "gw0", "gw1")
    collected(scheduler, one)
    assert scheduler.remove_node(one) is None
    (three,) = added(scheduler, "gw2")

    collected(scheduler, two)
    assert (two.got, three.got) == ([], [])
    collected(scheduler, three)

    assert played(scheduler, [two, three]) == set(range(6))


def test_one_that_replaces_a_dead_one_gets_nothing_before_it_has_collected(
    scheduler: HeaviestFirst,
) -> None:
    one, two = added(scheduler, "gw0", "gw1")
    collected(scheduler, one, two)
    assert scheduler.remove_node(one) is None
    (three,) = added(scheduler, "gw2")

    # The other one dies as well, and leaves its work to one that still collects.
    assert scheduler.remove_node(two) is None
    assert three.got == []
    collected(scheduler, three)

    assert played(scheduler, [three]) == set(range(6))


def test_an_item_in_which_two_workers_die_is_not_played_again(scheduler: HeaviestFirst) -> None:
    one, two = added(scheduler, "gw0", "gw1")
    collected(scheduler, one, two)
    first = one.got[0]
    assert scheduler.remove_node(one) is None
    (three,) = added(scheduler, "gw2")
    collected(scheduler, three)
    (holder,) = (node for node in (two, three) if first in node.got)
    (other,) = {two, three} - {holder}
    for item in holder.got[: holder.got.index(first)]:
        scheduler.mark_test_complete(holder, item)

    assert scheduler.remove_node(holder) == IDS[first]

    assert first not in played(scheduler, [other])


def test_work_for_one_whose_death_is_not_known_yet_goes_to_others(
    scheduler: HeaviestFirst,
) -> None:
    one, two = added(scheduler, "gw0", "gw1")
    collected(scheduler, one, two)
    before = list(one.got)
    one.gone = True
    for item in before:
        scheduler.mark_test_complete(one, item)
    assert one.got == before

    assert scheduler.remove_node(one) is None

    assert played(scheduler, [two]) == set(range(6)) - set(before)


def test_one_that_collected_something_else_is_sent_home(scheduler: HeaviestFirst) -> None:
    one, two = added(scheduler, "gw0", "gw1")
    collected(scheduler, one, two)
    scheduler.remove_node(one)
    (three,) = added(scheduler, "gw2")
    scheduler.log = lambda *_: None

    scheduler.add_node_collection(three, list(IDS[:2]))

    assert three.shutting_down
    assert three.got == []


def test_what_is_built_upon_is_there() -> None:
    for name, parameters in {
        "remove_node": ["self", "node"],
        "add_node_collection": ["self", "node", "collection"],
        "mark_test_complete": ["self", "node", "item_index", "duration"],
        "schedule": ["self"],
        "_assign_work_unit": ["self", "node"],
        "_reschedule": ["self", "node"],
        "_pending_of": ["self", "workload"],
        "_split_scope": ["self", "nodeid"],
    }.items():
        assert list(inspect.signature(getattr(LoadScopeScheduling, name)).parameters) == parameters
    for name in ("send_runtest_some", "shutdown", "shutting_down"):
        assert hasattr(WorkerController, name)
