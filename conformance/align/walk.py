"""Compares a declared type with the build's type for it, and continues with their parts.

Knows what introspection does to types by design: it merges bases, drops integer widths, adds a
variant for every tag value, and leaves out what was not compiled in. Of commands and events, it
knows only the words for their data members.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Final

from conformance.align.conditions import condition_text
from conformance.align.forms import (
    NOTHING,
    Declarations,
    DeclaredObject,
    element_of,
    form_of,
    is_empty,
    json_class,
)
from conformance.align.statements import Item, Ledger
from conformance.digest.declaration import EntityKind, SourcePlace
from conformance.digest.digest import DigestBranch, DigestEntity, DigestMember
from conformance.digest.expand import BUILTINS, EMPTY
from conformance.qapi.flatten import tag_values
from conformance.qapi.model import Alternate, Array, Builtin, Enum, Member, Object, Schema

DATA: Final = {EntityKind.COMMAND: "argument", EntityKind.EVENT: "data member"}
"""What a member is called in the data of a declaration of that kind."""

_MEMBERS: Final = "members of its own"
"""What a non-empty branch consists of."""

_KIND_RULES: Final = {
    EntityKind.STRUCT: "Q60",
    EntityKind.UNION: "Q60",
    EntityKind.ENUM: "Q65",
    EntityKind.ALTERNATE: "Q63",
}
"""The rules for the entries that introspection makes of type declarations."""


@dataclass(frozen=True, slots=True)
class _Pair:
    """A declared type, the build's type for it, and a way to it."""

    declared: str
    found: str
    path: str


@dataclass(frozen=True, slots=True)
class TypeWalk:
    """A breadth-first walk through the types of both sides at once.

    `names` holds the declared types for each type of the build that was met, `lost` the declared
    types that the build has no way to, with the reason.
    """

    declared: Declarations
    schema: Schema
    ledger: Ledger = field(default_factory=Ledger)
    names: dict[str, dict[str, None]] = field(default_factory=dict)
    lost: list[tuple[str, str]] = field(default_factory=list)
    _waiting: deque[_Pair] = field(default_factory=deque)
    _met: set[tuple[str, str]] = field(default_factory=set)

    def use(self, item: Item, declared: str, found: str, rule: str = "Q61") -> None:
        """Compare the type of an item, and queue the two types if they agree."""
        form = self.declared.form(declared)
        if form is not None:
            sides = (form, form_of(self.schema, found))
            if not self.ledger.compare(item, f"type of {item.words}", sides, rule):
                self.lost.append((element_of(declared), f"{item.words} is of another type"))
                return
        self.meet(declared, found, item.reached)

    def meet(self, declared: str, found: str, path: str) -> None:
        """Queue a declared type and the build's, unless they were queued before."""
        self.names.setdefault(found, {})[declared] = None
        kind = self.schema.types[found]
        if isinstance(kind, Array) and declared.startswith("["):
            if (declared, found) not in self._met:
                self._met.add((declared, found))
                self.meet(declared[1:-1], kind.element, f"{path}[]")
        elif declared in self.declared.entities and (declared, found) not in self._met:
            self._met.add((declared, found))
            self._waiting.append(_Pair(declared, found, path))

    def mean_nothing(self, found: str) -> None:
        """Record that the build's type `found` stands for no declared type."""
        self.names.setdefault(found, {})[EMPTY] = None

    def lose(self, types: Iterable[str], item: Item) -> None:
        """Record declared types as lost because the build lacks `item`, which leads to them."""
        why = f"this build lacks {item.words}"
        if item.condition is not None:
            why = f"not compiled into this build: {condition_text(item.condition)}"
        self.lost.extend((name, why) for name in types if name not in BUILTINS)

    def walk(self) -> None:
        """Compare the queued types, and those that they lead to."""
        while self._waiting:
            self._type(self._waiting.popleft())

    def _type(self, pair: _Pair) -> None:
        entity = self.declared.entities[pair.declared]
        kind = self.schema.types[pair.found]
        owner = self.declared.owners.get(entity.name)
        item = item_of(owner or entity, (owner or entity).name, pair.path)
        if owner is None:
            form = self.declared.form(entity.name)
            if form is not None:
                sides = (form, form_of(self.schema, pair.found))
                self.ledger.compare(item, item.words, sides, _KIND_RULES[entity.kind])
            if entity.condition is not None:
                self.ledger.presence(item, "Q42", there=True)
        if not isinstance(kind, Builtin):
            self.ledger.features(item, entity.features if owner is None else (), kind.features)
        match kind:
            case Object():
                self._object(item, pair, kind)
            case Enum():
                self._enum(item, entity, kind)
            case Alternate():
                self._alternate(item, entity, kind)

    def _object(self, item: Item, pair: _Pair, found: Object) -> None:
        declared = self.declared.object(pair.declared)
        members = {member.name: member for member in found.members}
        owner = self.declared.owners.get(pair.declared)
        word = DATA[owner.kind] if owner else "member"
        for member in declared.members:
            origin = owner or declared.origins[member.name]
            own = replace(
                item,
                part=f"{word} {member.name}",
                words=f"{word} {member.name!r} of {item.words}",
                condition=member.condition,
                place=SourcePlace(file=origin.module, line=member.line or origin.line),
                reached=_step(pair.path, member.name),
                origin=origin.name,
            )
            self._member(own, member, members.get(member.name))
        if self.declared.closed(pair.declared):
            known = {member.name for member in declared.members}
            self.ledger.others(item, word, [name for name in members if name not in known])
        if declared.tag is not None and found.tag is not None:
            self.ledger.compare(item, f"tag of {item.words}", (declared.tag, found.tag), "Q60")
            self._branches(item, pair.path, declared, found)

    def _member(self, item: Item, member: DigestMember, found: Member | None) -> None:
        if found is None or item.condition is not None:
            rule = "Q42" if item.origin == item.entity else "Q17"
            self.ledger.presence(item, rule, there=found is not None)
        if found is None:
            self.lose([element_of(member.type)], item)
            return
        sides = (_leave(optional=member.optional), _leave(optional=found.optional))
        self.ledger.compare(item, item.words, sides, "Q61")
        self.ledger.features(item, member.features, found.features)
        self.use(item, member.type, found.type)

    def _branches(self, item: Item, path: str, declared: DeclaredObject, found: Object) -> None:
        variants = {variant.case: variant.type for variant in found.variants}
        branches = {branch.case: branch for branch in declared.branches}
        conditions = {value.name: value.condition for value in self.declared.tag_values(declared)}
        there = tag_values(self.schema, found)
        for case in dict.fromkeys([*conditions, *branches]):
            branch = branches.get(case)
            own = replace(
                item,
                part=f"branch {case}",
                words=f"branch {case!r} of {item.words}",
                reached=_step(path, f"{declared.tag}={case}"),
            )
            if case in there:
                own = replace(own, condition=branch.condition if branch else None)
                self._branch(own, branch, variants.get(case))
            elif branch:
                # The missing value is reported where its enumeration is compared.
                own = replace(own, condition=branch.condition or conditions.get(case))
                self.lose([branch.type], own)

    def _branch(self, item: Item, branch: DigestBranch | None, found: str | None) -> None:
        if branch is None:
            # An implied branch, which has no members.
            empty = found is None or is_empty(self.schema, found)
            sides = (NOTHING, NOTHING if empty else _MEMBERS)
            self.ledger.compare(item, item.words, sides, "Q21")
            if found is not None:
                self.mean_nothing(found)
            return
        if not self.ledger.presence(item, "Q19", there=found is not None) or found is None:
            self.lose([branch.type], item)
        elif is_empty(self.schema, found) and self._never_empty(branch.type):
            self.ledger.compare(item, item.words, (_MEMBERS, NOTHING), "Q19")
            self.lose([branch.type], item)
        else:
            self.use(item, branch.type, found, "Q62")

    def _never_empty(self, name: str) -> bool:
        return any(member.condition is None for member in self.declared.object(name).members)

    def _enum(self, item: Item, entity: DigestEntity, found: Enum) -> None:
        values = {value.name: value for value in found.members}
        declared = self.declared.values(entity.name)
        for value in declared:
            own = replace(
                item,
                part=f"value {value.name}",
                words=f"value {value.name!r} of {item.words}",
                condition=value.condition,
            )
            if self.ledger.presence(own, "Q13", there=value.name in values):
                self.ledger.features(own, value.features, values[value.name].features)
        known = {value.name for value in declared}
        self.ledger.others(item, "value", [name for name in values if name not in known])

    def _alternate(self, item: Item, entity: DigestEntity, found: Alternate) -> None:
        by_class = {json_class(form_of(self.schema, name)): name for name in found.members}
        forms = [self.declared.form(member.type) for member in entity.members]
        known = {json_class(form) for form in forms if form is not None}
        for member, form in zip(entity.members, forms, strict=True):
            if form is None:
                continue
            wire = json_class(form)
            own = replace(
                item,
                part=f"alternative {member.name}",
                words=f"alternative {member.name!r} of {item.words}",
                condition=member.condition,
                place=SourcePlace(file=entity.module, line=member.line or entity.line),
            )
            if self.ledger.presence(own, "Q24", there=wire in by_class):
                self.use(own, member.type, by_class[wire], "Q24")
            else:
                self.lose([element_of(member.type)], own)
        if None not in forms:
            self.ledger.others(
                item, "alternative", [form for form in by_class if form not in known]
            )


def item_of(entity: DigestEntity, words: str, reached: str) -> Item:
    """Return a declaration as an item."""
    return Item(
        entity=entity.name,
        words=words,
        condition=entity.condition,
        place=SourcePlace(file=entity.module, line=entity.line),
        reached=reached,
        origin=entity.name,
    )


def _step(path: str, name: str) -> str:
    """Return the path extended by one name: arguments with a word, all else with a dot."""
    return f"{path} {name}" if path.endswith((": arguments", ": data")) else f"{path}.{name}"


def _leave(*, optional: bool) -> str:
    return "optional" if optional else "mandatory"
