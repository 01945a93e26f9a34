"""The generators of the cases about the arguments of a command."""

from __future__ import annotations

from typing import Final

from conformance.derive.commands.invalid import invalid_cases
from conformance.derive.commands.pairs import pair_cases
from conformance.derive.commands.values import value_cases
from conformance.derive.commands.variations import variation_cases
from conformance.derive.subjects import Generator

OF_ARGUMENTS: Final = (
    Generator(invalid_cases, ("{}/invalid/",)),
    Generator(variation_cases, ("{}/valid/",)),
    Generator(value_cases, ("{}/values/",)),
    Generator(pair_cases, ("{}/pairs/",)),
)
"""In the order of the plan."""
