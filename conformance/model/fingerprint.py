"""The short name of a defect: the same on every build that has it; knows no defect."""

from __future__ import annotations

import hashlib
import re
from typing import Final

VERSION: Final = 1
"""Changes when equal defects get other names than before: then earlier files no longer fit."""
FORM: Final = re.compile(r"v(?P<version>[1-9][0-9]*)-[0-9a-f]{12}")


def fingerprint(defect: str) -> str:
    """Return the short name of the defect that words describe, such as v1-0123456789ab."""
    return f"v{VERSION}-{hashlib.sha256(defect.encode()).hexdigest()[:12]}"
