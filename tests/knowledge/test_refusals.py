"""The files of what must be refused: what is read, and what is complained of."""

from __future__ import annotations

from pathlib import Path

import pytest

from conformance.knowledge.commands import CommandRecipe
from conformance.knowledge.refusals import Reference, UnprovokedError, When, references_for
from conformance.knowledge.versions import VersionRange
from conformance.model.errors import KnowledgeError
from conformance.model.stage import SCRATCH, MachineSpec
from conformance.model.terms import ErrorClass
from tests.knowledge.read import load_commands


def _read(folder: Path, text: str) -> CommandRecipe:
    (folder / "made.toml").write_text(f'[[command]]\nname = "act"\n{text}', encoding="utf-8")
    return load_commands(folder)["act"]


def test_a_reference_is_named_by_its_kind_unless_it_says_what_instead(tmp_path: Path) -> None:
    recipe = _read(
        tmp_path,
        """references = [
            { at = "a.0.b", to = "block node", classes = ["DeviceNotFound"], documented = 1 },
            { at = "c", to = "file", instead = "{scratch}/none", without = ["d"] },
        ]""",
    )

    assert recipe.references == (
        Reference(
            at=("a", "0", "b"),
            to="block node",
            instead="no-such-block-node",
            classes=frozenset({ErrorClass("DeviceNotFound")}),
            item=1,
        ),
        Reference(at=("c",), to="file", instead=f"{SCRATCH}/none", without=frozenset({"d"})),
    )


def test_references_are_for_the_versions_that_they_name() -> None:
    old = Reference(at=("a",), to="x", instead=1, versions=VersionRange("<6"))
    new = Reference(at=("a",), to="x", instead=2, versions=VersionRange(">=6"))

    assert list(references_for((old, new), (5, 2, 0))) == [old]
    assert list(references_for((old, new), (6, 0, 0))) == [new]


REFUSAL = '[[command.errors]]\nname = "n"\nreason = "r"\n'


@pytest.mark.parametrize(
    "text", ["", 'promise = "p"\nopen = "o"', 'documented = 1\nopen = "o"'], ids=lambda text: text
)
def test_a_refusal_is_promised_in_one_way_or_open(tmp_path: Path, text: str) -> None:
    with pytest.raises(KnowledgeError, match="just one of these"):
        _read(tmp_path, f"{REFUSAL}{text}")


def test_an_open_one_needs_no_class(tmp_path: Path) -> None:
    recipe = _read(tmp_path, f'{REFUSAL}when = "after"\nopen = "no text says so"')

    assert recipe.refusals[0].open == "no text says so"


@pytest.mark.parametrize(
    ("when", "classes"),
    [("apart", {ErrorClass.GENERIC}), ("before", set()), ("after", set())],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_refusal_in_the_recipes_state_promises_no_class(
    tmp_path: Path, when: str, classes: set[ErrorClass]
) -> None:
    text = f'[[command.errors]]\nname = "n"\nwhen = "{when}"\nreason = "r"\npromise = "p"\n'
    recipe = _read(tmp_path, text if classes else f'{text}any_class = "none is named"\n')

    assert recipe.refusals[0].when is When(when)
    assert recipe.refusals[0].classes == classes


def test_a_refusal_can_have_a_machine_and_a_witness_of_its_own(tmp_path: Path) -> None:
    recipe = _read(
        tmp_path,
        """[[command.errors]]
        name = "n"
        machine = "other"
        args = ["-more"]
        witness = { path = "{scratch}/there" }
        any_class = "none is named"
        reason = "r"
        promise = "p"
        """,
    )

    assert recipe.refusals[0].spec == MachineSpec(machine="other", args=("-more",))
    assert recipe.refusals[0].witness == {"path": f"{SCRATCH}/there"}


def test_a_refusal_of_another_class_than_wrong_arguments_needs_no_witness(tmp_path: Path) -> None:
    text = 'machine = "other"\nclasses = ["DeviceNotActive"]'
    recipe = _read(tmp_path, f'{REFUSAL}promise = "p"\n{text}')

    assert recipe.refusals[0].witness is None


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ('machine = "other"', "'witness' is missing"),
        ('machine = "other"\nwhen = "after"\nany_class = "c"', "'witness' is missing"),
        ('when = "after"', "any class will do, and 'any_class' does not say why"),
        ('any_class = "c"', "'any_class' says nothing, for a class is expected"),
        ('unsettled = "u"', "no state is compared around it"),
        ('args = ["-more"]', "'machine' is missing"),
        ("witness = { id = 1 }", "'machine' is missing"),
        ('machine = "other"\nwitness = 1', "'witness' is the number 1, not a table"),
    ],
    ids=[
        "usual class",
        "no class",
        "any class",
        "one class",
        "unsettled",
        "args alone",
        "witness alone",
        "no table",
    ],
)
def test_a_refusal_on_another_machine_that_proves_nothing_is_complained_of(
    tmp_path: Path, text: str, complaint: str
) -> None:
    with pytest.raises(KnowledgeError, match=complaint):
        _read(tmp_path, f'{REFUSAL}promise = "p"\n{text}')


def test_why_an_error_is_not_provoked_is_read(tmp_path: Path) -> None:
    recipe = _read(tmp_path, 'unprovoked = [{ class = "KVMMissingCap", reason = "r" }]')

    assert recipe.unprovoked == (UnprovokedError(item=0, name="KVMMissingCap", reason="r"),)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ('references = [{ to = "node" }]', "'at' is missing"),
        ('references = [{ at = "a", to = "b", class = "x" }]', "unknown key 'class'"),
        ('references = [{ at = "a", to = "b", classes = ["Odd"] }]', "'classes' is 'Odd'"),
        ('references = [{ at = "a", to = "b", versions = "6" }]', "is no bound"),
        ("unprovoked = [{ documented = 1 }]", "'reason' is missing"),
        ('[[command.errors]]\nname = "n"\nreason = "r"\nwhen = "now"', "'when' is 'now'"),
    ],
    ids=["at", "key", "class", "versions", "reason", "when"],
)
def test_what_is_wrong_with_a_file_is_said(tmp_path: Path, text: str, complaint: str) -> None:
    with pytest.raises(KnowledgeError, match=complaint):
        _read(tmp_path, text)
