"""The cases of one build, all of them, in order; and the rows that its report keeps."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from conformance.align.statement import Alignment
from conformance.derive.applicability import CONTRADICTION, OFFERS, offered, substituted
from conformance.derive.commands.base_requests import ArgumentContext
from conformance.derive.commands.compat_policy import PolicyContext, policy_cases
from conformance.derive.commands.defaults import command_defaults
from conformance.derive.commands.described import described_cases
from conformance.derive.commands.effects import EffectContext, effect_cases
from conformance.derive.commands.errors import ErrorContext, command_errors
from conformance.derive.commands.examples import ExampleContext, example_cases
from conformance.derive.commands.further import further_cases
from conformance.derive.commands.gates import gate_cases, preconfig_flags
from conformance.derive.commands.invalid import argument_cases
from conformance.derive.commands.ranges import RangeContext, range_cases
from conformance.derive.commands.valid import command_cases, command_subject
from conformance.derive.commands.variations import variation_cases
from conformance.derive.events import EventContext, event_cases
from conformance.derive.exchanges import ExchangeContext, exchange_cases
from conformance.derive.host_access import unconfined
from conformance.derive.objects.defaults import default_cases, documented_defaults
from conformance.derive.objects.invalid import invalid_cases
from conformance.derive.objects.lifecycle import error_cases, lifecycle_cases
from conformance.derive.objects.shape import OBJECT_ADD, object_shape, object_types
from conformance.derive.objects.tree import lost_cases, tree_cases, type_cases
from conformance.derive.objects.valid import ObjectContext, valid_cases
from conformance.derive.schema.contradictions import contradiction_cases, model_cases
from conformance.derive.schema.declarations import declaration_cases
from conformance.derive.schema.lint import LintContext, lint_cases
from conformance.derive.unique import named_apart
from conformance.digest.digest import DigestEntity
from conformance.digest.lookup import DocumentedMember
from conformance.digest.objectmodel import ObjectModel as SeedModel
from conformance.digest.objectmodel import object_model
from conformance.knowledge.absences import Absence, refusals_of
from conformance.knowledge.commands import CommandRecipe, CommandRecipes
from conformance.knowledge.dangers import Dangers
from conformance.knowledge.defaults import Showing, showings_for
from conformance.knowledge.events import EventRecipes
from conformance.knowledge.examples import ExampleRecipes
from conformance.knowledge.exchanges import ExchangeRecipe
from conformance.knowledge.intermittent import Intermittent, reasons_for
from conformance.knowledge.machines import StandIns
from conformance.knowledge.naming import NamingException
from conformance.knowledge.ranges import RangeRecipe, ranges_of_arch
from conformance.knowledge.recipes import ObjectRecipe, Recipes
from conformance.knowledge.untyped_arguments import Unchecked, names_for
from conformance.knowledge.versions import Version
from conformance.model.blocked import not_applicable, unmet
from conformance.model.case import Case, Subject
from conformance.model.errors import HarnessError
from conformance.model.flavour import Flavour, Program
from conformance.model.row import Row
from conformance.model.stage import MachineSpec, Stage
from conformance.model.terms import SubjectKind
from conformance.qapi.consistency import ContradictionError
from conformance.qapi.introspection import listed
from conformance.qapi.model import Member, Schema
from conformance.qapi.names import schema_problem
from conformance.qapi.qom import ObjectModel
from conformance.qapi.validate import Validator
from conformance.source.documented import DocumentedExample
from conformance.space.members import ArgumentMembers, argument_members


@dataclass(frozen=True, slots=True, kw_only=True)
class Knowledge:
    """What people know, as the files under cases/ and fixtures/ hold it."""

    recipes: Recipes
    commands: CommandRecipes
    showings: tuple[Showing, ...]
    examples: ExampleRecipes
    events: EventRecipes
    ranges: Mapping[str, tuple[RangeRecipe, ...]]
    unchecked: tuple[Unchecked, ...]
    seed: SeedModel
    naming: tuple[NamingException, ...] = ()
    dangers: Dangers = Dangers()
    stand_ins: Mapping[str, StandIns] = field(default_factory=dict)
    """By architecture, what stands in for machines and devices that recipes name."""
    coupled: frozenset[tuple[str, str]] = frozenset()
    """The properties, by path and name, that change others when they are set."""
    exchanges: tuple[ExchangeRecipe, ...] = ()
    absences: tuple[Absence, ...] = ()
    intermittent: tuple[Intermittent, ...] = ()


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
    faults: tuple[ContradictionError, ...] = ()
    """What they say against themselves; what that makes unusable is no part of the schema."""
    program: Program = Program.SYSTEM
    arch: str = ""
    """What its guests are of, "" where its name does not tell."""
    unserved: frozenset[str] = frozenset()
    """The commands that the schema lists and query-commands does not."""
    sandboxed: bool = True
    """Whether it runs where its requests cannot reach the host."""
    without: Mapping[str, str] = field(default_factory=dict)
    """The commands that are not asked for although it may have them, and why."""
    thorough: bool = False
    """Whether cases that take long are wanted too."""

    @property
    def flavour(self) -> Flavour:
        """How the build speaks."""
        return self.program.flavour


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """The cases of a build in the order in which they run, and its rows."""

    cases: tuple[Case, ...]
    rows: tuple[Row, ...]
    members: Mapping[str, ArgumentMembers]
    """Those of each command's arguments, by its name."""


def plan(build: Introspected, knowledge: Knowledge) -> Plan:
    """Return the plan of a build: the same input gives the same plan."""
    members = members_of(build)
    return Plan(
        cases=tuple(cases_of(build, knowledge)),
        rows=rows_of(build, knowledge, members),
        members=members,
    )


def cases_of(build: Introspected, knowledge: Knowledge) -> Iterator[Case]:
    """Yield the cases of a build one by one, in the order in which they run."""
    knowledge = _for_build(build, knowledge)
    offer = OFFERS[build.program]
    stand_ins = knowledge.stand_ins.get(build.arch, StandIns())
    often = reasons_for(knowledge.intermittent, build.version)
    seen: set[str] = set()
    for case in _cases(build, knowledge):
        if case.id in seen:
            raise HarnessError(f"two cases are named {case.id}", "Please report this defect.")
        seen.add(case.id)
        case = offered(substituted(case, stand_ins), offer, build.schema, build.unserved)
        case = _known(case, knowledge.absences, often)
        yield case if build.sandboxed else unconfined(case, knowledge.dangers)


def members_of(build: Introspected) -> Mapping[str, ArgumentMembers]:
    """Return the members of each command's arguments, by its name."""
    return {
        name: argument_members(build.schema, command, shallow=name == OBJECT_ADD)
        for name, command in build.schema.commands.items()
    }


def rows_of(
    build: Introspected, knowledge: Knowledge, members: Mapping[str, ArgumentMembers]
) -> tuple[Row, ...]:
    """Return the rows of a build, whose commands have those members."""
    knowledge = _for_build(build, knowledge)
    return tuple(_counted(row, members, knowledge, build) for row in _rows(build, knowledge.seed))


def _for_build(build: Introspected, knowledge: Knowledge) -> Knowledge:
    return replace(
        knowledge,
        commands=knowledge.commands.for_build(build.version, build.arch),
        recipes=knowledge.recipes.for_arch(build.arch),
        events=knowledge.events.for_arch(build.arch),
        ranges=ranges_of_arch(knowledge.ranges, build.arch),
    )


def _known(case: Case, absences: Sequence[Absence], often: Mapping[str, str]) -> Case:
    """Return the case with what is known of how it ends, whatever it is about."""
    if case.id in often:
        case = replace(case, intermittent=often[case.id])
    globs = refusals_of(absences, frozenset(step.request.execute for step in case.steps))
    return replace(case, absences=globs) if globs else case


def _cases(build: Introspected, knowledge: Knowledge) -> Iterator[Case]:
    yield from _command_cases(build, knowledge)
    effects = EffectContext(
        recipes=knowledge.commands, version=build.version, schema=build.schema, lacks=build.lacks
    )
    yield from effect_cases(effects)
    if not build.flavour.introspects:
        yield from described_cases(build.schema, knowledge.commands)
    yield from _argument_cases(build, knowledge)
    yield from _range_cases(build, knowledge)
    exact = build.facts if build.facts is not None and build.facts.exact else None
    if build.flavour.introspects:
        yield from _introspected_cases(build, knowledge, exact)
    exchanges = ExchangeContext(
        recipes=knowledge.exchanges,
        version=build.version,
        program=build.program,
        thorough=build.thorough,
        lacks=build.lacks,
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
    yield from model_cases(build.model.faults)
    yield from type_cases(build.model)
    for machine in sorted(build.model.trees):
        yield from tree_cases(build.model, machine, knowledge.coupled)
    yield from _object_cases(build, knowledge)
    flags = preconfig_flags(exact.entities) if exact else {}
    yield from gate_cases(build.schema, knowledge.commands, flags, build.lacks)
    policies = PolicyContext(
        schema=build.schema,
        entries=() if build.faults else build.entries,
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


def _command_cases(build: Introspected, knowledge: Knowledge) -> Iterator[Case]:
    errors = ErrorContext(
        schema=build.schema,
        validator=Validator(build.schema),
        version=build.version,
        documented=build.facts.entities if build.facts and build.facts.exact else {},
        lacks=build.lacks,
    )
    own = tuple(name for name in knowledge.seed.commands if name in build.schema.commands)
    for name in (*own, *sorted(build.schema.commands.keys() - {*own})):
        recipe = knowledge.commands.get(name)
        if recipe is not None:
            yield from command_cases(recipe, build.lacks)
            yield from further_cases(recipe, build.version, build.schema)
        yield from command_errors(errors, recipe or CommandRecipe(name=name))


def _lint_cases(build: Introspected, knowledge: Knowledge) -> Iterator[Case]:
    machines = tuple(sorted(build.model.trees.keys() - {MachineSpec().machine}))
    context = LintContext(
        schema=build.schema,
        entries=build.entries,
        version=build.version,
        exceptions=knowledge.naming,
        machines=machines,
    )
    yield from contradiction_cases(build.faults)
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
        yield from map(named_apart, argument_cases(context, command))
        yield from map(named_apart, variation_cases(context, command))


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
            yield from map(named_apart, range_cases(context, command))


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
            blocked=not_applicable(_absence(name, recipe, build.model))
            or unmet(recipe.needs, build.lacks),
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
    if not build.flavour.introspects:
        for name in sorted({*build.schema.commands, *build.without}):
            yield Row(subject=command_subject(name), note=build.without.get(name, ""))
        return
    # What has a name of no use has a finding, and no row.
    usable = (name for name in listed(build.entries, "command") if not schema_problem(name))
    shown = {*build.schema.commands, *usable}
    others = shown - set(seed.commands)
    for name in (*seed.commands, *sorted(others)):
        note = "" if name in shown else "this build's schema has no such command"
        if name in build.schema.left_out:
            note = f"this build's schema contradicts itself about it: {CONTRADICTION}"
        yield Row(subject=command_subject(name), note=note)
    own = object_types(build.schema, build.model)
    for name in sorted({kind.name for kind in seed.types} | set(own)):
        note = "" if name in own else "this build's object-add knows no such type"
        subject = Subject(kind=SubjectKind.OBJECT_TYPE, name=name)
        yield Row(subject=subject, note=note)
    for name in build.schema.events:
        yield Row(subject=Subject(kind=SubjectKind.EVENT, name=name))


def _counted(
    row: Row, members: Mapping[str, ArgumentMembers], knowledge: Knowledge, build: Introspected
) -> Row:
    """Return the row of a command with what its schema has, and why it cannot succeed here."""
    name = row.subject.name
    if row.subject.kind is not SubjectKind.COMMAND or name not in members:
        return row
    recipe = knowledge.commands.get(name, CommandRecipe(name=name))
    lacking = "; ".join(build.lacks[need] for need in recipe.needs if need in build.lacks)
    return replace(
        row,
        members=len(members[name].labels),
        left_out=members[name].left_out,
        blocked=recipe.never or lacking,
    )
