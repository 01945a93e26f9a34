"""Loads all that ships with the suite, preceded by a user's own cases."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from pathlib import Path

from conformance.knowledge.absences import load_absences, load_conditional, load_fixed
from conformance.knowledge.arguments import load_catalogue, load_unchecked
from conformance.knowledge.check import read_cases
from conformance.knowledge.commands import commands_of, ranges_of, read_commands
from conformance.knowledge.compatibility import load_behaviours
from conformance.knowledge.dangers import load_dangers
from conformance.knowledge.defaults import load_showings
from conformance.knowledge.digests import load_seed
from conformance.knowledge.events import load_events
from conformance.knowledge.everything import Knowledge
from conformance.knowledge.examples import load_examples
from conformance.knowledge.exceptions import load_intermittent, load_naming
from conformance.knowledge.exchanges import load_exchanges
from conformance.knowledge.growth import load_fresh_memory, load_growths
from conformance.knowledge.machines import (
    load_coupled,
    load_ordinary,
    load_plugs,
    load_stand_ins,
    load_walk,
)
from conformance.knowledge.readbacks import load_readbacks
from conformance.knowledge.recipes import load_recipes
from conformance.knowledge.state_loading import load_known_of_states
from conformance.knowledge.store import cases_folder


def load_knowledge(cases: Sequence[str] = ()) -> Knowledge:
    """Return what ships with the suite, preceded by the content of the folders `cases`.

    Raises KnowledgeError.
    """
    return _read(cases) if cases else _shipped()


@functools.cache
def _shipped() -> Knowledge:
    """Return what ships with the suite: every target of a process is planned by it."""
    return _read(())


def _read(cases: Sequence[str]) -> Knowledge:
    folder = cases_folder()
    more = read_cases([Path(each) for each in cases])
    commands = read_commands(folder / "commands", more)
    of_states = load_known_of_states(folder, more)
    return Knowledge(
        recipes=load_recipes(folder / "objects", more),
        commands=commands_of(commands),
        showings=load_showings(folder / "defaults.toml", more),
        examples=load_examples(folder / "examples.toml", more),
        exchanges=load_exchanges(folder / "exchanges", more),
        events=load_events(folder / "events", more),
        ranges=ranges_of(commands),
        unchecked=load_unchecked(more=more),
        seed=load_seed(),
        naming=load_naming(folder / "naming.toml", more),
        dangers=load_dangers(more=more),
        stand_ins=load_stand_ins(folder / "machines.toml", more),
        walk=load_walk(folder / "machines.toml"),
        ordinary=load_ordinary(folder / "machines.toml"),
        coupled=load_coupled(folder / "machines.toml", more),
        absences=load_absences(folder / "absences.toml", more),
        conditional=load_conditional(folder / "absences.toml", more),
        fixed=load_fixed(folder / "absences.toml", more),
        growths=load_growths(folder / "growth.toml", more),
        fresh_memory=load_fresh_memory(folder / "fresh-memory.toml", more),
        state=of_states.state,
        states=of_states.states,
        catalogue=load_catalogue(more),
        behaviours=load_behaviours(more=more),
        plugs=load_plugs(folder / "devices.toml", more),
        readbacks=load_readbacks(folder / "readbacks", commands),
        intermittent=load_intermittent(folder / "intermittent.toml", more),
    )
