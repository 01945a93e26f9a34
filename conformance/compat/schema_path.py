"""Where in a schema something is, in words that need no name of a type; knows no comparison.

A route begins at a command, an event or a named type and leads through members, branches of unions,
elements of arrays and alternatives:

    command blockdev-add: argument driver=qcow2.backing<object>.node-name
    command query-block: result [].inserted.image
    event BLOCK_JOB_ERROR: data action=stop
"""

from __future__ import annotations

import enum
from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import Final

from conformance.qapi.flatten import variant_of
from conformance.qapi.model import (
    Alternate,
    Array,
    Builtin,
    Command,
    Enum,
    Event,
    JsonType,
    Member,
    Object,
    Schema,
    Type,
)


class SchemaPart(enum.StrEnum):
    """The part of a command or event that a route goes into."""

    # The command, event or type as a whole.
    WHOLE = ""
    # The arguments of a command.
    ARGUMENT = "argument"
    # The result of a command.
    RESULT = "result"
    # The data of an event.
    DATA = "data"


class SchemaSubject(enum.StrEnum):
    """What a route starts from."""

    # A command of the schema.
    COMMAND = "command"
    # An event of the schema.
    EVENT = "event"
    # A type known by its name, which the other side need not share.
    TYPE = "type"


class StepKind(enum.StrEnum):
    """How a route continues."""

    # To the member `name` of an object.
    MEMBER = "member"
    # To the member `name` of an object, the tag of a union.
    TAG = "tag"
    # To the branch of a union where its tag `name` has the value `value`.
    BRANCH = "branch"
    # To the elements of an array.
    ELEMENT = "element"
    # To the type of an alternate for values of the JSON type `name`.
    ALTERNATIVE = "alternative"
    # To the value `name` of an enumeration.
    VALUE = "value"


@dataclass(frozen=True, slots=True)
class SchemaStep:
    """One step of a route."""

    kind: StepKind
    name: str = ""
    value: str = ""


ELEMENT: Final = SchemaStep(StepKind.ELEMENT)


def member(name: str) -> SchemaStep:
    """Return the step to a member."""
    return SchemaStep(StepKind.MEMBER, name)


def tag(name: str) -> SchemaStep:
    """Return the step to a member that is the tag of its union."""
    return SchemaStep(StepKind.TAG, name)


def branch(tag: str, value: str) -> SchemaStep:
    """Return the step to a branch."""
    return SchemaStep(StepKind.BRANCH, tag, value)


def alternative(kind: JsonType) -> SchemaStep:
    """Return the step to an alternative."""
    return SchemaStep(StepKind.ALTERNATIVE, kind)


def value(name: str) -> SchemaStep:
    """Return the step to a value of an enumeration."""
    return SchemaStep(StepKind.VALUE, name)


@dataclass(frozen=True, slots=True)
class Route:
    """The way to a place: from a subject into one of its parts, step by step."""

    kind: SchemaSubject
    name: str
    part: SchemaPart = SchemaPart.WHOLE
    steps: tuple[SchemaStep, ...] = ()

    def then(self, *steps: SchemaStep) -> Route:
        """Return the route extended by `steps`."""
        return replace(self, steps=self.steps + steps)

    @property
    def subject(self) -> str:
        """The command, event or type in words."""
        return f"{self.kind} {self.name}"

    def __str__(self) -> str:
        if self.part is SchemaPart.WHOLE and not self.steps:
            return self.subject
        words = [word for word in (self.part, _spelled(self.steps)) if word]
        return f"{self.subject}: {' '.join(words)}"


def _spelled(steps: tuple[SchemaStep, ...]) -> str:
    text = ""
    for step in steps:
        match step.kind:
            case StepKind.MEMBER | StepKind.TAG:
                text += f".{step.name}"
            case StepKind.BRANCH:
                text += f".{step.name}={step.value}"
            case StepKind.ELEMENT:
                text += "[]"
            case StepKind.ALTERNATIVE:
                text += f"<{step.name}>"
            case StepKind.VALUE:
                text += f"={step.name}"
    return text.removeprefix(".")


def alternative_kind(kind: Type) -> JsonType:
    """Return the JSON type by which an alternate chooses `kind`."""
    match kind:
        case Builtin():
            return kind.json_type
        case Enum():
            return JsonType.STRING
        case Array():
            return JsonType.ARRAY
        case Object():
            return JsonType.OBJECT
        case Alternate():
            return JsonType.VALUE


def counterpart(kind: JsonType, others: Collection[JsonType]) -> JsonType | None:
    """Return the JSON type by which another alternate would choose the type `kind`.

    An integer is also a number; no alternate has both.
    """
    if kind in others:
        return kind
    other = {JsonType.INT: JsonType.NUMBER, JsonType.NUMBER: JsonType.INT}.get(kind)
    return other if other in others else None


@dataclass(frozen=True, slots=True)
class Found:
    """What a route leads to: the features of its last step and of the whole way.

    `deprecated` and `unstable` hold if a step, or the subject, has that feature.
    """

    features: tuple[str, ...]
    deprecated: bool
    unstable: bool


def follow(schema: Schema, route: Route) -> Found | None:
    """Return what `route` leads to in `schema`, or None.

    Tolerates other cuts: a base member here may be a branch's member there.
    """
    start = _subject(schema, route)
    if start is None:
        return None
    entity_features, type_name = start
    walk = _Walk(schema, [entity_features])
    if route.steps and not walk.along(type_name, route.steps):
        return None
    last = walk.features[-1]
    return Found(
        features=last,
        deprecated=any("deprecated" in each for each in walk.features),
        unstable=any("unstable" in each for each in walk.features),
    )


def _subject(schema: Schema, route: Route) -> tuple[tuple[str, ...], str] | None:
    entity: Command | Event | None
    match route.kind:
        case SchemaSubject.COMMAND:
            entity = schema.commands.get(route.name)
        case SchemaSubject.EVENT:
            entity = schema.events.get(route.name)
        case SchemaSubject.TYPE:
            return ((), route.name) if route.name in schema.types else None
    if entity is None:
        return None
    if route.part is SchemaPart.RESULT and isinstance(entity, Command):
        return entity.features, entity.ret_type
    return entity.features, entity.arg_type


class _Walk:
    """Walks along a route; `features` holds those of each step so far."""

    def __init__(self, schema: Schema, features: list[tuple[str, ...]]) -> None:
        self._schema = schema
        self.features = features
        # The members of the objects around the current branch.
        self._around: tuple[Member, ...] = ()

    def along(self, type_name: str, steps: tuple[SchemaStep, ...]) -> bool:
        current = self._schema.types.get(type_name)
        for step in steps:
            if current is None:
                return False
            current = self._step(current, step)
        return current is not None

    def _step(self, current: Type, step: SchemaStep) -> Type | None:
        if isinstance(current, Alternate):
            return self._chosen(current, step)
        match step.kind, current:
            case StepKind.MEMBER | StepKind.TAG, Object():
                return self._member(current, step.name)
            case StepKind.BRANCH, Object():
                return self._branch(current, step)
            case StepKind.ELEMENT, Array():
                return self._schema.types.get(current.element)
            case StepKind.ALTERNATIVE, _:
                # Here it is not yet, or no longer, an alternate.
                return current if alternative_kind(current) == step.name else None
            case StepKind.VALUE, Enum():
                features = {each.name: each.features for each in current.members}
                if step.name in features:
                    self.features.append(features[step.name])
                    return current
        return None

    def _chosen(self, current: Alternate, step: SchemaStep) -> Type | None:
        wanted = step.name
        if step.kind is not StepKind.ALTERNATIVE:
            wanted = {StepKind.ELEMENT: "array", StepKind.VALUE: "string"}.get(step.kind, "object")
        for name in current.members:
            kind = self._schema.types[name]
            if alternative_kind(kind) == wanted:
                return kind if step.kind is StepKind.ALTERNATIVE else self._step(kind, step)
        return None

    def _member(self, current: Object, name: str) -> Type | None:
        inner = [each for v in current.variants for each in self._members_of(v.type)]
        for each in (*current.members, *self._around, *inner):
            if each.name == name:
                self.features.append(each.features)
                self._around = ()
                return self._schema.types.get(each.type)
        return None

    def _members_of(self, type_name: str) -> tuple[Member, ...]:
        found = self._schema.types.get(type_name)
        return found.members if isinstance(found, Object) else ()

    def _branch(self, current: Object, step: SchemaStep) -> Type | None:
        if current.tag != step.name:
            # The cut differs here: what is meant is among the members, or does not exist.
            return current if current.tag is None else None
        chooser = next(each for each in current.members if each.name == current.tag)
        values = self._schema.types.get(chooser.type)
        known = values.members if isinstance(values, Enum) else ()
        features = {each.name: each.features for each in known}
        if step.value not in features:
            return None
        self.features.append(features[step.value])
        self._around += current.members
        return variant_of(self._schema, current, step.value)
