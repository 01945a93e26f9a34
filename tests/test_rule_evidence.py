"""A finding shows the words of the rule that it cites: in the published reports, and by the data.

The miniatures hold their findings against the same words (tests/play/test_miniatures.py).
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from conformance.knowledge.rules import Rule, load_rules
from conformance.model.terms import Severity

REPORTS = Path(__file__).parents[1] / "reports"


def _published() -> Iterator[tuple[str, str]]:
    """Yield the rule of each published finding, and what it was expected to be."""
    for path in sorted(REPORTS.glob("*/summary.json")):
        for target in json.loads(path.read_text(encoding="utf-8"))["targets"]:
            for cause in target["causes"]:
                yield from ((way["rule"], way["expected"]) for way in cause["ways"])


def test_published_findings_are_about_the_rules_that_they_cite() -> None:
    rules = load_rules()
    found = set(_published())

    wrong = {(rule, text) for rule, text in found if not _says(rules[rule], text)}

    assert len(found) > 20
    assert wrong == set()


def test_every_rule_that_a_published_finding_cites_says_what_shows_it() -> None:
    rules = load_rules()

    assert {rule for rule, _ in _published() if not rules[rule].evidence} == set()


@pytest.mark.parametrize(
    ("expected", "about"),
    [("the value 3", True), ("the value", False), ("an error", False)],
)
def test_a_rule_tells_what_is_about_it(expected: str, about: bool) -> None:
    rule = Rule(
        id="X99",
        promise="p",
        source="qapi/",
        severity=Severity.MUST,
        evidence=("the value *", "* still"),
    )

    assert rule.is_about(expected) is about


def _says(rule: Rule, expected: str) -> bool:
    return bool(rule.evidence) and rule.is_about(expected)
