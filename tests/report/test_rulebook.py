"""Rules for a reader: a list of all, one in full, the page of the documentation."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from conformance.cli.rules import load_index
from conformance.compat import __path__ as compat_path
from conformance.derive import __path__ as derive_path
from conformance.judge import __path__ as judge_path
from conformance.knowledge.digests import digest_names
from conformance.knowledge.rules import Means, Rule, load_rules, parse_rules
from conformance.model.entry import entry_of
from conformance.report.rule_index import cases_by_rule, index_of
from conformance.report.rulebook import Book, explanation, listing, markdown, to_json
from conformance.wire import __path__ as wire_path
from docs.generated import rule_cases
from tests.derive.builds import made_plan

ROOT = Path(__file__).parents[2]
CITED = re.compile(r'"([WQX][0-9]{2})"')
CATALOGUE = """
[rules.W25]
promise = "The id comes back."
source = "a document, line 1"
severity = "must"
since = "6.2"
note = "Of any type."
failure = "Another id comes back."
means = "messages"
[rules.W42]
promise = "Texts decide nothing."
source = "a document, line 2"
severity = "information"
untested = "It binds whoever judges."
[rules.W91]
promise = "A *star* and child<> are no markup, `a_b` is."
source = "a document, line 3"
severity = "should"
"""


@pytest.fixture(scope="module")
def book() -> Book:
    """The small catalogue, with the cases of the miniature."""
    groups = index_of(map(entry_of, made_plan(typed=True).cases))
    return Book(rules=parse_rules(CATALOGUE), groups=groups, of="those of a miniature")


@pytest.fixture(scope="module")
def released() -> Book:
    """The whole catalogue, with the cases that `rules` names of the newest release."""
    return Book(rules=load_rules(), groups=rule_cases().rules, of="a release")


def _of(means: Means) -> set[str]:
    return {rule.id for rule in load_rules().values() if rule.means is means}


def _cited(*paths: Path) -> set[str]:
    return {rule for path in paths for rule in CITED.findall(path.read_text(encoding="utf-8"))}


def test_the_list_has_text_weight_source_and_cases_of_each_rule(book: Book) -> None:
    text = listing(book, 100)
    count = sum(group.count for group in book.groups["W25"])

    assert text.startswith("Cases: those of a miniature\n")
    assert "W25  The id comes back.\n      must, from 6.2 on; a document, line 1\n" in text
    assert re.search(rf"\n      {count} cases(?: \(\d+ not run\))?; every message", text)
    assert "      no case cites it: It binds whoever judges.\n" in text
    assert "      should; a document, line 3\n      0 cases\n" in text


def test_an_explanation_has_promise_tests_and_failure(book: Book) -> None:
    text = explanation(book, book.rules["W25"], 100)

    assert text.startswith("W25 (must, from 6.2 on)\n      The id comes back.\n")
    assert "Note: Of any type." in text
    assert "How it is tested (those of a miniature)\n      Throughout: every message" in text
    assert "What a failure looks like\n      Another id comes back.\n" in text
    named = {case for group in book.groups["W25"] for case in group.examples}
    assert named
    assert named <= set(text.split())


def test_an_explanation_names_the_reasons_of_exchanges(book: Book) -> None:
    text = " ".join(explanation(book, book.rules["W25"], 100).split())
    reasons = [reason for group in book.groups["W25"] for reason in group.reasons]

    assert f"- {reasons[0]}" in text


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        ("W42", "No case cites it: It binds whoever judges."),
        ("W42", "Nothing fails of it: the document leaves it open."),
        ("W91", "The report says what the build did instead"),
    ],
)
def test_an_explanation_of_what_is_less_known_says_so(book: Book, rule: str, words: str) -> None:
    assert words in explanation(book, book.rules[rule], 100)


def test_the_page_shows_texts_as_they_are(book: Book) -> None:
    assert "A \\*star\\* and child\\<> are no markup, `a_b` is." in markdown(book)


def test_json_names_every_case(book: Book) -> None:
    cases = cases_by_rule(map(entry_of, made_plan(typed=True).cases))
    value = to_json(book, cases)
    (rule,) = [each for each in value["rules"] if each["id"] == "W25"]

    assert rule["cases"] == [case.id for case in cases["W25"]]
    assert (rule["since"], rule["means"], rule["severity"]) == ("6.2", "messages", "must")


def test_rules_that_nothing_tests_and_nobody_speaks_of_are_found(book: Book) -> None:
    assert book.unproved() == ("W91",)


def test_every_rule_has_cases_or_other_means_or_a_reason_why_it_has_none(released: Book) -> None:
    # The miniature has what only an introspected build tells, and types that few releases use.
    of_miniature = {
        rule for typed in (True, False) for c in made_plan(typed=typed).cases for rule in c.rules
    }

    assert set(released.unproved()) - of_miniature == set()


def test_no_rule_with_a_case_is_said_to_have_none(released: Book) -> None:
    wrong = [rule.id for rule in released.rules.values() if rule.untested]

    assert [rule for rule in wrong if rule in released.groups] == []


def test_the_page_of_the_documentation_is_what_the_command_makes(released: Book) -> None:
    page = (ROOT / "docs" / "rules.md").read_text(encoding="utf-8")

    assert page == markdown(released), "python -m docs.generated"


def test_what_ships_of_a_release_is_what_it_has(released: Book) -> None:
    index = load_index()

    assert index.rules == released.groups, "python -m docs.generated"
    assert index.release == digest_names()[-1]


def test_rules_of_every_message_are_those_that_the_judge_of_messages_cites() -> None:
    judge, wire = Path(judge_path[0]), Path(wire_path[0])
    cited = _cited(
        judge / "reply.py", judge / "greeting.py", judge / "event_times.py", wire / "framing.py"
    )

    assert _of(Means.MESSAGES) == cited


def test_rules_of_comparisons_are_those_that_comparisons_cite() -> None:
    assert _of(Means.COMPARISON) <= _cited(*Path(compat_path[0]).glob("*.py"))


def test_rules_of_sources_are_cited_by_the_cases_made_of_declarations_and_examples() -> None:
    examples = Path(derive_path[0]) / "commands/documented.py"

    assert _of(Means.SOURCE) <= _cited(examples, *Path(derive_path[0], "schema").glob("*.py"))


def test_rules_of_builds_have_cases_of_a_build_that_was_introspected() -> None:
    cases = [entry_of(case) for typed in (True, False) for case in made_plan(typed=typed).cases]

    assert _of(Means.BUILD) <= index_of(cases).keys()


def test_no_case_of_a_release_is_said_not_to_be_run(released: Book) -> None:
    assert not any(group.blocked for own in released.groups.values() for group in own)


def test_rule_ids_of_cases_are_all_in_the_catalogue(released: Book) -> None:
    rules: dict[str, Rule] = dict(released.rules)

    assert released.groups.keys() <= rules.keys()
