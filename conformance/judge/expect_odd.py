"""The expectation that of several alternatives no single one is refused."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any, Final

from conformance.judge.expect_answer import ANSWERS_TO_ARGUMENTS, without_names
from conformance.model.expectation import Expectation, Inconclusive, Kind, Problem, Reply
from conformance.model.terms import Outcome

_SHOWN: Final = 5
"""How many of the accepted siblings to name: the dialogue has all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Alternative:
    """One of several siblings, and the steps that try it: one accepted is enough.

    Where one of the steps `setup` is refused, it was not tried.
    """

    name: str
    steps: tuple[int, ...]
    setup: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class NoOddOneOut(Expectation):
    """Where all alternatives but one are accepted, that one is too; it stands on the last one.

    `least` others must be accepted.  A refusal that fits one of the globs `excused` hangs on
    something besides the request.
    """

    shadowed = True
    alternatives: tuple[Alternative, ...]
    least: int
    excused: tuple[str, ...] = ()

    def words(self) -> str:
        """Return the expectation in words."""
        count = len(self.alternatives)
        return f"accepted, or refused like others of the {count} alternatives tried"

    def problem(self, reply: Reply) -> Problem | None:
        """Return the one that is refused, or why the refused ones prove nothing."""
        replies = [*reply.earlier, reply.message]
        tried = [each for each in self.alternatives if _is_tried(each, replies)]
        refused = list(_refused(tried, replies))
        if not refused and len(tried) > self.least:
            return None
        if len(tried) <= self.least:
            return Problem(f"{len(tried)} could be tried", "a single one refused")
        (name, error), *others = refused
        text = f"{error.get('class')}: {error.get('desc')}"
        if others:
            return Problem(f"{len(refused)} of {len(tried)} are refused", "a single one refused")
        if any(fnmatchcase(str(error.get("desc")), glob) for glob in self.excused):
            return Problem(f"{name} is refused with {text}", "a single one refused")
        accepted = [each.name for each in tried if each.name != name]
        more = ", ..." if len(accepted) > _SHOWN else ""
        siblings = f"{', '.join(accepted[:_SHOWN])}{more}"
        return Problem(
            f"{name} is refused with {text}, and all its {len(accepted)} siblings are accepted "
            f"({siblings})",
            "what the schema allows like its siblings is accepted like them",
            f"{reply.about} {name} {without_names(text)}",
            Kind.REFUSED,
        )

    def inconclusive(self, problem: Problem) -> Inconclusive | None:
        """Return that several refusals, or an excused one, leave no single one."""
        if problem.kind is Kind.REFUSED:
            return None
        reason = "no single one is refused for what it is"
        return Inconclusive(outcome=Outcome.NOT_APPLICABLE, reason=reason)


def _is_tried(each: Alternative, replies: Sequence[Mapping[str, Any]]) -> bool:
    return not any("error" in replies[step] for step in each.setup)


def _refused(
    tried: Sequence[Alternative], replies: Sequence[Mapping[str, Any]]
) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield each alternative of which nothing was accepted, with the last error."""
    for each in tried:
        errors = [replies[step]["error"] for step in each.steps if "error" in replies[step]]
        if len(errors) == len(each.steps) and all(map(_counts, errors)):
            yield each.name, errors[-1]


def _counts(error: Mapping[str, Any]) -> bool:
    """Return whether an argument check may have made the refusal."""
    return error.get("class") in ANSWERS_TO_ARGUMENTS
