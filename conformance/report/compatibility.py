"""Shows a comparison of two schemas: text for a terminal, or Markdown; pure.

What breaks clients comes first, command by command; the rest is counted and folded away.
"""

from __future__ import annotations

import textwrap
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Final

from conformance.compat.change import (
    Change,
    ChangeClass,
    ChangedBehaviour,
    Comparison,
    SideFacts,
)
from conformance.model.canonical import compact
from conformance.model.counting import counted, number
from conformance.report.markup import code_cell, folded, plain, row
from conformance.report.paint import Paint, Style
from conformance.report.wording import visible

HEADINGS: Final = {
    ChangeClass.INCOMPATIBLE: "Incompatible",
    ChangeClass.DEPRECATED_FIRST: "Deprecated first",
    ChangeClass.UNSTABLE: "Unstable",
    ChangeClass.CONFIGURATION: "Configuration",
    ChangeClass.UNREACHABLE: "Unreachable",
    ChangeClass.COMPATIBLE: "Compatible",
}
"""The heading of each class."""

MEANINGS: Final = {
    ChangeClass.INCOMPATIBLE: "clients break, and nothing had told them before",
    ChangeClass.DEPRECATED_FIRST: "clients break that went on using what had long been deprecated",
    ChangeClass.UNSTABLE: "clients break that used what was never promised to stay",
    ChangeClass.CONFIGURATION: "one of the sides was built without it",
    ChangeClass.UNREACHABLE: "no client can come across it",
    ChangeClass.COMPATIBLE: "clients work on",
}
"""What each class means."""

_BEHAVIOUR: Final = "Behaviour that no schema shows"
_STYLES: Final = {
    ChangeClass.INCOMPATIBLE: Style.BAD,
    ChangeClass.DEPRECATED_FIRST: Style.DOUBT,
    ChangeClass.UNSTABLE: Style.DOUBT,
}
# What a reader need not look at one by one.
_FOLDED: Final = frozenset(
    {ChangeClass.CONFIGURATION, ChangeClass.UNREACHABLE, ChangeClass.COMPATIBLE}
)
_OTHERS: Final = 3
_NARROWEST: Final = 60


def verdict(comparison: Comparison) -> str:
    """Return the number of changes of each class, as one line."""
    told = [
        f"{number(count)} {HEADINGS[name].lower()}"
        for name, count in comparison.counts.items()
        if count
    ]
    total = counted(len(comparison.changes), "change")
    return f"{total}: {', '.join(told)}" if told else "No change that a client could see"


def text(
    comparison: Comparison, width: int = 100, *, everything: bool = False, colour: bool = False
) -> str:
    """Return the comparison as text of `width` columns where the content allows.

    Configuration, unreachable and compatible changes are only counted unless `everything` is set.
    """
    paint, width = Paint(colour), max(width, _NARROWEST)
    lines = [f"old  {_side(comparison.old)}", f"new  {_side(comparison.new)}", ""]
    for note in comparison.notes:
        lines += [*textwrap.wrap(f"Note: {note}", width), ""]
    for name, changes in _by_class(comparison):
        head = f"{HEADINGS[name].upper()} ({number(len(changes))}): {MEANINGS[name]}"
        lines += [paint(_STYLES.get(name, Style.HEAD), line) for line in _wrapped(head, "", width)]
        shown = changes if everything else _shown(name, changes)
        lines += _listed(shown, width, paint)
        rest = [] if everything else [each for each in changes if each not in shown]
        lines += [f"  {line}" for line in _kinds(rest)]
        lines.append("")
    if comparison.behaviours:
        head = f"{_BEHAVIOUR.upper()} ({number(len(comparison.behaviours))})"
        lines.append(paint(Style.DOUBT, head))
        for each in comparison.behaviours:
            lines.append(f"  {paint(Style.HEAD, f'command {each.command}')}")
            lines += _wrapped(visible(_told(each)), "    ", width)
            lines += _wrapped(visible(each.reason), "        ", width)
        lines.append("")
    lines += [paint(Style.HEAD, line) for line in _wrapped(verdict(comparison), "", width)]
    return "\n".join(lines) + "\n"


def markdown(comparison: Comparison) -> str:
    """Return the comparison as GitHub-flavoured Markdown, with every change."""
    lines = ["# Compatibility of two QMP schemas", "", f"**{plain(verdict(comparison))}**", ""]
    lines += [row(["", "Side", "What it is", "Version"]), row([":--"] * 4)]
    for which, facts in (("old", comparison.old), ("new", comparison.new)):
        what = ", ".join(filter(None, (facts.kind, facts.detail)))
        lines.append(row([which, code_cell(facts.name), plain(what), code_cell(facts.version)]))
    lines.append("")
    for note in comparison.notes:
        lines += [f"> {plain(note)}", ""]
    for name, changes in _by_class(comparison):
        count = number(len(changes))
        lines += [f"## {HEADINGS[name]} ({count})", "", f"{MEANINGS[name].capitalize()}.", ""]
        shown = _shown(name, changes)
        lines += [*_table(shown), ""] if shown else []
        rest = [each for each in changes if each not in shown]
        if rest:
            lines += [*(f"- {plain(line)}" for line in _kinds(rest)), ""]
            lines += folded(f"All {number(len(rest))}", [*_table(rest)])
    if comparison.behaviours:
        count = number(len(comparison.behaviours))
        lines += [f"## {_BEHAVIOUR} ({count})", ""]
        lines += [row(["Command", "What", "Why", "Where"]), row([":--"] * 4)]
        for each in comparison.behaviours:
            told = [code_cell(each.command), *map(plain, (_told(each), each.reason, each.where))]
            lines.append(row(told))
    return "\n".join(lines).rstrip("\n") + "\n"


def _told(behaviour: ChangedBehaviour) -> str:
    was, now = (
        each if isinstance(each, str) else compact(each) for each in (behaviour.was, behaviour.now)
    )
    return (
        f"{behaviour.title}: {was} up to {behaviour.after} at least, {now} from {behaviour.by} on "
        "at the latest"
    )


def _by_class(comparison: Comparison) -> Iterator[tuple[ChangeClass, list[Change]]]:
    for name in ChangeClass:
        changes = [each for each in comparison.changes if each.change_class is name]
        if changes:
            yield name, changes


def _shown(name: ChangeClass, changes: Sequence[Change]) -> Sequence[Change]:
    """Return what a reader should look at one by one: what breaks, and what was judged by hand."""
    if name is ChangeClass.CONFIGURATION:
        return ()
    return [each for each in changes if each.reason] if name in _FOLDED else changes


def _side(facts: SideFacts) -> str:
    version = f"version {facts.version}" if facts.version else "version unknown"
    what = ", ".join(filter(None, (facts.kind, version, facts.detail)))
    return visible(f"{facts.name} ({what})")


def _kinds(changes: Sequence[Change]) -> Iterator[str]:
    """Yield the number of changes of each kind and direction, the most frequent first."""
    found = Counter(_what(change) for change in changes)
    for what, count in sorted(found.items(), key=lambda item: (-item[1], item[0])):
        yield f"{number(count)} {what}"


def _what(change: Change) -> str:
    """Return what happened, with the sender where that matters."""
    return f"{change.kind} ({change.direction})" if change.direction else str(change.kind)


def _types(change: Change) -> str:
    return f"{change.old} → {change.new}" if change.old and change.new else change.old + change.new


def _listed(changes: Sequence[Change], width: int, paint: Paint) -> Iterator[str]:
    for subject, group in groupby(changes, key=lambda change: change.subject):
        yield f"  {paint(Style.HEAD, visible(subject))}"
        for reason, alike in groupby(group, key=lambda change: change.reason):
            for change in alike:
                place = change.place.removeprefix(subject).removeprefix(": ")
                types = f": {_types(change)}" if _types(change) else ""
                told = f"{change.kind} {place}".rstrip() + f"{types} ({change.rule})"
                yield from _wrapped(visible(told), "    ", width)
                if change.others:
                    yield from _wrapped(f"also {_others(change)}", "      ", width)
            if reason:
                yield from _wrapped(visible(reason), "        ", width)


def _others(change: Change) -> str:
    shown = [visible(place) for place in change.others[:_OTHERS]]
    more = len(change.others) - len(shown)
    return "; ".join(shown) + (f"; and {counted(more, 'more place')}" if more else "")


def _wrapped(text: str, indent: str, width: int) -> list[str]:
    return textwrap.wrap(
        text,
        width,
        initial_indent=indent,
        subsequent_indent=indent + "  ",
        break_long_words=False,
        break_on_hyphens=False,
    )


def _table(changes: Sequence[Change]) -> Iterator[str]:
    yield row(["Where", "What", "Rule", "Why"])
    yield row([":--"] * 4)
    for change in changes:
        where = code_cell(change.place)
        if change.others:
            where += f"<br>also {', '.join(map(code_cell, change.others[:_OTHERS]))}"
            more = len(change.others) - _OTHERS
            where += f" and {counted(more, 'more place')}" if more > 0 else ""
        types = f": {plain(_types(change))}" if _types(change) else ""
        yield row([where, plain(_what(change)) + types, change.rule, plain(change.reason)])
