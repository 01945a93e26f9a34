"""Describes requests, answers and events as JSON Schema, for programs that know no QAPI.

Knows the dialects of JSON Schema, and no value.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias
from urllib.parse import quote

from conformance.qapi.flatten import Branch, branches
from conformance.qapi.model import (
    Alternate,
    Array,
    Builtin,
    Enum,
    JsonType,
    Member,
    Object,
    Schema,
    UnknownNameError,
)

JsonSchema: TypeAlias = dict[str, Any]


class Dialect(enum.StrEnum):
    """The versions of JSON Schema that descriptions are written in."""

    # What validators read.
    DRAFT_2020_12 = "2020-12"
    # What generators read that know no later one.
    DRAFT_07 = "draft-07"


@dataclass(frozen=True, slots=True)
class _Words:
    """What two dialects spell differently, and which annotations they have."""

    uri: str
    definitions: str
    deprecated: bool


_SPELT: Final[Mapping[Dialect, _Words]] = {
    Dialect.DRAFT_2020_12: _Words("https://json-schema.org/draft/2020-12/schema", "$defs", True),
    Dialect.DRAFT_07: _Words("http://json-schema.org/draft-07/schema#", "definitions", False),
}
_SIMPLE: Final[Mapping[JsonType, str]] = {
    JsonType.STRING: "string",
    JsonType.NUMBER: "number",
    JsonType.BOOLEAN: "boolean",
    JsonType.NULL: "null",
    JsonType.OBJECT: "object",
    JsonType.ARRAY: "array",
}
Examples: TypeAlias = Mapping[tuple[str, str], Sequence[str]]
"""Strings that a member must take, by the name of the object type that has it, and its own."""


@dataclass(slots=True, kw_only=True)
class Description:
    """Writes one document.

    `open` are commands and object types that take members beside those of the schema.
    """

    schema: Schema
    dialect: Dialect = Dialect.DRAFT_2020_12
    open: frozenset[str] = frozenset()
    examples: Examples = field(default_factory=dict)
    _defined: dict[str, JsonSchema] = field(default_factory=dict)

    def document(self, name: str = "", title: str = "") -> JsonSchema:
        """Return the document of a command, an event or a type; of all of them without `name`.

        It describes whole requests and events, and values of a type.  Raises UnknownNameError.
        """
        schema, words = self.schema, _SPELT[self.dialect]
        self._defined.clear()
        root: JsonSchema
        if not name:
            for each in schema.commands:
                self._command(each)
            for each in schema.events:
                self._event(each)
            root = {}
        elif name in schema.commands:
            root = self._command(name)
        elif name in schema.events:
            root = self._event(name)
        elif name in schema.types:
            root = self.of_type(name)
        else:
            raise UnknownNameError(f"the schema has no command, event or type {name!r}")
        head: JsonSchema = {"$schema": words.uri}
        if title:
            head["title"] = title
        defined = dict(sorted(self._defined.items()))
        return {**head, **self._rooted(root), words.definitions: defined}

    def _rooted(self, root: JsonSchema) -> JsonSchema:
        # Before 2019-09, nothing beside a reference counts.
        apart = "$ref" in root and self.dialect is Dialect.DRAFT_07
        return {"allOf": [root]} if apart else root

    def _command(self, name: str) -> JsonSchema:
        command = self.schema.commands[name]
        arguments = self.of_type(command.arg_type)
        if name in self.open:
            arguments = {"type": "object"}
        self._defined[f"{name}.arguments"] = arguments
        self._defined[f"{name}.return"] = self.of_type(command.ret_type)
        kind = self.schema.object(command.arg_type)
        needed = any(not member.optional for member in kind.members)
        given: JsonSchema = {"execute": {"const": name}}
        if command.allow_oob:
            given["exec-oob"] = {"const": name}
        request: JsonSchema = {
            "type": "object",
            "properties": {**given, "arguments": self._ref(f"{name}.arguments"), "id": {}},
            "required": ["arguments"] if needed else [],
            "additionalProperties": False,
            **self._features(command.features),
        }
        if command.allow_oob:
            request["oneOf"] = [{"required": [each]} for each in given]
        else:
            request["required"] = ["execute", *request["required"]]
        self._defined[f"{name}.request"] = request
        return self._ref(f"{name}.request")

    def _event(self, name: str) -> JsonSchema:
        event = self.schema.events[name]
        number = {"type": "integer"}
        kind = self.schema.object(event.arg_type)
        stamp = {
            "type": "object",
            "properties": {"seconds": number, "microseconds": number},
            "required": ["seconds", "microseconds"],
        }
        self._defined[f"{name}.event"] = {
            "type": "object",
            "properties": {
                "event": {"const": name},
                "data": self.of_type(event.arg_type),
                "timestamp": stamp,
            },
            "required": ["event", "timestamp", *(["data"] if kind.members else [])],
            "additionalProperties": False,
            **self._features(event.features),
        }
        return self._ref(f"{name}.event")

    def of_type(self, name: str) -> JsonSchema:
        """Return what describes a type; what it refers to is defined in the document."""
        kind = self.schema.type(name)
        match kind:
            case Builtin():
                return _builtin(kind)
            case Array():
                return {"type": "array", "items": self.of_type(kind.element)}
            case Enum() | Alternate() | Object():
                self._define(kind)
                return self._ref(name)

    def _define(self, kind: Enum | Alternate | Object) -> None:
        if kind.name in self._defined:
            return
        # Types can be part of themselves.
        made = self._defined[kind.name] = {}
        match kind:
            case Enum():
                made |= {"type": "string", "enum": [*kind.values]}
            case Alternate():
                made["anyOf"] = [self.of_type(each) for each in kind.members]
            case Object(tag=None):
                made |= self._branch(kind, branches(self.schema, kind.name)[0])
            case Object():
                made |= self._union(kind)
        made |= self._features(kind.features)

    def _union(self, kind: Object) -> JsonSchema:
        """Return an object that is of the branch which its tags select.

        Not one of several objects: a validator would look at each of them, at every depth.
        """
        found = []
        for branch in branches(self.schema, kind.name):
            name = ".".join((kind.name, *(value for _, value in branch.tags)))
            self._defined[name] = self._branch(kind, branch)
            tags = {tag: {"const": value} for tag, value in branch.tags}
            selected = {"properties": tags, "required": [*tags]}
            found.append({"if": selected, "then": self._ref(name)})
        return {"type": "object", "anyOf": [each["if"] for each in found], "allOf": found}

    def _branch(self, kind: Object, branch: Branch) -> JsonSchema:
        """Return a closed object."""
        tags = dict(branch.tags)
        return {
            "type": "object",
            "properties": {
                member.name: {"const": tags[member.name]}
                if member.name in tags
                else self._member(kind.name, member)
                for member in branch.members
            },
            "required": [member.name for member in branch.members if not member.optional],
            "additionalProperties": kind.name in self.open,
        }

    def _member(self, owner: str, member: Member) -> JsonSchema:
        described = self.of_type(member.type)
        more = self._features(member.features)
        examples = self.examples.get((owner, member.name))
        if examples:
            more["examples"] = [*examples]
        if not more:
            return described
        return {**self._rooted(described), **more}

    def _features(self, features: Sequence[str]) -> JsonSchema:
        if not features:
            return {}
        words = _SPELT[self.dialect]
        deprecated = words.deprecated and "deprecated" in features
        return {**({"deprecated": True} if deprecated else {}), "x-qapi-features": [*features]}

    def _ref(self, name: str) -> JsonSchema:
        return {"$ref": f"#/{_SPELT[self.dialect].definitions}/{quote(name, safe='-._')}"}


def _builtin(kind: Builtin) -> JsonSchema:
    match kind.json_type:
        case JsonType.VALUE:
            return {}
        case JsonType.INT:
            return {"type": "integer", "minimum": kind.range.low, "maximum": kind.range.high}
        case other:
            return {"type": _SIMPLE[other]}
