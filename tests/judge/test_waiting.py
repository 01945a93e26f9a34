"""What a request holds up while its peer is silent."""

from __future__ import annotations

import pytest

from conformance.judge.observation import Observation
from conformance.judge.waiting import waiting_misses
from conformance.model.case import Case, Meanwhile
from tests.play.made import case, step


def waiting(beside: str | None = "Q35") -> Case:
    meanwhile = Meanwhile(step=0, seconds=1.0, rule="X54", beside=beside)
    return case("ask", step("ask"), step("other"), meanwhile=meanwhile)


@pytest.mark.parametrize(
    ("held", "overtaken", "rules"),
    [
        (None, False, []),
        (0.1, False, []),
        (0.9, True, ["X54"]),
        (0.9, False, ["Q35", "X54"]),
    ],
    ids=["unknown", "at once", "answered out of band", "frozen"],
)
def test_what_waits_as_long_as_the_silence_has_waited_for_its_end(
    held: float | None, overtaken: bool, rules: list[str]
) -> None:
    seen = Observation(replies=(None, None), held=held, overtaken=overtaken)

    assert [miss.rule for miss in waiting_misses(waiting(), seen)] == rules


def test_where_nothing_runs_out_of_band_only_the_wait_is_told() -> None:
    seen = Observation(replies=(None,), held=0.9)

    (miss,) = waiting_misses(waiting(None), seen)
    assert (miss.rule, miss.expected) == ("X54", "an answer while the peer is silent")
