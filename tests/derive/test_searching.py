"""Random searches: where they begin, what they draw and learn, how a case is made smaller."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from conformance.derive.commands.unchanged import looks_at
from conformance.derive.searching.bases import (
    histories,
    history_cases,
    history_search_cases,
    search_cases,
)
from conformance.derive.searching.batches import ArgumentSearch
from conformance.derive.searching.histories import HistorySearch
from conformance.derive.searching.pieces import looks_of, smaller_values, with_less, with_steps
from conformance.judge.expect_answer import Reject
from conformance.knowledge.commands import CommandRecipe
from conformance.knowledge.search import (
    Anytime,
    HistoryRecipe,
    SearchKnowledge,
    Unsearched,
    Untouched,
)
from conformance.knowledge.state_queries import StateEntry, StateKnowledge
from conformance.model.case import Case, Role, Step
from conformance.model.stage import Request
from conformance.model.state import StateQuery
from conformance.model.terms import Outcome, as_object
from conformance.qapi.validate import Validator
from tests.derive.inputs import a_build, known
from tests.qapi.schemas import command, enum, member, optional, schema_of, struct

SCHEMA = schema_of(
    enum("Mode", "on", "off"),
    struct("Make", member("id", "str"), optional("size", "int"), optional("mode", "Mode")),
    struct("Named", member("id", "str")),
    command("make", "Make"),
    command("drop", "Named"),
    command("look", "0"),
    command("guess", "Named"),
)
MAKE = CommandRecipe(
    name="make",
    arguments={"id": "m0", "size": 1},
    cleanup=(Request("drop", {"id": "m0"}),),
)
DROP = CommandRecipe(name="drop", arguments={"id": "m0"}, setup=(Request("make", {"id": "m0"}),))
SEARCH = SearchKnowledge(
    untouched=(Untouched(commands=("make",), members=("mode",), reason="it is so"),),
    unsearched=(Unsearched(commands=("look",), reason="it is so"),),
    anytime=(Anytime(requests=(Request("look"), Request("gone")), reason="it is so"),),
)
STATE = StateKnowledge(
    entries=(StateEntry(request=Request("look")),), asking=("look",), search=SEARCH
)
KNOWN = known(MAKE, DROP, state=STATE)
BUILD = a_build(SCHEMA, searching=True)


def the_case(name: str = "make") -> Case:
    (case,) = search_cases(BUILD, KNOWN, name)
    return case


def accepted(case: Case) -> list[Any]:
    return [{"return": {}} for _ in case.steps]


def requests_of(case: Case) -> list[Request]:
    return [step.request for step in case.steps]


def test_a_search_begins_with_a_known_request_and_says_what_it_needs() -> None:
    case = the_case()

    assert case.id == "make/fuzz/recipe"
    assert [step.request.execute for step in case.steps] == ["make", "drop"]
    assert case.search is not None
    assert case.search.kept == {"mode"}
    assert case.search.words == ("m0",)
    assert case.search.leaves
    assert [each.request.execute for each in case.search.looks] == ["look"]
    assert case.search.probes == (Request("look"),)


def test_a_command_without_a_recipe_is_guessed() -> None:
    case = the_case("guess")

    assert [step.request.arguments for step in case.steps] == [{"id": "word"}]


@pytest.mark.parametrize(
    ("name", "searching"), [("make", False), ("look", True)], ids=["unasked", "left"]
)
def test_what_is_not_to_be_searched_is_not(name: str, searching: bool) -> None:
    build = a_build(SCHEMA, searching=searching)

    assert list(search_cases(build, KNOWN, name)) == []
    assert list(history_search_cases(build, KNOWN, name)) == []


def test_without_the_sandbox_nothing_is_drawn() -> None:
    (case,) = search_cases(a_build(SCHEMA, searching=True, sandboxed=False), KNOWN, "make")

    assert case.blocked is not None
    assert case.blocked.outcome is Outcome.UNTESTABLE_HERE


def test_what_is_drawn_is_valid_or_must_be_refused() -> None:
    drawn = ArgumentSearch(the_case(), SCHEMA, "1")
    validator = Validator(SCHEMA)
    steps = [step for _ in range(20) for step in drawn.next_case().steps]
    subjects = [step for step in steps if step.role is Role.SUBJECT]
    faulty = [step for step in subjects if isinstance(step.expect, Reject)]

    assert 0 < len(faulty) < len(subjects) / 2
    for step in subjects:
        fault = validator.check("Make", step.request.arguments)
        assert (fault is not None) is (step in faulty)
        assert step.rule.startswith(("Q", "W"))
    assert {step.request.execute for step in steps if step.role is Role.CLEANUP} == {"drop"}


def test_the_same_seed_and_answers_draw_the_same() -> None:
    def drawn(seed: str) -> list[Request]:
        search = ArgumentSearch(the_case(), SCHEMA, seed)
        found = []
        for _ in range(3):
            case = search.next_case()
            found += requests_of(case)
            search.learn(case, accepted(case))
        return found

    assert drawn("1") == drawn("1")
    assert drawn("1") != drawn("2")


def test_what_is_new_is_counted_and_what_is_not_as_well() -> None:
    search = ArgumentSearch(the_case(), SCHEMA, "1")
    for _ in range(10):
        case = search.next_case()
        search.learn(case, accepted(case))

    assert search.found.requests == search.found.accepted == 240
    assert {"Make.id", "Make.size"} <= search.found.members
    assert search.found.since > 24


def test_each_kind_of_refusal_is_looked_around_once() -> None:
    search = ArgumentSearch(the_case(), SCHEMA, "1")
    case = search.next_case()
    answers: list[Any] = [
        {"error": {"class": "GenericError", "desc": f"no {(n % 2 and 'way') or 'name'} '{n}'"}}
        if step.role is Role.SUBJECT
        else {"return": {}}
        for n, step in enumerate(case.steps)
    ]
    search.learn(case, answers)

    assert list(search.looking(last=False)) == []
    (looked,) = search.looking(last=True)
    assert [step.request.execute for step in looked.steps] == ["look", "make", "look"]
    assert looks_of(looked) == {2: 0}
    assert list(search.looking(last=True)) == []


def test_what_is_accepted_between_looks_is_left_out_the_next_time() -> None:
    search = ArgumentSearch(the_case(), SCHEMA, "1")
    case = search.next_case()
    refused: list[Any] = [
        {"error": {"class": "GenericError", "desc": "ab"[n % 4 // 2]}}
        for n in range(len(case.steps))
    ]
    search.learn(case, refused)
    (looked,) = search.looking(last=True)
    answers: list[Any] = [{"return": []}, {"return": {}}, refused[0], {"return": []}]

    fewer = search.fewer(looked, answers)

    assert fewer is not None
    assert requests_of(fewer) == [Request("look"), looked.steps[2].request, Request("look")]
    assert search.fewer(looked, [answers[0], refused[0], refused[1], answers[3]]) is None


def test_a_history_goes_through_several_chains_and_takes_back_what_is_open() -> None:
    (case,) = history_search_cases(BUILD, KNOWN, "make")
    search = HistorySearch(case, SCHEMA, "1")

    assert case.id == "make/stateful/search"
    names = {step.request.execute for step in search.next_case().steps}
    assert names == {"make", "drop", "look"}
    history = search.next_case()
    assert [step.role for step in history.steps].count(Role.SUBJECT) == 1
    assert history.steps[-1].role is Role.SUBJECT
    search.learn(history, accepted(history))
    assert search.found.accepted == len(history.steps)
    assert requests_of(HistorySearch(case, SCHEMA, "1").next_case()) != requests_of(history)


def test_a_history_that_showed_something_is_a_case_of_every_run() -> None:
    recipe = HistoryRecipe(
        name="v1-0",
        requests=(Request("make", {"id": "a"}),),
        watched=(Request("drop", {}),),
        reason="it died",
    )
    knowledge = known(MAKE, state=replace(STATE, search=SearchKnowledge(histories=(recipe,))))

    (case,) = history_cases(a_build(SCHEMA), knowledge, "drop")

    assert list(histories(a_build(SCHEMA), knowledge)) == ["drop"]
    assert case.id == "drop/stateful/history/v1-0"
    assert [step.request.execute for step in case.steps] == ["make", "look", "drop", "look"]


def test_a_history_may_name_the_queries_that_showed_something() -> None:
    recipe = HistoryRecipe(
        name="v1-0", watched=(Request("drop", {}),), looks=(Request("look"),), reason="it is so"
    )
    more = StateKnowledge(
        entries=(StateEntry(request=Request("guess", {"id": "a"})), *STATE.entries),
        search=SearchKnowledge(histories=(recipe,)),
    )

    (case,) = history_cases(a_build(SCHEMA), known(MAKE, state=more), "drop")

    assert [step.request.execute for step in case.steps] == ["look", "drop", "look"]


def test_two_histories_with_one_last_request_are_two_cases() -> None:
    one = HistoryRecipe(name="v1-0", type="t", requests=(Request("drop"),), reason="it died")
    search = SearchKnowledge(histories=(one, replace(one, name="v1-1", type="")))
    knowledge = known(MAKE, state=replace(STATE, search=search))
    build = a_build(SCHEMA)

    names = histories(build, knowledge)
    cases = [case.id for name in names for case in history_cases(build, knowledge, name)]

    assert cases == ["drop/stateful/history/v1-1", "object-add/t/stateful/history/v1-0"]


def test_a_history_of_a_command_that_the_build_lacks_is_not_applicable() -> None:
    recipe = HistoryRecipe(name="v1-0", requests=(Request("gone"),), reason="it died")
    knowledge = known(state=StateKnowledge(search=SearchKnowledge(histories=(recipe,))))

    (case,) = history_cases(a_build(SCHEMA), knowledge, "gone")

    assert case.blocked is not None
    assert case.blocked.outcome is Outcome.NOT_APPLICABLE


def looking_case() -> Case:
    """Return a case of four steps: a look, two requests, and the look again."""
    first, again = looks_at([StateQuery(request=Request("look"))], 0, "W65", "")
    asked = [
        Step(
            request=Request("make", {"id": each}),
            expect=first[0].expect,
            role=Role.SUBJECT,
            rule="W35",
        )
        for each in "ab"
    ]
    return replace(the_case(), steps=(*first, *asked, *again))


def test_a_case_with_fewer_steps_looks_at_the_same_ones() -> None:
    case = looking_case()

    fewer = with_steps(case, [0, 2, 3])

    assert fewer is not None
    assert looks_of(fewer) == {2: 0}
    assert with_steps(case, [1, 2, 3]) is None


def test_a_request_with_less_in_it_is_the_rest_of_the_case_as_it_was() -> None:
    case = looking_case()

    (smaller,) = with_less(case, 1)

    assert as_object(smaller.steps[1].request.arguments) == {}
    assert smaller.steps[2:] == case.steps[2:]


@pytest.mark.parametrize(
    ("value", "smaller"),
    [
        ({"a": 7, "b": "c"}, [{"b": "c"}, {"a": 7}, {"a": 0, "b": "c"}, {"a": 1, "b": "c"}]),
        ([2], [[], [0], [1]]),
        ("x" * 40, ["x" * 20]),
        ("name", []),
        (True, []),
        (None, []),
        (1, []),
    ],
)
def test_values_lose_the_most_first(value: Any, smaller: list[Any]) -> None:
    assert list(smaller_values(value)) == smaller
