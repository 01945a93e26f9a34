"""Pastes the reproducers of one target of a run that has ended."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from glob import escape

from conformance.launch.folder import RunFolder
from conformance.launch.target import Target
from conformance.model.case import Case
from conformance.model.errors import UsageError
from conformance.play.options import Options
from conformance.play.pasting import Paster
from conformance.prepare.cache import open_cache
from conformance.prepare.campaign import Campaign
from conformance.prepare.prepare import prepare
from conformance.report.result import TargetSummary
from conformance.report.root_cause import RootCause
from conformance.report.stream import Pasted

_CASES = 16
"""How many cases of a root cause are looked at: the simplest of them is tried."""


def pasted_causes(
    summary: TargetSummary,
    causes: Sequence[RootCause],
    target: Target,
    options: Options,
    tell: Callable[[str, str], None],
) -> Iterator[Pasted]:
    """Yield what came of the reproducers of root causes, in their order.

    `target` is the one of the summary, made ready anew. Raises UsageError if it is another build.
    """
    with RunFolder() as folder:
        campaign = prepare(
            target,
            folder,
            open_cache(off=not options.cached),
            selection=replace(options.selection, globs=tuple(map(escape, _ids(causes)))),
            tell=partial(tell, target.name),
        )
        if campaign.plan.head.sha256 != summary.build.sha256:
            raise UsageError(
                f"{target.program} is not the build of that run: its hash differs",
                "Run again, or bring that build back.",
            )
        with Paster(campaign, folder) as paster:
            if not paster.debugs:
                tell(target.name, "pasting without gdb, which is not on this host: no stacks")
            for cause in causes:
                yield paster.pasted(cause, dict(_cases(campaign, cause)))


def _ids(causes: Sequence[RootCause]) -> Iterator[str]:
    for cause in causes:
        yield from dict.fromkeys((cause.finding.case, *cause.cases[:_CASES]))


def _cases(campaign: Campaign, cause: RootCause) -> Iterator[tuple[str, Case]]:
    """Yield the cases of a root cause that the plan has, by id."""
    places = {case_id: number for number, case_id in enumerate(campaign.plan.ids)}
    numbers = sorted(places[each] for each in _ids([cause]) if each in places)
    yield from ((case.id, case) for case in campaign.plan.read(numbers))
