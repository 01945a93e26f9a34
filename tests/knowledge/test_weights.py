"""What a finding does to a user, by the shipped file."""

from __future__ import annotations

import pytest

from conformance.knowledge.rules import load_rules
from conformance.knowledge.weights import load_weights
from conformance.model.terms import Mark, Outcome, Weight

CRASH, FAIL = Outcome.CRASH, Outcome.FAIL


@pytest.mark.parametrize(
    ("outcome", "rule", "case", "weight"),
    [
        (CRASH, "W35", "netdev_add/states/unplug-pending", Weight.ENDS),
        (CRASH, "W35", "device_add/nvme/lifecycle/unplugged", Weight.ENDS),
        (CRASH, "W35", "chardev-add/valid/backend.type:vc.data.rows=greatest", Weight.ENDS_ODDLY),
        (CRASH, "W35", "migrate/values/uri", Weight.ENDS_ODDLY),
        (Outcome.TIMEOUT, "W35", "stop/states/a-guest", Weight.HANGS),
        (FAIL, "X34", "display-update/errors/unchanged/1", Weight.LEAKS),
        (FAIL, "X18", "query-block/examples/1/static", Weight.DOCUMENTATION),
        (FAIL, "X19", "block-stream/errors/not-there/device", Weight.DOCUMENTATION),
        (FAIL, "X17", "object-add/colo-compare/defaults/max_queue_size", Weight.WRONG),
        (FAIL, "Q47", "schema/documentation/names", Weight.DOCUMENTATION),
        (FAIL, "Q47", "query-qmp-schema/introspection/names", Weight.COSMETIC),
    ],
)
def test_the_first_entry_that_fits_decides(
    outcome: Outcome, rule: str, case: str, weight: Weight
) -> None:
    assert load_weights().weight(outcome, rule, case) is weight


@pytest.mark.parametrize(
    ("rule", "case", "marks"),
    [
        ("W02", "wire/strings/overlong-null", [Mark.INTENDED]),
        ("X27", "drive-mirror/invalid/granularity/far-under", [Mark.INTENDED]),
        ("X27", "drive-mirror/invalid/speed/far-under", []),
        ("W02", "wire/strings/lone-surrogate", []),
    ],
)
def test_what_upstream_means_is_marked(rule: str, case: str, marks: list[Mark]) -> None:
    assert list(load_weights().marks(rule, case)) == marks


def test_entries_name_rules_that_exist() -> None:
    rules = load_rules()
    weights = load_weights()

    named = [glob for entry in weights.weights for glob in entry.rules]
    named += [glob for entry in weights.marked for glob in entry.rules]
    plain = [glob for glob in named if not any(mark in glob for mark in "*?[")]
    assert plain
    assert [glob for glob in plain if glob not in rules] == []
