"""What object-add takes for one object type, whoever says so.

From QEMU 6.0 on the schema itself lists the members of each qom-type.  Before, object-add was
untyped: there the QOM properties of the type stand in, and the facts of later releases tell which
are mandatory.  What follows works on both alike.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from conformance.digest.lookup import DocumentedMember
from conformance.knowledge.recipes import ObjectRecipe
from conformance.model.terms import JsonValue
from conformance.qapi.flatten import branch_of
from conformance.qapi.model import Builtin, Enum, EnumMember, Member, Object, Schema
from conformance.qapi.qom import INTEGER_RANGES, ObjectModel, Property
from conformance.qapi.validate import Validator
from conformance.space.integers import is_integer, range_of, rule_of, width_of

OBJECT_ADD: Final = "object-add"
QOM_TYPE: Final = "qom-type"
ID: Final = "id"
_HEAD: Final = (QOM_TYPE, ID)


@dataclass(frozen=True, slots=True)
class Range:
    """The integers that a member accepts, and whether the schema layer itself refuses others."""

    least: int
    greatest: int
    rule: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectShape:
    """The arguments of object-add for one qom-type.

    `schema` and `arguments_type` name the type that validates a whole request; `members` are those
    of the object, without qom-type and id; `typed` says whether the build's schema lists them.
    `listed` are the properties that the build itself lists of the type: none if it could not say.
    """

    name: str
    schema: Schema
    arguments_type: str
    members: tuple[Member, ...]
    typed: bool
    ranges: Mapping[str, Range]
    properties: Mapping[str, Property]
    listed: tuple[Property, ...]
    validator: Validator

    def names(self) -> frozenset[str]:
        """Return the names of the members, qom-type and id included."""
        return frozenset(_HEAD) | {member.name for member in self.members}

    def schema_error(self, arguments: Mapping[str, JsonValue]) -> str | None:
        """Return what the schema objects to in the arguments, None if they are valid."""
        fault = self.validator.check(self.arguments_type, arguments)
        return f"{fault.path}: {fault.problem}" if fault else None


def object_types(schema: Schema, model: ObjectModel) -> tuple[str, ...]:
    """Return the qom-types of object-add: those of the schema or, if it lists none, of QOM.

    There are none if the schema has no object-add.
    """
    if OBJECT_ADD not in schema.commands:
        return ()
    arguments = _arguments(schema)
    if arguments.tag is None:
        return tuple(sorted(model.creatable))
    tag = next(m for m in arguments.members if m.name == arguments.tag)
    enum = schema.types[tag.type]
    if not isinstance(enum, Enum):
        return ()
    return tuple(sorted(member.name for member in enum.members))


def is_typed(schema: Schema) -> bool:
    """Return whether the schema lists the members of each qom-type (from QEMU 6.0 on)."""
    return _arguments(schema).tag is not None


def object_shape(
    name: str,
    schema: Schema,
    validator: Validator,
    model: ObjectModel,
    recipe: ObjectRecipe,
    known: Mapping[str, DocumentedMember],
) -> ObjectShape:
    """Return the shape of the object type `name`; `known` documents its members.

    `validator` is for `schema`, shared by all its shapes.
    """
    properties = {p.name: p for p in model.properties.get(name, ())}
    typed = is_typed(schema)
    if not typed and name not in model.properties:
        # The build could not say, or died of the query: the documentation of later releases
        # replaces it.
        properties = {
            fact.name: Property(name=fact.name, type=fact.type) for fact in known.values()
        }
    if typed:
        arguments_type = schema.commands[OBJECT_ADD].arg_type
        members = branch_of(schema, arguments_type, name).members
    else:
        schema, arguments_type = _untyped(name, schema, properties, recipe, known)
        validator = Validator(schema)
        members = schema.object(arguments_type).members
    own = tuple(member for member in members if member.name not in _HEAD)
    return ObjectShape(
        name=name,
        schema=schema,
        arguments_type=arguments_type,
        members=own,
        typed=typed,
        ranges={
            m.name: _range(schema, m, properties, recipe, known.get(m.name))
            for m in own
            if is_integer(schema.type(m.type))
        },
        properties=properties,
        listed=model.properties.get(name, ()),
        validator=validator,
    )


def _arguments(schema: Schema) -> Object:
    return schema.object(schema.command(OBJECT_ADD).arg_type)


def _range(
    schema: Schema,
    member: Member,
    properties: Mapping[str, Property],
    recipe: ObjectRecipe,
    fact: DocumentedMember | None,
) -> Range:
    """Return the range from the schema, else the documents, else the property, else the widest.

    A build's own schema has no widths.
    """
    kind = schema.type(member.type)
    declared = properties.get(member.name)
    width = width_of(kind) if isinstance(kind, Builtin) else None
    width = width or (fact.type if fact else declared.type if declared else None)
    ends, rule = range_of(width), rule_of(width)
    least, greatest = ends.low, ends.high
    own = recipe.member(member.name)
    if own.least is not None and own.least > least:
        least, rule = own.least, "X27"
    if own.greatest is not None and own.greatest < greatest:
        greatest, rule = own.greatest, "X27"
    return Range(least, greatest, rule)


def _untyped(
    name: str,
    schema: Schema,
    properties: Mapping[str, Property],
    recipe: ObjectRecipe,
    known: Mapping[str, DocumentedMember],
) -> tuple[Schema, str]:
    """Make a schema type for an object whose members only QOM knows."""
    enums: dict[str, Enum] = {}
    members = [Member(name=head, type="str", optional=False) for head in _HEAD]
    for item in properties.values():
        if item.name == "type":
            continue
        type_name = _qapi_type(item, recipe, enums)
        fact = known.get(item.name)
        optional = fact is None or fact.optional or bool(recipe.member(item.name).optional)
        members.append(Member(name=item.name, type=type_name, optional=optional))
    arguments = Object(name=f"object:{name}", members=tuple(members), tag=None, variants=())
    types = {**schema.types, arguments.name: arguments, **enums}
    return Schema(commands=schema.commands, events=schema.events, types=types), arguments.name


def _qapi_type(item: Property, recipe: ObjectRecipe, enums: dict[str, Enum]) -> str:
    if item.type in INTEGER_RANGES:
        return "int"
    if item.type in ("str", "string") or item.link_to:
        return "str"
    if item.type == "bool":
        return "bool"
    values = recipe.member(item.name).values
    if values and all(isinstance(value, str) for value in values):
        name = f"qom:{item.type}"
        enums[name] = Enum(
            name=name, members=tuple(EnumMember(name=str(value)) for value in values)
        )
        return name
    return "any"
