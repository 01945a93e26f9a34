"""Exchanges are played turn by turn, and what breaks off is told as it did; with the miniature."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from conformance.judge.events import is_event, message_of
from conformance.judge.observation import Broke, Talk, sync_id
from conformance.launch.folder import RunFolder
from conformance.launch.machine import Machine
from conformance.model.canonical import compact
from conformance.model.case import Case, Subject
from conformance.model.errors import LaunchError
from conformance.model.script import (
    CONTROL,
    ClientAction,
    Drive,
    Exchange,
    Gather,
    Gone,
    Hear,
    Hold,
    Join,
    Leave,
    Part,
    Release,
    Send,
    Sync,
    Turn,
    What,
)
from conformance.model.stage import SCRATCH, Endpoint, MachineSpec, ScratchFile, Stage
from conformance.model.terms import Aspect, SubjectKind
from conformance.play.script_player import talk
from conformance.wire.connection import Connection
from tests.miniatures.install import miniature
from tests.patience import PATIENCE, patiently

JOIN = Join(line="a", endpoint="a")
GREETING = Hear(line="a", what=What.GREETING, rule="W13", silent=True)
RETURN = Hear(line="a", what=What.RETURN, rule="W35")
NEGOTIATION = Send(line="a", data=b'{"execute":"qmp_capabilities"}')
BEGUN: tuple[Turn, ...] = (JOIN, GREETING, NEGOTIATION, RETURN)
SPEC = MachineSpec(
    endpoints=(Endpoint(name="a"), Endpoint(name="b", pretty=True)),
    files=(ScratchFile(path="gate", make="fifo"),),
)
READER = Send(
    line="a",
    data=compact(
        {
            "execute": "blockdev-add",
            "arguments": {"driver": "blkdebug", "node-name": "held", "config": f"{SCRATCH}/gate"},
        }
    ).encode(),
)
"""Reads the FIFO to its end, and answers then."""

Played = Callable[..., Talk]


def case(*turns: Turn, ends: bool = False) -> Case:
    return Case(
        id="wire/made/case",
        subject=Subject(kind=SubjectKind.PROTOCOL, name="made"),
        aspect=Aspect.WIRE,
        stage=Stage(name="wire", spec=SPEC),
        steps=(),
        about="case",
        limit=PATIENCE,
        exchange=Exchange(turns=turns, probe="query-version", ends=ends),
    )


@contextmanager
def started(program: Path, folder: RunFolder) -> Iterator[tuple[Machine, Connection]]:
    with Machine(miniature(program, "wide"), SPEC, folder) as machine:
        control = Connection(machine.monitor)
        control.queue(b'{"execute":"qmp_capabilities"}')
        control.receive(PATIENCE)
        control.receive(PATIENCE)
        yield machine, control


@pytest.fixture
def played(program: Path, run_folder: RunFolder) -> Played:
    def play(*turns: Turn, ends: bool = False, limit: float = PATIENCE) -> Talk:
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
    assert 0.0 < seen.seconds < PATIENCE


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
    def attempt(limit: float) -> None:
        seen = played(*BEGUN, RETURN, Sync(line="a", rule="W35"), limit=limit)

        assert [turn.broke for turn in seen.heard] == [None] * 4 + [Broke.TIMEOUT]
        assert not seen.hung

    patiently(attempt, 0.3)


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


def test_who_reads_a_pipe_is_held_until_it_is_released(played: Played) -> None:
    def attempt(limit: float) -> None:
        held = played(*BEGUN, READER, Hold(path="gate"), RETURN, limit=limit)

        assert [turn.broke for turn in held.heard[4:]] == [None, None, Broke.TIMEOUT]
        # It is let go before it is asked whether it answers at all.
        assert not held.hung

    patiently(attempt, 0.3)
    released = played(*BEGUN, READER, Hold(path="gate"), Release(path="gate"), RETURN)

    assert [sorted(message_of(line)) for line in released.heard[-1].lines] == [["return"]]


def test_a_pipe_that_nobody_reads_cannot_hold_the_server_up(played: Played) -> None:
    def attempt(limit: float) -> None:
        with pytest.raises(LaunchError, match="cannot be held up: nobody reads gate"):
            played(*BEGUN, Hold(path="gate"), limit=limit)

    patiently(attempt, 0.3)


@pytest.fixture
def blocked() -> Iterator[Callable[[Machine], None]]:
    """Holds up, from outside the exchange, who reads the pipe of a machine."""
    with ExitStack() as undo:

        def block(machine: Machine) -> None:
            # Reading and writing: opening it does not wait for who reads.
            fd = os.open(machine.scratch / "gate", os.O_RDWR)
            undo.callback(os.close, fd)

        yield block


@pytest.mark.parametrize("controlled", [True, False], ids=["first monitor", "new client"])
@pytest.mark.parametrize("held", [True, False], ids=["held up", "free"])
def test_a_machine_that_answers_nobody_is_told_from_one_that_is_slow(
    program: Path,
    run_folder: RunFolder,
    blocked: Callable[[Machine], None],
    held: bool,
    controlled: bool,
) -> None:
    turns = (*BEGUN, *[READER] * held, replace(RETURN, id=1))

    def attempt(limit: float) -> None:
        with started(program, run_folder) as (machine, control):
            blocked(machine)
            first = control if controlled else None
            seen = talk(replace(case(*turns), limit=limit), machine, first)

        assert seen.heard[-1].broke is Broke.TIMEOUT
        assert seen.hung is held

    patiently(attempt, 0.3)


def test_a_turn_gathers_as_many_replies_as_it_names(played: Played) -> None:
    asked = Send(line="a", data=b'{"execute":"query-version"}', times=3)
    two = Gather(line="a", rule="W27", ids=(1,), free=(2,))

    seen = played(*BEGUN, asked, two, RETURN)

    assert [len(turn.lines) for turn in seen.heard[-2:]] == [2, 1]


@pytest.mark.parametrize(("errors", "taken"), [(True, 3), (False, 1)])
def test_errors_of_no_request_count_among_replies_unless_they_may_come(
    played: Played, errors: bool, taken: int
) -> None:
    asked = Send(line="a", data=b'{}{}{"execute":"cont","id":1}')

    seen = played(*BEGUN, asked, Gather(line="a", rule="W27", ids=(1,), errors=errors))

    assert len([line for line in seen.heard[-1].lines if not is_event(message_of(line))]) == taken


def test_an_event_of_another_name_is_no_end_of_waiting(played: Played) -> None:
    both = Send(line="a", data=b'{"execute":"cont"}{"execute":"stop"}')

    seen = played(*BEGUN, both, Hear(line="a", what=What.EVENT, rule="W46", event="STOP"))

    names = [message_of(line).get("event") for line in seen.heard[-1].lines]
    assert (names.count("RESUME"), names[-1]) == (1, "STOP")


def test_a_part_is_taken_and_the_rest_left_unread(played: Played) -> None:
    seen = played(JOIN, Part(line="a", size=4), replace(GREETING, rule="W13"))

    rest = seen.heard[-1].lines[0].data
    assert seen.transcript[0].endswith('{"QM')
    assert rest.startswith(b'P": ')


def test_a_client_that_ends_its_direction_still_hears_how_it_ends(
    played: Played, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Whether the machine has ended of it is not what counts here.
    monkeypatch.setattr("conformance.play.script_player._REST", 0.1)

    after = Sync(line=CONTROL, rule="W35")
    seen = played(*BEGUN, Leave(line="a", half=True), Gone(line="a", rule="W55"), after)

    # It was to end so: what follows is played.
    assert [turn.broke for turn in seen.heard[-2:]] == [Broke.CLOSED, None]
    assert seen.death is None


def test_all_that_comes_before_a_line_closes_is_heard(played: Played) -> None:
    bye = Send(line="a", data=b'{"execute":"cont"}{"execute":"quit"}')

    seen = played(*BEGUN, bye, Gone(line="a", rule="W35"), ends=True)

    replies = [line for line in seen.heard[-1].lines if "return" in message_of(line)]
    assert (len(replies), seen.heard[-1].broke) == (2, Broke.CLOSED)


def test_a_line_that_does_not_go_ends_the_exchange(played: Played) -> None:
    after = Sync(line=CONTROL, rule="W35")

    def attempt(limit: float) -> None:
        seen = played(*BEGUN, Gone(line="a", rule="W55"), after, limit=limit)

        assert [turn.broke for turn in seen.heard[4:]] == [Broke.TIMEOUT]

    patiently(attempt, 0.3)


def test_a_machine_that_is_dead_already_is_told_so(program: Path, run_folder: RunFolder) -> None:
    with started(program, run_folder) as (machine, control):
        control.queue(b'{"execute":"quit"}')
        control.flush(PATIENCE)
        assert machine.ending(PATIENCE) is not None

        seen = talk(case(), machine, control)

    assert seen.death is not None
    assert seen.death.status == 0


def test_an_end_that_nothing_waits_for_is_waited_for(played: Played) -> None:
    seen = played(*BEGUN, Send(line="a", data=b'{"execute":"quit"}'), RETURN, ends=True)

    assert seen.death is not None


def test_what_a_closed_line_is_asked_breaks_off_and_is_no_silence(played: Played) -> None:
    bye = Send(line="a", data=b'{"execute":"quit"}')

    seen = played(*BEGUN, bye, RETURN, RETURN, RETURN)

    assert [turn.broke for turn in seen.heard[4:]] == [None, None, Broke.CLOSED]
    assert (seen.hung, seen.death is None) == (False, False)


@pytest.mark.parametrize(
    ("name", "broke"), [("_MESSAGES", Broke.TIMEOUT), ("_WEIGHT", Broke.TIMEOUT)]
)
def test_messages_without_end_end_a_turn(
    played: Played, monkeypatch: pytest.MonkeyPatch, name: str, broke: Broke
) -> None:
    many = Send(line="a", data=b"{}" * 20)
    all_of_them = Gather(line="a", rule="W27", ids=(1,), errors=True)
    monkeypatch.setattr(f"conformance.play.script_player.{name}", 3 if name == "_MESSAGES" else 200)

    seen = played(*BEGUN, many, all_of_them)

    assert seen.heard[-1].broke is broke
    assert 1 < len(seen.heard[-1].lines) < 10


def test_a_line_that_is_too_long_is_told_with_how_it_begins(
    played: Played, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "conformance.play.script_lines.Connection", partial(Connection, reply_limit=20)
    )

    seen = played(JOIN, GREETING, NEGOTIATION)

    assert [turn.broke for turn in seen.heard] == [None, Broke.OVERFLOW]
    assert seen.heard[-1].partial.startswith(b'{"QMP"')
    assert not seen.hung


def test_the_transcript_names_every_line_but_the_first_and_hides_the_scratch_folder(
    played: Played,
) -> None:
    told = Send(line="a", data=compact({"execute": f"{SCRATCH}/x"}).encode(), times=2)
    other = (Join(line="b", endpoint="b"), replace(GREETING, line="b"))

    seen = played(*BEGUN, told, RETURN, *other)

    assert "[" not in seen.transcript[0].split("{")[0]
    assert "[b] " in seen.transcript[-1].split("{")[0]
    assert sum(f"{SCRATCH}/x" in line for line in seen.transcript) >= 2


CONNECT = Drive(line="c", rule="W13", deed=ClientAction.CONNECT, name="a")


def driven(deed: ClientAction, name: str = "", **more: Any) -> Drive:
    return Drive(line="c", rule="W37", deed=deed, name=name, **more)


def test_the_official_client_takes_its_turns_beside_ours(played: Played) -> None:
    arguments = {"no-such": 1}
    refused = driven(ClientAction.EXECUTE, "query-version", arguments=arguments)

    seen = played(CONNECT, refused, driven(ClientAction.DISCONNECT), Sync(line=CONTROL, rule="W35"))

    assert [turn.told for turn in seen.heard[:3]] == [
        "connected",
        "error GenericError",
        "disconnected",
    ]
    assert "[c] qemu.qmp" in seen.transcript[2]
    assert compact(arguments) in seen.transcript[2]
    assert "[c] error GenericError" in seen.transcript[3]


def test_an_event_that_the_official_client_awaits_in_vain_is_silence_of_the_server(
    played: Played,
) -> None:
    def attempt(limit: float) -> None:
        turns = (CONNECT, driven(ClientAction.EVENT, "STOP"), driven(ClientAction.DISCONNECT))
        seen = played(*turns, limit=limit)

        assert [turn.broke for turn in seen.heard] == [None, Broke.TIMEOUT]
        assert f"no answer within {limit:g} s" in seen.heard[-1].told
        assert (seen.hung, seen.death) == (False, None)

    patiently(attempt, 0.3)


def test_a_server_that_leaves_the_official_client_has_closed_its_session(played: Played) -> None:
    seen = played(
        CONNECT, driven(ClientAction.EXECUTE, "quit"), driven(ClientAction.EXECUTE, "query-version")
    )

    assert [turn.broke for turn in seen.heard][-1] is Broke.CLOSED
    assert (seen.hung, seen.death is None) == (False, False)
