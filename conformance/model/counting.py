"""Counts in words: thousands separators and plurals."""

from __future__ import annotations

import re
from typing import Final

_Y: Final = re.compile(r"[^aeiou]y$")
_HISS: Final = re.compile(r"(ch|sh|s|x)$")


def number(count: int) -> str:
    """Return `count` with a thousands separator."""
    return f"{count:,}"


def plural(thing: str) -> str:
    """Return the plural of an English noun that takes -s, -es (search) or -ies (reply)."""
    if _Y.search(thing):
        return f"{thing[:-1]}ies"
    return f"{thing}es" if _HISS.search(thing) else f"{thing}s"


def singular(things: str) -> str:
    """Return the noun whose plural is `things`."""
    return f"{things[:-3]}y" if things.endswith("ies") else things.removesuffix("s")


def named(count: int, thing: str) -> str:
    """Return `thing`, in the plural unless `count` is 1."""
    return thing if count == 1 else plural(thing)


def counted(count: int, thing: str) -> str:
    """Return `count` of `thing`, a noun in the singular."""
    return f"{number(count)} {named(count, thing)}"
