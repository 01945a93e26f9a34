"""Where the default of a command's argument shows: what to omit, and which query to send.

docs/recipes.md describes the file. Knows neither a schema nor a machine, and no default: the
digests have those.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

from conformance.knowledge.common import (
    CLEANUP,
    REASON,
    REPLACES,
    SETUP,
    VERSIONS,
    NamesPart,
)
from conformance.knowledge.decoder import FileFault, Read, read_file
from conformance.knowledge.gathering import gathered
from conformance.knowledge.keys import Key, typed
from conformance.knowledge.versions import Version, VersionRange
from conformance.model.stage import Request
from conformance.model.terms import JsonValue

_PATH = typed(
    str, "a path with dots", "string", lambda text: tuple(text.split(".")) if text else ()
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Showing:
    """A request that omits arguments, and the place where their values show.

    `shows` maps each argument to the path of its value in the result of `read`. Without `read` no
    query shows it: QEMU must return the same with the argument omitted and with its default given,
    and the paths are empty. `case` is the value of the tag in the request, if its arguments are a
    union; `changes` means that nothing undoes the request.
    """

    command: Annotated[str, Key("the command", identity=True)]
    name: Annotated[str, Key("distinguishes two entries of one command", identity=True)] = ""
    arguments: Annotated[
        Mapping[str, JsonValue], Key("the request, without the arguments that `shows` names")
    ] = field(default_factory=dict)
    setup: Annotated[tuple[Request, ...], SETUP] = ()
    read: Annotated[
        Request | None,
        Key(
            "the query that shows the values",
            default="none: QEMU must return the same with the default given and with the argument "
            "omitted",
        ),
    ] = None
    cleanup: Annotated[tuple[Request, ...], CLEANUP] = ()
    shows: Annotated[
        Mapping[str, tuple[str, ...]],
        Key(
            'each argument, and the path of its value in the result of `read`; `""` without `read`',
            items=_PATH,
        ),
    ]
    case: Annotated[
        str, Key("the value of the tag in the request, if the arguments are a union")
    ] = ""
    changes: Annotated[
        bool,
        Key(
            "whether nothing undoes the request, so that it gets its own machine",
            name="changes_state",
        ),
    ] = False
    versions: Annotated[VersionRange, VERSIONS] = VersionRange()
    replaces: Annotated[bool, REPLACES] = False
    reason: Annotated[str, REASON]

    def faults(self) -> Iterator[FileFault]:
        """Yield contradictions between the keys."""
        for member, path in self.shows.items():
            if bool(path) is not (self.read is not None):
                yield FileFault(
                    "shows",
                    f"'shows' has no path of {member}" if self.read else "'read' is missing",
                    'With `read`, write where the value stands: "0.cache.direct"; without it, "".',
                )


@dataclass(frozen=True, kw_only=True)
class DefaultsPart(NamesPart):
    """The entries of a file about defaults of arguments."""

    defaults: Annotated[
        tuple[Showing, ...], Key("where the defaults of a command's arguments show", name="default")
    ] = ()


def load_showings(path: Path, more: Sequence[Read[DefaultsPart]] = ()) -> tuple[Showing, ...]:
    """Return the entries of the file, those of `more` first; raises KnowledgeError."""
    return gathered([*more, read_file(path, DefaultsPart)], "defaults")


def showings_for(showings: tuple[Showing, ...], version: Version) -> tuple[Showing, ...]:
    """Return the entries for `version`; of two with one name the first counts."""
    found: dict[tuple[str, str], Showing] = {}
    for each in showings:
        if version in each.versions:
            found.setdefault((each.command, each.name), each)
    return tuple(found.values())
