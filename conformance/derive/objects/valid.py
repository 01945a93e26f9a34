"""Cases of one object type that must succeed."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Final, Unpack

from conformance.derive.inputs import Introspected
from conformance.derive.objects.shape import ID, QOM_TYPE, ObjectShape
from conformance.derive.objects.under_test import (
    OBJECT_ID,
    OBJECTS,
    SMALLEST,
    CaseParts,
    TypeUnderTest,
    add,
    delete,
    listed,
    read,
    type_under_test,
)
from conformance.judge.expect_answer import Accept, Answer, Reject, Understood
from conformance.judge.expect_qom import Instance
from conformance.judge.expect_value import Returns
from conformance.knowledge.everything import Knowledge
from conformance.knowledge.recipes import Given, Reads, Wish
from conformance.model.blocked import unmet, untried
from conformance.model.canonical import compact, digest
from conformance.model.case import Case, Role, Step
from conformance.model.stage import Request
from conformance.model.terms import ABSENT, Aspect, JsonValue
from conformance.qapi.model import Builtin, Enum, JsonType, Member
from conformance.space.integers import range_of, rule_of, width_of
from conformance.space.paths import member_paths, member_with_integer
from conformance.space.values import variations

_TIMES: Final = 100
"""How often the usual id is repeated in a very long one."""
_UNSAFE: Final = re.compile(r"[^A-Za-z0-9_.,:=+-]")
_LABEL: Final = 24
"""How many characters of a value its label shows."""


def valid_cases(build: Introspected, knowledge: Knowledge, name: str) -> Iterator[Case]:
    """Yield the cases whose request must succeed and take effect."""
    tested = type_under_test(build, knowledge, name)
    base = tested.base()
    yield _accepted(tested, SMALLEST, base, base, rule="Q30")
    yield _long_id(tested, base)
    for member in tested.shape.members:
        yield from _member_cases(tested, member, base)
    yield from _together(tested, base)


def _long_id(tested: TypeUnderTest, base: Mapping[str, JsonValue]) -> Case:
    """Return the case of an id that is very long: the grammar of ids has no limit."""
    name = OBJECT_ID * _TIMES
    long = {**base, ID: name}
    kind = tested.shape.name
    steps = [add(long, role=Role.SUBJECT, rule="X29"), listed({name: kind}, rule="X29")]
    if not tested.recipe.alone:
        steps += [delete(Role.CHECK, object_id=name), listed(absent=(name,), rule="X22")]
    return tested.case(Aspect.VALID, "id=long", steps, about=ID)


def _member_cases(
    tested: TypeUnderTest, member: Member, base: Mapping[str, JsonValue]
) -> Iterator[Case]:
    recipe = tested.recipe.member(member.name)
    for label, value, rule in member_values(tested, member):
        special = recipe.special(value)
        arguments = tested.giving(member.name, value)
        name = f"{member.name}={label}"
        if recipe.omit:
            yield _omitted(tested, name, recipe.omit, member.name)
        elif special.expect is not Wish.REJECT:
            yield _wished(tested, name, arguments, special, member.name, rule)
    if member.name not in tested.shape.ranges and not recipe.omit:
        yield from _inner_ends(tested, member)


def _inner_ends(tested: TypeUnderTest, member: Member) -> Iterator[Case]:
    """Yield the ends of the integers within a member that is not itself an integer.

    The host decides which of them exist, as nodes or processors.
    """
    schema = tested.shape.schema
    valid = tested.giving(member.name, first_value(tested, member))
    for path in member_paths(schema, member).paths:
        width = width_of(path.type)
        if width is None:
            continue
        ends = range_of(width)
        for label, end in (("least", ends.low), ("greatest", ends.high)):
            value = member_with_integer(schema, member, path, end, valid[member.name])
            arguments = {**valid, member.name: value}
            rule = rule_of(width)
            steps = [
                add(arguments, role=Role.SUBJECT, rule=rule, expect=Understood()),
                delete(expect=Answer()),
            ]
            yield tested.case(Aspect.VALID, f"{path.label}={label}", steps, about=member.name)


def member_values(tested: TypeUnderTest, member: Member) -> Iterator[tuple[str, JsonValue, str]]:
    """Yield (label, value, rule) of the valid values of one member.

    The recipe's values replace those of the type, unless the type is a closed set: then each value
    is tried.
    """
    shape = tested.shape
    recipe = tested.recipe.member(member.name)
    if member.name in shape.ranges and not recipe.values:
        limits = shape.ranges[member.name]
        yield "least", limits.least, limits.rule
        if limits.greatest != limits.least:
            yield "greatest", limits.greatest, limits.rule
        return
    found = shape.schema.type(member.type)
    if recipe.values and not isinstance(found, Enum):
        for value in recipe.values:
            yield value_label(value), value, "X27"
        return
    for label, value in variations(shape.schema, member.type):
        yield label, value, _rule_of(shape, member)


def first_value(tested: TypeUnderTest, member: Member) -> JsonValue:
    """Return the usual valid value of a member: the first that this host allows."""
    recipe = tested.recipe.member(member.name)
    values = [value for _, value, _ in member_values(tested, member)]
    for value in (*(v for v in recipe.values if v in values), *values):
        special = recipe.special(value)
        unmet = any(need in tested.lacks for need in special.needs)
        if special.expect is Wish.ACCEPT and not unmet:
            return value
    return values[0]


def value_label(value: JsonValue) -> str:
    """Return a short text for `value` that can be part of a case's id."""
    text = value if isinstance(value, str) else compact(value)
    kept = _UNSAFE.sub("~", text)[:_LABEL]
    # Truncated or replaced characters must not make two labels equal.
    return kept if kept == text and text else f"{kept or 'empty'}~{digest(value)[:6]}"


def _rule_of(shape: ObjectShape, member: Member) -> str:
    found = shape.schema.type(member.type)
    if isinstance(found, Builtin):
        return {JsonType.BOOLEAN: "Q09", JsonType.STRING: "Q01"}.get(found.json_type, "Q30")
    return {"Enum": "Q13", "Array": "Q14"}.get(type(found).__name__, "Q30")


def _accepted(
    tested: TypeUnderTest,
    name: str,
    arguments: Mapping[str, JsonValue],
    given: Mapping[str, JsonValue],
    *,
    rule: str,
    why: str = "",
    **more: Unpack[CaseParts],
) -> Case:
    kind = tested.shape.name
    steps = [
        add(arguments, role=Role.SUBJECT, rule=rule, why=why),
        listed({OBJECT_ID: kind}),
        *(_described(tested) if name == SMALLEST else ()),
        *readings(tested, given),
    ]
    if not tested.recipe.alone:
        steps += [
            delete(Role.CHECK),
            listed(absent=(OBJECT_ID,), rule="X22"),
            add(arguments, role=Role.CHECK, rule="X22", why="The id is free again."),
            delete(),
        ]
    return tested.case(Aspect.VALID, name, steps, **more)


def _described(tested: TypeUnderTest) -> Iterator[Step]:
    """Yield the step that holds the object against what the build lists of its type."""
    declared = tuple((item.name, item.type) for item in tested.shape.listed)
    if declared:
        yield Step(
            request=Request("qom-list", {"path": f"{OBJECTS}/{OBJECT_ID}"}),
            expect=Instance(declared),
            role=Role.CHECK,
            rule="X12",
        )


def _wished(
    tested: TypeUnderTest,
    name: str,
    arguments: Mapping[str, JsonValue],
    special: Given,
    about: str,
    rule: str,
) -> Case:
    blocked = tested.blocked or unmet(special.needs, tested.lacks)
    more: CaseParts = {"about": about, "blocked": blocked}
    if special.expect is Wish.OPEN:
        steps = [
            add(arguments, role=Role.SUBJECT, rule=rule, expect=Answer(), why=special.reason),
            delete(expect=Answer()),
        ]
        return tested.case(Aspect.VALID, name, steps, **more)
    return _accepted(tested, name, arguments, arguments, rule=rule, why=special.reason, **more)


def _omitted(tested: TypeUnderTest, name: str, why: str, about: str) -> Case:
    blocked = tested.blocked or untried(why)
    return tested.case(Aspect.VALID, name, (), blocked=blocked, about=about)


def _together(tested: TypeUnderTest, base: Mapping[str, JsonValue]) -> Iterator[Case]:
    arguments = dict(base)
    for member in tested.shape.members:
        recipe = tested.recipe.member(member.name)
        if member.name in arguments or recipe.alone or recipe.omit or recipe.without:
            continue
        value = first_value(tested, member)
        special = recipe.special(value)
        unmet = any(need in tested.lacks for need in special.needs)
        if special.expect is Wish.ACCEPT and not unmet:
            arguments |= {**recipe.companions, member.name: value, **special.companions}
    if len(arguments) > len(base) + 1:
        yield _accepted(tested, "all-together", arguments, arguments, rule="Q30")


def readings(
    tested: TypeUnderTest, given: Mapping[str, JsonValue], rule: str = "X21"
) -> Iterator[Step]:
    """Yield the steps that read the given members back."""
    for name, value in given.items():
        if name in (QOM_TYPE, ID):
            continue
        recipe = tested.recipe.member(name)
        special = recipe.special(value)
        if special.reads_as is not ABSENT:
            yield read(name, Returns((special.reads_as,)), rule, special.reason)
        elif recipe.reads is Reads.NEVER:
            yield read(name, Reject(), rule, recipe.reason)
        elif recipe.reads is Reads.ANY:
            yield read(name, Accept(), rule, recipe.reason)
        elif recipe.reads_as is not ABSENT:
            yield read(name, Returns((recipe.reads_as,)), rule, recipe.reason)
        else:
            yield read(name, Returns((value,)), rule)
