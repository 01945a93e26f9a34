"""Recipes of object types: what creating one needs, and what it reads back.

docs/recipes.md describes the files. Knows neither a schema nor a machine.
"""

from __future__ import annotations

import enum
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Final

from conformance.knowledge.common import (
    ARCH,
    ISOLATION,
    MACHINE,
    NEEDS,
    REPLACES,
    SETUP,
    VERSIONS,
    WITH,
    NamesPart,
)
from conformance.knowledge.decoder import FileFault, Read
from conformance.knowledge.gathering import gathered, read_folder
from conformance.knowledge.keys import Key, words_form
from conformance.knowledge.refusals import OPEN, PROMISED
from conformance.knowledge.versions import Version, VersionRange, of_arch
from conformance.model.stage import MachineSpec, Request
from conformance.model.terms import ABSENT, Absent, ErrorClass, JsonValue


class Reads(enum.StrEnum):
    """What qom-get returns for a member."""

    # The value given.
    SAME = "same"
    # An error: the property is write-only.
    NEVER = "never"
    # Some value of its type.
    ANY = "any"


class Wish(enum.StrEnum):
    """What a recipe promises of a value that the member's type allows."""

    # QEMU accepts it.
    ACCEPT = "accept"
    # QEMU refuses it, as documented.
    REJECT = "reject"
    # No promise.
    OPEN = "open"


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """A special case: one value of a member."""

    value: Annotated[JsonValue, Key("the value", identity=True)]
    companions: Annotated[Mapping[str, JsonValue], WITH] = field(default_factory=dict)
    expect: Annotated[
        Wish,
        Key(
            "`accept`, `reject` (documented conflict), or `open` (no promise: any reply "
            "passes, and nothing is read back)"
        ),
    ] = Wish.ACCEPT
    reads_as: Annotated[
        JsonValue | Absent,
        Key("what qom-get returns after this value", default="as `reads` says"),
    ] = ABSENT
    needs: Annotated[tuple[str, ...], NEEDS] = ()
    reason: Annotated[str, Key("why")] = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberRecipe:
    """What is known of one member beyond its type."""

    least: Annotated[
        int | None,
        Key(
            "the documented minimum: QEMU must accept it, and refuse one less",
            name="min",
            default="as its width",
        ),
    ] = None
    greatest: Annotated[int | None, Key("likewise the documented maximum", name="max")] = None
    values: Annotated[
        tuple[JsonValue, ...],
        Key(
            "valid values to use instead of those from the type, the usual one first; an "
            "enum also uses all values in the schema, and where object-add is untyped these "
            "are the enum"
        ),
    ] = ()
    companions: Annotated[Mapping[str, JsonValue], WITH] = field(default_factory=dict)
    without: Annotated[
        tuple[str, ...], Key("members of `arguments` to omit when this member is given")
    ] = ()
    alone: Annotated[
        str,
        Key("why it conflicts with other members: it is omitted where all are given together"),
    ] = ""
    omit: Annotated[
        str, Key("why it is never given in a valid request: what this host or build lacks")
    ] = ""
    optional: Annotated[
        str,
        Key("why it may be omitted where object-add is untyped, although later schemas require it"),
    ] = ""
    reads: Annotated[
        Reads,
        Key("what qom-get returns: `same`, `never` (not readable), `any` (anything)"),
    ] = Reads.SAME
    reads_as: Annotated[
        JsonValue | Absent, Key("exactly what qom-get returns", default="as `reads` says")
    ] = ABSENT
    default: Annotated[
        JsonValue | Absent,
        Key(
            "the documented value of the omitted member, if qom-list-properties declares "
            "none or another one",
            default="as declared",
        ),
    ] = ABSENT
    default_of: Annotated[str, Key("why no default can be read back, declared or documented")] = ""
    given: Annotated[tuple[Given, ...], Key("special cases of some of its values")] = ()
    reason: Annotated[str, Key("why, for `min`, `max`, `omit`, `reads`")] = ""

    def special(self, value: JsonValue) -> Given:
        """Return the special case of `value`; an empty one if there is none."""
        for entry in self.given:
            if type(entry.value) is type(value) and entry.value == value:
                return entry
        return Given(value=value)


_NOTHING_KNOWN: Final = MemberRecipe()


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorRecipe:
    """A request that QEMU must refuse although its types are right."""

    name: Annotated[str, Key("the last part of the case's id", identity=True)]
    changes: Annotated[Mapping[str, JsonValue], Key("changes to `arguments`", name="with")] = field(
        default_factory=dict
    )
    without: Annotated[tuple[str, ...], Key("members of `arguments` to omit")] = ()
    error_class: Annotated[ErrorClass, Key("the error class", name="class")] = ErrorClass.GENERIC
    reason: Annotated[str, Key("why QEMU must refuse it")]
    promise: Annotated[str, Key(PROMISED)] = ""
    open: Annotated[str, OPEN] = ""
    after: Annotated[
        tuple[Mapping[str, JsonValue], ...],
        Key(
            "requests with the same id, each with these changes, that are refused right "
            "before and must leave nothing behind (rule W65)"
        ),
    ] = ()

    def faults(self) -> Iterator[FileFault]:
        """Yield that nothing says what promises it."""
        if bool(self.promise) is bool(self.open):
            yield FileFault(
                "promise",
                "an error that is promised, or open: just one of these",
                "Say in 'promise' what promises it, or why it is 'open'.",
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class UserRecipe:
    """A user of the object, which prevents its deletion."""

    name: Annotated[str, Key("the last part of the case's id", identity=True)]
    use: Annotated[tuple[Request, ...], Key("requests that use the object; `{id}` is its id")] = ()
    release: Annotated[
        tuple[Request, ...], Key("requests that end the use", default="it cannot be released")
    ] = ()
    spec: Annotated[MachineSpec, Key(flat=True, inherits=True)]
    needs: Annotated[tuple[str, ...], NEEDS] = ()
    deletable: Annotated[bool, Key("whether the object can be deleted while in use")] = False
    reason: Annotated[str, Key("why")] = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectRecipe:
    """The recipe of one object type for `versions` and `arches`."""

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
            "`always`: if the schema lists the type, it must exist; `optional`: if "
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
            "why these builds fail with the smallest request: only that one is sent, and all "
            "other cases of the type are blocked-by-finding"
        ),
    ] = ""
    refusals_crash: Annotated[
        str,
        Key(
            "why every refusal is fatal to these builds: of the requests that must be "
            "refused, only those of `errors` are sent; the others are blocked-by-finding",
        ),
    ] = ""
    values_hang: Annotated[
        str,
        Key(
            "why these builds answer nothing after a refusal that the schema does not make: "
            "values beyond types, and pairs, are blocked-by-finding",
        ),
    ] = ""
    start_ends: Annotated[
        str,
        Key(
            "why these builds end as they start with such an object on their command line: the "
            "case `valid/at-start` is blocked-by-finding",
        ),
    ] = ""
    arguments: Annotated[
        Mapping[str, JsonValue],
        Key(
            "members without which creation fails: the mandatory ones, and optional ones "
            "that this type in fact needs"
        ),
    ] = field(default_factory=dict)
    members: Annotated[
        Mapping[str, MemberRecipe], Key("what is known of single members, by name")
    ] = field(default_factory=dict)
    errors: Annotated[
        tuple[ErrorRecipe, ...],
        Key("requests that QEMU must refuse although their types are right"),
    ] = ()
    users: Annotated[
        tuple[UserRecipe, ...],
        Key("users of the object, which prevent its deletion"),
    ] = ()

    def member(self, name: str) -> MemberRecipe:
        """Return what is known of the member `name`; an empty value if there is no entry."""
        return self.members.get(name, _NOTHING_KNOWN)


@dataclass(frozen=True, kw_only=True)
class ObjectsPart(NamesPart):
    """The entries of a file about object types."""

    objects: Annotated[
        tuple[ObjectRecipe, ...],
        Key("what a QOM type needs in order to be created, and what it reads back", name="object"),
    ] = ()


class Recipes:
    """The recipes of all object types; the first match for a version counts."""

    def __init__(self, recipes: Iterable[ObjectRecipe]) -> None:
        self._by_type: dict[str, list[ObjectRecipe]] = {}
        for recipe in recipes:
            self._by_type.setdefault(recipe.type, []).append(recipe)

    def find(self, type_name: str, version: Version) -> ObjectRecipe:
        """Return the recipe of `type_name` for `version`, an empty one if there is none."""
        for recipe in self._by_type.get(type_name, ()):
            if version in recipe.versions:
                return recipe
        return ObjectRecipe(type=type_name)

    def for_arch(self, arch: str | None) -> Recipes:
        """Return the recipes for builds whose guests are of `arch`."""
        every = (recipe for recipes in self._by_type.values() for recipe in recipes)
        return Recipes(recipe for recipe in every if of_arch(recipe.arches, arch))

    def needs(self) -> frozenset[str]:
        """Return all needs to probe the host for."""
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
