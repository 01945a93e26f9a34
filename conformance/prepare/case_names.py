"""Which cases were meant by an id or a pattern that no case fits; knows nothing of cases."""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Collection
from typing import Final

from conformance.model.hints import nearest

_ALL: Final = "`qmp-conformance list PROGRAM` names all cases."
_OPEN: Final = re.compile(r"[*?\[]")


def near_ids(wanted: str, ids: Collection[str]) -> str:
    """Return a sentence with the ids nearest to one that no case has."""
    if any(case.startswith(f"{wanted}/") for case in ids):
        return f"Its cases: `qmp-conformance list PROGRAM --case '{wanted}/*'`."
    near = nearest(wanted, ids, 3)
    return f"Nearest: {', '.join(near)}." if near else _ALL


def near_globs(glob: str, ids: Collection[str]) -> str:
    """Return a sentence with a pattern like `glob` that fits cases, where there is one."""
    for other in _others(glob, ids):
        if other != glob and fnmatch.filter(ids, other):
            return f"Did you mean '{other}'?"
    return _ALL


def _others(glob: str, ids: Collection[str]) -> list[str]:
    """Return patterns that may have been meant, the likeliest first."""
    bare = glob.rstrip("/")
    others = [f"{bare}/*", f"*/{bare}/*"]
    parts = glob.split("/")
    fixed = next((n for n, part in enumerate(parts) if _OPEN.search(part)), len(parts))
    if fixed == 0:
        # A pattern that begins with a star may misspell one word of ids.
        word = re.sub(r"[*?\[\]]", "", glob)
        known = {part for case in ids for part in case.split("/")}
        return [*others, *(f"*{near}*" for near in nearest(word, known))]
    beginnings = {"/".join(case.split("/")[:fixed]) for case in ids}
    for near in nearest("/".join(parts[:fixed]), beginnings):
        rest = parts[fixed:]
        others += ["/".join([near, *rest]), f"{near}/*", near]
    return others
