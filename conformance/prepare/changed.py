"""Which subjects a build has another schema of than an earlier one had."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from conformance.compat.comparison import compared
from conformance.prepare.operand import NamedSide, introspected_side, read_side


def changed_subjects(
    path: Path, entries: Sequence[Any], versions: tuple[str, str]
) -> frozenset[str]:
    """Return the commands, events and types that differ; none without the file of the old schema.

    `entries` is the new schema, `versions` are those of the old and the new build.
    """
    if not path.is_file():
        return frozenset()
    old = read_side(NamedSide(name=str(path), version=versions[0]))
    new = introspected_side(NamedSide(name="the build", version=versions[1]), entries)
    return frozenset(name for each in compared(old, new).changes for name in each.names)
