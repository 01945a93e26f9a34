"""The files under cases/ as texts, and what stands in them by a name."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from conformance.knowledge.decoder import files_in
from conformance.knowledge.store import cases_folder
from conformance.knowledge.toml_lines import line_of, lines
from conformance.model.errors import KnowledgeError
from conformance.model.stage import Request
from tests.knowledge.read import load_commands

_WIDTH = 160
_LONG = 100
"""From how many characters on a command line has a name before it stands in a file twice."""
FILES = list(files_in(cases_folder()))
NAMED = """[requests]
on = [{ execute = "cont" }, { execute = "query-status" }]
both = ["on", { execute = "stop" }]
[[command]]
name = "stop"
setup = [{ execute = "query-kvm" }, "both"]
cleanup = ["on"]
"""
NAMED_ARGS = """[args]
screens = ["-device", "VGA"]
[[command]]
name = "stop"
reason = "r"
args = "screens"
"""


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(cases_folder())))
def test_no_line_is_longer_than_a_reader_takes_in(path: Path) -> None:
    text = path.read_text(encoding="utf-8")

    assert [line for line in text.splitlines() if len(line) > _WIDTH] == []


def test_requests_by_a_name_stand_for_all_that_have_it(tmp_path: Path) -> None:
    (tmp_path / "x.toml").write_text(NAMED)

    recipe = load_commands(tmp_path)["stop"]

    assert [each.execute for each in recipe.setup] == ["query-kvm", "cont", "query-status", "stop"]
    assert recipe.cleanup == (Request("cont"), Request("query-status"))


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('["on"]\n', '["om"]\n', "x.toml:7: command stop: no requests are named 'om'"),
        ('["on", {', '["both", {', "x.toml:3: requests: the requests 'both' hold themselves"),
        ("query-status", 'query-status", e = "', "x.toml:2: requests: unknown key 'e'"),
    ],
    ids=["unknown", "circle", "wrong"],
)
def test_what_is_wrong_with_requests_by_a_name_is_told(
    tmp_path: Path, old: str, new: str, words: str
) -> None:
    (tmp_path / "x.toml").write_text(NAMED.replace(old, new))

    with pytest.raises(KnowledgeError) as caught:
        load_commands(tmp_path)
    told = str(caught.value)
    assert words.partition(": ")[0] in told
    assert words.rpartition(": ")[2] in told


def test_a_command_line_by_a_name_stands_for_the_array(tmp_path: Path) -> None:
    (tmp_path / "x.toml").write_text(NAMED_ARGS)

    assert load_commands(tmp_path)["stop"].spec.args == ("-device", "VGA")


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        (
            '"screens"',
            '"sceens"',
            "x.toml:6: command stop: no command line is named 'sceens' under [args]\n"
            "  Did you mean 'screens'?",
        ),
        (
            '"VGA"',
            "1",
            "x.toml:2: args: element 2 of 'screens' is the number 1, not a string",
        ),
        (
            '["-device", "VGA"]',
            '"screens"',
            "x.toml:2: args: 'screens' is the string 'screens', not an array",
        ),
    ],
    ids=["unknown", "wrong", "a name of a name"],
)
def test_what_is_wrong_with_a_command_line_by_a_name_is_told_once(
    tmp_path: Path, old: str, new: str, told: str
) -> None:
    (tmp_path / "x.toml").write_text(NAMED_ARGS.replace(old, new))

    with pytest.raises(KnowledgeError) as caught:
        load_commands(tmp_path)
    assert str(caught.value) == f"{tmp_path}/{told}"


@pytest.mark.parametrize("table", ["args", "requests"])
def test_a_name_that_nothing_uses_is_told(tmp_path: Path, table: str) -> None:
    (tmp_path / "x.toml").write_text(f"# A file.\n[{table}]\nidle = []\n")

    with pytest.raises(KnowledgeError) as caught:
        load_commands(tmp_path)
    assert str(caught.value) == (
        f"{tmp_path}/x.toml:3: {table}: nothing uses 'idle'\n  Take it out."
    )


def test_no_long_command_line_stands_twice() -> None:
    every = [line for path in FILES for line in command_lines(tomllib.loads(path.read_text()))]

    assert len(every) > 1
    assert [line for line in every if every.count(line) > 1] == []


def command_lines(value: Any) -> Iterator[str]:
    """Yield each long array `args` within a value, as text."""
    for key, item in value.items() if isinstance(value, dict) else enumerate(value):
        if key == "args" and isinstance(item, list) and len(str(item)) > _LONG:
            yield str(item)
        elif isinstance(item, dict | list):
            yield from command_lines(item)


TEXT = '''# A comment = 1
a = 1
"b c".d = [
    1, # [
    { e = "]", f = """
x""", g = [2, 3] },
]
[t.u]
v = 'x # y'
[[w]]
x = 1
[[w]]
[w.y]
z = 1979-05-27
[[w.s]]
k = { l = { m = 0x1F } }
'''


@pytest.mark.parametrize(
    ("path", "line"),
    [
        (("a",), 2),
        (("b c", "d"), 3),
        (("b c", "d", 0), 4),
        (("b c", "d", 1, "f"), 5),
        (("b c", "d", 1, "g", 1), 6),
        (("t", "u", "v"), 9),
        (("w", 0, "x"), 11),
        (("w", 1), 12),
        (("w", 1, "y", "z"), 14),
        (("w", 1, "s", 0, "k", "l", "m"), 16),
        (("w", 1, "s", 0, "nothing"), 15),
        (("nothing",), 1),
    ],
)
def test_each_key_and_element_has_its_line(path: tuple[str | int, ...], line: int) -> None:
    assert line_of(lines(TEXT), path) == line
