"""What people write on the command line that means nothing here, and what they are told."""

from __future__ import annotations

from pathlib import Path

import pytest

from conformance.cli.command_line import options_in, prepared, swapped, unknown
from conformance.model.errors import UsageError

OURS = ["--case", "--shard", "--report", "--no-sandbox", "--machine", "-n", "-q"]
QEMU = "/usr/bin/qemu"


@pytest.mark.parametrize(
    ("words", "taken"),
    [
        (["run", QEMU, "--arg", "-smp", "--arg", "2"], ["run", QEMU, "--arg=-smp", "--arg=2"]),
        (["run", "--", QEMU], ["run", QEMU]),
        (["run", QEMU, "-n", "2", "-qv"], ["run", QEMU, "-n", "2", "-qv"]),
    ],
)
def test_words_are_taken_as_they_are_meant(words: list[str], taken: list[str]) -> None:
    assert prepared(words) == taken


def test_what_stands_behind_two_dashes_is_no_way_to_hand_qemu_its_options() -> None:
    with pytest.raises(UsageError) as caught:
        prepared(["run", QEMU, "--case", "x", "--", "-L", "pc bios"])
    assert "-L is no target" in caught.value.what
    assert "write --arg=-L '--arg=pc bios'." in caught.value.remedy


@pytest.mark.parametrize("word", ["-nographic", "-nodefaults", "-vga", "-smp", "-machine"])
def test_options_of_qemu_are_known_by_their_one_dash(word: str) -> None:
    with pytest.raises(UsageError, match=rf"unknown option {word}\n  To hand .* --arg={word}\."):
        prepared(["run", QEMU, word])


@pytest.mark.parametrize(
    ("word", "remedy"),
    [
        ("--shar=1/2", "Did you mean --shard?"),
        ("--reprot", "Did you mean --report?"),
        ("--junitxml=x.xml", "Write: pytest --qmp-program PROGRAM --junitxml=x.xml"),
        ("-k", "Write: pytest --qmp-program PROGRAM -k"),
        ("-x", "Write: pytest --qmp-program PROGRAM -x"),
        ("--lf", "Write: pytest --qmp-program PROGRAM --lf"),
        ("--alluredir=x", "Write: pytest --qmp-program PROGRAM --alluredir=x"),
        ("--qmp-case=x", "Here it is written --case."),
        # A wall is never what was meant.
        ("--no-sandbo", "`qmp-conformance COMMAND --help` lists the options."),
        ("--xyzzy", "`qmp-conformance COMMAND --help` lists the options."),
        ("-L", "To hand it to QEMU, write --arg=-L."),
    ],
)
def test_an_unknown_option_is_answered_with_what_helps(word: str, remedy: str) -> None:
    assert unknown(word, OURS).remedy == remedy


def test_the_options_of_a_usage_are_found() -> None:
    assert options_in("usage: x [-h] [--no-sandbox] [-n N] A-B ...") == ["-h", "--no-sandbox", "-n"]


def test_a_case_and_a_program_that_have_changed_places_are_known(tmp_path: Path) -> None:
    program = tmp_path / "usr/bin/qemu"
    program.parent.mkdir(parents=True)
    program.touch()
    case = "stop/valid/plain"

    assert swapped(str(program), case, [])
    assert swapped(f"mine={program}", case, [])
    assert swapped("targets.toml:one", case, [])
    assert swapped("qemu", case, [str(tmp_path)])
    assert not swapped(case, str(program), [])
    assert not swapped(case, case, [])
    assert not swapped(str(program), str(program), [])
