"""Which rules the cases of exchanges are about: those of the turns, and those of all messages."""

from __future__ import annotations

from pathlib import Path

import pytest

from conformance.derive.exchanges import exchange_cases
from conformance.knowledge.exchanges import ExchangeRecipe, load_exchanges
from conformance.knowledge.rules import Means, load_rules
from conformance.knowledge.store import cases_folder
from conformance.knowledge.versions import Version
from conformance.model.case import Case
from conformance.model.flavour import Program
from conformance.model.script import Drive, Gather, Gone, Hear, Sync
from conformance.model.stage import Transport
from tests.derive.inputs import a_build, cases_of, known

VERSION: Version = (10, 0, 0)
PROVING = Hear | Sync | Gather | Gone | Drive
OF_SESSIONS = (
    *("W04", "W05", "W06", "W12", "W13", "W14", "W15", "W16", "W17", "W19", "W20", "W21", "W22"),
    *("W23", "W24", "W25", "W26", "W35", "W36", "W37", "W38", "W39", "W40", "W41", "W43", "W55"),
    *("W56", "W57", "W58", "W59", "W60", "W61", "W62", "W71", "W73"),
)
"""The rules of greetings, negotiations, requests and replies that a dialogue can show."""
TEXT = """
[[exchange]]
name = "made"
rules = ["W13", "W15"]
reason = "made up"
start = "nowhere"
turns = [
    { connect = "a" },
    { receive = "greeting" },
    { sync = "", rule = "W43" },
]
"""


def _cases(recipes: tuple[ExchangeRecipe, ...], program: Program) -> list[Case]:
    build = a_build(version=VERSION, program=program)
    names = dict.fromkeys(recipe.subject for recipe in recipes)
    return cases_of(exchange_cases, build, known(exchanges=recipes), names)


def test_a_case_is_about_the_rules_of_its_turns_and_those_that_its_exchange_names(
    tmp_path: Path,
) -> None:
    (tmp_path / "made.toml").write_text(TEXT)

    (case,) = _cases(load_exchanges(tmp_path), Program.SYSTEM)

    assert case.rules == ("W13", "W15", "W43")


@pytest.mark.parametrize("program", [Program.SYSTEM, Program.STORAGE_DAEMON], ids=str)
def test_each_rule_of_sessions_and_messages_has_a_case(program: Program) -> None:
    cases = _cases(load_exchanges(cases_folder() / "exchanges"), program)

    found = {rule for case in cases for rule in case.rules}
    assert sorted(set(OF_SESSIONS) - found) == []


def test_no_exchange_is_about_a_rule_that_is_not_in_the_catalogue() -> None:
    cases = _cases(load_exchanges(cases_folder() / "exchanges"), Program.SYSTEM)

    assert {rule for case in cases for rule in case.rules} <= set(load_rules())


OF_GREETINGS = frozenset({"W12", "W71"})
"""The rules of a greeting's members, which each greeting is held against."""


def test_what_an_exchange_says_that_it_shows_a_turn_or_each_message_is_held_against() -> None:
    always = {id for id, rule in load_rules().items() if rule.means is Means.MESSAGES}
    recipes = load_exchanges(cases_folder() / "exchanges")

    unproved = {
        f"{recipe.subject}/{recipe.name} {rule}"
        for recipe in recipes
        for rule in recipe.rules
        if rule not in {turn.rule for turn in recipe.turns if isinstance(turn, PROVING)}
        and rule not in always | OF_GREETINGS
    }

    assert unproved == set()


MONITORS = [each for each in Transport if each is not Transport.QTEST]


@pytest.mark.parametrize("transport", MONITORS, ids=str)
def test_a_session_opens_on_every_transport(transport: Transport) -> None:
    recipes = load_exchanges(cases_folder() / "exchanges")

    assert {r.name for r in recipes if r.subject == "greeting" and transport in r.on} >= {
        "at-once",
        "version",
    }
