"""Says what went wrong while a target was prepared, in the suite's own words."""

from __future__ import annotations

import traceback
from pathlib import Path
from typing import Final

from conformance.model.errors import ConformanceError, HarnessError

_SAID: Final = 400
"""How many characters of an error's message to show."""


def told(error: Exception) -> ConformanceError:
    """Return the message for an error in the preparation of a target."""
    if isinstance(error, ConformanceError):
        return error
    frames = traceback.extract_tb(error.__traceback__)
    where = f" ({Path(frames[-1].filename).name}, line {frames[-1].lineno})" if frames else ""
    said = " ".join(str(error).split())[:_SAID]
    return HarnessError(
        f"the suite itself failed while it prepared the target: {type(error).__name__}: "
        f"{said}{where}",
        "Please report this.",
    )
