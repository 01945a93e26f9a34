"""Compares two schemas as a whole: all changes, and what each means.

Knows how differences become changes; knows neither where a schema was read nor how a change is
shown.
"""

from __future__ import annotations

from collections.abc import Iterator

from conformance.compat.change import (
    Change,
    ChangeClass,
    ChangedBehaviour,
    ChangeKind,
    Comparison,
    SideKind,
)
from conformance.compat.deprecation import release_name
from conformance.compat.difference import (
    Difference,
    differences,
    differences_of_types,
)
from conformance.compat.meaning import ComparedSide, CompatKnowledge, Judge, is_before
from conformance.compat.schema_path import Route, SchemaSubject
from conformance.compat.walk import Compared
from conformance.digest.expand import parts_of
from conformance.qapi.model import Array, Builtin

_NAMED = frozenset({SideKind.DIGEST, SideKind.SOURCE})
"""The sides whose types are all known, reachable or not, by their real names."""


def compare(
    old: ComparedSide, new: ComparedSide, knowledge: CompatKnowledge | None = None
) -> tuple[Change, ...]:
    """Return all changes from `old` to `new`, the worst first, then by subject and place.

    A change that several commands and events share is listed once, with the class for the one that
    it hits worst.
    """
    judge = Judge(old, new, knowledge or CompatKnowledge())
    before, after = _compared(old), _compared(new)
    changes = [_change(judge, each) for each in differences(before, after)]
    if {old.facts.kind, new.facts.kind} <= _NAMED:
        changes += _unreachable(old, new)
    return tuple(sorted(changes, key=_order))


def compared(
    old: ComparedSide, new: ComparedSide, knowledge: CompatKnowledge | None = None
) -> Comparison:
    """Return the changes with the sides, and notes on what could not be judged."""
    known = knowledge or CompatKnowledge()
    return Comparison(
        old=old.facts,
        new=new.facts,
        changes=compare(old, new, known),
        behaviours=tuple(_behaviours(old, new, known)),
        notes=tuple(_notes(old, new)),
    )


def _behaviours(
    old: ComparedSide, new: ComparedSide, knowledge: CompatKnowledge
) -> Iterator[ChangedBehaviour]:
    """Yield the changes of behaviour of commands of both sides that may lie between them.

    One lies between them unless both sides are among the releases that do as before, or both among
    those that do otherwise.
    """
    versions = [release_name(side.facts.version) for side in (old, new)]
    for each in knowledge.behaviours:
        if not all(each.command in side.schema.commands for side in (old, new)):
            continue
        before = [is_before(each.after, version) is False for version in versions]
        after = [is_before(version, each.by) is False for version in versions]
        if all(versions) and not all(before) and not all(after):
            yield each


def _order(change: Change) -> tuple[int, str, str, str, str, str]:
    return (
        change.change_class.rank,
        change.subject,
        change.place,
        change.kind,
        change.direction or "",
        change.old + change.new,
    )


def _notes(old: ComparedSide, new: ComparedSide) -> Iterator[str]:
    for which, side in (("old", old), ("new", new)):
        name = release_name(side.facts.version)
        if side.partial:
            yield f"The {which} side is part of a schema: what it lacks is not counted as gone."
        elif not name:
            yield f"The version of the {which} side is not known, nor what was left out of it."
        elif side.release is None:
            yield (
                f"There is no digest of {name}: whether something was left out of the {which} "
                "side or is not in its release cannot be told apart."
            )
    if is_before(new.facts.version, old.facts.version):
        yield "The old side is the newer release: what it has more counts as gone."


def _unreachable(old: ComparedSide, new: ComparedSide) -> Iterator[Change]:
    """Yield the differences in types that no client can reach, matched by name."""
    before, after = _loose(old), _loose(new)
    for difference in differences_of_types(_compared(old), _compared(new), sorted(before & after)):
        subject, place = difference.routes[0].subject, str(difference.routes[0])
        yield Change(
            kind=difference.kind,
            change_class=ChangeClass.UNREACHABLE,
            subject=subject,
            place=place,
            rule="Q74",
            old=difference.old,
            new=difference.new,
        )
    if old.partial or new.partial:
        return
    for kind, names in (
        (ChangeKind.TYPE_REMOVED, before - new.schema.types.keys()),
        (ChangeKind.TYPE_ADDED, after - old.schema.types.keys()),
    ):
        for name in sorted(names):
            subject = Route(SchemaSubject.TYPE, name).subject
            yield Change(
                kind=kind,
                change_class=ChangeClass.UNREACHABLE,
                subject=subject,
                place=subject,
                rule="Q74",
            )


def _loose(side: ComparedSide) -> set[str]:
    """Return the named types that no command or event reaches, not even as a base."""
    schema, declared = side.schema, side.release or {}
    todo = [each.arg_type for each in schema.events.values()]
    for command in schema.commands.values():
        todo += [command.arg_type, command.ret_type]
    found: set[str] = set()
    while todo:
        name = todo.pop()
        if name in schema.types and name not in found:
            found.add(name)
            todo += parts_of(schema.types[name])
            base = declared[name].base if name in declared else None
            todo += [base] if base is not None else []
    kinds = schema.types.items()
    return {n for n, kind in kinds if n not in found and not isinstance(kind, Builtin | Array)}


def _compared(side: ComparedSide) -> Compared:
    return Compared(schema=side.schema, open=side.open, partial=side.partial)


def _change(judge: Judge, difference: Difference) -> Change:
    """Return the change for a difference, with the worst class of all its places."""
    verdicts = [judge.verdict(difference, place) for place in difference.routes]
    worst = min(range(len(verdicts)), key=lambda index: verdicts[index].change_class.rank)
    first, verdict = difference.routes[worst], verdicts[worst]
    return Change(
        kind=difference.kind,
        change_class=verdict.change_class,
        subject=first.subject,
        place=str(first),
        rule=verdict.rule,
        direction=difference.direction,
        old=difference.old,
        new=difference.new,
        reason=verdict.reason,
        others=tuple(str(each) for each in difference.routes if each is not first),
    )
