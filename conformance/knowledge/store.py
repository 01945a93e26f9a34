"""Finds cases/ and fixtures/: in the installed package, else beside it.

Knows where the two folders are, not what they contain.
"""

from __future__ import annotations

from importlib import resources
from pathlib import Path

from conformance.model.errors import KnowledgeError

_PACKAGE = "conformance"


def cases_folder() -> Path:
    """Return the folder cases/; raises KnowledgeError if it is missing."""
    return _folder("cases")


def fixtures_folder() -> Path:
    """Return the folder fixtures/; raises KnowledgeError if it is missing."""
    return _folder("fixtures")


def _folder(name: str) -> Path:
    package = Path(str(resources.files(_PACKAGE)))
    # The wheel has the folders inside the package, a checkout at its top.
    places = (package / "data" / name, package.parent / name)
    for place in places:
        if place.is_dir():
            return place
    raise KnowledgeError(
        f"no folder {name}/: looked at {places[0]} and {places[1]}",
        "Install the package again, or run it from a whole checkout.",
    )


def read_text(path: Path) -> str:
    """Return the text of a file in the two folders; raises KnowledgeError if it is unreadable."""
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise KnowledgeError(f"{path}: cannot be read: {error}") from error
