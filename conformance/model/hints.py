"""What somebody meant who wrote a word that nobody knows; knows nothing of what words mean."""

from __future__ import annotations

import difflib
from collections.abc import Collection
from typing import Final

_CUTOFF: Final = 0.6
"""Below this likeness two words have nothing to do with each other (difflib's own default)."""


def nearest(word: str, known: Collection[str], most: int = 1) -> tuple[str, ...]:
    """Return the known words that are much like `word`, the nearest first; () where none is."""
    return tuple(difflib.get_close_matches(word, known, n=most, cutoff=_CUTOFF))


def meant(word: str, known: Collection[str], otherwise: str) -> str:
    """Return the question whether the nearest known word was meant; `otherwise` if none is near."""
    near = nearest(word, known)
    return f"Did you mean {near[0]}?" if near else otherwise
