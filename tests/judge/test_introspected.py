"""What a build says of itself is held against itself."""

from __future__ import annotations

import inspect
import re
from typing import Any

import pytest

from conformance.judge import introspected
from conformance.judge.introspected import judge_introspection
from tests.qapi.schemas import BUILTINS, command, enum, member, struct
from tests.recordings import ENTRIES, META


def test_a_schema_that_agrees_with_itself_has_no_miss() -> None:
    judged = judge_introspection(ENTRIES)

    assert judged.schema is not None
    assert [(each.entry, each.miss.summary) for each in judged.misses if not each.remarked] == []


def test_every_contradiction_is_told_with_its_entry() -> None:
    wrong = [struct("S", member("a", "x")), command("c", "y")]

    judged = judge_introspection([*ENTRIES, *wrong])

    assert judged.schema is None
    first, second = len(ENTRIES), len(ENTRIES) + 1
    assert [(each.entry, each.miss.rule) for each in judged.misses] == [
        (first, "Q68"),
        (second, "Q58"),
    ]


@pytest.mark.parametrize(
    ("entries", "entry", "part"),
    [
        pytest.param({}, None, "does not return an array", id="no array"),
        pytest.param([], None, "lacks query-qmp-schema", id="nothing"),
        pytest.param(
            [*ENTRIES, {**enum("E", "a"), "took": 1}],
            len(ENTRIES),
            f"[{len(ENTRIES)}].took: is no member",
            id="a member that the schema does not give its entries",
        ),
    ],
)
def test_an_answer_that_is_not_what_it_describes_is_told(
    entries: Any, entry: int | None, part: str
) -> None:
    miss, *others = (each for each in judge_introspection(entries).misses if not each.remarked)

    assert others == []
    assert (miss.miss.rule, miss.entry) == ("Q53", entry)
    assert part in miss.miss.summary


def test_every_rule_that_is_cited_is_broken_here() -> None:
    broken = {"Q53", "Q56"}

    assert set(re.findall(r'"([WQX]\d\d)"', inspect.getsource(introspected))) == broken


def test_a_type_that_nothing_leads_to_is_only_remarked() -> None:
    entries = [*BUILTINS, *META, struct("Lost", member("next", "Lost"))]

    judged = judge_introspection(entries)

    lost = [each for each in judged.misses if each.entry == len(entries) - 1]
    assert [(each.miss.rule, each.remarked) for each in lost] == [("Q56", True)]
    assert judged.schema is not None
