"""The suite against servers that keep every promise, and against servers that break one."""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

import conformance
from conformance.knowledge.rules import load_rules
from conformance.model.case import Case
from conformance.model.terms import BROKEN, Aspect, Outcome
from conformance.prepare.campaign import Campaign
from tests.miniatures.breakages import BESIDE, BREAKAGES, Breakage
from tests.miniatures.install import miniature
from tests.miniatures.wire_breakages import WIRE_BREAKAGES
from tests.patience import patiently
from tests.play.conftest import Runner, fitting, misfiled

RULE = re.compile(r"[WQX]\d\d")
# The rooms that say which rule is broken.
JUDGES = (
    "derive/**/*.py",
    "space/*.py",
    "judge/*.py",
    "play/stages.py",
    "wire/framing.py",
)
# Nothing that runs asks these; what breaks their rules stands in tests/judge.
OFFLINE = ("greeting.py", "introspected.py", "recorded.py", "request.py")

_DEVICE = (
    "^never accepted without the fault: (device_del: refused with DeviceNotFound"
    "|device_add: refused with GenericError: "
    "('e1000' is not a valid|Parameter 'chardev' is|Parameter 'drive' is))"
)
EXPLAINED = {
    Outcome.UNTRIED: "the set-up failed: (blockdev-add|chardev-add|device_add)"
    "|no recipe says what shows its effect|no recipe for a request that succeeds"
    "|run with --thorough alone: |nothing is said to the server before ",
    Outcome.NOT_APPLICABLE: "declares no default|is not valid for this build's schema"
    "|this build's schema does not take |this build's schema has no command "
    "(blockdev-|chardev-|device_|human-|migrate-|watchdog-)"
    "|cannot be read|opens itself once|the grammar of ids holds from"
    "|this build has no (machine|type)"
    "|the documentation gives no value: none|nothing shows its effect",
    Outcome.VACUOUS: "^refused, and nothing tells what for: "
    "(balloon|migrate-set-parameters|object-add)"
    f"|{_DEVICE}",
    Outcome.REFUSED_DIFFERENTLY: _DEVICE,
}
"""Why a case may come to something else than PASS on a server that keeps every promise."""


@pytest.mark.parametrize(
    ("words", "least"), [((), 600), (("untyped",), 350)], ids=["typed", "untyped"]
)
def test_a_server_that_keeps_every_promise_has_no_finding(
    runner: Runner, program: Path, words: tuple[str, ...], least: int
) -> None:
    campaign, results = runner.run(miniature(program, *words), _but_exchanges)

    assert not [case for case in campaign.plan.cases if "/introspection/lost/" in case.id]
    assert [_told(r.case.id, r.verdict.reason) for r in results if r.verdict.misses] == []
    odd = [
        (r.case.id, r.verdict.outcome, r.verdict.reason)
        for r in results
        if r.verdict.outcome is not Outcome.PASS
        and not re.search(EXPLAINED[r.verdict.outcome], r.verdict.reason)
    ]
    assert odd == []
    outcomes = Counter(r.verdict.outcome for r in results)
    assert outcomes[Outcome.PASS] > least
    # It lacks most of the machines and devices that cases ask for.
    assert outcomes[Outcome.PASS] > 0.9 * (len(results) - outcomes[Outcome.NOT_APPLICABLE])


@pytest.mark.parametrize("word", BREAKAGES)
def test_a_broken_promise_is_found_and_no_other(runner: Runner, program: Path, word: str) -> None:
    breakage = BREAKAGES[word]
    words = (BESIDE[word], word) if word in BESIDE else (word,)

    def attempt(limit: float) -> None:
        target = miniature(program, *words)
        _, results = runner.run(
            target, lambda made: fitting(made, breakage.cases, limit), breakage.cases
        )

        found = {m.rule for r in results for m in r.verdict.misses}
        told = [_told(r.case.id, r.verdict.reason) for r in results if r.verdict.misses]
        assert found == {breakage.rule} | breakage.also, told
        assert any(r.verdict.outcome in BROKEN for r in results)
        assert misfiled(results) == set(), "a miss is filed under a rule that it is not about"

    patiently(attempt, 1.0)


@pytest.mark.parametrize(
    ("word", "outcome"),
    [
        ("refused-in-other-words", Outcome.REFUSED_DIFFERENTLY),
        ("refused-in-the-same-words", Outcome.VACUOUS),
    ],
)
def test_a_witness_that_is_refused_is_told_from_its_fault_by_words_alone(
    runner: Runner, program: Path, word: str, outcome: Outcome
) -> None:
    shows = Breakage("W65", ("object-add/toy/invalid/text/*",))

    _, results = runner.run(
        miniature(program, word), lambda made: fitting(made, shows.cases, 5.0), shows.cases
    )

    assert {r.verdict.outcome for r in results} == {outcome}
    assert len(results) > 1


def test_what_a_refused_request_leaves_is_shown_beside_the_request_alone(
    runner: Runner, program: Path
) -> None:
    breakage = BREAKAGES["refusal-takes-name"]

    _, results = runner.run(
        miniature(program, "refusal-takes-name"),
        lambda made: fitting(made, breakage.cases, 5.0),
        breakage.cases,
    )

    (miss,) = results[0].verdict.misses
    assert "accepted by itself" in miss.summary
    beside = results[0].beside
    assert beside is not None
    assert beside.verdict.outcome is Outcome.PASS
    assert len(beside.case.steps) < len(results[0].case.steps)


def test_every_rule_that_a_check_cites_is_broken_by_a_miniature() -> None:
    cited = {rule for path in _sources() for rule in _rules_in(path)}

    assert len(cited) > 40
    assert cited - {b.rule for b in (BREAKAGES | WIRE_BREAKAGES).values()} == set()


def test_every_rule_that_a_check_cites_says_what_shows_that_it_is_broken() -> None:
    cited = {rule for path in _sources() for rule in _rules_in(path)}

    told = {rule.id for rule in load_rules().values() if rule.evidence}
    assert cited - told == set()


def _but_exchanges(campaign: Campaign) -> list[Case]:
    """Return all cases but those that ask for a machine with more than this one has."""
    return [case for case in campaign.plan.cases if case.aspect is not Aspect.WIRE]


def _told(case_id: str, reason: str) -> str:
    return f"{case_id}: {reason}"


def _sources() -> Iterator[Path]:
    root = Path(conformance.__file__).parent
    for pattern in JUDGES:
        yield from (path for path in sorted(root.glob(pattern)) if path.name not in OFFLINE)


def _rules_in(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        value = node.value if isinstance(node, ast.Constant) else None
        if isinstance(value, str) and RULE.fullmatch(value):
            yield value
