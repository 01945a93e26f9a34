"""Cases of what a command changes: queries before and after it, and after the clean-up.

Recipes say which queries show the effect; knows no command by name.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from conformance.derive.commands.valid import not_in_schema
from conformance.derive.inputs import Introspected
from conformance.derive.steps import (
    PLAIN,
    blocked_by,
    command_subject,
    stage_of,
    supporting_step,
    supporting_steps,
)
from conformance.judge.expect_answer import Accept, Reject
from conformance.judge.expect_value import NotYet, Repeats, Shows, Sight
from conformance.knowledge.commands import CommandRecipe
from conformance.knowledge.everything import Knowledge
from conformance.knowledge.observations import Look, Wanted
from conformance.knowledge.valid_request import ValidRequest
from conformance.model.blocked import Blocked, not_applicable, untried
from conformance.model.case import Case, Emits, Isolation, Role, Step
from conformance.model.expectation import Expectation
from conformance.model.terms import Aspect, ErrorClass, JsonValue
from conformance.qapi.model import Object

UNKNOWN: Final = "no recipe says what shows its effect"
"""The reason for a command with an effect that no recipe says how to verify."""
UNSEEN: Final = "nothing shows its effect"
"""The prefix of a recipe's reason why no query shows the effect."""
_FIRST: Final = "recipe"
_RULE: Final = "X33"
_AWAITED: Final = "X32"
_SENT_ONCE: Final = (Wanted.REFUSED, Wanted.TELLS)
_SIGHTS: Final[Mapping[Wanted, Sight]] = {
    Wanted.VALUE: Sight.VALUE,
    Wanted.THERE: Sight.THERE,
    Wanted.ABSENT: Sight.ABSENT,
    Wanted.DIFFERS: Sight.DIFFERENT,
}


def effect_cases(build: Introspected, knowledge: Knowledge, name: str) -> Iterator[Case]:
    """Yield the cases of a command's effect.

    A command that returns something has none, unless its recipe says so.
    """
    recipe = knowledge.command(name)
    seen = [*_seen(recipe, build)]
    yield from seen
    if not seen:
        yield from _not_observable(recipe, build)


def _seen(recipe: CommandRecipe, build: Introspected) -> Iterator[Case]:
    for valid in recipe.requests(build.version):
        if not valid.looks:
            continue
        blocked = _blocked(valid, build)
        name = valid.name or _FIRST
        yield Case(
            id=f"{recipe.name}/{Aspect.EFFECT}/{name}",
            subject=command_subject(recipe.name),
            aspect=Aspect.EFFECT,
            stage=stage_of(valid),
            steps=() if blocked else tuple(_Writing(valid).steps()),
            isolation=_isolation(valid),
            about=name,
            blocked=blocked,
        )


def _is_permanent(valid: ValidRequest) -> bool:
    """Return whether nothing undoes what the request does."""
    return valid.destructive or not (valid.name or valid.setup or valid.cleanup)


def _isolation(valid: ValidRequest) -> Isolation:
    """Return whether other cases can share the machine.

    A clean-up without a set-up may set a value that always exists: it restores the old value only
    on a machine where no other case has changed it.
    """
    return Isolation.ALONE if _is_permanent(valid) or not valid.setup else Isolation.SHARED


def _blocked(valid: ValidRequest, build: Introspected) -> Blocked | None:
    """Return what the build or the host lacks, None if nothing."""
    return not_applicable(_missing(valid, build)) or blocked_by(valid, build.lacks)


def _missing(valid: ValidRequest, build: Introspected) -> str | None:
    """Return what the case needs and the schema lacks, None if it lacks nothing."""
    lacking: list[str | None] = []
    looks = (look.request for look in valid.looks)
    for request in (*valid.setup, *looks, *valid.cleanup):
        if request.execute not in build.schema.commands:
            lacking.append(f"this build's schema has no command {request.execute}")
    told = (look.told for look in valid.looks if look.told is not None)
    for each in (*told, *(each for look in valid.looks for each in look.after)):
        if each.event not in build.schema.events:
            lacking.append(f"this build's schema has no event {each.event}")
    lacking.append(not_in_schema(build, valid))
    return "; ".join(dict.fromkeys(filter(None, lacking))) or None


def _not_observable(recipe: CommandRecipe, build: Introspected) -> Iterator[Case]:
    """Yield the blocked case of a command whose effect no query shows or no recipe knows."""
    returns = build.schema.types[build.schema.commands[recipe.name].ret_type]
    silent = isinstance(returns, Object) and not returns.members and returns.tag is None
    if recipe.not_observable:
        blocked = not_applicable(f"{UNSEEN}: {recipe.not_observable}")
    elif silent:
        blocked = untried(UNKNOWN)
    else:
        return
    yield Case(
        id=f"{recipe.name}/{Aspect.EFFECT}/{_FIRST}",
        subject=command_subject(recipe.name),
        aspect=Aspect.EFFECT,
        stage=PLAIN,
        steps=(),
        about=_FIRST,
        blocked=blocked,
    )


@dataclass(slots=True)
class _Writing:
    """The steps of one case while they are written."""

    valid: ValidRequest
    _steps: list[Step] = field(default_factory=list)

    def steps(self) -> Sequence[Step]:
        """Return the steps.

        The clean-up also undoes the set-up: it must restore what was there before both.
        """
        valid, why = self.valid, f"what {self.valid.command} did is to be seen"
        queries = [look for look in valid.looks if look.wanted not in _SENT_ONCE]
        restored = not _is_permanent(valid) and bool(valid.setup or valid.cleanup)
        asked_back = [
            (i, look) for i, look in enumerate(queries) if restored and look.asked_after_cleanup
        ]
        origin = {}
        if valid.setup:
            origin = {index: self._add(_look(look)) for index, look in asked_back}
        self._steps += supporting_steps(valid.setup, Role.SETUP)
        before = {
            index: self._add(_look(look, NotYet(_shows(look, 0))))
            for index, look in enumerate(queries)
        }
        self._add(_subject(valid))
        for index, look in enumerate(queries):
            self._add(_look(look, _shows(look, before[index]), Role.CHECK, why))
        for look in valid.looks:
            if look.wanted is Wanted.REFUSED:
                refused = Reject(frozenset({ErrorClass(str(look.value))}))
                self._add(_look(look, refused, Role.CHECK, why))
            elif look.told is not None:
                told = Emits(event=look.told.event, data=look.told.data, rule=_RULE)
                self._add(replace(_look(look, Accept(), Role.CHECK, why), emits=(told,)))
        self._steps += supporting_steps(valid.cleanup, Role.CLEANUP)
        back = "what was done is taken back, by the clean-up or by the request itself"
        for index, look in asked_back:
            first = origin.get(index, before[index])
            self._add(_look(look, Repeats(first, look.ignore), Role.CHECK, back))
        return self._steps

    def _add(self, step: Step) -> int:
        """Add a step; return its number."""
        self._steps.append(step)
        return len(self._steps) - 1


def _subject(valid: ValidRequest) -> Step:
    emits = tuple(
        Emits(event=each.event, data=each.data, rule=_AWAITED)
        for look in valid.looks
        for each in look.after
    )
    return Step(request=valid.request, expect=Accept(), role=Role.SUBJECT, rule="Q30", emits=emits)


def _shows(look: Look, step: int) -> Shows:
    value: JsonValue = look.value if look.wanted is Wanted.VALUE else None
    return Shows(look.path, _SIGHTS[look.wanted], value, step)


def _look(
    look: Look, expect: Expectation | None = None, role: Role = Role.SETUP, why: str = ""
) -> Step:
    if expect is None:
        return supporting_step(look.request, role)
    return Step(request=look.request, expect=expect, role=role, rule=_RULE, why=why)
