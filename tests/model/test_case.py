"""Cases cut at the passages between the phases of a machine, and stages on either side."""

from __future__ import annotations

from dataclasses import replace

import pytest

from conformance.model.case import Case, Role
from conformance.model.stage import NEGOTIATION, OUT_OF_BAND, Request, Stage
from conformance.model.terms import ABSENT
from tests.play.made import case, step

PASSAGE = replace(step("complete"), role=Role.PASSAGE)
EARLY = Stage(name="early", setup=(Request("prepare", ABSENT),))


def _sent(part: Case) -> list[str]:
    return [one.request.execute for one in part.steps]


def test_a_case_without_a_passage_is_its_only_part() -> None:
    whole = case("whole", step("one"), step("two"))

    assert whole.parts() == (whole,)


def test_a_case_is_cut_at_each_passage() -> None:
    whole = replace(case("whole", step("one"), PASSAGE, step("two"), PASSAGE), stage=EARLY)

    parts = whole.parts()

    assert [_sent(part) for part in parts] == [["one"], ["two"], []]
    assert {part.id for part in parts} == {whole.id}


def test_the_stage_behind_a_passage_has_it_done_and_a_name_of_its_own() -> None:
    whole = replace(case("whole", step("one"), PASSAGE, step("two")), stage=EARLY)

    first, second = (part.stage for part in whole.parts())

    assert first == EARLY
    assert second.setup == (*EARLY.setup, PASSAGE.request)
    assert second.name != EARLY.name


def test_behind_the_passage_of_the_negotiation_nothing_is_enabled() -> None:
    stage = Stage(name="greeted", capabilities=None)

    assert stage.beyond(Request(NEGOTIATION, ABSENT)).capabilities == ()


@pytest.mark.parametrize(("key", "in_step"), [("execute", False), (OUT_OF_BAND, True)])
def test_a_case_with_a_request_out_of_band_goes_in_step(key: str, in_step: bool) -> None:
    request = Request("one", ABSENT, key)

    assert case("c", step("two"), replace(step("one"), request=request)).in_step is in_step


@pytest.mark.parametrize(
    ("capabilities", "requests"),
    [
        (None, ()),
        ((), (Request(NEGOTIATION, ABSENT),)),
        (("oob",), (Request(NEGOTIATION, {"enable": ["oob"]}),)),
    ],
    ids=["left in negotiation", "none enabled", "oob enabled"],
)
def test_a_stage_negotiates_what_it_says(
    capabilities: tuple[str, ...] | None, requests: tuple[Request, ...]
) -> None:
    assert Stage(name="s", capabilities=capabilities).negotiation() == requests
