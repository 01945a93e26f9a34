"""The plan of a build: its cases in order, and the rows of its report."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import replace
from fnmatch import fnmatchcase
from functools import cache, lru_cache
from itertools import pairwise

from conformance.derive.applicability import CONTRADICTION, OFFERS, offered, substituted
from conformance.derive.generators import GENERATORS
from conformance.derive.globs import reaches
from conformance.derive.host_access import unconfined
from conformance.derive.inputs import Introspected
from conformance.derive.objects.shape import OBJECT_ADD, object_types
from conformance.derive.steps import command_subject
from conformance.digest.objectmodel import DeclaredObjects as SeedModel
from conformance.knowledge.absences import refusals_of
from conformance.knowledge.everything import Knowledge
from conformance.knowledge.exceptions import reasons_for
from conformance.knowledge.machines import StandIns
from conformance.model.case import Case, Subject
from conformance.model.errors import HarnessError
from conformance.model.row import Row
from conformance.model.terms import SubjectKind
from conformance.qapi.introspection import listed
from conformance.qapi.names import schema_problem
from conformance.space.answers import answer_members
from conformance.space.members import ArgumentMembers, argument_members


def cases_of(
    build: Introspected, knowledge: Knowledge, globs: Sequence[str] = ()
) -> Iterator[Case]:
    """Yield the cases of a build one by one, in run order.

    With `globs`, only those whose ids match one. Raises HarnessError at the end if two cases have
    one id.
    """
    knowledge = knowledge.of_build(build.version, build.arch)
    offer = OFFERS[build.program]
    stand_ins = knowledge.stand_ins.get(build.arch or "", StandIns())
    often = reasons_for(knowledge.intermittent, build.version)
    refusing = frozenset(name for each in knowledge.absences for name in each.commands)
    # Not the ids: those of a thorough plan take fifty megabytes.
    hashes = array("q")
    for case in _generated(build, knowledge, globs):
        hashes.append(hash(case.id))
        possible = offered(substituted(case, stand_ins), offer, build)
        known = _known(possible, knowledge, often, refusing)
        yield known if build.sandboxed else unconfined(known, knowledge.dangers)
    if any(one == other for one, other in pairwise(sorted(hashes))):
        _check_names(case.id for case in _generated(build, knowledge, globs))


def _check_names(ids: Iterable[str]) -> None:
    """Raise HarnessError if two ids are equal; two that are not may have one hash."""
    seen: set[str] = set()
    for each in ids:
        if each in seen:
            raise HarnessError(f"two cases are named {each}", "Please report this defect.")
        seen.add(each)


def members_of(build: Introspected, knowledge: Knowledge) -> Mapping[str, ArgumentMembers]:
    """Return the members of each command's arguments, by name."""
    knowledge = knowledge.of_build(build.version, build.arch)
    return {
        name: argument_members(
            build.schema,
            command,
            shallow=name == OBJECT_ADD,
            through=knowledge.command(name).through,
        )
        for name, command in build.schema.commands.items()
    }


def rows_of(
    build: Introspected, knowledge: Knowledge, members: Mapping[str, ArgumentMembers]
) -> tuple[Row, ...]:
    """Return the rows of a build with those members of commands."""
    knowledge = knowledge.of_build(build.version, build.arch)
    return tuple(_counted(row, members, knowledge, build) for row in _rows(build, knowledge.seed))


def _generated(build: Introspected, knowledge: Knowledge, globs: Sequence[str]) -> Iterator[Case]:
    for each in GENERATORS:
        for name in each.names(build, knowledge):
            for generator in each.generators:
                if not globs:
                    yield from generator.cases(build, knowledge, name)
                elif any(reaches(glob, start) for glob in globs for start in generator.of(name)):
                    for case in generator.cases(build, knowledge, name):
                        if any(fnmatchcase(case.id, glob) for glob in globs):
                            yield case


_Refusals = tuple[tuple[str, ...], tuple[str, ...]]


@lru_cache(maxsize=1)
def _refusals(knowledge: Knowledge) -> Callable[[frozenset[str]], _Refusals]:
    """Return what finds the refusals of commands, and those of what is not listed.

    Those of equal commands are found once.
    """
    unlisted = tuple(entry for entry in knowledge.absences if not entry.listed)
    return cache(
        lambda names: (refusals_of(knowledge.absences, names), refusals_of(unlisted, names))
    )


def _known(
    case: Case, knowledge: Knowledge, often: Mapping[str, str], refusing: AbstractSet[str]
) -> Case:
    """Return the case with what is known of its outcome.

    `refusing` are the commands that may refuse what a build lacks.
    """
    if case.id in often:
        case = replace(case, intermittent=often[case.id])
    named = {step.request.execute for step in case.steps} & refusing
    if not named:
        return case
    absences, unlisted = _refusals(knowledge)(frozenset(named))
    return replace(case, absences=absences, unlisted=unlisted)


def _rows(build: Introspected, seed: SeedModel) -> Iterator[Row]:
    if not build.flavour.introspects:
        for name in sorted({*build.schema.commands, *build.without}):
            yield Row(subject=command_subject(name), note=build.without.get(name))
        return
    # An unusable name has a finding, and no row.
    usable = (name for name in listed(build.entries, "command") if not schema_problem(name))
    shown = {*build.schema.commands, *usable}
    others = shown - set(seed.commands)
    for name in (*seed.commands, *sorted(others)):
        note = None if name in shown else "this build's schema has no such command"
        if name in build.schema.left_out:
            note = f"this build's schema contradicts itself about it: {CONTRADICTION}"
        yield Row(subject=command_subject(name), note=note)
    own = object_types(build.schema, build.model)
    for name in sorted({kind.name for kind in seed.types} | set(own)):
        note = None if name in own else "this build's object-add knows no such type"
        subject = Subject(kind=SubjectKind.OBJECT_TYPE, name=name)
        yield Row(subject=subject, note=note)
    for device in build.model.devices:
        yield Row(subject=Subject(kind=SubjectKind.DEVICE_TYPE, name=device.name))
    for name in build.schema.events:
        yield Row(subject=Subject(kind=SubjectKind.EVENT, name=name))


def _counted(
    row: Row, members: Mapping[str, ArgumentMembers], knowledge: Knowledge, build: Introspected
) -> Row:
    """Return the row of a command with counts from its schema, and why it cannot succeed here."""
    name = row.subject.name
    if row.subject.kind is not SubjectKind.COMMAND or name not in members:
        return row
    recipe = knowledge.command(name)
    lacking = "; ".join(build.lacks[need] for need in recipe.needs if need in build.lacks)
    return replace(
        row,
        members=len(members[name].labels),
        left_out=members[name].left_out,
        answers=len(answer_members(build.schema, build.schema.commands[name].ret_type).labels),
        blocked=recipe.always_fails or recipe.lacking or lacking or None,
    )
