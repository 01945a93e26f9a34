"""Which commands the suite sends to a program, and which never (cases/withheld.toml).

For programs that act on the system they run on. Knows neither a schema nor a request.
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
"""The reason for a command that the file does not name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NeverEntry:
    """Commands that the suite never sends."""

    commands: Annotated[
        tuple[str, ...],
        Key("commands that the suite never sends, and tells the program not to serve", some=True),
    ]
    reason: Annotated[str, Key("what they would do")]


@dataclass(frozen=True, slots=True, kw_only=True)
class WithheldEntry:
    """For one program, the commands that the suite sends and those that it does not."""

    program: Annotated[Program, Key("the kind of program, as in exchanges", identity=True)]
    asked: Annotated[tuple[str, ...], Key("the commands that the suite sends")] = ()
    never: Annotated[
        tuple[NeverEntry, ...], Key("commands that the suite does not send", name="never_asked")
    ] = ()

    def faults(self) -> Iterator[FileFault]:
        """Yield each command that is named twice."""
        named = [*self.asked, *(name for entry in self.never for name in entry.commands)]
        for name in sorted({name for name in named if named.count(name) > 1}):
            yield FileFault("never_asked", f"{name} is named twice", "Leave one.")

    def withheld(self) -> Withheld:
        """Return the value of the entry."""
        reasons = {name: entry.reason for entry in self.never for name in entry.commands}
        return Withheld(asked=frozenset(self.asked), reasons=reasons)


@dataclass(frozen=True, slots=True, kw_only=True)
class Withheld:
    """For one program, the commands that the suite sends, and why it does not send the others."""

    asked: frozenset[str] = frozenset()
    reasons: Mapping[str, str] = field(default_factory=dict)

    def why(self, command: str) -> str | None:
        """Return why the suite never sends the command, None if it does."""
        if command in self.asked:
            return None
        reason = self.reasons.get(command)
        return UNKNOWN if reason is None else f"never asked for: {reason}"

    def refused(self, served: Iterable[str] = ()) -> tuple[str, ...]:
        """Return the commands that the program is told not to serve, some of `served` included."""
        return tuple(sorted({*self.reasons, *(name for name in served if self.why(name))}))


@dataclass(frozen=True, kw_only=True)
class WithheldPart:
    """The entries of a file about commands that the suite never sends."""

    withheld: Annotated[
        tuple[WithheldEntry, ...],
        Key(
            "which commands the suite sends to a program that acts on the system it runs on, "
            "and which not"
        ),
    ] = ()


def load_withheld(path: Path | None = None) -> Mapping[Program, Withheld]:
    """Return the content of the file `path`, by default the shipped one. Raises KnowledgeError."""
    part = read_file(path or store.cases_folder() / FILE, WithheldPart).sound()
    return {entry.program: entry.withheld() for entry in part.withheld}
