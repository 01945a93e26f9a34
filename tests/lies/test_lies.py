"""A real QEMU that is lied about is caught, and one that is told of truthfully is not.

These are some of the lies; `nox -s lies` tells all of them.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import QEMU
from tests.lies.bench import Bench, Seen
from tests.lies.score import Score, page
from tests.lies.table import ENTRIES, FAMILIES, LACKS
from tests.lies.told import Entry, Lie

LIES = (
    "refused-blockdev-add-is-done",
    "refused-chardev-add-is-done",
    "status-sets-a-parameter",
    "list-sets-a-parameter",
    "stop-does-nothing",
    "migrate-set-parameters-does-nothing",
    "migrate-set-capabilities-does-nothing",
    "downtime-limit-is-dropped",
    "stop-is-not-told",
    "resume-is-told-as-stop",
    "unknown-device-has-another-class",
    "ids-are-of-another",
    "name-is-another",
    "a-back-end-is-not-shown",
    "no-thread-of-processors",
    "jobs-never-change",
    "stop-comes-twice",
    "stop-comes-behind-its-reply",
    "an-hour-ahead",
    "lines-end-in-lf",
    "memsave-does-nothing",
    "no-bitmaps",
    "link-is-turned",
    "balloon-gets-less",
    "reset-comes-behind-its-reply",
    "reset-with-each-stop",
    "greeting-offers-more",
    "refused-system_reset-is-done",
    "a-refused-end-resumes",
    "a-node-in-use-is-deleted",
    "commits-are-slow-by-default",
    "device-properties-are-fewer",
    "actions-are-others",
    "buffers-are-longer",
    "queues-of-others-are-longer",
    "no-device-behind-a-bridge",
    "set_password-does-nothing",
    "server-of-expiry-is-dropped",
    "limit-of-connections-is-dropped",
    "keys-of-nbd-server-are-dropped",
    "a-viewer-is-not-shown",
    "tpm-is-at-another-path",
    "names-of-bitmaps-are-cut",
    "bandwidth-has-32-bits",
)
"""The lies that are told each time the tests run: of each family that costs little, one or more."""

GLOBS = tuple(sorted({glob for name in LIES for glob in ENTRIES[name].cases.split()}))
OWN = {"query-named-block-nodes/valid/growth/overlays"}
"""The cases that fail on the build itself (docs/findings.md)."""
METHODS = ("request", "instead", "reply", "after", "event", "greeting", "line")


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    assert Path(QEMU).exists(), f"install QEMU: there is no {QEMU}, so that no lie can be told"
    assert shutil.which("bwrap"), "install bubblewrap: there is no bwrap"
    with Bench(tmp_path_factory.mktemp("lies"), globs=GLOBS) as made:
        yield made


@pytest.mark.qemu
@pytest.mark.parametrize("lie", LIES)
def test_a_lie_is_caught(bench: Bench, lie: str) -> None:
    seen = bench.tell(ENTRIES[lie])

    assert seen.cases
    assert seen.killed, f"only {seen.rules} of {seen.cases} cases"


@pytest.mark.qemu
def test_the_truth_has_no_finding(bench: Bench) -> None:
    assert {case for case, _, _ in bench.truth(GLOBS)} <= OWN


def test_each_lie_has_one_name_and_a_rule_or_a_reason() -> None:
    names = [entry.name for entries in FAMILIES.values() for entry in entries]

    assert sorted(names) == sorted(set(names))
    assert len(names) >= 120
    assert LACKS.keys() <= ENTRIES.keys()
    assert [entry.name for entry in ENTRIES.values() if not (entry.rules or entry.why)] == []


def test_a_lie_is_no_truth() -> None:
    kinds = {name: type(entry.lie()) for name, entry in ENTRIES.items()}

    assert [name for name, kind in kinds.items() if not _lies(kind)] == []
    assert not _lies(Lie)


def _lies(kind: type[Lie]) -> bool:
    return any(getattr(kind, each) is not getattr(Lie, each) for each in METHODS)


def test_a_page_counts_by_family_and_by_rule() -> None:
    forbidden = Entry("a", Lie, "x/*", "W25 W36")
    scores = [
        Score("ids", forbidden, Seen("a", True, ("W36",), 3)),
        Score("ids", Entry("b", Lie, "x/*", "W25"), Seen("b", False, (), 3)),
        Score("text", Entry("c", Lie, "x/*", "", "it is for people"), Seen("c", False, (), 3)),
        Score("text", Entry("d", Lie, "y/*", "W25"), Seen("d", False, (), 0)),
    ]

    text = page(scores, "QEMU 7.2")

    assert "1 of 2 lies that a promise forbids are killed, 50 %" in text
    assert "| ids | 2 | 1 |" in text
    assert "| W36 | 1 | 1 |" in text
    assert "| W25 | 1 | 0 |" in text
    assert "| c | text | it is for people | none |" in text
    assert "- d (text)" in text
