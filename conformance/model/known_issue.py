"""A defect that users know of, as a value: where it is expected, and until when."""

from __future__ import annotations

import enum
from dataclasses import dataclass


class KnownOutcome(enum.StrEnum):
    """How a known issue shows."""

    # In each run: where it does not show any more, the entry is stale.
    FAILS = "fails"
    # In some runs: it may show or not.
    MAY_FAIL = "may-fail"


@dataclass(frozen=True, slots=True, kw_only=True)
class Conditions:
    """The targets that a known issue is about: those that fit each of the conditions given.

    `versions` is a range such as ">=7.2,<8.0". `package`, `machine` and `accel` are globs, of which
    one must fit; `program` are kinds of programs, `arch` the guests' architectures. `host` names
    probes of the host that must find what they look for; with "!" before it, must not.
    """

    versions: str = ""
    package: tuple[str, ...] = ()
    program: tuple[str, ...] = ()
    arch: tuple[str, ...] = ()
    machine: tuple[str, ...] = ()
    accel: tuple[str, ...] = ()
    host: tuple[str, ...] = ()
    targets: tuple[str, ...] = ()
    """The names of the targets whose own file it is in."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownIssue:
    """One entry of a file of known issues.

    `where` is its file and line, `expires` the last day on which it counts, as YYYY-MM-DD, "" for
    none. `cases` are ids of cases that show it: if they pass, it is gone.
    """

    where: str
    fingerprint: str
    rule: str
    defect: str
    reason: str
    link: str
    expires: str
    outcome: KnownOutcome
    cases: tuple[str, ...]
    when: Conditions
