"""Holds the documentation of a schema's source against what it documents.

QEMU's generator refuses most of this; a reader of the schema alone does not need it. Knows no
notation of comments.
"""

from __future__ import annotations

import enum
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from conformance.digest.declaration import (
    Documentation,
    Entity,
    EntityKind,
    Section,
    Source,
    SourcePlace,
    SourceRemark,
)
from conformance.source.names import DOC_REQUIRED, DOCUMENTATION_EXCEPTED, excepted
from conformance.source.rulings import Matter, Rulings, release_in


class LintKind(enum.StrEnum):
    """How much something found in a source weighs."""

    # The generator of the tree's own release refuses it, or that of every release.
    FINDING = "finding"
    # Some releases refuse it, and the tree does not say which it is of.
    REMARK = "remark"


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class LintLine:
    """One thing found, at a place of the source."""

    place: SourcePlace
    kind: LintKind
    problem: str


def lint(sources: Iterable[Source]) -> tuple[LintLine, ...]:
    """Return what was found in the sources of one tree, by place, each once."""
    found = {
        line
        for source in sources
        for line in _Lint(source, Rulings(release_in(source.version))).lines()
    }
    return tuple(sorted(found))


class _Lint:
    """One source, and the rules of its release."""

    def __init__(self, source: Source, rulings: Rulings) -> None:
        self._source = source
        self._rulings = rulings
        self._excepted = excepted(source.pragmas, DOCUMENTATION_EXCEPTED)
        self._required = source.pragmas.get(DOC_REQUIRED) == ("true",)

    def lines(self) -> Iterator[LintLine]:
        for remark in self._source.remarks:
            yield LintLine(place=remark.place, kind=LintKind.REMARK, problem=remark.problem)
        for documentation in self._source.loose:
            yield from _told(documentation.faults)
        implied = {each.place for each in self._source.entities if each.kind is EntityKind.UNION}
        for entity in self._source.entities:
            if entity.documentation is not None:
                yield from self._documented(entity, entity.documentation)
            elif self._required and (
                entity.kind is EntityKind.UNION or entity.place not in implied
            ):
                problem = f"the {entity.kind} {entity.name!r} has no documentation"
                yield _finding(entity.place, problem)

    def _documented(self, entity: Entity, told: Documentation) -> Iterator[LintLine]:
        yield from _told(told.faults)
        for matter, remark in told.disputed:
            # How a comment is written is no fault of a schema whose release is not known.
            if self._rulings.refused(Matter(matter)):
                yield _finding(remark.place, remark.problem)
        parts = {part.name: part.place for part in entity.parts}
        yield from _absent("member", told.members, parts)
        for name, place in parts.items():
            if name not in told.members and entity.name not in self._excepted:
                problem = f"the member {name!r} of {entity.name!r} has no documentation"
                yield from self._by_release(Matter.MEMBER_DOCUMENTATION, place, problem)
        features = dict(_features(entity))
        yield from _absent("feature", told.features, features)
        for name, place in features.items():
            if name not in told.features:
                problem = f"the feature {name!r} of {entity.name!r} has no documentation"
                yield _finding(place, problem)
        yield from self._results(entity, told)

    def _results(self, entity: Entity, told: Documentation) -> Iterator[LintLine]:
        is_command = entity.kind is EntityKind.COMMAND
        for word, section in (("Returns", told.returns), ("Errors", told.errors)):
            if section is not None and not is_command:
                problem = (
                    f"'{word}:' in the documentation of a {entity.kind}: only commands have it"
                )
                yield _finding(section.place, problem)
        if told.returns is not None and is_command and entity.returns is None:
            problem = f"'Returns:', but the command {entity.name!r} returns nothing"
            yield from self._by_release(Matter.RETURNS_NOTHING, told.returns.place, problem)

    def _by_release(self, matter: Matter, place: SourcePlace, problem: str) -> Iterator[LintLine]:
        match self._rulings.refused(matter):
            case True:
                yield _finding(place, problem)
            case None:
                told = f"{problem} ({self._rulings.words(matter)})"
                yield LintLine(place=place, kind=LintKind.REMARK, problem=told)


def _finding(place: SourcePlace, problem: str) -> LintLine:
    return LintLine(place=place, kind=LintKind.FINDING, problem=problem)


def _told(faults: Iterable[SourceRemark]) -> Iterator[LintLine]:
    for fault in faults:
        yield _finding(fault.place, fault.problem)


def _absent(
    what: str, told: Mapping[str, Section], there: Mapping[str, SourcePlace]
) -> Iterator[LintLine]:
    for name, section in told.items():
        if name not in there:
            yield _finding(section.place, f"the documented {what} {name!r} does not exist")


def _features(entity: Entity) -> Iterator[tuple[str, SourcePlace]]:
    for feature in entity.features:
        yield feature.name, entity.place
    for part in entity.parts:
        for feature in part.features:
            yield feature.name, part.place
