"""The cases of one build, all of them, in order; and the rows that its report keeps."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from conformance.compare.statement import Alignment
from conformance.derive.arguments import argument_cases
from conformance.derive.case import Case, Subject
from conformance.derive.command_defaults import command_defaults
from conformance.derive.commands import command_cases, command_subject
from conformance.derive.defaults import default_cases, documented_defaults
from conformance.derive.described import described_cases
from conformance.derive.events import EventContext, event_cases
from conformance.derive.examples import ExampleContext, example_cases
from conformance.derive.exchanges import ExchangeContext, exchange_cases
from conformance.derive.further import further_cases
from conformance.derive.gates import gate_cases, preconfig_flags
from conformance.derive.lint import LintContext, lint_cases
from conformance.derive.object_faults import invalid_cases
from conformance.derive.object_life import error_cases, lifecycle_cases
from conformance.derive.objects import ObjectContext, valid_cases
from conformance.derive.offers import OFFERS, offered
from conformance.derive.policies import PolicyContext, policy_cases
from conformance.derive.promises import declaration_cases
from conformance.derive.qom import lost_cases, tree_cases, type_cases
from conformance.derive.ranges import RangeContext, range_cases
from conformance.derive.shape import OBJECT_ADD, object_shape, object_types
from conformance.derive.siblings import ArgumentContext
from conformance.dialect import Dialect, dialect_of
from conformance.digest.digest import DigestEntity, Program
from conformance.digest.lookup import DocumentedMember
from conformance.digest.objectmodel import ObjectModel as SeedModel
from conformance.digest.objectmodel import object_model
from conformance.errors import HarnessError
from conformance.knowledge.commands import CommandRecipe
from conformance.knowledge.defaults import Showing, showings_for
from conformance.knowledge.events import EventRecipes
from conformance.knowledge.examples import ExampleRecipes
from conformance.knowledge.exchanges import ExchangeRecipe
from conformance.knowledge.naming import NamingException
from conformance.knowledge.ranges import RangeRecipe
from conformance.knowledge.recipes import ObjectRecipe, Recipes
from conformance.knowledge.unchecked import Unchecked, names_for
from conformance.knowledge.versions import Version
from conformance.qapi.model import Member, Schema
from conformance.qapi.qom import ObjectModel
from conformance.qapi.validate import Validator
from conformance.source.documented import DocumentedExample
from conformance.stage import MachineSpec, Stage
from conformance.terms import SubjectKind


@dataclass(frozen=True, slots=True, kw_only=True)
class Knowledge:
    """What people know, as the files under cases/ and fixtures/ hold it."""

    recipes: Recipes
    commands: Mapping[str, CommandRecipe]
    showings: tuple[Showing, ...]
    examples: ExampleRecipes
    events: EventRecipes
    ranges: Mapping[str, tuple[RangeRecipe, ...]]
    unchecked: tuple[Unchecked, ...]
    seed: SeedModel
    naming: tuple[NamingException, ...] = ()
    exchanges: tuple[ExchangeRecipe, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What is known of the source of a build: a digest's entities of its program.

    `exact` tells whether they are of just its release; else they are of the nearest older one that
    is known, and nothing can be held against the build that later releases may have changed.
    """

    entities: Mapping[str, DigestEntity]
    name: str
    exact: bool
    examples: tuple[DocumentedExample, ...] | None = None
    """Those of the documentation, where the source itself is at hand: no digest holds them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Introspected:
    """What one build says of itself, and what its host lacks (need to reason).

    With the facts of just its release come an `alignment` of its schema with them, and the widths
    of its integers are in its schema.  With those of an older one, `older` is its schema with the
    widths that were: a later release may take more, and never less.
    """

    version: Version
    schema: Schema
    model: ObjectModel
    lacks: Mapping[str, str]
    facts: Facts | None = None
    alignment: Alignment | None = None
    older: Schema | None = None
    entries: Sequence[Any] = ()
    """What the schema was read from."""
    program: Program = Program.SYSTEM
    unserved: frozenset[str] = frozenset()
    """The commands that the schema lists and query-commands does not."""
    without: Mapping[str, str] = field(default_factory=dict)
    """The commands that are not asked for although it may have them, and why."""
    thorough: bool = False
    """Whether cases that take long are wanted too."""

    @property
    def dialect(self) -> Dialect:
        """How the build speaks."""
        return dialect_of(self.program)


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A subject that keeps a row in the report; `note` says why it has no cases, else ""."""

    subject: Subject
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """The cases of a build in the order in which they run, and its rows."""

    cases: tuple[Case, ...]
    rows: tuple[Row, ...]


def plan(build: Introspected, knowledge: Knowledge) -> Plan:
    """Return the plan of a build: the same input gives the same plan."""
    offer = OFFERS[build.program]
    cases = tuple(
        offered(case, offer, build.schema, build.unserved) for case in _cases(build, knowledge)
    )
    _check_unique(cases)
    return Plan(cases=cases, rows=tuple(_rows(build, knowledge.seed)))


def _cases(build: Introspected, knowledge: Knowledge) -> Iterator[Case]:
    for name in knowledge.seed.commands:
        recipe = knowledge.commands.get(name)
        if recipe is not None and name in build.schema.commands:
            facts = build.facts.entities if build.facts and build.facts.exact else {}
            yield from command_cases(recipe, build.version, facts.get(name))
    for name, recipe in sorted(knowledge.commands.items()):
        if name in build.schema.commands:
            yield from further_cases(recipe, build.version)
    if not build.dialect.introspects:
        yield from described_cases(build.schema, knowledge.commands)
    yield from _argument_cases(build, knowledge)
    yield from _range_cases(build, knowledge)
    exact = build.facts if build.facts is not None and build.facts.exact else None
    if build.dialect.introspects:
        yield from _introspected_cases(build, knowledge, exact)
    exchanges = ExchangeContext(
        recipes=knowledge.exchanges,
        version=build.version,
        program=build.program,
        thorough=build.thorough,
    )
    yield from exchange_cases(exchanges)
    if exact is not None:
        yield from _documentation_cases(build, exact, knowledge)


def _introspected_cases(
    build: Introspected, knowledge: Knowledge, exact: Facts | None
) -> Iterator[Case]:
    """Yield the cases of a build that tells its schema and its objects, and sends events."""
    yield from _lint_cases(build, knowledge)
    yield from lost_cases(build.model)
    yield from type_cases(build.model)
    for machine in sorted(build.model.trees):
        yield from tree_cases(build.model, machine)
    yield from _object_cases(build, knowledge)
    flags = preconfig_flags(exact.entities) if exact else {}
    yield from gate_cases(build.schema, knowledge.commands, flags, build.lacks)
    policies = PolicyContext(
        schema=build.schema,
        entries=build.entries,
        version=build.version,
        recipes=knowledge.commands,
        unchecked=knowledge.unchecked,
    )
    yield from policy_cases(policies)
    yield from event_cases(
        EventContext(
            recipes=knowledge.events,
            version=build.version,
            schema=build.schema,
            lacks=build.lacks,
        )
    )


def _lint_cases(build: Introspected, knowledge: Knowledge) -> Iterator[Case]:
    machines = tuple(sorted(build.model.trees.keys() - {MachineSpec().machine}))
    context = LintContext(
        schema=build.schema,
        entries=build.entries,
        version=build.version,
        exceptions=knowledge.naming,
        machines=machines,
    )
    yield from lint_cases(context)


def _documentation_cases(build: Introspected, facts: Facts, knowledge: Knowledge) -> Iterator[Case]:
    if build.alignment is not None:
        yield from declaration_cases(facts.entities, build.schema, build.alignment)
    for showing in showings_for(knowledge.showings, build.version):
        if showing.command in build.schema.commands:
            yield from command_defaults(showing, facts.entities)
    context = ExampleContext(
        recipes=knowledge.examples,
        version=build.version,
        schema=build.schema,
        lacks=build.lacks,
    )
    yield from example_cases(facts.examples or (), context)


def _argument_cases(build: Introspected, knowledge: Knowledge) -> Iterator[Case]:
    context = ArgumentContext(
        schema=build.schema,
        validator=Validator(build.schema),
        version=build.version,
        commands=knowledge.commands,
        ranges=knowledge.ranges,
        lacks=build.lacks,
        unchecked=names_for(knowledge.unchecked, build.version),
        # What its branches take are the members of its object types, which have their own cases.
        shallow=frozenset({OBJECT_ADD}),
    )
    for command in build.schema.commands.values():
        yield from argument_cases(context, command)


def _range_cases(build: Introspected, knowledge: Knowledge) -> Iterator[Case]:
    schema = build.older or build.schema
    context = RangeContext(
        schema=schema,
        validator=Validator(schema),
        release=build.older is None,
        version=build.version,
        lacks=build.lacks,
        recipes=knowledge.ranges,
        commands=knowledge.commands,
    )
    for name, command in schema.commands.items():
        # The integers of object-add are those of its object types, which have cases of their own.
        if name != OBJECT_ADD:
            yield from range_cases(context, command)


def _object_cases(build: Introspected, knowledge: Knowledge) -> Iterator[Case]:
    if OBJECT_ADD not in build.schema.commands:
        return
    contexts = tuple(_contexts(build, knowledge))
    for context in contexts:
        others = dict(_members_of_others(context, contexts))
        yield from valid_cases(context)
        yield from default_cases(context)
        yield from documented_defaults(context)
        yield from invalid_cases(context, others)
        yield from error_cases(context)
        yield from lifecycle_cases(context)


def _contexts(build: Introspected, knowledge: Knowledge) -> Iterator[ObjectContext]:
    validator = Validator(build.schema)
    facts = build.facts
    documented = _members_by_type(object_model(facts.entities)) if facts else {}
    # Before 6.0 no release documents its object types: what later ones say of widths stands in.
    known = documented or _members_by_type(knowledge.seed)
    for name in object_types(build.schema, build.model):
        recipe = knowledge.recipes.find(name, build.version)
        yield ObjectContext(
            shape=object_shape(
                name, build.schema, validator, build.model, recipe, known.get(name, {})
            ),
            recipe=recipe,
            stage=Stage(name=name, spec=recipe.spec, setup=recipe.setup),
            lacks=build.lacks,
            untestable="; ".join(build.lacks[n] for n in recipe.needs if n in build.lacks),
            not_applicable=_absence(name, recipe, build.model),
            documented=documented.get(name, {}),
            documented_by=facts.name if facts and not facts.exact else "",
        )


def _members_by_type(model: SeedModel) -> dict[str, dict[str, DocumentedMember]]:
    return {kind.name: {member.name: member for member in kind.members} for kind in model.types}


def _absence(name: str, recipe: ObjectRecipe, model: ObjectModel) -> str:
    if name in model.by_name or recipe.always_compiled:
        return ""
    return "not compiled into this build: the schema names the type, qom-list-types does not"


def _members_of_others(
    context: ObjectContext, contexts: Iterable[ObjectContext]
) -> Iterator[tuple[str, Member]]:
    for other in contexts:
        if other is not context:
            for member in other.shape.members:
                yield member.name, member


def _rows(build: Introspected, seed: SeedModel) -> Iterator[Row]:
    if not build.dialect.introspects:
        for name in sorted({*build.schema.commands, *build.without}):
            yield Row(subject=command_subject(name), note=build.without.get(name, ""))
        return
    others = build.schema.commands.keys() - set(seed.commands)
    for name in (*seed.commands, *sorted(others)):
        there = name in build.schema.commands
        note = "" if there else "this build's schema has no such command"
        yield Row(subject=command_subject(name), note=note)
    own = object_types(build.schema, build.model)
    for name in sorted({kind.name for kind in seed.types} | set(own)):
        note = "" if name in own else "this build's object-add knows no such type"
        subject = Subject(kind=SubjectKind.OBJECT_TYPE, name=name)
        yield Row(subject=subject, note=note)


def _check_unique(cases: Iterable[Case]) -> None:
    seen: set[str] = set()
    for case in cases:
        if case.id in seen:
            raise HarnessError(f"two cases are named {case.id}", "Please report this defect.")
        seen.add(case.id)
