"""A greeting has its form, whatever becomes of the session."""

from __future__ import annotations

from typing import Any

import pytest

from conformance.judge.greeting import greeting_misses
from conformance.qapi.validate import Violation

VERSION: dict[str, Any] = {"qemu": {}}


def faultless(version: Any) -> None:
    """Find no fault with any version."""


def rules(message: dict[str, Any]) -> list[str]:
    return [miss.rule for miss in greeting_misses(message, faultless)]


def greeting(**members: Any) -> dict[str, Any]:
    return {"QMP": {"version": VERSION, "capabilities": [], **members}}


@pytest.mark.parametrize(
    ("message", "broken"),
    [
        pytest.param(greeting(), [], id="as it should be"),
        pytest.param(greeting(capabilities=["oob", "other"]), [], id="two capabilities"),
        pytest.param({**greeting(), "id": 1}, ["W15"], id="a member beside"),
        pytest.param({"QMP": []}, ["W15"], id="an array"),
        pytest.param({"QMP": {"version": VERSION}}, ["W15"], id="no capabilities"),
        pytest.param({"QMP": {"capabilities": []}}, ["W15"], id="no version"),
        pytest.param(greeting(more=1), ["W15"], id="a member within"),
        pytest.param(greeting(version="8.1"), ["W15"], id="a version that is a string"),
        pytest.param(greeting(capabilities={}), ["W15"], id="capabilities that are an object"),
        pytest.param(greeting(capabilities=[["oob"]]), ["W17"], id="a capability that is none"),
        pytest.param(greeting(capabilities=["oob", "oob"]), ["W17"], id="a capability twice"),
        pytest.param(
            greeting(more=1, capabilities=[1]), ["W15", "W17"], id="within and without its form"
        ),
    ],
)
def test_a_greeting_breaks_the_rules_it_breaks(message: dict[str, Any], broken: list[str]) -> None:
    assert rules(message) == broken


def test_what_is_offered_can_be_enabled_where_that_is_known() -> None:
    known = frozenset({"oob"})

    def told(*offered: str) -> list[str]:
        message = greeting(capabilities=[*offered])
        return [miss.rule for miss in greeting_misses(message, faultless, known)]

    assert told() == told("oob") == []
    assert told("oob", "zip") == ["Q42"]


def test_a_version_is_held_against_its_type_where_there_is_one() -> None:
    asked: list[Any] = []

    def fault(version: Any) -> Violation:
        asked.append(version)
        return Violation(path="qemu.major", problem="is not there")

    [miss] = greeting_misses(greeting(), fault)
    assert (miss.rule, asked) == ("W16", [VERSION])
    assert "qemu.major: is not there" in miss.summary
    assert [each.rule for each in greeting_misses(greeting(version=7), fault)] == ["W15"]
    assert asked == [VERSION]
