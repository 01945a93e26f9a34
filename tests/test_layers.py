"""The arrows between the rooms of the package point one way, and no room's parts grow too large."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import conformance

ROOT = Path(conformance.__file__).parent
BOTTOM = frozenset(
    {
        "terms",
        "errors",
        "canonical",
        "stage",
        "stream",
        "change",
        "validation",
        "turns",
        "dialect",
        "lines",
        "counting",
        "hints",
    }
)

SCHEMAS = frozenset({"qapi", "digest", "source", "compare"})

# Of the source, cases know what was read of its examples, and nothing of reading.
EXAMPLES = frozenset({"source.documented", "source.dialogue"})

MAY_IMPORT: dict[str, frozenset[str]] = {
    "qapi": BOTTOM,
    "wire": BOTTOM,
    "launch": BOTTOM,
    "digest": BOTTOM | {"qapi"},
    "source": BOTTOM | {"qapi", "digest"},
    "compare": BOTTOM | {"qapi", "digest"},
    "knowledge": BOTTOM | {"qapi", "digest"},
    "derive": BOTTOM | {"qapi", "digest", "compare", "knowledge", *EXAMPLES},
    # Of the wire, a judge knows how a line and a recording read, and nothing of connections.
    "judge": BOTTOM | {"qapi", "derive", "wire.framing", "wire.recording"},
    "run": BOTTOM | SCHEMAS | {"wire", "launch", "knowledge", "derive", "judge"},
    "report": BOTTOM,
}
"""What each room may import besides itself; the modules of no room are at the bottom or on top."""
ROOMS = frozenset(MAY_IMPORT)

MODULE_LINES = 600
FUNCTION_LINES = 60

MODULES = sorted(ROOT.rglob("*.py"))


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_module_imports_only_what_lies_below_its_room(path: Path) -> None:
    here = _module(path)

    wrong = [f"{here} imports {there}" for there in _imports(path) if not _may(here, there)]

    assert wrong == []


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_module_and_its_functions_stay_small(path: Path) -> None:
    text = path.read_text(encoding="utf-8")

    assert len(text.splitlines()) <= MODULE_LINES
    assert [name for name, lines in _functions(ast.parse(text)) if lines > FUNCTION_LINES] == []


def test_every_room_has_a_rule_and_every_rule_a_room() -> None:
    rooms = {path.parent.name for path in ROOT.glob("*/__init__.py")}

    assert rooms == ROOMS


@pytest.mark.parametrize(
    ("here", "there", "may"),
    [
        ("judge.reply", "wire.framing", True),
        ("judge.reply", "wire.connection", False),
        ("derive.plan", "judge.expect", False),
        ("derive.plan", "launch.pool", False),
        ("launch.pool", "wire", False),
        ("qapi.model", "terms", True),
        ("terms", "qapi.model", False),
        ("report.table", "judge.miss", False),
        ("cli", "run.engine", True),
        ("run.engine", "cli", False),
    ],
)
def test_the_arrows_are_told_apart(here: str, there: str, may: bool) -> None:
    assert _may(here, there) is may


def _may(here: str, there: str) -> bool:
    room, target = here.partition(".")[0], there.partition(".")[0]
    if room in ROOMS:
        return target == room or bool({target, there} & MAY_IMPORT[room])
    return room not in BOTTOM or target in BOTTOM


def _module(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(part for part in parts if part != "__init__")


def _imports(path: Path) -> Iterator[str]:
    """Yield what a module imports of the package, without the package's name."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        match node:
            case ast.Import(names=names):
                found = [alias.name for alias in names]
            case ast.ImportFrom(module="conformance", names=names):
                found = [f"conformance.{alias.name}" for alias in names]
            case ast.ImportFrom(module=str(module), level=0, names=names):
                # "from conformance.wire import framing" imports the module framing.
                found = [f"{module}.{a.name}" for a in names if _is_module(module, a.name)]
                found = found or [module]
            case ast.ImportFrom():
                raise AssertionError(f"{path}: relative imports hide where they lead")
            case _:
                continue
        prefix = "conformance."
        yield from (name.removeprefix(prefix) for name in found if name.startswith(prefix))


def _is_module(module: str, name: str) -> bool:
    folder = ROOT.parent.joinpath(*module.split("."))
    return (folder / f"{name}.py").exists()


def _functions(tree: ast.AST) -> Iterator[tuple[str, int]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node.name, (node.end_lineno or node.lineno) - node.lineno + 1
