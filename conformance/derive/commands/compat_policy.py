"""Cases of the -compat option: refuse deprecated or unstable input, hide deprecated output.

Knows no command or member by name except those of introspection.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from conformance.derive.commands.valid import not_in_schema
from conformance.derive.inputs import Introspected
from conformance.derive.schema.declarations import INTROSPECT
from conformance.derive.steps import around, blocked_by, command_subject, supporting_step
from conformance.judge.expect_answer import Accept, Answer, Known, Reject, Understood
from conformance.judge.expect_value import Lists
from conformance.knowledge.everything import Knowledge
from conformance.knowledge.valid_request import ValidRequest
from conformance.knowledge.versions import VersionRange
from conformance.model.blocked import not_applicable
from conformance.model.case import Case, Isolation, Role, Step
from conformance.model.expectation import Expectation
from conformance.model.stage import NEGOTIATION, MachineSpec, Request, Stage
from conformance.model.terms import ABSENT, Aspect, ErrorClass, JsonValue
from conformance.qapi.flatten import Branch, branches
from conformance.qapi.introspection import Entry
from conformance.qapi.model import Command, Enum, Member, Schema
from conformance.space.faults import UNKNOWN
from conformance.space.marks import is_marked
from conformance.space.values import exemplar

_OPTION: Final = "-compat"
_PLAIN: Final = "nothing in the request is marked"
_NOT_FOUND: Final = Reject(frozenset({ErrorClass.COMMAND_NOT_FOUND}))


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """A -compat setting for one feature; `rule` promises it in `versions`."""

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
"""The setting that hides deprecated output."""


def deprecated_cases(build: Introspected, knowledge: Knowledge, name: str) -> Iterator[Case]:
    """Yield the cases of a command on a machine that refuses deprecated input."""
    yield from _policy_cases(DEPRECATED, build, knowledge, name)


def unstable_cases(build: Introspected, knowledge: Knowledge, name: str) -> Iterator[Case]:
    """Yield the cases of a command on a machine that refuses unstable input."""
    yield from _policy_cases(UNSTABLE, build, knowledge, name)


def _policy_cases(
    policy: Policy, build: Introspected, knowledge: Knowledge, name: str
) -> Iterator[Case]:
    """Yield the cases of a command under a policy, if the release has it.

    Only members of the outermost object are tried, in every branch.
    """
    if build.version not in policy.versions:
        return
    command = build.schema.commands[name]
    typed = name not in knowledge.untyped(build.version)
    if name != NEGOTIATION:
        yield _command_case(policy, command, typed=typed)
        yield from _plain_case(policy, build, knowledge, command)
    if name not in knowledge.untyped(build.version) and policy.feature not in command.features:
        yield from _argument_cases(build, knowledge, policy, command)


def hidden_cases(build: Introspected, knowledge: Knowledge, name: str) -> Iterator[Case]:
    """Yield the case that introspection hides exactly what is deprecated."""
    if build.version in DEPRECATED.versions and build.entries and not build.faults:
        yield _hidden_case(build.entries)


def _command_case(policy: Policy, command: Command, *, typed: bool) -> Case:
    """Return the case that a marked command is unknown, and an unmarked one known.

    An unknown argument keeps the command from running.  The error class tells the two apart: a
    command that checks its arguments refuses it, and with no other class.
    """
    marked = policy.feature in command.features
    known: Expectation = Reject() if typed else Known()
    step = Step(
        request=Request(command.name, {UNKNOWN: 1}),
        expect=_NOT_FOUND if marked else known,
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
        fault=f"the command is {policy.feature}" if marked else None,
    )


def _plain_case(
    policy: Policy, build: Introspected, knowledge: Knowledge, command: Command
) -> Iterator[Case]:
    """Yield the case that a valid request succeeds where nothing in it, or around it, is marked."""
    valid = knowledge.command(command.name).first(build.version)
    requests = (*valid.setup, valid.request, *valid.cleanup)
    usual = command.name in knowledge.commands and valid.spec == MachineSpec()
    fits = usual and not valid.destructive
    served = fits and blocked_by(valid, build.lacks) is None and not_in_schema(build, valid) is None
    if not served or any(is_marked(build.schema, each, policy.feature) for each in requests):
        return
    subject = Step(
        request=valid.request, expect=Accept(), role=Role.SUBJECT, rule=policy.rule, why=_PLAIN
    )
    yield Case(
        id=f"{command.name}/{Aspect.GATES}/{policy.refusal}/unmarked",
        subject=command_subject(command.name),
        aspect=Aspect.GATES,
        stage=_stage(policy.refusal),
        steps=around(valid, subject),
        isolation=Isolation.SHARED,
    )


def _stage(setting: str) -> Stage:
    spec = MachineSpec(args=(_OPTION, setting))
    return Stage(name=f"gates/{setting}", spec=spec, kept=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Marked:
    """Arguments with one marked member or value, and the same without it."""

    label: str
    text: str
    subject: Mapping[str, JsonValue]
    witness: Mapping[str, JsonValue]


def _argument_cases(
    build: Introspected, knowledge: Knowledge, policy: Policy, command: Command
) -> Iterator[Case]:
    known = command.name in knowledge.commands
    valid = knowledge.command(command.name).first(build.version)
    seen: set[str] = set()
    for marked in _marked(build.schema, command, valid.arguments, policy.feature):
        if marked.label in seen:
            continue
        seen.add(marked.label)
        problems = (build.schema_error(command.name, v) for v in (marked.subject, marked.witness))
        problem = next(filter(None, problems), None)
        fits = known and valid.arguments.items() <= marked.witness.items()
        yield _argument_case(policy, valid, marked, problem, known=fits)


def _argument_case(
    policy: Policy, valid: ValidRequest, marked: _Marked, problem: str | None, *, known: bool
) -> Case:
    stage = _stage(policy.refusal)
    if valid.spec != MachineSpec():
        spec = replace(valid.spec, args=(*valid.spec.args, *stage.spec.args))
        stage = Stage(name=f"{stage.name}/{valid.command}", spec=spec)
    accepted: Expectation = Accept() if known else Understood()
    after: Expectation = Accept() if known else Answer()
    refused = Step(
        request=Request(valid.command, marked.subject),
        expect=Reject(),
        role=Role.SUBJECT,
        rule=policy.rule,
    )
    plain = Request(valid.command, marked.witness or ABSENT)
    steps = around(valid, refused, supporting_step(plain, Role.WITNESS, accepted), cleanup=after)
    reason = f"no request with and without it is valid by the schema: {problem}"
    # A request without a recipe may leave something behind, or need something that is missing.
    alone = valid.destructive or not known
    return Case(
        id=f"{valid.command}/{Aspect.GATES}/{policy.refusal}/{marked.label}",
        subject=command_subject(valid.command),
        aspect=Aspect.GATES,
        stage=stage,
        steps=() if problem else steps,
        isolation=Isolation.ALONE if alone else Isolation.SHARED,
        about=marked.label,
        fault=f"{marked.text} is {policy.feature}",
        blocked=not_applicable(reason) if problem else None,
    )


def _marked(
    schema: Schema, command: Command, base: Mapping[str, JsonValue], feature: str
) -> Iterator[_Marked]:
    """Yield the marked members and values of the arguments; a branch's in its own request."""
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


def _only(values: Mapping[str, JsonValue], member: Member) -> Mapping[str, JsonValue]:
    return {member.name: values[member.name]} if member.name in values else {}


def _without(
    schema: Schema,
    command: Command,
    base: Mapping[str, JsonValue],
    kind: Enum,
    feature: str,
    name: str,
) -> Mapping[str, JsonValue]:
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


def _request(schema: Schema, branch: Branch, base: Mapping[str, JsonValue]) -> dict[str, JsonValue]:
    """Return `base` if it is of the branch, else minimal arguments that are."""
    tags = dict(branch.tags)
    made = dict(base) if tags.items() <= base.items() else {}
    for member in branch.members:
        if member.name in tags:
            made[member.name] = tags[member.name]
        elif not member.optional and member.name not in made:
            made[member.name] = exemplar(schema, member.type)
    return made


def _hidden_case(entries: Sequence[Entry]) -> Case:
    """Return the case that introspection hides exactly what is deprecated."""
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


def _shown(entries: Sequence[Entry], feature: str) -> Iterator[Entry]:
    """Yield the entries without commands, events and members that have the feature.

    Enum values with it stay: only the older list of values goes, if introspection's own type marks
    it.
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


def _marks_older_values(entries: Sequence[Entry], feature: str) -> bool:
    """Return whether introspection's own type of an enum marks its list of values.

    It is the one object type that has both `members` and `values`.
    """
    for entry in entries:
        members = {m["name"]: m for m in entry["members"]} if entry["meta-type"] == "object" else {}
        if {"members", "values"} <= members.keys():
            return feature in members["values"].get("features", ())
    return False
