"""Loads what is known of states: queries, known states, and what a search leaves alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from conformance.knowledge.case_file import CaseFile
from conformance.knowledge.decoder import Read
from conformance.knowledge.search import load_search
from conformance.knowledge.state_queries import StateKnowledge, load_state
from conformance.knowledge.states import States, load_states


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownOfStates:
    """What files say of states and of the search."""

    state: StateKnowledge
    states: States


def load_known_of_states(folder: Path, more: Sequence[Read[CaseFile]]) -> KnownOfStates:
    """Return what the folder of cases and `more` say; raises KnowledgeError."""
    search = load_search(folder / "search.toml", more)
    return KnownOfStates(
        state=replace(load_state(folder / "state.toml", more), search=search),
        states=load_states(folder / "states", more),
    )
