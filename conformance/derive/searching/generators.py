"""The generators of random searches, and of the histories that these have left."""

from __future__ import annotations

from typing import Final

from conformance.derive.searching.bases import (
    histories,
    history_cases,
    history_search_cases,
    search_cases,
    type_search_cases,
)
from conformance.derive.subjects import Generator, Round, introspected, sorted_commands, types

_SEARCH: Final = "{}/stateful/search"
SEARCHES: Final = (
    Round(
        introspected(histories),
        (Generator(history_cases, ("{}/stateful/history/", "object-add/{}/stateful/history/")),),
    ),
    Round(introspected(sorted_commands), (Generator(search_cases, ("{}/fuzz/",)),)),
    Round(introspected(sorted_commands), (Generator(history_search_cases, (_SEARCH,)),)),
    Round(introspected(types), (Generator(type_search_cases, ("object-add/{}/fuzz/",)),)),
)
"""In the order of the plan."""
