"""The generators of the cases about the known requests of a command, and about its arguments."""

from __future__ import annotations

from typing import Final

from conformance.derive import at_start
from conformance.derive.commands.behaviours import behaviour_cases
from conformance.derive.commands.effects import effect_cases
from conformance.derive.commands.elsewhere import elsewhere_cases
from conformance.derive.commands.in_states import state_cases
from conformance.derive.commands.invalid import invalid_cases
from conformance.derive.commands.pairs import pair_cases
from conformance.derive.commands.peers import peer_cases
from conformance.derive.commands.restored import created_cases, restored_cases
from conformance.derive.commands.valid import asked_cases
from conformance.derive.commands.values import value_cases
from conformance.derive.commands.variations import variation_cases
from conformance.derive.subjects import Generator

OF_KNOWN_REQUESTS: Final = (
    Generator(effect_cases, ("{}/effect/",)),
    Generator(asked_cases, ("{}/valid/",)),
    Generator(behaviour_cases, ("{}/valid/behaviour/",)),
    Generator(at_start.command_cases, ("{}/valid/at-start/",)),
    Generator(restored_cases, ("{}/lifecycle/restored/",)),
    Generator(created_cases, ("{}/lifecycle/created/",)),
)
"""In the order of the plan."""

OF_ARGUMENTS: Final = (
    Generator(invalid_cases, ("{}/invalid/",)),
    Generator(variation_cases, ("{}/valid/",)),
    Generator(value_cases, ("{}/values/",)),
    Generator(pair_cases, ("{}/pairs/",)),
)
"""In the order of the plan."""

IN_STATES: Final = (Generator(state_cases, ("{}/states/",)),)
"""What is asked where other requests have brought about a state."""

OF_PEERS: Final = (Generator(peer_cases, ("{}/peers/",)),)
"""What is asked of servers and clients that misbehave."""

ELSEWHERE: Final = (Generator(elsewhere_cases, ("{}/gates/with",)),)
"""What is asked on another machine than the recipe's."""
