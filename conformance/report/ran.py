"""What became of the cases of a target, and what each asked for."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from conformance.model.terms import Outcome


@dataclass(frozen=True, slots=True, kw_only=True)
class Ran:
    """The outcome of each case that has one, and the ids of the rules that it asks for.

    Every case asks for those of `throughout`.
    """

    outcomes: Mapping[str, Outcome]
    rules: Mapping[str, Collection[str]]
    throughout: frozenset[str] = frozenset()

    def kept(self, cases: Sequence[str], rule: str) -> bool:
        """Return whether these cases show that a rule is kept; "" stands for any rule.

        A case may be there without its rule: what a source does not promise is not asked for.
        """
        found = [case for case in cases if case in self.outcomes]
        passed = all(self.outcomes[case] is Outcome.PASS for case in found)
        return passed and any(self._asks(case, rule) for case in found)

    def why_open(self, cases: Sequence[str], rule: str) -> str:
        """Return why these cases do not show that a rule is kept."""
        for case in self._open(cases):
            return f"{case}: {self.outcomes[case]}"
        if any(case in self.outcomes for case in cases):
            return f"nothing in this run asks its cases for {rule}"
        return "this run has no such case" if cases else "this run is not of all cases"

    def _asks(self, case: str, rule: str) -> bool:
        return rule in ("", *self.throughout, *self.rules[case])

    def _open(self, cases: Sequence[str]) -> Iterator[str]:
        return (case for case in cases if self.outcomes.get(case, Outcome.PASS) is not Outcome.PASS)
