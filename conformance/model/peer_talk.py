"""What a peer of a machine said on one connection, and when: enough to say it again."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class PeerTurn:
    """What a peer said once it had heard `after` bytes in all, `late` seconds later.

    With `ends`, it hung up behind that.
    """

    after: int
    says: bytes = b""
    late: float = 0.0
    ends: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class PeerTalk:
    """The turns of the peer at `address` (see stage.Peer) on one connection.

    Of one that called a server of the machine, at `calls`, those on the line that it called on.
    Those are left out that would make it too long; then it is not `whole`.
    """

    address: str
    calls: str = ""
    turns: tuple[PeerTurn, ...] = ()
    whole: bool = True
