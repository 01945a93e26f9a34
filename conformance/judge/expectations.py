"""All kinds of expectations that the steps of a case may have."""

from __future__ import annotations

from typing import Final

from conformance.judge.expect_answer import (
    Accept,
    Answer,
    Ends,
    Known,
    Present,
    Refused,
    RefusedLike,
    Reject,
    Succeeds,
    TakesItsOwn,
    Understood,
)
from conformance.judge.expect_odd import NoOddOneOut
from conformance.judge.expect_qom import (
    Holds,
    Instance,
    LinksTo,
    ListsProperties,
    ListsTypes,
    MayRead,
    ReadsAs,
)
from conformance.judge.expect_state import Reached
from conformance.judge.expect_value import (
    Adds,
    Agrees,
    Confirms,
    Grows,
    Lists,
    NotYet,
    ReadsBack,
    Repeats,
    Returns,
    Shows,
    Stays,
    Tells,
    Unchanged,
    UnchangedIfRefused,
)
from conformance.model.expectation import Expectation

EXPECTATIONS: Final[tuple[type[Expectation], ...]] = (
    *(
        Accept,
        Ends,
        Reject,
        Refused,
        Succeeds,
        Answer,
        Present,
        RefusedLike,
        Known,
        Understood,
        TakesItsOwn,
    ),
    NoOddOneOut,
    *(Returns, Lists, Repeats, Unchanged, UnchangedIfRefused, Adds, Grows, Shows, NotYet),
    *(Tells, Agrees, ReadsBack, Confirms, Stays),
    Reached,
    *(Holds, Instance, ReadsAs, MayRead, LinksTo, ListsTypes, ListsProperties),
)
