"""Cases of the one among siblings: a value or member that is refused where all others are accepted.

Put together from the cases of the single variations of a command; knows no command by name.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

from conformance.derive.unique import named_apart
from conformance.judge.expect_answer import Answer, Understood
from conformance.judge.expect_odd import Alternative, NoOddOneOut
from conformance.model.case import Case, Isolation, Role, Step
from conformance.model.stage import MachineSpec, Stage
from conformance.model.terms import Aspect

VALUES: Final = 3
"""How many values of an enumeration, or branches, there must be."""
MEMBERS: Final = 4
"""How many members of an object there must be: they have less in common."""
RULE: Final = "X36"


@dataclass(frozen=True, slots=True, kw_only=True)
class Siblings:
    """The cases of the values of one member, or of the members of one object, by name.

    `label` is the path of the member or of the object, `kind` what they are, `least` how many of
    them tell anything.
    """

    label: str
    kind: str
    least: int
    alternatives: tuple[tuple[str, tuple[Case, ...]], ...]

    def cases(self, excused: tuple[str, ...]) -> Iterator[Case]:
        """Yield the case in which they are tried one after the other, if there are enough.

        `excused` are the refusals (globs) that hang on something besides the request.
        """
        tried = [(name, own) for name, own in self.alternatives if own and all(map(_fits, own))]
        if not tried:
            return
        first = tried[0][1][0]
        spec = first.stage.spec
        tried = [pair for pair in tried if all(each.stage.spec == spec for each in pair[1])]
        if len(tried) >= self.least and any(_is_open(each) for _, own in tried for each in own):
            yield self._case(first, tried, excused)

    def _case(
        self,
        first: Case,
        tried: Sequence[tuple[str, tuple[Case, ...]]],
        excused: tuple[str, ...],
    ) -> Case:
        command = first.subject.name
        case_id = f"{command}/{Aspect.VALID}/siblings/{self.kind}/{self.label}"
        steps: list[Step] = []
        alternatives = []
        for name, own in tried:
            places: dict[Role, list[int]] = {Role.SUBJECT: [], Role.SETUP: []}
            named = (named_apart(replace(each, id=f"{case_id}/{each.id}")) for each in own)
            for step in (step for each in named for step in each.steps):
                if step.role in places:
                    places[step.role].append(len(steps))
                if step.role is not Role.CHECK:
                    steps.append(replace(step, expect=Answer()))
            subjects, setup = tuple(places[Role.SUBJECT]), tuple(places[Role.SETUP])
            alternatives.append(Alternative(name=name, steps=subjects, setup=setup))
        last = alternatives[-1].steps[-1]
        told = NoOddOneOut(alternatives=tuple(alternatives), least=self.least - 1, excused=excused)
        steps[last] = replace(steps[last], expect=told, rule=RULE)
        return Case(
            id=case_id,
            subject=first.subject,
            aspect=Aspect.VALID,
            stage=_stage(f"{self.kind}/{command}", first.stage.spec),
            steps=tuple(steps),
            about=f"the {self.kind} of {self.label}",
        )


def _stage(word: str, spec: MachineSpec) -> Stage:
    """Return a stage for `word` alone, because the requests may leave things behind."""
    return Stage(name=f"siblings/{word}{spec.mark}", spec=spec)


def _fits(case: Case) -> bool:
    return case.blocked is None and case.isolation is Isolation.SHARED


def _is_open(case: Case) -> bool:
    """Return whether no recipe knows that the request of a case succeeds."""
    return any(isinstance(step.expect, Understood) for step in case.steps)
