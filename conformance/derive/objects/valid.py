"""Cases of one object type that must succeed, and what cases of objects are made of."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from conformance.derive.objects.shape import ID, OBJECT_ADD, QOM_TYPE, ObjectShape
from conformance.digest.lookup import DocumentedMember
from conformance.judge.expect_answer import Accept, Answer, Reject, Understood
from conformance.judge.expect_qom import Holds
from conformance.judge.expect_value import Returns
from conformance.knowledge.recipes import Given, ObjectRecipe, Reads, Wish
from conformance.model.blocked import Blocked, behind_finding, unmet, untried
from conformance.model.canonical import compact, digest
from conformance.model.case import Case, Isolation, Role, Step, Subject
from conformance.model.expectation import Expectation
from conformance.model.stage import Request, Stage
from conformance.model.terms import ABSENT, Aspect, SubjectKind
from conformance.qapi.model import Builtin, Enum, JsonType, Member
from conformance.space.integers import range_of, rule_of, width_of
from conformance.space.paths import member_paths, member_with_integer
from conformance.space.values import exemplar, variations

OBJECT_ID: Final = "obj"
OBJECTS: Final = "/objects"
SMALLEST: Final = "mandatory-only"
"""The case of the smallest request that succeeds."""
_TIMES: Final = 100
"""How often the usual id is repeated in a very long one."""
_UNSAFE: Final = re.compile(r"[^A-Za-z0-9_.,:=+-]")
_LABEL: Final = 24
"""Characters of a value that its label shows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectContext:
    """All that cases of one object type are derived from.

    `blocked` is why nothing can be created here, None where it can; `lacks` maps each need that
    build or host do not meet to why.  `documented` is what the source says of the members, and
    `documented_by` names the older release whose source that is, "" where it is the build's own.
    """

    shape: ObjectShape
    recipe: ObjectRecipe
    stage: Stage
    lacks: Mapping[str, str]
    blocked: Blocked | None = None
    documented: Mapping[str, DocumentedMember] = field(default_factory=dict)
    documented_by: str = ""

    @property
    def subject(self) -> Subject:
        """The object type as a subject."""
        return Subject(kind=SubjectKind.OBJECT_TYPE, name=self.shape.name)

    def base(self, **changes: Any) -> dict[str, Any]:
        """Return the arguments of the smallest request that succeeds here."""
        own = {m.name: exemplar(self.shape.schema, m.type) for m in self._mandatory()}
        known = self.shape.names()
        own |= {k: v for k, v in self.recipe.arguments.items() if k in known}
        return {QOM_TYPE: self.shape.name, ID: OBJECT_ID, **own, **changes}

    def giving(self, name: str, value: Any) -> dict[str, Any]:
        """Return the smallest request that gives one member a value, with what must go along."""
        recipe = self.recipe.member(name)
        base = {key: item for key, item in self.base().items() if key not in recipe.without}
        special = recipe.special(value)
        return {**base, **recipe.companions, name: value, **special.companions}

    def _mandatory(self) -> Iterator[Member]:
        for member in self.shape.members:
            if not member.optional:
                yield member

    def case(self, aspect: Aspect, name: str, steps: Iterable[Step], **more: Any) -> Case:
        """Return a case of this type; it is blocked where the type is, unless `more` says so.

        Of a type that is known to be broken the smallest request alone is asked for, and of one
        whose every refusal is known to be fatal only the refusals that its recipe names.
        """
        isolation = Isolation.ALONE if self.recipe.alone else Isolation.SHARED
        standing = {"stage": self.stage, "isolation": isolation, "blocked": self.blocked, **more}
        reason = self.recipe.broken if name != SMALLEST else ""
        if aspect is Aspect.INVALID:
            reason = reason or self.recipe.fragile
        standing["blocked"] = standing["blocked"] or behind_finding(reason)
        return Case(
            id=f"{OBJECT_ADD}/{self.shape.name}/{aspect}/{name}",
            subject=self.subject,
            aspect=aspect,
            **standing,
            steps=tuple(steps),
        )


def add(
    arguments: Mapping[str, Any],
    *,
    role: Role = Role.SETUP,
    rule: str = "X14",
    expect: Expectation | None = None,
    why: str = "",
) -> Step:
    """Return the step that asks for an object."""
    return Step(
        request=Request(OBJECT_ADD, arguments),
        expect=expect or Accept(),
        role=role,
        rule=rule,
        why=why,
    )


def delete(
    role: Role = Role.CLEANUP,
    expect: Expectation | None = None,
    *,
    object_id: str = OBJECT_ID,
    rule: str = "X22",
) -> Step:
    """Return the step that deletes the object."""
    return Step(
        request=Request("object-del", {ID: object_id}),
        expect=expect or Accept(),
        role=role,
        rule=rule,
    )


def listed(
    present: Mapping[str, str] | None = None, absent: tuple[str, ...] = (), *, rule: str = "X20"
) -> Step:
    """Return the step that looks into the container of all objects."""
    types = tuple((name, f"child<{kind}>") for name, kind in (present or {}).items())
    return Step(
        request=Request("qom-list", {"path": OBJECTS}),
        expect=Holds(present=types, absent=absent),
        role=Role.CHECK,
        rule=rule,
    )


def read(name: str, expect: Expectation, rule: str = "X21", why: str = "") -> Step:
    """Return the step that reads one property of the object."""
    return Step(
        request=Request("qom-get", {"path": f"{OBJECTS}/{OBJECT_ID}", "property": name}),
        expect=expect,
        role=Role.CHECK,
        rule=rule,
        why=why,
    )


def valid_cases(context: ObjectContext) -> Iterator[Case]:
    """Yield the cases whose request must be accepted and have its effect."""
    base = context.base()
    yield _accepted(context, SMALLEST, base, base, rule="Q30")
    yield _long_id(context, base)
    for member in context.shape.members:
        yield from _member_cases(context, member, base)
    yield from _together(context, base)


def _long_id(context: ObjectContext, base: Mapping[str, Any]) -> Case:
    """Return the case of an id that is very long: the grammar of ids has no limit."""
    long = {**base, ID: OBJECT_ID * _TIMES}
    kind = context.shape.name
    steps = [add(long, role=Role.SUBJECT, rule="X29"), listed({long[ID]: kind}, rule="X29")]
    if not context.recipe.alone:
        steps += [delete(Role.CHECK, object_id=long[ID]), listed(absent=(long[ID],), rule="X22")]
    return context.case(Aspect.VALID, "id=long", steps, about=ID)


def _member_cases(
    context: ObjectContext, member: Member, base: Mapping[str, Any]
) -> Iterator[Case]:
    recipe = context.recipe.member(member.name)
    for label, value, rule in member_values(context, member):
        special = recipe.special(value)
        arguments = context.giving(member.name, value)
        name = f"{member.name}={label}"
        if recipe.omit:
            yield _omitted(context, name, recipe.omit, member.name)
        elif special.expect is not Wish.REJECT:
            yield _wished(context, name, arguments, special, member.name, rule)
    if member.name not in context.shape.ranges and not recipe.omit:
        yield from _inner_ends(context, member)


def _inner_ends(context: ObjectContext, member: Member) -> Iterator[Case]:
    """Yield the ends of the integers within a member that is no integer itself.

    What an integer may name there, a node or a processor, is for the host to say.
    """
    schema = context.shape.schema
    valid = context.giving(member.name, first_value(context, member))
    for path in member_paths(schema, member).paths:
        width = width_of(path.type)
        if not width:
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
            yield context.case(Aspect.VALID, f"{path.label}={label}", steps, about=member.name)


def member_values(context: ObjectContext, member: Member) -> Iterator[tuple[str, Any, str]]:
    """Yield (label, value, rule) of the valid values of one member.

    The recipe's values come in place of what the type yields, except where the type is a closed
    set: there each is asked for.
    """
    shape = context.shape
    recipe = context.recipe.member(member.name)
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


def first_value(context: ObjectContext, member: Member) -> Any:
    """Return the usual valid value of a member: the first that this host lets be accepted."""
    recipe = context.recipe.member(member.name)
    values = [value for _, value, _ in member_values(context, member)]
    for value in (*(v for v in recipe.values if v in values), *values):
        special = recipe.special(value)
        unmet = any(need in context.lacks for need in special.needs)
        if special.expect is Wish.ACCEPT and not unmet:
            return value
    return values[0]


def value_label(value: Any) -> str:
    """Return a short text for `value` that may stand in a case's id."""
    text = value if isinstance(value, str) else compact(value)
    kept = _UNSAFE.sub("~", text)[:_LABEL]
    # What is cut or replaced must not make two values one.
    return kept if kept == text and text else f"{kept or 'empty'}~{digest(value)[:6]}"


def _rule_of(shape: ObjectShape, member: Member) -> str:
    found = shape.schema.type(member.type)
    if isinstance(found, Builtin):
        return {JsonType.BOOLEAN: "Q09", JsonType.STRING: "Q01"}.get(found.json_type, "Q30")
    return {"Enum": "Q13", "Array": "Q14"}.get(type(found).__name__, "Q30")


def _accepted(
    context: ObjectContext,
    name: str,
    arguments: Mapping[str, Any],
    given: Mapping[str, Any],
    **more: Any,
) -> Case:
    rule = more.pop("rule")
    why = more.pop("why", "")
    kind = context.shape.name
    steps = [
        add(arguments, role=Role.SUBJECT, rule=rule, why=why),
        listed({OBJECT_ID: kind}),
        *readings(context, given),
    ]
    if not context.recipe.alone:
        steps += [
            delete(Role.CHECK),
            listed(absent=(OBJECT_ID,), rule="X22"),
            add(arguments, role=Role.CHECK, rule="X22", why="The id is free again."),
            delete(),
        ]
    return context.case(Aspect.VALID, name, steps, **more)


def _wished(
    context: ObjectContext,
    name: str,
    arguments: Mapping[str, Any],
    special: Given,
    about: str,
    rule: str,
) -> Case:
    blocked = context.blocked or unmet(special.needs, context.lacks)
    more: dict[str, Any] = {"about": about, "blocked": blocked}
    if special.expect is Wish.OPEN:
        steps = [
            add(arguments, role=Role.SUBJECT, rule=rule, expect=Answer(), why=special.reason),
            delete(expect=Answer()),
        ]
        return context.case(Aspect.VALID, name, steps, **more)
    return _accepted(context, name, arguments, arguments, rule=rule, why=special.reason, **more)


def _omitted(context: ObjectContext, name: str, why: str, about: str) -> Case:
    blocked = context.blocked or untried(why)
    return context.case(Aspect.VALID, name, (), blocked=blocked, about=about)


def _together(context: ObjectContext, base: Mapping[str, Any]) -> Iterator[Case]:
    arguments = dict(base)
    for member in context.shape.members:
        recipe = context.recipe.member(member.name)
        if member.name in arguments or recipe.alone or recipe.omit or recipe.without:
            continue
        value = first_value(context, member)
        special = recipe.special(value)
        unmet = any(need in context.lacks for need in special.needs)
        if special.expect is Wish.ACCEPT and not unmet:
            arguments |= {**recipe.companions, member.name: value, **special.companions}
    if len(arguments) > len(base) + 1:
        yield _accepted(context, "all-together", arguments, arguments, rule="Q30")


def readings(context: ObjectContext, given: Mapping[str, Any], rule: str = "X21") -> Iterator[Step]:
    """Yield the steps that read the given members back."""
    for name, value in given.items():
        if name in (QOM_TYPE, ID):
            continue
        recipe = context.recipe.member(name)
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
