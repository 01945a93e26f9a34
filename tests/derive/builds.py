"""What the miniature says of itself, written down without running it."""

from __future__ import annotations

import functools
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from conformance.derive.inputs import Facts, Introspected
from conformance.derive.plan import cases_of, members_of, rows_of
from conformance.knowledge.everything import Knowledge
from conformance.knowledge.loading import load_knowledge
from conformance.model.canonical import canonical
from conformance.model.case import Case
from conformance.model.flavour import Program
from conformance.model.row import Row
from conformance.model.terms import ABSENT
from conformance.qapi.introspection import read_introspection
from conformance.qapi.qom import DeviceType, Node, ObjectModel, Property, TypeInfo
from conformance.source.digesting import digest_of
from conformance.source.reader import read_source
from conformance.space.members import ArgumentMembers
from tests.miniatures.objects import TYPES, property_types
from tests.miniatures.schema import OBJECT_MEMBERS, entries
from tests.miniatures.source import source_path, write_sources


@functools.cache
def knowledge() -> Knowledge:
    return load_knowledge()


@functools.cache
def facts(*, typed: bool) -> Facts:
    """Return what the source of the miniature's schema says."""
    with tempfile.TemporaryDirectory() as folder:
        write_sources(Path(folder))
        source = read_source(source_path(Path(folder), "typed" if typed else "untyped"))
    entities = digest_of("", {Program.SYSTEM: source}).schemas[Program.SYSTEM]
    return Facts(entities=entities, name="the miniature's source", exact=True)


@functools.cache
def build(*, typed: bool) -> Introspected:
    """Return a build with a schema whose object-add is typed, or leaves its members open."""
    properties = {
        kind: tuple(
            Property(name=name, type=declared, default=ABSENT if default is None else default)
            for name, (declared, default) in sorted(property_types(kind).items())
        )
        for kind in OBJECT_MEMBERS
    }
    machine = Node(
        path="/machine",
        properties=(Property(name="level", type="uint8"), Property(name="type", type="string")),
        values={"level": 1, "type": "none-machine"},
    )
    root = Node(path="/", properties=(Property(name="machine", type="child<none-machine>"),))
    return Introspected(
        version=(10, 0, 99) if typed else (5, 2, 0),
        schema=read_introspection(entries(typed=typed)),
        model=ObjectModel(
            types=tuple(
                TypeInfo(name=name, parent=parent, abstract=abstract)
                for name, (parent, abstract) in sorted(TYPES.items())
            ),
            creatable=tuple(sorted(OBJECT_MEMBERS)),
            properties=properties,
            trees={"none": (root, machine)},
            devices=(
                DeviceType(
                    name="gadget",
                    bus="PCI",
                    properties=(Property(name="rng", type="string", default=""),),
                ),
                DeviceType(name="unknown", bus="none-such"),
            ),
        ),
        lacks={},
        entries=entries(typed=typed),
        facts=facts(typed=typed),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """The cases of a build in the order in which they run, and its rows."""

    cases: tuple[Case, ...]
    rows: tuple[Row, ...]
    members: Mapping[str, ArgumentMembers]


def plan(build: Introspected, knowledge: Knowledge, globs: Sequence[str] = ()) -> Plan:
    members = members_of(build, knowledge)
    return Plan(
        cases=tuple(cases_of(build, knowledge, globs)),
        rows=rows_of(build, knowledge, members),
        members=members,
    )


@functools.cache
def made_plan(*, typed: bool) -> Plan:
    return plan(build(typed=typed), knowledge())


def listing(*, typed: bool) -> str:
    """Return the cases in order, with their requests, as text that is the same in every process."""
    return "\n".join(
        canonical([case.id, case.stage.name, [[s.request.execute, s.rule] for s in case.steps]])
        + repr([step.request.arguments for step in case.steps])
        for case in made_plan(typed=typed).cases
    )
