"""Judges whether a build's self-description is consistent; knows the entries and no machine."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from conformance.judge.miss import Miss
from conformance.model.expectation import Kind
from conformance.qapi.introspection import entry_of, examine
from conformance.qapi.model import Alternate, Array, Builtin, Enum, Object, Schema
from conformance.qapi.validate import Validator

SCHEMA_COMMAND: Final = "query-qmp-schema"
_FIRST_STEP: Final = re.compile(r"\[([0-9]+)\]")


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryMiss:
    """A fault of the entry number `entry` (from 0), or of the whole (None).

    One that is only `remarked` breaks no promise that a client could rely on.
    """

    entry: int | None
    miss: Miss
    remarked: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgedSchema:
    """A schema and its faults; None if it contradicts itself."""

    schema: Schema | None
    misses: tuple[EntryMiss, ...]


def judge_introspection(entries: Any) -> JudgedSchema:
    """Return the schema in `entries`, the return value of query-qmp-schema."""
    found = examine(entries)
    if found.faults:
        return JudgedSchema(
            schema=None,
            misses=tuple(
                EntryMiss(
                    entry=entry_of(fault), miss=_miss(fault.rule, f"{fault}", "no contradiction")
                )
                for fault in found.faults
            ),
        )
    schema = found.schema
    misses = (*_self_description(schema, entries), *_unreachable(schema, entries))
    return JudgedSchema(schema=schema, misses=misses)


def _self_description(schema: Schema, entries: list[Any]) -> Iterator[EntryMiss]:
    expected = "a value of the type that the schema gives it"
    command = schema.commands.get(SCHEMA_COMMAND)
    if command is None:
        what = f"the schema lacks {SCHEMA_COMMAND}, of which it is the answer"
        yield EntryMiss(entry=None, miss=_miss("Q53", what, expected))
        return
    fault = Validator(schema).check(command.ret_type, entries)
    if fault is not None:
        step = _FIRST_STEP.match(fault.path)
        what = f"the schema is not of its own type: {fault.path}: {fault.problem}"
        yield EntryMiss(entry=int(step[1]) if step else None, miss=_miss("Q53", what, expected))


def _unreachable(schema: Schema, entries: list[Any]) -> Iterator[EntryMiss]:
    """Yield the types that no command and no event reaches.

    QEMU drops unreachable types before it applies conditions: if all users of a type are not
    compiled in, the type stays. It does no harm.
    """
    reached = _reached(schema)
    for number, entry in enumerate(entries):
        name = entry["name"]
        if name in schema.types and name not in reached:
            what = f"entry {number}: no command and no event leads to the type {name!r}"
            miss = _miss("Q56", what, "no type that nothing leads to", "Q56")
            yield EntryMiss(entry=number, miss=miss, remarked=True)


def _reached(schema: Schema) -> set[str]:
    waiting = [event.arg_type for event in schema.events.values()]
    for command in schema.commands.values():
        waiting += (command.arg_type, command.ret_type)
    reached: set[str] = set()
    while waiting:
        name = waiting.pop()
        if name in reached:
            continue
        reached.add(name)
        match schema.types[name]:
            case Array(element=element):
                waiting.append(element)
            case Alternate(members=members):
                waiting += members
            case Object(members=members, variants=variants):
                waiting += (member.type for member in members)
                waiting += (variant.type for variant in variants)
            case Builtin() | Enum():
                pass
    return reached


def _miss(rule: str, summary: str, expected: str, fold: str = "") -> Miss:
    return Miss(
        rule=rule, kind=Kind.SHAPE, summary=summary, expected=expected, fold=fold or summary
    )
