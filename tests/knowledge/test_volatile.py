"""What builds draw at random is written as a word."""

from __future__ import annotations

from pathlib import Path

import pytest

from conformance.knowledge.store import cases_folder
from conformance.knowledge.volatile import load_volatile, settled
from conformance.model.errors import KnowledgeError


def test_names_of_nodes_that_differ_by_run_are_written_alike() -> None:
    entries = load_volatile(cases_folder() / "volatile.toml")

    texts = [f"Node '#block{number}' is busy: #block{number}" for number in (123, 1077)]

    assert {settled(text, entries) for text in texts} == {"Node '#block...' is busy: #block..."}
    assert settled("#block7", entries) == "#block7"


def test_addresses_that_differ_by_process_are_written_alike() -> None:
    entries = load_volatile(cases_folder() / "volatile.toml")
    told = "x86.h:107:X86_MACHINE: Object {} is not an instance of type x86-machine"

    texts = {settled(told.format(each), entries) for each in ("0x55800939df50", "0x55ca12434f50")}

    assert texts == {told.format("0x...")}


def test_a_pattern_that_is_none_is_named(tmp_path: Path) -> None:
    path = tmp_path / "volatile.toml"
    path.write_text('[[volatile]]\npattern = "["\nword = "w"\nreason = "r"\n')

    with pytest.raises(KnowledgeError, match="pattern"):
        load_volatile(path)
