"""Writes a `declaration.Source` as the text of one schema file, in each spelling of its language.

What it writes reads back as the same source.  It cannot write what no text declares: the types
that a union without discriminator implies.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from conformance.digest.declaration import (
    Condition,
    DeclaredBranch,
    DeclaredFeature,
    DeclaredMember,
    DeclaredValue,
    Documentation,
    Entity,
    EntityKind,
    Flag,
    Section,
    Source,
)

Literal: TypeAlias = "str | bool | list[Literal] | dict[str, Literal]"

_FLAG_KEYS = {
    Flag.ALLOW_OOB: ("allow-oob", True),
    Flag.ALLOW_PRECONFIG: ("allow-preconfig", True),
    Flag.COROUTINE: ("coroutine", True),
    Flag.NO_GEN: ("gen", False),
    Flag.NO_SUCCESS_RESPONSE: ("success-response", False),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Spelling:
    """How to write what can be written in several ways."""

    # Conditions as C expressions, as up to 6.0.
    c_conditions: bool = False
    # Sections that words begin, and descriptions aligned to their first line, as up to 9.0.
    old_comments: bool = False
    # {'type': T} and {'name': N} also where T and N alone would do.
    long: bool = False


def printed(source: Source, spelling: Spelling) -> str:
    """Return the text of a file that declares what `source` does."""
    parts = [literal({"pragma": {key: list(names)}}) for key, names in source.pragmas.items()]
    parts += [_comment(documentation, spelling) for documentation in source.loose]
    for entity in source.entities:
        if entity.documentation:
            parts.append(_comment(entity.documentation, spelling))
        parts.append(literal(_expression(entity, spelling)))
    return "\n".join(f"{part}\n" for part in parts)


def literal(value: Literal) -> str:
    """Return `value` as a literal of the schema's language."""
    match value:
        case bool():
            return str(value).lower()
        case str():
            escaped = value.replace("\\", "\\\\")
            return f"'{escaped}'"
        case list():
            return "[" + ", ".join(map(literal, value)) + "]"
        case dict():
            members = (f"{literal(key)}: {literal(member)}" for key, member in value.items())
            return "{ " + ",\n  ".join(members) + " }"


def c_expression(condition: Condition) -> str:
    """Return `condition` as a C expression."""
    if isinstance(condition, str):
        return f"defined({condition})"
    ((operator, operand),) = condition.items()
    if not isinstance(operand, tuple):
        return f"!({c_expression(operand)})"
    sign = " && " if operator == "all" else " || "
    return sign.join(f"({c_expression(item)})" for item in operand)


def _condition(condition: Condition, spelling: Spelling) -> Literal:
    if spelling.c_conditions:
        return c_expression(condition)
    if isinstance(condition, str):
        return condition
    ((operator, operand),) = condition.items()
    if isinstance(operand, tuple):
        return {operator: [_condition(item, spelling) for item in operand]}
    return {operator: _condition(operand, spelling)}


def _expression(entity: Entity, spelling: Spelling) -> dict[str, Literal]:
    written: dict[str, Literal] = {entity.kind: entity.name}
    match entity.kind:
        case EntityKind.ENUM:
            written["data"] = [_value(value, spelling) for value in entity.values]
        case EntityKind.UNION:
            written["base"] = entity.base or _members(entity.base_members, spelling)
            written |= {"discriminator": entity.tag} if entity.tag is not None else {}
            written["data"] = {b.case: _branch(b, spelling) for b in entity.branches}
        case EntityKind.STRUCT | EntityKind.ALTERNATE:
            written["data"] = _members(entity.members, spelling)
            written |= {"base": entity.base} if entity.base else {}
        case EntityKind.COMMAND | EntityKind.EVENT:
            if entity.arg_type or entity.members:
                written["data"] = entity.arg_type or _members(entity.members, spelling)
            written |= {"boxed": True} if entity.boxed else {}
            written |= {"returns": _type(entity.returns)} if entity.returns else {}
            written |= dict(_FLAG_KEYS[flag] for flag in sorted(entity.flags))
    return written | _details(entity.condition, entity.features, spelling)


def _members(members: Iterable[DeclaredMember], spelling: Spelling) -> dict[str, Literal]:
    written: dict[str, Literal] = {}
    for member in members:
        details = _details(member.condition, member.features, spelling)
        name = f"*{member.name}" if member.optional else member.name
        written[name] = _short("type", _type(member.type), details, spelling)
    return written


def _branch(branch: DeclaredBranch, spelling: Spelling) -> Literal:
    details = _details(branch.condition, (), spelling)
    return _short("type", _type(branch.type), details, spelling)


def _value(value: DeclaredValue, spelling: Spelling) -> Literal:
    details = _details(value.condition, value.features, spelling)
    return _short("name", value.name, details, spelling)


def _details(
    condition: Condition | None, features: Iterable[DeclaredFeature], spelling: Spelling
) -> dict[str, Literal]:
    written: dict[str, Literal] = {}
    if condition is not None:
        written["if"] = _condition(condition, spelling)
    listed: list[Literal] = []
    for feature in features:
        details = _details(feature.condition, (), spelling)
        listed.append(_short("name", feature.name, details, spelling))
    return written | ({"features": listed} if listed else {})


def _short(key: str, value: Literal, details: dict[str, Literal], spelling: Spelling) -> Literal:
    return {key: value, **details} if details or spelling.long else value


def _type(name: str) -> Literal:
    return [name[1:-1]] if name.startswith("[") else name


def _comment(documentation: Documentation, spelling: Spelling) -> str:
    lines = [f"@{documentation.symbol}:"] if documentation.symbol else []
    lines += _block(documentation.body)
    lines += _descriptions(documentation.members, spelling)
    if documentation.features:
        lines += ["", "Features:", *_descriptions(documentation.features, spelling)]
    if documentation.returns:
        lines += ["", *_described("Returns: ", documentation.returns, spelling)]
    if documentation.errors:
        indent = "" if spelling.old_comments else "    "
        text = textwrap.indent(documentation.errors.text, indent)
        lines += ["", "Errors:", *text.split("\n")]
    if documentation.since:
        lines += ["", f"Since: {documentation.since}"]
    for example in documentation.examples:
        lines += _example(example, old=spelling.old_comments and bool(documentation.symbol))
    return "\n".join(["##", *(f"# {line}".rstrip() for line in lines), "##"])


def _block(section: Section) -> Iterator[str]:
    if section.text:
        yield from ("", *section.text.split("\n"))


def _descriptions(sections: Mapping[str, Section], spelling: Spelling) -> Iterator[str]:
    for name, section in sections.items():
        yield from ("", *_described(f"@{name}: ", section, spelling))


def _described(tag: str, section: Section, spelling: Spelling) -> Iterator[str]:
    first, *others = section.text.split("\n")
    indent = " " * (len(tag) if spelling.old_comments else 4)
    yield f"{tag}{first}"
    yield from (f"{indent}{line}" if line else "" for line in others)


def _example(section: Section, *, old: bool) -> Iterator[str]:
    if old:
        yield from ("", "Example:", "", *section.text.split("\n"))
    else:
        yield from ("", ".. qmp-example::", "   :title: Some words")
        yield from ("", *textwrap.indent(section.text, "    ").split("\n"))
