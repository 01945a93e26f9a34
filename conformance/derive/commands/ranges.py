"""Cases of the integers among a command's arguments: both ends of the range, and one beyond each.

A recipe's request is used if there is one, else a request made from the schema, which may show
nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from conformance.derive.commands.base_requests import SHALLOW
from conformance.derive.commands.integers import LIMITED, EditedInteger
from conformance.derive.commands.unchanged import unchanged_cases
from conformance.derive.inputs import Introspected
from conformance.derive.unique import named_apart
from conformance.judge.expect_answer import Reject
from conformance.knowledge.everything import Knowledge
from conformance.knowledge.valid_request import Status, ValidRequest
from conformance.model.case import Case, Step
from conformance.model.stage import Request
from conformance.qapi.model import Command
from conformance.space.objects import types_through
from conformance.space.paths import IntegerPath, integer_paths


def range_cases(build: Introspected, knowledge: Knowledge, name: str) -> Iterator[Case]:
    """Yield the cases of every integer among the arguments of a command, outermost first.

    If the width of an integer is unknown, only values that fit no integer type are tried.
    """
    if name in SHALLOW:
        return
    command = build.ranged.commands[name]
    made = []
    at = types_through(build.ranged, [(command.arg_type, ())], knowledge.command(name).through)
    for path in integer_paths(build.ranged, command.arg_type, at).paths:
        tried = _first_valid(build, knowledge, command, path)
        yield from map(named_apart, tried.valid_cases())
        known = _first_of(build, knowledge, command, path, apart=True)
        if known is not None and not known.omit:
            yield from map(named_apart, known.valid_cases(known=True))
        for case in tried.invalid_cases():
            made.append(case)
            yield named_apart(case)
    checked = [case for case in made if any(map(_is_checked, case.steps))]
    unchanged = unchanged_cases(build, knowledge, checked, rule="W65", of="integers-")
    yield from map(named_apart, unchanged)


def _first_valid(
    build: Introspected, knowledge: Knowledge, command: Command, path: IntegerPath
) -> EditedInteger:
    """Return the integer in the first known request that is valid by the schema."""
    known = _first_of(build, knowledge, command, path, apart=False)
    if known is not None:
        return known
    nobody = ValidRequest(request=Request(command.name, {}), status=Status.GUESSED)
    own = nobody
    if command.name in knowledge.commands:
        own = knowledge.commands[command.name].first(build.version)
        if own.destructive or build.lacks.keys() & {*own.needs}:
            own = nobody
    changed = replace(own, status=Status.CHANGED)
    tried = EditedInteger(
        build=build, knowledge=knowledge, command=command, path=path, valid=changed
    )
    return tried if not tried.schema_error(tried.usual) else replace(tried, valid=nobody)


def _first_of(
    build: Introspected, knowledge: Knowledge, command: Command, path: IntegerPath, *, apart: bool
) -> EditedInteger | None:
    """Return the integer in the first request of a recipe, of one that is `apart` or of another."""
    for recipe in knowledge.ranges.get(command.name, ()):
        if recipe.apart is not apart:
            continue
        if build.version in recipe.versions and recipe.fits(path.label):
            tried = EditedInteger(
                build=build,
                knowledge=knowledge,
                command=command,
                path=path,
                valid=recipe.valid_request(),
                limits=recipe.limit(path.label),
                omit=recipe.omit,
                behind_finding=recipe.behind_finding,
                refused=bool(recipe.refused),
            )
            if recipe.omitted or not tried.schema_error(tried.usual):
                return tried
    return None


def _is_checked(step: Step) -> bool:
    """Return whether the type of an argument rules out the request, and not its command."""
    return isinstance(step.expect, Reject) and step.rule != LIMITED
