"""Which worker of pytest-xdist runs which items; knows nothing but node ids.

Imported only where pytest-xdist is at work.
"""

from __future__ import annotations

from xdist.scheduler import LoadScopeScheduling
from xdist.workermanage import WorkerController


class SubjectScheduling(LoadScopeScheduling):  # type: ignore[misc]  # xdist has no types
    """Keeps the items of a subject together, and a run going whose workers die.

    xdist's own (3.8) gives a new worker what the dead one had done already.  Such work brings no
    report, and without one nothing more is ever sent: the run waits for ever.
    """

    def remove_node(self, node: WorkerController) -> str | None:
        """Take a worker out; return the item that it died of, which is not run again."""
        workload = self.assigned_work.pop(node)
        left = [
            (scope, [item for item, done in unit.items() if not done])
            for scope, unit in workload.items()
        ]
        crashed = next((items.pop(0) for _, items in left if items), None)
        again = {scope: dict.fromkeys(items, False) for scope, items in left if items}
        self.workqueue.update(again)
        if crashed is not None:
            for other in self.assigned_work:
                self._reschedule(other)
        return crashed

    def _reschedule(self, node: WorkerController) -> None:
        """Send a worker work, or home; it begins an item only once it knows the next one."""
        super()._reschedule(node)
        while self.workqueue and not node.shutting_down and self._waits(node):
            self._assign_work_unit(node)

    def _waits(self, node: WorkerController) -> bool:
        return bool(self._pending_of(self.assigned_work[node]) < 2)
