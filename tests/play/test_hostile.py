"""Servers that mean no good cost one clear message, bounded time and little memory."""

from __future__ import annotations

import re
import resource
from pathlib import Path

import pytest

from conformance.launch.folder import RunFolder
from conformance.launch.target import program_target
from conformance.model.errors import LaunchError
from conformance.prepare.asking import ask
from conformance.prepare.prepare import prepare
from tests.miniatures.hostile import install_hostile
from tests.patience import patiently

LIMIT = 2.0
MEBIBYTES = 1024
NO_MESSAGE = "the server sent a line that is no message"
TOO_LONG = "a line of the server is longer than 4194304 bytes, or as heavy to read"
CLOSED = "the server has closed the connection"
IN_TIME = r"no answer within \d+ s"
UNTOLD = r"did not answer --version within \d+ seconds"

FAULTS = {
    "version": {
        "endless-line": "is no QEMU system emulator",
        "endless-words": "is no QEMU system emulator",
        "silence": UNTOLD,
        "closes": UNTOLD,
        "exits": "answered 'hostile: it is over' and ended with status 1",
        "forks": "answered nothing",
    },
    "connect": {
        "endless-line": TOO_LONG,
        "endless-events": "the server's first message is no greeting",
        "endless-words": "ended instead of greeting",
        "garbage": NO_MESSAGE,
        "deep": TOO_LONG,
        "bomb": TOO_LONG,
        "half": IN_TIME,
        "silence": IN_TIME,
        "closes": f"{CLOSED} in the middle of a line",
        "exits": "hostile: it is over",
        "forks": r"ended instead of greeting \(status 0\)",
    },
    "greeted": {
        "endless-line": TOO_LONG,
        "garbage": NO_MESSAGE,
        "silence": IN_TIME,
        "exits": "hostile: it is over",
    },
    "query-qmp-schema": {
        "endless-line": TOO_LONG,
        "endless-events": rf"({IN_TIME}, though|sends events without end)",
        "garbage": NO_MESSAGE,
        "bomb": TOO_LONG,
        "silence": IN_TIME,
        "closes": f"{CLOSED} in the middle of a line",
        "exits": CLOSED,
        "forks": CLOSED,
    },
}


@pytest.mark.parametrize(
    ("phase", "deed", "fault"),
    [
        pytest.param(phase, deed, fault, id=f"{deed} at {phase}")
        for phase, deeds in FAULTS.items()
        for deed, fault in deeds.items()
    ],
)
def test_a_hostile_server_is_left_in_time_with_a_word_for_its_fault(
    run_folder: RunFolder, program: Path, phase: str, deed: str, fault: str
) -> None:
    target = program_target(str(install_hostile(program, phase, deed)))
    before = _peak()

    def attempt(limit: float) -> None:
        with pytest.raises(LaunchError) as caught:
            prepare(target, run_folder, limit=limit)

        assert re.search(fault, str(caught.value)), str(caught.value)
        assert caught.value.remedy

    patiently(attempt, LIMIT)
    assert _peak() - before < 100 * MEBIBYTES


@pytest.mark.parametrize("deed", ["endless-line", "silence", "bomb", "exits"])
def test_what_only_some_questions_are_answered_with_costs_those_alone(
    run_folder: RunFolder, program: Path, deed: str
) -> None:
    target = program_target(str(install_hostile(program, "qom-list-properties", deed)))

    def attempt(limit: float) -> None:
        answers = ask(target, run_folder, thorough=False, limit=limit, tell=lambda text: None)
        assert answers.found is not None
        found = answers.found.model

        assert dict(found.lost).keys() >= {f"properties/{name}" for name in found.creatable}
        # Where it was waited in vain, nothing else is asked.
        assert bool(found.trees) == (deed != "silence")

    patiently(attempt, LIMIT)


def _peak() -> int:
    """Return the most memory that this process ever had, in KiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
