"""A server that closes its connection at any byte of what it says is told from one that ends."""

from __future__ import annotations

import socket
from typing import Any, cast

import pytest

from conformance.judge.observation import Broke, Observation, Talk
from conformance.launch.machine import Machine
from conformance.model.case import Case, Subject
from conformance.model.script import Exchange, Hear, Join, Turn, What
from conformance.model.stage import Endpoint, MachineSpec, Stage
from conformance.model.terms import Aspect, SubjectKind
from conformance.play import script_lines
from conformance.play import script_player as played
from conformance.wire.client import ClientSession
from conformance.wire.session import SessionLost
from tests.play.made import LIMIT, FakeMachine, case, step

GREETING = b'{"QMP": {"version": {}, "capabilities": []}}\r\n'
NEGOTIATED = b'{"return": {}, "id": "__qmp#00001"}\r\n'
EVENT = b'{"event": "STOP", "timestamp": {"seconds": 1, "microseconds": 1}}\r\n'
REPLY = b'{"return": {}, "id": 0}\r\n'
TURNS: tuple[Turn, ...] = (
    Join(line="a", endpoint="a"),
    Hear(line="a", what=What.GREETING, rule="W13"),
    Hear(line="a", what=What.EVENT, rule="W35"),
    Hear(line="a", what=What.RETURN, rule="W35"),
)


def test_an_event_and_a_reply_cut_at_each_byte_are_no_answer() -> None:
    for size in range(len(EVENT + REPLY)):
        seen = _asked((EVENT + REPLY)[:size])

        assert seen.replies == (None,), size
        assert (seen.broke, seen.broke_off, seen.hung) == (Broke.CLOSED, 0, True), size
        assert [line.data for line in seen.events] == [EVENT] * (size >= len(EVENT)), size


def test_each_message_of_an_exchange_cut_at_each_byte_is_left_with_what_came_of_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    said = GREETING + EVENT + REPLY
    for size in range(len(said)):
        monkeypatch.setattr(script_lines, "join", lambda *_, size=size: _saying(said[:size]))

        seen = _talked()

        heard = seen.heard[-1]
        assert heard.broke is Broke.CLOSED, size
        whole = b"".join(line.data for turn in seen.heard for line in turn.lines)
        assert whole + heard.partial == said[:size]


def test_the_official_client_is_told_of_a_negotiation_cut_at_each_byte() -> None:
    said = GREETING + NEGOTIATED
    for size in range(len(said)):
        with _saying(said[:size]) as sock, pytest.raises(SessionLost), ClientSession(sock, LIMIT):
            pass


def _asked(data: bytes) -> Observation:
    """Return what is seen of a server that says `data` to a request and closes its connection."""

    def answer(request: dict[str, Any]) -> None:
        machine.machine_says(data)

    with FakeMachine(answer, None) as machine:
        ((_, _, seen),) = machine.player.play([case("cut", step("good"))])
    return seen


def _talked() -> Talk:
    with FakeMachine(lambda request: None, None) as machine:
        machine.spec = MachineSpec(endpoints=(Endpoint(name="a"),))
        made = Case(
            id="wire/made/cut",
            subject=Subject(kind=SubjectKind.PROTOCOL, name="made"),
            aspect=Aspect.WIRE,
            stage=Stage(name="wire", spec=machine.spec),
            steps=(),
            limit=LIMIT,
            exchange=Exchange(turns=TURNS, probe="query-version"),
        )
        return played.talk(made, cast(Machine, machine), None)


def _saying(data: bytes) -> socket.socket:
    """Return a client's socket on which `data` has come, and the end behind it."""
    ours, theirs = socket.socketpair()
    ours.setblocking(False)
    with theirs:
        theirs.sendall(data)
        theirs.shutdown(socket.SHUT_WR)
    return ours
