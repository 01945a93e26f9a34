"""Cases of the defaults of object types: what is left out reads as declared, and as documented.

Knows what a digest says and how a value is read back; where both come from is not its business.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Final

from conformance.derive.inputs import Introspected
from conformance.derive.objects.under_test import (
    TypeUnderTest,
    add,
    delete,
    read,
    type_under_test,
)
from conformance.derive.objects.valid import member_values, readings
from conformance.digest.digest import DefaultKind
from conformance.digest.lookup import DocumentedMember
from conformance.judge.expect_value import Returns
from conformance.knowledge.everything import Knowledge
from conformance.knowledge.recipes import Wish
from conformance.model.blocked import not_applicable
from conformance.model.canonical import same
from conformance.model.case import Case, DefaultOf, Role, Step
from conformance.model.terms import ABSENT, Absent, Aspect, JsonValue
from conformance.qapi.model import Member

WORDS: Final[Mapping[DefaultKind, str]] = {
    DefaultKind.NONE: "",
    DefaultKind.VALUE: "",
    DefaultKind.DEPENDS: "depends on something else",
    DefaultKind.PROSE: "in prose",
}
"""The text in the table of defaults for a documented default that is no value."""


def default_of(
    member: str,
    fact: DocumentedMember | None,
    *,
    step: int,
    declared: JsonValue | Absent = ABSENT,
    path: tuple[str, ...] = (),
) -> DefaultOf:
    """Return the row of the report's table for a member whose default a step reads."""
    return DefaultOf(
        member=member,
        documented=fact.default if fact else ABSENT,
        says=WORDS[fact.default_kind] if fact else "",
        where=fact.where if fact else None,
        declared=declared,
        step=step,
        path=path,
    )


def default_cases(build: Introspected, knowledge: Knowledge, name: str) -> Iterator[Case]:
    """Yield a case per optional member: omitted, it reads back as the build declares."""
    tested = type_under_test(build, knowledge, name)
    base = tested.base()
    for member in tested.shape.members:
        if not member.optional or member.name in base:
            continue
        recipe = tested.recipe.member(member.name)
        declared = tested.shape.properties.get(member.name)
        # Where a recipe differs from the build, it follows the documentation.
        default, rule = recipe.default, "X17"
        if default is ABSENT and declared is not None:
            default, rule = declared.default, "X25"
        blocked = tested.blocked
        if default is ABSENT and not blocked:
            why = f"qom-list-properties declares no default of {member.name}"
            blocked = not_applicable(why)
        elif recipe.default_of and not blocked:
            blocked = not_applicable(recipe.default_of)
        steps = []
        if default is not ABSENT:
            steps = [add(base), read(member.name, Returns((default,)), rule)]
            if not tested.recipe.alone:
                steps.append(delete())
        row = default_of(
            member.name,
            tested.documented.get(member.name),
            step=1,
            declared=declared.default if declared else ABSENT,
        )
        tabled = declared is not None and declared.default is not ABSENT and not blocked
        yield tested.case(
            Aspect.DEFAULTS,
            member.name,
            steps,
            blocked=blocked,
            about=member.name,
            defaults=(row,) if tabled else (),
        )
        if not blocked and not tested.recipe.alone:
            yield from _default_again(tested, member, default, steps)


def _default_again(
    tested: TypeUnderTest, member: Member, default: JsonValue | Absent, steps: list[Step]
) -> Iterator[Case]:
    """Yield the case of a default that must not depend on an earlier object's value."""
    recipe = tested.recipe.member(member.name)
    if recipe.omit:
        return
    for label, value, _ in member_values(tested, member):
        special = recipe.special(value)
        unmet = any(need in tested.lacks for need in special.needs)
        if special.expect is Wish.ACCEPT and not unmet and not same(value, default):
            before = [add(tested.giving(member.name, value)), delete(Role.SETUP)]
            name = f"{member.name}/after={label}"
            yield tested.case(Aspect.DEFAULTS, name, [*before, *steps], about=member.name)
            return


def documented_cases(build: Introspected, knowledge: Knowledge, name: str) -> Iterator[Case]:
    """Yield a case per optional member of an object type whose default is documented as a value."""
    tested = type_under_test(build, knowledge, name)
    base = tested.base()
    for member in tested.shape.members:
        fact = tested.documented.get(member.name)
        if fact is None or fact.default is ABSENT or member.name in base:
            continue
        if member.optional:
            yield _object_default(tested, member, fact, fact.default)


def _object_default(
    tested: TypeUnderTest, member: Member, fact: DocumentedMember, value: JsonValue
) -> Case:
    recipe = tested.recipe.member(member.name)
    reads = [
        replace(step, why=". ".join(filter(None, (f"{fact.where} documents it", step.why))))
        for step in readings(tested, {member.name: value}, "X17")
    ]
    steps = [add(tested.base()), *reads]
    why = recipe.default_of
    if tested.documented_by is not None:
        why = f"documented by the source of {tested.documented_by}, and not known of this release"
    if recipe.default is not ABSENT and not same(recipe.default, value):
        # The recipe is right where it differs from the text: it says why.
        why = why or recipe.reason
    if not isinstance(steps[1].expect, Returns):
        why = why or recipe.reason or "what the member was given cannot be read back"
    if not tested.recipe.alone:
        steps.append(delete())
    blocked = tested.blocked
    if why and not blocked:
        blocked = not_applicable(why)
    declared = tested.shape.properties.get(member.name)
    tabled = declared is None or declared.default is ABSENT
    return tested.case(
        Aspect.DOCUMENTATION,
        f"default/{member.name}",
        steps,
        about=member.name,
        blocked=blocked,
        # If QOM declares a default, too, the case that reads it already has the row.
        defaults=(default_of(member.name, fact, step=1),) if tabled and not blocked else (),
    )
