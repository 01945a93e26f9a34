"""Aligns a build's schema with the schema that its source declares.

Knows how commands and events lead to types; knows no particular one, and no cases.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, replace

from conformance.align.conditions import condition_text
from conformance.align.forms import NOTHING, Declarations, form_of, is_empty
from conformance.align.statement import Alignment
from conformance.align.statements import Item
from conformance.align.walk import DATA, TypeWalk, item_of
from conformance.digest.declaration import EntityKind, Flag
from conformance.digest.digest import DigestEntity
from conformance.digest.expand import parts_of
from conformance.qapi.model import Array, Builtin, Command, Event, Schema


def align(entities: Mapping[str, DigestEntity], schema: Schema) -> Alignment:
    """Return the schema of a build aligned with `entities`, one program's of a digest.

    Walks both side by side from the arguments and result of each command and the data of each
    event: type names mean nothing. Undeclared types are not compared.
    """
    pairs = TypeWalk(Declarations.of(entities), schema)
    roots = _Roots(pairs)
    for entity in entities.values():
        if entity.kind in DATA:
            roots.compare(entity)
    roots.undeclared()
    pairs.walk()
    unreached = _unreached(pairs)
    return Alignment(
        statements=pairs.ledger.settled(),
        source_names={name: tuple(names) for name, names in sorted(pairs.names.items())},
        conditions=tuple(pairs.ledger.shown),
        unreached=unreached,
        orphans=_orphans(pairs, unreached),
    )


@dataclass(frozen=True, slots=True)
class _Roots:
    """The commands and events, from which the walk through `pairs` starts."""

    pairs: TypeWalk

    def compare(self, entity: DigestEntity) -> None:
        """Compare a command or event, and queue its types."""
        pairs, schema = self.pairs, self.pairs.schema
        known: Mapping[str, Command | Event] = (
            schema.commands if entity.kind is EntityKind.COMMAND else schema.events
        )
        found = known.get(entity.name)
        item = item_of(entity, f"{entity.kind} {entity.name!r}", f"{entity.kind} {entity.name}")
        if not pairs.ledger.presence(item, "Q27", there=found is not None) or found is None:
            pairs.lose(pairs.declared.parts(entity.name), item)
            return
        pairs.ledger.features(item, entity.features, found.features)
        data = pairs.declared.data(entity)
        match found:
            case Command():
                self._type(item, "arguments", data, found.arg_type)
                self._type(item, "return value", entity.returns, found.ret_type)
                sides = (
                    _oob(allowed=Flag.ALLOW_OOB in entity.flags),
                    _oob(allowed=found.allow_oob),
                )
                what = f"out-of-band execution of {item.words}"
                pairs.ledger.compare(item, what, sides, "Q33")
            case Event():
                self._type(item, "data", data, found.arg_type)

    def undeclared(self) -> None:
        """Record the commands and events that are not declared."""
        entities, schema = self.pairs.declared.entities, self.pairs.schema
        for kind, names in (("command", schema.commands), ("event", schema.events)):
            for name in names:
                if name not in entities or entities[name].kind != kind:
                    item = Item(entity=name, words=f"{kind} {name!r}", reached=f"{kind} {name}")
                    self.pairs.ledger.undeclared(item, name, "Q27")

    def _type(self, item: Item, what: str, declared: str | None, found: str) -> None:
        pairs, rule = self.pairs, "Q40" if what == "data" else "Q30"
        own = replace(item, words=f"{what} of {item.words}", reached=f"{item.reached}: {what}")
        if declared is not None:
            pairs.use(own, declared, found, rule)
            return
        pairs.mean_nothing(found)
        form = NOTHING if is_empty(pairs.schema, found) else form_of(pairs.schema, found)
        pairs.ledger.compare(own, own.words, (NOTHING, form), rule)


def _unreached(pairs: TypeWalk) -> dict[str, str]:
    """Return the declared types that only items missing from the build lead to, with the reason."""
    entities = pairs.declared.entities
    reached = {name for names in pairs.names.values() for name in names}
    found: dict[str, str] = {}
    waiting = deque(pairs.lost)
    while waiting:
        name, why = waiting.popleft()
        if name in entities and name not in reached and name not in found:
            found[name] = why
            waiting.extend((part, why) for part in pairs.declared.parts(name))
    return {name: found[name] for name in sorted(found) if name not in pairs.declared.owners}


def _orphans(pairs: TypeWalk, unreached: Mapping[str, str]) -> dict[str, str | None]:
    """Return the build's types that nothing leads to, each with its declared type.

    Only unreached declared types of the same form can be meant: names do not help.  One with a
    condition is there where the build shows that the condition holds.
    """
    entities, schema = pairs.declared.entities, pairs.schema
    held = {condition_text(each.condition) for each in pairs.ledger.shown if each.held}
    conditions = ((name, entities[name].condition) for name in unreached)
    free = [name for name, each in conditions if each is None or condition_text(each) in held]
    found: dict[str, str | None] = {}
    for name in sorted(_loose(schema)):
        meant = next((each for each in free if _alike(pairs.declared, each, schema, name)), None)
        found[name] = meant
        free = [each for each in free if each != meant]
    return found


def _alike(declared: Declarations, name: str, schema: Schema, found: str) -> bool:
    if declared.form(name) != form_of(schema, found):
        return False
    trial = TypeWalk(declared, schema)
    trial.meet(name, found, "")
    trial.walk()
    return all(statement.kept for statement in trial.ledger.statements)


def _loose(schema: Schema) -> set[str]:
    """Return the types that no command or event leads to, except built-ins and arrays."""
    reached: set[str] = set()
    waiting = [event.arg_type for event in schema.events.values()]
    for command in schema.commands.values():
        waiting += [command.arg_type, command.ret_type]
    while waiting:
        name = waiting.pop()
        if name not in reached:
            reached.add(name)
            waiting += parts_of(schema.types[name])
    return {
        name
        for name, kind in schema.types.items()
        if name not in reached and not isinstance(kind, Array | Builtin)
    }


def _oob(*, allowed: bool) -> str:
    return "allowed" if allowed else "not allowed"
