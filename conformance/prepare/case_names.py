"""Suggests cases for an id or a pattern that matches none; knows nothing of cases."""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Collection, Sequence
from typing import Final

from conformance.model.hints import nearest

_ALL: Final = "`qmp-conformance list PROGRAM` names all cases."
_FEW: Final = 1000
"""The number of ids to compare one by one."""
_OPEN: Final = re.compile(r"[*?\[]")


def near_ids(wanted: str, ids: Collection[str]) -> str:
    """Return a sentence with the ids nearest to an unknown one."""
    if any(case.startswith(f"{wanted}/") for case in ids):
        return f"Its cases: `qmp-conformance list PROGRAM --case '{wanted}/*'`."
    near = nearest(wanted, _similar(wanted.split("/"), ids), 3)
    return f"Nearest: {', '.join(near)}." if near else _ALL


def _similar(parts: Sequence[str], ids: Collection[str]) -> Collection[str]:
    """Return the ids whose first parts are most similar; comparing all takes a second."""
    for place, part in enumerate(parts):
        if len(ids) <= _FEW:
            break
        own: dict[str, list[str]] = {}
        for case_id in ids:
            found = case_id.split("/")
            if len(found) > place:
                own.setdefault(found[place], []).append(case_id)
        near = (part,) if part in own else nearest(part, own, 3)
        ids = [case_id for each in near for case_id in own[each]]
    return ids


def near_globs(glob: str, ids: Collection[str]) -> str:
    """Return a sentence with a pattern like `glob` that matches cases, if there is one."""
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
        # A pattern with a leading star may misspell one word of ids.
        word = re.sub(r"[*?\[\]]", "", glob)
        known = {part for case in ids for part in case.split("/")}
        return [*others, *(f"*{near}*" for near in nearest(word, known))]
    beginnings = {"/".join(case.split("/")[:fixed]) for case in ids}
    for near in nearest("/".join(parts[:fixed]), beginnings):
        rest = parts[fixed:]
        others += ["/".join([near, *rest]), f"{near}/*", near]
    return others
