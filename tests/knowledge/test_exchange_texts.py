"""What exchanges send and await is written in pieces, and a variant may name several places."""

from __future__ import annotations

from pathlib import Path

import pytest

from conformance.knowledge.exchanges import ExchangeRecipe, load_exchanges
from conformance.knowledge.store import cases_folder
from conformance.model.errors import KnowledgeError
from conformance.model.script import Hear, Send, Sync


def read(folder: Path, rest: str) -> tuple[ExchangeRecipe, ...]:
    """Return the exchanges of a file that holds one, of which `rest` says what it does."""
    head = '[[exchange]]\nname = "say"\nrules = ["W25"]\nreason = "is said"\n'
    (folder / "talk.toml").write_text(head + rest)
    return load_exchanges(folder)


def test_a_variant_that_is_a_table_fills_each_place_that_it_names(tmp_path: Path) -> None:
    rest = """vary.quote.one = { sent = "'x'", back = '"x"' }
vary.quote.two = { sent = "'y'", back = '"y"' }
turns = [{ send = "<{sent}>" }, { receive = "return", id = "{back}" }]"""
    one, two = read(tmp_path, rest)
    assert (one.name, two.name) == ("say/one", "say/two")
    assert one.turns[0] == Send(line="a", data=b"<'x'>")
    assert isinstance(two.turns[1], Hear)
    assert two.turns[1].id == "y"


@pytest.mark.parametrize(
    ("piece", "data"),
    [
        ('{ hex = "C3A9" }', b"\xc3\xa9"),
        ('{ repeat = "ab", times = 2 }', b"abab"),
        ('["<", { hex = "00" }, ">"]', b"<\0>"),
    ],
    ids=["hex", "repeat", "array"],
)
def test_a_variant_that_is_a_piece_is_sent_as_such(tmp_path: Path, piece: str, data: bytes) -> None:
    rest = f'vary.bytes = {{ some = {piece} }}\nturns = [{{ send = ["[", "{{bytes}}", "]"] }}]'
    (recipe,) = read(tmp_path, rest)
    assert recipe.turns[0] == Send(line="a", data=b"[" + data + b"]")


def test_an_id_is_awaited_in_pieces_like_those_that_are_sent(tmp_path: Path) -> None:
    rest = """vary.text = { long = { repeat = "x", times = 9 } }
turns = [{ receive = "return", id = ['"', "{text}", { hex = "C3A9" }, '"'] }]"""
    (recipe,) = read(tmp_path, rest)
    assert isinstance(recipe.turns[0], Hear)
    assert recipe.turns[0].id == "xxxxxxxxxé"


@pytest.mark.parametrize(
    "pieces",
    ["'x'", "['[', '1']", "[{ hex = 'FF' }]", "[{ repeat = '[', times = 100000 }]"],
    ids=["word", "unfinished", "no-text", "too-deep"],
)
def test_what_is_awaited_and_is_no_json_is_told_with_its_place(tmp_path: Path, pieces: str) -> None:
    with pytest.raises(KnowledgeError, match=r"exchange say: turn 1: .* is no JSON"):
        read(tmp_path, f'turns = [{{ receive = "return", id = {pieces} }}]')


def test_what_is_sent_many_times_is_kept_once(tmp_path: Path) -> None:
    (recipe,) = read(tmp_path, 'turns = [{ send = "ab", times = 1024 }]')
    assert recipe.turns == (Send(line="a", data=b"ab", times=1024),)


def test_a_proof_of_being_in_step_may_be_open_to_any_reply(tmp_path: Path) -> None:
    (recipe,) = read(tmp_path, 'turns = [{ sync = "\\u0007", open = true }]')
    assert recipe.turns == (Sync(line="a", rule="W25", lead=b"\x07", open=True),)


def test_no_exchange_of_the_suite_holds_more_than_some_hundred_kilobytes() -> None:
    # All of them are read at the start of each run, also those that only a thorough one plays.
    for recipe in load_exchanges(cases_folder() / "exchanges"):
        size = sum(len(turn.data) for turn in recipe.turns if isinstance(turn, Send))
        assert size < 400_000, recipe.name


def test_what_takes_more_than_a_megabyte_is_left_to_thorough_runs() -> None:
    for recipe in load_exchanges(cases_folder() / "exchanges"):
        sends = [turn for turn in recipe.turns if isinstance(turn, Send)]
        if sum(len(turn.data) * turn.times for turn in sends) > 1 << 20:
            assert recipe.slow, recipe.name
