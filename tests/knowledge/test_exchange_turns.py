"""Turns of exchanges that are written once and taken often, and those that hold and gather."""

from __future__ import annotations

from pathlib import Path

import pytest

from conformance.knowledge.exchanges import load_exchanges
from conformance.model.errors import KnowledgeError
from conformance.model.script import Gather, Gone, Hear, Hold, Part, Release, Send, Turn

HEAD = '[[exchange]]\nname = "x"\nrules = ["W27"]\nreason = "made up"\nturns = [\n'


def turns(folder: Path, text: str) -> tuple[Turn, ...]:
    (folder / "made.toml").write_text(f"{HEAD}{text}\n]\n")
    (exchange,) = load_exchanges(folder)
    return exchange.turns


def test_what_is_repeated_bears_its_number(tmp_path: Path) -> None:
    text = """{ send = { repeat = ['{"id":{n}}', "\\n"], times = 3 } }"""
    (turn,) = turns(tmp_path, text)
    assert isinstance(turn, Send)
    assert turn.data == b'{"id":0}\n{"id":1}\n{"id":2}\n'


def test_turns_are_taken_again_in_order_with_their_number(tmp_path: Path) -> None:
    text = """{ times = 2, again = [
        { send = "[{n}]" }, { receive = "reply", id = '["a",{n}]', rule = "W30" } ] }"""
    first, second, third, fourth = turns(tmp_path, text)
    assert [t.data for t in (first, third) if isinstance(t, Send)] == [b"[0]", b"[1]"]
    heard = [(t.id, t.rule) for t in (second, fourth) if isinstance(t, Hear)]
    assert heard == [(["a", 0], "W30"), (["a", 1], "W30")]


def test_replies_that_are_gathered_have_ids_in_order_and_free_ones(tmp_path: Path) -> None:
    text = """{ gather = '["a",1]', free = '[null]' },
        { gather = 3, errors = true, line = "b", rule = "W31" }"""
    assert turns(tmp_path, text) == (
        Gather(line="a", rule="W27", ids=("a", 1), free=(None,)),
        Gather(line="b", rule="W31", ids=(0, 1, 2), errors=True),
    )


def test_the_server_is_held_and_let_go_and_heard_in_part(tmp_path: Path) -> None:
    text = """{ hold = "gate" }, { read_bytes = 10 }, { release = "gate" },
        { closed = true, ids = "[1]" }"""
    assert turns(tmp_path, text) == (
        Hold(path="gate"),
        Part(line="a", size=10),
        Release(path="gate"),
        Gone(line="a", rule="W27", ids=(1,)),
    )


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("{ again = [{ close = true }] }", "'times' is missing"),
        ("{ again = [{ close = true }], times = 2, line = 'b' }", "unknown key 'line'"),
        ("{ gather = '1' }", "'1' is no array of ids and no number of them"),
        ("{ gather = '[1' }", "is no JSON"),
        ("{ closed = true, free = '[]' }", "unknown key 'free'"),
    ],
    ids=["times", "line", "no-array", "no-json", "gone"],
)
def test_what_is_written_wrong_is_told(tmp_path: Path, text: str, told: str) -> None:
    with pytest.raises(KnowledgeError, match=told):
        turns(tmp_path, text)
