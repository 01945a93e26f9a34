"""What QEMU says of changes outside of its schemas (cases/compatibility.toml), as values.

docs/compatibility.md describes the file.  Knows neither schemas nor how they are compared.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Final

from conformance.compat.change import ChangeClass, ChangeKind, Documented
from conformance.knowledge.decoder import FileFault, read_file
from conformance.knowledge.keys import RELEASE, Key
from conformance.knowledge.store import cases_folder

FILE: Final = "compatibility.toml"


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeEntry:
    """What is known of a change at several places."""

    places: Annotated[
        tuple[str, ...],
        Key("where: as `qmp-conformance schema diff` writes them, `*` for anything", some=True),
    ]
    kinds: Annotated[
        frozenset[ChangeKind], Key("of the changes there only these", default="all of them")
    ] = frozenset()
    change_class: Annotated[
        ChangeClass,
        Key(
            "`deprecated-first`: the documents announced it; `unreachable`: no client can come "
            "across it; `compatible`: the schema says more than the program ever did; "
            "`incompatible`: it is, and this is why",
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
            "the first release that shows the change: an entry holds for comparisons across it",
            form=RELEASE,
        ),
    ]
    where: Annotated[str, Key("where that is written")]
    reason: Annotated[str, Key("why, in our own words")]

    def faults(self) -> Iterator[FileFault]:
        """Yield what is wrong with the keys beside each other."""
        if bool(self.deprecated_in) != (self.change_class is ChangeClass.DEPRECATED_FIRST):
            yield FileFault(
                "class",
                f"'deprecated_in' goes with the class {ChangeClass.DEPRECATED_FIRST}",
                "Give both or neither.",
            )

    def documented(self) -> Iterator[Documented]:
        """Yield it once for each of its places."""
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
class CompatibilityPart:
    """What a file says of changes from release to release."""

    changes: Annotated[
        tuple[ChangeEntry, ...],
        Key(
            "what QEMU says of a change outside of its schemas, or was found out about it by hand",
            name="change",
        ),
    ] = ()


def load_documented(path: Path | None = None) -> tuple[Documented, ...]:
    """Return the entries of the file `path` in its order; without one, those that ship.

    An entry with several places is there once for each.  Raises KnowledgeError, which names the
    file and the entry.
    """
    part = read_file(path or cases_folder() / FILE, CompatibilityPart).sound()
    return tuple(documented for entry in part.changes for documented in entry.documented())
