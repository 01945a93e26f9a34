"""Says which defect a broken promise shows, and what that means to a user of the build."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass

from conformance.judge.defect import defect_of
from conformance.judge.miss import Miss
from conformance.knowledge.weights import load_weights
from conformance.model.case import Case
from conformance.model.fingerprint import fingerprint
from conformance.model.terms import Mark, Outcome, SubjectKind, Weight
from conformance.qapi.model import Schema


@dataclass(frozen=True, slots=True, kw_only=True)
class Appraisal:
    """The name of a defect and its weight; see stream.Finding."""

    defect: str
    fingerprint: str
    weight: Weight
    marks: tuple[Mark, ...]


def appraised(case: Case, miss: Miss, outcome: Outcome, features: Collection[str]) -> Appraisal:
    """Return the appraisal of a miss that gives its case an outcome.

    `features` are those of the subject in the build's schema.
    """
    defect, weights = defect_of(miss), load_weights()
    marks = {*weights.marks(miss.rule, case.id), *_of_interface(case, features)}
    return Appraisal(
        defect=defect,
        fingerprint=fingerprint(defect),
        weight=weights.weight(outcome, miss.rule, case.id),
        marks=tuple(mark for mark in Mark if mark in marks),
    )


def _of_interface(case: Case, features: Collection[str]) -> set[Mark]:
    """Return the marks of what the case is about."""
    names = (case.subject.name, *re.split(r"[./:]", case.about))
    unstable = "unstable" in features or any(name.startswith("x-") for name in names)
    return {
        *([Mark.UNSTABLE] if unstable else []),
        *([Mark.DEPRECATED] if "deprecated" in features else []),
    }


def features_of(schema: Schema, case: Case) -> tuple[str, ...]:
    """Return the features of a case's subject in the build's schema."""
    if case.subject.kind is SubjectKind.EVENT:
        event = schema.events.get(case.subject.name)
        return event.features if event else ()
    command = schema.commands.get(case.subject.name)
    return command.features if command else ()
