"""What a run has cost, in words and as a table; knows not how it is measured."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from conformance.model.counting import counted
from conformance.report.markup import code_cell, row
from conformance.report.result import TargetSummary
from conformance.report.stream import Cost, RunEnded


def cost_words(cost: Cost) -> str:
    """Return what a target has cost, in one line."""
    return (
        f"Cost: {cost.seconds:,.1f} s of all workers together, "
        f"{counted(cost.machines, 'machine')}, {_size(cost.sent)} sent, "
        f"{_size(cost.received)} received"
    )


def memory_words(ended: RunEnded | None) -> str | None:
    """Return the peak of the memory of each process, None where nothing was measured."""
    if ended is None or not ended.cost:
        return None
    told = (f"{name} {kib / 1024:.0f} MiB" for name, kib in ended.cost.items())
    return f"Peak of memory by process: {', '.join(told)}"


def cost_table(target: TargetSummary) -> Iterator[str]:
    """Yield what a target has cost by aspect, and its dearest items, as Markdown."""
    if not target.cost.total.seconds:
        return
    yield "### Costs"
    yield ""
    yield "Seconds of all workers together, machines that were started, bytes of their monitors."
    yield ""
    aspects = {str(aspect): cost for aspect, cost in target.cost.aspects.items()}
    yield from _table("Aspect", {**aspects, "together": target.cost.total})
    yield from _table("What took longest", target.cost.dearest)


def _table(head: str, costs: Mapping[str, Cost]) -> Iterator[str]:
    yield row([head, "Seconds", "Machines", "Sent", "Received"])
    yield row([":--", *["--:"] * 4])
    for name, cost in costs.items():
        machines = f"{cost.machines:,}"
        sizes = (_size(cost.sent), _size(cost.received))
        yield row([code_cell(name), f"{cost.seconds:,.1f}", machines, *sizes])
    yield ""


def _size(count: int) -> str:
    return f"{count / 1e6:,.2f} MB"
