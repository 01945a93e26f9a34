"""A broken promise as a judge first sees it, before evidence is added."""

from __future__ import annotations

from dataclasses import dataclass

from conformance.model.expectation import Kind


@dataclass(frozen=True, slots=True, kw_only=True)
class Miss:
    """What a build did (`summary`) although it promised something else (`expected`).

    Misses of one target with equal `fold` are the same defect.
    """

    rule: str
    kind: Kind
    summary: str
    expected: str
    fold: str
    defect: str = ""
    """What the defect is called on all builds, where that is not `fold`."""
    why: str = ""
    stderr: str = ""
    """The report of the program about itself that shows it, without what differs by run."""
