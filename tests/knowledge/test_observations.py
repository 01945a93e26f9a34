"""What a recipe says of where an effect is seen is read strictly."""

from __future__ import annotations

from pathlib import Path

import pytest

from conformance.knowledge.commands import CommandRecipe
from conformance.knowledge.observations import Emitted, Look, Wanted, looks_for
from conformance.knowledge.versions import VersionRange
from conformance.model.errors import KnowledgeError
from conformance.model.stage import Request
from conformance.model.terms import ABSENT
from tests.knowledge.read import load_commands

WHOLE = """
[[command]]
name = "do"
[[command.verify]]
execute = "look"
arguments = { at = "{scratch}/a" }
at = [0, { n = 1 }, "on"]
value = "{scratch}"
ignore = ["*.time"]
after = [{ event = "LIT", data = { n = 1 } }]
asked_after_cleanup = false
versions = ">=6"
[[command.verify]]
execute = "undo"
refused = "DeviceNotFound"
[[command.verify]]
execute = "undo"
tells = { event = "LIT", data = { n = 1 } }
[[command.further]]
name = "more"
verify = [{ execute = "look", at = ["on"], absent = true }]
reason = "r"
"""


def read(tmp_path: Path, text: str) -> CommandRecipe:
    (tmp_path / "x.toml").write_text(text)
    return load_commands(tmp_path)["do"]


def _command(looks: str) -> str:
    return f'[[command]]\nname = "do"\nverify = [{looks}]\n'


def test_every_key_is_read(tmp_path: Path) -> None:
    recipe = read(tmp_path, WHOLE)

    first, second, third = recipe.verify
    assert first == Look(
        request=Request("look", {"at": "/tmp/qmp/a"}),
        path=("0", {"n": 1}, "on"),
        wanted=Wanted.VALUE,
        value="/tmp/qmp",
        ignore=(("*", "time"),),
        after=(Emitted(event="LIT", data={"n": 1}),),
        asked_after_cleanup=False,
        versions=VersionRange(">=6"),
    )
    assert second == Look(
        request=Request("undo", ABSENT), wanted=Wanted.REFUSED, value="DeviceNotFound"
    )
    assert third == Look(
        request=Request("undo", ABSENT),
        wanted=Wanted.TELLS,
        told=Emitted(event="LIT", data={"n": 1}),
    )
    assert recipe.further[0].verify[0].wanted is Wanted.ABSENT
    assert looks_for(recipe.verify, (5, 2, 0)) == (second, third)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (_command('{ execute = "a" }'), "has none of these keys"),
        (
            _command('{ execute = "a", at = ["b"], value = 1, there = true }'),
            "'value' and 'there' contradict each other",
        ),
        (_command('{ execute = "a", at = ["b"], there = false }'), "'there' is false, not true"),
        (_command('{ execute = "a", there = true }'), "'at' is missing"),
        (_command('{ execute = "a", refused = "Odd" }'), "'refused' is 'Odd'"),
        (_command('{ execute = "a", at = [1.5], value = 1 }'), "not a name, a number or a table"),
        (_command('{ execute = "a", value = 1, versions = "6" }'), "6"),
        (_command('{ execute = "a", vale = 1, value = 1 }'), "Did you mean"),
        (
            _command('{ execute = "a", value = 1 }') + 'not_observable = "x"\n',
            "'not_observable' and 'verify' contradict",
        ),
    ],
    ids=["none", "two", "false", "nowhere", "class", "part", "versions", "key", "unseen"],
)
def test_what_cannot_be_meant_is_refused(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(KnowledgeError) as caught:
        read(tmp_path, text)

    assert words in str(caught.value)
