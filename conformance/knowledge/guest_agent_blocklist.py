"""Which commands a program is never asked for, and which it is (cases/withheld.toml).

That is for programs that act on the system that they run on.  Knows neither a schema nor a request.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Final

from conformance.knowledge import store
from conformance.knowledge.decoder import FileFault, read_file
from conformance.knowledge.keys import Key
from conformance.model.flavour import Program

FILE: Final = "withheld.toml"
UNKNOWN: Final = "never asked for: nobody has looked at what it does"
"""What is said of a command that the file does not name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NeverEntry:
    """Commands that no case asks for."""

    commands: Annotated[
        tuple[str, ...],
        Key("commands that no case asks for, and that the program is told not to serve", some=True),
    ]
    reason: Annotated[str, Key("what they would do")]


@dataclass(frozen=True, slots=True, kw_only=True)
class WithheldEntry:
    """Of one program, what is asked for and what is not."""

    program: Annotated[Program, Key("a kind of program, as in exchanges", identity=True)]
    asked: Annotated[tuple[str, ...], Key("the commands that cases are made of")] = ()
    never: Annotated[
        tuple[NeverEntry, ...], Key("commands that are not asked for", name="never_asked")
    ] = ()

    def faults(self) -> Iterator[FileFault]:
        """Yield each command that is named twice."""
        named = [*self.asked, *(name for entry in self.never for name in entry.commands)]
        for name in sorted({name for name in named if named.count(name) > 1}):
            yield FileFault("never_asked", f"{name} is named twice", "Leave one.")

    def withheld(self) -> Withheld:
        """Return what the entry says."""
        reasons = {name: entry.reason for entry in self.never for name in entry.commands}
        return Withheld(asked=frozenset(self.asked), reasons=reasons)


@dataclass(frozen=True, slots=True, kw_only=True)
class Withheld:
    """Of one program, the commands that are asked for, and why each other one is not."""

    asked: frozenset[str] = frozenset()
    reasons: Mapping[str, str] = field(default_factory=dict)

    def why(self, command: str) -> str | None:
        """Return why the command is never asked for, None where it is."""
        if command in self.asked:
            return None
        reason = self.reasons.get(command)
        return UNKNOWN if reason is None else f"never asked for: {reason}"

    def refused(self, served: Iterable[str] = ()) -> tuple[str, ...]:
        """Return the commands that the program is told not to serve, also of those it `served`."""
        return tuple(sorted({*self.reasons, *(name for name in served if self.why(name))}))


@dataclass(frozen=True, kw_only=True)
class WithheldPart:
    """What a file says of commands that are never asked for."""

    withheld: Annotated[
        tuple[WithheldEntry, ...],
        Key("what a program that acts on the system it runs on is asked for, and what not"),
    ] = ()


def load_withheld(path: Path | None = None) -> Mapping[Program, Withheld]:
    """Return what the file `path` says; without one, what ships.  Raises KnowledgeError."""
    part = read_file(path or store.cases_folder() / FILE, WithheldPart).sound()
    return {entry.program: entry.withheld() for entry in part.withheld}
