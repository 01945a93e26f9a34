"""Arguments read back from the query that shows them, and the rest stays."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from conformance.derive.commands.ranges import range_cases
from conformance.derive.commands.variations import variation_cases
from conformance.judge.expect_answer import Answer
from conformance.judge.expect_value import Confirms, ReadsBack, Stays
from conformance.knowledge.commands import CommandRecipe
from conformance.knowledge.ranges import RangeRecipe
from conformance.knowledge.readbacks import Readback, Readbacks, Since
from conformance.model.case import Case, Role, Step
from conformance.model.stage import Awaited, Request
from conformance.model.terms import ABSENT
from conformance.qapi.model import Schema
from tests.derive.inputs import cases_of_schema
from tests.derive.widths import wide_schema_of
from tests.qapi.schemas import (
    Entry,
    array,
    command,
    enum,
    event,
    member,
    optional,
    schema_of,
    struct,
)

MODE = enum("Mode", "on", "off")
SHOWN = (
    member("id", "str"),
    optional("mode", "Mode"),
    optional("the_level", "int"),
    optional("flag", "bool"),
    optional("text", "str"),
)


def schema_with(*members: Entry, make: Callable[..., Schema] = schema_of) -> Schema:
    return make(
        struct("Arguments", member("id", "str"), *members),
        struct("Shown", *SHOWN),
        array("ShownList", "Shown"),
        struct("Asked", optional("all", "bool")),
        command("do", "Arguments"),
        command("undo", "Arguments"),
        command("query", "Asked", "ShownList"),
        command("again", "Arguments"),
        event("TOLD", "Shown"),
        MODE,
    )


def cases_of(
    *members: Entry, recipe: dict[str, Any] | None = None, **entry: Any
) -> dict[str, Case]:
    readback = Readback(
        **{
            "commands": ("do",),
            "request": Request("query", {}),
            "at": ({"id": "{id}"},),
            **entry,
        }
    )
    given = {"name": "do", "arguments": {"id": "a"}, **(recipe or {})}
    found = cases_of_schema(
        variation_cases,
        schema_with(*members),
        CommandRecipe(**given),
        "do",
        readbacks=Readbacks((readback,)),
        ranges={"do": (RangeRecipe(command="do", paths=("none",)),)},
    )
    return {case.id.removeprefix("do/valid/"): case for case in found}


def checks(case: Case) -> list[Step]:
    return [step for step in case.steps if step.role is Role.CHECK]


def place(case: Case) -> Any:
    (check,) = checks(case)
    assert isinstance(check.expect, ReadsBack)
    assert check.rule == "X31"
    return check.expect.path, check.expect.pattern


def test_an_argument_reads_back_under_its_own_name_with_its_value() -> None:
    cases = cases_of(optional("mode", "Mode"))

    assert place(cases["mode=on"]) == (({"id": "a"}, "mode"), "on")
    assert place(cases["mode=off"]) == (({"id": "a"}, "mode"), "off")


def test_a_dash_in_a_name_may_be_an_underscore_there() -> None:
    (case,) = cases_of(optional("the-level", "int")).values()

    assert place(case) == (({"id": "a"}, "the_level"), 1)


def test_a_member_of_another_type_is_not_the_argument() -> None:
    cases = cases_of(optional("text", "bool"), optional("other", "bool"))

    assert not [check for case in cases.values() for check in checks(case)]


def test_data_name_the_place_and_the_value_that_differ() -> None:
    cases = cases_of(
        optional("off", "bool"),
        named={"off": ("flag",)},
        spelt={"off=true": False, "off=false": True},
    )

    assert place(cases["off=true"]) == (({"id": "a"}, "flag"), False)
    assert place(cases["off=false"]) == (({"id": "a"}, "flag"), True)


def test_a_text_may_hold_the_value() -> None:
    (case,) = cases_of(
        optional("level", "int"), named={"level": ("text",)}, spelt={"level": "{like *={value}*}"}
    ).values()

    assert place(case) == (({"id": "a"}, "text"), "{like *=1*}")


def test_what_data_leave_out_is_not_read() -> None:
    cases = cases_of(optional("flag", "bool"), less={"flag=true": "it ends by itself"})

    assert not checks(cases["flag=true"])
    assert checks(cases["flag=false"])


def test_a_query_that_the_build_does_not_take_reads_nothing() -> None:
    cases = cases_of(optional("flag", "bool"), request=Request("query", {"flat": True}))

    assert not any(map(checks, cases.values()))


def test_a_thing_that_the_request_does_not_name_is_not_looked_for() -> None:
    cases = cases_of(optional("flag", "bool"), at=({"id": "{name}"},))

    assert not any(map(checks, cases.values()))


def test_what_was_not_asked_for_is_compared_with_what_was_before() -> None:
    (case, _) = cases_of(optional("flag", "bool"), stays=Since.BEFORE).values()
    names = [step.request.execute for step in case.steps]

    assert names == ["query", "do", "query", "query"]
    read, stays = (step.expect for step in checks(case))
    assert isinstance(read, ReadsBack)
    assert read.step == 1
    assert isinstance(stays, Stays)
    assert (stays.before, stays.step, stays.path) == (0, 1, ({"id": "a"},))
    assert ("flag",) in stays.less
    assert checks(case)[1].rule == "X45"


def test_what_was_not_asked_for_is_compared_with_the_request_without_the_argument() -> None:
    (case, _) = cases_of(
        optional("flag", "bool"),
        stays=Since.BASE,
        moves={"text.*": "it follows"},
        recipe={"setup": (Request("query", {}),), "cleanup": (Request("undo", {"id": "a"}),)},
    ).values()
    sent = [(step.request.execute, step.request.arguments) for step in case.steps]

    assert sent[:6] == [
        ("query", {}),
        ("do", {"id": "a"}),
        ("query", ABSENT),
        ("undo", {"id": "a"}),
        ("query", {}),
        ("do", {"id": "a", "flag": True}),
    ]
    read, stays = (step.expect for step in checks(case))
    assert isinstance(read, ReadsBack)
    assert read.step == 5
    assert stays == Stays(({"id": "a"},), 2, 5, (("flag",), ("text", "*")))


def test_a_query_may_need_requests_around_it_and_events_before_it() -> None:
    ranges = {"do": (RangeRecipe(command="do", arguments={"id": "a"}, accepted=("flag=*",)),)}
    readback = Readback(
        commands=("do",),
        request=Request("query", {}),
        at=({"id": "{id}"},),
        awaits=(Awaited(event="DONE", data={"id": "{id}"}),),
        then=(Request("open", {"of": "{id}"}),),
        undo=(Request("close", {"of": "{id}-x"}),),
    )
    found = cases_of_schema(
        variation_cases,
        schema_with(optional("flag", "bool")),
        None,
        "do",
        ranges=ranges,
        readbacks=Readbacks((readback,)),
    )
    steps = found[0].steps

    assert [step.request.execute for step in steps] == ["do", "open", "query", "close"]
    assert [(each.event, each.data) for each in steps[0].emits] == [("DONE", {"id": "a"})]
    assert steps[1].request.arguments == {"of": "a"}
    assert steps[3].request.arguments == {"of": "a-x"}


def test_an_integer_reads_back_at_both_ends() -> None:
    found = cases_of_schema(
        range_cases,
        schema_with(optional("the-level", "uint8"), make=wide_schema_of),
        None,
        "do",
        ranges={"do": (RangeRecipe(command="do", arguments={"id": "a"}),)},
        readbacks=Readbacks(
            (Readback(commands=("do",), request=Request("query", {}), at=({"id": "{id}"},)),)
        ),
    )
    read = [check.expect for case in found for check in checks(case)]

    assert [each.pattern for each in read if isinstance(each, ReadsBack)] == [
        0,
        255,
    ]


def test_a_unique_name_is_unique_in_what_it_shows() -> None:
    ranges = {"do": (RangeRecipe(command="do", arguments={"id": "{unique}-a"}),)}
    found = cases_of_schema(
        variation_cases,
        schema_with(optional("flag", "bool")),
        None,
        "do",
        ranges=ranges,
        readbacks=Readbacks(
            (Readback(commands=("do",), request=Request("query", {}), at=({"id": "{id}"},)),)
        ),
    )
    step = next(step for step in found[0].steps if step.role is Role.SUBJECT)
    arguments: Any = step.request.arguments

    assert place(found[0]) == (({"id": arguments["id"]}, "flag"), True)
    assert "unique" not in arguments["id"]


def known_cases(*members: Entry, **entry: Any) -> dict[str, Case]:
    """Return the cases of arguments that a recipe knows to be accepted, with an entry."""
    found = cases_of_schema(
        variation_cases,
        schema_with(*members),
        None,
        "do",
        ranges={"do": (RangeRecipe(command="do", arguments={"id": "a"}, accepted=("*",)),)},
        readbacks=Readbacks((Readback(commands=("do",), **entry),)),
    )
    return {case.id.removeprefix("do/valid/"): case for case in found}


TOLD = Awaited(event="TOLD", data={"id": "{id}", "mode": "{value}"})


def test_an_event_tells_an_argument_in_place_of_a_query() -> None:
    cases = known_cases(
        optional("mode", "Mode"),
        told=TOLD,
        spelt={"mode=off": "on"},
        undo=(Request("undo", {"id": "{id}"}),),
    )
    steps = {label: case.steps for label, case in cases.items()}

    for label in ("mode=on", "mode=off"):
        done, undone = steps[label]
        (told,) = done.emits
        assert (told.event, told.data, told.rule) == ("TOLD", {"id": "a", "mode": "on"}, "X31")
        assert undone.expect == Answer()


def test_an_event_follows_the_last_request_behind() -> None:
    cases = known_cases(
        optional("mode", "Mode"), told=TOLD, then=(Request("first"), Request("last"))
    )
    done, first, last = cases["mode=on"].steps

    assert (done.emits, first.emits) == ((), ())
    assert [each.rule for each in last.emits] == ["X31"]


def test_an_event_that_the_build_lacks_tells_nothing() -> None:
    cases = known_cases(optional("mode", "Mode"), told=Awaited(event="OTHER"))

    assert [len(case.steps) for case in cases.values()] == [1, 1]


def test_a_request_with_all_arguments_confirms_one() -> None:
    cases = known_cases(
        optional("flag", "bool"), request=Request("again", {"id": "{id}"}), confirms=True
    )
    (check,) = checks(cases["flag=true"])

    assert (check.expect, check.rule) == (Confirms(0), "X31")


def test_nothing_confirms_an_argument_that_nobody_knows_to_be_accepted() -> None:
    cases = cases_of(
        optional("flag", "bool"), request=Request("again", {"id": "{id}"}), confirms=True
    )

    assert not any(map(checks, cases.values()))


ACCEPTED = {"do": (RangeRecipe(command="do", arguments={"id": "{unique}"}, accepted=("flag=*",)),)}


def shown_otherwise(*, known: bool = True, **entry: Any) -> Case:
    schema = schema_of(
        struct("Arguments", member("id", "str"), optional("flag", "bool")),
        struct("Happened", member("done", "bool")),
        command("do", "Arguments"),
        command("go"),
        event("HAPPENED", "Happened"),
    )
    (true, _) = cases_of_schema(
        variation_cases,
        schema,
        None,
        "do",
        ranges=ACCEPTED if known else {},
        readbacks=Readbacks((Readback(commands=("do",), **entry),)),
    )
    return true


def test_an_event_tells_nothing_if_the_request_may_be_refused() -> None:
    case = shown_otherwise(known=False, told=Awaited(event="HAPPENED", data={"done": "{value}"}))

    assert not checks(case)
    assert all(step.emits == () for step in case.steps)


def test_a_file_may_show_an_argument_whether_or_not_it_is_accepted() -> None:
    for known in (True, False):
        case = shown_otherwise(known=known, file="{scratch}/of-{id}", named={"flag": ("size",)})
        (file,) = case.shown
        (subject,) = (step for step in case.steps if step.role is Role.SUBJECT)
        arguments: Any = subject.request.arguments

        assert not checks(case)
        assert file.name == f"of-{arguments['id']}"
        assert (file.path, file.pattern, file.rule) == (("size",), True, "X31")
        assert case.steps[file.step] is subject
        assert "X31" in case.rules


def test_a_file_outside_the_scratch_folder_is_not_read() -> None:
    assert shown_otherwise(file="/etc/{id}", named={"flag": ("size",)}).shown == ()


def test_a_request_an_event_or_a_file_shows_an_argument() -> None:
    def faults(**entry: Any) -> list[str]:
        return [each.what for each in Readback(commands=("do",), **entry).faults()]

    file, told = "{scratch}/x", Awaited(event="HAPPENED")
    assert faults(file=file) == faults(request=Request("go")) == faults(told=told) == []
    assert faults() == faults(file=file, request=Request("go")) == faults(file=file, told=told)
    assert faults() == ["what shows the arguments is a request, an event ('told') or a file"]
    assert faults(file=file, stays=Since.BASE) == ["'stays' is about a query"]
