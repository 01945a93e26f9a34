"""What a build says of itself is claimed fact by fact, beside what its source declares."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pytest

from conformance.align.alignment import align
from conformance.derive.schema.declarations import (
    declaration_cases,
    declared_type_cases,
    undeclared_cases,
)
from conformance.digest.expand import schema_of
from conformance.judge.verdict import judge_claims
from conformance.knowledge.rules import load_rules
from conformance.model.case import Case, Claim
from conformance.model.terms import Aspect, Outcome, SubjectKind
from conformance.qapi.model import Schema
from tests.derive.inputs import a_build, cases_of, declaring, known
from tests.digest.declared import (
    Entities,
    build,
    command,
    entities,
    enum,
    event,
    feature,
    m,
    struct,
    union,
    value,
)

WHOLE: Entities = entities(
    enum("Kind", "one", value("two", condition="CONFIG_TWO")),
    struct("Base", m("id", line=11)),
    struct("One", m("x", "uint8"), base="Base"),
    struct("Two", m("y", "bool", optional=True, condition="CONFIG_Y"), base="Base"),
    union("U", m("kind", "Kind"), ("one", "One"), ("two", "Two")),
    command("put", m("u", "U"), line=30),
    command("get", returns="[Base]", features=(feature("unstable"),)),
    command("only-two", arg_type="Two", condition="CONFIG_TWO"),
    event("DONE", m("u", "U")),
    event("GONE", condition="CONFIG_TWO"),
)


def cases(declared: Entities, schema: Schema) -> Mapping[str, Case]:
    build = a_build(schema, facts=declaring(declared), alignment=align(declared, schema))
    names = dict.fromkeys((*declared, *schema.commands, *schema.events))
    made = [
        *cases_of(declaration_cases, build, known(), names),
        *cases_of(undeclared_cases, build, known(), names),
        *declared_type_cases(build, known(), "query-qmp-schema"),
    ]
    found = {case.id: case for case in made}
    assert len(found) == len(made)
    return found


def broken(found: Mapping[str, Case]) -> list[tuple[str, Claim]]:
    """Return the claims that are not kept, with the cases that hold them."""
    return [
        (case.id, claim)
        for case in found.values()
        for claim in case.claims
        if claim.promised != claim.found
    ]


def test_every_declaration_that_can_be_reached_has_a_case_in_the_order_of_its_source() -> None:
    found = cases(WHOLE, build(WHOLE))

    assert list(found) == [
        "put/documentation/declaration",
        "get/documentation/declaration",
        "only-two/documentation/declaration",
        "DONE/documentation/declaration",
        "GONE/documentation/declaration",
        "query-qmp-schema/documentation/type/Kind",
        "query-qmp-schema/documentation/type/Base",
        "query-qmp-schema/documentation/type/One",
        "query-qmp-schema/documentation/type/Two",
        "query-qmp-schema/documentation/type/U",
        "query-qmp-schema/documentation/unreachable",
        "query-qmp-schema/documentation/conditions",
    ]
    assert {case.aspect for case in found.values()} == {Aspect.DOCUMENTATION}
    assert found["DONE/documentation/declaration"].subject.kind is SubjectKind.EVENT


@pytest.mark.parametrize("off", [(), ("CONFIG_Y",), ("CONFIG_TWO", "CONFIG_Y")])
def test_a_build_of_the_source_keeps_every_claim(off: tuple[str, ...]) -> None:
    found = cases(WHOLE, build(WHOLE, *off))

    assert broken(found) == []
    assert all(bool(case.claims) is (case.blocked is None) for case in found.values())
    assert all(judge_claims(case).outcome is Outcome.PASS for case in found.values())


def test_the_claims_tell_how_much_was_compared() -> None:
    found = cases(WHOLE, build(WHOLE))

    claims = found["put/documentation/declaration"].claims
    assert [(claim.what, claim.promised, claim.found) for claim in claims] == [
        ("command 'put'", "there", "there"),
        ("type of arguments of command 'put'", "object", "object"),
        ("return value of command 'put'", "nothing", "nothing"),
        ("out-of-band execution of command 'put'", "not allowed", "not allowed"),
        ("argument 'u' of put", "mandatory", "mandatory"),
        ("type of argument 'u' of put", "union", "union"),
    ]
    assert {claim.where for claim in claims} == {"qapi/made.json:30"}


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("only-two/documentation/declaration", "CONFIG_TWO"),
        ("GONE/documentation/declaration", "CONFIG_TWO"),
        ("query-qmp-schema/documentation/type/Two", "CONFIG_TWO"),
    ],
)
def test_what_was_not_compiled_in_is_not_applicable(name: str, reason: str) -> None:
    case = cases(WHOLE, build(WHOLE, "CONFIG_TWO"))[name]

    assert case.blocked is not None
    assert case.blocked.outcome is Outcome.NOT_APPLICABLE
    assert case.blocked.reason == f"not compiled into this build: {reason}"
    assert case.claims == ()


def test_a_member_that_was_not_compiled_in_is_a_kept_claim_that_says_why() -> None:
    case = cases(WHOLE, build(WHOLE, "CONFIG_Y"))["query-qmp-schema/documentation/type/Two"]

    (claim,) = [each for each in case.claims if "'y'" in each.what]
    assert (claim.promised, claim.found) == ("missing without CONFIG_Y",) * 2


def test_a_difference_is_a_broken_claim_with_place_way_and_rule() -> None:
    actual = {**WHOLE, "Base": struct("Base", m("id", optional=True))}

    found = broken(cases(WHOLE, build(actual)))

    name, claim = found[0]
    assert name == "query-qmp-schema/documentation/type/Base"
    assert claim == Claim(
        rule="Q61",
        what="member 'id' of Base (command get: return value[].id)",
        promised="mandatory",
        found="optional",
        fold="declaration Base member id Q61 mandatory",
        where="qapi/made.json:11",
    )
    # The types that extend it show the same defect, which is one.
    assert len(found) == 3
    assert {each.fold for _, each in found} == {claim.fold}


def test_two_defects_of_one_member_are_two() -> None:
    actual = {**WHOLE, "One": struct("One", m("x", "str", optional=True), base="Base")}

    found = broken(cases(WHOLE, build(actual)))

    assert [claim.found for _, claim in found] == ["optional", "string"]
    assert len({claim.fold for _, claim in found}) == 2


def test_an_undeclared_command_or_event_has_a_broken_case_of_its_own() -> None:
    actual = {**WHOLE, **entities(command("more"), event("MORE"))}

    found = broken(cases(WHOLE, build(actual)))

    assert [(name, claim.rule, claim.found) for name, claim in found] == [
        ("more/documentation/declaration", "Q27", "in this build"),
        ("MORE/documentation/declaration", "Q27", "in this build"),
    ]


def test_a_missing_command_is_broken_and_what_it_alone_leads_to_is_not_applicable() -> None:
    actual = {name: WHOLE[name] for name in WHOLE if name != "get"}

    found = cases(WHOLE, build(actual))

    assert [name for name, _ in broken(found)] == ["get/documentation/declaration"]
    blocked = found["query-qmp-schema/documentation/type/Base"].blocked
    assert blocked is not None
    assert blocked.reason == "this build lacks command 'get'"


def test_what_is_missing_though_its_condition_holds_is_broken_once() -> None:
    actual = {**WHOLE, "GONE": event("GONE", condition="NEVER")}

    found = broken(cases(WHOLE, build(actual, "NEVER")))

    assert [name for name, _ in found] == [
        "GONE/documentation/declaration",
        "query-qmp-schema/documentation/conditions",
    ]
    assert {claim.fold for _, claim in found} == {"condition CONFIG_TWO"}
    assert found[1][1].found == (
        "there: command 'only-two' (CONFIG_TWO), value 'two' of Kind (CONFIG_TWO); "
        "missing: event 'GONE' (CONFIG_TWO)"
    )


def test_conditions_that_agree_are_claims_with_how_many_items_bear_them_out() -> None:
    case = cases(WHOLE, build(WHOLE, "CONFIG_Y"))["query-qmp-schema/documentation/conditions"]

    assert [(claim.what, claim.found) for claim in case.claims] == [
        ("items with the condition CONFIG_TWO", "3 there"),
        ("items with the condition CONFIG_Y", "1 missing"),
    ]


def test_a_source_without_conditions_says_so() -> None:
    declared = entities(command("stop"))

    found = cases(declared, build(declared))

    claims = found["query-qmp-schema/documentation/conditions"].claims
    assert [(claim.what, claim.found) for claim in claims] == [("items with a condition", "none")]


def test_a_type_that_only_conditions_have_cut_off_may_stay() -> None:
    whole = schema_of(WHOLE)
    less = schema_of(WHOLE, lambda condition: condition != "CONFIG_TWO")
    types = {**whole.types, **less.types, "8": replace(whole.object("Two"), name="8")}
    del types["Two"]

    found = cases(WHOLE, replace(less, types=types))

    assert broken(found) == []
    (claim,) = found["query-qmp-schema/documentation/unreachable"].claims
    assert claim.found.startswith("Two (")
    assert (claim.rule, claim.where) == ("Q56", "qapi/made.json:7")


def test_a_type_that_nothing_leads_to_is_a_broken_claim() -> None:
    whole = schema_of(WHOLE)
    types = {**whole.types, "8": replace(whole.object("Two"), name="8")}

    found = broken(cases(WHOLE, replace(whole, types=types)))

    assert [(name, claim.rule, claim.promised, claim.found) for name, claim in found] == [
        ("query-qmp-schema/documentation/unreachable", "Q56", "none", "8")
    ]


def test_every_rule_that_a_claim_cites_is_in_the_catalogue() -> None:
    actual = {**WHOLE, **entities(command("more"))}
    cited = {rule for case in cases(WHOLE, build(actual)).values() for rule in case.rules}

    assert cited <= load_rules().keys()
    assert len(cited) > 8


def test_what_the_documentation_calls_an_event_must_be_declared() -> None:
    declared = {
        name: replace(entity, unknown_events=("NO_SUCH",))
        for name, entity in entities(command("stop", line=4)).items()
    }

    found = broken(cases(declared, build(declared)))

    assert [(name, claim.rule, claim.what, claim.where) for name, claim in found] == [
        ("stop/documentation/declaration", "X51", "documented event NO_SUCH", "qapi/made.json:4")
    ]


def test_a_documented_error_class_must_be_one_that_an_error_can_have() -> None:
    declared = {
        name: replace(entity, errors=("DeviceNotFound",), unknown_errors=("NoSuchThing",))
        for name, entity in entities(command("stop", line=4)).items()
    }

    found = cases(declared, build(declared))

    assert [claim.what for claim in found["stop/documentation/declaration"].claims][-2:] == [
        "documented error class DeviceNotFound",
        "documented error class NoSuchThing",
    ]
    assert [(name, claim.rule, claim.where) for name, claim in broken(found)] == [
        ("stop/documentation/declaration", "X19", "qapi/made.json:4")
    ]
