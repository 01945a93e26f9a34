"""Writes what a claim of the source is about as shell text that shows what the build has instead.

The source's own text is not quoted: the lines name its file and line. Needs Python's standard
library and nothing of the suite.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Sequence
from typing import Final

from conformance.model.case import Case, Claim
from conformance.model.stage import NEGOTIATION, Request
from conformance.model.terms import ABSENT, SubjectKind

_KINDS: Final = frozenset({SubjectKind.COMMAND, SubjectKind.EVENT})
_PLACE: Final = re.compile(r"([\w./-]+\.json):(\d+)")
_NEGOTIATE: Final = Request(NEGOTIATION, ABSENT)
_QUIT: Final = Request("quit", ABSENT)
_SCHEMA: Final = Request("query-qmp-schema", ABSENT)
_AROUND: Final = 12
"""How many lines of the source a reader is shown: an example, or what is documented at a name."""
_SCRIPT: Final = """\
told = subprocess.run(shlex.split(COMMAND), input=ASKED, capture_output=True, text=True).stdout
answers = [json.loads(line).get("return") for line in told.splitlines()]
named = {{each["name"]: each for each in max(answers, key=lambda it: len(it or ()))}}
def show(kind, indent, within):
    entry = named[kind]
    if entry["meta-type"] == "array":
        return show(entry["element-type"], indent, within)
    if kind in within:
        return
    for member in entry.get("members", ()) if entry["meta-type"] == "object" else ():
        optional = " (may be left out)" * ("default" in member)
        print(f"{{indent}}{{member['name']}}: {{named[member['type']]['meta-type']}}{{optional}}")
        show(member["type"], indent + "  ", (*within, kind))
missing = {{"meta-type": {kind!r}, "name": {name!r} + " is not in this build"}}
entry = named.get({name!r}, missing)
print(entry["meta-type"], entry["name"])
for part in ("arg-type", "ret-type"):
    if part in entry:
        print(f"  {{part}}:")
        show(entry[part], "    ", ())"""


def claim_text(case: Case, claims: Sequence[Claim], command: Sequence[str]) -> str:
    """Return shell text that names what `claims` of a case are about, and shows what is there."""
    return "\n".join([*_places(claims), *_shown(case, claims, command)])


def claim_signs(case: Case, claims: Sequence[Claim]) -> tuple[str, ...]:
    """Return what that prints if the build has what the claims say that it has."""
    found = tuple(each.shows for each in claims if each.asks and each.shows)
    if found or case.subject.kind not in _KINDS:
        return found
    return (f"{case.subject.kind} {case.subject.name}",)


def _places(claims: Sequence[Claim]) -> Iterator[str]:
    for claim in claims:
        yield f"# {claim.what}"
        yield f"#   promised: {claim.promised}"
        yield f"#   in the build: {claim.found}"
        place = _PLACE.search(claim.where or claim.what)
        if place is not None:
            file, line = place[1], int(place[2])
            yield f"# In a tree of its source: sed -n {line},{line + _AROUND}p {file}"


def _shown(case: Case, claims: Sequence[Claim], command: Sequence[str]) -> Iterator[str]:
    asks = list(dict.fromkeys(request.text() for each in claims for request in each.asks))
    if asks or case.subject.kind not in _KINDS:
        lines = asks or [_SCHEMA.text()]
        yield f"{shlex.join(command)} <<'EOF'"
        yield from (_NEGOTIATE.text(), *lines, _QUIT.text(), "EOF")
        return
    asked = "".join(f"{each.text()}\n" for each in (_NEGOTIATE, _SCHEMA, _QUIT))
    yield "python3 - <<'EOF'"
    yield "import json, shlex, subprocess"
    yield f"COMMAND = {shlex.join(command)!r}"
    yield f"ASKED = {asked!r}"
    yield _SCRIPT.format(name=case.subject.name, kind=str(case.subject.kind))
    yield "EOF"
