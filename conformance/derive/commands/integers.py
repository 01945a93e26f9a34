"""One integer among a command's arguments, at the ends of its range and one beyond each.

Knows neither a recipe nor which request is the likeliest.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

from conformance.derive.commands.base_requests import usual_integer
from conformance.derive.commands.readbacks import GivenArgument, reading, shown_argument
from conformance.derive.inputs import Introspected
from conformance.derive.steps import (
    ACCEPTED,
    around,
    command_subject,
    isolation_of,
    own_stage,
    supporting_steps,
)
from conformance.judge.expect_answer import Accept, Answer, Reject, Understood
from conformance.knowledge.everything import Knowledge
from conformance.knowledge.ranges import Limits
from conformance.knowledge.valid_request import Status, ValidRequest
from conformance.model.blocked import Blocked, behind_finding, not_applicable, unmet, untried
from conformance.model.canonical import digest
from conformance.model.case import Case, Role, Step
from conformance.model.errors import HarnessError
from conformance.model.expectation import Expectation
from conformance.model.stage import Request
from conformance.model.terms import Aspect, JsonValue, as_object
from conformance.qapi.model import Command
from conformance.space.integers import is_let_through, range_of, rule_of, width_of
from conformance.space.paths import IntegerPath, with_integer
from conformance.space.values import renamed

LIMITED: Final = "X27"
"""The rule of documented limits that are narrower than a type."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EditedInteger:
    """One integer, its request, and what is known of it there.

    `omit` and `behind_finding` say why it is not tried; `refused` means that the request is refused
    for a reason other than its arguments.
    """

    build: Introspected
    knowledge: Knowledge
    command: Command
    path: IntegerPath
    valid: ValidRequest
    limits: Limits = Limits()
    omit: str = ""
    behind_finding: str = ""
    refused: bool = False

    @property
    def usual(self) -> int:
        """A value that is accepted: the recipe's own, if it has one."""
        return usual_integer(self.valid.arguments, self.path, self.limits)

    def arguments(self, value: int, *, word: str = "") -> dict[str, JsonValue]:
        """Return the arguments with `value`.

        A request that may fail may leave things behind: `word` makes its names unique, so that they
        affect no later request.
        """
        base = self.valid.arguments
        whole = with_integer(self.build.ranged, self.command.arg_type, self.path, value, base)
        return whole if self.valid.known or not word else dict(as_object(renamed(whole, word)))

    def schema_error(self, value: int) -> str | None:
        """Return what the schema objects to in the request with `value`, None if it is valid."""
        fault = self.build.range_validator.check(self.command.arg_type, self.arguments(value))
        return f"{fault.path}: {fault.problem}" if fault else None

    def valid_cases(self, *, known: bool = False) -> Iterator[Case]:
        """Yield the cases of valid values: the ends of the type, and known limits.

        Only those of limits if `known`.
        """
        width, limits = width_of(self.path.type), self.limits
        ends, rule = range_of(width), rule_of(width)
        own = LIMITED if limits.documented else rule
        for label, end, name, bound in (
            ("least", ends.low, "min", limits.least),
            ("greatest", ends.high, "max", limits.greatest),
        ):
            narrower = bound is not None and bound != end
            if bound is not None and narrower:
                yield self._valid(name, bound, own, self._success)
            if width and not (known or (narrower and limits.documented)):
                expect = Understood() if narrower or limits.open else self._success
                yield self._valid(label, end, rule, expect, why_not=limits.omit)
        for value in () if known else limits.also_try:
            if ends.low <= value <= ends.high:
                yield self._valid(str(value), value, rule, Understood())

    @property
    def _success(self) -> Expectation:
        """The expectation for the request with a valid value."""
        return Accept() if self.valid.known and not self.refused else Understood()

    def _valid(
        self, label: str, value: int, rule: str, expect: Expectation, *, why_not: str = ""
    ) -> Case:
        self._check_valid(value)
        why = self.limits.open or self.limits.reason
        subject = self._step(label, value, expect, Role.SUBJECT, rule, why)
        name = f"{self.path.label}={label}"
        given = GivenArgument(
            label=self.path.label,
            varied=name,
            way=self.path.way,
            value=value,
            request=subject.request,
        )
        shown = shown_argument(self.build, self.knowledge, given)
        certain = self.valid
        if isinstance(expect, Understood):
            certain = replace(certain, status=Status.CHANGED)
        read = reading(shown, certain, subject.request, supporting=len(self.valid.setup))
        steps = (*read.between, replace(subject, emits=read.emits), *read.after)
        case = self._case(Aspect.VALID, name, steps, last=expect, why_not=why_not)
        if case.blocked:
            return case
        return replace(case, steps=(*read.before, *case.steps), shown=read.files)

    def invalid_cases(self) -> Iterator[Case]:
        """Yield the cases of invalid values: one beyond each end and each limit.

        With documented limits, the ends of the type are beyond them, too: a truncated value is
        within the limits again.
        """
        # Without the widths of the build's own release, only values beyond all widths are known to
        # be wrong.
        width = width_of(self.path.type) if self.build.older is None else None
        ends, limits, rule = range_of(width), self.limits, rule_of(width)
        yield self._invalid("below", ends.low - 1, rule, f"{ends.low}..{ends.high}")
        yield self._invalid("above", ends.high + 1, rule, f"{ends.low}..{ends.high}")
        if not limits.documented:
            return
        ends = range_of(width_of(self.path.type))
        least = ends.low if limits.least is None else limits.least
        greatest = ends.high if limits.greatest is None else limits.greatest
        for label, value, applies in (
            ("under", least - 1, least > ends.low),
            ("far-under", ends.low, least - 1 > ends.low),
            ("over", greatest + 1, greatest < ends.high),
            ("far-over", ends.high, greatest + 1 < ends.high),
        ):
            if applies:
                yield self._invalid(label, value, LIMITED, f"{least}..{greatest}")

    def _invalid(self, label: str, value: int, rule: str, allowed: str) -> Case:
        if rule != LIMITED and not self.schema_error(value):
            raise HarnessError(
                f"{self.command.name}: {value} at {self.path.label} is valid by the schema",
                "This is a defect of the suite: please report it.",
            )
        # Servers deliberately accept negative numbers for an unsigned 64-bit integer (see the
        # rules): nothing is promised, and they count as large ones.
        open_ended = is_let_through(rule, value)
        expect: Expectation = Answer() if open_ended else Reject()
        why = self.limits.reason if rule == LIMITED else ""
        steps = [self._step(label, value, expect, Role.SUBJECT, rule, why)]
        if open_ended:
            steps += supporting_steps(self.valid.cleanup, Role.CLEANUP, Answer())
            steps += supporting_steps(self.valid.setup, Role.SETUP, Answer())
        steps.append(self._step(label, self.usual, self._success, Role.WITNESS, "Q30"))
        return self._case(
            Aspect.INVALID,
            f"{self.path.label}/{label}",
            steps,
            fault=f"{self.path.label}: {value} lies outside {allowed}",
            last=self._success,
            why_not=self.limits.omit if open_ended else "",
        )

    def _check_valid(self, value: int) -> None:
        problem = self.schema_error(value)
        if problem and not self._blocked(""):
            raise HarnessError(
                f"{self.command.name}: {value} at {self.path.label} is not valid: {problem}",
                "This is a defect of the suite: please report it.",
            )

    def _blocked(self, why_not: str) -> Blocked | None:
        blocked = untried(self.omit or why_not) or behind_finding(self.behind_finding)
        blocked = blocked or unmet(self.valid.needs, self.build.lacks)
        if blocked is None and self.schema_error(self.usual):
            return not_applicable("no request of finite depth holds this integer")
        return blocked

    def _step(
        self, label: str, value: int, expect: Expectation, role: Role, rule: str, why: str = ""
    ) -> Step:
        known = self.valid.known
        word = "" if known else f"w{digest([self.path.label, label, role])[:8]}"
        request = Request(self.command.name, self.arguments(value, word=word))
        return Step(request=request, expect=expect, role=role, rule=rule, why=why)

    def _case(
        self,
        aspect: Aspect,
        name: str,
        steps: Sequence[Step],
        *,
        last: Expectation,
        fault: str | None = None,
        why_not: str = "",
    ) -> Case:
        """Return a case, blocked for the reason `why_not` if there is one.

        `last` is the expectation of the last request that the clean-up undoes.
        """
        blocked = self._blocked(why_not)
        cleanup = Answer() if isinstance(last, Understood) else ACCEPTED
        return Case(
            id=f"{self.command.name}/{aspect}/{name}",
            subject=command_subject(self.command.name),
            aspect=aspect,
            stage=own_stage(self.valid.command, self.valid.spec),
            steps=() if blocked else around(self.valid, *steps, cleanup=cleanup),
            isolation=isolation_of(self.valid),
            about=self.path.label,
            fault=fault,
            blocked=blocked,
        )
