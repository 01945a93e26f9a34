"""The option table is the only place where an option is declared."""

from __future__ import annotations

import argparse
from collections.abc import Iterator

import pytest

from conformance.cli.main import command_parser
from conformance.compat.change import ChangeClass
from conformance.model.flavour import Program
from conformance.play.option import CommandName
from conformance.play.option_table import ALL, FAIL_ON, SCHEMA_PROGRAM, TWINS, options_of


def commands(parser: argparse.ArgumentParser, name: str = "") -> Iterator[tuple[str, set[str]]]:
    """Yield each command below a parser, and its options of more than one letter."""
    inner = [each for each in parser._actions if isinstance(each, argparse._SubParsersAction)]
    for action in inner:
        for word, each in action.choices.items():
            yield from commands(each, f"{name} {word}".strip())
    if not inner:
        words = {word for action in parser._actions for word in action.option_strings}
        yield name, {word for word in words if word.startswith("--")} - {"--help"}


OFFERED = dict(commands(command_parser()))


@pytest.mark.parametrize("name", OFFERED)
def test_each_option_of_a_command_comes_from_the_table(name: str) -> None:
    table = options_of(CommandName(name)) if name in {*CommandName} else ()

    assert OFFERED[name] == {f"--{option.name}" for option in table}


def test_every_command_with_options_is_there() -> None:
    assert {*CommandName} <= {name for name, _ in commands(command_parser())}


def test_pytest_has_the_twin_of_every_option_of_a_run(pytestconfig: pytest.Config) -> None:
    given = {option.name: pytestconfig.getoption(f"--qmp-{option.name}") for option in TWINS}

    assert given == {
        option.name: list(option.default) if isinstance(option.default, tuple) else option.default
        for option in TWINS
    }


def test_what_has_no_twin_is_pytests_own_or_of_no_run() -> None:
    for option in options_of(CommandName.RUN):
        assert not option.no_twin or f"has {option.short}" in option.no_twin, option.name
    assert all(
        option.no_twin
        for option in ALL
        if CommandName.RUN not in option.commands
        if option.commands
    )


def test_choices_are_those_of_the_rooms_that_decide_them() -> None:
    assert SCHEMA_PROGRAM.choices == tuple(Program)
    assert SCHEMA_PROGRAM.default == Program.SYSTEM
    assert FAIL_ON.choices == tuple(ChangeClass)
