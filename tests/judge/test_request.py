"""Requests are held against the protocol and the schema."""

from __future__ import annotations

from typing import Any

import pytest

from conformance.judge.request import RequestJudge, command_of
from conformance.qapi.introspection import read_introspection
from conformance.qapi.validate import Validator
from tests.recordings import ENTRIES

SCHEMA = read_introspection(ENTRIES)


@pytest.mark.parametrize(
    ("request_", "rule"),
    [
        pytest.param({"execute": "query-status"}, None, id="no arguments"),
        pytest.param({"execute": "query-status", "arguments": {}, "id": 1}, None, id="empty ones"),
        pytest.param({"execute": "resize", "arguments": {"size": 1}}, None, id="right ones"),
        pytest.param({"exec-oob": "pause"}, None, id="out of band"),
        pytest.param({"execute": "plug", "arguments": {"name": "a", "x": 1}}, None, id="unchecked"),
        pytest.param([], "W19", id="no object"),
        pytest.param({"id": 1}, "W19", id="no command"),
        pytest.param({"execute": 1}, "W20", id="a command that is a number"),
        pytest.param({"exec-oob": None}, "W21", id="out of band and no string"),
        pytest.param({"execute": "stop", "exec-oob": "stop"}, "W21", id="both keys"),
        pytest.param({"execute": "look", "arguments": []}, "W23", id="arguments that are an array"),
        pytest.param({"execute": "look", "args": {}}, "W24", id="an unknown member"),
        pytest.param({"execute": "nosuch"}, "Q42", id="an unknown command"),
        pytest.param({"exec-oob": "look"}, "W33", id="out of band though not allowed"),
        pytest.param({"execute": "resize"}, "Q30", id="a member missing"),
        pytest.param({"execute": "resize", "arguments": {"size": 1.5}}, "Q30", id="another type"),
    ],
)
def test_a_request_is_objected_to_by_the_rule_that_excludes_it(
    request_: Any, rule: str | None
) -> None:
    judge = RequestJudge(SCHEMA, Validator(SCHEMA), frozenset({"plug"}))

    objection = judge.objection(request_)

    assert (objection.rule if objection else None) == rule


def test_what_was_not_negotiated_may_not_run() -> None:
    judge = RequestJudge(SCHEMA, Validator(SCHEMA), frozenset())

    objection = judge.objection({"exec-oob": "pause"}, oob=False)

    assert objection is not None
    assert objection.rule == "W34"
    assert judge.objection({"exec-oob": "pause"}, oob=True) is None


def test_an_objection_names_the_argument() -> None:
    judge = RequestJudge(SCHEMA, Validator(SCHEMA), frozenset())

    objection = judge.objection({"execute": "resize", "arguments": {"size": "1M"}})

    assert objection is not None
    assert objection.what == "resize: argument size: is not an integer but a string"


def test_without_a_schema_the_form_alone_is_judged() -> None:
    judge = RequestJudge(None, None, frozenset())

    assert judge.objection({"execute": "nosuch", "arguments": {"x": 1}}) is None
    assert judge.objection({"execute": "nosuch", "arguments": 1}) is not None


@pytest.mark.parametrize(
    ("request_", "name"),
    [
        ({"execute": "a"}, "a"),
        ({"exec-oob": "b"}, "b"),
        ({"execute": "a", "exec-oob": "b"}, None),
        ({"execute": 1}, None),
        ("a", None),
    ],
)
def test_a_request_names_at_most_one_command(request_: Any, name: str | None) -> None:
    assert command_of(request_) == name
