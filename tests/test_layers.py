"""The arrows between the rooms of the package point one way, and no room's parts grow too large."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.imports import MODULES, ROOT, imports, module_name

MAY_IMPORT: dict[str, frozenset[str]] = {
    "model": frozenset(),
    "qapi": frozenset({"model"}),
    "digest": frozenset({"model", "qapi"}),
    "source": frozenset({"model", "qapi", "digest"}),
    "align": frozenset({"model", "qapi", "digest"}),
    "compat": frozenset({"model", "qapi", "digest"}),
    "space": frozenset({"model", "qapi"}),
    "knowledge": frozenset({"model", "qapi", "digest", "compat.change"}),
    "wire": frozenset({"model"}),
    "launch": frozenset({"model"}),
    # Of the wire, a judge knows how a line and a recording read, and nothing of connections.
    "judge": frozenset({"model", "qapi", "wire.framing", "wire.recording"}),
    # Of the source, cases know what was read of its examples, and nothing of reading.
    "derive": frozenset({"model", "qapi", "digest", "align", "space", "knowledge"})
    | {"source.documented", "source.dialogue"}
    | {"judge.expect_answer", "judge.expect_value", "judge.expect_qom", "judge.expect_odd"}
    | {"judge.expect_state"},
    # A report shows values of other rooms, and asks none of them to do anything.
    "report": frozenset({"model", "compat.change", "knowledge.rules", "validate.result"})
    | {"knowledge.versions", "knowledge.sections"}
    | {"judge.observation", "judge.json_path", "launch.program"},
    "prepare": frozenset({"model", "qapi", "digest", "source", "align", "compat", "knowledge"})
    | {"wire", "launch", "judge.observation", "derive", "report.stream", "space.members"}
    # A plan is read back with all kinds of expectations that its cases may have.
    | {"judge.expectations"},
    "play": frozenset({"model", "qapi", "space", "knowledge", "wire", "launch", "judge", "derive"})
    | {"report", "prepare"},
    "validate": frozenset({"model", "qapi", "knowledge", "judge"})
    | {"wire.recording", "wire.pasted"}
    | {"report", "prepare.named_schema"},
}
"""What each room may import besides itself; what is not named here is a door."""
ROOMS = frozenset(MAY_IMPORT)
DOORS = frozenset({"cli", "pytest_plugin"})

MODULE_LINES = 600
FUNCTION_LINES = 60
CLASS_LINES = 200
IMPORTS = 20
"""Modules of ours that one module may import: one that needs more knows too much."""
WITHOUT_ANY = ("align", "derive", "space")
"""The rooms that no raw JSON or TOML enters: what a value is stands in its type there."""


def test_a_module_imports_only_what_lies_below_its_room() -> None:
    arrows = [(module_name(path), there) for path in MODULES for there in imports(path)]

    assert len(arrows) > len(MODULES) > 300
    assert [f"{here} imports {there}" for here, there in arrows if not _may(here, there)] == []


def test_a_module_and_its_functions_stay_small() -> None:
    assert [f"{module_name(path)}: {large}" for path in MODULES for large in _large(path)] == []


@pytest.mark.parametrize(
    ("text", "large"),
    [
        ("a = 1\n" * (MODULE_LINES + 1), [f"{MODULE_LINES + 1} lines"]),
        ("def f() -> None:\n" + "    pass\n" * FUNCTION_LINES, [f"f has {FUNCTION_LINES + 1}"]),
        ("class C:\n" + "    a = 1\n" * CLASS_LINES, [f"C has {CLASS_LINES + 1}"]),
        ("def f() -> None:\n" + "    pass\n" * (FUNCTION_LINES - 1), []),
    ],
    ids=["module", "function", "class", "small"],
)
def test_what_is_large_is_told(tmp_path: Path, text: str, large: list[str]) -> None:
    path = tmp_path / "made.py"
    path.write_text(text)

    assert list(_large(path)) == large


@pytest.mark.parametrize("room", WITHOUT_ANY)
def test_a_value_has_a_type_where_nothing_raw_enters(room: str) -> None:
    vague = [
        f"{module_name(path)}, line {node.lineno}"
        for path in MODULES
        if module_name(path).partition(".")[0] == room
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Name) and node.id == "Any"
    ]

    assert vague == []


def test_no_two_public_classes_have_one_name() -> None:
    places: dict[str, list[str]] = {}
    for path in MODULES:
        for name, _ in _classes(ast.parse(path.read_text(encoding="utf-8"))):
            if not name.startswith("_"):
                places.setdefault(name, []).append(module_name(path))

    assert {name: where for name, where in places.items() if len(where) > 1} == {}


def test_every_room_has_a_rule_and_every_rule_a_room() -> None:
    rooms = {path.parent.name for path in ROOT.glob("*/__init__.py")}

    assert rooms == ROOMS | DOORS


@pytest.mark.parametrize(
    ("here", "there", "may"),
    [
        ("judge.reply", "wire.framing", True),
        ("judge.reply", "wire.connection", False),
        ("judge.reply", "derive.plan", False),
        ("derive.plan", "launch.pool", False),
        ("launch.pool", "wire", False),
        ("qapi.model", "model.terms", True),
        ("model.terms", "qapi.model", False),
        ("report.table", "judge.miss", False),
        ("align.walk", "compat.walk", False),
        ("compat.walk", "align.walk", False),
        ("space.paths", "knowledge.ranges", False),
        ("prepare.campaign", "play.engine", False),
        ("cli.main", "play.engine", True),
        ("play.engine", "cli.main", False),
        ("play.engine", "pytest_plugin.items", False),
    ],
)
def test_the_arrows_are_told_apart(here: str, there: str, may: bool) -> None:
    assert _may(here, there) is may


def _large(path: Path) -> Iterator[str]:
    text = path.read_text(encoding="utf-8")
    tree = ast.parse(text)
    if (lines := len(text.splitlines())) > MODULE_LINES:
        yield f"{lines} lines"
    yield from (f"{name} has {lines}" for name, lines in _functions(tree) if lines > FUNCTION_LINES)
    yield from (f"{name} has {lines}" for name, lines in _classes(tree) if lines > CLASS_LINES)
    if (known := len({*imports(path)})) > IMPORTS:
        yield f"it imports {known} modules"


def _may(here: str, there: str) -> bool:
    room, target = here.partition(".")[0], there.partition(".")[0]
    if room in ROOMS:
        return target == room or bool({target, there} & MAY_IMPORT[room])
    return True


def _classes(tree: ast.Module) -> Iterator[tuple[str, int]]:
    for node in tree.body:
        if isinstance(node, ast.ClassDef):
            yield node.name, (node.end_lineno or node.lineno) - node.lineno + 1


def _functions(tree: ast.AST) -> Iterator[tuple[str, int]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node.name, (node.end_lineno or node.lineno) - node.lineno + 1
