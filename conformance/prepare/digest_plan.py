"""What would be asked of builds of a release that is known by its digest alone; starts nothing."""

from __future__ import annotations

from dataclasses import replace

from conformance.align.alignment import align
from conformance.align.widths import with_widths
from conformance.derive.inputs import Introspected, Knowledge
from conformance.derive.plan import plan
from conformance.digest.expand import schema_of
from conformance.knowledge.digests import digest_names
from conformance.knowledge.versions import Version
from conformance.model.case import Case
from conformance.model.errors import UsageError
from conformance.model.flavour import Program
from conformance.prepare.source import find_facts
from conformance.qapi.qom import ObjectModel

_ARCH = "x86_64"
"""The architecture that most recipes speak of."""
_NOTHING = ObjectModel(types=(), creatable=(), properties={}, trees={})


def release_version(name: str) -> Version:
    """Return the version of the release of that name, of the newest for ""; raises UsageError."""
    known = digest_names()
    name = name or known[-1]
    if name not in known:
        raise UsageError(f"there is no digest of {name}", f"There are: {', '.join(known)}.")
    major, minor = name.split(".")
    return int(major), int(minor), 0


def release_cases(
    version: Version, programs: tuple[Program, ...], knowledge: Knowledge
) -> tuple[Case, ...]:
    """Return the cases that each of the programs of a release would have, one after the other.

    What only a build tells, its object model and the entries of its introspection, gives none;
    neither does a program that the digest of the release does not know.
    """
    found: list[Case] = []
    for program in programs:
        facts = find_facts("", version, program)
        if facts is None or not facts.exact:
            continue
        schema = schema_of(facts.entities, whole=True)
        alignment = align(facts.entities, schema)
        build = Introspected(
            version=version,
            schema=with_widths(schema, alignment, facts.entities),
            model=_NOTHING,
            lacks={},
            facts=facts,
            alignment=alignment,
            program=program,
            arch=_ARCH,
            thorough=True,
        )
        # Why a case is not run is of a build: what it lacks, or what was left out of it.
        found += (replace(case, blocked=None) for case in plan(build, knowledge).cases)
    return tuple(found)
