"""Cases that hold what a build says of itself beside what its source declares.

They hold claims, one for each fact that was compared, and need no machine.  Knows how declarations
and builds are aligned; knows neither where the source comes from nor how claims are judged.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from typing import Final

from conformance.align.conditions import Contradiction, condition_text, contradictions
from conformance.align.statement import Alignment, Statement, StatementSide
from conformance.derive.inputs import Introspected
from conformance.derive.steps import PLAIN
from conformance.digest.declaration import Condition, EntityKind
from conformance.digest.digest import DigestEntity
from conformance.knowledge.everything import Knowledge
from conformance.model.blocked import not_applicable
from conformance.model.case import Case, Claim, Subject
from conformance.model.terms import Aspect, SubjectKind

INTROSPECT: Final = Subject(kind=SubjectKind.COMMAND, name="query-qmp-schema")
"""The command that describes types: claims about types are claims about it."""

_SUBJECTS: Final = {
    EntityKind.COMMAND: SubjectKind.COMMAND,
    EntityKind.EVENT: SubjectKind.EVENT,
}
_DECLARED: Final = "an event that the source declares"
_CLASS: Final = "a class that an error can have"
_SHOWN: Final = 3
"""How many items to name on each side of a contradiction: a reader checks one or two."""


def declaration_cases(build: Introspected, knowledge: Knowledge, name: str) -> Iterator[Case]:
    """Yield the case of a command or an event that is declared, or that the build shows.

    If it is not compiled into the build, the case is blocked, with the condition.
    """
    if build.alignment is None:
        return
    statements = _by_entity(build.alignment).get(name, [])
    entity = build.declared.get(name)
    if entity is not None and entity.kind in _SUBJECTS:
        subject = Subject(kind=_SUBJECTS[entity.kind], name=name)
        more = (*_classes(entity), *_events(entity))
        yield _declaration(subject, statements, more)


def undeclared_cases(build: Introspected, knowledge: Knowledge, name: str) -> Iterator[Case]:
    """Yield a case for each statement of a command or an event that the source does not declare."""
    if build.alignment is None:
        return
    for statement in _undeclared(build.alignment).get(name, ()):
        command = name in build.schema.commands
        kind = SubjectKind.COMMAND if command else SubjectKind.EVENT
        yield _declaration(Subject(kind=kind, name=name), [statement])


def declared_type_cases(build: Introspected, knowledge: Knowledge, name: str) -> Iterator[Case]:
    """Yield a case for each declared type that the build uses, and one for all conditions."""
    alignment, entities = build.alignment, build.declared
    if alignment is None:
        return
    statements = _by_entity(alignment)
    for type_name, entity in entities.items():
        if entity.kind not in _SUBJECTS and type_name in statements:
            claims = (*_claims(statements[type_name]), *_events(entity))
            yield _case(INTROSPECT, f"type/{type_name}", claims)
        elif type_name in alignment.unreached:
            yield _absent(INTROSPECT, f"type/{type_name}", alignment.unreached[type_name])
    yield _case(INTROSPECT, "unreachable", _orphans(entities, alignment))
    yield _case(INTROSPECT, "conditions", _conditions(alignment))


@lru_cache(maxsize=1)
def _by_entity(alignment: Alignment) -> Mapping[str, list[Statement]]:
    """Return the statements about declared items, by entity."""
    return _grouped(each for each in alignment.statements if not _is_undeclared(each))


@lru_cache(maxsize=1)
def _undeclared(alignment: Alignment) -> Mapping[str, list[Statement]]:
    """Return the statements about undeclared items, by entity."""
    return _grouped(filter(_is_undeclared, alignment.statements))


def _grouped(statements: Iterable[Statement]) -> Mapping[str, list[Statement]]:
    found: dict[str, list[Statement]] = defaultdict(list)
    for statement in statements:
        found[statement.entity].append(statement)
    return dict(found)


def _is_undeclared(statement: Statement) -> bool:
    return statement.side is StatementSide.BUILD and not statement.part


def _declaration(
    subject: Subject, statements: list[Statement], more: tuple[Claim, ...] = ()
) -> Case:
    first = statements[0]
    if first.condition is not None and first.compiled_out and not first.part:
        reason = f"not compiled into this build: {condition_text(first.condition)}"
        return _absent(subject, "declaration", reason)
    return _case(subject, "declaration", (*_claims(statements), *more))


def _classes(entity: DigestEntity) -> Iterator[Claim]:
    """Yield a claim for each error class that the documentation names: QMP must have it."""
    for name in (*entity.errors, *entity.unknown_errors):
        yield Claim(
            rule="X19",
            what=f"documented error class {name}",
            promised=_CLASS,
            found=_CLASS if name in entity.errors else "no class that an error can have",
            fold=f"error class {name}",
            where=_where(entity.module, entity.line),
        )


def _events(entity: DigestEntity) -> Iterator[Claim]:
    """Yield a claim for each event that the documentation names and nothing declares."""
    for name in entity.unknown_events:
        yield Claim(
            rule="X51",
            what=f"documented event {name}",
            promised=_DECLARED,
            found="no event that the source declares",
            fold=f"documented event {name}",
            where=_where(entity.module, entity.line),
        )


def _case(subject: Subject, name: str, claims: Iterable[Claim]) -> Case:
    return Case(
        id=f"{subject.name}/{Aspect.DOCUMENTATION}/{name}",
        subject=subject,
        aspect=Aspect.DOCUMENTATION,
        stage=PLAIN,
        steps=(),
        claims=tuple(claims),
    )


def _absent(subject: Subject, name: str, reason: str) -> Case:
    return Case(
        id=f"{subject.name}/{Aspect.DOCUMENTATION}/{name}",
        subject=subject,
        aspect=Aspect.DOCUMENTATION,
        stage=PLAIN,
        steps=(),
        blocked=not_applicable(reason),
    )


def _claims(statements: Iterable[Statement]) -> Iterator[Claim]:
    for statement in statements:
        reached = f" ({statement.reached})" if statement.reached and not statement.kept else ""
        yield Claim(
            rule=statement.rule,
            what=f"{statement.what}{reached}",
            promised=statement.promised,
            found=statement.found,
            fold=_fold(statement),
            where=_where(statement.place.file, statement.place.line),
        )


def _fold(statement: Statement) -> str:
    """Return what statements about one defect share.

    A declaration of a base counts once, however many types have it; items that are missing although
    their condition holds count as one wrong configuration per condition.
    """
    if statement.side is StatementSide.SOURCE and statement.condition is not None:
        return _condition_fold([statement.condition])
    own = (statement.origin, statement.part, statement.rule, statement.promised)
    return f"declaration {' '.join(own)}"


def _where(file: str, line: int) -> str | None:
    return f"{file}:{line}" if file else None


def _orphans(entities: Mapping[str, DigestEntity], alignment: Alignment) -> Iterator[Claim]:
    """Yield a claim for each type that nothing in the build reaches.

    QEMU drops unreachable types before it applies conditions. So a type that only conditions cut
    off is still there, and does no harm.
    """
    what = "types that neither a command nor an event leads to"
    for number, name in sorted(
        alignment.orphans.items(), key=lambda item: (item[1] or "", item[0])
    ):
        cut_off = alignment.unreached[name] if name is not None else None
        found = f"{name or number} ({cut_off})" if cut_off else name or number
        yield Claim(
            rule="Q56",
            what=what,
            promised=found if cut_off else "none",
            found=found,
            fold="unreachable",
            where=_where(entities[name].module, entities[name].line) if name is not None else None,
        )
    if not alignment.orphans:
        yield Claim(rule="Q56", what=what, promised="none", found="none", fold="unreachable")


def _conditions(alignment: Alignment) -> Iterator[Claim]:
    """Yield a claim for each condition that items of the build confirm, and each contradiction."""
    found = contradictions(alignment.conditions)
    disputed = {(condition_text(s.condition), s.held) for each in found for s in each.shown}
    counted = Counter((condition_text(s.condition), s.held) for s in alignment.conditions)
    for contradiction in found:
        yield Claim(
            rule="Q42",
            what=f"condition {contradiction.text}",
            promised="one configuration explains what is there and what is missing",
            found=_disagreement(contradiction),
            fold=_condition_fold(s.condition for s in contradiction.absent or contradiction.shown),
        )
    for (text, held), times in sorted(counted.items()):
        if (text, held) not in disputed:
            seen = f"{times} there" if held else f"{times} missing"
            what = f"items with the condition {text}"
            yield Claim(rule="Q42", what=what, promised=seen, found=seen, fold=f"condition {text}")
    if not counted:
        what = "items with a condition"
        yield Claim(rule="Q42", what=what, promised="none", found="none", fold="condition")


def _condition_fold(conditions: Iterable[Condition]) -> str:
    return f"condition {'; '.join(dict.fromkeys(map(condition_text, conditions)))}"


def _disagreement(contradiction: Contradiction) -> str:
    sides = (("there", contradiction.present), ("missing", contradiction.absent))
    return "; ".join(
        f"{word}: {', '.join(f'{s.where} ({condition_text(s.condition)})' for s in some[:_SHOWN])}"
        + (f" and {len(some) - _SHOWN} more" if len(some) > _SHOWN else "")
        for word, some in sides
        if some
    )
