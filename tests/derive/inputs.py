"""Builds and knowledge that hold just what a test needs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from conformance.derive.inputs import Facts, Introspected
from conformance.derive.subjects import Cases
from conformance.digest.digest import DigestEntity
from conformance.knowledge.commands import CommandRecipe, CommandRecipes
from conformance.knowledge.everything import Knowledge
from conformance.knowledge.versions import Version
from conformance.model.case import Case
from conformance.qapi.model import Schema
from conformance.qapi.qom import ObjectModel

NO_OBJECTS = ObjectModel(types=(), creatable=(), properties={}, trees={})
NO_SCHEMA = Schema(commands={}, events={}, types={})


def a_build(schema: Schema = NO_SCHEMA, version: Version = (10, 0, 0), **more: Any) -> Introspected:
    return Introspected(
        **{"schema": schema, "version": version, "model": NO_OBJECTS, "lacks": {}, **more}
    )


def declaring(entities: Mapping[str, DigestEntity], **more: Any) -> Facts:
    return Facts(entities=entities, name="made", exact=True, **more)


def known(*recipes: CommandRecipe | None, **more: Any) -> Knowledge:
    commands = CommandRecipes(recipe for recipe in recipes if recipe is not None)
    return Knowledge(commands=commands, **more)


def cases_of_schema(
    generator: Cases, schema: Schema, recipe: CommandRecipe | None, name: str, **settings: Any
) -> list[Case]:
    """Return the cases of a command of 8.1; `settings` are of the build or of what is known."""
    of_known = {
        key: settings.pop(key) for key in ("ranges", "unchecked", "readbacks") if key in settings
    }
    build = a_build(schema, **{"version": (8, 1, 0), **settings})
    return list(generator(build, known(recipe, **of_known), name))


def cases_of(
    generator: Cases, build: Introspected, knowledge: Knowledge, names: Iterable[str]
) -> list[Case]:
    return [case for name in names for case in generator(build, knowledge, name)]
