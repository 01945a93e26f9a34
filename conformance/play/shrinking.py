"""Makes the case of a defect smaller, as long as a fresh machine still shows the same defect.

Only what is a defect whatever came before it (the build dies, hangs, or does something beside its
answers) is made smaller: a wrong answer may be right once less was asked before it. Knows no
command by name.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Final

from conformance.judge.miss import Miss
from conformance.judge.observation import Observation
from conformance.model.case import Case, Isolation, Misbehaves, Step
from conformance.model.expectation import Kind
from conformance.model.stage import MachineSpec, Request, ScratchFile
from conformance.play.alone import Result

MACHINES: Final = 40
SECONDS: Final = 10.0
"""What one defect may cost, in machines and in seconds; it is looked at before each play."""
PATIENCE: Final = 3.0
"""How many seconds a build that hangs is waited for meanwhile."""
_WHATEVER_CAME: Final = frozenset({Kind.CRASH, Kind.HANG, Kind.PROCESS})
_PLAIN: Final = "a"
_LONG: Final = 8


@dataclass(slots=True)
class _Budget:
    """What may still be spent."""

    machines: int
    until: float

    def spend(self) -> bool:
        """Return whether one more machine may be spent, and count it."""
        self.machines -= 1
        return self.machines >= 0 and time.monotonic() < self.until


class Shrinking:
    """The case of a result that shows a miss, as small as plays have shown it to be."""

    def __init__(self, result: Result, miss: Miss, play: Callable[[Case, Result], Result]) -> None:
        """`play` plays a case on a fresh machine, as the result that it is made of was."""
        self._fold, self._play = miss.fold, play
        self._best = result
        self._budget = _Budget(MACHINES, time.monotonic() + SECONDS)
        self._count = 0
        self._able = miss.kind in _WHATEVER_CAME and _is_plain(result)

    def smallest(self) -> Result:
        """Return the result of the smallest case that shows the miss: the result itself if none."""
        if not self._able:
            return self._best
        first = self._best
        self._try(_cut(first))
        if self._best.before:
            self._try(self._best.case, alone=True)
        self._requests()
        self._machine()
        self._arguments()
        if self._best is first or first.case.limit == self._best.case.limit:
            return self._best
        # What it shows must be seen with all the time that it had.
        whole = self._play(replace(self._best.case, limit=first.case.limit), self._best)
        return whole if self._shows(whole) else first

    def _requests(self) -> None:
        """Drop requests: all but the last, else each once, the latest first."""
        case = self._best.case
        bare = replace(case.stage, setup=())
        if len(case.steps) + len(case.stage.setup) > 1 and self._try(
            _kept(replace(case, stage=bare), [len(case.steps) - 1])
        ):
            return
        for number in reversed(range(len(case.steps) - 1)):
            now = self._best.case
            self._try(_kept(now, [each for each in range(len(now.steps)) if each != number]))
        for number in reversed(range(len(case.stage.setup))):
            now = self._best.case
            setup = now.stage.setup
            less = replace(now.stage, setup=(*setup[:number], *setup[number + 1 :]))
            self._try(replace(now, stage=less))
        # What waits for no event is a pipe.
        now = self._best.case
        if any(step.emits for step in now.steps):
            self._try(replace(now, steps=tuple(replace(step, emits=()) for step in now.steps)))

    def _machine(self) -> None:
        """Drop what the machine has: all of it, else each part once."""
        spec = self._best.case.stage.spec
        if spec == MachineSpec() or self._try(_on(self._best.case, MachineSpec())):
            return
        for less in _lesser(spec):
            now = self._best.case.stage.spec
            self._try(_on(self._best.case, less(now)))

    def _arguments(self) -> None:
        """Drop members and elements of arguments, and make values plainer."""
        for number in reversed(range(len(self._best.case.steps))):
            done = 0
            while True:
                request = self._best.case.steps[number].request
                smaller = list(_smaller(request.arguments))
                for place, arguments in enumerate(smaller[done:], start=done):
                    if self._budget.machines <= 0:
                        return
                    if self._try(_with(self._best.case, number, request.with_arguments(arguments))):
                        done = place
                        break
                else:
                    break

    def _try(self, case: Case | None, *, alone: bool = False) -> bool:
        """Play a smaller case, and keep it if it shows the miss."""
        if case is None or not self._budget.spend():
            return False
        self._count += 1
        named = replace(case.stage, name=f"{self._best.case.stage.name}/smaller-{self._count}")
        company = replace(self._best, before=()) if alone else self._best
        tried = replace(case, stage=named, limit=min(case.limit, PATIENCE))
        played = self._play(tried, company)
        if self._shows(played):
            self._best = played
            return True
        return False

    def _shows(self, result: Result) -> bool:
        return any(miss.fold == self._fold for miss in result.verdict.misses)


def _is_plain(result: Result) -> bool:
    """Return whether a case is a dialogue whose requests do not depend on each other's answers."""
    case = result.case
    whole = (case.measure, case.kept, case.meanwhile, case.may_end, case.exchange)
    return (
        isinstance(result.seen, Observation)
        and all(each is None for each in whole)
        and not result.plays
        and result.beside is None
    )


def _cut(result: Result) -> Case | None:
    """Return the case up to the request that shows the miss; None where it is that already."""
    case, seen = result.case, result.seen
    assert isinstance(seen, Observation), "a dialogue of steps was seen"
    last = len(case.steps) - 1
    if None in seen.replies:
        last = seen.replies.index(None) if seen.broke_off is None else seen.broke_off
    elif seen.taken or seen.said:
        numbers = [each.step for each in seen.taken or ()]
        last = max([*numbers, *(each.step for each in seen.said)])
    plain = replace(
        case, defaults=(), limits=(), counts=(), together=(), looked=None, behaves=None, shown=()
    )
    return _kept(replace(plain, isolation=Isolation.ALONE), range(last + 1))


def _kept(case: Case, numbers: Sequence[int]) -> Case:
    """Return a case with those of its steps; what a peer does is bound to its step."""
    steps: tuple[Step, ...] = tuple(case.steps[number] for number in numbers)
    odd = case.misbehaves
    if odd is not None:
        there = odd.step in numbers
        odd = Misbehaves(address=odd.address, step=[*numbers].index(odd.step)) if there else None
    return replace(case, steps=steps, misbehaves=odd)


def _with(case: Case, number: int, request: Request) -> Case:
    step = replace(case.steps[number], request=request)
    return replace(case, steps=(*case.steps[:number], step, *case.steps[number + 1 :]))


def _on(case: Case, spec: MachineSpec) -> Case:
    there = {peer.address for peer in spec.peers}
    odd = case.misbehaves if case.misbehaves and case.misbehaves.address in there else None
    return replace(case, stage=replace(case.stage, spec=spec), misbehaves=odd)


def _lesser(spec: MachineSpec) -> Iterator[Callable[[MachineSpec], MachineSpec]]:
    """Yield what makes a machine less: without a group of arguments, its peers, a file."""
    for group in reversed([*_groups(spec.args)]):
        yield partial(_without_group, group=group)
    plain = MachineSpec()
    for name in ("machine", "accel", "environment", "companions", "peers", "descriptors"):
        if getattr(spec, name) != getattr(plain, name):
            changed: dict[str, Any] = {name: getattr(plain, name)}
            yield partial(replace, **changed)
    for file in spec.files:
        yield partial(_without_file, file=file)


def _without_file(spec: MachineSpec, file: ScratchFile) -> MachineSpec:
    return replace(spec, files=tuple(each for each in spec.files if each != file))


def _groups(args: Sequence[str]) -> Iterator[tuple[str, ...]]:
    """Yield each option of a command line with its values."""
    group: list[str] = []
    for word in args:
        if word.startswith("-") and group:
            yield tuple(group)
            group = []
        group.append(word)
    if group:
        yield tuple(group)


def _without_group(spec: MachineSpec, group: tuple[str, ...]) -> MachineSpec:
    for place in range(len(spec.args)):
        if spec.args[place : place + len(group)] == group:
            return replace(spec, args=spec.args[:place] + spec.args[place + len(group) :])
    return spec


def _smaller(value: Any) -> Iterator[Any]:
    """Yield what is a little smaller than a value: without a member or an element, or plainer."""
    if isinstance(value, dict):
        for name in reversed(value):
            yield {other: part for other, part in value.items() if other != name}
        for name, part in value.items():
            yield from ({**value, name: less} for less in _smaller(part))
    elif isinstance(value, list):
        if len(value) > 2:
            yield value[: len(value) // 2]
            yield value[len(value) // 2 :]
        for place in range(len(value)):
            yield value[:place] + value[place + 1 :]
        for place, part in enumerate(value):
            yield from ([*value[:place], less, *value[place + 1 :]] for less in _smaller(part))
    elif isinstance(value, str) and len(value) > _LONG:
        yield _PLAIN
        yield value[: len(value) // 2]
    elif type(value) is int and abs(value) > 1:
        yield 1 if value > 0 else -1
        yield value // 2 if value > 0 else -(-value // 2)
