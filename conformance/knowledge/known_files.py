"""Changes files of known issues as text: what users wrote in them stays as it is.

Knows neither a run nor why an entry comes or goes.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator
from typing import Final

from conformance.knowledge.toml_lines import lines
from conformance.model.known_issue import KnownIssue, KnownOutcome

_HEADER: Final = "[[known]]"


def entry_text(issue: KnownIssue) -> str:
    """Return an entry as it is written in a file; what is as by default is left out."""
    pairs = [
        ("fingerprint", issue.fingerprint),
        ("rule", issue.rule),
        ("defect", issue.defect),
        ("reason", issue.reason),
        ("link", issue.link),
    ]
    told = [f"{name} = {_string(text)}" for name, text in pairs if text]
    if issue.expires:
        told.append(f"expires = {issue.expires}")
    if issue.outcome is not KnownOutcome.FAILS:
        told.append(f"outcome = {_string(issue.outcome)}")
    if issue.cases:
        told += ["cases = [", *(f"    {_string(case)}," for case in issue.cases), "]"]
    conditions = ", ".join(_conditions(issue))
    if conditions:
        told.append(f"when = {{ {conditions} }}")
    return "\n".join([_HEADER, *told]) + "\n"


def _conditions(issue: KnownIssue) -> Iterator[str]:
    when = issue.when
    if when.versions:
        yield f"versions = {_string(when.versions)}"
    for name in ("package", "program", "arch", "machine", "accel", "host"):
        values: tuple[str, ...] = getattr(when, name)
        if values:
            yield f"{name} = [{', '.join(map(_string, values))}]"


def _string(text: str) -> str:
    # JSON's escapes are TOML's, but for DEL, which JSON leaves as it is.
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def appended(text: str, issues: Collection[KnownIssue]) -> str:
    """Return the text of a file with more entries at its end."""
    before = f"{text.rstrip()}\n\n" if text.strip() else ""
    return before + "\n".join(map(entry_text, issues))


def without(text: str, numbers: Collection[int]) -> str:
    """Return the text of a file without the entries of these numbers, from 0.

    The comment right above an entry goes with it.
    """
    begins = _begins(text)
    kept: list[str] = text.splitlines(keepends=True)
    ends = [*begins[1:], len(kept)]
    gone = {line for number in numbers for line in range(begins[number], ends[number])}
    return "".join(line for place, line in enumerate(kept) if place not in gone)


def _begins(text: str) -> list[int]:
    """Return the first line of each entry, from 0: that of the comment right above it, if any."""
    found = sorted(
        (number, line - 1)
        for path, line in lines(text).items()
        if len(path) == 2 and path[0] == "known" and isinstance(number := path[1], int)
    )
    written = text.splitlines()
    begins = []
    for _, line in found:
        while line and written[line - 1].lstrip().startswith("#"):
            line -= 1
        begins.append(line)
    return begins
