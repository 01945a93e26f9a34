"""Changes that QEMU's documents announce or explain (cases/compatibility.toml), as values.

docs/compatibility.md describes the file. Knows neither schemas nor how they are compared.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Final

from conformance.compat.change import ChangeClass, ChangeKind, Documented
from conformance.knowledge.behaviours import Behaviour
from conformance.knowledge.common import NamesPart
from conformance.knowledge.decoder import FileFault, Read, read_file
from conformance.knowledge.gathering import gathered
from conformance.knowledge.keys import RELEASE, Key
from conformance.knowledge.store import cases_folder

FILE: Final = "compatibility.toml"


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeEntry:
    """One documented change at several places."""

    places: Annotated[
        tuple[str, ...],
        Key(
            "the places, as `qmp-conformance schema diff` prints them, `*` for anything", some=True
        ),
    ]
    kinds: Annotated[
        frozenset[ChangeKind], Key("only these kinds of changes there", default="all of them")
    ] = frozenset()
    change_class: Annotated[
        ChangeClass,
        Key(
            "`deprecated-first`: the documents announced it; `unreachable`: no client can "
            "meet it; `compatible`: the old schema promised more than the program did; "
            "`incompatible`: it is incompatible, and `reason` says why",
            name="class",
        ),
    ]
    deprecated_in: Annotated[
        str,
        Key("for `deprecated-first`: the release whose documents first announce it", form=RELEASE),
    ] = ""
    gone_in: Annotated[
        str,
        Key(
            "the first release with the change: the entry applies to comparisons across it",
            form=RELEASE,
        ),
    ]
    where: Annotated[str, Key("the document that says so")]
    reason: Annotated[str, Key("why, in our own words")]

    def faults(self) -> Iterator[FileFault]:
        """Yield contradictions between the keys."""
        if bool(self.deprecated_in) != (self.change_class is ChangeClass.DEPRECATED_FIRST):
            yield FileFault(
                "class",
                f"'deprecated_in' goes with the class {ChangeClass.DEPRECATED_FIRST}",
                "Give both or neither.",
            )

    def documented(self) -> Iterator[Documented]:
        """Yield the change once per place."""
        for place in self.places:
            yield Documented(
                place=place,
                change_class=self.change_class,
                gone_in=self.gone_in,
                where=self.where,
                reason=self.reason,
                deprecated_in=self.deprecated_in or None,
                kinds=self.kinds,
            )


@dataclass(frozen=True, kw_only=True)
class CompatibilityPart(NamesPart):
    """The entries of a file about changes between releases."""

    changes: Annotated[
        tuple[ChangeEntry, ...],
        Key(
            "what QEMU's documents say of a change, or what was found out by hand",
            name="change",
        ),
    ] = ()
    behaviours: Annotated[
        tuple[Behaviour, ...],
        Key("what releases do differently though no schema shows it", name="behaviour"),
    ] = ()


def load_documented(path: Path | None = None) -> tuple[Documented, ...]:
    """Return the entries of the file `path` in order; by default, the shipped ones.

    An entry with several places yields one for each. Raises KnowledgeError, with the file and the
    entry.
    """
    part = read_file(path or cases_folder() / FILE, CompatibilityPart).sound()
    return tuple(documented for entry in part.changes for documented in entry.documented())


def load_behaviours(
    path: Path | None = None, more: Sequence[Read[CompatibilityPart]] = ()
) -> tuple[Behaviour, ...]:
    """Return what the file `path`, by default the shipped one, and `more` say of behaviour.

    Raises KnowledgeError.
    """
    shipped = read_file(path or cases_folder() / FILE, CompatibilityPart)
    return gathered([*more, shipped], "behaviours")
