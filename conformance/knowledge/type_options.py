"""The QOM types that a command line names; knows no build and no file."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Final

_OPTIONS: Final = ("-device", "-object")
_TYPE: Final = re.compile(
    r"""(?:\{.*"(?:driver|qom-type)":\s*"|(?:driver|qom-type)=)?([^",={}]+)(?=[",]|$)"""
)
"""The type in the value of either option, which may be JSON."""


def types_of_options(args: Sequence[str]) -> Iterator[tuple[int, str, str]]:
    """Yield (number of the value, its option, the type) for each device and object in `args`."""
    for number, (option, word) in enumerate(pairwise(args), start=1):
        found = _TYPE.match(word) if option in _OPTIONS else None
        if found is not None:
            yield number, option, found[1]
