"""Recipes of object types: what must stand before one can be created, and what it then answers.

docs/recipes.md describes the files.  Knows neither a schema nor a machine.
"""

from __future__ import annotations

import enum
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from conformance.knowledge.tables import Table, read_table
from conformance.knowledge.versions import Version, VersionRange, of_arch
from conformance.model.errors import KnowledgeError
from conformance.model.stage import (
    SCRATCH,
    Awaited,
    Companion,
    Descriptor,
    MachineSpec,
    Peer,
    Request,
    ScratchFile,
)
from conformance.model.terms import ABSENT, Absent, ErrorClass, JsonValue

SCRATCH_MARK: Final = "{scratch}"


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

    value: JsonValue
    companions: Mapping[str, JsonValue] = field(default_factory=dict)
    expect: Wish = Wish.ACCEPT
    reads_as: JsonValue | Absent = ABSENT
    needs: tuple[str, ...] = ()
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberRecipe:
    """What is known of one member beyond its type."""

    least: int | None = None
    greatest: int | None = None
    values: tuple[JsonValue, ...] = ()
    companions: Mapping[str, JsonValue] = field(default_factory=dict)
    without: tuple[str, ...] = ()
    alone: str = ""
    omit: str = ""
    optional: str = ""
    reads: Reads = Reads.SAME
    reads_as: JsonValue | Absent = ABSENT
    default: JsonValue | Absent = ABSENT
    default_of: str = ""
    given: tuple[Given, ...] = ()
    reason: str = ""

    def special(self, value: JsonValue) -> Given:
        """Return what is special about `value`: nothing, where no entry has it."""
        for entry in self.given:
            if type(entry.value) is type(value) and entry.value == value:
                return entry
        return Given(value=value)


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorRecipe:
    """A request with right types that must be refused all the same."""

    name: str
    changes: Mapping[str, JsonValue]
    without: tuple[str, ...]
    error_class: ErrorClass
    reason: str
    after: tuple[Mapping[str, JsonValue], ...] = ()
    """Changes that make requests which are refused before."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UserRecipe:
    """Somebody who can use the object, so that it must outlive that use."""

    name: str
    use: tuple[Request, ...]
    release: tuple[Request, ...]
    spec: MachineSpec
    needs: tuple[str, ...]
    deletable: bool
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectRecipe:
    """All that is known of one object type on a range of versions, of one arch of `arches`."""

    type: str
    versions: VersionRange = VersionRange()
    arches: tuple[str, ...] = ()
    reason: str = ""
    spec: MachineSpec = MachineSpec()
    setup: tuple[Request, ...] = ()
    needs: tuple[str, ...] = ()
    always_compiled: bool = False
    alone: bool = False
    single: str = ""
    broken: str = ""
    fragile: str = ""
    arguments: Mapping[str, JsonValue] = field(default_factory=dict)
    members: Mapping[str, MemberRecipe] = field(default_factory=dict)
    errors: tuple[ErrorRecipe, ...] = ()
    users: tuple[UserRecipe, ...] = ()

    def member(self, name: str) -> MemberRecipe:
        """Return what is known of the member `name`: nothing, where no entry has it."""
        return self.members.get(name, MemberRecipe())


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

    def for_arch(self, arch: str) -> Recipes:
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


def load_recipes(folder: Path) -> Recipes:
    """Return the recipes of all files `*.toml` in `folder`; raises KnowledgeError."""
    recipes: list[ObjectRecipe] = []
    for path in sorted(folder.glob("*.toml")):
        top = read_table(path)
        recipes += [_recipe(table) for table in top.tables("recipe")]
        top.done()
    return Recipes(recipes)


def _recipe(table: Table) -> ObjectRecipe:
    type_name = table.take("type", str)
    spec = spec_of(table, MachineSpec())
    compiled = table.take("compiled", str, "optional")
    isolation = table.take("isolation", str, "shared")
    if compiled not in ("optional", "always") or isolation not in ("shared", "alone"):
        raise KnowledgeError(f"{table.place}: compiled or isolation has an unknown word")
    versions = table.versions()
    recipe = ObjectRecipe(
        type=type_name,
        versions=versions,
        arches=table.texts("arch"),
        reason=table.take("reason", str, ""),
        spec=spec,
        setup=requests_of(table, "setup"),
        needs=table.texts("needs"),
        always_compiled=compiled == "always",
        alone=isolation == "alone",
        single=table.take("single", str, ""),
        broken=table.take("broken", str, ""),
        fragile=table.take("fragile", str, ""),
        arguments=filled(table.take("arguments", dict, {})),
        members={name: _member(t) for name, t in table.table("members").named_tables()},
        errors=tuple(_error(t) for t in table.tables("errors")),
        users=tuple(_user(t, spec) for t in table.tables("users")),
    )
    table.done()
    return recipe


def spec_of(table: Table, base: MachineSpec) -> MachineSpec:
    """Return the machine that a recipe asks for: what it leaves out is as in `base`."""
    return MachineSpec(
        machine=table.take("machine", str, base.machine),
        accel=table.take("accel", str, base.accel),
        args=table.texts("args") or base.args,
        files=tuple(_file(t) for t in table.tables("files")) or base.files,
        peers=tuple(_pair(t, Peer, "serve", "address") for t in table.tables("peers"))
        or base.peers,
        descriptors=tuple(
            _pair(t, Descriptor, "name", "source") for t in table.tables("descriptors")
        )
        or base.descriptors,
        devices=table.texts("devices") or base.devices,
        companions=tuple(map(_companion, table.tables("companions"))) or base.companions,
    )


def _companion(table: Table) -> Companion:
    companion = Companion(spec=spec_of(table, MachineSpec()), setup=requests_of(table, "setup"))
    table.done()
    return companion


def _file(table: Table) -> ScratchFile:
    try:
        digits = bytes.fromhex(table.take("hex", str, "")).hex()
    except ValueError as error:
        raise KnowledgeError(f"{table.place}: hex: {error}") from error
    file = ScratchFile(
        path=table.take("path", str),
        text=table.take("text", str, ""),
        hex=digits,
        at=table.take("at", int, 0),
        size=table.take("size", int, 0),
        make=table.take("make", str, ""),
    )
    table.done()
    return file


def _pair(table: Table, kind: Any, *keys: str) -> Any:
    made = kind(**{key: table.take(key, str) for key in keys})
    table.done()
    return made


def _member(table: Table) -> MemberRecipe:
    least, greatest = table.take_any("min", None), table.take_any("max", None)
    if not all(bound is None or type(bound) is int for bound in (least, greatest)):
        raise KnowledgeError(f"{table.place}: min and max are integers")
    member = MemberRecipe(
        least=least,
        greatest=greatest,
        values=tuple(filled(table.take("values", list, []))),
        companions=filled(table.take("with", dict, {})),
        without=table.texts("without"),
        alone=table.take("alone", str, ""),
        omit=table.take("omit", str, ""),
        optional=table.take("optional", str, ""),
        reads=_word(table, "reads", Reads, Reads.SAME),
        reads_as=filled(table.take_any("reads-as", ABSENT)),
        default=filled(table.take_any("default", ABSENT)),
        default_of=table.take("default-of", str, ""),
        given=tuple(_given(t) for t in table.tables("given")),
        reason=table.take("reason", str, ""),
    )
    table.done()
    return member


def _given(table: Table) -> Given:
    given = Given(
        value=filled(table.take_any("value", None)),
        companions=filled(table.take("with", dict, {})),
        expect=_word(table, "expect", Wish, Wish.ACCEPT),
        reads_as=filled(table.take_any("reads-as", ABSENT)),
        needs=table.texts("needs"),
        reason=table.take("reason", str, ""),
    )
    table.done()
    return given


def _error(table: Table) -> ErrorRecipe:
    error = ErrorRecipe(
        name=table.take("name", str),
        changes=filled(table.take("with", dict, {})),
        without=table.texts("without"),
        error_class=_word(table, "class", ErrorClass, ErrorClass.GENERIC),
        reason=table.take("reason", str),
        after=tuple(filled(table.take("after", list, []))),
    )
    table.done()
    return error


def _user(table: Table, base: MachineSpec) -> UserRecipe:
    user = UserRecipe(
        name=table.take("name", str),
        use=requests_of(table, "use"),
        release=requests_of(table, "release"),
        spec=spec_of(table, base),
        needs=table.texts("needs"),
        deletable=table.take("deletable", bool, False),
        reason=table.take("reason", str, ""),
    )
    table.done()
    return user


def requests_of(table: Table, key: str) -> tuple[Request, ...]:
    """Return the requests that the array `key` of a recipe holds; raises KnowledgeError."""
    requests = []
    for entry in table.tables(key):
        arguments = entry.take_any("arguments", ABSENT)
        name, descriptor = entry.take("execute", str), entry.take("descriptor", str, "")
        awaits = tuple(map(_awaited, entry.tables("awaits")))
        requests.append(Request(name, filled(arguments), descriptor=descriptor, awaits=awaits))
        entry.done()
    return tuple(requests)


def _awaited(table: Table) -> Awaited:
    awaited = Awaited(event=table.take("event", str), data=table.take("data", dict, {}))
    table.done()
    return awaited


def _word(table: Table, key: str, kind: Any, default: Any) -> Any:
    text = table.take(key, str, str(default))
    try:
        return kind(text)
    except ValueError:
        known = ", ".join(kind)
        raise KnowledgeError(f"{table.place}: {key} is {text!r}", f"Known: {known}.") from None


def filled(value: Any) -> Any:
    """Put the scratch folder where a recipe left its mark."""
    match value:
        case str():
            return value.replace(SCRATCH_MARK, SCRATCH)
        case dict():
            return {key: filled(item) for key, item in value.items()}
        case list():
            return [filled(item) for item in value]
        case _:
            return value
