"""Deals the items of a run out to the workers of pytest-xdist; knows not how one is played.

Imported only where pytest-xdist is at work.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from xdist.scheduler import LoadScopeScheduling
from xdist.workermanage import WorkerController

from conformance.model.terms import SubjectKind
from conformance.prepare.groups import Group

_ONE_BY_ONE = frozenset({SubjectKind.OBJECT_TYPE, SubjectKind.DEVICE_TYPE})
"""The kinds of subjects whose aspects share machines."""


class HeaviestFirst(LoadScopeScheduling):  # type: ignore[misc] # pytest-xdist has no types
    """Gives a free worker the scope with the most work, so that all workers end together.

    The aspects of an object or device type are one scope, because they share machines; those of a
    command are scopes of their own, because one of them can be as much as all others together.

    A run goes on when workers die. xdist's own scheduler (3.8) gives a new worker what the dead one
    had already done; such work brings no report, and without one nothing more is ever sent.
    """

    def __init__(
        self,
        config: Any,
        log: Any,
        groups: Mapping[str, Group],
        worth: Mapping[str, int] | None = None,
    ) -> None:
        """Divide `groups` by their node ids; those of the least `worth` come first."""
        super().__init__(config, log)
        self._groups = groups
        self._worth: dict[str, int] = {}
        for node_id, first in (worth or {}).items():
            scope = self._split_scope(node_id)
            self._worth[scope] = min(first, self._worth.get(scope, first))
        self._dead: set[WorkerController] = set()
        self._crashed: set[str] = set()
        """The items in which a worker died: each is dealt out once more."""
        self._weights: Counter[str] = Counter()
        for node_id, group in groups.items():
            self._weights[self._split_scope(node_id)] += group.weight

    def remove_node(self, node: WorkerController) -> str | None:
        """Remove a worker; return the item in which it died, if another one died in it before."""
        workload = self.assigned_work.pop(node)
        if self.collection is None:
            # Work is sent once so many have collected; a dead worker gets none.
            self.registered_collections.pop(node, None)
        left = [
            (scope, [item for item, done in unit.items() if not done])
            for scope, unit in workload.items()
        ]
        crashed = next((items[0] for _, items in left if items), None)
        if crashed in self._crashed:
            next(items for _, items in left if items).pop(0)
        elif crashed is not None:
            self._crashed.add(crashed)
            crashed = None
        self.workqueue.update(
            {scope: dict.fromkeys(items, False) for scope, items in left if items}
        )
        for other in self.assigned_work:
            self._reschedule(other)
        return crashed

    def add_node_collection(self, node: WorkerController, collection: Sequence[str]) -> None:
        """Take what a worker has collected; one that differs from the others is shut down."""
        super().add_node_collection(node, collection)
        if node not in self.registered_collections:
            node.shutdown()

    def _split_scope(self, nodeid: str) -> str:
        if nodeid not in self._groups:
            # The user's own tests share fixtures.
            return str(super()._split_scope(nodeid))
        together = self._groups[nodeid].subject.kind in _ONE_BY_ONE
        return nodeid.rpartition("::")[0] if together else nodeid

    def _assign_work_unit(self, node: WorkerController) -> None:
        heaviest = max(self.workqueue, key=self._urgency)
        self.workqueue.move_to_end(heaviest, last=False)
        try:
            super()._assign_work_unit(node)
        except OSError:
            # The worker is dead, but not reported yet: others get the work.
            self._dead.add(node)
            self.workqueue[heaviest] = self.assigned_work[node].pop(heaviest)

    def _urgency(self, scope: str) -> tuple[int, int]:
        return -self._worth.get(scope, 0), self._weights[scope]

    def _reschedule(self, node: WorkerController) -> None:
        """Send a worker work, or shut it down; it begins an item only once it knows the next one.

        The replacement of a dead worker gets work once it has collected.
        """
        if self.collection is None or node not in self.registered_collections or node in self._dead:
            return
        super()._reschedule(node)
        while self.workqueue and self._waits(node):
            self._assign_work_unit(node)

    def _waits(self, node: WorkerController) -> bool:
        if node.shutting_down or node in self._dead:
            return False
        pending: int = self._pending_of(self.assigned_work[node])
        return pending < 2
