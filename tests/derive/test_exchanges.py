"""Exchanges become cases: chosen by build, with a beginning, and with a proof at the end."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from conformance.derive.exchanges import exchange_cases
from conformance.knowledge.exchanges import load_exchanges
from conformance.knowledge.versions import Version
from conformance.model.case import Case, Isolation
from conformance.model.flavour import Program
from conformance.model.script import Hear, Join, Same, Send, Sync, Turn, What
from conformance.model.stage import Transport
from conformance.model.terms import Outcome
from tests.derive.inputs import a_build, known

Cases = Callable[..., list[Case]]


@pytest.fixture
def cases(tmp_path: Path) -> Cases:
    def make(
        text: str,
        *,
        version: Version = (10, 0, 0),
        program: Program = Program.SYSTEM,
        thorough: bool = False,
    ) -> list[Case]:
        head = '[[exchange]]\nname = "n"\nrules = ["W25"]\nreason = "r"\n'
        (tmp_path / "subject.toml").write_text(head + text, encoding="utf-8")
        build = a_build(version=version, program=program, thorough=thorough)
        knowledge = known(exchanges=load_exchanges(tmp_path))
        return list(exchange_cases(build, knowledge, "subject"))

    return make


def turns(case: Case) -> tuple[Turn, ...]:
    assert case.exchange is not None
    return case.exchange.turns


def test_a_case_for_each_transport_that_says_which_it_is_on(cases: Cases) -> None:
    made = cases('on = ["socket", "tcp", "pty"]\nturns = [{ sync = "" }]')

    assert [case.id for case in made] == [
        "wire/subject/n",
        "wire/subject/n@tcp",
        "wire/subject/n@pty",
    ]
    # A terminal is left with what the last client did to it.
    assert [case.isolation for case in made] == [
        Isolation.SHARED,
        Isolation.SHARED,
        Isolation.ALONE,
    ]


@pytest.mark.parametrize(
    ("start", "kinds"),
    [
        ("nowhere", []),
        ("greeted", [Join, Hear]),
        ("negotiated", [Join, Hear, Send, Hear]),
        ("oob", [Join, Hear, Send, Hear]),
    ],
)
def test_an_exchange_begins_where_it_says(
    cases: Cases, start: str, kinds: list[type[Turn]]
) -> None:
    (case,) = cases(f'start = "{start}"\nturns = [{{ sync = "!" }}]')

    *before, last = turns(case)
    assert [type(turn) for turn in before] == kinds
    works = start in ("negotiated", "oob")
    assert last == Sync(line="a", rule="W25", lead=b"!", works=works)
    enabled = [b'"oob"' in turn.data for turn in before if isinstance(turn, Send)]
    assert enabled == [start == "oob"] * len(enabled)


def test_a_clock_is_an_endpoint_of_a_stage_of_its_own(cases: Cases) -> None:
    (clocked,) = cases('clock = true\naccel = "qtest"\nturns = []')
    (plain,) = cases('accel = "qtest"\nturns = []')

    (clock,) = set(clocked.stage.spec.endpoints) - set(plain.stage.spec.endpoints)
    assert (clock.name, clock.transport) == ("clock", Transport.QTEST)
    assert clocked.stage.name != plain.stage.name


def test_a_line_that_still_stands_proves_in_the_end_that_it_is_in_step(cases: Cases) -> None:
    (case,) = cases(
        'turns = [{ connect = "b", line = "b" }, { connect = "c", line = "c" }, '
        '{ send = "x", line = "control" }, { close = true, line = "c" }]'
    )

    ready = Sync(line="a", rule="W35", works=True)
    assert turns(case)[-2:] == (ready, Sync(line="b", rule="W35"))


def test_a_line_must_work_from_where_its_negotiation_ended_until_it_is_joined_anew(
    cases: Cases,
) -> None:
    (case,) = cases(
        'start = "greeted"\nturns = [{ sync = "1" }, '
        '{ receive = "return", command = "qmp_capabilities" }, { sync = "2" }, { close = true }, '
        '{ connect = "a" }, { sync = "3" }, { sync = "4", line = "control" }]'
    )

    syncs = [turn for turn in turns(case) if isinstance(turn, Sync)]
    assert [(turn.lead, turn.works) for turn in syncs] == [
        (b"1", False),
        (b"2", True),
        (b"3", False),
        (b"4", True),
    ]


def test_a_server_that_ends_is_asked_no_more_and_had_by_no_other_case(cases: Cases) -> None:
    (case,) = cases('ends = true\nturns = [{ send = "x" }]')

    assert turns(case)[-1] == Send(line="a", data=b"x")
    assert case.isolation is Isolation.ALONE


def test_an_earlier_turn_is_counted_from_where_the_exchange_begins(cases: Cases) -> None:
    (case,) = cases('turns = [{ receive = "return" }, { receive = "return", same = { turn = 0 } }]')

    heard = [turn for turn in turns(case) if isinstance(turn, Hear) and turn.rule == "W25"]
    assert heard[1].same == Same(turn=4)
    assert turns(case)[4] == heard[0] == Hear(line="a", what=What.RETURN, rule="W25")


@pytest.mark.parametrize(
    ("text", "version", "program", "count"),
    [
        ("", (5, 2, 0), Program.SYSTEM, 1),
        ("", (5, 2, 0), Program.STORAGE_DAEMON, 1),
        ("", (5, 2, 0), Program.GUEST_AGENT, 0),
        ('versions = ">=6.0"\n', (5, 2, 0), Program.SYSTEM, 0),
        ('versions = ">=6.0"\n', (6, 0, 0), Program.SYSTEM, 1),
        ('programs = ["system"]\n', (6, 0, 0), Program.STORAGE_DAEMON, 0),
    ],
)
def test_a_build_gets_the_exchanges_that_hold_for_it(
    cases: Cases, text: str, version: Version, program: Program, count: int
) -> None:
    made = cases(text + 'turns = [{ sync = "" }]', version=version, program=program)

    assert len(made) == count


def test_what_is_slow_is_blocked_unless_all_is_run(cases: Cases) -> None:
    text = 'slow = "it reads byte by byte"\nturns = [{ sync = "" }]'

    (blocked,) = cases(text)
    (played,) = cases(text, thorough=True)

    assert blocked.blocked is not None
    assert blocked.blocked.outcome is Outcome.UNTRIED
    assert "byte by byte" in blocked.blocked.reason
    assert played.blocked is None


@pytest.mark.parametrize(
    ("text", "isolation"),
    [
        ("", Isolation.SHARED),
        ("fresh = true\n", Isolation.ALONE),
        ("ends = true\n", Isolation.ALONE),
    ],
    ids=["cleans up", "fresh", "ends"],
)
def test_what_leaves_something_behind_gets_a_machine_of_its_own(
    cases: Cases, text: str, isolation: Isolation
) -> None:
    (case,) = cases(text + 'turns = [{ sync = "" }]')

    assert case.isolation is isolation
    assert case.blocked is None


def test_machines_that_differ_are_stages_that_differ(cases: Cases) -> None:
    turn = 'turns = [{ sync = "" }]'
    texts = ("", "pretty = true\n", 'machine = "q35"\n', 'machine = "q35"\npretty = true\n')

    stages = [cases(text + turn)[0].stage for text in texts]

    assert stages[0].name == "wire/socket"
    assert len({stage.name for stage in stages}) == len(stages)
    assert all(stage.name.startswith("wire/socket/") for stage in stages[1:])
    assert [stage.spec.endpoints[0].pretty for stage in stages] == [False, True, False, True]
    assert [endpoint.name for endpoint in stages[0].spec.endpoints] == ["a", "b", "c"]


def test_a_server_of_one_client_has_one_endpoint_and_is_not_greeted(cases: Cases) -> None:
    text = 'programs = ["guest-agent"]\nturns = [{ send = "x" }]'

    (case,) = cases(text, program=Program.GUEST_AGENT)

    assert [endpoint.name for endpoint in case.stage.spec.endpoints] == ["a"]
    assert [type(turn) for turn in turns(case)] == [Join, Send, Sync]


def test_the_greeting_comes_before_all_else_and_is_what_it_is(cases: Cases) -> None:
    (case,) = cases('start = "greeted"\nturns = [{ closed = true }]')

    assert turns(case)[1] == Hear(line="a", what=What.GREETING, rule="W13", silent=True)


@pytest.mark.parametrize(
    ("last", "proved"),
    [
        ('{ sync = "" }', []),
        ('{ sync = "" }, { send = "x" }', ["a"]),
        ('{ sync = "" }, { receive = "event" }', ["a"]),
        ('{ sync = "" }, { gather = 1 }', ["a"]),
        ('{ sync = "" }, { read_bytes = 1 }', ["a"]),
        ('{ sync = "" }, { close = true }', []),
        ("{ closed = true }", []),
        ('{ closed = true }, { connect = "a" }', ["a"]),
    ],
)
def test_what_is_proved_in_the_end_is_what_was_not_just_proved(
    cases: Cases, last: str, proved: list[str]
) -> None:
    (case,) = cases(f"turns = [{last}]")

    ends = turns(case)[4 + last.count("}, {") + 1 :]
    assert [(turn.line, turn.rule) for turn in ends if isinstance(turn, Sync)] == [
        (line, "W35") for line in proved
    ]
    assert len(ends) == len(proved)
