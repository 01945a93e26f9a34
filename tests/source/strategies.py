"""Strategies for schemas that hold together, so that whatever is drawn must read back the same."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from hypothesis import strategies as st

from conformance.digest.declaration import (
    Condition,
    DeclaredBranch,
    DeclaredFeature,
    DeclaredMember,
    DeclaredValue,
    Documentation,
    Entity,
    EntityKind,
    Flag,
    Section,
    Source,
)

_BUILTINS = ("str", "int", "uint8", "size", "bool", "any", "null", "number")
_WORDS = ("some", "words", "@other", "(since 4.0)", "naïve", "a: b", "'quoted'", "{", "##", "..")

_symbols = st.sampled_from(("CONFIG_A", "CONFIG_B", "TARGET_C", "HAVE_D"))


def _operators(inner: st.SearchStrategy[Condition]) -> st.SearchStrategy[Condition]:
    several = st.lists(inner, min_size=2, max_size=3).map(tuple)
    return st.one_of(
        several.map(lambda operands: {"all": operands}),
        several.map(lambda operands: {"any": operands}),
        inner.map(lambda operand: {"not": operand}),
    )


given_conditions: st.SearchStrategy[Condition] = st.recursive(_symbols, _operators, max_leaves=5)

# Drawn from few, since schemas have many: given_conditions draws all shapes.
conditions: st.SearchStrategy[Condition | None] = st.sampled_from(
    [
        None,
        "CONFIG_A",
        {"not": "CONFIG_B"},
        {"any": ("TARGET_C", {"all": ("HAVE_D", {"not": {"any": ("CONFIG_A", "CONFIG_B")}})})},
    ]
)

_features: st.SearchStrategy[tuple[DeclaredFeature, ...]] = st.sampled_from(
    [
        (),
        (DeclaredFeature(name="deprecated"),),
        (DeclaredFeature(name="x-y", condition="HAVE_D"), DeclaredFeature(name="unstable")),
    ]
)

_lines = st.lists(st.sampled_from(_WORDS), max_size=4).map(lambda words: " ".join(["text", *words]))


@st.composite
def sections(draw: st.DrawFn) -> Section:
    """Draw a text whose further lines are indented, but not all of them."""
    lines = [draw(_lines)]
    for line in draw(st.lists(_lines, max_size=3)):
        lines += [" " * draw(st.sampled_from((0, 2))) + line, *draw(st.sampled_from(([], [""])))]
    return Section(text="\n".join([*lines, draw(_lines)]))


def _documented(symbol: str, members: Sequence[str]) -> st.SearchStrategy[Documentation]:
    text = sections()
    maybe = st.none() | text
    return st.builds(
        Documentation,
        symbol=st.just(symbol),
        body=text,
        members=st.fixed_dictionaries({}, optional=dict.fromkeys(members, text)),
        features=st.dictionaries(st.sampled_from(("unstable", "x-y")), text, max_size=2),
        since=st.sampled_from((None, "0.14", "5.2", "2.12.1")),
        returns=maybe,
        errors=maybe,
        examples=st.lists(text, max_size=2).map(tuple),
    )


@st.composite
def _members(draw: st.DrawFn, prefix: str, types: Sequence[str]) -> tuple[DeclaredMember, ...]:
    """Draw members whose names begin with `prefix`, so that those of two objects never clash."""
    drawn = []
    for number in range(draw(st.integers(0, 3))):
        name = draw(st.sampled_from(types))
        drawn.append(
            DeclaredMember(
                name=f"{prefix}-{number}",
                type=draw(st.sampled_from((name, f"[{name}]"))),
                optional=draw(st.booleans()),
                condition=draw(conditions),
                features=draw(_features),
            )
        )
    return tuple(drawn)


def _values(number: int) -> st.SearchStrategy[tuple[DeclaredValue, ...]]:
    names = [f"v{number}", "2nd", "with-hyphen", "if"]
    value = st.builds(
        DeclaredValue, name=st.sampled_from(names), condition=conditions, features=_features
    )
    return st.lists(value, min_size=1, unique_by=lambda one: one.name).map(tuple)


@st.composite
def _union(draw: st.DrawFn, name: str, enum: Entity, structs: Sequence[str]) -> Entity:
    tag = DeclaredMember(name="kind", type=enum.name, features=draw(_features))
    cases = draw(st.lists(st.sampled_from([v.name for v in enum.values]), min_size=1, unique=True))
    branches = [
        DeclaredBranch(case=case, type=draw(st.sampled_from(structs)), condition=draw(conditions))
        for case in cases
    ]
    others = draw(_members(name.lower(), _BUILTINS))
    return Entity(
        kind=EntityKind.UNION,
        name=name,
        base_members=(tag, *others),
        tag=tag.name,
        branches=tuple(branches),
    )


@st.composite
def _alternate(draw: st.DrawFn, name: str, enum: str, struct: str) -> Entity:
    # A string could spell a number or a switch, so that it cannot stand beside either.
    spelt = draw(st.sampled_from(((("str", enum),), (("int", "size"), ("bool",)))))
    kinds = (*spelt, ("null",), (struct,), (f"[{struct}]",))
    chosen = draw(st.lists(st.sampled_from(kinds), min_size=1, unique=True))
    members = [
        DeclaredMember(
            name=f"m{number}", type=draw(st.sampled_from(types)), condition=draw(conditions)
        )
        for number, types in enumerate(chosen)
    ]
    return Entity(kind=EntityKind.ALTERNATE, name=name, members=tuple(members))


@st.composite
def _call(draw: st.DrawFn, kind: EntityKind, name: str, objects: Sequence[str]) -> Entity:
    """Draw a command or an event, its data in place, of a type, or none."""
    entity = Entity(kind=kind, name=name)
    if draw(st.booleans()):
        entity = replace(entity, arg_type=draw(st.sampled_from(objects)), boxed=True)
    else:
        entity = replace(entity, members=draw(_members("arg", (*_BUILTINS, *objects))))
    if kind is EntityKind.EVENT:
        return entity
    flags = draw(st.frozensets(st.sampled_from(Flag))) - {Flag.COROUTINE}
    returns = draw(st.sampled_from((None, "any", "[str]", objects[0], f"[{objects[0]}]")))
    return replace(entity, flags=flags, returns=returns)


@st.composite
def declarations(draw: st.DrawFn) -> tuple[Entity, ...]:
    """Draw entities of all kinds that use each other, in any order."""
    enums = [
        Entity(kind=EntityKind.ENUM, name=f"Enum{number}", values=draw(_values(number)))
        for number in range(draw(st.integers(1, 2)))
    ]
    names = [f"Struct{number}" for number in range(draw(st.integers(1, 3)))]
    types = (*_BUILTINS, *names, *(enum.name for enum in enums))
    structs = [
        Entity(
            kind=EntityKind.STRUCT,
            name=name,
            base=draw(st.sampled_from((None, *names[:number]))),
            members=draw(_members(name.lower(), types)),
        )
        for number, name in enumerate(names)
    ]
    union = draw(_union("Union", enums[0], names))
    alternate = draw(_alternate("Alternate", enums[0].name, names[0]))
    objects = (*names, union.name)
    command = draw(_call(EntityKind.COMMAND, "a-command", objects))
    event = draw(_call(EntityKind.EVENT, "AN_EVENT", objects))
    drawn = draw(st.permutations([*enums, *structs, union, alternate, command, event]))
    return tuple([draw(_finished(entity)) for entity in drawn])


@st.composite
def _finished(draw: st.DrawFn, entity: Entity) -> Entity:
    parts = (entity.members, entity.base_members, entity.values)
    members = [part.name for some in parts for part in some]
    documentation = draw(st.none() | _documented(entity.name, members))
    is_type = entity.kind not in (EntityKind.COMMAND, EntityKind.EVENT)
    features = tuple(
        feature for feature in draw(_features) if not (is_type and feature.name == "deprecated")
    )
    return replace(
        entity,
        condition=draw(conditions),
        features=features,
        documentation=documentation,
    )


@st.composite
def sources(draw: st.DrawFn, module: str) -> Source:
    """Draw a schema of one file, which is called `module`."""
    free = st.builds(
        Documentation,
        symbol=st.just(None),
        body=sections(),
        examples=st.lists(sections(), max_size=1).map(tuple),
    )
    exceptions = st.lists(st.sampled_from(("a", "B")), min_size=1, unique=True).map(tuple)
    lists = st.sampled_from(("documentation-exceptions", "member-name-exceptions"))
    pragmas = draw(st.dictionaries(lists, exceptions))
    return Source(
        entities=draw(declarations()),
        modules=(module,),
        pragmas=pragmas | {"command-returns-exceptions": ("a-command",)},
        loose=tuple(draw(st.lists(free, max_size=2))),
    )
