"""What formats take beyond what the suite needs itself; it loads none of them."""

from __future__ import annotations

from collections.abc import Iterable
from importlib.util import find_spec
from typing import Final

from conformance.model.errors import UsageError

_NEEDS: Final = {"html": "jinja2"}
"""The module that a format takes."""


def check_formats(names: Iterable[str]) -> None:
    """Raise UsageError if one of these formats cannot be written here."""
    for name in names:
        module = _NEEDS.get(name)
        if module is not None and find_spec(module) is None:
            raise UsageError(
                f"--format {name} takes Jinja2, which is not installed",
                "Install it: pip install jinja2, or Debian's python3-jinja2.",
            )
