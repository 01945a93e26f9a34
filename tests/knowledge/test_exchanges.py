"""Files of exchanges are read strictly, and what they write down comes out as turns."""

from __future__ import annotations

from pathlib import Path

import pytest

from conformance.knowledge.exchanges import ExchangeRecipe, Start, load_exchanges
from conformance.knowledge.rules import load_rules
from conformance.knowledge.store import cases_folder
from conformance.model.errors import KnowledgeError
from conformance.model.flavour import Program
from conformance.model.script import ClientAction, Drive, Gone, Hear, Join, Leave, Send, Sync, What
from conformance.model.stage import MachineSpec, Transport
from conformance.model.terms import ABSENT, ErrorClass

HEAD = '[[exchange]]\nname = "n"\nrules = ["W25", "W36"]\nreason = "r"\n'


def loaded(folder: Path, text: str) -> tuple[ExchangeRecipe, ...]:
    (folder / "subject.toml").write_text(text, encoding="utf-8")
    return load_exchanges(folder)


def test_a_turn_names_what_it_does_and_the_rest_is_left_out(tmp_path: Path) -> None:
    (recipe,) = loaded(
        tmp_path,
        HEAD
        + """turns = [
            { connect = "b", line = "x" },
            { send = ["a", { hex = "FF" }, { repeat = "[", times = 3 }], bytewise = true },
            { receive = "error", id = "[1]", rule = "W36" },
            { sync = "!", errors = 2 },
            { half_close = true },
            { close = true, line = "x" },
            { closed = true },
        ]""",
    )

    assert recipe.subject == "subject"
    assert (recipe.start, recipe.on) == (Start.NEGOTIATED, (Transport.SOCKET,))
    assert recipe.turns == (
        Join(line="x", endpoint="b"),
        Send(line="a", data=b"a\xff[[[", bytewise=True),
        Hear(line="a", what=What.ERROR, rule="W36", id=[1]),
        Sync(line="a", rule="W25", lead=b"!", least=2),
        Leave(line="a", half=True),
        Leave(line="x"),
        Gone(line="a", rule="W25"),
    )


def test_a_turn_that_gives_no_id_hears_a_reply_without_one(tmp_path: Path) -> None:
    (recipe,) = loaded(tmp_path, HEAD + 'turns = [{ receive = "return" }]')

    (turn,) = recipe.turns
    assert isinstance(turn, Hear)
    assert turn.id is ABSENT


def test_what_an_exchange_leaves_out_is_as_it_mostly_is(tmp_path: Path) -> None:
    (recipe,) = loaded(tmp_path, HEAD + 'turns = [{ client = "connect" }, { client = "event" }]')

    assert recipe.programs == (Program.SYSTEM, Program.STORAGE_DAEMON)
    assert (recipe.pretty, recipe.fresh, recipe.ends, recipe.slow) == (False, False, False, "")
    assert (recipe.spec, recipe.limit) == (MachineSpec(), 10.0)
    assert recipe.turns == (
        Drive(line="a", rule="W25", deed=ClientAction.CONNECT, name="a"),
        Drive(line="a", rule="W25", deed=ClientAction.EVENT),
    )


def test_what_an_exchange_says_of_itself_is_kept(tmp_path: Path) -> None:
    said = 'programs = ["system"]\npretty = true\nfresh = true\nends = true\nslow = "it is"\n'
    turns = """turns = [
        { client = "connect", name = "b", line = "c" },
        { client = "pipeline", name = "stop", times = 3, refused = "GenericError" },
        { client = "exec-oob", name = "yank", arguments = '{"a":1}', rule = "W36" },
        { sync = "", open = true },
    ]"""

    (recipe,) = loaded(tmp_path, HEAD + said + 'limit = 3\non = ["pty"]\n' + turns)

    assert recipe.programs == (Program.SYSTEM,)
    assert (recipe.pretty, recipe.fresh, recipe.ends, recipe.slow) == (True, True, True, "it is")
    assert (recipe.on, recipe.limit) == ((Transport.PTY,), 3.0)
    refused = ErrorClass.GENERIC
    assert recipe.turns == (
        Drive(line="c", rule="W25", deed=ClientAction.CONNECT, name="b"),
        Drive(
            line="a", rule="W25", deed=ClientAction.PIPELINE, name="stop", times=3, refused=refused
        ),
        Drive(line="a", rule="W36", deed=ClientAction.OUT_OF_BAND, name="yank", arguments={"a": 1}),
        Sync(line="a", rule="W25", open=True),
    )


def test_a_cut_leaves_what_comes_before_and_behind_it_whole(tmp_path: Path) -> None:
    text = 'turns = [{ close = true }, { send = "ab", cut = true }, { closed = true }]'

    (recipe,) = loaded(tmp_path, HEAD + text)

    assert recipe.turns == (
        Leave(line="a"),
        Send(line="a", data=b"a"),
        Gone(line="a", rule="W25"),
    )


def test_what_varies_makes_a_case_for_each_of_its_values(tmp_path: Path) -> None:
    text = 'vary.id = { one = "1", two = "2" }\nturns = [{ send = "{id}{" }]'

    recipes = loaded(tmp_path, HEAD + text)

    assert [recipe.name for recipe in recipes] == ["n/one", "n/two"]
    assert [recipe.turns for recipe in recipes] == [
        (Send(line="a", data=b"1{"),),
        (Send(line="a", data=b"2{"),),
    ]


def test_what_is_cut_is_sent_up_to_each_place_within(tmp_path: Path) -> None:
    recipes = loaded(tmp_path, HEAD + 'turns = [{ send = "abc", cut = true }, { sync = "" }]')

    assert [recipe.name for recipe in recipes] == ["n/cut-1", "n/cut-2"]
    assert [recipe.turns[0] for recipe in recipes] == [
        Send(line="a", data=b"a"),
        Send(line="a", data=b"ab"),
    ]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('[[exchange]]\nname = "n"\nreason = "r"\nturns = []', "'rules' is missing"),
        (HEAD + 'turns = [{ line = "a" }]', "says nothing of what is done"),
        (HEAD + 'turns = [{ send = "a", sync = "" }]', "'send' and 'sync' contradict"),
        (HEAD + 'turns = [{ receive = "silence" }]', "silence"),
        (HEAD + 'turns = [{ receive = "return", id = "{" }]', "is no JSON"),
        (HEAD + "turns = [{ send = { what = 1 } }]", "cannot be sent"),
        (HEAD + 'turns = [{ send = "a", loud = true }]', "unknown key 'loud'"),
        (HEAD + 'start = "later"\nturns = []', "later"),
        (HEAD + 'on = ["pigeon"]\nturns = []', "pigeon"),
        (HEAD + 'vary.a = { x = "1" }\nvary.b = { y = "2" }\nturns = []', "more than one place"),
        (HEAD + 'turns = [{ send = "ab", cut = true }, { send = "ab", cut = true }]', "only one"),
        (
            HEAD + 'turns = [{ sync = "" }, { send = "ab", cut = true }, 7]',
            "element 3 of 'turns' is the number 7",
        ),
        (HEAD + 'turns = [{ receive = "reply", cut = true }]', "unknown key 'cut'"),
        (HEAD + "vary = 7\nturns = []", "is the number 7, not a table"),
        (HEAD + "vary.a = 7\nturns = []", "is the number 7, not a table"),
        (HEAD + "loud = true\nturns = []", "unknown key 'loud'"),
        (HEAD + "limit = []\nturns = []", "'limit' is an array, not a number"),
        (HEAD + "turns = [{ read_bytes = [1] }]", "is an array, not an integer"),
        (HEAD + "turns = [{ read_bytes = true }]", "is true, not an integer"),
        (HEAD + "turns = [{ connect = 1 }]", "is the number 1, not a string"),
        (HEAD + "turns = [{ close = false }]", "is false, not true"),
        (HEAD + 'turns = [{ sync = "", errors = "2" }]', "not an integer"),
        (HEAD + 'turns = [{ send = { hex = "FF", more = 1 } }]', "cannot be sent"),
        (HEAD + 'turns = [{ send = { repeat = "x", times = 2, more = 1 } }]', "cannot be sent"),
        ("exchange = [7]", "element 1 of 'exchange' is the number 7"),
        ("other = 7", "unknown key 'other'"),
        (
            '[[exchange]]\nrules = ["W25"]\nreason = "r"\nturns = []',
            "exchange 1: 'name' is missing",
        ),
    ],
    ids=lambda text: text[-30:].strip(),
)
def test_what_no_exchange_has_is_refused_by_name(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(KnowledgeError, match=words) as caught:
        loaded(tmp_path, text)
    assert "subject.toml" in str(caught.value)


def test_the_exchanges_that_ship_are_named_once_and_speak_of_known_rules() -> None:
    recipes = load_exchanges(cases_folder() / "exchanges")

    names = [(recipe.subject, recipe.name) for recipe in recipes]
    assert len(set(names)) == len(names) > 500
    assert {rule for recipe in recipes for rule in recipe.rules} <= load_rules().keys()
