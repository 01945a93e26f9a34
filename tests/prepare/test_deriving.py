"""A plan that a process of its own derives: equal, and gone with whoever waits for it."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from conformance.launch.folder import RunFolder
from conformance.launch.target import Target, program_target
from conformance.model.errors import HarnessError, KnowledgeError
from conformance.prepare.answers import answered
from conformance.prepare.asking import unpacked
from conformance.prepare.cache import Cache
from conformance.prepare.deriving import Derivation, derive, derive_apart
from tests.conftest import QEMU

pytestmark = pytest.mark.qemu
PART = Derivation(thorough=False, choices=(("object-add/iothread/*",),), lacked=None)
WHOLE = Derivation(thorough=True, choices=((),), lacked={})


@pytest.fixture(scope="module")
def target() -> Target:
    return program_target(QEMU)


@pytest.fixture(scope="module")
def body(target: Target, run_folder: RunFolder, tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """The answers of QEMU."""
    cache = Cache(tmp_path_factory.mktemp("deriving") / "cache")
    return answered(target, run_folder, cache, thorough=False, tell=lambda _: None).body


@pytest.fixture(autouse=True)
def _nothing_is_left() -> Iterator[None]:
    yield
    assert multiprocessing.active_children() == []


def test_it_is_the_plan_that_this_process_derives(target: Target, body: bytes) -> None:
    assert derive_apart(target, body, PART) == derive(target, unpacked(body), PART)


def test_an_error_on_purpose_is_raised_here(target: Target, body: bytes, tmp_path: Path) -> None:
    (tmp_path / "wrong.toml").write_text("[[nonsense]]\n")
    with pytest.raises(KnowledgeError, match=r"wrong\.toml"):
        derive_apart(replace(target, cases=(str(tmp_path),)), body, PART)


def test_any_other_error_says_where_it_was_raised(target: Target) -> None:
    with pytest.raises(HarnessError, match=r"while it prepared the target: .*\.py, line \d+"):
        derive_apart(target, b"no answers", PART)


def _when_it_works(number: int, whom: str) -> None:
    """Send a signal to this process or to the one that it has started, once that is at work."""

    def send() -> None:
        while not (children := multiprocessing.active_children()):
            threading.Event().wait(0.02)
        child = children[0].pid
        assert child is not None
        os.kill(os.getpid() if whom == "this" else child, number)

    threading.Thread(target=send, daemon=True).start()


def test_an_interruption_ends_it_at_once(target: Target, body: bytes) -> None:
    _when_it_works(signal.SIGINT, "this")

    with pytest.raises(KeyboardInterrupt):
        derive_apart(target, body, WHOLE)

    # It did not wait for the plan: who makes it is gone.
    assert multiprocessing.active_children() == []


def test_its_death_is_told(target: Target, body: bytes) -> None:
    _when_it_works(signal.SIGKILL, "that")

    with pytest.raises(HarnessError, match=r"ended early \(status -9\)"):
        derive_apart(target, body, WHOLE)
