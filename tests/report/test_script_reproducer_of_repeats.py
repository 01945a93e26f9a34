"""What is sent many times is retold in full, or left to the suite where that is too long."""

from __future__ import annotations

from conformance.model.flavour import Program
from conformance.model.script import Exchange, Join, Send, Turn
from conformance.model.stage import Endpoint, MachineSpec
from conformance.report.script_reproducer import retold

SPEC = MachineSpec(endpoints=(Endpoint(name="a"),))


def told(times: int, *, lines: int = 1) -> str:
    joins = [Join(line=name, endpoint="a") for name in "ab"[:lines]]
    turns: tuple[Turn, ...] = (*joins, Send(line="a", data=b"xy", times=times))
    return retold(Exchange(turns=turns, probe="ask"), Program.SYSTEM, ["server"], SPEC)


def test_a_pipe_says_it_as_often_as_the_exchange() -> None:
    assert "xyxyxy" in told(3)
    assert "xyxyxyxy" not in told(3)


def test_a_script_says_it_as_often_as_the_exchange() -> None:
    assert "a[0].sendall(b'xyxyxy')" in told(3, lines=2)


def test_what_is_too_long_to_paste_only_in_sum_is_left_to_the_suite() -> None:
    assert told(200_000).startswith("# Too long to paste")
