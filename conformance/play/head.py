"""The beginning of the stream of a run: who runs what, and every case as not run yet."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Final

import conformance
from conformance.launch.host import capabilities
from conformance.model.entry import Entry
from conformance.model.terms import Outcome
from conformance.play.beforehand import Beforehand
from conformance.play.options import Options
from conformance.prepare.campaign import Campaign
from conformance.prepare.groups import groups, node_id
from conformance.prepare.selection import Selection
from conformance.report.stream import (
    STREAM_VERSION,
    CaseEnded,
    Event,
    ItemPlanned,
    RunStarted,
    TargetLost,
)

NO_TURN: Final = ("the run ended before its turn", "")
"""The reasons of cases that nobody has played; "" where the case was not selected."""


class StreamHead:
    """Makes the first event of a run."""

    def __init__(self, options: Options, began: str, resumed: int = 0) -> None:
        """`began` is when the run began, `resumed` how often it was gone on with."""
        self._options = options
        self._began = began
        self.resumed = resumed

    def first(self) -> RunStarted:
        """Return the event before anything is known of the host."""
        return self._started(self._options.words(), {})

    def started(self, selection: tuple[str, ...]) -> RunStarted:
        """Return the event with the capabilities of the host."""
        targets = self._options.targets
        return self._started(selection, capabilities(targets[0]) if targets else {})

    def _started(self, selection: tuple[str, ...], host: Mapping[str, str]) -> RunStarted:
        return RunStarted(
            stream=STREAM_VERSION,
            suite=conformance.__version__,
            seed=self._options.seed,
            selection=selection,
            host=host,
            time=self._began,
            resumed=self.resumed,
        )

    def words(self, unfit: tuple[str, ...], items: int, left_out: int) -> tuple[str, ...]:
        """Return the selection in words.

        `unfit` are the globs that fit no case; pytest has left out `left_out` of the `items`.
        """
        told = [f"{items - left_out} of {items} items, chosen by pytest"] if left_out else []
        words = [word for word in self._options.words() if word not in unfit]
        return (*words, *(f"{glob} (fits no case)" for glob in unfit), *told)


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedItem:
    """An item of a target: its name, its place among those of all shards, and its cases."""

    name: str
    place: int
    numbers: Sequence[int]


@dataclass(frozen=True, kw_only=True)
class RunPlan:
    """The items of all targets that are ready, and what the stream says of them before they run.

    `lost` are the targets that are not ready, `unfit` the globs that fit no case.
    """

    head: StreamHead
    selection: Selection
    campaigns: Sequence[Campaign]
    lost: Sequence[TargetLost]
    unfit: tuple[str, ...]
    beforehand: Beforehand

    @cached_property
    def every(self) -> frozenset[str]:
        """The node ids of all items that the selection makes."""
        return frozenset(
            node_id(campaign, group)
            for campaign in self.campaigns
            for group in groups(campaign, self.selection)
        )

    def items(self, node_ids: Collection[str]) -> Iterator[tuple[Campaign, Sequence[PlannedItem]]]:
        """Yield each target with its items among `node_ids`."""
        for campaign in self.campaigns:
            yield campaign, [*planned_items(campaign, self.selection, node_ids)]

    def cases(self, node_ids: Collection[str]) -> Iterator[tuple[str, Sequence[str]]]:
        """Yield the target and the cases of each of the items."""
        for campaign, items in self.items(node_ids):
            for item in items:
                yield campaign.target.name, [campaign.plan.ids[each] for each in item.numbers]

    def events(self, node_ids: Collection[str]) -> Iterator[Event]:
        """Yield the beginning of a stream of the items, each of their cases as not run."""
        left_out = len(self.every) - len(self.every.intersection(node_ids))
        yield self.head.started(self.head.words(self.unfit, len(self.every), left_out))
        yield from self.beforehand.issues()
        targets = [*self.items(node_ids)]
        for campaign, items in targets:
            yield campaign.started(sum(len(item.numbers) for item in items))
            yield from self.beforehand.baseline_of(campaign.target.name)
            yield from campaign.rows()
            yield from campaign.rule_rows()
            for item in items:
                yield ItemPlanned(
                    target=campaign.target.name,
                    item=item.name,
                    place=item.place,
                    cases=len(item.numbers),
                )
        yield from self.lost
        for campaign, items in targets:
            for item in items:
                for entry in campaign.plan.entries(item.numbers):
                    yield _not_run(campaign, entry)


def planned_items(
    campaign: Campaign, selection: Selection, node_ids: Collection[str]
) -> Iterator[PlannedItem]:
    """Yield the selected items of a target that `node_ids` name, in the order of the stream."""
    whole = groups(campaign, replace(selection, shard=(1, 1)))
    own = frozenset(campaign.selected(selection)) if selection.shard != (1, 1) else None
    for place, group in enumerate(whole):
        # No item is divided between shards.
        if own is None or group.numbers[0] in own:
            name = node_id(campaign, group)
            if name in node_ids:
                yield PlannedItem(name=name, place=place, numbers=group.numbers)


def _not_run(campaign: Campaign, case: Entry) -> CaseEnded:
    """Return the result for a case whose turn never came."""
    return CaseEnded(
        target=campaign.target.name,
        case=case.id,
        subject_kind=case.subject.kind,
        subject=case.subject.name,
        aspect=case.aspect,
        outcome=Outcome.NOT_RUN,
        reason=NO_TURN[0],
        rules=case.rules,
        seconds=0.0,
        about=case.about or "",
    )
