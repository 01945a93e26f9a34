"""One edit of a command's arguments, in the request that is likeliest to succeed with it.

Knows neither which values are tried nor what is wrong with them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from typing import Final

from conformance.derive.commands.base_requests import Arguments, is_within
from conformance.derive.steps import (
    ACCEPTED,
    ANSWERED,
    PLAIN,
    own_stage,
    success_of,
    supporting_step,
    supporting_steps,
)
from conformance.judge.expect_answer import Understood
from conformance.knowledge.valid_request import Effect, Status, ValidRequest
from conformance.model.blocked import Blocked, not_applicable
from conformance.model.canonical import digest
from conformance.model.case import Role, Step
from conformance.model.expectation import Expectation
from conformance.model.stage import NEGOTIATION, Request, Stage
from conformance.model.terms import Absent, JsonValue
from conformance.qapi.model import Command
from conformance.space.paths import Edit, Way, contradicts, edited, value_at, with_value_at
from conformance.space.values import renamed

_UNDERSTOOD: Final = Understood()


@dataclass(frozen=True, kw_only=True)
class Attempt:
    """A valid request, and the edited object among its arguments, at the end of `way`.

    `base` is the request before the edit; `error` is what the schema objects to in `arguments`.
    """

    arguments_of: Arguments
    base: ValidRequest
    way: Way
    arguments: JsonValue
    error: str | None

    @property
    def command(self) -> Command:
        """The command."""
        return self.arguments_of.command

    @property
    def object(self) -> JsonValue:
        """The edited object."""
        value = value_at(self.way, self.arguments)
        assert not isinstance(value, Absent), "the edit has put it there"
        return value

    def with_instead(self, value: JsonValue) -> JsonValue:
        """Return the arguments with `value` in place of the object."""
        return with_value_at(self.way, self.arguments, value)

    def blocked(self, path: str) -> Blocked | None:
        """Return why the argument at `path` is not tried, None if it is."""
        omitted = self.arguments_of.omitted(path)
        if omitted is None and self.error:
            return not_applicable("no request of finite depth holds this")
        return omitted

    @property
    def alone(self) -> bool:
        """Whether the machine serves no other case."""
        return self.base.destructive or self.command.name == NEGOTIATION

    def stage(self) -> Stage:
        """Return the plain machine if the request leaves nothing behind, else its command's own."""
        if self.command.name == NEGOTIATION:
            return Stage(name="own/negotiation", capabilities=None)
        spec = self.base.spec
        if self.base.known and not self.alone and not spec.mark:
            return PLAIN
        return own_stage(self.command.name, spec)

    @property
    def success(self) -> Expectation:
        """The expectation for the request without a fault."""
        if not self.base.known:
            return _UNDERSTOOD
        return success_of(self.base)

    def request(self, arguments: JsonValue, name: str, descriptor: str = "") -> Request:
        """Return a request for what `name` names; one that may fail uses unique names."""
        whole = arguments if self.base.known else renamed(arguments, _word(name))
        return Request(self.command.name, whole, descriptor=descriptor)

    def valid_request(self, name: str) -> Request:
        """Return the request without a fault, with its file descriptor.

        One that is known to succeed is the same for every name.
        """
        if self.base.known:
            return self._known_request
        return self.request(self.arguments, name, self.base.request.descriptor)

    def witness(self, name: str) -> Step:
        """Return the step of that request, which shows that it is accepted."""
        if self.base.known:
            return self._known_witness
        return supporting_step(self.valid_request(name), Role.WITNESS, self.success)

    @cached_property
    def _known_request(self) -> Request:
        return self.request(self.arguments, "", self.base.request.descriptor)

    @cached_property
    def _known_witness(self) -> Step:
        return supporting_step(self._known_request, Role.WITNESS, self.success)

    @cached_property
    def before(self) -> tuple[Step, ...]:
        """The set-up."""
        return tuple(supporting_steps(self.base.setup, Role.SETUP))

    @cached_property
    def after(self) -> tuple[Step, ...]:
        """The clean-up.

        A request that may not succeed is followed by the known one, which uses up the set-up.
        """
        return tuple(self._after())

    def _after(self) -> Iterator[Step]:
        base = self.base
        expect: Expectation = ACCEPTED if base.known else ANSWERED
        if base.setup and not base.known:
            yield supporting_step(Request(self.command.name, base.arguments), Role.CLEANUP, expect)
        if base.effect is not Effect.END:
            yield from supporting_steps(base.cleanup, Role.CLEANUP, expect)


@lru_cache(maxsize=16)
def _word(name: str) -> str:
    """Return a word for the names in the requests of one case."""
    return f"w{digest([name])[:8]}"


def attempted(arguments: Arguments, base: ValidRequest, way: Way, edit: Edit) -> Attempt:
    """Return the edit of an object, which need not be there before, in a request."""
    arg_type = arguments.command.arg_type
    whole = edited(arguments.schema, arg_type, way, edit, base.arguments)
    error = arguments.schema_error(whole)
    return Attempt(arguments_of=arguments, base=base, way=way, arguments=whole, error=error)


def likeliest(arguments: Arguments, bases: Sequence[ValidRequest], way: Way, edit: Edit) -> Attempt:
    """Return the edit of an object in a request known to succeed, else in one that may succeed.

    If a recipe's request must be changed and changes its machine, a request from the schema is
    used: the recipe's would need a machine for each try, and might prove nothing.
    """
    for base in bases:
        if base.known and _changes_nothing(way, edit, base.arguments):
            each = attempted(arguments, base, way, edit)
            if each.arguments == base.arguments and not each.error:
                return each
    for base in bases:
        if not contradicts(way, base.arguments):
            each = attempted(arguments, base, way, edit)
            keeps = base.status is Status.GUESSED or is_within(base.arguments, each.arguments)
            if keeps and not each.error:
                break
    else:
        each = attempted(arguments, bases[-1], way, edit)
    if each.base.status is Status.GUESSED:
        shared = (base for base in bases if base.known and not base.destructive)
        tried = (attempted(arguments, base, way, edit) for base in shared)
        return next((unsure(other) for other in tried if not other.error), each)
    return unsure(each)


def _changes_nothing(way: Way, edit: Edit, arguments: JsonValue) -> bool:
    """Return whether the object at the end of `way` exists and stays the same."""
    value = value_at(way, arguments)
    return isinstance(value, Mapping) and bool(edit(value) == value)


def unsure(each: Attempt) -> Attempt:
    """Return the attempt with an unknown chance of success."""
    return replace(each, base=replace(each.base, status=Status.CHANGED))
