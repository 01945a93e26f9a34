"""Where the specification leaves open what is answered, whatever is well-formed is right."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from conformance.judge.observation import Broke, Heard, Talk, sync_id
from conformance.judge.script_verdict import judge_talk
from conformance.model.case import Case
from conformance.model.script import Exchange, Sync
from conformance.model.terms import Outcome
from tests.judge.made import case, judge_of_messages, line

IN_STEP = {"return": {}, "id": sync_id(0)}
ERROR = {"error": {"class": "GenericError", "desc": "no"}}


def open_case(*, is_open: bool = True, works: bool = False) -> Case:
    turn = Sync(line="a", rule="W53", open=is_open, works=works)
    return replace(case(about="made"), exchange=Exchange(turns=(turn,), probe="do"))


def judged(
    *messages: Any, broke: Broke | None = None, is_open: bool = True, works: bool = False
) -> list[str]:
    """Return the rules that a dialogue of these messages breaks."""
    talk = Talk(heard=(Heard(tuple(map(line, messages)), broke),))
    verdict = judge_talk(open_case(is_open=is_open, works=works), talk, judge_of_messages())
    assert (verdict.outcome is Outcome.PASS) == (not verdict.misses)
    return [miss.rule for miss in verdict.misses]


@pytest.mark.parametrize(
    "before",
    [[], [ERROR], [ERROR, ERROR], [{"return": {}, "id": 1}], [ERROR, {"return": []}]],
    ids=["nothing", "error", "errors", "success", "both"],
)
def test_an_open_proof_takes_replies_of_any_sort(before: list[Any]) -> None:
    assert judged(*before, IN_STEP) == []


def test_a_proof_that_is_not_open_takes_no_reply() -> None:
    assert judged({"return": {}, "id": 1}, IN_STEP, is_open=False) == ["W35"]


@pytest.mark.parametrize(
    ("message", "rule"),
    [
        (b'{"return": {}, "id": inf}\r\n', "W68"),
        (b'{"return": {}, "id": "\xc3\xa9"}\r\n', "W03"),
        (b'{"return": {}}\n', "W11"),
        ({"error": {"class": "Odd", "desc": "no"}}, "W41"),
        ({"return": {}, "more": 1}, "W37"),
        ({"neither": 1}, "W35"),
    ],
    ids=["infinity", "not-ascii", "line-end", "class", "extra", "neither"],
)
def test_an_open_proof_judges_each_message(message: Any, rule: str) -> None:
    assert rule in judged(message, IN_STEP)


def test_an_open_proof_fails_where_the_next_request_is_not_answered() -> None:
    assert judged(ERROR, broke=Broke.TIMEOUT) == ["W53"]


@pytest.mark.parametrize(("works", "rules"), [(True, ["W53"]), (False, [])], ids=["yes", "no"])
def test_a_refusal_is_a_proof_where_a_success_is_not_due(works: bool, rules: list[str]) -> None:
    refused = {**ERROR, "id": sync_id(0)}

    assert judged(refused, is_open=False, works=works) == rules
    assert judged(IN_STEP, is_open=False, works=works) == []
