"""Cases of what introspection shows, held against the rules of the schema language alone.

Names, return types, and that the schema describes itself: claims, which need no machine.  What else
lists commands, and whether the schema hangs on the command line, is asked of machines.  Knows no
source and no release's digest.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from conformance.derive.inputs import Introspected
from conformance.derive.schema.declarations import INTROSPECT
from conformance.derive.steps import PLAIN
from conformance.judge.expect_value import Lists
from conformance.knowledge.everything import Knowledge
from conformance.knowledge.exceptions import NameKind, NamingException, excepted
from conformance.knowledge.versions import VersionRange
from conformance.model.case import Case, Claim, Isolation, Role, Step
from conformance.model.stage import MachineSpec, Request, Stage
from conformance.model.terms import ABSENT, Aspect, JsonValue
from conformance.qapi.introspection import listed
from conformance.qapi.model import Array, Builtin, Enum, JsonType, Object, Schema
from conformance.qapi.validate import validate

COMMAND: Final = "command"
"""The meta-type of commands."""
LIST_COMMANDS: Final = "query-commands"
"""The command that lists all commands, whatever introspection shows."""
UNSTABLE: Final = "unstable"
"""The feature of what may change or disappear without notice."""
UNSTABLE_SINCE: Final = VersionRange(">=6.2")
"""The releases that have the feature `UNSTABLE`: before, only names said so."""
_DOWNSTREAM: Final = re.compile(r"__[A-Za-z0-9.-]+_(.+)", re.S)
_NAME: Final = re.compile(r"[A-Za-z][A-Za-z0-9_-]*")
_VALUE: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*")
_EVENT: Final = re.compile(r"[A-Z][A-Z0-9_]*")
_RESERVED: Final = re.compile(r"u|has[-_].*", re.S)
_TEXT: Final = "human-readable-text"
"""The member in the result of commands that return text for people."""
_BUILTINS: Final = {
    "str": JsonType.STRING,
    "int": JsonType.INT,
    "number": JsonType.NUMBER,
    "bool": JsonType.BOOLEAN,
    "null": JsonType.NULL,
    "any": JsonType.VALUE,
}
"""The JSON types of the built-in types (docs/devel/qapi-code-gen.rst, Built-in Types)."""
_OTHER_LINES: Final = {"named": ("-name", "other"), "memory": ("-m", "64M")}
"""Command lines that every machine accepts, by their effect."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Linted:
    """A build, and the names that may break rules."""

    build: Introspected
    exceptions: tuple[NamingException, ...]

    @property
    def schema(self) -> Schema:
        return self.build.schema

    def excepted(self, rule: str, kind: NameKind) -> frozenset[str]:
        """Return the names that may break a rule in this release."""
        return excepted(self.exceptions, self.build.version, rule, kind)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Name:
    """A name that clients see; `among` are all names of its type."""

    name: str
    kind: NameKind
    owner: str | None = None
    features: tuple[str, ...] = ()
    among: frozenset[str] = frozenset()

    @property
    def where(self) -> str:
        owner = "" if self.owner is None else f" of type {self.owner}"
        return f"{self.kind} {self.name!r}{owner}"

    @property
    def own(self) -> str:
        """The name without a distributor's prefix."""
        downstream = _DOWNSTREAM.fullmatch(self.name)
        return downstream[1] if downstream else self.name


def lint_cases(build: Introspected, knowledge: Knowledge, name: str) -> Iterator[Case]:
    """Yield one case for each rule on the schema, with its claims in order.

    Claims that hold are counted together; each that does not stands alone.
    """
    linted = _Linted(build=build, exceptions=knowledge.naming)
    names = tuple(_names(build.schema))
    yield _case("letters", _claims("Q44", names, _letters))
    yield _case("reserved", _claims("Q45", names, _reserved))
    yield _case("downstream", _claims("Q50", names, _downstream))
    yield _case("lower-case", _claims("Q47", names, lambda name: _lower(linted, name)))
    events = tuple(name for name in names if name.kind is NameKind.EVENT)
    yield _case("upper-case", _claims("Q48", events, _upper))
    yield _case("returns", _claims("Q28", *_returning(linted)))
    if build.version in UNSTABLE_SINCE:
        yield _case("experiments", _claims("Q49", names, lambda name: _experiment(linted, name)))
        yield _case("unstructured", _claims("Q77", *_unstructured(linted)))
    yield _case("json-types", _builtins(build.schema))
    yield from _self_description(build)
    yield from _live(build)


def _builtins(schema: Schema) -> Iterator[Claim]:
    """Yield a claim for each built-in type whose JSON type is documented."""
    for kind in schema.types.values():
        if isinstance(kind, Builtin) and kind.name in _BUILTINS:
            rule = "Q67" if kind.name == "int" else "Q66"
            yield Claim(
                rule=rule,
                what=f"the built-in type {kind.name}",
                promised=f"json-type {_BUILTINS[kind.name]}",
                found=f"json-type {kind.json_type}",
                fold=f"lint {rule} {kind.name}",
            )


def _names(schema: Schema) -> Iterator[_Name]:
    for command in schema.commands.values():
        yield _Name(name=command.name, kind=NameKind.COMMAND, features=command.features)
    for event in schema.events.values():
        yield _Name(name=event.name, kind=NameKind.EVENT, features=event.features)
    for kind in schema.types.values():
        if isinstance(kind, Object | Enum):
            what = NameKind.MEMBER if isinstance(kind, Object) else NameKind.VALUE
            among = frozenset(part.name for part in kind.members)
            for part in kind.members:
                yield _Name(
                    name=part.name,
                    kind=what,
                    owner=kind.name,
                    features=part.features,
                    among=among,
                )
    for feature in sorted(_features(schema)):
        yield _Name(name=feature, kind=NameKind.FEATURE)


def _features(schema: Schema) -> Iterator[str]:
    whole = (*schema.commands.values(), *schema.events.values(), *schema.types.values())
    found: set[str] = set()
    for entity in whole:
        found.update(getattr(entity, "features", ()))
        if isinstance(entity, Object | Enum):
            for part in entity.members:
                found.update(part.features)
    yield from found


def _letters(name: _Name) -> str | None:
    """Return what is wrong with the letters of a name, None if nothing is."""
    allowed = _VALUE if name.kind is NameKind.VALUE else _NAME
    if name.name.startswith("_") or allowed.fullmatch(name.own):
        return None
    return "holds what no name may hold, or begins so"


def _reserved(name: _Name) -> str | None:
    member = name.kind is NameKind.MEMBER and _RESERVED.fullmatch(name.own)
    return "is reserved" if member or name.own.startswith("q_") else None


def _downstream(name: _Name) -> str | None:
    if not name.name.startswith("_") or _DOWNSTREAM.fullmatch(name.name):
        return None
    return "begins with an underscore and with no reversed domain name"


def _lower(linted: _Linted, name: _Name) -> str | None:
    """Return what is wrong with a name, if neither it nor another of its type is an exception."""
    plain = name.own == name.own.lower() and "_" not in name.own
    if plain or name.kind is NameKind.EVENT or name.name.startswith("_"):
        return None
    excused = linted.excepted("Q47", name.kind)
    if excused & (name.among or {name.name}):
        return None
    return "is not in lower case with hyphens"


def _upper(name: _Name) -> str | None:
    return None if _EVENT.fullmatch(name.own) else "is not in upper case with underscores"


def _experiment(linted: _Linted, name: _Name) -> str | None:
    if not name.own.startswith("x-") or name.kind is NameKind.FEATURE or UNSTABLE in name.features:
        return None
    excused = linted.excepted("Q49", name.kind)
    return None if name.name in excused else f"lacks feature {UNSTABLE!r}"


def _returning(linted: _Linted) -> tuple[tuple[_Name, ...], Callable[[_Name], str | None]]:
    """Return the commands, and what is wrong with the return value of one."""
    types = linted.schema.types
    excused = linted.excepted("Q28", NameKind.COMMAND)

    def problem(name: _Name) -> str | None:
        returned = types[linted.schema.command(name.name).ret_type]
        if isinstance(returned, Array):
            returned = types[returned.element]
        if isinstance(returned, Object) or name.name in excused:
            return None
        return "returns neither an object nor an array of objects"

    return _commands(linted.schema), problem


def _unstructured(linted: _Linted) -> tuple[tuple[_Name, ...], Callable[[_Name], str | None]]:
    """Return the commands, and what is wrong with one that returns text for people."""
    schema = linted.schema
    excused = linted.excepted("Q77", NameKind.COMMAND)

    def problem(name: _Name) -> str | None:
        returned = schema.types[schema.command(name.name).ret_type]
        text = isinstance(returned, Object) and [m.name for m in returned.members] == [_TEXT]
        if not text or UNSTABLE in name.features or name.name in excused:
            return None
        return f"returns text for people and lacks feature {UNSTABLE!r}"

    return _commands(schema), problem


def _commands(schema: Schema) -> tuple[_Name, ...]:
    return tuple(name for name in _names(schema) if name.kind is NameKind.COMMAND)


def _claims(
    rule: str, names: Iterable[_Name], problem: Callable[[_Name], str | None]
) -> Iterator[Claim]:
    kept = 0
    for name in names:
        wrong = problem(name)
        if wrong is None:
            kept += 1
            continue
        fold = f"lint {rule} {name.kind} {name.name}"
        promised = "keeps the rule, or is known to be excepted from it"
        yield Claim(rule=rule, what=name.where, promised=promised, found=wrong, fold=fold)
    seen = f"{kept} keep the rule or are excepted from it"
    yield Claim(rule=rule, what="the other names", promised=seen, found=seen, fold=f"lint {rule}")


def _self_description(build: Introspected) -> Iterator[Case]:
    """Yield the case that introspection has the type that it describes."""
    command = build.schema.commands.get(INTROSPECT.name)
    if command is None:
        return
    fault = validate(build.schema, command.ret_type, build.entries)
    found = f"{fault.path}: {fault.problem}" if fault else "a value of its own type"
    claim = Claim(
        rule="Q53",
        what=f"what {INTROSPECT.name} returns",
        promised="a value of its own type",
        found=found,
        fold="lint Q53",
    )
    yield _case("self-description", (claim,))


def _live(build: Introspected) -> Iterator[Case]:
    """Yield the cases that need machines: other lists of commands, and other command lines."""
    if LIST_COMMANDS in build.schema.commands:
        # Including those dropped from the schema.
        names = dict.fromkeys((*build.schema.commands, *listed(build.entries, COMMAND)))
        shown: tuple[Mapping[str, JsonValue], ...] = tuple({"name": name} for name in names)
        yield _asked("commands", PLAIN, LIST_COMMANDS, shown, "X01")
    specs = {name: MachineSpec(args=args) for name, args in _OTHER_LINES.items()}
    specs |= {
        f"machine-{name}": MachineSpec(machine=name)
        for name in sorted(build.model.trees.keys() - {MachineSpec().machine})
    }
    for name, spec in specs.items():
        stage = Stage(name=f"introspection/{name}", spec=spec)
        case = f"command-line-{name}"
        yield _asked(case, stage, INTROSPECT.name, tuple(build.entries), "Q69")


def _asked(
    name: str, stage: Stage, command: str, values: tuple[Mapping[str, JsonValue], ...], rule: str
) -> Case:
    step = Step(
        request=Request(command, ABSENT), expect=Lists(values), role=Role.SUBJECT, rule=rule
    )
    return _case(name, (), stage=stage, steps=(step,))


def _case(
    name: str, claims: Iterable[Claim], *, stage: Stage = PLAIN, steps: tuple[Step, ...] = ()
) -> Case:
    return Case(
        id=f"{INTROSPECT.name}/{Aspect.INTROSPECTION}/{name}",
        subject=INTROSPECT,
        aspect=Aspect.INTROSPECTION,
        stage=stage,
        steps=steps,
        claims=tuple(claims),
        isolation=Isolation.PURE,
        about=name,
    )
