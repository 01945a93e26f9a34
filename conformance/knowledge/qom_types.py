"""The names of the QOM types of several builds (fixtures/qom-types.json), which no digest has.

docs/maintainers/digests.md describes the file.  Knows no build.
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

from conformance.knowledge import store
from conformance.model.errors import KnowledgeError


def path_of_types() -> Path:
    """Return the path of the file."""
    return store.fixtures_folder() / "qom-types.json"


@cache
def load_qom_types() -> frozenset[str]:
    """Return the names of all types, and the aliases of devices; raises KnowledgeError."""
    path = path_of_types()
    try:
        return frozenset(json.loads(store.read_text(path))["types"])
    except (ValueError, KeyError, TypeError) as error:
        raise KnowledgeError(f"{path}: no list of types: {error}", "Make it again.") from error
