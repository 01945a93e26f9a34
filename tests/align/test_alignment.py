"""A build's schema is brought beside its source's: what differs is told, and nothing else."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from conformance.align.alignment import align
from conformance.digest.declaration import Flag
from conformance.digest.digest import DigestBranch, DigestEntity
from conformance.digest.expand import schema_of
from conformance.qapi.model import Object
from tests.digest.declared import (
    Entities,
    alternate,
    build,
    command,
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

UNSTABLE = feature("unstable")
WHOLE: Entities = entities(
    enum("Kind", "one", value("two", condition="CONFIG_TWO"), "three", features=(UNSTABLE,)),
    struct("Base", m("id", line=3), m("size", "size", optional=True)),
    struct("One", m("x", "uint8"), base="Base"),
    struct("Two", m("tree", "[Two]", optional=True), m("seen", "Seen")),
    struct("Seen", m("at", "number")),
    alternate("Either", m("name"), m("one", "One"), m("many", "[int]", condition="CONFIG_MANY")),
    union("U", m("kind", "Kind"), ("one", "One"), ("two", "Two"), features=(feature("f", "X"),)),
    command("put", m("u", "U", features=(UNSTABLE,)), m("either", "Either", optional=True)),
    command("get", returns="[One]", flags=frozenset({Flag.ALLOW_OOB}), features=(UNSTABLE,)),
    command("boxed", arg_type="U", boxed=True),
    command("only-two", arg_type="Two", condition="CONFIG_TWO"),
    event("SEEN", m("seen", "Seen")),
    event("STOP"),
)


def differences(declared: Entities, actual: Entities, *off: str) -> list[tuple[str, str, str]]:
    """Return (what, promised, found) of each difference of a build of `actual`."""
    found = align(declared, build(actual, *off)).differences
    return [(each.what, each.promised, each.found) for each in found]


def changed(*made: DigestEntity) -> Entities:
    return WHOLE | entities(*made)


def without(name: str) -> Entities:
    return {key: entity for key, entity in WHOLE.items() if key != name}


@pytest.mark.parametrize(
    "off", [(), ("X",), ("CONFIG_TWO", "CONFIG_MANY", "X")], ids=["all on", "one off", "all off"]
)
def test_a_build_of_the_source_does_not_differ_from_it(off: tuple[str, ...]) -> None:
    assert differences(WHOLE, WHOLE, *off) == []


def test_names_of_types_mean_nothing() -> None:
    found = align(WHOLE, build(WHOLE))

    assert found.source_names["int"] == ("size", "uint8", "int")
    assert {names for number, names in found.source_names.items() if number.isdigit()} >= {
        ("U",),
        ("One",),
        ("q_obj_put-arg",),
        ("q_empty",),
    }
    assert align(WHOLE, schema_of(WHOLE)).differences == ()


IN = ("not declared", "in this build")
GONE = ("there", "missing")


@pytest.mark.parametrize(
    ("actual", "told"),
    [
        (without("STOP"), [("event 'STOP'", *GONE)]),
        (without("get"), [("command 'get'", *GONE)]),
        (changed(command("more")), [("command 'more'", *IN)]),
        (changed(event("MORE")), [("event 'MORE'", *IN)]),
        (
            changed(event("STOP", m("why"))),
            [("data of event 'STOP'", "nothing", "object")],
        ),
        (
            changed(event("SEEN")),
            [("data member 'seen' of SEEN", *GONE)],
        ),
        (
            changed(replace(WHOLE["get"], returns="One")),
            [("type of return value of command 'get'", "array of object", "object")],
        ),
        (
            changed(replace(WHOLE["get"], returns=None)),
            [("type of return value of command 'get'", "array of object", "object")],
        ),
        (
            changed(replace(WHOLE["get"], flags=frozenset())),
            [("out-of-band execution of command 'get'", "allowed", "not allowed")],
        ),
        (
            changed(replace(WHOLE["put"], flags=frozenset({Flag.ALLOW_OOB}))),
            [("out-of-band execution of command 'put'", "not allowed", "allowed")],
        ),
        (
            changed(replace(WHOLE["get"], features=())),
            [("feature 'unstable' of command 'get'", *GONE)],
        ),
        (
            changed(replace(WHOLE["STOP"], features=(feature("deprecated"),))),
            [("feature 'deprecated' of event 'STOP'", *IN)],
        ),
    ],
)
def test_a_command_or_event_that_differs_is_told(
    actual: Entities, told: list[tuple[str, str, str]]
) -> None:
    assert differences(WHOLE, actual) == told


@pytest.mark.parametrize(
    ("actual", "told"),
    [
        (
            changed(struct("Seen")),
            [("member 'at' of Seen", *GONE)],
        ),
        (
            changed(struct("Seen", m("at", "number"), m("more"))),
            [("member 'more' of Seen", *IN)],
        ),
        (
            changed(struct("Seen", m("at", "number", optional=True))),
            [("member 'at' of Seen", "mandatory", "optional")],
        ),
        (
            changed(struct("Seen", m("at", "str"))),
            [("type of member 'at' of Seen", "number", "string")],
        ),
        (
            changed(struct("Seen", m("at", "number", features=(UNSTABLE,)))),
            [("feature 'unstable' of member 'at' of Seen", *IN)],
        ),
        (
            changed(struct("Seen", m("at", "number"), features=(UNSTABLE,))),
            [("feature 'unstable' of Seen", *IN)],
        ),
        (
            changed(replace(WHOLE["put"], members=(m("u", "U"), WHOLE["put"].members[1]))),
            [("feature 'unstable' of argument 'u' of put", *GONE)],
        ),
        (
            changed(enum("Kind", "one", "two", "three", "four", features=(UNSTABLE,))),
            [("value 'four' of Kind", *IN)],
        ),
        (
            changed(
                enum("Kind", "one", value("two", condition="CONFIG_TWO"), features=(UNSTABLE,))
            ),
            [("value 'three' of Kind", *GONE)],
        ),
        (
            changed(alternate("Either", m("name"), m("many", "[int]"))),
            [("alternative 'one' of Either", *GONE)],
        ),
        (
            changed(alternate("Either", *WHOLE["Either"].members, m("no", "null"))),
            [("alternative 'null' of Either", *IN)],
        ),
        (
            changed(alternate("Either", m("name", "Kind"), *WHOLE["Either"].members[1:])),
            [("type of alternative 'name' of Either", "string", "enumeration")],
        ),
    ],
)
def test_a_type_that_differs_is_told_once_with_what_differs(
    actual: Entities, told: list[tuple[str, str, str]]
) -> None:
    assert differences(WHOLE, actual) == told


@pytest.mark.parametrize(
    ("branches", "told"),
    [
        ([("one", "One")], ("branch 'two' of U", "members of its own", "nothing")),
        (
            [("one", "One"), ("two", "Two"), ("three", "Seen")],
            ("branch 'three' of U", "nothing", "members of its own"),
        ),
    ],
    ids=["a branch less", "a branch more"],
)
def test_a_union_whose_branches_differ_is_told(
    branches: list[tuple[str, str]], told: tuple[str, str, str]
) -> None:
    actual = changed(union("U", m("kind", "Kind"), *branches, features=(feature("f", "X"),)))

    assert differences(WHOLE, actual) == [told]


def test_a_union_with_another_tag_is_told() -> None:
    members = (m("kind", "Kind"), m("sort", "Kind"))
    made = replace(WHOLE["U"], base_members=members, tag="sort")

    assert differences(WHOLE, changed(made)) == [
        ("member 'sort' of U", *IN),
        ("tag of U", "kind", "sort"),
    ]


def test_a_variant_that_is_not_there_is_missed_only_where_its_branch_is_declared() -> None:
    schema = build(WHOLE)
    (name,) = (
        number for number, names in align(WHOLE, schema).source_names.items() if names == ("U",)
    )
    made = replace(schema.object(name), variants=schema.object(name).variants[:1])
    less = replace(schema, types={**schema.types, name: made})

    found = align(WHOLE, less).differences

    assert [(each.what, each.found) for each in found] == [("branch 'two' of U", "missing")]


def test_what_a_distributor_adds_is_in_order() -> None:
    own = "__org.example_more"
    actual = changed(
        command(own, m("x")),
        event("__ORG.EXAMPLE_MORE"),
        struct("Seen", m("at", "number"), m(own), features=(feature(own),)),
    )

    found = align(WHOLE, build(actual))

    assert found.differences == ()
    assert [each.what for each in found.statements if each.promised == "the distributor's own"] == [
        f"command {own!r}",
        "event '__ORG.EXAMPLE_MORE'",
        f"feature {own!r} of Seen",
        f"member {own!r} of Seen",
    ]


def test_an_absence_is_excused_by_its_condition_and_says_so() -> None:
    found = align(WHOLE, build(WHOLE, "CONFIG_TWO"))

    excused = [(each.what, each.found) for each in found.statements if each.compiled_out]
    assert excused == [
        ("command 'only-two'", "missing without CONFIG_TWO"),
        ("value 'two' of Kind", "missing without CONFIG_TWO"),
    ]
    assert found.unreached == {"Two": "not compiled into this build: CONFIG_TWO"}


def test_an_absence_is_not_excused_where_others_show_its_condition_on() -> None:
    actual = changed(replace(WHOLE["only-two"], condition="NEVER"))

    (found,) = align(WHOLE, build(actual, "NEVER")).differences

    assert (found.what, found.promised) == ("command 'only-two'", "there with CONFIG_TWO")
    assert found.found == "missing, though value 'two' of Kind is there"
    assert found.rule == "Q42"


def test_conditions_are_shown_by_what_is_there_and_by_what_is_not() -> None:
    found = align(WHOLE, build(WHOLE, "CONFIG_MANY"))

    assert [(each.condition, each.held, each.where) for each in found.conditions] == [
        ("CONFIG_TWO", True, "command 'only-two'"),
        ("X", True, "feature 'f' of U"),
        ("CONFIG_MANY", False, "alternative 'many' of Either"),
        ("CONFIG_TWO", True, "value 'two' of Kind"),
    ]


def test_the_condition_of_a_type_holds_where_something_is_of_it() -> None:
    declared = changed(replace(WHOLE["Seen"], condition="CONFIG_SEEN"))

    found = align(declared, build(WHOLE))

    assert found.differences == ()
    assert [s.where for s in found.conditions if s.condition == "CONFIG_SEEN"] == ["Seen"]


def test_a_branch_may_be_compiled_out_without_its_value() -> None:
    branch = DigestBranch(case="two", type="Two", condition="CONFIG_BRANCH")
    declared = changed(union("U", m("kind", "Kind"), ("one", "One"), branch))
    declared.pop("only-two")

    found = align(declared, build(declared, "CONFIG_BRANCH"))

    assert found.differences == ()
    assert found.unreached == {"Two": "not compiled into this build: CONFIG_BRANCH"}


def test_a_difference_says_where_it_is_declared_and_how_it_is_reached() -> None:
    actual = changed(struct("Base", m("id", "int"), WHOLE["Base"].members[1]))

    found, *rest = align(WHOLE, build(actual)).differences

    assert rest == []
    assert (found.entity, found.part, found.origin) == ("One", "member id", "Base")
    assert str(found.place) == "qapi/made.json:3:1"
    assert found.reached == "command get: return value[].id"


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("Two", "command boxed: arguments kind=two"),
        ("Kind", "command boxed: arguments kind"),
        ("Either", "command put: arguments either"),
        ("Seen", "event SEEN: data seen"),
    ],
)
def test_the_way_to_a_type_is_the_shortest(name: str, path: str) -> None:
    statements = align(without("only-two"), build(without("only-two"))).statements

    (found,) = [each for each in statements if each.what == name]

    assert found.reached == path


def test_types_that_are_declared_nowhere_are_not_compared() -> None:
    either = alternate("Or", m("a", "bool"), m("b", "Far"))
    actual = changed(
        command("open", m("x", "Far"), m("y", "[Far]"), m("z", "Or")), struct("Far", m("z")), either
    )
    declared = {name: entity for name, entity in actual.items() if name != "Far"}
    based = {**declared, "Two": replace(WHOLE["Two"], base="Nowhere", members=())}

    assert differences(declared, actual) == []
    assert differences(based, actual) == []


def test_a_type_that_differs_in_kind_hides_what_is_below_it() -> None:
    actual = changed(event("SEEN", m("seen", "str")))
    actual["Two"] = struct("Two", m("tree", "[Two]", optional=True), m("seen", "str"))

    found = align(WHOLE, build(actual))

    assert [each.what for each in found.differences] == [
        "type of member 'seen' of Two",
        "type of data member 'seen' of SEEN",
    ]
    assert found.unreached == {"Seen": "member 'seen' of Two is of another type"}


def test_an_unmasked_schema_and_a_masked_one_align_alike() -> None:
    whole = schema_of(WHOLE)

    assert align(WHOLE, whole).statements == align(WHOLE, masked(whole)).statements


RULES: list[tuple[Any, str]] = [
    (without("STOP"), "Q27"),
    (changed(command("more")), "Q27"),
    (changed(replace(WHOLE["get"], returns=None)), "Q30"),
    (changed(event("STOP", m("why"))), "Q40"),
    (changed(replace(WHOLE["get"], flags=frozenset())), "Q33"),
    (changed(replace(WHOLE["get"], features=())), "Q42"),
    (changed(struct("Seen")), "Q42"),
    (changed(struct("Base", m("id"))), "Q17"),
    (changed(struct("Seen", m("at"))), "Q61"),
    (changed(struct("Seen", m("at", "number"), m("more"))), "Q50"),
    (changed(enum("Kind", "one", "two", features=(UNSTABLE,))), "Q13"),
    (changed(alternate("Either", *WHOLE["Either"].members[:2])), "Q24"),
]


@pytest.mark.parametrize(("actual", "rule"), RULES, ids=[rule for _, rule in RULES])
def test_a_difference_cites_the_rule_that_speaks_of_it(actual: Entities, rule: str) -> None:
    declared = {**WHOLE, "Either": alternate("Either", *map(_always, WHOLE["Either"].members))}

    (found,) = [each for each in align(declared, build(actual)).differences if each.rule == rule]

    assert found.rule == rule


def _always(member: Any) -> Any:
    return replace(member, condition=None)


def test_a_type_that_nothing_in_the_build_leads_to_is_told_and_named_by_its_make() -> None:
    whole = schema_of(WHOLE)
    schema = schema_of(WHOLE, lambda condition: condition != "CONFIG_TWO")
    left = {"7": replace(whole.object("Two"), name="7"), "8": Object(name="8", members=())}

    found = align(WHOLE, replace(schema, types={**whole.types, **schema.types, **left}))

    assert found.differences == ()
    assert found.orphans == {"7": "Two", "8": None, "Two": None}
    assert align(WHOLE, whole).orphans == {}


@pytest.mark.parametrize(("condition", "name"), [("CONFIG_MANY", "Two"), ("NEVER", None)])
def test_a_conditional_type_is_meant_where_the_build_shows_that_its_condition_holds(
    condition: str, name: str | None
) -> None:
    whole = schema_of(WHOLE)
    schema = schema_of(WHOLE, lambda each: each != "CONFIG_TWO")
    left = {"7": replace(whole.object("Two"), name="7")}
    declared = changed(replace(WHOLE["Two"], condition=condition))

    found = align(declared, replace(schema, types={**whole.types, **schema.types, **left}))

    assert found.orphans["7"] == name
