"""Cases of machines that are told to refuse or to hide what the schema marks (-compat).

What is marked as deprecated or unstable is refused there, and nothing else is; what is deprecated
is left out of introspection.  Knows no command and no member by name but introspection's own.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from conformance.derive.commands.valid import command_subject
from conformance.derive.schema.declarations import INTROSPECT
from conformance.derive.steps import supporting_step
from conformance.judge.expect_answer import Accept, Answer, Known, Reject, Understood
from conformance.judge.expect_value import Lists
from conformance.knowledge.commands import CommandRecipe, Effect
from conformance.knowledge.untyped_arguments import Unchecked, names_for
from conformance.knowledge.versions import Version, VersionRange
from conformance.model.blocked import not_applicable
from conformance.model.case import Case, Isolation, Role, Step
from conformance.model.expectation import Expectation
from conformance.model.stage import NEGOTIATION, MachineSpec, Request, Stage
from conformance.model.terms import ABSENT, Aspect, ErrorClass
from conformance.qapi.flatten import Branch, branches
from conformance.qapi.model import Command, Enum, Schema
from conformance.qapi.validate import Validator
from conformance.space.faults import UNKNOWN
from conformance.space.values import exemplar

_OPTION: Final = "-compat"
_NOT_FOUND: Final = Reject(frozenset({ErrorClass.COMMAND_NOT_FOUND}))


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """What a machine does with all that bears `feature`; `rule` says so of `versions`."""

    feature: str
    rule: str
    versions: VersionRange

    @property
    def refusal(self) -> str:
        """The setting that refuses such input."""
        return f"{self.feature}-input=reject"


DEPRECATED: Final = Policy(feature="deprecated", rule="X05", versions=VersionRange(">=6.0"))
UNSTABLE: Final = Policy(feature="unstable", rule="X07", versions=VersionRange(">=6.2"))
HIDING: Final = "deprecated-output=hide"
"""The setting that leaves out what is deprecated."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyContext:
    """What a build shows, which requests of its commands succeed, and what it does not check."""

    schema: Schema
    entries: Sequence[Any]
    """What the schema was read from; none where it contradicts itself."""
    version: Version
    recipes: Mapping[str, CommandRecipe]
    unchecked: tuple[Unchecked, ...]


def policy_cases(context: PolicyContext) -> Iterator[Case]:
    """Yield the cases of each policy that the release has, command by command.

    Arguments are those of the outermost object of a command, in every branch; what is marked
    further in is not tried.
    """
    unchecked = names_for(context.unchecked, context.version)
    validator = Validator(context.schema)
    for policy in (DEPRECATED, UNSTABLE):
        if context.version not in policy.versions:
            continue
        for name, command in sorted(context.schema.commands.items()):
            if name != NEGOTIATION:
                yield _command_case(policy, command)
            if name not in unchecked and policy.feature not in command.features:
                yield from _argument_cases(context, policy, command, validator)
    shown = context.entries and INTROSPECT.name in context.schema.commands
    if context.version in DEPRECATED.versions and shown:
        yield _hidden_case(context.entries)


def _command_case(policy: Policy, command: Command) -> Case:
    """Write the case that a command is unknown if it is marked, and known if not.

    An argument that no command has keeps a command from being run that is there nevertheless.  The
    class tells what it was refused for: no check of arguments gives it.
    """
    marked = policy.feature in command.features
    step = Step(
        request=Request(command.name, {UNKNOWN: 1}),
        expect=_NOT_FOUND if marked else Known(),
        role=Role.SUBJECT,
        rule=policy.rule,
    )
    return Case(
        id=f"{command.name}/{Aspect.GATES}/{policy.refusal}",
        subject=command_subject(command.name),
        aspect=Aspect.GATES,
        stage=_stage(policy.refusal),
        steps=(step,),
        isolation=Isolation.PURE,
        about=policy.refusal,
        fault=f"the command is {policy.feature}" if marked else "",
    )


def _stage(setting: str) -> Stage:
    spec = MachineSpec(args=(_OPTION, setting))
    return Stage(name=f"gates/{setting}", spec=spec, kept=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Marked:
    """Arguments with one thing that is marked, and the same without it."""

    label: str
    text: str
    subject: Mapping[str, Any]
    witness: Mapping[str, Any]


def _argument_cases(
    context: PolicyContext, policy: Policy, command: Command, validator: Validator
) -> Iterator[Case]:
    known = context.recipes.get(command.name)
    recipe = known or CommandRecipe(name=command.name)
    seen: set[str] = set()
    for marked in _marked(context.schema, command, recipe.arguments, policy.feature):
        if marked.label in seen:
            continue
        seen.add(marked.label)
        problem = next(
            (
                f"{fault.path}: {fault.problem}"
                for value in (marked.subject, marked.witness)
                if (fault := validator.check(command.arg_type, value)) is not None
            ),
            "",
        )
        fits = known is not None and recipe.arguments.items() <= marked.witness.items()
        yield _argument_case(policy, recipe, marked, problem, known=fits)


def _argument_case(
    policy: Policy, recipe: CommandRecipe, marked: _Marked, problem: str, *, known: bool
) -> Case:
    stage = _stage(policy.refusal)
    if recipe.spec != MachineSpec():
        spec = replace(recipe.spec, args=(*recipe.spec.args, *stage.spec.args))
        stage = Stage(name=f"{stage.name}/{recipe.name}", spec=spec)
    accepted: Expectation = Accept() if known else Understood()
    after: Expectation = Accept() if known else Answer()
    steps = (
        *(supporting_step(request, Role.SETUP) for request in recipe.setup),
        Step(
            request=Request(recipe.name, marked.subject),
            expect=Reject(),
            role=Role.SUBJECT,
            rule=policy.rule,
        ),
        supporting_step(Request(recipe.name, marked.witness or ABSENT), Role.WITNESS, accepted),
        *(supporting_step(request, Role.CLEANUP, after) for request in recipe.cleanup),
    )
    reason = f"no request with and without it is valid by the schema: {problem}"
    # What nobody has seen succeed may leave something behind, or need what is not there.
    alone = recipe.effect is not Effect.NONE or not known
    return Case(
        id=f"{recipe.name}/{Aspect.GATES}/{policy.refusal}/{marked.label}",
        subject=command_subject(recipe.name),
        aspect=Aspect.GATES,
        stage=stage,
        steps=() if problem else steps,
        isolation=Isolation.ALONE if alone else Isolation.SHARED,
        about=marked.label,
        fault=f"{marked.text} is {policy.feature}",
        blocked=not_applicable(reason) if problem else None,
    )


def _marked(
    schema: Schema, command: Command, base: Mapping[str, Any], feature: str
) -> Iterator[_Marked]:
    """Yield what is marked among the arguments; of the members of each branch, in its request."""
    common = {member.name for member in schema.object(command.arg_type).members}
    for branch in branches(schema, command.arg_type):
        request = _request(schema, branch, base)
        tags = dict(branch.tags)
        where = "".join(f"{tag}:{case}." for tag, case in branch.tags)
        for member in branch.members:
            label = member.name if member.name in common else f"{where}{member.name}"
            less = {name: value for name, value in request.items() if name != member.name}
            if feature in member.features:
                value = request.get(member.name, exemplar(schema, member.type))
                yield _Marked(
                    label=label,
                    text=f"the member {member.name}",
                    subject={**less, member.name: value},
                    witness=less,
                )
            kind = schema.type(member.type)
            if not isinstance(kind, Enum):
                continue
            for part in kind.members:
                if feature in part.features and tags.get(member.name, part.name) == part.name:
                    plain = _without(schema, command, base, kind, feature, member.name)
                    yield _Marked(
                        label=f"{member.name}={part.name}",
                        text=f"the value {part.name} of {member.name}",
                        subject={**less, member.name: part.name},
                        witness=plain if member.name in tags else {**less, **_only(plain, member)},
                    )


def _only(values: Mapping[str, Any], member: Any) -> Mapping[str, Any]:
    return {member.name: values[member.name]} if member.name in values else {}


def _without(
    schema: Schema,
    command: Command,
    base: Mapping[str, Any],
    kind: Enum,
    feature: str,
    name: str,
) -> Mapping[str, Any]:
    """Return arguments with a value of the enum, as the member `name`, that is not marked."""
    plain = {part.name for part in kind.members if feature not in part.features}
    if base.get(name) in plain:
        return base
    for branch in branches(schema, command.arg_type):
        value = dict(branch.tags).get(name)
        if value in plain:
            return _request(schema, branch, base)
        if value is None and any(member.name == name for member in branch.members):
            first = next((part.name for part in kind.members if part.name in plain), None)
            return {**_request(schema, branch, base), name: first}
    return base


def _request(schema: Schema, branch: Branch, base: Mapping[str, Any]) -> dict[str, Any]:
    """Return `base` if it is of the branch, else the least arguments that are."""
    tags = dict(branch.tags)
    made = dict(base) if tags.items() <= base.items() else {}
    for member in branch.members:
        if member.name in tags:
            made[member.name] = tags[member.name]
        elif not member.optional and member.name not in made:
            made[member.name] = exemplar(schema, member.type)
    return made


def _hidden_case(entries: Sequence[Any]) -> Case:
    """Write the case that introspection leaves out what is deprecated, and nothing else."""
    feature = DEPRECATED.feature
    expect = Lists(tuple(_shown(entries, feature)), withheld=feature)
    step = Step(
        request=Request(INTROSPECT.name, ABSENT), expect=expect, role=Role.SUBJECT, rule="X06"
    )
    return Case(
        id=f"{INTROSPECT.name}/{Aspect.GATES}/{HIDING}",
        subject=INTROSPECT,
        aspect=Aspect.GATES,
        stage=_stage(HIDING),
        steps=(step,),
        isolation=Isolation.PURE,
        about=HIDING,
    )


def _shown(entries: Sequence[Any], feature: str) -> Iterator[Mapping[str, Any]]:
    """Yield the entries less commands, events and members with the feature.

    Values of enums with it stay: only their older list goes, where its own member is marked so.
    """
    older = _marks_older_values(entries, feature)
    for entry in entries:
        kind = entry["meta-type"]
        if kind in ("command", "event") and feature in entry.get("features", ()):
            continue
        if kind == "object":
            members = [m for m in entry["members"] if feature not in m.get("features", ())]
            yield {**entry, "members": members}
        elif kind == "enum" and older:
            yield {name: value for name, value in entry.items() if name != "values"}
        else:
            yield entry


def _marks_older_values(entries: Sequence[Any], feature: str) -> bool:
    """Return whether introspection's own type of an enum marks its list of values.

    It is the one object type that has both `members` and `values`.
    """
    for entry in entries:
        members = {m["name"]: m for m in entry["members"]} if entry["meta-type"] == "object" else {}
        if {"members", "values"} <= members.keys():
            return feature in members["values"].get("features", ())
    return False
