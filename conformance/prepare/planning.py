"""The plan of a build, made from its answers and all knowledge, derived once and written.

Asks no build and knows no run.
"""

from __future__ import annotations

import gc
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any, Final

from conformance.align.alignment import align
from conformance.align.widths import with_widths
from conformance.derive.inputs import Facts, Introspected
from conformance.derive.plan import cases_of, members_of, rows_of
from conformance.digest.expand import schema_of
from conformance.knowledge.everything import Knowledge
from conformance.knowledge.guest_agent_blocklist import Withheld, load_withheld
from conformance.knowledge.loading import load_knowledge
from conformance.knowledge.versions import Version
from conformance.launch.target import Target
from conformance.model.canonical import canonical, digest
from conformance.model.flavour import Program
from conformance.prepare.asking import Answers
from conformance.prepare.described import NO_OBJECTS, NO_SCHEMA, described, unasked
from conformance.prepare.introspect import find_usable
from conformance.prepare.needs import needs_of_all, own_lacks
from conformance.prepare.plan_file import Head, PlanWriter
from conformance.prepare.source import find_facts, manual_of, words
from conformance.qapi.introspection import Examined
from conformance.space.members import member_of

_ARCH: Final = "x86_64"
"""The architecture of most recipes."""


def described_as(target: Target, answers: Answers) -> Target:
    """Return the target with what its answers say: its kind, and the commands to withhold."""
    build = answers.build
    target = replace(target, kind=build.kind, as_root=build.as_root)
    if answers.served is None:
        return target
    withheld = load_withheld().get(build.kind, Withheld())
    return replace(target, withheld=withheld.refused(answers.served.listed))


def introspected(
    target: Target,
    answers: Answers,
    knowledge: Knowledge,
    *,
    thorough: bool,
    lacks: Mapping[str, str],
) -> Introspected:
    """Return the inputs for a build whose host `lacks` things, with its source.

    Raises UsageError for the source of another build.
    """
    build = answers.build
    more: dict[str, Any] = {
        "program": build.kind,
        "arch": build.arch,
        "sandboxed": target.sandbox,
        "bare": target.is_bare,
        "sanitized": build.sanitized,
        "thorough": thorough,
    }
    if answers.served is not None:
        return _listed(target, answers, knowledge, lacks, more)
    found = answers.found
    assert found is not None, "a build tells its schema, or lists its commands"
    own = own_lacks(needs_of_all(knowledge), found.model)
    facts = find_facts(target.schema, found.version, build.kind, partial=target.partial)
    usable = find_usable(found.schema)
    return _aligned(
        facts,
        manual=manual_of(target, build.kind, found.version, facts, usable.schema),
        unserved=frozenset(found.unserved),
        version=found.version,
        usable=usable,
        entries=found.schema,
        model=found.model,
        lacks={**lacks, **own},
        **more,
    )


def _listed(
    target: Target,
    answers: Answers,
    knowledge: Knowledge,
    lacks: Mapping[str, str],
    more: Mapping[str, Any],
) -> Introspected:
    """Return the same for a build without a schema: only the source of its release counts."""
    build, served = answers.build, answers.served
    assert served is not None, "it lists its commands"
    facts = find_facts(target.schema, build.version, build.kind, partial=target.partial)
    facts = facts if facts is not None and facts.exact else None
    without = unasked(facts, served, load_withheld().get(build.kind, Withheld()))
    return Introspected(
        facts=facts,
        version=build.version,
        schema=described(facts, without),
        model=NO_OBJECTS,
        lacks={**lacks, **own_lacks(knowledge.commands.needs(), NO_OBJECTS)},
        without=without,
        **more,
    )


def planned(
    target: Target,
    answers: Answers,
    build: Introspected,
    knowledge: Knowledge,
    globs: Sequence[str] = (),
) -> bytes:
    """Return the plan of a build, for Plan to read.

    With `globs` it has only the cases whose ids match one.
    """
    members = members_of(build, knowledge)
    writer = PlanWriter()
    with _without_gc():
        for case in cases_of(build, knowledge, globs):
            writer.add(case, member_of(case, members))
    found = answers.found
    entries = found.schema if found is not None else ()
    return writer.end(
        Head(
            version=build.version,
            schema=build.schema,
            rows=rows_of(build, knowledge, members),
            program=build.program,
            package=(found.package if found is not None else "") or answers.build.package,
            arch=answers.build.arch,
            sha256=answers.build.sha256,
            schema_sha256=digest(sorted(entries, key=canonical)),
            documentation=words(build.facts, target.schema, build.manual),
            as_root=answers.build.as_root,
            withheld=target.withheld,
            events=knowledge.events.facts(build.version),
        )
    )


def write_release(version: Version, programs: Iterable[Program]) -> bytes:
    """Return the plan of a release that is known only by its digest, for Plan to read."""
    knowledge = load_knowledge()
    writer = PlanWriter()
    with _without_gc():
        for program in programs:
            facts = find_facts(None, version, program)
            if facts is None or not facts.exact:
                continue
            build = _of_release(version, program, facts)
            members = members_of(build, knowledge)
            for case in cases_of(build, knowledge):
                # Why a case is blocked depends on the build: what it lacks, or was built without.
                writer.add(replace(case, blocked=None), member_of(case, members))
    return writer.end(Head(version=version, schema=NO_SCHEMA, rows=()))


def _of_release(version: Version, program: Program, facts: Facts) -> Introspected:
    schema = schema_of(facts.entities, whole=True)
    alignment = align(facts.entities, schema)
    return Introspected(
        version=version,
        schema=with_widths(schema, alignment, facts.entities),
        model=NO_OBJECTS,
        lacks={},
        facts=facts,
        alignment=alignment,
        program=program,
        arch=_ARCH,
        thorough=True,
    )


@contextmanager
def _without_gc() -> Iterator[None]:
    """Suspend garbage collection: cases have no cycles, and it takes a fifth of the time."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


def _aligned(facts: Facts | None, *, usable: Examined, **more: Any) -> Introspected:
    """Return the inputs for a build, its schema aligned with the source of its release.

    A schema that contradicts itself is not compared: its missing parts would seem to be missing
    from the build.
    """
    schema = usable.schema
    if facts is None or usable.faults:
        return Introspected(schema=schema, faults=usable.faults, **more)
    alignment = align(facts.entities, schema)
    typed = with_widths(schema, alignment, facts.entities)
    if facts.exact:
        return Introspected(facts=facts, schema=typed, alignment=alignment, **more)
    return Introspected(facts=facts, schema=schema, older=typed, **more)
