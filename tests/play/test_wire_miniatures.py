"""The exchanges on the wire against a server that keeps every promise, and those that break one."""

from __future__ import annotations

import ast
import re
from collections import Counter
from pathlib import Path

import pytest

import conformance
from conformance.knowledge.exchanges import load_exchanges
from conformance.knowledge.store import cases_folder
from conformance.model.script import Drive, Gather, Gone, Hear, Sync
from conformance.model.terms import BROKEN, CLIENT, Aspect, Outcome
from conformance.prepare.campaign import Campaign
from tests.miniatures.breakages import BREAKAGES, Breakage
from tests.miniatures.install import miniature
from tests.miniatures.wire_breakages import CLIENT_BREAKAGES, WIRE_BREAKAGES
from tests.patience import patiently
from tests.play.conftest import Runner, fitting, misfiled

# Far more than the miniature takes for a reply; what never comes costs a test as much.
RULE = re.compile(r"[WQX]\d\d")
_JUDGES = (
    "derive/exchanges.py",
    "judge/script_message.py",
    "judge/script_turn.py",
    "judge/script_verdict.py",
    "judge/reply.py",
    "judge/greeting.py",
)


def test_a_server_that_keeps_every_promise_passes_all_exchanges(
    runner: Runner, program: Path, wide: Campaign
) -> None:
    cases = [case for case in wide.plan.cases if case.aspect is Aspect.WIRE]

    results = runner.play(wide, miniature(program, "wide"), cases)

    assert [(r.case.id, r.verdict.reason) for r in results if r.verdict.misses] == []
    outcomes = Counter(r.verdict.outcome for r in results)
    assert outcomes.keys() <= {Outcome.PASS, Outcome.UNTRIED, Outcome.NOT_APPLICABLE}
    # Those that take long are left out, and the miniature has no clock to step.
    untold = [r for r in results if r.verdict.outcome is not Outcome.PASS]
    clocked = [r.case.id for r in untold if "--thorough" not in r.verdict.reason]
    assert clocked == ["wire/events/one-a-second"]
    assert outcomes[Outcome.PASS] > 1000


_ALL = [*WIRE_BREAKAGES.items(), *CLIENT_BREAKAGES]


@pytest.mark.parametrize(
    ("word", "breakage"), _ALL, ids=[f"{word}-{each.cases[0]}" for word, each in _ALL]
)
def test_a_broken_promise_of_the_wire_is_found_and_no_other(
    runner: Runner, program: Path, wide: Campaign, word: str, breakage: Breakage
) -> None:
    target = miniature(program, "wide", word)

    def attempt(limit: float) -> None:
        results = runner.play(wide, target, fitting(wide, breakage.cases, limit))

        found = {miss.rule for r in results for miss in r.verdict.misses}
        told = [f"{r.case.id}: {r.verdict.reason}" for r in results if r.verdict.misses]
        assert found == {breakage.rule} | breakage.also, told
        assert any(r.verdict.outcome in BROKEN for r in results)
        assert misfiled(results) == set(), "a miss is filed under a rule that it is not about"

    patiently(attempt, 1.0)


def test_the_official_client_stumbles_in_each_of_its_exchanges() -> None:
    recipes = load_exchanges(cases_folder() / "exchanges")
    names = {f"wire/{CLIENT}/{each.name}" for each in recipes if each.subject == CLIENT}
    driven = [each for each in recipes if any(isinstance(turn, Drive) for turn in each.turns)]

    assert {each.subject for each in driven} == {CLIENT}
    assert all("package:qemu.qmp" in " ".join(each.needs) for each in driven)
    assert names == {case for _, breakage in CLIENT_BREAKAGES for case in breakage.cases}


def test_every_rule_that_an_exchange_cites_is_broken_by_a_miniature() -> None:
    cited = _cited()
    broken = {b.rule for b in (BREAKAGES | WIRE_BREAKAGES).values()}

    assert len(cited) > 40
    assert cited - broken - UNBROKEN.keys() == set()
    assert UNBROKEN.keys() - cited == set()
    assert UNBROKEN.keys() & broken == set()


UNBROKEN = {
    "W45": "says when events may come, which is for a client to bear",
    "W54": "binds the guest agent alone, whose miniature breaks it in test_guest_agent.py",
}
"""The rules that a monitor cannot break by itself, each with the reason."""


def _cited() -> set[str]:
    """Return the rules that a turn is about, or that a judge of messages holds all of them to."""
    recipes = load_exchanges(cases_folder() / "exchanges")
    turns = (turn for recipe in recipes for turn in recipe.turns)
    rooms = (Path(conformance.__file__).parent / name for name in _JUDGES)
    nodes = (n for room in rooms for n in ast.walk(ast.parse(room.read_text(encoding="utf-8"))))
    texts = {n.value for n in nodes if isinstance(n, ast.Constant) and isinstance(n.value, str)}
    cited = {turn.rule for turn in turns if isinstance(turn, Hear | Sync | Gone | Gather | Drive)}
    return cited | {text for text in texts if RULE.fullmatch(text)}
