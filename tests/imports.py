"""Reads which modules of the package import which; knows no rule about them."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import conformance

ROOT = Path(conformance.__file__).parent
MODULES = sorted(ROOT.rglob("*.py"))


def module_name(path: Path) -> str:
    """Return the dotted name of a module, without the package's name."""
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(part for part in parts if part != "__init__")


def imports(path: Path) -> Iterator[str]:
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
