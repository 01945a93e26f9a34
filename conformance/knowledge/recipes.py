"""Recipes of object types: what must stand before one can be created, and what it then answers.

docs/recipes.md describes the files.  Knows neither a schema nor a machine.
"""

from __future__ import annotations

import enum
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

from conformance.knowledge.common import (
    ARCH,
    ISOLATION,
    MACHINE,
    NEEDS,
    REPLACES,
    SETUP,
    VERSIONS,
    WITH,
    RequestsPart,
)
from conformance.knowledge.decoder import Read
from conformance.knowledge.gathering import gathered, read_folder
from conformance.knowledge.keys import Key, words_form
from conformance.knowledge.versions import Version, VersionRange, of_arch
from conformance.model.stage import MachineSpec, Request
from conformance.model.terms import ABSENT, Absent, ErrorClass, JsonValue


class Reads(enum.StrEnum):
    """What qom-get of a member answers after it was given."""

    # The value that was given.
    SAME = "same"
    # An error: the property can only be written.
    NEVER = "never"
    # Some value of its type.
    ANY = "any"


class Wish(enum.StrEnum):
    """What is promised of a value that the member's type allows."""

    # It is accepted.
    ACCEPT = "accept"
    # It is refused, by documentation.
    REJECT = "reject"
    # Nothing.
    OPEN = "open"


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """What is special about one value of a member."""

    value: Annotated[JsonValue, Key("the value", identity=True)]
    companions: Annotated[Mapping[str, JsonValue], WITH] = field(default_factory=dict)
    expect: Annotated[
        Wish,
        Key(
            "`accept`, `reject` (documented conflict), or `open` (no promise: any answer will do, "
            "and nothing is read back)"
        ),
    ] = Wish.ACCEPT
    reads_as: Annotated[
        JsonValue | Absent,
        Key("what qom-get answers after this value", default="as `reads` says"),
    ] = ABSENT
    needs: Annotated[tuple[str, ...], NEEDS] = ()
    reason: Annotated[str, Key("why")] = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberRecipe:
    """What is known of one member beyond its type."""

    least: Annotated[
        int | None,
        Key(
            "the least integer that its documentation allows: it must be accepted, and one less "
            "refused",
            name="min",
            default="what its width allows",
        ),
    ] = None
    greatest: Annotated[int | None, Key("likewise the greatest", name="max")] = None
    values: Annotated[
        tuple[JsonValue, ...],
        Key(
            "valid values to use in place of those that the type yields, the usual one first; of "
            "an enum all values that the schema lists are used, and where object-add is untyped "
            "these are the enum"
        ),
    ] = ()
    companions: Annotated[Mapping[str, JsonValue], WITH] = field(default_factory=dict)
    without: Annotated[
        tuple[str, ...], Key("what is left out of `arguments` when this member is given")
    ] = ()
    alone: Annotated[
        str,
        Key("why it is not compatible with the others: left out where all are given together"),
    ] = ""
    omit: Annotated[
        str, Key("why it is never given in a valid request: what this host or build lacks")
    ] = ""
    optional: Annotated[
        str,
        Key("why it may be left out where object-add is untyped, although later schemas demand it"),
    ] = ""
    reads: Annotated[
        Reads,
        Key("what qom-get of it answers: `same`, `never` (it cannot be read), `any` (anything)"),
    ] = Reads.SAME
    reads_as: Annotated[
        JsonValue | Absent, Key("just what qom-get of it answers", default="as `reads` says")
    ] = ABSENT
    default: Annotated[
        JsonValue | Absent,
        Key(
            "what it reads when it was left out, by documentation, where qom-list-properties "
            "declares nothing or something else",
            default="as declared",
        ),
    ] = ABSENT
    default_of: Annotated[str, Key("why no default can be read back, declared or documented")] = ""
    given: Annotated[tuple[Given, ...], Key("what is special about some of its values")] = ()
    reason: Annotated[str, Key("why, for `min`, `max`, `omit`, `reads`")] = ""

    def special(self, value: JsonValue) -> Given:
        """Return what is special about `value`: nothing, where no entry has it."""
        for entry in self.given:
            if type(entry.value) is type(value) and entry.value == value:
                return entry
        return Given(value=value)


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorRecipe:
    """A request with right types that must be refused all the same."""

    name: Annotated[str, Key("the last part of the case's id", identity=True)]
    changes: Annotated[
        Mapping[str, JsonValue], Key("what is put over `arguments`", name="with")
    ] = field(default_factory=dict)
    without: Annotated[tuple[str, ...], Key("what is left out of `arguments`")] = ()
    error_class: Annotated[ErrorClass, Key("the class of the error", name="class")] = (
        ErrorClass.GENERIC
    )
    reason: Annotated[str, Key("why it must be refused")]
    after: Annotated[
        tuple[Mapping[str, JsonValue], ...],
        Key(
            "requests with the same id, each with these changes, that are refused right before and "
            "must leave nothing behind (rule W65)"
        ),
    ] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class UserRecipe:
    """Somebody who can use the object, so that it must outlive that use."""

    name: Annotated[str, Key("the last part of the case's id", identity=True)]
    use: Annotated[
        tuple[Request, ...], Key("requests that use the object; `{id}` is its id in them")
    ] = ()
    release: Annotated[
        tuple[Request, ...], Key("requests that end that use", default="it cannot be released")
    ] = ()
    spec: Annotated[MachineSpec, Key(flat=True, inherits=True)]
    needs: Annotated[tuple[str, ...], NEEDS] = ()
    deletable: Annotated[bool, Key("whether the object can be deleted while it is used")] = False
    reason: Annotated[str, Key("why")] = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectRecipe:
    """All that is known of one object type on a range of versions, of one arch of `arches`."""

    type: Annotated[str, Key("the qom-type", identity=True)]
    versions: Annotated[VersionRange, VERSIONS] = VersionRange()
    arches: Annotated[tuple[str, ...], ARCH] = ()
    replaces: Annotated[bool, REPLACES] = False
    reason: Annotated[str, Key("what the object is for")] = ""
    spec: Annotated[MachineSpec, MACHINE] = MachineSpec()
    setup: Annotated[tuple[Request, ...], SETUP] = ()
    needs: Annotated[tuple[str, ...], NEEDS] = ()
    always_compiled: Annotated[
        bool,
        Key(
            "`always`: the type must be there when the schema lists it; `optional`: where "
            "qom-list-types does not list it, it is not applicable",
            name="compiled",
            default="optional",
            form=words_form({"optional": False, "always": True}),
        ),
    ] = False
    alone: Annotated[bool, ISOLATION] = False
    only_one: Annotated[str, Key("why only one such object can exist with these arguments")] = ""
    broken: Annotated[
        str,
        Key(
            "why these builds fail with the smallest request: that one alone is asked for, and all "
            "other cases of the type are blocked-by-finding"
        ),
    ] = ""
    refusals_crash: Annotated[
        str,
        Key(
            "why every refusal is fatal to these builds: of the requests that must be refused only "
            "those of `errors` are asked for, the others are blocked-by-finding",
        ),
    ] = ""
    arguments: Annotated[
        Mapping[str, JsonValue],
        Key(
            "members without which creation fails here: the mandatory ones, and optional ones that "
            "this type in fact needs"
        ),
    ] = field(default_factory=dict)
    members: Annotated[
        Mapping[str, MemberRecipe], Key("what is known of single members, by their names")
    ] = field(default_factory=dict)
    errors: Annotated[
        tuple[ErrorRecipe, ...],
        Key("requests that must be refused although their types are right"),
    ] = ()
    users: Annotated[
        tuple[UserRecipe, ...],
        Key("who can use the object, so that its deletion is refused meanwhile"),
    ] = ()

    def member(self, name: str) -> MemberRecipe:
        """Return what is known of the member `name`: nothing, where no entry has it."""
        return self.members.get(name, MemberRecipe())


@dataclass(frozen=True, kw_only=True)
class ObjectsPart(RequestsPart):
    """What a file says of object types."""

    objects: Annotated[
        tuple[ObjectRecipe, ...],
        Key(
            "what a QOM type needs in order to be created, and what it then answers", name="object"
        ),
    ] = ()


class Recipes:
    """The recipes of all object types; the first that fits a version counts."""

    def __init__(self, recipes: Iterable[ObjectRecipe]) -> None:
        self._by_type: dict[str, list[ObjectRecipe]] = {}
        for recipe in recipes:
            self._by_type.setdefault(recipe.type, []).append(recipe)

    def find(self, type_name: str, version: Version) -> ObjectRecipe:
        """Return the recipe of `type_name` for `version`; an empty one, where there is none."""
        for recipe in self._by_type.get(type_name, ()):
            if version in recipe.versions:
                return recipe
        return ObjectRecipe(type=type_name)

    def for_arch(self, arch: str | None) -> Recipes:
        """Return those for builds whose guests are of `arch`."""
        every = (recipe for recipes in self._by_type.values() for recipe in recipes)
        return Recipes(recipe for recipe in every if of_arch(recipe.arches, arch))

    def needs(self) -> frozenset[str]:
        """Return all needs that a host is probed for."""
        return frozenset(
            need
            for recipes in self._by_type.values()
            for recipe in recipes
            for need in (
                *recipe.needs,
                *(n for user in recipe.users for n in user.needs),
                *(n for m in recipe.members.values() for given in m.given for n in given.needs),
            )
        )


def load_recipes(folder: Path, more: Sequence[Read[ObjectsPart]] = ()) -> Recipes:
    """Return the recipes of all files `*.toml` in `folder`, those of `more` first.

    Raises KnowledgeError.
    """
    parts = [*more, *read_folder(folder, ObjectsPart)]
    return Recipes(gathered(parts, "objects"))
