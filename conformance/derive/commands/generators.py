"""The generators of the cases about the arguments of a command, and about where it is asked."""

from __future__ import annotations

from typing import Final

from conformance.derive.commands.elsewhere import elsewhere_cases
from conformance.derive.commands.in_states import state_cases
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

IN_STATES: Final = (Generator(state_cases, ("{}/states/",)),)
"""What is asked where other requests have brought about a state."""

ELSEWHERE: Final = (Generator(elsewhere_cases, ("{}/gates/with",)),)
"""What is asked on another machine than the recipe's."""
