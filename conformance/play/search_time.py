"""How long a process may search, and with which seed."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(slots=True, kw_only=True)
class SearchTime:
    """The time of one process for its searches, and their seed, "" for that of each build.

    `share` is what each search gets; what one leaves (`spare`) is for those behind it.
    """

    share: float
    given_seed: str = ""
    seed_of_build: str = ""
    spare: float = 0.0

    @property
    def seed(self) -> str:
        """What all random numbers come from."""
        return self.given_seed or self.seed_of_build
