"""Which commands a program is never asked for, and which it is (cases/withheld.toml).

That is for programs that act on the system that they run on.  Knows neither a schema nor a request.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from conformance.knowledge import store
from conformance.knowledge.tables import Table, read_table
from conformance.model.errors import KnowledgeError
from conformance.model.flavour import Program

FILE: Final = "withheld.toml"
UNKNOWN: Final = "never asked for: nobody has looked at what it does"
"""What is said of a command that the file does not name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Withheld:
    """Of one program, the commands that are asked for, and why each other one is not."""

    asked: frozenset[str] = frozenset()
    reasons: Mapping[str, str] = field(default_factory=dict)

    def why(self, command: str) -> str:
        """Return why the command is never asked for, "" where it is."""
        if command in self.asked:
            return ""
        reason = self.reasons.get(command)
        return UNKNOWN if reason is None else f"never asked for: {reason}"

    def refused(self, served: Iterable[str] = ()) -> tuple[str, ...]:
        """Return the commands that the program is told not to serve, also of those it `served`."""
        return tuple(sorted({*self.reasons, *(name for name in served if self.why(name))}))


def load_withheld(path: Path | None = None) -> Mapping[Program, Withheld]:
    """Return what the file `path` says; without one, what ships.  Raises KnowledgeError."""
    top = read_table(path or store.cases_folder() / FILE)
    found = {}
    for name, table in top.named_tables():
        try:
            program = Program(name)
        except ValueError as error:
            known = ", ".join(Program)
            raise KnowledgeError(f"{table.place}: {error}", f"Known: {known}.") from error
        found[program] = _withheld(table)
    return found


def _withheld(table: Table) -> Withheld:
    asked = frozenset(table.texts("asked"))
    reasons: dict[str, str] = {}
    for entry in table.tables("never"):
        reason = entry.take("reason", str)
        for name in entry.texts("commands"):
            if name in asked or name in reasons:
                raise KnowledgeError(f"{entry.place}: {name} is named twice", "Leave one.")
            reasons[name] = reason
        entry.done()
    table.done()
    return Withheld(asked=asked, reasons=reasons)
