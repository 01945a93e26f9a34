"""Checks that the names in a file are names of some release with a shipped digest.

Knows which names the records of a file use, not how they are used.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, is_dataclass
from itertools import pairwise
from typing import Any, Final, TypeAlias

from conformance.knowledge.absences import Absence
from conformance.knowledge.commands import CommandRecipe
from conformance.knowledge.dangers import DangerEntry, InnocentEntry
from conformance.knowledge.decoder import FileProblem, Read
from conformance.knowledge.defaults import Showing
from conformance.knowledge.events import Emission, EventRecipe, Limited, UnprovokedEvent
from conformance.knowledge.examples import ExampleRecipe
from conformance.knowledge.exchanges import ExchangeEntry
from conformance.knowledge.guest_agent_blocklist import NeverEntry, WithheldEntry
from conformance.knowledge.known_names import KnownNames, UnknownName
from conformance.knowledge.machines import StandInEntry
from conformance.knowledge.naming import NameKind, NamingException
from conformance.knowledge.observations import Emitted, Look, Wanted
from conformance.knowledge.ranges import RangeRecipe
from conformance.knowledge.readbacks import JSON_TURN, Readback
from conformance.knowledge.recipes import ObjectRecipe
from conformance.knowledge.shapes import shape_of
from conformance.knowledge.states import Agreement, MachineState
from conformance.knowledge.turns import HearEntry
from conformance.knowledge.untyped_arguments import Unchecked
from conformance.knowledge.versions import NOT, VersionRange
from conformance.model.stage import Awaited, Request

Path: TypeAlias = tuple[str | int, ...]
Found: TypeAlias = Iterator[tuple[Path, UnknownName]]
"""An unknown name, with its path from the record that has it."""


_TYPE: Final = re.compile(
    r"""(?:\{.*"(?:driver|qom-type)":\s*"|(?:driver|qom-type)=)?([^",={}]+)(?=[",]|$)"""
)
"""The type in the value of `-device` and of `-object`, which may be JSON."""


def name_problems(read: Read[Any], known: KnownNames) -> Iterator[FileProblem]:
    """Yield each name of a file that no release has, its place and the nearest existing one."""
    if read.value is None:
        return
    seen = set[tuple[int, str]]()
    for path, unknown in _Names(read, known).of(read.value, ()):
        what = f"no release has the {unknown.kind} {unknown.name!r}"
        key = next(part for part in reversed(path) if isinstance(part, str))
        # A key may be the name itself.
        what += "" if key == unknown.last else f", which {key!r} names"
        problem = read.source.problem(path, what, _hint(unknown))
        # Named requests are checked only where they are defined.
        if (problem.line, problem.what) not in seen:
            seen.add((problem.line, problem.what))
            yield problem


def stale_problems(read: Read[Any], known: KnownNames) -> Iterator[FileProblem]:
    """Yield each declared name of no digest that no record uses.

    All files with names must have been checked before.
    """
    if read.problems:
        return
    for number, entry in enumerate(read.kept.undigested):
        for at, name in enumerate(entry.names):
            if (entry.kind, name) not in known.used:
                yield read.source.problem(
                    ("undigested", number, "names", at),
                    f"no entry uses the undigested {entry.kind} {name!r}",
                    "Take the name out.",
                )


def _hint(unknown: UnknownName) -> str:
    declare = "Correct it; or declare it under [[undigested]], with the reason."
    return f"{unknown.hint}  {declare}" if unknown.hint else declare


@dataclass(frozen=True)
class _Names:
    """The walk over the records of one file."""

    read: Read[Any]
    known: KnownNames

    def of(self, record: Any, path: Path) -> Found:
        """Yield each name in a record, at any depth, that no release has."""
        look = _LOOKS.get(type(record))
        if look is not None:
            yield from ((((*path, *at)), each) for at, each in look(self.known, record))
        for number, arch in enumerate(getattr(record, "arches", ())):
            found = self.known.arch(arch.removeprefix(NOT))
            yield from (((*path, "arch", number), each) for each in found)
        for number, need in enumerate(getattr(record, "needs", ())):
            yield from (((*path, "needs", number), each) for each in self.known.need(need))
        yield from self._machine(getattr(record, "machine", ""), (*path, "machine"))
        yield from self._command_lines(getattr(record, "args", ()), (*path, "args"))
        if isinstance(record, Look):
            yield from self.of(record.request, path)
            for number, event in enumerate(record.after):
                yield from self.of(event, (*path, "after", number))
            return
        for slot in shape_of(record.__class__).slots:
            value = getattr(record, slot.field)
            if slot.key.flat:
                yield from self.of(value, path) if value is not None else ()
            else:
                yield from self._within(value, (*path, slot.name))

    def _within(self, value: Any, path: Path) -> Found:
        match value:
            case tuple():
                for number, item in zip(self._numbers(path, len(value)), value, strict=True):
                    if number is not None and is_dataclass(item):
                        yield from self.of(item, (*path, number))
            case Mapping():
                for key, item in value.items():
                    yield from self._within(item, (*path, key))
            case _:
                if is_dataclass(value) and not isinstance(value, type):
                    yield from self.of(value, path)

    def _machine(self, machine: str, path: Path) -> Found:
        """Yield a machine that no known build has."""
        # The file may have no machine here: that of the enclosing record, or the default.
        if machine and self._raw(path) and "{" not in machine:
            yield from ((path, each) for each in self.known.machine(machine.partition(",")[0]))

    def _command_lines(self, args: Any, path: Path) -> Found:
        """Yield the unknown types of devices and objects on a command line, or on named ones."""
        if isinstance(args, Mapping):
            for name, words in args.items():
                yield from self._command_lines(words, (*path, name))
        # A named or inherited command line is checked only where it is defined.
        elif isinstance(self._raw(path), list):
            looks = {"-device": self.known.qom_type, "-object": self.known.object_type}
            for number, (option, word) in enumerate(pairwise(args), start=1):
                look, found = looks.get(option), _TYPE.match(word)
                if look is not None and found is not None:
                    yield from (((*path, number), each) for each in look(found[1]))

    def _raw(self, path: Path) -> Any:
        """Return the value at a path of the file, None if there is none."""
        raw: Any = self.read.source.top
        for part in path:
            try:
                raw = raw[part]
            except (LookupError, TypeError):
                return None
        return raw

    def _numbers(self, path: Path, length: int) -> list[int | None]:
        """Return the number of each element in the file; None for named requests."""
        raw = self._raw(path)
        if not isinstance(raw, list):
            return list(range(length))
        numbers: list[int | None] = []
        for number, item in enumerate(raw):
            if isinstance(item, str) and item in self.read.kept.requests:
                numbers += [None] * len(self.read.kept.requests[item])
            else:
                numbers.append(number)
        return numbers if len(numbers) == length else list(range(length))


def _at(found: Iterator[UnknownName], *path: str | int) -> Found:
    return ((path, each) for each in found)


def _under(found: Found, *path: str | int) -> Found:
    return (((*path, *at), each) for at, each in found)


def _inside(found: Iterator[UnknownName], *path: str | int) -> Found:
    return (((*path, *each.at), each) for each in found)


def _request(known: KnownNames, request: Request) -> Found:
    yield from _at(known.command(request.execute), "execute")
    if isinstance(request.arguments, dict):
        yield from _inside(known.arguments(request.execute, request.arguments), "arguments")
        if request.execute == "object-add":
            yield from _created(known, request.arguments)


def _created(known: KnownNames, arguments: Mapping[str, Any]) -> Found:
    """Yield the unknown object type, or members, of a request that creates an object."""
    kind = arguments.get("qom-type")
    if not isinstance(kind, str) or "{" in kind:
        return
    yield from _at(known.object_type(kind), "arguments", "qom-type")
    for name in arguments.keys() - {"qom-type", "id", "props"}:
        yield from _at(known.property(kind, name), "arguments", name)


def _emitted(known: KnownNames, event: Awaited | Emitted | Emission) -> Found:
    yield from _at(known.event(event.event), "event")
    yield from _inside(known.data(event.event, event.data), "data")


def _looks(known: KnownNames, looks: Sequence[Look], versions: VersionRange) -> Found:
    for number, look in enumerate(looks):
        meant, command = versions & look.versions, look.request.execute
        found = list(known.answer(command, look.path, meant))
        yield from _at(iter(found), number, "at")
        if look.wanted is Wanted.VALUE and not found:
            yield from _at(known.answer(command, look.path, meant, look.value), number, "value")
        for at, path in enumerate(look.ignore):
            yield from _at(known.answer(command, path, meant), number, "ignore", at)


def _state(known: KnownNames, state: MachineState) -> Found:
    for number, shown in enumerate(state.shows):
        meant, command = state.versions & shown.versions, shown.request.execute
        found = known.told(command, shown.answer, meant)
        yield from _at(found, "shows", number, "answer")


def _agreement(known: KnownNames, entry: Agreement) -> Found:
    for key, shown in (("query", entry.query), ("other", entry.other)):
        found = known.answer(shown.request.execute, shown.at, entry.versions)
        yield from _at(found, key, "at")


def _command(known: KnownNames, recipe: CommandRecipe) -> Found:
    name = recipe.name
    yield from _under(_looks(known, recipe.verify, recipe.versions), "verify")
    yield from _at(known.command(name), "name")
    yield from _inside(known.arguments(name, recipe.arguments), "arguments")
    for number, further in enumerate(recipe.further):
        found = known.arguments(name, further.arguments)
        yield from _inside(found, "further", number, "arguments")
        looks = _looks(known, further.verify, recipe.versions & further.versions)
        yield from _under(looks, "further", number, "verify")
        for at, reference in enumerate(further.references):
            path = ("further", number, "references", at, "at")
            yield from _at(known.path(name, reference.at), *path)
    for number, refusal in enumerate(recipe.refusals):
        found = known.arguments(name, refusal.arguments, values=False)
        yield from _inside(found, "errors", number, "arguments")
        found = known.arguments(name, refusal.witness or {})
        yield from _inside(found, "errors", number, "witness")
    for number, reference in enumerate(recipe.references):
        yield from _at(known.path(name, reference.at), "references", number, "at")
        for member in sorted(reference.without):
            yield from _at(known.path(name, (member,)), "references", number, "without")


def _range(known: KnownNames, recipe: RangeRecipe) -> Found:
    name = recipe.command
    yield from _at(known.command(name), "command")
    yield from _inside(known.arguments(name, recipe.arguments), "arguments")
    for key, globs in (("paths", recipe.paths), ("accepted", recipe.accepted)):
        for number, glob in enumerate(globs):
            yield from _at(known.glob(name, glob), key, number)
    for key, some in (("limits", recipe.limits), ("values", recipe.values)):
        for glob in some:
            yield from _at(known.glob(name, glob), key, glob)


def _readback(known: KnownNames, entry: Readback) -> Found:
    yield from _commands(known, entry)
    for command in entry.commands:
        for key, globs in (("named", entry.named), ("spelt", entry.spelt), ("less", entry.less)):
            for glob in globs:
                yield from _at(known.glob(command, glob), key, glob)
        for number, glob in enumerate(entry.paths):
            yield from _at(known.glob(command, glob), "paths", number)
    asked = [part for part in entry.at if part != JSON_TURN]
    if len(asked) == len(entry.at):
        yield from _at(known.answer(entry.request.execute, entry.at, entry.versions), "at")


def _object(known: KnownNames, recipe: ObjectRecipe) -> Found:
    kind = recipe.type
    yield from _at(known.object_type(kind), "type")
    named: list[tuple[Path, Any]] = [(("arguments", name), name) for name in recipe.arguments]
    for name, member in recipe.members.items():
        named.append((("members", name), name))
        named += [(("members", name, "with", other), other) for other in member.companions]
        named += [(("members", name, "without"), other) for other in member.without]
        for number, given in enumerate(member.given):
            at = ("members", name, "given", number, "with")
            named += [((*at, other), other) for other in given.companions]
    for number, error in enumerate(recipe.errors):
        named += [(("errors", number, "with", other), other) for other in error.changes]
        named += [(("errors", number, "without"), other) for other in error.without]
    for path, name in named:
        yield from _at(known.property(kind, name), *path)


def _limited(known: KnownNames, entry: Limited) -> Found:
    yield from _at(known.event(entry.event), "event")
    for number, member in enumerate(entry.by):
        yield from _at(known.data(entry.event, {member: None}), "by", number)
    yield from _inside(known.data(entry.event, entry.unless), "unless")


def _default(known: KnownNames, entry: Showing) -> Found:
    yield from _at(known.command(entry.command), "command")
    yield from _inside(known.arguments(entry.command, entry.arguments), "arguments")
    for member, shown in entry.shows.items():
        yield from _at(known.path(entry.command, member.split(".")), "shows", member)
        if entry.read is not None:
            found = known.answer(entry.read.execute, shown, entry.versions)
            yield from _at(found, "shows", member)


def _commands(known: KnownNames, entry: Any) -> Found:
    for number, name in enumerate(entry.commands):
        yield from _at(known.command(name), "commands", number)


def _withheld(known: KnownNames, entry: WithheldEntry) -> Found:
    for number, name in enumerate(entry.asked):
        yield from _at(known.command(name), "asked", number)


def _naming(known: KnownNames, entry: NamingException) -> Found:
    yield from _at(known.rule(entry.rule), "rule")
    look = {NameKind.COMMAND: known.command, NameKind.EVENT: known.event}.get(entry.kind)
    if look is not None:
        for name in sorted(entry.names):
            yield from _at(look(name), "names")


def _received(known: KnownNames, turn: HearEntry) -> Found:
    # A placeholder gets its values from `vary`.
    if turn.command and "{" not in turn.command:
        yield from _at(known.command(turn.command), "command")
    if turn.event and "{" not in turn.event:
        yield from _at(known.event(turn.event), "event")


def _stand_in(known: KnownNames, entry: StandInEntry) -> Found:
    yield from _at(known.arch(entry.arch), "arch")
    look = known.qom_type if entry.device else known.machine
    yield from _at(look(entry.by), "by")


def _exchange(known: KnownNames, entry: ExchangeEntry) -> Found:
    for number, rule in enumerate(entry.rules):
        yield from _at(known.rule(rule), "rules", number)
    for number, turn in enumerate(entry.turns):
        yield from _at(known.rule(getattr(turn, "rule", "")), "turns", number, "rule")


_LOOKS: Final[Mapping[type, Callable[[KnownNames, Any], Found]]] = {
    MachineState: _state,
    Agreement: _agreement,
    Request: _request,
    Awaited: _emitted,
    Emitted: _emitted,
    Emission: _emitted,
    CommandRecipe: _command,
    RangeRecipe: _range,
    Readback: _readback,
    ObjectRecipe: _object,
    EventRecipe: lambda known, recipe: _at(known.event(recipe.event), "event"),
    UnprovokedEvent: lambda known, entry: _at(known.event(entry.event), "event"),
    Limited: _limited,
    ExampleRecipe: _commands,
    Showing: _default,
    DangerEntry: _commands,
    InnocentEntry: _commands,
    Absence: _commands,
    NeverEntry: _commands,
    WithheldEntry: _withheld,
    NamingException: _naming,
    ExchangeEntry: _exchange,
    StandInEntry: _stand_in,
    Unchecked: lambda known, entry: _at(known.command(entry.name), "name"),
    HearEntry: _received,
}
"""The names in each kind of record."""
