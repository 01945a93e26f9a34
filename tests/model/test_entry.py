"""What a case weighs: its requests, its machine, and what it waits for."""

from dataclasses import replace
from typing import Any

import pytest

from conformance.model.blocked import untried
from conformance.model.case import Case, Isolation, Limit, Measure, Misbehaves
from conformance.model.entry import entry_of
from conformance.model.stage import Companion, MachineSpec, Stage
from tests.play.made import case, step

PLAIN = case("plain", step("good"), step("good"))


def _weight(made: Case, **changes: Any) -> int:
    return entry_of(replace(made, **changes)).weight


def test_a_plain_case_weighs_its_requests() -> None:
    assert _weight(PLAIN) == 2


def test_what_is_not_run_weighs_nothing() -> None:
    assert _weight(PLAIN, blocked=untried("it is not known how")) == 0


@pytest.mark.parametrize("changes", [{"isolation": Isolation.ALONE}, {"ground": "paused"}])
def test_a_machine_of_its_own_and_a_known_state_weigh_more(changes: dict[str, Any]) -> None:
    assert _weight(PLAIN, **changes) == 2 + 60


@pytest.mark.parametrize(
    ("changes", "seconds"),
    [
        ({"limits": (Limit(event="RTC_CHANGE", rule="X32"),)}, 1.0),
        ({"measure": Measure(what="nothing", rest=2.0)}, 2.0),
        ({"misbehaves": Misbehaves(address="unix:peer", step=0)}, 0.15),
        (
            {
                "stage": Stage(
                    name="pair", spec=MachineSpec(companions=(Companion(spec=MachineSpec()),))
                )
            },
            0.75,
        ),
    ],
    ids=["a limited event", "a rest", "a peer that misbehaves", "a second machine"],
)
def test_what_waits_weighs_its_seconds(changes: dict[str, Any], seconds: float) -> None:
    assert _weight(PLAIN, **changes) == 2 + round(1300 * seconds)
