"""A broken promise as a judge first sees it, before evidence is put to it."""

from __future__ import annotations

import enum
from dataclasses import dataclass


class Kind(enum.StrEnum):
    """In what way a promise was broken."""

    # A request was refused that must be accepted.
    REFUSED = "refused"
    # A request was accepted that must be refused.
    ACCEPTED = "accepted"
    # A request was refused with another class than it must be.
    CLASS = "class"
    # A value is not the one that it must be.
    VALUE = "value"
    # A message is malformed, or not of the type that the schema gives.
    SHAPE = "shape"
    # The build died.
    CRASH = "crash"
    # The build stopped answering.
    HANG = "hang"


@dataclass(frozen=True, slots=True, kw_only=True)
class Miss:
    """What a build did (`summary`) where it promised something else (`expected`).

    Misses of one target with equal `fold` are one and the same defect.
    """

    rule: str
    kind: Kind
    summary: str
    expected: str
    fold: str
    why: str = ""
