"""A question whose answer is part of the state of a machine; knows no machine and no answer."""

from __future__ import annotations

from dataclasses import dataclass

from conformance.model.stage import Request
from conformance.model.terms import ABSENT, Absent, JsonValue


@dataclass(frozen=True, slots=True, kw_only=True)
class StateQuery:
    """A request that changes nothing, and whose reply tells a part of the machine's state.

    What stands at the paths `ignore` of its reply changes by itself; "*" in one is any member or
    element.  A refusal says the same as `nothing` does, where that is given.
    """

    request: Request
    ignore: tuple[tuple[str, ...], ...] = ()
    nothing: JsonValue | Absent = ABSENT
