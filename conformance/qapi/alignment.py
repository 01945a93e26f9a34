"""Brings a build's schema beside the schema that its source declares.

Knows what introspection does to declarations by design: bases dissolve, integers lose their width,
data given in place get a type, every value of a tag gets a variant, and what was compiled out is
not there.  Knows no particular command, and nothing of cases.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from conformance.qapi.conditions import condition_text
from conformance.qapi.declaration import EntityKind, Flag, Place
from conformance.qapi.digest import DigestBranch, DigestEntity, DigestMember
from conformance.qapi.expand import BUILTINS, EMPTY
from conformance.qapi.flatten import tag_values
from conformance.qapi.forms import (
    NOTHING,
    Declarations,
    DeclaredObject,
    element_of,
    form_of,
    is_empty,
    json_class,
)
from conformance.qapi.ledger import Item, Ledger
from conformance.qapi.model import (
    Alternate,
    Array,
    Builtin,
    Command,
    Enum,
    Event,
    Member,
    Object,
    Schema,
)
from conformance.qapi.statement import Alignment

_DATA: Final = {EntityKind.COMMAND: "argument", EntityKind.EVENT: "data member"}
"""What a member is called where it stands in place in a declaration of that kind."""

_MEMBERS: Final = "members of its own"
"""What a branch has that is not empty."""

_KIND_RULES: Final = {
    EntityKind.STRUCT: "Q60",
    EntityKind.UNION: "Q60",
    EntityKind.ENUM: "Q65",
    EntityKind.ALTERNATE: "Q63",
}
"""The rules of the entries that introspection has for declarations of types."""


def align(entities: Mapping[str, DigestEntity], schema: Schema) -> Alignment:
    """Return the schema of a build beside what `entities`, one program's of a digest, declare.

    Both are walked side by side from each command's arguments and return value and each event's
    data, so that names of types mean nothing.  Types that are declared nowhere are not compared.
    """
    implied = {e.name: _implied_name(e) for e in entities.values() if e.kind in _DATA and e.members}
    owners = {data: entities[name] for name, data in implied.items()}
    data = {
        name: DigestEntity(
            kind=EntityKind.STRUCT,
            name=name,
            module=owner.module,
            line=owner.line,
            members=owner.members,
        )
        for name, owner in owners.items()
    }
    walk = _Walk(Declarations({**entities, **data}), schema, owners)
    for entity in entities.values():
        walk.root(entity)
    walk.undeclared(entities)
    walk.types()
    unreached = walk.unreached()
    return Alignment(
        statements=walk.ledger.settled(),
        source_names={name: tuple(names) for name, names in sorted(walk.names.items())},
        conditions=tuple(walk.ledger.shown),
        unreached=unreached,
    )


@dataclass(frozen=True, slots=True)
class _Pair:
    """A declared type, the build's type that stands for it, and a way to it."""

    declared: str
    found: str
    path: str


@dataclass(frozen=True, slots=True)
class _Walk:
    """A walk through both sides at once, the nearest types first.

    `owners` are the commands and events that declare a type in place, by that type's name; `names`
    the declared types for each of the build's; `lost` declared types that the build lacks the way
    to, with the reason.
    """

    declared: Declarations
    schema: Schema
    owners: Mapping[str, DigestEntity]
    ledger: Ledger = field(default_factory=Ledger)
    names: dict[str, dict[str, None]] = field(default_factory=dict)
    waiting: deque[_Pair] = field(default_factory=deque)
    met: set[tuple[str, str]] = field(default_factory=set)
    lost: list[tuple[str, str]] = field(default_factory=list)

    def root(self, entity: DigestEntity) -> None:
        """Compare a command or event, and let its types wait their turn."""
        if entity.kind not in _DATA:
            return
        found: Command | Event | None = (
            self.schema.commands.get(entity.name)
            if entity.kind is EntityKind.COMMAND
            else self.schema.events.get(entity.name)
        )
        item = _item(entity, f"{entity.kind} {entity.name!r}", f"{entity.kind} {entity.name}")
        if not self.ledger.presence(item, "Q27", there=found is not None) or found is None:
            self._lose(self.declared.parts(entity.name), item)
            return
        self.ledger.features(item, entity.features, found.features)
        arguments = entity.arg_type or (_implied_name(entity) if entity.members else "")
        match found:
            case Command():
                self._root_type(item, "arguments", arguments, found.arg_type)
                self._root_type(item, "return value", entity.returns, found.ret_type)
                declared = "allowed" if Flag.ALLOW_OOB in entity.flags else "not allowed"
                sides = (declared, "allowed" if found.allow_oob else "not allowed")
                self.ledger.compare(item, f"out-of-band execution of {item.words}", sides, "Q33")
            case Event():
                self._root_type(item, "data", arguments, found.arg_type)

    def undeclared(self, entities: Mapping[str, DigestEntity]) -> None:
        """Note the commands and events that are not declared."""
        for kind, names in (("command", self.schema.commands), ("event", self.schema.events)):
            for name in names:
                if name not in entities or entities[name].kind != kind:
                    item = Item(entity=name, words=f"{kind} {name!r}", reached=f"{kind} {name}")
                    self.ledger.undeclared(item, name, "Q27")

    def types(self) -> None:
        """Compare the types that wait, and those that they lead to."""
        while self.waiting:
            self._type(self.waiting.popleft())

    def unreached(self) -> dict[str, str]:
        """Return the declared types that only what the build lacks leads to, each with why."""
        reached = {name for names in self.names.values() for name in names}
        found: dict[str, str] = {}
        waiting = deque(self.lost)
        while waiting:
            name, why = waiting.popleft()
            if name in self.declared.entities and name not in reached and name not in found:
                found[name] = why
                waiting.extend((part, why) for part in self.declared.parts(name))
        return dict(sorted(found.items()))

    def _root_type(self, item: Item, what: str, declared: str, found: str) -> None:
        rule = "Q40" if what == "data" else "Q30"
        own = replace(item, words=f"{what} of {item.words}", reached=f"{item.reached}: {what}")
        if declared:
            self._use(own, declared, found, rule)
            return
        self.names.setdefault(found, {})[EMPTY] = None
        form = NOTHING if is_empty(self.schema, found) else form_of(self.schema, found)
        self.ledger.compare(own, own.words, (NOTHING, form), rule)

    def _use(self, item: Item, declared: str, found: str, rule: str = "Q61") -> None:
        """Compare the type of an item, and let the two types wait their turn if they agree."""
        form = self.declared.form(declared)
        sides = (form, form_of(self.schema, found))
        if form and not self.ledger.compare(item, f"type of {item.words}", sides, rule):
            self.lost.append((element_of(declared), f"{item.words} is of another type"))
            return
        self._meet(declared, found, item.reached)

    def _meet(self, declared: str, found: str, path: str) -> None:
        self.names.setdefault(found, {})[declared] = None
        kind = self.schema.types[found]
        if isinstance(kind, Array) and declared.startswith("["):
            if (declared, found) not in self.met:
                self.met.add((declared, found))
                self._meet(declared[1:-1], kind.element, f"{path}[]")
        elif declared in self.declared.entities and (declared, found) not in self.met:
            self.met.add((declared, found))
            self.waiting.append(_Pair(declared, found, path))

    def _type(self, pair: _Pair) -> None:
        entity = self.declared.entities[pair.declared]
        kind = self.schema.types[pair.found]
        owner = self.owners.get(entity.name)
        item = _item(owner or entity, (owner or entity).name, pair.path)
        if owner is None:
            form = self.declared.form(entity.name)
            sides = (form, form_of(self.schema, pair.found))
            self.ledger.compare(item, item.words, sides, _KIND_RULES[entity.kind])
            if entity.condition:
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
        owner = self.owners.get(pair.declared)
        word = _DATA[owner.kind] if owner else "member"
        for member in declared.members:
            origin = owner or declared.origins[member.name]
            own = replace(
                item,
                part=f"{word} {member.name}",
                words=f"{word} {member.name!r} of {item.words}",
                condition=member.condition,
                place=Place(file=origin.module, line=member.line or origin.line),
                reached=_step(pair.path, member.name),
                origin=origin.name,
            )
            self._member(own, member, members.get(member.name))
        if self.declared.closed(pair.declared):
            known = {member.name for member in declared.members}
            self.ledger.others(item, word, [name for name in members if name not in known])
        if declared.tag and found.tag is not None:
            self.ledger.compare(item, f"tag of {item.words}", (declared.tag, found.tag), "Q60")
            self._branches(item, pair.path, declared, found)

    def _member(self, item: Item, member: DigestMember, found: Member | None) -> None:
        if found is None or item.condition:
            rule = "Q42" if item.origin == item.entity else "Q17"
            self.ledger.presence(item, rule, there=found is not None)
        if found is None:
            self._lose([element_of(member.type)], item)
            return
        sides = (_leave(optional=member.optional), _leave(optional=found.optional))
        self.ledger.compare(item, item.words, sides, "Q61")
        self.ledger.features(item, member.features, found.features)
        self._use(item, member.type, found.type)

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
                own = replace(own, condition=branch.condition if branch else "")
                self._branch(own, branch, variants.get(case))
            elif branch:
                # That the value is missing is told where its enumeration is compared.
                own = replace(own, condition=branch.condition or conditions.get(case, ""))
                self._lose([branch.type], own)

    def _branch(self, item: Item, branch: DigestBranch | None, found: str | None) -> None:
        if branch is None:
            # An implied branch, which has no members.
            empty = found is None or is_empty(self.schema, found)
            sides = (NOTHING, NOTHING if empty else _MEMBERS)
            self.ledger.compare(item, item.words, sides, "Q21")
            if found is not None:
                self.names.setdefault(found, {})[EMPTY] = None
            return
        if not self.ledger.presence(item, "Q19", there=found is not None) or found is None:
            self._lose([branch.type], item)
        elif is_empty(self.schema, found) and self._never_empty(branch.type):
            self.ledger.compare(item, item.words, (_MEMBERS, NOTHING), "Q19")
            self._lose([branch.type], item)
        else:
            self._use(item, branch.type, found, "Q62")

    def _never_empty(self, name: str) -> bool:
        return any(not member.condition for member in self.declared.object(name).members)

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
        known = set()
        for member in entity.members:
            form = json_class(self.declared.form(member.type))
            known.add(form)
            own = replace(
                item,
                part=f"alternative {member.name}",
                words=f"alternative {member.name!r} of {item.words}",
                condition=member.condition,
                place=Place(file=entity.module, line=member.line or entity.line),
            )
            if not form:
                continue
            if self.ledger.presence(own, "Q24", there=form in by_class):
                self._use(own, member.type, by_class[form], "Q24")
            else:
                self._lose([element_of(member.type)], own)
        if "" not in known:
            self.ledger.others(
                item, "alternative", [form for form in by_class if form not in known]
            )

    def _lose(self, types: Iterable[str], item: Item) -> None:
        condition = condition_text(item.condition)
        excuse = f"not compiled into this build: {condition}"
        why = excuse if condition else f"this build lacks {item.words}"
        self.lost.extend((name, why) for name in types if name not in BUILTINS)


def _implied_name(entity: DigestEntity) -> str:
    """Return the name of the type that data given in place get, as QEMU calls it."""
    return f"q_obj_{entity.name}-arg"


def _item(entity: DigestEntity, words: str, reached: str) -> Item:
    return Item(
        entity=entity.name,
        words=words,
        condition=entity.condition,
        place=Place(file=entity.module, line=entity.line),
        reached=reached,
        origin=entity.name,
    )


def _step(path: str, name: str) -> str:
    """Return the path one name further: arguments are told by a name, all else by a dot."""
    return f"{path} {name}" if path.endswith((": arguments", ": data")) else f"{path}.{name}"


def _leave(*, optional: bool) -> str:
    return "optional" if optional else "mandatory"
