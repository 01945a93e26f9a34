"""Judges the form of a greeting; knows no session."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from conformance.judge.miss import Miss
from conformance.model.canonical import compact
from conformance.model.expectation import Kind
from conformance.qapi.validate import Violation

VERSION_COMMAND: Final = "query-version"
"""The command that returns a part of the greeting, too (W16)."""
_EXPECTED: Final = "an object QMP with an object version and an array capabilities, and no more"


def greeting_misses(
    message: Mapping[str, Any],
    version_fault: Callable[[Any], Violation | None],
    capabilities: frozenset[str] | None = None,
) -> Iterator[Miss]:
    """Yield what is wrong with a greeting.

    `version_fault` says why a value is not one of query-version's. `capabilities` are those that
    can be enabled, None if they are not known.
    """
    greeting = message.get("QMP")
    if set(message) != {"QMP"} or not isinstance(greeting, dict):
        yield _miss("W15", f"the greeting has the members {sorted(message)}", _EXPECTED, "QMP")
        return
    version, offered = greeting.get("version"), greeting.get("capabilities")
    if set(greeting) != {"version", "capabilities"}:
        what = f"the greeting's QMP has the members {sorted(greeting)}"
        yield _miss("W15", what, _EXPECTED, "members")
    elif not isinstance(version, dict) or not isinstance(offered, list):
        what = "the greeting's version is no object, or its capabilities are no array"
        yield _miss("W15", what, _EXPECTED, "types")
    if not isinstance(version, dict) or not isinstance(offered, list):
        return
    strings = all(isinstance(each, str) for each in offered)
    if not strings or len(set(offered)) != len(offered):
        what = f"the capabilities are {compact(offered)}"
        yield _miss("W17", what, "strings that differ from one another", "capabilities")
    elif capabilities is not None and not capabilities >= {*offered}:
        what = f"the greeting offers {', '.join(sorted({*offered} - capabilities))}"
        yield _miss("Q42", what, "capabilities that are known to introspection", "offered")
    fault = version_fault(version)
    if fault is not None:
        what = f"the greeting's version is not as {VERSION_COMMAND} returns it: "
        what += f"{fault.path}: {fault.problem}"
        expected = f"a value of the type that {VERSION_COMMAND} returns"
        yield _miss("W16", what, expected, "form")


def _miss(rule: str, summary: str, expected: str, fold: str) -> Miss:
    return Miss(
        rule=rule, kind=Kind.SHAPE, summary=summary, expected=expected, fold=f"{rule} {fold}"
    )
