"""Which section of QEMU's MAINTAINERS a command or an event belongs to (fixtures/maintainers.json).

`python -m docs.sections TREE` writes the file. Knows no build.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from conformance.knowledge import store


def path() -> Path:
    """Return where the file is."""
    return store.fixtures_folder() / "maintainers.json"


def section_title(subject: str) -> str:
    """Return the section's title and the module of a command or event; "" if it is not known."""
    told = _told()
    module = told["modules"].get(subject, "")
    title = told["sections"].get(module, "")
    return f"{title} ({module})" if title else ""


@cache
def _told() -> Mapping[str, Any]:
    value: Mapping[str, Any] = json.loads(store.read_text(path()))
    return value
