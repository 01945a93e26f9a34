"""One device of each type is plugged in as data says; what no data covers is untried, aloud."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

from conformance.derive.at_start import device_cases
from conformance.derive.devices.under_test import DEVICE_ADD
from conformance.knowledge.devices import ChosenDefault, Plugs
from conformance.model.case import Case, Isolation, Role
from conformance.model.terms import Aspect, Outcome, SubjectKind
from conformance.qapi.qom import Property
from tests.derive.builds import build, knowledge, made_plan


def _cases(name: str, *, typed: bool = True) -> list[Case]:
    cases = made_plan(typed=typed).cases
    return [c for c in cases if (c.subject.kind, c.subject.name) == (SubjectKind.DEVICE_TYPE, name)]


def test_a_type_that_no_data_covers_is_untried_and_says_so() -> None:
    (case,) = _cases("unknown")

    assert case.blocked is not None
    assert case.blocked.outcome is Outcome.UNTRIED
    assert "cases/devices.toml" in case.blocked.reason


def test_a_type_is_read_set_given_wrong_members_and_taken_away() -> None:
    aspects = Counter(case.aspect for case in _cases("gadget"))

    assert aspects.keys() == {
        *(Aspect.INTROSPECTION, Aspect.VALID, Aspect.VALUES, Aspect.INVALID, Aspect.ERRORS),
        Aspect.LIFECYCLE,
    }


def test_types_of_one_machine_share_it_and_give_back_what_they_took() -> None:
    cases = [case for case in _cases("gadget") if not case.blocked and case.about != "at-start"]

    assert len({case.stage.name for case in cases}) == 1
    assert {case.isolation for case in cases} == {Isolation.SHARED}
    for case in cases:
        asked = [step.request.execute for step in case.steps]
        assert asked.index("device_del") > asked.index(DEVICE_ADD)


def test_where_ids_are_held_each_case_has_its_own() -> None:
    ids = [
        step.request.arguments["id"]
        for case in _cases("gadget", typed=False)
        for step in case.steps[:2]
        if step.role in (Role.SETUP, Role.WITNESS) and step.request.execute == DEVICE_ADD
        if isinstance(step.request.arguments, dict)
    ]

    assert len(ids) > 2
    assert len(set(ids)) == len(ids)


def test_releases_that_turn_values_into_strings_refuse_none_for_its_type() -> None:
    told = {typed: {c.id for c in _cases("gadget", typed=typed)} for typed in (True, False)}

    assert "device_add/gadget/invalid/rng" in told[True]
    assert "device_add/gadget/invalid/rng" not in told[False]


def test_one_that_is_there_from_the_start_is_compared_with_one_plugged_in() -> None:
    """Its properties are read before it is taken away and behind device_add, except for some."""
    (case,) = [case for case in _cases("gadget") if case.about == "at-start"]

    assert case.isolation is Isolation.ALONE
    assert "-device" in case.stage.spec.args
    asked = [step.request.execute for step in case.steps]
    made = asked.index(DEVICE_ADD)
    assert asked.index("device_del") < made
    read = [
        step.request.arguments["property"]
        for step in case.steps[made:]
        if step.request.execute == "qom-get" and isinstance(step.request.arguments, dict)
    ]
    assert "rng" in read
    assert "hotplugged" not in read


def test_one_that_stays_where_it_was_from_the_start_is_not_compared() -> None:
    state = knowledge().state
    lasting = tuple(replace(each, lasting=("gad*",)) for each in state.at_start)
    knowing = replace(knowledge(), state=replace(state, at_start=lasting))

    assert [*device_cases(build(typed=True), knowing, "gadget")] == []


def test_what_is_not_given_reads_as_declared_unless_the_device_chooses_it() -> None:
    item = Property(name="size", type="uint32", default=7)
    chosen = ChosenDefault(properties=("s*",), values=(7, True), reason="r")

    assert Plugs(chosen=(chosen,)).chooses(item)
    assert not Plugs(chosen=(chosen,)).chooses(replace(item, default=1))
    assert not Plugs(chosen=(chosen,)).chooses(replace(item, name="other"))
