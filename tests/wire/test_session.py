"""Sessions for what needs no odd bytes."""

from __future__ import annotations

import json
import time

import pytest

from conformance.wire.connection import WireError
from conformance.wire.session import Session, SessionError, SessionLost, SessionSilent
from tests.patience import PATIENCE, patiently
from tests.wire.machine import machine
from tests.wire.miniature import GREETING, Miniature, success

EVENT = b'{"event": "STOP", "timestamp": {"seconds": 1, "microseconds": 2}}\r\n'


def test_the_greeting_is_kept_as_it_came() -> None:
    odd = GREETING.replace(b'"QMP": {', b'"QMP": {"extra": [1], ')
    with Miniature(success, greeting=odd) as server, Session(server.sock, PATIENCE) as session:
        assert session.greeting == json.loads(odd)


def test_events_are_collected_in_order() -> None:
    with (
        Miniature(lambda c: EVENT + success(c)) as server,
        Session(server.sock, PATIENCE) as session,
    ):
        assert session.events() == ()
        session.execute("stop")
        session.execute("stop")
        assert session.events() == (json.loads(EVENT),) * 2


def test_the_time_for_all_questions_bounds_each_of_them() -> None:
    def attempt(limit: float) -> None:
        with (
            Miniature(lambda c: b"") as server,
            Session(server.sock, PATIENCE, until=time.monotonic() + limit) as session,
            pytest.raises(SessionSilent, match="stop: no answer when the time for all questions"),
        ):
            session.execute("stop")

    patiently(attempt, 0.2)


def test_events_without_end_end_the_session() -> None:
    event = EVENT.replace(b"STOP", b"S" * 500_000)
    with (
        Miniature(lambda c: event * 10) as server,
        Session(server.sock, PATIENCE) as session,
        pytest.raises(SessionLost, match="stop: the server sends events without end"),
    ):
        session.execute("stop")


def test_session_errors_are_wire_errors() -> None:
    assert issubclass(SessionError, WireError)
    assert issubclass(SessionLost, WireError)


@pytest.mark.qemu
def test_a_session_with_qemu() -> None:
    with machine() as sock, Session(sock, PATIENCE) as session:
        assert set(session.greeting) == {"QMP"}
        assert session.execute("query-status")["running"] is False
        with pytest.raises(SessionError) as caught:
            session.execute("qom-list", {"path": "/nosuch"})
        assert caught.value.error_class == "DeviceNotFound"
        session.execute("cont")
        assert [event["event"] for event in session.events()] == ["RESUME"]
