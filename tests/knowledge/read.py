"""Recipes of commands and ranges from the files of one folder."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from conformance.knowledge.commands import CommandRecipes, CommandsPart, commands_of, ranges_of
from conformance.knowledge.gathering import read_folder
from conformance.knowledge.ranges import RangeRecipe


def load_commands(folder: Path) -> CommandRecipes:
    return commands_of(read_folder(folder, CommandsPart))


def load_ranges(folder: Path) -> Mapping[str, tuple[RangeRecipe, ...]]:
    return ranges_of(read_folder(folder, CommandsPart))
