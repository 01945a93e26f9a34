"""Finds the known word that a user probably meant; knows no word itself."""

from __future__ import annotations

import difflib
from collections.abc import Collection
from typing import Final

_CUTOFF: Final = 0.6
"""Below this similarity, two words are unrelated (the default of difflib)."""


def nearest(word: str, known: Collection[str], most: int = 1) -> tuple[str, ...]:
    """Return the known words similar to `word`, the nearest first; () if there is none."""
    return tuple(difflib.get_close_matches(word, known, n=most, cutoff=_CUTOFF))


def meant(word: str, known: Collection[str], otherwise: str) -> str:
    """Return the question "Did you mean ...?" for the nearest known word, or `otherwise`."""
    near = nearest(word, known)
    return f"Did you mean {near[0]}?" if near else otherwise
