"""What the choices of a request came to, each alone and together."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class RefusedPair:
    """Two choices that are accepted alone, and what refuses them together."""

    one: str
    two: str
    error: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Together:
    """What the choices of a case came to.

    `accepted` of `choices` were accepted alone.  A request can hold `pairs` of these, and `tried`
    of them stood in one of the `rows`; `refused` rows were refused.  `refused_pairs` are pairs
    that were refused on a fresh machine that had accepted both halves.
    """

    choices: int
    accepted: int
    pairs: int
    tried: int
    rows: int
    refused: int
    refused_pairs: tuple[RefusedPair, ...]
