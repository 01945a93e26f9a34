"""The cases of each rule in the newest release, as they ship (fixtures/rule-cases.json).

To derive them takes some seconds of CPU, and nobody who asks for a rule waits that long.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from conformance.model.canonical import pretty
from conformance.model.codec import Codec
from conformance.report.rule_index import CaseGroup

FILE = "rule-cases.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class ShippedIndex:
    """The groups of the cases of each rule in a release: "10.0"."""

    release: str
    rules: Mapping[str, tuple[CaseGroup, ...]]


def read_index(text: str) -> ShippedIndex:
    """Return what the text of the file says; raises ValueError."""
    return _codec().read(json.loads(text))


def text_of(index: ShippedIndex) -> str:
    """Return the text of the file."""
    return pretty(_codec().write(index))


@cache
def _codec() -> Codec[ShippedIndex]:
    return Codec(ShippedIndex)
