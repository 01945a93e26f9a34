"""The miniature as a program, and a whole run against a target."""

from __future__ import annotations

import fnmatch
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from conformance.judge.reply import MessageJudge
from conformance.knowledge.rules import load_rules
from conformance.knowledge.stderr import load_complaints
from conformance.knowledge.store import cases_folder
from conformance.launch.folder import RunFolder
from conformance.launch.pool import Pool
from conformance.launch.target import Target
from conformance.model.case import Case
from conformance.model.complaint import Complaints
from conformance.play.alone import Result
from conformance.play.engine import Engine
from conformance.play.search_time import SearchTime
from conformance.prepare.campaign import Campaign
from conformance.prepare.prepare import prepare
from conformance.prepare.selection import Selection
from conformance.qapi.validate import Validator
from tests.miniatures.install import install, miniature


@pytest.fixture(scope="session")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return install(tmp_path_factory.mktemp("miniature"))


@pytest.fixture(scope="session")
def run_folder() -> Iterator[RunFolder]:
    with RunFolder() as folder:
        yield folder


def _complaints() -> Complaints:
    return load_complaints(cases_folder() / "stderr.toml")


Choose = Callable[[Campaign], Sequence[Case]]


class Runner:
    """Runs the suite against targets, all in one folder."""

    def __init__(self, folder: RunFolder) -> None:
        self.folder = folder

    def run(
        self,
        target: Target,
        choose: Choose,
        globs: tuple[str, ...] = (),
        search: SearchTime | None = None,
    ) -> tuple[Campaign, list[Result]]:
        """Return what became of the chosen cases of a target that is introspected first.

        With `globs`, only cases that one of them fits are derived, as a user's selection does. With
        `search`, there are searches, too.
        """
        selection = Selection(globs=globs, searching=search is not None)
        campaign = prepare(target, self.folder, selection=selection)
        return campaign, self.play(campaign, target, choose(campaign), search)

    def play(
        self,
        campaign: Campaign,
        target: Target,
        cases: Sequence[Case],
        search: SearchTime | None = None,
    ) -> list[Result]:
        """Return what became of `cases` on a target of which `campaign` says all there is."""
        schema = campaign.schema
        events = campaign.plan.head.events
        messages = MessageJudge(schema, Validator(schema), events, _complaints())
        return self._played(target, cases, messages, search)

    def play_alone(self, target: Target, cases: Sequence[Case]) -> list[Result]:
        """Return what became of `cases` on a target of which nothing is known."""
        return self._played(target, cases, MessageJudge(None, None, complaints=_complaints()))

    def _played(
        self,
        target: Target,
        cases: Sequence[Case],
        messages: MessageJudge,
        search: SearchTime | None = None,
    ) -> list[Result]:
        with Pool(target, self.folder) as pool, Engine(pool, messages, search) as engine:
            return list(engine.run(cases))


def fitting(campaign: Campaign, globs: Iterable[str], limit: float) -> list[Case]:
    """Return the cases that one of `globs` fits, with `limit` seconds for each answer.

    No other case is read: to read all of a plan takes longer than to play some.
    """
    wanted = tuple(globs)
    plan = campaign.plan
    numbers = [
        number
        for number, name in enumerate(plan.ids)
        if any(fnmatch.fnmatchcase(name, glob) for glob in wanted)
    ]
    assert numbers, f"no case fits {wanted}"
    return [replace(case, limit=limit) for case in plan.read(numbers)]


def misfiled(results: Iterable[Result]) -> set[tuple[str, str]]:
    """Return the rule and the expectation of each miss that cites a rule it is not about."""
    rules = load_rules()
    misses = [miss for result in results for miss in result.verdict.misses]
    return {(m.rule, m.expected) for m in misses if not rules[m.rule].is_about(m.expected)}


@pytest.fixture(scope="session")
def runner(run_folder: RunFolder) -> Runner:
    return Runner(run_folder)


@pytest.fixture(scope="session")
def wide(runner: Runner, program: Path) -> Campaign:
    """What is known of the server of all exchanges: those that break one introspect alike."""
    return prepare(miniature(program, "wide"), runner.folder)
