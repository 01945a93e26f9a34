"""Records, item by item, what a source states and what a build shows.

Knows the words and rules of facts; knows nothing of how items of the two sides were paired.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from conformance.align.conditions import (
    ShownCondition,
    assignment,
    condition_text,
    symbols,
    value_of,
)
from conformance.align.statement import Statement, StatementSide
from conformance.digest.declaration import NOWHERE, Condition, SourcePlace
from conformance.digest.digest import DigestFeature

THERE: Final = "there"
MISSING: Final = "missing"

_DOWNSTREAM: Final = "__"
"""How downstream names begin, which the source need not declare (Q50)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """Something declared: `words` name it for a reader; the rest is as in Statement."""

    entity: str
    part: str = ""
    words: str
    condition: Condition | None = None
    place: SourcePlace = NOWHERE
    reached: str = ""
    origin: str | None = None


@dataclass(frozen=True, slots=True)
class Ledger:
    """The statements made so far, and what was shown about conditions."""

    statements: list[Statement] = field(default_factory=list)
    shown: list[ShownCondition] = field(default_factory=list)

    def presence(self, item: Item, rule: str, *, there: bool) -> bool:
        """Record whether an item exists, and return that; its condition may excuse its absence."""
        if item.condition is not None:
            self.shown.append(
                ShownCondition(condition=item.condition, held=there, where=item.words)
            )
        if there:
            self._note(item, item.words, (THERE, THERE), rule, StatementSide.BOTH)
        elif item.condition is not None:
            text = f"{MISSING} without {condition_text(item.condition)}"
            self._note(item, item.words, (text, text), "Q42", StatementSide.SOURCE)
        else:
            self._note(item, item.words, (THERE, MISSING), rule, StatementSide.SOURCE)
        return there

    def compare(self, item: Item, what: str, sides: tuple[str, str], rule: str) -> bool:
        """Record what source and build say; return whether they agree."""
        self._note(item, what, sides, rule, StatementSide.BOTH)
        return sides[0] == sides[1]

    def features(self, item: Item, declared: Sequence[DigestFeature], found: Sequence[str]) -> None:
        """Record the features of an item, each of which may have a condition of its own."""
        for feature in declared:
            own = replace(
                item,
                part=f"{item.part} feature {feature.name}".strip(),
                words=f"feature {feature.name!r} of {item.words}",
                condition=feature.condition,
            )
            self.presence(own, "Q42", there=feature.name in found)
        names = {feature.name for feature in declared}
        self.others(item, "feature", [name for name in found if name not in names])

    def others(self, item: Item, kind: str, names: Iterable[str], rule: str = "Q50") -> None:
        """Record each part that an item has in the build and not in its declaration."""
        for name in names:
            own = replace(
                item,
                part=f"{item.part} {kind} {name}".strip(),
                words=f"{kind} {name!r} of {item.words}",
                condition=None,
            )
            self.undeclared(own, name, rule)

    def undeclared(self, item: Item, name: str, rule: str) -> None:
        """Record an item that the source does not declare; a downstream name is allowed."""
        allowed = name.startswith(_DOWNSTREAM)
        text = "the distributor's own" if allowed else "not declared"
        sides = (text, text if allowed else "in this build")
        self._note(item, item.words, sides, rule, StatementSide.BUILD)

    def settled(self) -> tuple[Statement, ...]:
        """Return the statements; a condition that other items prove to hold excuses no absence."""
        known = assignment(self.shown)
        return tuple(
            self._unexcused(statement, statement.condition)
            if statement.condition is not None
            and statement.compiled_out
            and value_of(statement.condition, known)
            else statement
            for statement in self.statements
        )

    def _unexcused(self, statement: Statement, condition: Condition) -> Statement:
        about = symbols(condition)
        proof = next((s for s in self.shown if s.held and symbols(s.condition) & about), None)
        seen = f", though {proof.where} is there" if proof else ""
        promised = f"{THERE} with {condition_text(condition)}"
        return replace(statement, promised=promised, found=f"{MISSING}{seen}", rule="Q42")

    def _note(
        self, item: Item, what: str, sides: tuple[str, str], rule: str, side: StatementSide
    ) -> None:
        self.statements.append(
            Statement(
                entity=item.entity,
                part=item.part,
                what=what,
                promised=sides[0],
                found=sides[1],
                rule=rule,
                side=side,
                condition=item.condition,
                place=item.place,
                reached=item.reached,
                origin=item.origin or item.entity,
            )
        )
