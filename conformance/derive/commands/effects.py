"""Cases of what a command changes: the query that shows it, before, after, and put back.

Where to look and what is to be seen is of the recipes; knows no command by name.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, cast

from conformance.derive.commands.further import untaken
from conformance.derive.commands.valid import PLAIN, command_subject
from conformance.derive.steps import supporting_step
from conformance.judge.expect_answer import Accept, Reject
from conformance.judge.expect_value import NotYet, Repeats, Shows, Sight
from conformance.knowledge.commands import CommandRecipe, Effect
from conformance.knowledge.observations import Look, Wanted, looks_for
from conformance.knowledge.versions import Version
from conformance.model.blocked import Blocked, not_applicable, unmet, untried
from conformance.model.case import Case, Emits, Isolation, Role, Step
from conformance.model.expectation import Expectation
from conformance.model.stage import MachineSpec, Request, Stage
from conformance.model.terms import ABSENT, Aspect, ErrorClass, JsonValue
from conformance.qapi.model import Command, Object, Schema

UNKNOWN: Final = "no recipe says what shows its effect"
"""Of a command that does something, of which nobody has said where that is to be seen."""
UNSEEN: Final = "nothing shows its effect"
"""Of a command whose recipe says that, and why."""
_FIRST: Final = "recipe"
_RULE: Final = "X33"
_AWAITED: Final = "X32"
_SIGHTS: Final[Mapping[Wanted, Sight]] = {
    Wanted.VALUE: Sight.VALUE,
    Wanted.THERE: Sight.THERE,
    Wanted.ABSENT: Sight.ABSENT,
    Wanted.DIFFERS: Sight.DIFFERENT,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class EffectContext:
    """What the effects of a build's commands can be seen with, and what its host lacks."""

    recipes: Mapping[str, CommandRecipe]
    version: Version
    schema: Schema
    lacks: Mapping[str, str]


def effect_cases(context: EffectContext) -> Iterator[Case]:
    """Yield the cases of every command of the schema that does something.

    A command that returns something and has no recipe that tells otherwise does nothing.
    """
    for name, command in sorted(context.schema.commands.items()):
        recipe = context.recipes.get(name, CommandRecipe(name=name))
        seen = [*_seen(recipe, context)]
        yield from seen
        if not seen:
            yield from _unseen(recipe, command, context)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Doing:
    """A request, what stands around it, and where its effect is seen.

    `lasting` tells that what it does is not taken back.
    """

    name: str
    request: Request
    setup: tuple[Request, ...]
    cleanup: tuple[Request, ...]
    looks: tuple[Look, ...]
    lasting: bool


def _doings(recipe: CommandRecipe, version: Version) -> Iterator[_Doing]:
    """Yield the requests of a recipe whose effect is seen on `version`."""
    own = _Doing(
        name=_FIRST,
        request=Request(recipe.name, recipe.arguments or ABSENT, descriptor=recipe.descriptor),
        setup=recipe.setup,
        cleanup=recipe.cleanup,
        looks=looks_for(recipe.sees, version),
        # What nothing takes back stays, even where that does not matter to other cases.
        lasting=recipe.effect is not Effect.NONE or not (recipe.setup or recipe.cleanup),
    )
    others = (
        _Doing(
            name=further.name,
            request=Request(recipe.name, further.arguments or ABSENT),
            setup=further.setup,
            cleanup=further.cleanup,
            looks=looks_for(further.sees, version),
            lasting=further.lasting,
        )
        for further in recipe.further_for(version)
    )
    yield from (doing for doing in (own, *others) if doing.looks)


def _seen(recipe: CommandRecipe, context: EffectContext) -> Iterator[Case]:
    plain = recipe.spec == MachineSpec()
    stage = PLAIN if plain else Stage(name=f"effect/{recipe.name}", spec=recipe.spec)
    for doing in _doings(recipe, context.version):
        blocked = _blocked(recipe, doing, context)
        yield Case(
            id=f"{recipe.name}/{Aspect.EFFECT}/{doing.name}",
            subject=command_subject(recipe.name),
            aspect=Aspect.EFFECT,
            stage=stage,
            steps=() if blocked else tuple(_Writing(doing).steps()),
            isolation=_isolation(doing),
            about=doing.name,
            blocked=blocked,
        )


def _isolation(doing: _Doing) -> Isolation:
    """Return which machine shows the effect.

    A clean-up without a set-up takes nothing away, or sets what there always is to a value that the
    recipe names: that is the one from before only where nobody has set another.
    """
    return Isolation.ALONE if doing.lasting or not doing.setup else Isolation.SHARED


def _blocked(recipe: CommandRecipe, doing: _Doing, context: EffectContext) -> Blocked | None:
    """Return what the build or the host lacks of what is needed, None where they lack nothing."""
    missing = _missing(recipe, doing, context)
    if missing:
        return not_applicable(missing)
    if recipe.never and doing.name == _FIRST:
        return untried(f"no request of it succeeds: {recipe.never}")
    return unmet(recipe.needs, context.lacks)


def _missing(recipe: CommandRecipe, doing: _Doing, context: EffectContext) -> str:
    """Return what of the schema is not there that the case needs, "" where all is."""
    lacking = []
    looks = (look.request for look in doing.looks)
    for request in (*doing.setup, *looks, *doing.cleanup):
        if request.execute not in context.schema.commands:
            lacking.append(f"this build's schema has no command {request.execute}")
    for each in (each for look in doing.looks for each in look.after):
        if each.event not in context.schema.events:
            lacking.append(f"this build's schema has no event {each.event}")
    arguments = {} if doing.request.arguments is ABSENT else doing.request.arguments
    lacking.append(untaken(context.schema, recipe.name, cast("Mapping[str, JsonValue]", arguments)))
    return "; ".join(dict.fromkeys(filter(None, lacking)))


def _unseen(recipe: CommandRecipe, command: Command, context: EffectContext) -> Iterator[Case]:
    """Yield the blocked case of a command that does what nothing shows, or nobody knows what."""
    returns = context.schema.types[command.ret_type]
    silent = isinstance(returns, Object) and not returns.members and returns.tag is None
    if recipe.unseen:
        blocked = not_applicable(f"{UNSEEN}: {recipe.unseen}")
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

    doing: _Doing
    _steps: list[Step] = field(default_factory=list)

    def steps(self) -> Sequence[Step]:
        """Write the dialogue.

        What the set-up makes the clean-up takes away: to be put back is what stood before both.
        """
        doing, why = self.doing, f"what {self.doing.request.execute} did is to be seen"
        queries = [look for look in doing.looks if look.wanted is not Wanted.REFUSED]
        restored = not doing.lasting and bool(doing.setup or doing.cleanup)
        asked_back = [(i, look) for i, look in enumerate(queries) if restored and look.back]
        origin = {}
        if doing.setup:
            origin = {index: self._add(_look(look)) for index, look in asked_back}
        self._steps += [supporting_step(request, Role.SETUP) for request in doing.setup]
        before = {
            index: self._add(_look(look, NotYet(_shows(look, 0))))
            for index, look in enumerate(queries)
        }
        self._add(_subject(doing))
        for index, look in enumerate(queries):
            self._add(_look(look, _shows(look, before[index]), Role.CHECK, why))
        for look in doing.looks:
            if look.wanted is Wanted.REFUSED:
                refused = Reject(frozenset({ErrorClass(str(look.value))}))
                self._add(_look(look, refused, Role.CHECK, why))
        self._steps += [supporting_step(request, Role.CLEANUP) for request in doing.cleanup]
        back = "what was done is taken back, by the clean-up or by the request itself"
        for index, look in asked_back:
            first = origin.get(index, before[index])
            self._add(_look(look, Repeats(first, look.moves), Role.CHECK, back))
        return self._steps

    def _add(self, step: Step) -> int:
        """Add a step; return its number."""
        self._steps.append(step)
        return len(self._steps) - 1


def _subject(doing: _Doing) -> Step:
    emits = tuple(
        Emits(event=each.event, data=each.data, rule=_AWAITED)
        for look in doing.looks
        for each in look.after
    )
    return Step(request=doing.request, expect=Accept(), role=Role.SUBJECT, rule="Q30", emits=emits)


def _shows(look: Look, step: int) -> Shows:
    value: JsonValue = look.value if look.wanted is Wanted.VALUE else None
    return Shows(look.path, _SIGHTS[look.wanted], value, step)


def _look(
    look: Look, expect: Expectation | None = None, role: Role = Role.SETUP, why: str = ""
) -> Step:
    if expect is None:
        return supporting_step(look.request, role)
    return Step(request=look.request, expect=expect, role=role, rule=_RULE, why=why)
