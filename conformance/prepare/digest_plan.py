"""The plan for a release that is known only by its digest; starts nothing."""

from __future__ import annotations

from typing import Final

from conformance.knowledge.digests import digest_names
from conformance.knowledge.versions import Version
from conformance.model.canonical import digest
from conformance.model.errors import UsageError
from conformance.model.flavour import Program
from conformance.prepare.cache import NO_CACHE, Cache, suite_digest
from conformance.prepare.plan_file import PlanError, WrittenPlan

_KIND: Final = "release"


def release_version(name: str) -> Version:
    """Return the version of the release of that name, "" for the newest; raises UsageError."""
    known = digest_names()
    name = name or known[-1]
    if name not in known:
        raise UsageError(f"there is no digest of {name}", f"There are: {', '.join(known)}.")
    major, minor = name.split(".")
    return int(major), int(minor), 0


def release_plan(
    version: Version, programs: tuple[Program, ...], cache: Cache = NO_CACHE
) -> WrittenPlan:
    """Yield the cases that each program of a release would have, one after another.

    What only a build shows, its object model and the entries of its introspection, yields none;
    neither does a program that the release's digest does not know.
    """
    key = digest([suite_digest(), version, programs]) if cache.kept else None
    body = cache.get(_KIND, key) if key is not None else None
    if key is not None and body is not None:
        try:
            return WrittenPlan(body)
        except PlanError as error:
            cache.drop(_KIND, key, f"is {error}"[:200])
    # Not at the top: with a cached plan, nothing is derived.
    from conformance.prepare.planning import write_release

    data = write_release(version, programs)
    if key is not None:
        cache.put(_KIND, key, data)
    return WrittenPlan(data)
