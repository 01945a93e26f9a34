"""The pytest nodes of a run: a target holds subjects, a subject holds one item per aspect.

Names hold neither "[" nor "::", which mean something to pytest, its cache and Allure.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from functools import cached_property
from typing import Any, Final

import pytest

from conformance.model.case import Case
from conformance.model.terms import BROKEN, Aspect, Outcome, Severity
from conformance.play.alone import Result
from conformance.play.beforehand import Expected
from conformance.play.conductor import Conductor
from conformance.play.engine import BLOCK, SearchTime
from conformance.play.options import Options
from conformance.play.resuming import Kept, KeptCase, is_broken
from conformance.prepare.campaign import Campaign
from conformance.prepare.groups import Group, groups, subject_name
from conformance.prepare.selection import Selection
from conformance.pytest_plugin.item_log import UNDECIDED, ItemLog, undecided

CONDUCTOR: Final = pytest.StashKey[Conductor]()
DEADLINE: Final = pytest.StashKey[float | None]()
PLAYED: Final = pytest.StashKey[dict[str, float]]()
"""The seconds that the cases of each target have taken in this process."""
CUT: Final = "cut"
"""The property of an item that the budget of its target has cut."""
EXPECTED: Final = pytest.StashKey[Expected]()
KEPT: Final = pytest.StashKey[Kept]()
"""The verdicts that an interrupted run has left."""
_ALLURE: Final = "allure_listener"
"""The name under which allure-pytest registers what notes the items, where it is to."""
_SHOWN: Final = 30
"""Failing cases that an item names: the report names all of them."""


class BrokenPromises(AssertionError):  # noqa: N818 - named for what it says
    """The failing cases of one item."""

    def __init__(
        self, broken: list[Result], counts: Counter[Outcome], earlier: Sequence[str] = ()
    ) -> None:
        """`earlier` are the cases that failed before the run was resumed."""
        self.broken = broken
        self.counts = counts
        self.earlier = earlier
        super().__init__(str(self))

    def __str__(self) -> str:
        total = sum(self.counts.values())
        count = len(self.broken) + len(self.earlier)
        lines = [f"{count} of {total} cases broke a promise:"]
        for result in self.broken[:_SHOWN]:
            verdict = result.verdict
            rule = verdict.misses[0].rule if verdict.misses else ""
            lines.append(f"  {verdict.outcome} {rule} {result.case.id}")
            lines.append(f"      {verdict.reason}")
        if len(self.broken) > _SHOWN:
            lines.append(f"  and {len(self.broken) - _SHOWN} more, which the report names")
        if self.earlier:
            lines.append(f"  {len(self.earlier)} of them before the run was resumed")
        return "\n".join(lines)


class TargetNode(pytest.Collector):
    """A target: its children are the subjects of its cases."""

    campaign: Campaign
    groups: tuple[Group, ...]

    @classmethod
    def of(cls, session: pytest.Session, campaign: Campaign, selection: Selection) -> TargetNode:
        """Return the node of a target with the groups of its selected cases."""
        name = campaign.target.name
        node: TargetNode = cls.from_parent(session, name=name, nodeid=name)
        node.campaign, node.groups = campaign, groups(campaign, selection)
        return node

    def collect(self) -> Iterable[pytest.Collector]:
        """Return a node per subject, in plan order."""
        dealt: dict[str, list[Group]] = {}
        for group in self.groups:
            dealt.setdefault(subject_name(group), []).append(group)
        for name, own in dealt.items():
            yield SubjectNode.of(self, name, own)


class SubjectNode(pytest.Collector):
    """A subject: its children are its aspects."""

    campaign: Campaign
    groups: list[Group]

    @classmethod
    def of(cls, parent: TargetNode, name: str, groups: list[Group]) -> SubjectNode:
        """Return the node of one subject."""
        node: SubjectNode = cls.from_parent(parent, name=name)
        node.campaign, node.groups = parent.campaign, groups
        return node

    def collect(self) -> Iterator[pytest.Item]:
        """Yield an item per aspect."""
        for group in self.groups:
            yield GroupItem.of(self, group)


class GroupItem(pytest.Item):
    """The cases of one aspect of one subject of one target."""

    campaign: Campaign
    group: Group
    _played = False
    _first: tuple[Case, ...] = ()
    _ended: BaseException | None = None
    _began = 0.0

    @classmethod
    def of(cls, parent: SubjectNode, group: Group) -> GroupItem:
        """Return the item of one group."""
        item: GroupItem = cls.from_parent(parent, name=str(group.aspect))
        item.campaign, item.group = parent.campaign, group
        return item

    @cached_property
    def numbers(self) -> Sequence[int]:
        """The cases to be played: those that an interrupted run has no verdict of."""
        kept = self.config.stash[KEPT].get(self.campaign.target.name)
        if kept is None:
            return self.group.numbers
        ids = self.campaign.plan.ids
        return [number for number in self.group.numbers if ids[number] not in kept]

    def cases(self) -> Iterator[Case]:
        """Yield the cases, reading them as needed."""
        first = self.first()
        yield from first
        yield from self.campaign.plan.read(self.numbers[len(first) :])

    def first(self) -> tuple[Case, ...]:
        """Return the first cases; they are kept until the item runs."""
        if not self._first:
            self._first = tuple(self.campaign.plan.read(self.numbers[:BLOCK]))
        return self._first

    def last(self) -> tuple[Case, ...]:
        """Return the last cases; the machines running after them are the ones that remain."""
        if len(self.numbers) <= BLOCK:
            return self.first()
        return tuple(self.campaign.plan.read(self.numbers[-BLOCK:]))

    def runtest(self) -> None:
        """Run the cases; fails with BrokenPromises, skips if none could be judged.

        Run again, as plugins do with failures, it ends as before: broken cases were already tried
        again, and all is recorded.
        """
        if not self._played:
            self._played = True
            self._began = time.monotonic()
            try:
                with self._counting():
                    self._play(self.cases())
            except BaseException as error:  # of any kind: it is raised
                self._ended = error
                raise
            finally:
                self._first = ()
                took = time.monotonic() - self._began
                self.config.stash[PLAYED][self.campaign.target.name] += took
        elif self._ended is not None:
            raise self._ended

    def _counting(self) -> AbstractContextManager[None]:
        if not self.numbers:
            return nullcontext()
        return self.config.stash[CONDUCTOR].counting(self.campaign.target.name, self.nodeid)

    def _play(self, cases: Iterable[Case]) -> None:
        conductor = self.config.stash[CONDUCTOR]
        about = self.campaign.plan.about(self.numbers)
        kept = self._kept()
        counts = Counter(case.outcome for case in kept.values())
        earlier = [name for name, case in kept.items() if is_broken(case)]
        broken: list[Result] = []
        log = ItemLog()
        reasons = Counter(str(each) for each in counts.elements() if each is not Outcome.PASS)
        if self._is_late():
            pytest.skip("the budget is used up")
        try:
            for result in conductor.run(self.campaign, cases, about, log.hear):
                outcome = result.verdict.outcome
                counts[outcome] += 1
                if outcome in BROKEN or (outcome is Outcome.INTERMITTENT and result.shown):
                    if self._is_excused(result):
                        log.excused[result.case.id] = None
                        continue
                    # The observation is recorded; to keep it for all failures takes memory.
                    broken.append(replace(result, seen=None, before=()))
                elif outcome is not Outcome.PASS:
                    reasons[f"{outcome}: {result.verdict.reason}"] += 1
                if self._is_late():
                    break
        finally:
            self._tell(counts, log, broken=bool(broken or earlier))
        if broken or earlier:
            raise BrokenPromises(broken, counts, earlier)
        if counts[Outcome.HARNESS_ERROR]:
            raise RuntimeError("; ".join(reasons))
        if counts[Outcome.FLAKY]:
            # No finding, but no success either: pytest must not exit with 0.
            pytest.fail("; ".join(reason for reason in reasons if reason.startswith("flaky")))
        if log.excused:
            first, *more = log.excused
            pytest.xfail(f"known, or a remark: {first}{f' and {len(more)} more' if more else ''}")
        if not counts[Outcome.PASS]:
            pytest.skip(reasons.most_common(1)[0][0])

    def _tell(self, counts: Counter[Outcome], log: ItemLog, *, broken: bool) -> None:
        """Tell what shows the items of the cases: pytest's reports, and Allure where it listens."""
        self.user_properties += [(str(outcome), count) for outcome, count in counts.items()]
        if count := undecided(counts):
            self.user_properties.append((UNDECIDED, count))
            if not broken:
                # The cases of a failure stand alone.
                self.add_report_section("call", "undecided", log.told())
        listener = self.config.pluginmanager.getplugin(_ALLURE)
        if listener is not None:
            from conformance.pytest_plugin import allure_results

            allure_results.tell(listener, self.campaign, self.group, log)

    def _kept(self) -> dict[str, KeptCase]:
        """Return the cases of the item that an interrupted run has verdicts of."""
        kept = self.config.stash[KEPT].get(self.campaign.target.name, {})
        ids = self.campaign.plan.ids
        names = (ids[number] for number in self.group.numbers) if kept else ()
        return {name: kept[name] for name in names if name in kept}

    def _is_late(self) -> bool:
        """Return whether a budget is used up: what is left is not run."""
        deadline, target = self.config.stash[DEADLINE], self.campaign.target
        now = time.monotonic()
        played = self.config.stash[PLAYED][target.name] + now - self._began
        if target.budget is not None and played > target.budget:
            self.user_properties.append((CUT, True))
            return True
        return deadline is not None and now > deadline

    def _is_excused(self, result: Result) -> bool:
        """Return whether all that a result shows is known, or breaks no promise that must hold."""
        known, rules = self.config.stash[EXPECTED], self.campaign.rules
        misses = [miss for each in (result, *result.further) for miss in each.verdict.misses]
        return bool(misses) and all(
            rules[miss.rule].severity is not Severity.MUST
            or known.is_known(self.campaign.target.name, miss)
            for miss in misses
        )

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        """Return the failing cases as text; other errors as pytest shows them."""
        if isinstance(excinfo.value, BrokenPromises):
            return str(excinfo.value)
        return super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[str, None, str]:
        """Return where the item is, no line, and its headline.

        The headline is not the end of the node id: else pytest would show it in place of the id,
        with "::" for each ".", and the output of -v could not be pasted.
        """
        target = self.campaign.target.name
        return target, None, f"{target} {subject_name(self.group)} {self.name}"


def search_time(items: Iterable[pytest.Item], options: Options, workers: int) -> SearchTime | None:
    """Return the time of this process for random searches, None without any."""
    random = (Aspect.FUZZ, Aspect.STATEFUL)
    groups = (item.group for item in items if isinstance(item, GroupItem))
    searches = sum(len(each.numbers) for each in groups if each.aspect in random)
    if options.fuzz is None or not searches:
        return None
    seed = str(options.seed) if options.seed else ""
    return SearchTime(share=options.fuzz * workers / searches, given_seed=seed)


def prefetch(item: pytest.Item, following: pytest.Item | None) -> None:
    """Prefetch the machines of the cases that come after those of `item`."""
    if isinstance(item, GroupItem) and isinstance(following, GroupItem):
        conductor = item.config.stash[CONDUCTOR]
        conductor.prefetch(following.campaign, following.first(), item.last())
