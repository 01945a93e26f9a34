"""The lines that set up devices as a guest would are well formed, true and awaited."""

from __future__ import annotations

import re

import pytest

from conformance.knowledge.loading import load_knowledge
from conformance.knowledge.states import MachineState

NUMBER = r"(?:0x[0-9a-f]+|[0-9]+)"
LINE = re.compile(
    rf"(?:out[bwl]|write[bwlq]) {NUMBER} {NUMBER}(?: .+)?"
    rf"|write (?P<at>{NUMBER}) (?P<size>[0-9]+) 0x(?P<data>(?:[0-9a-f]{{2}})+) (?P<words>.+)"
)
LAST = "outb 0x505 2"
"""It makes the device pvpanic send GUEST_CRASHLOADED."""
HEADER = 8
"""The bytes before the value in a part of a switch's command."""


def _lines(state: MachineState) -> list[str]:
    return next(
        (each.text.splitlines() for each in state.spec.files if each.path == "lines"),
        [],
    )


STATES = {state.name: state for state in load_knowledge().states.states if _lines(state)}


def test_some_states_are_set_up_by_lines() -> None:
    assert {"a-programmed-switch", "queues-of-a-card", "behind-a-bridge"} <= STATES.keys()


@pytest.mark.parametrize("name", STATES)
def test_lines_are_well_formed_and_write_all_that_they_give(name: str) -> None:
    for line in _lines(STATES[name]):
        match = LINE.fullmatch(line)
        assert match, line
        if match["data"]:
            assert len(match["data"]) <= 2 * int(match["size"]), line


@pytest.mark.parametrize("name", STATES)
def test_the_last_line_is_awaited(name: str) -> None:
    state = STATES[name]
    (run,) = (
        each
        for each in state.setup
        if each.execute == "object-add" and each.arguments["qom-type"] == "qtest"  # type: ignore[index]
    )

    assert _lines(state)[-1] == LAST
    assert {"-device", "pvpanic"} <= set(state.spec.args)
    assert [each.event for each in run.awaits] == ["GUEST_CRASHLOADED"]


@pytest.mark.parametrize("name", ["a-programmed-switch", "another-programmed-switch"])
def test_parts_of_a_command_have_the_value_that_their_words_say(name: str) -> None:
    told = 0
    for line in _lines(STATES[name]):
        match = LINE.fullmatch(line)
        words = (match["words"] or "").split() if match else []
        if match is None or len(words) != 2 or words[0] == "descriptor":
            continue
        data = bytes.fromhex(match["data"]).ljust(int(match["size"]), b"\0")
        value = data[HEADER : int.from_bytes(data[4:6], "little")]
        assert words[1] in _readings(value), line
        told += 1

    assert told > 20


def _readings(value: bytes) -> set[str]:
    numbers = {int.from_bytes(value, "little"), int.from_bytes(value, "big")}
    inner = int.from_bytes(value[HEADER : HEADER + 4], "little")
    return {
        *map(str, numbers),
        *map(hex, numbers),
        hex(inner),
        value.hex(":"),
        ".".join(map(str, value)),
    }
