"""The catalogue of rules with the cases about them, for a reader: a list, or one rule.

Knows nothing of the outcomes of cases.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from conformance.knowledge.rules import MEANS, Rule
from conformance.model.counting import counted
from conformance.model.entry import Entry
from conformance.model.terms import Severity
from conformance.report.rule_index import CaseGroup

_FAMILIES: Final = {
    "W": "The wire protocol",
    "Q": "The schema language and its introspection",
    "X": "The documentation of the schema's own commands and types",
}
_INTRODUCTION: Final = """\
# Rules

Every promise that a case or a finding cites, and how it is tested. `qmp-conformance rules --format
markdown` writes this file from `cases/rules.toml` and the cases. `qmp-conformance explain RULE`
explains one rule; add a target for the cases of a build.

A case that passed has shown each of its rules kept. One that failed has shown only that the rules
of its findings are broken. "wire/..." are the exchanges of that file under `cases/exchanges/`
(docs/exchanges.md); other cases are named by the kind of their subject and by their aspect.
"""
_MARKUP: Final = re.compile(r"`[^`]*`|[\\*<_]")
_REASONS: Final = 3
"""How many reasons of exchanges are told."""
_MARGIN: Final = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Book:
    """Rules, and the cases of each in groups; `of` says in words whose cases they are."""

    rules: Mapping[str, Rule]
    groups: Mapping[str, tuple[CaseGroup, ...]]
    of: str

    def unproved(self) -> tuple[str, ...]:
        """Return the rules that nothing tests, without a reason why."""
        return tuple(
            rule.id
            for rule in self.rules.values()
            if not (self.groups.get(rule.id) or rule.means or rule.untested)
        )


def listing(book: Book, width: int) -> str:
    """Return all rules with text, source, severity and number of cases."""
    lines = [f"Cases: {book.of}", ""]
    for family, heading in _FAMILIES.items():
        lines += [f"{family}: {heading}", ""]
        for rule in book.rules.values():
            if rule.id.startswith(family):
                lines += _entry(book, rule, width)
        lines.append("")
    return "\n".join(lines).rstrip("\n") + "\n"


def explanation(book: Book, rule: Rule, width: int) -> str:
    """Return what a rule promises, how it is tested and what a failure looks like."""
    return "\n".join(_explained(book, rule, width)) + "\n"


def markdown(book: Book) -> str:
    """Return all rules as the page docs/rules.md, without what differs between releases."""
    lines = [_INTRODUCTION]
    for family, heading in _FAMILIES.items():
        lines += [f"## {family}: {heading}", ""]
        for rule in book.rules.values():
            if rule.id.startswith(family):
                lines += [*_paragraph(book, rule), ""]
    return "\n".join(lines).rstrip("\n") + "\n"


def to_json(book: Book, cases: Mapping[str, Sequence[Entry]]) -> dict[str, Any]:
    """Return all rules with the ids of their cases as a JSON object."""
    return {
        "cases": book.of,
        "rules": [
            {
                "id": rule.id,
                "promise": rule.promise,
                "source": rule.source,
                "severity": str(rule.severity),
                "since": _since(rule),
                "note": rule.note,
                "failure": rule.failure,
                "means": str(rule.means or ""),
                "untested": rule.untested,
                "cases": [case.id for case in cases.get(rule.id, ())],
            }
            for rule in book.rules.values()
        ],
    }


def _since(rule: Rule) -> str:
    return "{}.{}".format(*rule.since) if rule.since else ""


def _weight(rule: Rule) -> str:
    return f"{rule.severity}, from {_since(rule)} on" if rule.since else f"{rule.severity}"


def _entry(book: Book, rule: Rule, width: int) -> Iterator[str]:
    groups = book.groups.get(rule.id, ())
    blocked = sum(group.blocked for group in groups)
    told = counted(sum(group.count for group in groups), "case")
    told += f" ({blocked:,} not run)" if blocked else ""
    told += f"; {MEANS[rule.means]}" if rule.means else ""
    told = f"no case cites it: {rule.untested}" if rule.untested else told
    yield from _wrapped(f"{rule.id}  {rule.promise}", width, "")
    yield from _wrapped(f"{_weight(rule)}; {rule.source}", width)
    yield from _wrapped(told, width)


def _explained(book: Book, rule: Rule, width: int) -> Iterator[str]:
    yield f"{rule.id} ({_weight(rule)})"
    yield from _wrapped(rule.promise, width)
    yield from _wrapped(f"Source: {rule.source}", width)
    if rule.note:
        yield from _wrapped(f"Note: {rule.note}", width)
    yield ""
    yield f"How it is tested ({book.of})"
    if rule.untested:
        yield from _wrapped(f"No case cites it: {rule.untested}", width)
    if rule.means:
        yield from _wrapped(f"Throughout: {MEANS[rule.means]}.", width)
    for group in book.groups.get(rule.id, ()):
        yield from _group(group, width)
    yield ""
    yield "What a failure looks like"
    yield from _wrapped(_failure(rule), width)
    if rule.id in book.groups:
        yield ""
        yield "`qmp-conformance show CASE PROGRAM` tells what a case sends and expects."


def _group(group: CaseGroup, width: int) -> Iterator[str]:
    blocked = f", {group.blocked:,} of them not run" if group.blocked else ""
    yield from _wrapped(f"{group.name}: {counted(group.count, 'case')}{blocked}", width)
    deeper = " " * 2 * _MARGIN
    for reason in group.reasons[:_REASONS]:
        yield from _wrapped(f"- {reason}", width, deeper)
    # Never broken across lines: readers copy them.
    yield from (f"{deeper}{case}" for case in group.examples)


def _failure(rule: Rule) -> str:
    if rule.failure:
        return rule.failure
    match rule.severity:
        case Severity.INFORMATION:
            return "Nothing fails of it: the document leaves it open."
        case _:
            return "The report says what the build did instead, with the dialogue that shows it."


def _paragraph(book: Book, rule: Rule) -> Iterator[str]:
    yield f"**{rule.id}** ({_weight(rule)}): {_plain(rule.promise)}"
    yield ""
    yield f"- Source: {_plain(rule.source)}"
    names = ", ".join(group.name for group in book.groups.get(rule.id, ()))
    if names:
        yield f"- Cases: {names}"
    if rule.means:
        yield f"- Throughout: {MEANS[rule.means]}"
    if rule.untested:
        yield f"- No case: {_plain(rule.untested)}"
    if rule.failure:
        yield f"- A failure: {_plain(rule.failure)}"
    if rule.note:
        yield f"- Note: {_plain(rule.note)}"


def _plain(text: str) -> str:
    """Return a text whose only markup are its code spans."""
    return _MARKUP.sub(lambda match: match[0] if match[0][0] == "`" else f"\\{match[0]}", text)


def _wrapped(text: str, width: int, margin: str = " " * _MARGIN) -> list[str]:
    hang = margin or " " * _MARGIN
    return textwrap.wrap(
        text,
        max(width, 60),
        initial_indent=margin,
        subsequent_indent=hang,
        break_long_words=False,
        break_on_hyphens=False,
    )
