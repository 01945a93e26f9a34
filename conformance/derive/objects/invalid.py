"""Cases of one object type that must be refused: one labelled fault each."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final, Unpack

from conformance.derive.inputs import Introspected
from conformance.derive.objects.shape import ID, QOM_TYPE
from conformance.derive.objects.under_test import (
    OBJECT_ID,
    CaseParts,
    TypeUnderTest,
    add,
    delete,
    listed,
    types_under_test,
)
from conformance.derive.objects.valid import first_value
from conformance.judge.expect_answer import Answer, Reject
from conformance.knowledge.everything import Knowledge
from conformance.knowledge.recipes import Wish
from conformance.model.blocked import Blocked, not_applicable, untried
from conformance.model.case import Case, Role, Step
from conformance.model.errors import HarnessError
from conformance.model.expectation import Expectation
from conformance.model.stage import Request, Stage
from conformance.model.terms import Aspect, ErrorClass, JsonValue, Outcome, as_object
from conformance.qapi.model import Member
from conformance.space.faults import Fault, member_faults, object_faults, together_by_string
from conformance.space.integers import is_let_through, range_of, rule_of, width_of
from conformance.space.paths import member_paths, member_with_integer
from conformance.space.values import exemplar

MALFORMED_IDS: Final[Mapping[str, str]] = {
    "empty": "",
    "digit-first": "1a",
    "dash-first": "-a",
    "dot-first": ".a",
    "underscore-first": "_a",
    "space": "a b",
    "slash": "a/b",
    "colon": "a:b",
    "comma": "a,b",
    "hash": "#a",
    "umlaut": "aä",
    "nul": "a\x00b",
}
"""One id for each way to leave the grammar: a letter, then letters, digits and - . _ (X29)."""


def invalid_cases(build: Introspected, knowledge: Knowledge, name: str) -> Iterator[Case]:
    """Yield the invalid cases."""
    types = types_under_test(build, knowledge)
    tested = types[name]
    others = {
        member.name: member
        for other in types.values()
        if other is not tested
        for member in other.shape.members
    }
    base = tested.base()
    schema, type_name = tested.shape.schema, tested.shape.arguments_type
    for fault, *spelt in together_by_string(object_faults(schema, type_name, base)):
        yield _case(tested, fault, base, spelt=spelt)
    foreign = _foreign(tested, others, base)
    if foreign:
        yield _case(tested, foreign, base)
    for member in tested.shape.members:
        if member.name not in base:
            yield from _optional_member(tested, member)
        yield from _excluded(tested, member)
        yield from _ranges(tested, member, base)
        yield from _inner_ranges(tested, member)
    yield from _ids(tested, base)


def _optional_member(tested: TypeUnderTest, member: Member) -> Iterator[Case]:
    recipe = tested.recipe.member(member.name)
    valid = tested.giving(member.name, first_value(tested, member))
    blocked = _unanswerable(tested)
    if recipe.omit and not blocked:
        blocked = untried(recipe.omit)
    found = member_faults(tested.shape.schema, member, valid)
    for fault, *spelt in together_by_string(found):
        yield _case(tested, fault, valid, spelt=spelt, about=member.name, blocked=blocked)


def _excluded(tested: TypeUnderTest, member: Member) -> Iterator[Case]:
    """Yield the values of a member that its type allows and its documentation forbids."""
    valid = tested.giving(member.name, first_value(tested, member))
    for special in tested.recipe.member(member.name).given:
        if special.expect is Wish.REJECT:
            yield _case(
                tested,
                Fault(
                    label=f"{member.name}/value={special.value}",
                    value={**valid, **special.companions, member.name: special.value},
                    rule="X27",
                    text=f"{member.name}: {special.reason}",
                ),
                valid,
                about=member.name,
                by_schema=False,
            )


def _ranges(tested: TypeUnderTest, member: Member, base: Mapping[str, JsonValue]) -> Iterator[Case]:
    limits = tested.shape.ranges.get(member.name)
    if limits is None:
        return
    value = base.get(member.name, first_value(tested, member))
    valid = tested.giving(member.name, value)
    for label, beyond in (("below", limits.least - 1), ("above", limits.greatest + 1)):
        # Servers deliberately accept negative numbers for an unsigned 64-bit integer (see the
        # rule): nothing is promised.
        open_ended = is_let_through(limits.rule, beyond)
        yield _case(
            tested,
            Fault(
                label=f"{member.name}/{label}",
                value={**valid, member.name: beyond},
                rule=limits.rule,
                text=f"{member.name}: {beyond} lies outside {limits.least}..{limits.greatest}",
            ),
            valid,
            about=member.name,
            by_schema=False,
            expect=Answer() if open_ended else None,
        )


def _inner_ranges(tested: TypeUnderTest, member: Member) -> Iterator[Case]:
    """Yield integers beyond their types within a member that is not itself an integer."""
    schema = tested.shape.schema
    if member.name in tested.shape.ranges:
        return
    valid = tested.giving(member.name, first_value(tested, member))
    for path in member_paths(schema, member).paths:
        width = width_of(path.type)
        ends, rule = range_of(width), rule_of(width)
        for label, beyond in (("below", ends.low - 1), ("above", ends.high + 1)):
            value = member_with_integer(schema, member, path, beyond, valid[member.name])
            yield _case(
                tested,
                Fault(
                    label=f"{path.label}/{label}",
                    value={**valid, member.name: value},
                    rule=rule,
                    text=f"{path.label}: {beyond} lies outside {ends.low}..{ends.high}",
                ),
                valid,
                about=member.name,
                expect=Answer() if is_let_through(rule, beyond) else None,
            )


def _foreign(
    tested: TypeUnderTest, others: Mapping[str, Member], base: Mapping[str, JsonValue]
) -> Fault | None:
    """Return the fault of a member that belongs to another type."""
    for name, member in others.items():
        # Before 6.0 a shape's schema has only the types of its own members.
        known = member.type in tested.shape.schema.types
        if known and name not in tested.shape.names():
            value = {**base, name: exemplar(tested.shape.schema, member.type)}
            text = f"member {name} belongs to another type"
            return Fault(label="foreign-member", value=value, rule="Q20", text=text)
    return None


def _ids(tested: TypeUnderTest, base: Mapping[str, JsonValue]) -> Iterator[Case]:
    for label, text in MALFORMED_IDS.items():
        fault = Fault(
            label=f"id/{label}",
            value={**base, ID: text},
            rule="X29",
            text=f"id {text!r} leaves the grammar of ids",
        )
        blocked = _unanswerable(tested)
        if not tested.shape.typed:
            blocked = not_applicable("the grammar of ids holds from QEMU 6.0 on")
        yield _case(tested, fault, base, about=ID, by_schema=False, blocked=blocked)
    if tested.recipe.alone:
        return
    taken = Step(
        request=Request("object-add", base), expect=Reject(), role=Role.SUBJECT, rule="X14"
    )
    yield tested.case(
        Aspect.INVALID,
        f"{ID}/taken",
        (
            add(base, role=Role.WITNESS),
            taken,
            listed({OBJECT_ID: tested.shape.name}, rule="W65"),
            delete(),
        ),
        about=ID,
        fault="an id that another object has",
        blocked=_unanswerable(tested),
        stage=_stage(tested),
    )


def _case(
    tested: TypeUnderTest,
    wrong: Fault,
    witness: Mapping[str, JsonValue],
    *,
    spelt: Sequence[Fault] = (),
    by_schema: bool = True,
    expect: Expectation | None = None,
    **more: Unpack[CaseParts],
) -> Case:
    """Return the case of one fault: refused, nothing left behind, and the id works right after.

    The witness, which lacks only the fault, follows with the same id.  `spelt` are more faults.
    """
    if by_schema and tested.shape.typed and not tested.shape.schema_error(as_object(wrong.value)):
        raise HarnessError(
            f"{tested.shape.name}: {wrong.label} is valid by the schema: {wrong.value}",
            "This is a defect of the suite: please report it.",
        )
    expect = expect or Reject(_classes(tested, wrong))
    steps = [
        *(
            add(as_object(each.value), role=Role.SUBJECT, rule=_rule(tested, each), expect=expect)
            for each in (wrong, *spelt)
        ),
        *([delete(expect=Answer())] if isinstance(expect, Answer) else []),
        listed(absent=(_id_of(wrong.value),), rule="W65"),
        add(witness, role=Role.WITNESS),
    ]
    if not tested.recipe.alone:
        steps.append(delete())
    return tested.case(
        Aspect.INVALID,
        wrong.label,
        steps,
        blocked=more.get("blocked", _unanswerable(tested)),
        stage=more.get("stage", _stage(tested)),
        about=more.get("about") or wrong.label.split("/")[0],
        fault=wrong.text,
    )


def _rule(tested: TypeUnderTest, fault: Fault) -> str:
    """Return the rule that the fault breaks: an untyped object-add leaves all to QOM (Q31)."""
    if tested.shape.typed or fault.label.split("/")[0] in (QOM_TYPE, ID):
        return fault.rule
    return "X24"


def _classes(tested: TypeUnderTest, fault: Fault) -> frozenset[ErrorClass]:
    """Return the error classes that a fault may have.

    Before object-add was typed, a member's fault was up to its type; some types report an unnamed
    device like a missing one, and no document forbids that.
    """
    if tested.shape.typed or fault.label.startswith((QOM_TYPE, ID)):
        return frozenset({ErrorClass.GENERIC})
    return frozenset({ErrorClass.GENERIC, ErrorClass.DEVICE_NOT_FOUND})


def _unanswerable(tested: TypeUnderTest) -> Blocked | None:
    """Return why not even a refusal can be tested.

    Nothing is promised of a type that is not compiled in; and before object-add was typed, no
    schema finds a fault without the set-up.
    """
    blocked = tested.blocked
    if blocked is None or blocked.outcome is Outcome.NOT_APPLICABLE:
        return blocked
    return None if tested.shape.typed else blocked


def _id_of(arguments: JsonValue) -> str:
    found = arguments.get(ID) if isinstance(arguments, dict) else None
    return found if isinstance(found, str) and found else OBJECT_ID


def _stage(tested: TypeUnderTest) -> Stage:
    """Return the stage for refusals, even if nothing can be created here."""
    return tested.stage if not tested.blocked else Stage(name="plain")
