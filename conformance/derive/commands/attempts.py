"""One edit of a command's arguments, in the request that is likeliest to succeed with it.

Knows neither which values are tried nor what is wrong with them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field, replace

from conformance.derive.commands.base_requests import Arguments, is_within
from conformance.derive.steps import PLAIN, success_of, supporting_step, supporting_steps
from conformance.judge.expect_answer import Accept, Answer, Understood
from conformance.knowledge.valid_request import Effect, Status, ValidRequest
from conformance.model.blocked import Blocked, not_applicable
from conformance.model.canonical import digest
from conformance.model.case import Role, Step
from conformance.model.expectation import Expectation
from conformance.model.stage import NEGOTIATION, MachineSpec, Request, Stage
from conformance.model.terms import JsonValue
from conformance.qapi.model import Command
from conformance.space.paths import Edit, Way, edited
from conformance.space.values import renamed


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """A valid request with the value at the end of `way` edited by `edit`."""

    arguments_of: Arguments
    base: ValidRequest
    way: Way
    edit: Edit
    arguments: JsonValue = field(init=False, repr=False)
    """Those of the request without a fault."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "arguments", self.edited(self.edit))

    @property
    def command(self) -> Command:
        """The command."""
        return self.arguments_of.command

    def edited(self, edit: Edit) -> JsonValue:
        """Return the arguments after another edit."""
        schema, base = self.arguments_of.schema, self.base.arguments
        return edited(schema, self.command.arg_type, self.way, edit, base)

    def schema_error(self, arguments: JsonValue) -> str | None:
        """Return what the schema objects to in the request, None if the request is valid."""
        return self.arguments_of.build.schema_error(self.command.name, arguments)

    def blocked(self, path: str) -> Blocked | None:
        """Return why the argument at `path` is not tried, None if it is."""
        omitted = self.arguments_of.omitted(path)
        if omitted is None and self.schema_error(self.arguments):
            return not_applicable("no request of finite depth holds this")
        return omitted

    @property
    def alone(self) -> bool:
        """Whether the machine serves no other case."""
        return self.base.destructive or self.command.name == NEGOTIATION

    def stage(self, word: str) -> Stage:
        """Return the plain machine if the request leaves nothing behind, else one for `word`."""
        if self.command.name == NEGOTIATION:
            return Stage(name=f"{word}/negotiation", capabilities=None)
        spec = self.base.spec
        if self.base.known and not self.alone and spec == MachineSpec():
            return PLAIN
        name = f"{word}/{self.command.name}"
        if spec != MachineSpec():
            name += f"/{digest(asdict(spec))[:6]}"
        return Stage(name=name, spec=spec)

    @property
    def success(self) -> Expectation:
        """What the request without a fault must come to."""
        if not self.base.known:
            return Understood()
        return success_of(self.base)

    def request(self, arguments: JsonValue, word: str) -> Request:
        """Return a request; one that may not succeed names things that no other case names."""
        whole = arguments if self.base.known else renamed(arguments, word)
        return Request(self.command.name, whole)

    def valid_request(self, word: str) -> Request:
        """Return the request without a fault, with its file descriptor."""
        request = self.request(self.arguments, word)
        return replace(request, descriptor=self.base.request.descriptor)

    def before(self) -> Iterator[Step]:
        """Yield the set-up."""
        yield from supporting_steps(self.base.setup, Role.SETUP)

    def after(self) -> Iterator[Step]:
        """Yield the clean-up.

        A request that may not succeed is followed by the known one, which uses up the set-up.
        """
        base = self.base
        expect: Expectation = Accept() if base.known else Answer()
        if base.setup and not base.known:
            yield supporting_step(Request(self.command.name, base.arguments), Role.CLEANUP, expect)
        if base.effect is not Effect.END:
            yield from supporting_steps(base.cleanup, Role.CLEANUP, expect)


def attempt(arguments: Arguments, bases: Sequence[ValidRequest], way: Way, edit: Edit) -> Attempt:
    """Return the edit in a request that is known to succeed, else in one that may succeed.

    A request that must give up something of a recipe's is made from the schema where the recipe
    changes its machine: it would need a machine for each try, and might show nothing.
    """
    valid = []
    for base in bases:
        each = Attempt(arguments_of=arguments, base=base, way=way, edit=edit)
        if not each.schema_error(each.arguments):
            if base.known and each.arguments == base.arguments:
                return each
            valid.append(each)
    last = each
    for each in valid:
        if each.base.status is Status.GUESSED or is_within(each.base.arguments, each.arguments):
            break
    else:
        each = last
    if each.base.status is Status.GUESSED:
        shared = (e for e in valid if e.base.known and not e.base.destructive)
        return next(map(unsure, shared), each)
    return unsure(each)


def unsure(each: Attempt) -> Attempt:
    """Return the attempt with an unknown chance of success."""
    return replace(each, base=replace(each.base, status=Status.CHANGED))
