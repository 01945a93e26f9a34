"""What releases do differently though no schema shows it (cases/compatibility.toml), as values.

Knows neither a schema nor a machine, and not how two releases are compared.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Final

from conformance.compat.change import ChangedBehaviour
from conformance.knowledge.common import CLEANUP, MACHINE, NEEDS, SETUP, VERSIONS
from conformance.knowledge.decoder import FileFault
from conformance.knowledge.keys import DOTTED, RELEASE, Key
from conformance.knowledge.versions import Version, VersionRange
from conformance.model.stage import MachineSpec, Request
from conformance.model.terms import JsonValue

ACCEPTED: Final = "accepted"
REFUSED: Final = "refused"
_ANSWERS: Final = (ACCEPTED, REFUSED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Behaviour:
    """A request, what became of it up to the release `after`, and what does from `by` on.

    Of the releases between them, it is not known which of the two they do.
    """

    name: Annotated[str, Key("the last part of the case's id", identity=True)]
    request: Annotated[Request, Key(flat=True, only=("execute", "arguments"))]
    title: Annotated[str, Key("what the request asks for, as the subject of a sentence")]
    was: Annotated[
        JsonValue, Key('"accepted" or "refused"; with `read` the value that stood at `path`')
    ]
    now: Annotated[JsonValue, Key("the same of the releases from `by` on")]
    after: Annotated[str, Key("the last release that is known to do as before", form=RELEASE)]
    by: Annotated[str, Key("the first release that is known to do otherwise", form=RELEASE)]
    versions: Annotated[VersionRange, VERSIONS] = VersionRange()
    spec: Annotated[MachineSpec, MACHINE] = MachineSpec()
    needs: Annotated[tuple[str, ...], NEEDS] = ()
    setup: Annotated[tuple[Request, ...], SETUP] = ()
    read: Annotated[
        Request | None, Key("the query that shows it", default="none: the reply does")
    ] = None
    path: Annotated[
        tuple[str, ...], Key("the place of the value in the result of `read`", form=DOTTED)
    ] = ()
    cleanup: Annotated[tuple[Request, ...], CLEANUP] = ()
    where: Annotated[str, Key("the document, the change or the function that says so")]
    reason: Annotated[str, Key("what a client notices, in our own words")]

    def faults(self) -> Iterator[FileFault]:
        """Yield contradictions between the keys."""
        if (self.read is None) is not all(each in _ANSWERS for each in (self.was, self.now)):
            yield FileFault(
                "was",
                f'without `read`, `was` and `now` are "{ACCEPTED}" and "{REFUSED}"',
                "Give `read` and `path` for any other values.",
            )
        if _release(self.after) >= _release(self.by):
            yield FileFault("by", "it is no later release than `after`", "Give the later one.")

    def answer_of(self, version: Version) -> JsonValue | None:
        """Return what a release does, None where that is not known."""
        if version not in self.versions:
            return None
        if version[:2] <= _release(self.after):
            return self.was
        return self.now if version[:2] >= _release(self.by) else None

    def changed(self) -> ChangedBehaviour:
        """Return what a comparison of two releases tells of it."""
        return ChangedBehaviour(
            name=self.name,
            command=self.request.execute,
            title=self.title,
            was=self.was,
            now=self.now,
            after=self.after,
            by=self.by,
            where=self.where,
            reason=self.reason,
        )


def _release(name: str) -> tuple[int, int]:
    major, _, minor = name.partition(".")
    return int(major), int(minor)
