"""Cases of a command's arguments, one fault at a time, from the schema alone and at every depth.

The request without the fault is a recipe's where one succeeds, else made from the schema: then what
comes of it may show nothing.  Leaves the ranges of integers to derive/ranges.py.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import partial
from typing import Any, Final

from conformance.canonical import digest
from conformance.derive.case import (
    Accept,
    Answer,
    Blocked,
    Case,
    Ends,
    Expectation,
    Isolation,
    Reject,
    Role,
    Step,
    Understood,
)
from conformance.derive.commands import PLAIN, command_subject
from conformance.derive.mutate import Fault, member_faults, no_objects, unknown_members
from conformance.derive.paths import Edit, edited
from conformance.derive.places import Place, object_places
from conformance.derive.siblings import (
    ArgumentContext,
    Sibling,
    is_within,
    siblings,
    siblings_with,
)
from conformance.derive.values import exemplar, renamed
from conformance.errors import HarnessError
from conformance.knowledge.commands import Effect
from conformance.qapi.model import Command, Member, Schema
from conformance.stage import NEGOTIATION, MachineSpec, Request, Stage
from conformance.terms import Aspect, Outcome

_OF_RANGES: Final = "huge"
"""What is wrong with an integer's size, derive/ranges.py tries for the width that it has."""


def argument_cases(context: ArgumentContext, command: Command) -> Iterator[Case]:
    """Yield the invalid requests of `command`, nearest faults first.

    Faults of one member in a request that changes its machine for good share a case.
    """
    if command.name in context.unchecked - context.shallow:
        return
    bases = tuple(siblings(context, command))
    places = object_places(context.schema, command.arg_type).places
    for place in places[:1] if command.name in context.shallow else places:
        yield from _object_cases(context, command, bases, place)


def _object_cases(
    context: ArgumentContext, command: Command, bases: Sequence[Sibling], place: Place
) -> Iterator[Case]:
    """Yield the faults of one object as such, then those of its members."""
    schema = context.schema
    tried = _tried(context, command, bases, place, _as_it_is)
    yield from tried.cases(place.label, partial(_faults_of, schema, place), "members")
    for member in place.members:
        known = tuple(siblings_with(context, command, place, member))
        edit = partial(_with_member, schema, member)
        tried = _tried(context, command, (*known, *bases), place, edit)
        yield from tried.cases(place.label_with(member), partial(_faults_of_member, schema, member))


def _as_it_is(value: Any) -> Any:
    return value


def _instead(value: Any, _: Any) -> Any:
    return value


def _with_member(schema: Schema, member: Member, value: Mapping[str, Any]) -> Mapping[str, Any]:
    if member.name in value:
        return value
    return {**value, member.name: exemplar(schema, member.type)}


def _faults_of_member(schema: Schema, member: Member, value: Any) -> Iterator[Fault]:
    for fault in member_faults(schema, member, value, within=False):
        yield replace(fault, label=fault.label.removeprefix(f"{member.name}/"))


def _faults_of(schema: Schema, place: Place, value: Mapping[str, Any]) -> Iterator[Fault]:
    yield from unknown_members(value)
    if not place.way:
        yield from no_objects("W23")
    if place.foreign is not None and place.foreign.name not in value:
        more = {**value, place.foreign.name: exemplar(schema, place.foreign.type)}
        text = f"{place.foreign.name} belongs to another branch"
        yield Fault(label="foreign-member", value=more, rule="Q20", text=text)


def _tried(
    context: ArgumentContext,
    command: Command,
    bases: Sequence[Sibling],
    place: Place,
    edit: Edit,
) -> _Tried:
    """Return the place in a request that is known to succeed, else in one that may.

    A request that must give up something of a recipe's is made from the schema where the recipe
    changes its machine: it would need a machine for each try, and might show nothing.
    """
    made = [
        _Tried(context=context, command=command, base=base, place=place, edit=edit)
        for base in bases
    ]
    valid = [tried for tried in made if not tried.problem(tried.arguments)]
    for tried in valid:
        if tried.base.known and tried.arguments == tried.base.arguments:
            return tried
    for tried in valid:
        if tried.base.own or is_within(tried.base.arguments, tried.arguments):
            break
    else:
        tried = made[-1]
    if tried.base.own:
        return next((_unsure(t) for t in valid if not (t.base.own or t.base.alone)), tried)
    return _unsure(tried)


def _unsure(tried: _Tried) -> _Tried:
    return replace(tried, base=replace(tried.base, known=False))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Tried:
    """One object among the arguments, as `edit` makes it valid, and the request that holds it."""

    context: ArgumentContext
    command: Command
    base: Sibling
    place: Place
    edit: Edit

    @property
    def arguments(self) -> Any:
        """The request without a fault."""
        return self._with(self.edit)

    def _with(self, edit: Edit) -> Any:
        schema, base = self.context.schema, self.base.arguments
        return edited(schema, self.command.arg_type, self.place.way, edit, base)

    def problem(self, arguments: Any) -> str:
        """Return why a request is not valid by the schema, "" where it is."""
        fault = self.context.validator.check(self.command.arg_type, arguments)
        return f"{fault.path}: {fault.problem}" if fault else ""

    def cases(
        self, label: str, faults: Callable[[Any], Iterator[Fault]], together: str = "faults"
    ) -> Iterator[Case]:
        """Yield the cases of what `faults` finds wrong with the object, by ids under `label`.

        If they must share a case, it is `together` there.
        """
        found: list[Fault] = []

        def see(value: Any) -> Any:
            found.extend(
                f for f in faults(self.edit(value)) if f.label.split("/")[-1] != _OF_RANGES
            )
            return value

        self._with(see)
        if not found:
            return
        groups = [found] if self.alone else [[fault] for fault in found]
        for group in groups:
            name = group[0].label if len(group) == 1 else together
            yield self._case("/".join(filter(None, (label, name))), label, group)

    @property
    def alone(self) -> bool:
        """Whether nothing else may be asked of the machine."""
        return self.base.alone or self.command.name == NEGOTIATION

    def _case(self, name: str, label: str, faults: Sequence[Fault]) -> Case:
        reason = self.context.omitted(self.command.name, label)
        if not reason and self.problem(self.arguments):
            reason = "no request of finite depth holds this"
        blocked = None
        if reason:
            blocked = Blocked(outcome=Outcome.UNTESTABLE_HERE, reason=reason)
        return Case(
            id=f"{self.command.name}/{Aspect.INVALID}/{name}",
            subject=command_subject(self.command.name),
            aspect=Aspect.INVALID,
            stage=self._stage,
            steps=() if blocked else tuple(self._steps(name, faults)),
            isolation=Isolation.ALONE if self.alone else Isolation.SHARED,
            about=label,
            fault="; ".join(dict.fromkeys(fault.text for fault in faults)),
            blocked=blocked,
        )

    @property
    def _stage(self) -> Stage:
        """The plain machine for what is known to leave nothing behind, else the command's own."""
        if self.command.name == NEGOTIATION:
            return Stage(name="arguments/negotiation", capabilities=None)
        spec = self.base.spec
        if self.base.known and not self.alone and spec == MachineSpec():
            return PLAIN
        name = f"arguments/{self.command.name}"
        if spec != MachineSpec():
            name += f"/{digest(asdict(spec))[:6]}"
        return Stage(name=name, spec=spec)

    @property
    def _success(self) -> Expectation:
        if not self.base.known:
            return Understood()
        return Ends() if self.base.effect is Effect.END else Accept()

    def _steps(self, name: str, faults: Sequence[Fault]) -> Iterator[Step]:
        """Yield the refusals, and the same request without a fault.

        Of that, where nobody knows that it succeeds, nothing may stay behind, nor of the set-up:
        the request that is known takes the set-up along.
        """
        word = f"w{digest([name])[:8]}"
        base, setup = self.base, self.base.setup
        yield from (_step(request, Accept(), Role.SETUP) for request in setup)
        for fault in faults:
            arguments = self._with(partial(_instead, fault.value))
            self._check_invalid(fault, arguments)
            yield _step(self._request(arguments, word), Reject(), Role.SUBJECT, fault.rule)
        yield _step(self._request(self.arguments, word), self._success, Role.WITNESS)
        after: Expectation = Accept() if base.known else Answer()
        if setup and not base.known:
            yield _step(Request(self.command.name, base.arguments), after, Role.CLEANUP)
        if base.effect is not Effect.END:
            yield from (_step(request, after, Role.CLEANUP) for request in base.cleanup)

    def _request(self, arguments: Any, word: str) -> Request:
        """Return a request, which where nobody knows it names things that no other case names."""
        whole = arguments if self.base.known else renamed(arguments, word)
        return Request(self.command.name, whole)

    def _check_invalid(self, fault: Fault, arguments: Any) -> None:
        if not self.problem(arguments):
            raise HarnessError(
                f"{self.command.name}: {fault.text} at {self.place.label!r} is valid by the schema",
                "This is a defect of the suite: please report it.",
            )


def _step(request: Request, expect: Expectation, role: Role, rule: str = "Q30") -> Step:
    return Step(request=request, expect=expect, role=role, rule=rule)
