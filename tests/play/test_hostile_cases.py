"""Servers that turn hostile in a case: it ends in time, and its fault is named."""

from __future__ import annotations

import re
import resource
from dataclasses import replace
from pathlib import Path

import pytest

from conformance.launch.target import Target
from conformance.model.case import Case
from conformance.model.terms import BROKEN, Outcome
from conformance.play.alone import Result
from conformance.prepare.campaign import Campaign
from tests.miniatures.hostile import install_hostile
from tests.miniatures.install import miniature
from tests.patience import patiently
from tests.play.conftest import Runner, fitting

# A case is played twice, and each time the server is asked whether it still answers: with this for
# an answer, one that gives none costs the test four seconds.
LIMIT = 0.5
KIBIBYTES = 100 * 1024
STEPS, LINES, CLIENT = (
    "object-add/toy/valid/mandatory-only",
    "wire/id/*",
    "wire/client/execute*",
)
TOO_LONG = "too long or holds too much to read"
SILENT = r"no answer within [\d.]+ s"
NOTHING = r"within [\d.]+ s, and nothing else is answered"

FAULTS = {
    ("cases", STEPS): {
        "endless-line": TOO_LONG,
        "endless-events": rf"{SILENT}, while \d+ messages came unasked",
        "endless-words": "QEMU died",
        "garbage": "is no JSON|answers no request",
        "deep": TOO_LONG,
        "bomb": TOO_LONG,
        "half": SILENT,
        "silence": SILENT,
        "closes": "the connection was closed, and QEMU runs on",
        "exits": "QEMU died .exit status 1.: hostile: it is over",
        "forks": "QEMU died .exit status 0.",
    },
    ("lines", LINES): {
        "endless-line": TOO_LONG,
        "endless-events": NOTHING,
        "endless-words": "the server died",
        "garbage": "is no JSON|in place of",
        "deep": TOO_LONG,
        "bomb": TOO_LONG,
        "half": NOTHING,
        "silence": NOTHING,
        "closes": "before the server closed the connection",
        "exits": "the server died .exit status 1.: hostile: it is over",
        "forks": "the server died .exit status 0.",
    },
    ("lines", CLIENT): {"endless-events": "Negotiation failed", "silence": "no answer within"},
    ("in-command-mode", CLIENT): {
        "endless-line": "a line of the server is longer than",
        "endless-events": "without end|no answer within",
        "garbage": "sent a line that is no message",
        "deep": "holds too much to read",
        "bomb": "holds too much to read",
        "half": "no answer within",
        "silence": "no answer within",
        "closes": "official client",
        "exits": "the server died .exit status 1.: hostile: it is over",
        "forks": "the server died .exit status 0.",
    },
}


@pytest.mark.parametrize(
    ("where", "deed", "fault"),
    [
        pytest.param(where, deed, fault, id=f"{deed} at {where[0]} in {where[1].strip('*')}")
        for where, deeds in FAULTS.items()
        for deed, fault in deeds.items()
    ],
)
def test_a_case_of_a_hostile_server_ends_in_time_with_its_fault_named(
    runner: Runner, program: Path, wide: Campaign, where: tuple[str, str], deed: str, fault: str
) -> None:
    phase, glob = where
    target, before = _hostile(program, phase, deed), _peak()

    def attempt(limit: float) -> None:
        (result,) = runner.play(wide, target, _fitting(wide, glob, limit)[:1])

        assert result.verdict.outcome in BROKEN
        assert re.search(fault, result.verdict.reason), result.verdict.reason

    patiently(attempt, LIMIT)
    assert _peak() - before < KIBIBYTES


@pytest.mark.parametrize(
    ("phase", "glob"), [("cases", "object-add/toy/*"), ("lines", "wire/numbers/*")]
)
def test_a_server_that_never_answers_is_left_after_some_cases(
    runner: Runner, program: Path, wide: Campaign, phase: str, glob: str
) -> None:
    cases = _fitting(wide, glob)

    results = runner.play(wide, _hostile(program, phase, "silence"), cases)

    asked = [each for each in results if each.verdict.outcome is Outcome.TIMEOUT]
    assert len(results) == len(cases) > 20
    assert len(asked) <= 6
    assert {each.verdict.outcome for each in results[len(asked) :]} == {Outcome.NOT_RUN}


def test_what_is_broken_in_one_case_costs_no_other_its_machine(
    runner: Runner, program: Path, wide: Campaign
) -> None:
    cases = _fitting(wide, "wire/id/*", 60.0)[:2] + _fitting(wide, STEPS, 60.0)

    results = runner.play(wide, _hostile(program, "lines", "endless-line"), cases)

    assert _outcomes(results) == [Outcome.FAIL, Outcome.FAIL, Outcome.PASS]


def _outcomes(results: list[Result]) -> list[Outcome]:
    return [each.verdict.outcome for each in results]


def _hostile(program: Path, phase: str, deed: str) -> Target:
    own = miniature(program, "wide")
    return replace(own, program=str(install_hostile(program, phase, deed)))


def _fitting(campaign: Campaign, glob: str, limit: float = LIMIT) -> list[Case]:
    return [case for case in fitting(campaign, [glob], limit) if case.plays]


def _peak() -> int:
    """Return the most memory that this process ever had, in KiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
