"""Exchanges are played turn by turn, and what breaks off is told as it did; with the miniature."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from conformance.derive.case import Case, Subject
from conformance.errors import LaunchError
from conformance.judge.events import message_of
from conformance.judge.observation import Broke, Talk, sync_id
from conformance.launch.folder import RunFolder
from conformance.launch.machine import Machine
from conformance.run.talk import talk
from conformance.stage import Endpoint, MachineSpec, Stage
from conformance.terms import Aspect, SubjectKind
from conformance.turns import CONTROL, Exchange, Gone, Hear, Join, Leave, Send, Sync, Turn, What
from conformance.wire.connection import Connection
from tests.miniatures.install import miniature

JOIN = Join(line="a", endpoint="a")
GREETING = Hear(line="a", what=What.GREETING, rule="W13", silent=True)
RETURN = Hear(line="a", what=What.RETURN, rule="W35")
NEGOTIATION = Send(line="a", data=b'{"execute":"qmp_capabilities"}')
BEGUN: tuple[Turn, ...] = (JOIN, GREETING, NEGOTIATION, RETURN)
SPEC = MachineSpec(endpoints=(Endpoint(name="a"), Endpoint(name="b", pretty=True)))

Played = Callable[..., Talk]


def case(*turns: Turn, ends: bool = False) -> Case:
    return Case(
        id="wire/made/case",
        subject=Subject(kind=SubjectKind.PROTOCOL, name="made"),
        aspect=Aspect.WIRE,
        stage=Stage(name="wire", spec=SPEC),
        steps=(),
        about="case",
        limit=20.0,
        exchange=Exchange(turns=turns, probe="query-version", ends=ends),
    )


@contextmanager
def started(program: Path, folder: RunFolder) -> Iterator[tuple[Machine, Connection]]:
    with Machine(miniature(program), SPEC, folder) as machine:
        control = Connection(machine.monitor)
        control.queue(b'{"execute":"qmp_capabilities"}')
        control.receive(20.0)
        control.receive(20.0)
        yield machine, control


@pytest.fixture
def played(program: Path, run_folder: RunFolder) -> Played:
    def play(*turns: Turn, ends: bool = False, limit: float = 20.0) -> Talk:
        made = replace(case(*turns, ends=ends), limit=limit)
        with started(program, run_folder) as (machine, control):
            return talk(made, machine, control)

    return play


def test_each_turn_has_what_was_heard_in_it(played: Played) -> None:
    stop = Send(line="a", data=b'{"execute":"cont"}{"execute":"query-status"}', bytewise=True)

    seen = played(*BEGUN, stop, RETURN, RETURN, Sync(line="a", rule="W35", lead=b"\x07"))

    heard = [[sorted(message_of(line)) for line in turn.lines] for turn in seen.heard[4:]]
    assert heard == [
        [],
        [["event", "timestamp"], ["return"]],
        [["return"]],
        [["error"], ["id", "return"]],
    ]
    assert message_of(seen.heard[-1].lines[-1])["id"] == sync_id(7)
    assert not any(turn.broke for turn in seen.heard)
    assert seen.death is None


def test_silence_is_broken_by_an_event(played: Played) -> None:
    silent = replace(RETURN, silent=True)

    seen = played(*BEGUN, Send(line="a", data=b'{"execute":"cont"}'), silent)

    assert [message_of(line)["event"] for line in seen.heard[-1].lines] == ["RESUME"]


def test_messages_over_lines_are_put_together(played: Played) -> None:
    pretty = (Join(line="b", endpoint="b"), replace(GREETING, line="b"))

    seen = played(*pretty)

    assert seen.heard[1].lines[0].data.count(b"\n") > 3
    assert "QMP" in message_of(seen.heard[1].lines[0])


def test_what_does_not_come_ends_the_exchange_while_the_machine_answers(played: Played) -> None:
    seen = played(*BEGUN, RETURN, Sync(line="a", rule="W35"), limit=0.3)

    assert [turn.broke for turn in seen.heard] == [None] * 4 + [Broke.TIMEOUT]
    assert not seen.hung


def test_a_line_that_is_left_is_joined_anew(played: Played) -> None:
    seen = played(*BEGUN, Leave(line="a"), JOIN, GREETING)

    assert "QMP" in message_of(seen.heard[-1].lines[0])


def test_a_server_that_is_told_to_ends_and_closes_its_lines(played: Played) -> None:
    bye = Send(line="a", data=b'{"execute":"quit"}')

    seen = played(*BEGUN, bye, RETURN, Gone(line="a", rule="W35"), ends=True)

    assert seen.heard[-1].broke is Broke.CLOSED
    assert seen.death is not None
    assert seen.death.status == 0


def test_the_first_monitor_is_there_without_being_joined(played: Played) -> None:
    seen = played(Sync(line=CONTROL, rule="W35"))

    assert message_of(seen.heard[0].lines[0])["id"] == sync_id(0)
    assert all("[control]" in line for line in seen.transcript)


def test_an_endpoint_that_the_machine_lacks_is_named(played: Played) -> None:
    with pytest.raises(LaunchError, match="'c', which the machine lacks"):
        played(Join(line="c", endpoint="c"))
