"""What a process does beside its answers is judged by data."""

from __future__ import annotations

from dataclasses import replace

import pytest

from conformance.judge.observation import Observation, Said, Taken
from conformance.judge.process import process_misses
from conformance.knowledge.stderr import load_complaints
from conformance.knowledge.store import cases_folder
from conformance.model.case import Case, Measure
from tests.play.made import case, step

COMPLAINTS = load_complaints(cases_folder() / "stderr.toml")
GLIB = "(qemu-system-x86_64:2): GLib-CRITICAL **: 10:00:00.123: g_strsplit: assertion 's' failed\n"
RACE = (
    "==================\nWARNING: ThreadSanitizer: data race (pid=7)\n"
    "  Write of size 8 at 0x7b04 by thread T1:\n    #0 count a.c:3 (qemu+0x1)\n\n"
)
USE = "==3==WARNING: MemorySanitizer: use-of-uninitialized-value\n    #0 0x49 in look a.c:9\n"


def seen(text: str, *, at: int = 0) -> Observation:
    return Observation(replies=(None,), said=(Said(at, text),))


@pytest.mark.parametrize(
    ("text", "rule", "last"),
    [(GLIB, "X38", "assertion 's' failed"), (RACE, "X37", "(in count)"), (USE, "X37", "(in look)")],
    ids=["glib", "tsan", "msan"],
)
def test_each_kind_of_report_breaks_its_rule(text: str, rule: str, last: str) -> None:
    (miss,) = process_misses(case("one", step("do")), seen(text), COMPLAINTS)

    assert miss.rule == rule
    assert miss.summary.startswith("do: ")
    assert miss.summary.endswith(last)


def test_a_warning_is_no_report() -> None:
    text = "qemu: warning: x\n(qemu:2): GLib-WARNING **: 10:00:00.123: y\n"

    assert process_misses(case("one", step("do")), seen(text), COMPLAINTS) == ()


def test_numbers_of_the_moment_make_no_other_defect() -> None:
    other = GLIB.replace(":2)", ":77)").replace("10:00:00.123", "23:59:59.999")
    found = [process_misses(case("one", step("do")), seen(t), COMPLAINTS) for t in (GLIB, other)]

    assert found[0] == found[1]


def test_descriptors_that_a_request_hands_to_a_device_may_be_closed() -> None:
    add = step("chardev-add", {"id": "c", "backend": {"type": "stdio", "data": {}}})
    taken = tuple(Taken(1, number, closed=True) for number in (0, 2))
    found = Observation(replies=(None, None), taken=taken)

    (miss,) = process_misses(case("one", add, step("chardev-remove")), found, COMPLAINTS)

    assert "descriptor 2" in miss.summary


def _measured() -> Case:
    measure = Measure(what="w", counts=(10, 20, 40), steps=(0, 1, 2))
    return replace(case("one", step("a"), step("a"), step("a")), measure=measure)


@pytest.mark.parametrize(
    ("cpu", "many"),
    [((0.1, 0.4, 1.6), 1), ((0.3, 0.6, 1.2), 0), ((0.001, 0.01, 0.9), 0)],
    ids=["steep", "in-order", "short"],
)
def test_time_counts_only_where_it_is_long_and_steep(cpu: tuple[float, ...], many: int) -> None:
    found = Observation(replies=(None,) * 3, cpu=cpu)

    misses = process_misses(_measured(), found, COMPLAINTS)

    assert [miss.rule for miss in misses] == ["X42"] * many
