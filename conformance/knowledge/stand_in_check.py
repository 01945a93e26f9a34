"""Checks that each stand-in replaces a machine, device or file that some recipe names.

Knows how files name machines, devices and files of code.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from conformance.knowledge.decoder import FileProblem, Read
from conformance.knowledge.keys import unknown_word


def idle_stand_ins(reads: Sequence[Read[Any]]) -> Iterator[FileProblem]:
    """Yield each stand-in for a machine, a device or a file that no file names."""
    named: dict[str, dict[str, None]] = {"machine": {}, "device": {}, "file": {}}
    for read in reads:
        for key, value in read.source.top.items():
            if key != "stand_in":
                _collect(value, named)
    for read in reads:
        for number, entry in enumerate(read.kept.stand_ins):
            words = {"machine": entry.machine, "device": entry.device, "file": entry.file}
            key, word = next((each for each in words.items() if each[1]), ("machine", ""))
            if word not in named[key]:
                error = unknown_word(word, named[key])
                yield read.source.problem(
                    ("stand_in", number, key),
                    f"no recipe names the {key} {word!r}",
                    error.remedy if "mean" in error.remedy else "Take it out.",
                )


def _collect(value: Any, named: dict[str, dict[str, None]]) -> None:
    """Add the machines and devices that a part of a file names."""
    match value:
        case dict():
            for key, item in value.items():
                if key == "machine" and isinstance(item, str):
                    named["machine"][item.partition(",")[0]] = None
                elif key == "path" and isinstance(item, str):
                    named["file"][item] = None
                elif key == "driver" and isinstance(item, str):
                    named["device"][item] = None
                else:
                    _collect(item, named)
        case list():
            for before, item in zip(["", *value], value, strict=False):
                if before == "-device" and isinstance(item, str):
                    named["device"][item.partition(",")[0]] = None
                _collect(item, named)
