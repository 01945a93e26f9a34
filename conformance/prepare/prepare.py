"""Makes a target ready: introspects it and derives its plan, or takes both from the cache."""

from __future__ import annotations

import fnmatch
import functools
import json
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from conformance.knowledge.rules import load_rules
from conformance.launch.folder import RunFolder
from conformance.launch.host import probe
from conformance.launch.target import Target
from conformance.model.canonical import digest
from conformance.model.errors import LaunchError, UsageError
from conformance.model.stage import BUILD_NEEDS
from conformance.prepare.answers import LIMIT, Answered, answered
from conformance.prepare.cache import NO_CACHE, Cache, folder_digest, suite_digest
from conformance.prepare.campaign import Campaign
from conformance.prepare.case_names import near_globs
from conformance.prepare.manual_pages import manual_stamps
from conformance.prepare.plan_file import PlanError, WrittenPlan
from conformance.prepare.selection import Selection

_PLAN: Final = "plan"
_NEEDS: Final = "needs"
_ALL: Final = Selection()
Tell = Callable[[str], None]
"""Gets the current step for a target, for whoever waits for it."""


def _no_progress(_: str) -> None:
    """Report nothing."""


def prepare(
    target: Target,
    folder: RunFolder,
    cache: Cache = NO_CACHE,
    *,
    selection: Selection = _ALL,
    limit: float = LIMIT,
    tell: Tell = _no_progress,
) -> Campaign:
    """Identify and introspect a target, and plan its cases.

    If each glob of `selection` matches cases, the plan may have only these. The build has `limit`
    seconds for each reply. `tell` gets the current step, in a word or two. Raises LaunchError,
    which names the entry of a file, and UsageError for the source of another build.
    """
    try:
        thorough = selection.thorough
        if target.image:
            tell("entering a container")
        target = folder.entered(target)
        found = answered(target, folder, cache, thorough=thorough, limit=limit, tell=tell)
        tell("planning its cases")
        plan = _plan(target, found, cache, selection)
    except LaunchError as error:
        if ".toml:" not in target.spelling:
            raise
        raise type(error)(f"{target.spelling}: {error.what}", error.remedy) from error
    own = () if selection.globs else target.select
    if own and not any(fnmatch.filter(plan.ids, glob) for glob in own):
        told = ", ".join(map(repr, own))
        raise UsageError(f"{target.spelling}: no case fits {told}", near_globs(own[0], plan.ids))
    head = plan.head
    target = replace(target, kind=head.program, as_root=head.as_root, withheld=head.withheld)
    return Campaign(
        target=target,
        plan=plan,
        rules=load_rules(),
        deaths=found.deaths,
        entries=found.entries(),
    )


def _plan(target: Target, found: Answered, cache: Cache, selection: Selection) -> WrittenPlan:
    """Return the plan of a target, from the cache if possible."""
    thorough, globs = selection.thorough, selection.globs or target.select
    known_by = digest([suite_digest(), [folder_digest(Path(each)) for each in target.cases]])
    needs = _known_needs(cache, known_by)
    lacked = lacks(needs, target) if needs is not None else {}
    depth = [thorough, selection.searching]
    key = _key(target, found, [known_by, lacked, *depth]) if needs is not None else None
    kept = _kept_plan(cache, key, globs) if key is not None else None
    if kept is not None:
        return kept
    # Not at the top: with a cached plan, nothing is derived.
    from conformance.prepare.deriving import Derivation, derive, derive_apart

    asked = Derivation(
        thorough=thorough,
        searching=selection.searching,
        choices=(globs, ()) if globs else ((),),
        lacked=None if needs is None else lacked,
    )
    if thorough and not globs and found.body:
        derived = derive_apart(target, found.body, asked)
    else:
        derived = derive(target, found.answers, asked)
    plan = WrittenPlan(derived.data)
    if derived.needs is not None and cache.kept:
        cache.put(_NEEDS, known_by, json.dumps(derived.needs).encode())
        key = _key(target, found, [known_by, derived.lacked, *depth])
    if key is not None:
        cache.put(_PLAN, _key_of_part(key, globs if selects(plan, globs) else ()), plan.data)
    return plan


def selects(plan: WrittenPlan, globs: Sequence[str]) -> bool:
    """Return whether each glob matches a case of the plan."""
    return all(fnmatch.filter(plan.ids, glob) for glob in globs)


def _kept_plan(cache: Cache, key: str, globs: Sequence[str]) -> WrittenPlan | None:
    """Return the cached plan, whole or for these globs, or None."""
    for each in dict.fromkeys((key, _key_of_part(key, globs))):
        body = cache.get(_PLAN, each)
        if body is not None:
            try:
                return WrittenPlan(body)
            except PlanError as error:
                cache.drop(_PLAN, each, f"is {error}"[:200])
    return None


def _key_of_part(key: str, globs: Sequence[str]) -> str:
    """Return the key of the plan for the cases of `globs`; without globs, for all."""
    return digest([key, *globs]) if globs else key


def _key(target: Target, found: Answered, more: Sequence[Any]) -> str | None:
    """Return a hash of everything that a plan depends on, None if it is not to be kept.

    A source that the user names may change at any time, and reading it is most of the work.
    """
    if found.digest is None or target.schema is not None or target.manual is not None:
        return None
    return digest([found.digest, target.sandbox, target.is_bare, manual_stamps(target), *more])


def _known_needs(cache: Cache, known_by: str) -> Sequence[str] | None:
    body = cache.get(_NEEDS, known_by) if cache.kept else None
    if body is None:
        return None
    needs: list[str] = json.loads(body)
    return needs


def lacks(needs: Iterable[str], target: Target) -> dict[str, str]:
    """Return why each need about the host is not met, for those that are not."""
    asked = (need for need in needs if need.partition(":")[0] not in BUILD_NEEDS)
    found = {need: probe(need, target) for need in asked}
    return {need: reason for need, reason in found.items() if reason}


def warned(target: Target, folder: RunFolder) -> tuple[str, ...]:
    """Return what the sandbox does not contain, and say so once."""
    if not target.sandbox:
        return ()
    from conformance.launch.sandbox import caveats

    found = caveats(target, folder.mounts)
    for caveat in found:
        _warn(f"{target.program} {caveat}.")
    return found


@functools.cache
def _warn(text: str) -> None:
    print(f"qmp-conformance: {text}", file=sys.stderr)
