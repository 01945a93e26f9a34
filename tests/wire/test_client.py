"""Sessions by the official client."""

from __future__ import annotations

import asyncio
import logging

import pytest

from conformance.wire.client import ClientSession
from conformance.wire.session import SessionError, SessionLost
from tests.patience import PATIENCE
from tests.wire.machine import machine
from tests.wire.miniature import Miniature, success


def test_no_loop_is_left_behind() -> None:
    with Miniature(success) as server, ClientSession(server.sock, PATIENCE) as session:
        session.execute("stop")
    with pytest.raises(RuntimeError, match="no running event loop"):
        asyncio.get_running_loop()


def test_the_client_keeps_its_log_to_itself(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    with (
        Miniature(lambda c: None) as server,
        ClientSession(server.sock, PATIENCE) as session,
        pytest.raises(SessionLost),
    ):
        session.execute("stop")
    assert not [record for record in caplog.records if record.name.startswith("qemu")]


@pytest.mark.qemu
def test_a_session_with_qemu() -> None:
    with machine() as sock, ClientSession(sock, PATIENCE) as session:
        assert session.execute("query-status")["running"] is False
        with pytest.raises(SessionError) as caught:
            session.execute("qom-list", {"path": "/nosuch"})
        assert caught.value.error_class == "DeviceNotFound"
        session.execute("cont")
        session.await_event("RESUME")
