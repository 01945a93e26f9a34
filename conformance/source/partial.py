"""Checks whether a value with omissions can be of a type; knows no messages.

As strict as `validate`, but reports every fault instead of the first. Omissions are no faults.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any, Final

from conformance.qapi.consistency import json_kinds
from conformance.qapi.flatten import branches, tag_values, variant_of
from conformance.qapi.model import Alternate, Array, Builtin, Enum, JsonType, Member, Object, Schema
from conformance.qapi.validate import Validator, Violation
from conformance.source.example_json import member_path

UNKNOWN_MEMBER: Final = "is no member of this object"
"""The problem of a member that a type does not have, in the words of `validate`."""


@dataclass(frozen=True, slots=True)
class PartialValidator:
    """The types of one schema; objects of the types `open_objects` may have more members."""

    schema: Schema
    open_objects: Collection[str] = frozenset()

    def faults(
        self, type_name: str, value: Any, elided: Collection[str], path: str = ""
    ) -> Iterator[Violation]:
        """Yield every fault of `value`, which is at `path`, in the order of its parts.

        `elided` are the paths of omissions. Raises UnknownNameError for an unknown type.
        """
        return _Walk(self, Validator(self.schema), elided).of(type_name, value, path)


@dataclass(frozen=True, slots=True)
class _Walk:
    """One value on its way through the types."""

    types: PartialValidator
    validator: Validator
    elided: Collection[str]

    def of(self, type_name: str, value: Any, path: str) -> Iterator[Violation]:
        if path in self.elided and value is None:
            return
        kind = self.types.schema.type(type_name)
        match kind:
            case Object() if type(value) is dict:
                yield from self._object(kind, value, path, {})
            case Array() if type(value) is list:
                for index, item in enumerate(value):
                    yield from self.of(kind.element, item, f"{path}[{index}]")
            case Alternate() if (chosen := self._chosen(kind, value)) is not None:
                yield from self.of(chosen, value, path)
            case Object() | Array() | Alternate() | Builtin() | Enum():
                # A value without parts, or of another JSON type than expected.
                fault = self.validator.check(type_name, value)
                if fault is not None:
                    yield Violation(path, fault.problem)

    def _chosen(self, kind: Alternate, value: Any) -> str | None:
        """Return the type of an alternate that the JSON type of `value` selects."""
        wanted = JsonType.OBJECT if type(value) is dict else JsonType.ARRAY
        if type(value) not in (dict, list):
            return None
        return next(
            (n for n in kind.members if wanted in json_kinds(self.types.schema.type(n))), None
        )

    def _object(
        self, kind: Object, value: dict[str, Any], path: str, outer: dict[str, Member]
    ) -> Iterator[Violation]:
        """Yield the faults of an object that may also have the members `outer`, checked before."""
        partial = path in self.elided
        for member in kind.members:
            inner = member_path(path, member.name)
            if member.name in value:
                yield from self.of(member.type, value[member.name], inner)
            elif not member.optional and not partial:
                yield Violation(inner, "is missing")
        known = outer | {member.name: member for member in kind.members}
        if kind.name in self.types.open_objects:
            return
        if kind.tag is None:
            for name in value:
                if name not in known:
                    yield Violation(member_path(path, name), UNKNOWN_MEMBER)
        elif kind.tag in value:
            yield from self._branch(kind, value, path, known)
        elif partial:
            yield from self._any_branch(kind, value, path, known)

    def _branch(
        self, kind: Object, value: dict[str, Any], path: str, known: dict[str, Member]
    ) -> Iterator[Violation]:
        case = value[kind.tag or ""]
        # A wrong tag was reported, and says nothing about the other members.
        if case in tag_values(self.types.schema, kind):
            yield from self._object(variant_of(self.types.schema, kind, case), value, path, known)

    def _any_branch(
        self, kind: Object, value: dict[str, Any], path: str, known: dict[str, Member]
    ) -> Iterator[Violation]:
        """Yield the faults of an object whose tag is left out, as far as they are certain."""
        there = {m.name for leaf in branches(self.types.schema, kind.name) for m in leaf.members}
        for name in value:
            if name not in known and name not in there:
                yield Violation(member_path(path, name), UNKNOWN_MEMBER)
