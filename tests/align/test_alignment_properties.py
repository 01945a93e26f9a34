"""Whatever a source declares, a build of it bears it out, and a build that does not is told."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from conformance.align.alignment import align
from conformance.align.conditions import assignment, contradictions, value_of
from conformance.align.widths import with_widths
from conformance.digest.declaration import Condition, Flag
from conformance.digest.digest import DigestBranch, DigestEntity, DigestFeature, DigestMember
from conformance.digest.expand import BUILTINS, schema_of
from conformance.qapi.model import Array, Builtin, Member, Object
from tests.digest.declared import (
    Entities,
    alternate,
    build,
    command,
    configured,
    entities,
    enum,
    event,
    feature,
    m,
    masked,
    struct,
    union,
    value,
)

SYMBOLS = ("A", "B", "C")
STRUCTS = ("S0", "S1", "S2")
TYPES = ("str", "bool", "int", "uint8", "int32", "size", "any", "K0", "K1", "U", "E", *STRUCTS)


def _compound(inner: st.SearchStrategy[Condition]) -> st.SearchStrategy[Condition]:
    parts = st.lists(inner, min_size=1, max_size=3).map(tuple)
    several = st.tuples(st.sampled_from(["all", "any"]), parts).map(lambda pair: dict([pair]))
    return several | inner.map(lambda condition: {"not": condition})


CONDITIONS: st.SearchStrategy[Condition | None] = st.none() | st.recursive(
    st.sampled_from(SYMBOLS), _compound, max_leaves=3
)
FEATURES: st.SearchStrategy[tuple[DigestFeature, ...]] = st.lists(
    st.builds(feature, st.sampled_from(["f", "g"]), CONDITIONS),
    max_size=2,
    unique_by=lambda each: each.name,
).map(tuple)


@st.composite
def members(draw: st.DrawFn, names: str = "abc") -> tuple[DigestMember, ...]:
    kinds = st.sampled_from(TYPES) | st.sampled_from(TYPES).map(lambda name: f"[{name}]")
    chosen = draw(st.lists(st.sampled_from(names), unique=True, max_size=3))
    return tuple(
        m(
            name,
            draw(kinds),
            optional=draw(st.booleans()),
            condition=draw(CONDITIONS),
            features=draw(FEATURES),
        )
        for name in chosen
    )


@st.composite
def sources(draw: st.DrawFn) -> Entities:
    made: list[DigestEntity] = []
    for name in ("K0", "K1"):
        values = [value(v, condition=draw(CONDITIONS), features=draw(FEATURES)) for v in "xyz"]
        made.append(enum(name, "w", *values, features=draw(FEATURES)))
    for number, name in enumerate(STRUCTS):
        base = draw(st.sampled_from([None, *STRUCTS[:number]]))
        own = draw(members(("de", "fg", "hi")[number]))
        made.append(struct(name, *own, base=base, features=draw(FEATURES)))
    branches = [
        DigestBranch(case=case, type=draw(st.sampled_from(STRUCTS)), condition=draw(CONDITIONS))
        for case in draw(st.lists(st.sampled_from("wxyz"), unique=True))
    ]
    made.append(union("U", m("tag", "K0"), *branches))
    made.append(alternate("E", m("t"), m("s", "S0", condition=draw(CONDITIONS)), m("l", "[str]")))
    data = draw(members())
    made.append(command("put", *data, condition=draw(CONDITIONS), features=draw(FEATURES)))
    flags = frozenset({Flag.ALLOW_OOB}) if draw(st.booleans()) else frozenset()
    made.append(command("get", arg_type="U", returns=draw(st.sampled_from(TYPES)), flags=flags))
    made.append(event("EVENT", *draw(members()), condition=draw(CONDITIONS)))
    return entities(*made)


off = st.sets(st.sampled_from(SYMBOLS)).map(sorted)


@settings(max_examples=100)
@given(source=sources(), off=off)
def test_a_build_of_a_source_bears_it_out_and_no_two_of_its_items_disagree(
    source: Entities, off: list[str]
) -> None:
    found = align(source, build(source, *off))

    assert found.differences == ()
    assert found.orphans == {}
    assert contradictions(found.conditions) == ()
    known = assignment(found.conditions)
    assert all(known[symbol] is (symbol not in off) for symbol in known)
    assert all(value_of(s.condition, known) in (s.held, None) for s in found.conditions)


@settings(max_examples=40)
@given(source=sources(), data=st.data())
def test_a_member_less_or_more_is_told_wherever_it_is_reached(
    source: Entities, data: st.DataObject
) -> None:
    whole = schema_of(source)
    names = sorted(name for name, kind in whole.types.items() if isinstance(kind, Object))
    target = whole.object(data.draw(st.sampled_from(names)))
    more = Member(name="more", type="str")
    fewer = [
        tuple(other for other in target.members if other is not member)
        for member in target.members
        if member.name != target.tag
    ]
    changed = data.draw(st.sampled_from([(*target.members, more), *fewer]))
    types = {**whole.types, target.name: replace(target, members=changed)}

    found = align(source, replace(whole, types={"str": BUILTINS["str"], **types}))

    told = [each for each in found.statements if not each.kept or each.compiled_out]
    assert told
    # What has a condition may be missing; what has none, or is not declared, may not differ.
    assert all(each.condition for each in told) or found.differences


@settings(max_examples=40)
@given(source=sources())
def test_integers_have_the_ranges_that_the_source_declares(source: Entities) -> None:
    whole = schema_of(source, configured())
    schema = masked(whole)
    made = with_widths(schema, align(source, schema), source)

    for name in whole.commands:
        wide, narrow = whole.object(whole.command(name).arg_type), made.command(name).arg_type
        for wanted, member in zip(wide.members, made.object(narrow).members, strict=True):
            kind, found = whole.type(wanted.type), made.type(member.type)
            if isinstance(kind, Array) and isinstance(found, Array):
                kind, found = whole.type(kind.element), made.type(found.element)
            if isinstance(kind, Builtin):
                assert isinstance(found, Builtin)
                assert found.range == kind.range
