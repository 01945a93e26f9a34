"""What is made of the classes that files are read as: the JSON Schema and the keys in pages."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from conformance.knowledge.case_file import CaseFile
from conformance.knowledge.decoder import files_in, read_text
from conformance.knowledge.json_schema import DIRECTIVE, FILE, schema_of_files
from conformance.knowledge.reference import filled
from conformance.knowledge.shapes import Choice, Many, Named, Record, Requests, shape_of
from conformance.knowledge.store import cases_folder
from conformance.model.canonical import pretty
from conformance.model.errors import KnowledgeError

PAGES = sorted((Path(__file__).parents[2] / "docs").rglob("*.md"))
FILES = list(files_in(cases_folder()))
UPDATE = "python -m docs.generated"


@pytest.fixture(scope="module")
def validator() -> Any:
    return jsonschema.Draft7Validator(schema_of_files(CaseFile))


def test_the_schema_is_up_to_date() -> None:
    text = (cases_folder() / FILE).read_text(encoding="utf-8")

    assert text == pretty(schema_of_files(CaseFile)), UPDATE
    jsonschema.Draft7Validator.check_schema(json.loads(text))


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(cases_folder())))
def test_a_file_that_ships_names_the_schema_and_is_valid_by_it(path: Path, validator: Any) -> None:
    text = path.read_text(encoding="utf-8")

    named = text.splitlines()[0].removeprefix(DIRECTIVE)
    assert (path.parent / named).resolve() == (cases_folder() / FILE).resolve()
    assert [error.message for error in validator.iter_errors(tomllib.loads(text))] == []


@pytest.mark.parametrize(
    "text",
    [
        '[[comand]]\nname = "stop"',
        '[[command]]\nnam = "stop"',
        "[[command]]",
        "[[command]]\nname = 1",
        '[[command]]\nname = "stop"\neffect = "lasting"',
        '[[command]]\nname = "stop"\nverify = [{ execute = "a", value = 1, absent = true }]',
        '[[command]]\nname = "stop"\nverify = [{ execute = "a" }]',
        '[[command]]\nname = "stop"\nnot_observable = "r"\nverify = [{ execute = "a", value = 1 }]',
        '[[command]]\nname = "stop"\nsetup = [{ exec = "a" }]',
        '[[exchange]]\nname = "n"\nrules = ["W01"]\nreason = "r"\nturns = [{ sned = "x" }]',
        '[[exchange]]\nname = "n"\nrules = []\nreason = "r"\nturns = []',
        '[rules.W01]\npromise = "p"\nsource = "s"\nseverity = "shall"',
    ],
)
def test_the_schema_and_the_decoder_refuse_alike(validator: Any, text: str) -> None:
    assert list(validator.iter_errors(tomllib.loads(text))) != []
    with pytest.raises(KnowledgeError):
        read_text(text, "x.toml", CaseFile).sound()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_the_keys_in_a_page_are_those_that_are_read(page: Path) -> None:
    text = page.read_text(encoding="utf-8")

    assert filled(text) == text, UPDATE


@pytest.mark.parametrize("name", ["recipes.md", "exchanges.md"])
def test_the_entries_that_a_page_shows_can_be_read(name: str) -> None:
    (page,) = (page for page in PAGES if page.name == name)
    shown = re.findall(r"```toml\n(\[.*?)```", page.read_text(encoding="utf-8"), re.DOTALL)

    assert shown
    for text in shown:
        assert read_text(text, name, CaseFile).problems == ()


def test_a_page_that_names_no_class_of_files_is_an_error() -> None:
    with pytest.raises(KnowledgeError, match="no file has a Nothing"):
        filled("<!-- keys: Nothing -->\n<!-- end of keys -->\n")


def test_every_class_that_a_file_is_made_of_is_in_a_page_and_every_key_is_explained() -> None:
    pages = "".join(page.read_text(encoding="utf-8") for page in PAGES)
    classes = set[type]()
    todo: list[type] = [CaseFile]
    while todo:
        cls = todo.pop()
        if cls not in classes:
            classes.add(cls)
            todo += (kind for slot in shape_of(cls).slots for kind in _kinds(slot.node))

    unexplained = [
        (cls.__name__, slot.name)
        for cls in classes
        for slot in shape_of(cls).slots
        if not (slot.key.text or slot.key.flat or slot.key.title)
    ]
    assert unexplained == []
    in_choices = {kind for cls in classes for s in shape_of(cls).slots for kind in _chosen(s.node)}
    flat = {kind for cls in classes for s in shape_of(cls).slots if s.key.flat
            for kind in _kinds(s.node)}  # fmt: skip
    missing = {cls.__name__ for cls in classes - in_choices - flat if _marker(cls) not in pages}
    assert missing == set()


def _marker(cls: type) -> str:
    return f"<!-- keys: {cls.__name__} -->"


def _kinds(node: Any) -> tuple[type, ...]:
    match node:
        case Many() | Named():
            return _kinds(node.of)
        case Record() | Requests():
            return (node.cls,)
        case Choice():
            return node.of
        case _:
            return ()


def _chosen(node: Any) -> tuple[type, ...]:
    match node:
        case Many():
            return _chosen(node.of)
        case Choice():
            return node.of
        case _:
            return ()
