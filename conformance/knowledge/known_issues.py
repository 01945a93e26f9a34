"""Reads files of known issues, which users commit, and those that ship (fixtures/known/).

Knows no run and no finding.
"""

from __future__ import annotations

import datetime
import tomllib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Final

from conformance.knowledge.common import REASON
from conformance.knowledge.decoder import (
    FileFault,
    FileProblem,
    files_in,
    raise_problems,
    read_file,
)
from conformance.knowledge.keys import FormError, Key, typed
from conformance.knowledge.store import fixtures_folder
from conformance.knowledge.toml_lines import line_of, lines
from conformance.knowledge.versions import VersionRange
from conformance.model.errors import UsageError
from conformance.model.fingerprint import FORM, VERSION
from conformance.model.flavour import Program
from conformance.model.known_issue import Conditions, KnownIssue, KnownOutcome

SHIPPED: Final = "shipped"
"""The word that stands for the files that ship."""
_FOLDER: Final = "known"


def _fingerprint(text: str) -> str:
    match = FORM.fullmatch(text)
    if match is None:
        raise FormError(f"is {text!r}, which is no fingerprint", "Copy it from a report: v1-....")
    if int(match["version"]) != VERSION:
        raise FormError(
            f"is {text!r}, of version {match['version']}; this suite names defects by {VERSION}",
            "Write the file anew with `qmp-conformance known update`.",
        )
    return text


def _host(text: str) -> str:
    if not text.removeprefix("!"):
        raise FormError("names no probe", 'Write "kvm", or "!kvm" where it must be missing.')
    return text


@dataclass(frozen=True, slots=True, kw_only=True)
class ConditionsEntry:
    """The targets that an entry is about."""

    versions: Annotated[VersionRange, Key("the releases", default="all")] = VersionRange()
    package: Annotated[
        tuple[str, ...], Key("globs of the package, as query-version tells it", default="any")
    ] = ()
    program: Annotated[tuple[Program, ...], Key("kinds of programs", default="any")] = ()
    arch: Annotated[tuple[str, ...], Key("the guests' architectures", default="any")] = ()
    machine: Annotated[tuple[str, ...], Key("globs of the target's -machine", default="any")] = ()
    accel: Annotated[tuple[str, ...], Key("globs of the target's -accel", default="any")] = ()
    host: Annotated[
        tuple[str, ...],
        Key(
            "probes of the host that find what they look for; `!kvm`: that do not",
            default="any",
            items=typed(str, "a probe", "string", _host),
        ),
    ] = ()

    def conditions(self) -> Conditions:
        """Return the value."""
        return Conditions(
            versions=self.versions.text,
            package=self.package,
            program=tuple(map(str, self.program)),
            arch=self.arch,
            machine=self.machine,
            accel=self.accel,
            host=self.host,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownEntry:
    """A defect that is known."""

    fingerprint: Annotated[
        str,
        Key(
            "its name, as reports tell it",
            form=typed(str, "a fingerprint", "string", _fingerprint),
        ),
    ]
    rule: Annotated[str, Key("the rule that it breaks", default="any")] = ""
    defect: Annotated[str, Key("what is wrong, for a reader", default="untold")] = ""
    reason: Annotated[str, REASON]
    link: Annotated[str, Key("where it is discussed", default="none")] = ""
    expires: Annotated[
        datetime.date | None,
        Key(
            "the last day on which it counts, as a date of TOML",
            default="never",
            form=typed(datetime.date, "a date such as 2027-06-30", "string"),
        ),
    ] = None
    outcome: Annotated[
        KnownOutcome,
        Key(
            "`fails`: where it does not show any more, the entry is stale; `may-fail`: it may show "
            "or not",
            default="fails",
        ),
    ] = KnownOutcome.FAILS
    cases: Annotated[
        tuple[str, ...],
        Key("ids of cases that show it; if they pass, it is gone", default="all of a whole run"),
    ] = ()
    when: Annotated[ConditionsEntry, Key("the targets that it is about", default="all")] = (
        ConditionsEntry()
    )

    def faults(self) -> Iterator[FileFault]:
        """Yield that it gives no reason."""
        if not self.reason.strip():
            yield FileFault("reason", "'reason' is empty", "Say why the defect is accepted.")


@dataclass(frozen=True, kw_only=True)
class KnownFile:
    """A file of known issues."""

    known: Annotated[tuple[KnownEntry, ...], Key("a defect that is known")] = ()


def read_known(words: Sequence[str], today: datetime.date | None) -> tuple[KnownIssue, ...]:
    """Return the entries of files, in their order; the word `shipped` is those that ship.

    Raises KnowledgeError, with all mistakes. Entries that have expired before `today` are mistakes;
    None accepts them.
    """
    problems, found = _read(_paths(words), today)
    raise_problems(problems)
    return tuple(_issue(place, entry) for place, entry in found)


def is_known_file(path: Path) -> bool:
    """Return whether a file holds known issues and nothing else."""
    try:
        return [*tomllib.loads(path.read_text(encoding="utf-8-sig"))] == ["known"]
    except (OSError, ValueError):
        return False


def check_known(path: Path, today: datetime.date) -> list[FileProblem]:
    """Return all problems of a file of known issues, on that day."""
    return _read((path,), today)[0]


def _read(
    paths: Iterable[Path], today: datetime.date | None
) -> tuple[list[FileProblem], list[tuple[FileProblem, KnownEntry]]]:
    """Return the problems of files, and their entries with their places."""
    problems: list[FileProblem] = []
    found: list[tuple[FileProblem, KnownEntry]] = []
    for path in paths:
        read = read_file(path, KnownFile)
        problems += read.problems
        places = lines(read.source.text) if read.value is not None else {}
        entries = read.value.known if read.value is not None else ()
        for number, entry in enumerate(entries):
            if entry is not None:
                line = line_of(places, ("known", number))
                found.append((FileProblem(read.source.name, line, ""), entry))
    problems += _twice(found)
    if today is not None:
        problems += (
            replace(
                place,
                what=f"expired on {entry.expires}: {entry.reason}",
                remedy="Look at it again, then renew the date or remove the entry; --stale warn "
                "goes on without it.",
            )
            for place, entry in found
            if entry.expires is not None and entry.expires < today
        )
    return problems, found


def _twice(found: Sequence[tuple[FileProblem, KnownEntry]]) -> Iterator[FileProblem]:
    """Yield the entries about a defect on targets that an earlier entry is about."""
    first: dict[tuple[str, str, ConditionsEntry], FileProblem] = {}
    for place, entry in found:
        before = first.setdefault((entry.fingerprint, entry.rule, entry.when), place)
        if before is not place:
            yield replace(
                place,
                what=f"a second entry about {entry.fingerprint} for the same targets",
                remedy=f"The first is at {before.file}:{before.line}.",
            )


def _issue(place: FileProblem, entry: KnownEntry) -> KnownIssue:
    return KnownIssue(
        where=f"{place.file}:{place.line}",
        fingerprint=entry.fingerprint,
        rule=entry.rule,
        defect=entry.defect,
        reason=entry.reason,
        link=entry.link,
        expires="" if entry.expires is None else entry.expires.isoformat(),
        outcome=entry.outcome,
        cases=entry.cases,
        when=entry.when.conditions(),
    )


def _paths(words: Sequence[str]) -> Iterator[Path]:
    for word in words:
        if word != SHIPPED:
            yield Path(word)
            continue
        shipped = [*files_in(fixtures_folder() / _FOLDER)]
        if not shipped:
            raise UsageError("no known issues ship with this suite", "Name a file of your own.")
        yield from shipped
