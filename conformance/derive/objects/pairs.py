"""Cases of what the members of an object type come to in pairs; knows no type by name.

Each value of a member is tried in the smallest request; what is accepted is then combined while the
cases are played (derive/combining.py).
"""

from __future__ import annotations

from collections.abc import Iterator

from conformance.derive.combining import NEEDS, TriedChoice, choices_tried
from conformance.derive.inputs import Introspected
from conformance.derive.objects.shape import ID, OBJECT_ADD
from conformance.derive.objects.under_test import TypeUnderTest, type_under_test
from conformance.derive.objects.valid import member_values
from conformance.knowledge.everything import Knowledge
from conformance.knowledge.ranges import UNIQUE
from conformance.knowledge.recipes import Wish
from conformance.knowledge.valid_request import ValidRequest
from conformance.model.blocked import unmet
from conformance.model.case import Case
from conformance.model.stage import Request
from conformance.model.terms import Aspect


def pair_cases(build: Introspected, knowledge: Knowledge, name: str) -> Iterator[Case]:
    """Yield the case of an object type that has two members to choose.

    One whose objects cannot be deleted has none: each pair would need a machine.
    """
    tested = type_under_test(build, knowledge, name)
    choices = tuple(_choices(tested))
    if tested.recipe.alone or len({choice.axis for choice in choices}) < 2:
        return
    base = ValidRequest(
        request=Request(OBJECT_ADD, tested.base(**{ID: UNIQUE})),
        cleanup=(Request("object-del", {ID: UNIQUE}),),
    )
    blocked = tested.blocked or unmet(NEEDS, tested.lacks)
    case = tested.case(Aspect.PAIRS, "members", (), about="members", blocked=blocked)
    yield case if case.blocked else choices_tried(case, base, choices)


def _choices(tested: TypeUnderTest) -> Iterator[TriedChoice]:
    for member in tested.shape.members:
        recipe = tested.recipe.member(member.name)
        for label, value, _ in () if recipe.omit else member_values(tested, member):
            special = recipe.special(value)
            if special.expect is not Wish.REJECT and not unmet(special.needs, tested.lacks):
                whole = {**tested.giving(member.name, value), ID: UNIQUE}
                yield TriedChoice(axis=member.name, label=f"{member.name}={label}", arguments=whole)
