"""What random searches came to, as Markdown: what was sent, what was new, what is still new."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from conformance.model.counting import counted, number
from conformance.report.markup import code, code_cell, row
from conformance.report.stream import Searched

GROWS: Final = 60
"""A search that showed something new within so many requests is told to go on growing."""
_TOLD: Final = 24


def searches(found: Sequence[Searched]) -> Iterator[str]:
    """Yield the section of the random searches, none without any."""
    if not found:
        return
    totals = [each.totals for each in found]
    requests, accepted = sum(t.requests for t in totals), sum(t.accepted for t in totals)
    seconds = sum(t.seconds for t in totals)
    yield "### Random search"
    yield ""
    yield (
        f"{counted(requests, 'request')} of {counted(len(found), 'search')}, "
        f"{number(accepted)} of them accepted, in {seconds:,.0f} seconds of all workers together; "
        f"{number(sum(t.shrinking for t in totals))} plays made findings smaller. "
        f"The seed is {code(totals[0].seed)}: it gives the same requests again."
    )
    yield ""
    growing = sorted(
        (each for each in found if each.totals.requests and each.totals.since < GROWS),
        key=lambda each: (each.totals.since / each.totals.requests, each.case),
    )
    if not growing:
        yield "No search showed anything new at its end."
        yield ""
        return
    yield (
        f"{counted(len(growing), 'search')} still showed something new at the end. "
        "More time would go to these first:"
    )
    yield ""
    yield row(["Search", "Requests", "Accepted", "Members", "Refusals", "Since the last new"])
    yield row([":--", *["--:"] * 5])
    for each in growing[:_TOLD]:
        got = each.totals
        counts = (got.requests, got.accepted, got.members, got.answers, got.since)
        yield row([code_cell(each.case), *map(number, counts)])
    yield ""
