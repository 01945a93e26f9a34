"""The cases of a rule, in the groups in which a reader takes them in."""

from __future__ import annotations

from conformance.model.entry import Entry, entry_of
from conformance.model.terms import Aspect, SubjectKind
from conformance.report.rule_index import cases_by_rule, grouped
from tests.derive.builds import made_plan


def _entries() -> list[Entry]:
    return [entry_of(case) for case in made_plan(typed=True).cases]


def test_every_case_is_among_those_of_each_of_its_rules() -> None:
    cases = _entries()
    found = cases_by_rule(cases)

    assert {rule for case in cases for rule in case.rules} == set(found)
    assert sum(map(len, found.values())) == sum(len(case.rules) for case in cases)
    assert all(rule in case.rules for rule, own in found.items() for case in own)


def test_groups_count_every_case_of_a_rule_once_and_name_a_few() -> None:
    for own in cases_by_rule(_entries()).values():
        groups, ids = grouped(own), {case.id for case in own}

        assert sum(group.count for group in groups) == len(own)
        assert all(ids >= {*group.examples} for group in groups)
        assert all(0 < len({*group.examples}) <= 3 for group in groups)


def test_exchanges_stand_before_other_cases_by_part_and_tell_each_reason_once() -> None:
    cases = _entries()
    groups = grouped(cases)
    parts = [group.part for group in groups]
    exchanges = [group for group in groups if group.part]

    assert exchanges
    assert parts == [*sorted(filter(None, parts)), *[""] * parts.count("")]
    for group in exchanges:
        assert group.name == f"wire/{group.part}"
        assert (group.kind, group.aspect) == (SubjectKind.PROTOCOL, Aspect.WIRE)
        assert len(set(group.reasons)) == len(group.reasons) > 0


def test_other_groups_are_named_by_kind_and_aspect_in_their_order() -> None:
    groups = [group for group in grouped(_entries()) if not group.part]
    kinds, aspects = list(SubjectKind), list(Aspect)
    places = [(kinds.index(group.kind), aspects.index(group.aspect)) for group in groups]

    assert places == sorted(places)
    assert groups[0].name == f"{groups[0].kind}, {groups[0].aspect}"
    assert all(group.reasons == () for group in groups)


def test_what_is_not_run_is_counted() -> None:
    groups = grouped(map(entry_of, made_plan(typed=False).cases))

    blocked = sum(case.blocked is not None for case in made_plan(typed=False).cases)
    assert sum(group.blocked for group in groups) == blocked > 0
