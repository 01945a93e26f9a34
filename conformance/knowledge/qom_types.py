"""Reads the names of QOM types and machines of several builds (fixtures/qom-types.json).

No digest has them; docs/maintainers/digests.md describes the file. Knows no build.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from conformance.knowledge import store
from conformance.model.errors import KnowledgeError


@dataclass(frozen=True, slots=True)
class ListedNames:
    """The names of types, and the aliases of devices; the names and aliases of machines."""

    types: frozenset[str] = frozenset()
    machines: frozenset[str] = frozenset()


def path_of_types() -> Path:
    """Return the path of the file."""
    return store.fixtures_folder() / "qom-types.json"


@cache
def load_qom_types() -> ListedNames:
    """Return the names that the file lists; raises KnowledgeError."""
    path = path_of_types()
    try:
        read = json.loads(store.read_text(path))
        return ListedNames(frozenset(read["types"]), frozenset(read["machines"]))
    except (ValueError, KeyError, TypeError) as error:
        raise KnowledgeError(f"{path}: no list of types: {error}", "Make it again.") from error
