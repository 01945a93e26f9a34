"""The catalogue of rules is whole, and its loader takes nothing malformed."""

from __future__ import annotations

from pathlib import Path

import pytest

from conformance.knowledge.rules import FILE, Rule, find_rule, load_rules, parse_rules
from conformance.knowledge.store import cases_folder, fixtures_folder
from conformance.model.errors import KnowledgeError, UsageError
from conformance.model.terms import Severity

WHOLE = '[rules.W01]\npromise = "p"\nsource = "s"\nseverity = "must"\n'


def test_catalogue_holds_every_rule_in_order_and_leaves_no_number_out() -> None:
    ids = list(load_rules())
    last = {family: sum(rule.startswith(family) for rule in ids) for family in "WQX"}

    assert ids == [f"{family}{n:02}" for family in "WQX" for n in range(1, last[family] + 1)]


def test_every_rule_says_what_it_promises_in_a_sentence_of_its_own() -> None:
    rules = load_rules().values()

    assert all(rule.promise.endswith(".") and len(rule.promise) > 20 for rule in rules)
    assert len({rule.promise for rule in rules}) == len(rules)


def test_every_rule_names_its_document() -> None:
    documents = (
        "docs/interop/",
        "docs/devel/",
        "docs/about/",
        "docs/system/",
        "qapi/",
        "include/",
        "util/",
    )

    assert [
        rule.id for rule in load_rules().values() if not rule.source.startswith(documents)
    ] == []


def test_weak_rules_are_the_ones_that_their_source_words_weakly() -> None:
    by_severity = {
        severity: [rule.id for rule in load_rules().values() if rule.severity is severity]
        for severity in (Severity.SHOULD, Severity.INFORMATION)
    }

    assert by_severity == {
        Severity.SHOULD: [
            *("W69", "W70", "W72", "W73", "W76", "W77", "Q74"),
            *("X35", "X36", "X38", "X39", "X41", "X42", "X51", "X56", "X57"),
        ],
        Severity.INFORMATION: [
            *("W06", "W18", "W42", "W43", "W66", "W67", "X04", "X50", "X52", "X54", "X55"),
        ],
    }


def test_late_rules_are_the_ones_that_an_old_build_does_not_promise() -> None:
    late = {rule.id: rule.since for rule in load_rules().values() if rule.since}

    assert late == {
        "Q26": (7, 1),
        "Q49": (6, 2),
        "Q65": (6, 2),
        "Q77": (6, 2),
        "X05": (6, 0),
        "X06": (6, 0),
        "X07": (6, 2),
        "X29": (6, 0),
        "X48": (9, 2),
        "X50": (6, 0),
    }


@pytest.mark.parametrize(
    ("version", "held"),
    [((5, 2, 0), False), ((6, 1), False), ((6, 2), True), ((6, 2, 1), True), ((10, 0, 13), True)],
)
def test_rule_holds_from_its_version_on(version: tuple[int, ...], held: bool) -> None:
    rule = Rule(id="X07", promise="p", source="s", severity=Severity.MUST, since=(6, 2))

    assert rule.holds(version) is held


def test_every_wire_rule_that_has_cases_says_what_a_failure_looks_like() -> None:
    rules = [rule for rule in load_rules().values() if rule.id.startswith("W")]

    silent = [rule.id for rule in rules if not rule.failure and not rule.untested]
    assert silent == []
    texts = [rule.failure for rule in load_rules().values() if rule.failure]
    assert len(set(texts)) == len(texts)
    assert all(text.endswith(".") for text in texts)


def test_what_is_told_of_a_rule_without_cases_is_a_sentence_of_its_own() -> None:
    reasons = [rule.untested for rule in load_rules().values() if rule.untested]

    assert all(reason.endswith(".") and len(reason) > 20 for reason in reasons)


@pytest.mark.parametrize(
    ("more", "version", "remark"),
    [
        pytest.param("", (5, 2), None, id="cases-say-all"),
        pytest.param('since = "6.2"\n', (5, 2), "holds from 6.2 on", id="too-old"),
        pytest.param('since = "6.2"\n', (6, 2), None, id="new-enough"),
        pytest.param('untested = "Nobody can."\n', (5, 2), "Nobody can.", id="untested"),
    ],
)
def test_a_rule_says_why_a_build_may_have_no_case_of_it(
    more: str, version: tuple[int, int], remark: str | None
) -> None:
    assert parse_rules(WHOLE + more)["W01"].remark(version) == remark


def test_a_rule_is_found_however_its_letter_is_written() -> None:
    rules = load_rules()

    assert find_rule(rules, "w68") is rules["W68"]


@pytest.mark.parametrize(
    ("word", "near"), [("W99", "Nearest: W"), ("W6", "Nearest: W"), ("foo", "lists all of them")]
)
def test_an_unknown_rule_is_named_with_what_is_near(word: str, near: str) -> None:
    with pytest.raises(UsageError, match=f"there is no rule {word}") as caught:
        find_rule(load_rules(), word)
    assert near in str(caught.value.remedy)


def test_rule_without_version_holds_for_all() -> None:
    assert parse_rules(WHOLE)["W01"].holds((5, 2))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        pytest.param("[W01", "f.toml:1: not TOML", id="syntax"),
        pytest.param(WHOLE + WHOLE, "f.toml:5: not TOML", id="twice"),
        pytest.param(WHOLE.replace("W01", "W1"), "'W1' is no id", id="id"),
        pytest.param('rules.W01 = "p"\n', "'W01' is the string 'p', not a table", id="no-table"),
        pytest.param(
            WHOLE.replace("promise", "#"),
            "f.toml:1: rules, W01: 'promise' is missing",
            id="missing",
        ),
        pytest.param(WHOLE + "weight = 1\n", "rules, W01: unknown key 'weight'", id="unknown"),
        pytest.param(
            WHOLE + "note = 1\n", "f.toml:5: rules, W01: 'note' is the number 1", id="type"
        ),
        pytest.param(WHOLE.replace('"p"', '" "'), "rules, W01: 'promise' is empty", id="empty"),
        pytest.param(WHOLE.replace("must", "shall"), "W01: 'severity' is 'shall'", id="severity"),
        pytest.param(WHOLE + 'means = "luck"\n', "W01: 'means' is 'luck'", id="means"),
        pytest.param(
            WHOLE + 'means = "build"\nuntested = "u"\n',
            "W01: 'untested' and 'means' contradict",
            id="both",
        ),
        pytest.param(WHOLE + 'since = "6"\n', "W01: 'since' is '6', not a version", id="since"),
    ],
)
def test_malformed_entry_is_refused_by_file_and_name(text: str, message: str) -> None:
    with pytest.raises(KnowledgeError, match=message.replace("[", r"\[")):
        parse_rules(text, "f.toml")


def test_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(KnowledgeError, match=r"none\.toml: cannot be read"):
        load_rules(tmp_path / "none.toml")


def test_folders_of_a_checkout_are_found() -> None:
    assert (cases_folder() / FILE).is_file()
    assert (fixtures_folder() / "qapi" / "seed.json").is_file()
