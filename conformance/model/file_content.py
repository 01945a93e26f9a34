"""What stands at a name of a folder; knows neither the folder nor why anyone looks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

REGULAR: Final = "file"


@dataclass(frozen=True, slots=True)
class FileContent:
    """What stands at a name: its kind, and of a file also its size and a digest of it."""

    kind: str
    size: int = 0
    digest: str = ""

    def __str__(self) -> str:
        return f"a file of {self.size:,} bytes" if self.kind == REGULAR else f"a {self.kind}"
