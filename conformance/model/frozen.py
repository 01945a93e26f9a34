"""Dataclasses that nothing changes, of which a plan makes hundreds of thousands.

Knows no class of the suite.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dataclasses import dataclass as frozen_value
else:

    def frozen_value(**options):
        """Return the decorator that `dataclass` is, for a class that type checkers see as frozen.

        A frozen dataclass asks of each of its members whether it may be set, also while it is made:
        most of the time that it takes. Here mypy alone keeps a value from being changed; it is
        hashed and compared as a frozen one.
        """
        return dataclass(**{**options, "frozen": False, "unsafe_hash": True})


__all__ = ["frozen_value"]
