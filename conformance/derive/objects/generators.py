"""What makes the cases of an object type, in the order of the plan."""

from __future__ import annotations

from typing import Final

from conformance.derive import at_start
from conformance.derive.commands.peers import peer_cases_of_type
from conformance.derive.objects import (
    creatable,
    defaults,
    elsewhere,
    instances,
    invalid,
    lifecycle,
    pairs,
    valid,
    values,
    words,
)
from conformance.derive.subjects import Generator

OF_OBJECT_ADD: Final = (Generator(creatable.creatable_case, ("{}/introspection/",)),)
"""What is asked of object-add as a whole."""

OF_ALL_TYPES: Final = (
    Generator(elsewhere.early_cases, ("qom-list-properties/introspection/",)),
    Generator(words.word_cases, ("qom-list-properties/documentation/",)),
)
"""What is asked of the types of the object model in preconfig, and of those of properties."""

OF_OBJECT_TYPES: Final = (
    Generator(valid.valid_cases, ("object-add/{}/valid/",)),
    Generator(at_start.object_cases, ("object-add/{}/valid/at-start",)),
    Generator(elsewhere.machine_cases, ("object-add/{}/valid/",)),
    Generator(defaults.default_cases, ("object-add/{}/defaults/",)),
    Generator(defaults.documented_cases, ("object-add/{}/documentation/",)),
    Generator(values.value_cases, ("object-add/{}/values/",)),
    Generator(pairs.pair_cases, ("object-add/{}/pairs/",)),
    Generator(
        instances.instance_cases,
        ("object-add/{}/introspection/", "object-add/{}/values/set"),
    ),
    Generator(invalid.invalid_cases, ("object-add/{}/invalid/",)),
    Generator(lifecycle.error_cases, ("object-add/{}/errors/",)),
    Generator(lifecycle.lifecycle_cases, ("object-add/{}/lifecycle/",)),
    Generator(peer_cases_of_type, ("object-add/{}/peers/",)),
)
"""All that is asked of each object type."""
