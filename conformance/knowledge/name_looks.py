"""The names that each kind of record in a file uses; knows not how they are used."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final, TypeAlias

from conformance.knowledge.absences import Absence
from conformance.knowledge.arguments import Unchecked
from conformance.knowledge.commands import CommandRecipe
from conformance.knowledge.dangers import DangerEntry, InnocentEntry
from conformance.knowledge.defaults import Showing
from conformance.knowledge.events import Emission, EventRecipe, Limited, UnprovokedEvent
from conformance.knowledge.examples import ExampleRecipe
from conformance.knowledge.exceptions import NameKind, NamingException
from conformance.knowledge.exchanges import ExchangeEntry
from conformance.knowledge.guest_agent_blocklist import NeverEntry, WithheldEntry
from conformance.knowledge.known_names import KnownNames, UnknownName
from conformance.knowledge.machines import StandInEntry
from conformance.knowledge.observations import Emitted, Look, Wanted
from conformance.knowledge.ranges import RangeRecipe
from conformance.knowledge.readbacks import JSON_TURN, Readback
from conformance.knowledge.recipes import ObjectRecipe
from conformance.knowledge.states import MachineState, QueryAgreement
from conformance.knowledge.turns import HearEntry
from conformance.knowledge.versions import VersionRange
from conformance.model.stage import Awaited, Request

Path: TypeAlias = tuple[str | int, ...]
Found: TypeAlias = Iterator[tuple[Path, UnknownName]]
"""An unknown name, with its path from the record that has it."""


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


def _agreement(known: KnownNames, entry: QueryAgreement) -> Found:
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
    if entry.told is not None:
        yield from _at(known.event(entry.told.event), "told", "event")
    if entry.request is None:
        return
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
    for number, arch in enumerate(entry.arches):
        yield from _at(known.arch(arch), "arch", number)
    if not entry.file:
        look = known.qom_type if entry.device else known.machine
        yield from _at(look(entry.by), "by")


def _exchange(known: KnownNames, entry: ExchangeEntry) -> Found:
    for number, rule in enumerate(entry.rules):
        yield from _at(known.rule(rule), "rules", number)
    for number, turn in enumerate(entry.turns):
        yield from _at(known.rule(getattr(turn, "rule", "")), "turns", number, "rule")


LOOKS: Final[Mapping[type, Callable[[KnownNames, Any], Found]]] = {
    MachineState: _state,
    QueryAgreement: _agreement,
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
