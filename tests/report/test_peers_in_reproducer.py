"""What a reproducer says of the peers that a case talks to."""

from __future__ import annotations

from dataclasses import replace

from conformance.model.stage import SCRATCH, MachineSpec, Manner, Peer, Says, Then
from conformance.report.reproducer import reproducer
from tests.play.made import case, step

SILENT = Manner(at=0, says=Says.NOTHING, then=Then.SILENCE, patience=1.0)


def test_only_the_peer_that_is_asked_is_named_with_what_it_does() -> None:
    peers = tuple(
        Peer(serve="nbd", address=address, manner=manner)
        for address, manner in (("good", None), ("one", SILENT), ("two", SILENT))
    )
    made = case("ask", step("ask", {"path": f"{SCRATCH}/two"}))
    made = replace(made, stage=replace(made.stage, spec=MachineSpec(peers=peers)))

    text = reproducer(made, (), ["qemu-system-x86_64", "-machine", "none", "-qmp", "stdio"])

    assert "# good: a server (nbd) must listen here\n" in text
    assert (
        "# two: a server (nbd) must listen here, and at once says nothing, then: silence, and "
        "hangs up after 1 s\n" in text
    )
    assert "# one:" not in text
