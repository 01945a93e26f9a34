"""Which commands are known to take more than they declare, and what arguments are tried with."""

from __future__ import annotations

from pathlib import Path

import pytest

from conformance.knowledge.argument_forms import ArgumentForm
from conformance.knowledge.arguments import (
    ArgumentShape,
    ArgumentsPart,
    Catalogue,
    ValuesOmitted,
    load_catalogue,
    load_unchecked,
    names_for,
)
from conformance.knowledge.decoder import read_file
from conformance.knowledge.gathering import gathered
from conformance.knowledge.recipes import Wish
from conformance.model.errors import KnowledgeError

ENTRY = '[[untyped]]\nname = "plug"\nreason = "r"\n'


def test_what_ships_is_read_and_each_entry_has_a_reason() -> None:
    entries = load_unchecked()

    assert entries
    assert all(entry.reason for entry in entries)


def test_an_entry_holds_for_its_releases_and_an_unknown_one_may_be_any(tmp_path: Path) -> None:
    path = tmp_path / "untyped.toml"
    path.write_text(ENTRY + '[[untyped]]\nname = "old"\nversions = "<6.0"\nreason = "r"\n')
    entries = load_unchecked(path)

    assert names_for(entries, (5, 2, 0)) == {"plug", "old"}
    assert names_for(entries, (6, 0, 0)) == {"plug"}
    assert names_for(entries, None) == {"plug", "old"}


@pytest.mark.parametrize(
    ("text", "part"),
    [
        (ENTRY.replace("reason", "because"), "'reason' is missing"),
        (ENTRY + "since = 1\n", "unknown key 'since'"),
        (ENTRY + 'versions = "6"\n', "'6' is no bound"),
        ("x = 1\n", "unknown key 'x'"),
        ("[[", "untyped.toml"),
    ],
)
def test_a_malformed_file_is_refused_by_its_entry(tmp_path: Path, text: str, part: str) -> None:
    path = tmp_path / "untyped.toml"
    path.write_text(text)

    with pytest.raises(KnowledgeError, match=part):
        load_unchecked(path)


def _told(tmp_path: Path, text: str) -> str:
    file = tmp_path / "values.toml"
    file.write_text(f'[[value_kind]]\nname = "k"\nreason = "r"\n{text}\n', encoding="utf-8")
    with pytest.raises(KnowledgeError) as told:
        gathered([read_file(file, ArgumentsPart)], "value_kinds")
    return str(told.value)


def test_the_values_of_an_array_have_no_text(tmp_path: Path) -> None:
    text = 'type = "array"\nvalues = [{ name = "none", text = "a" }]'
    assert "an array has no text" in _told(tmp_path, text)


def test_the_values_of_integers_alone_are_numbers(tmp_path: Path) -> None:
    for text in (
        'type = "string"\nvalues = [{ name = "a", number = 1 }]',
        'type = "integer"\nvalues = [{ name = "a" }]',
    ):
        assert "has a number" in _told(tmp_path, text)


def test_the_values_of_a_kind_have_names_of_their_own(tmp_path: Path) -> None:
    text = 'type = "string"\nvalues = [{ name = "a" }, { name = "a", text = "b" }]'
    assert "two values have one name" in _told(tmp_path, text)


def _told_of(tmp_path: Path, table: str, field: str, text: str) -> str:
    file = tmp_path / "values.toml"
    file.write_text(f"[[{table}]]\n{text}\n", encoding="utf-8")
    with pytest.raises(KnowledgeError) as told:
        gathered([read_file(file, ArgumentsPart)], field)
    return str(told.value)


FORM = 'name = "f"\npaths = ["a"]\nreason = "r"\n'


@pytest.mark.parametrize(
    ("text", "part"),
    [
        (FORM + 'refused = ["x"]', "'promise' is missing"),
        (FORM + 'accepted = ["x"]', "'promise' is missing"),
        (FORM + "longest = 3", "'promise' is missing"),
        (FORM + 'open = ["x"]\npromise = "p"', "nothing is promised here"),
        (FORM + 'open = ["x", "x"]', "one twice"),
        (FORM, "no value"),
    ],
)
def test_a_form_that_promises_names_what_promises_it(tmp_path: Path, text: str, part: str) -> None:
    assert part in _told_of(tmp_path, "form", "forms", text)


def test_what_is_rounded_becomes_another_number(tmp_path: Path) -> None:
    text = 'commands = ["a"]\npaths = ["b"]\nmultiple = 1\nreason = "r"'
    assert "each number is a multiple" in _told_of(tmp_path, "rounded", "rounded", text)


def test_a_value_of_two_forms_has_the_first_promise_and_promises_come_first() -> None:
    forms = (
        ArgumentForm(name="a", paths=("p",), open=("x",), reason="r"),
        ArgumentForm(name="b", paths=("p",), refused=("x", "y"), promise="p", reason="r"),
    )

    found = Catalogue(forms=forms).forms_of("do", "p", (9, 0, 0)).texts()

    assert [(text, each.wish) for text, each in found.items()] == [
        ("y", Wish.REJECT),
        ("x", Wish.OPEN),
    ]


@pytest.mark.parametrize(
    ("deferred", "thorough", "left_out"),
    [(False, False, True), (False, True, True), (True, False, True), (True, True, False)],
)
def test_what_is_left_to_thorough_runs_is_left_out_of_others(
    deferred: bool, thorough: bool, left_out: bool
) -> None:
    omitted = ValuesOmitted(commands=("do",), thorough=deferred, reason="r")

    catalogue = Catalogue(omitted=(omitted,))

    assert catalogue.leaves_out("do", "p", thorough=thorough) is left_out
    assert not catalogue.leaves_out("undo", "p", thorough=thorough)


def test_what_ships_has_values_for_every_string_and_array() -> None:
    catalogue = load_catalogue()

    for shape in ArgumentShape:
        assert catalogue.values("any-command", "any.member", shape)
    assert catalogue.values("do", "a.node-name", ArgumentShape.STRING) != catalogue.values(
        "do", "note", ArgumentShape.STRING
    )
