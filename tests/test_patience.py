"""No test fails because the machine is busy."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from tests.patience import PATIENCE, patiently

# What waits for a process, a thread or a peer of the tests' own, and how long.
WAITING = {"run", "communicate", "settimeout", "create_connection", "join"}
MINUTE = 60.0


def test_what_a_test_waits_for_itself_has_a_minute_and_more() -> None:
    modules = sorted(Path(__file__).parent.rglob("*.py"))

    short = [f"{path.name}:{line}" for path in modules for line in _short_waits(path)]

    assert len(modules) > 100
    assert short == []
    assert PATIENCE > MINUTE


def _short_waits(path: Path) -> Iterator[int]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
            continue
        limits = [*node.args, *(word.value for word in node.keywords if word.arg == "timeout")]
        numbers = [each.value for each in limits if isinstance(each, ast.Constant)]
        if node.func.attr in WAITING and any(
            isinstance(number, int | float) and 0 < number < MINUTE for number in numbers
        ):
            yield node.lineno


def test_no_example_of_hypothesis_has_a_deadline() -> None:
    assert settings().deadline is None


def test_what_fails_within_a_short_limit_is_tried_once_more_with_a_minute() -> None:
    limits: list[float] = []

    def slow(limit: float) -> None:
        limits.append(limit)
        assert limit >= MINUTE

    patiently(slow, 0.2)

    assert limits == [0.2, MINUTE]


def test_what_fails_with_a_minute_too_fails() -> None:
    def broken(limit: float) -> None:
        raise AssertionError(f"not within {limit:g} s")

    with pytest.raises(AssertionError, match="not within 60 s"):
        patiently(broken, 0.2)
