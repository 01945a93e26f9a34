"""Deals the items of a run out to the workers of pytest-xdist; knows not how one is played."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

from xdist.scheduler import LoadScopeScheduling

from conformance.run.groups import Group
from conformance.terms import SubjectKind


class HeaviestFirst(LoadScopeScheduling):  # type: ignore[misc] # pytest-xdist has no types
    """Gives a free worker the scope with the most requests, so that all workers end together.

    The aspects of an object type are one scope, for they share machines; those of a command are
    scopes of their own, for one of them can be as much as all else together.
    """

    def __init__(self, config: Any, log: Any, groups: Mapping[str, Group]) -> None:
        """Deal out `groups` by their node ids."""
        super().__init__(config, log)
        self._groups = groups
        self._weights: Counter[str] = Counter()
        for node_id, group in groups.items():
            requests = sum(len(case.steps) for case in group.cases if case.blocked is None)
            self._weights[self._split_scope(node_id)] += requests

    def _split_scope(self, nodeid: str) -> str:
        together = self._groups[nodeid].subject.kind is SubjectKind.OBJECT_TYPE
        return nodeid.rpartition("::")[0] if together else nodeid

    def _assign_work_unit(self, node: Any) -> None:
        heaviest = max(self.workqueue, key=self._weights.__getitem__)
        self.workqueue.move_to_end(heaviest, last=False)
        super()._assign_work_unit(node)
