"""QEMU's deprecation policy as arithmetic: how long something was deprecated before it went.

Source: docs/about/deprecated.rst (7.2.0 and 10.0.13, lines 6-12; in 5.2.0 docs/system/): what is
deprecated works on in that release and in one more, and may go after these two.  Knows versions
and no schema.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

RELEASES: Final = 2
"""From the release that deprecates something to the first that may lack it."""

_VERSION: Final = re.compile(r"(\d+)\.(\d+)(?:\.\d+)?")
# Since 4.0 there are three releases a year, x.0 to x.2; earlier series had other lengths.
_A_YEAR: Final = 3
_BEFORE: Final[Mapping[int, int]] = {0: 16, 1: 8, 2: 13, 3: 2}
"""How many feature releases each early series had (0.0 to 0.15, ...)."""


def release_number(version: str) -> int | None:
    """Return the number of a release in the order of all releases; None for no version.

    "5.2", "5.2.0" and "5.2.1" are one release. The difference of two numbers is the number of
    releases from one to the other.
    """
    found = _VERSION.fullmatch(version)
    if found is None:
        return None
    major, minor = int(found[1]), int(found[2])
    if major in _BEFORE:
        return sum(count for series, count in _BEFORE.items() if series < major) + minor
    return sum(_BEFORE.values()) + _A_YEAR * (major - len(_BEFORE)) + minor


def release_name(version: str) -> str:
    """Return a version without its last number, as releases are usually named."""
    found = _VERSION.fullmatch(version)
    return f"{found[1]}.{found[2]}" if found else version


@dataclass(frozen=True, slots=True, kw_only=True)
class Sighting:
    """What one release shows at a place: that it exists, and whether it is deprecated."""

    version: str
    deprecated: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """Whether something was deprecated for long enough, as far as is known, in words."""

    enough: bool
    words: str


def notice(sightings: tuple[Sighting, ...], gone: str) -> Notice | None:
    """Return what the releases before `gone`, which lacks it, tell; None: never deprecated.

    Doubt counts in QEMU's favour. Sightings without a version say only that something is
    deprecated.
    """
    if not any(each.deprecated for each in sightings):
        return None
    numbered: dict[int, Sighting] = {}
    for each in sightings:
        number = release_number(each.version)
        if number is not None and (number not in numbered or each.deprecated):
            numbered[number] = each
    end = release_number(gone)
    start = min((n for n, each in numbered.items() if each.deprecated), default=None)
    if start is None or end is None:
        return Notice(enough=True, words="deprecated before, since when is not known")
    # The last release that is known to have it, not deprecated.
    free = max((n for n in numbered if n < start), default=None)
    since = "in" if free == start - 1 else "at least since"
    by = "in" if max(numbered) == end - 1 else "by"
    then, now = release_name(numbered[start].version), release_name(gone)
    words = f"deprecated {since} {then}, gone {by} {now}"
    if free is not None and end - (free + 1) < RELEASES:
        return Notice(enough=False, words=f"{words}: the policy asks for {RELEASES} releases")
    return Notice(enough=True, words=words)
