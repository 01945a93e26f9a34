"""The first signal interrupts and the others wait, as long as there is something to interrupt."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator

import pytest

from conformance.play.interruption import interruptible, undisturbed

NUMBERS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@pytest.fixture(autouse=True)
def _handlers() -> Iterator[None]:
    """Put back what the tests leave: a process that was interrupted is about to end."""
    before = {number: signal.getsignal(number) for number in NUMBERS}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


def test_what_is_not_interrupted_leaves_the_handlers_as_they_were() -> None:
    before = [signal.getsignal(number) for number in NUMBERS]

    with interruptible():
        assert [signal.getsignal(number) for number in NUMBERS] != before

    assert [signal.getsignal(number) for number in NUMBERS] == before


@pytest.mark.parametrize("first", NUMBERS)
def test_the_first_signal_interrupts_and_the_others_wait(first: signal.Signals) -> None:
    with interruptible():
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(first)
        for number in NUMBERS:
            signal.raise_signal(number)

    # To the end of the process.
    assert {signal.getsignal(number) for number in NUMBERS} == {signal.SIG_IGN}


def test_once_it_is_over_there_is_nothing_to_interrupt() -> None:
    with interruptible() as interruption:
        interruption.over()
        for number in NUMBERS:
            signal.raise_signal(number)
        assert not interruption.heard


def test_nothing_disturbs_the_writing_of_a_report() -> None:
    with undisturbed():
        for number in NUMBERS:
            signal.raise_signal(number)

    with pytest.raises(KeyboardInterrupt):
        signal.raise_signal(signal.SIGINT)


def test_what_is_ignored_stays_so() -> None:
    signal.signal(signal.SIGHUP, signal.SIG_IGN)

    with interruptible():
        signal.raise_signal(signal.SIGHUP)
        assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN


def test_programs_that_are_started_meanwhile_do_not_ignore_signals() -> None:
    with undisturbed():
        code = "import signal; print(signal.getsignal(signal.SIGTERM) is signal.SIG_DFL)"
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)

    assert done.stdout == b"True\n"
