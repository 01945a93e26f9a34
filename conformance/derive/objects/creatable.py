"""The case that every type which says that it is user-creatable is one that object-add takes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from conformance.derive.inputs import Introspected
from conformance.derive.objects.shape import is_typed, object_types
from conformance.derive.steps import PLAIN, command_subject
from conformance.knowledge.everything import Knowledge
from conformance.model.case import Case, Claim, Isolation
from conformance.model.stage import Request
from conformance.model.terms import Aspect

_TAKEN: Final = "object-add takes it"


def creatable_case(build: Introspected, knowledge: Knowledge, name: str) -> Iterator[Case]:
    """Yield the case of a build whose schema lists what object-add takes."""
    if not is_typed(build.schema):
        return
    taken = {*object_types(build.schema, build.model)}
    yield Case(
        id=f"{name}/{Aspect.INTROSPECTION}/types",
        subject=command_subject(name),
        aspect=Aspect.INTROSPECTION,
        stage=PLAIN,
        steps=(),
        claims=tuple(_claim(kind, kind in taken) for kind in sorted(build.model.creatable)),
        isolation=Isolation.PURE,
        about="types",
    )


def _claim(kind: str, taken: bool) -> Claim:
    return Claim(
        rule="X50",
        what=f"the user-creatable type {kind}",
        promised=_TAKEN,
        found=_TAKEN if taken else "object-add has no branch for it",
        fold=f"user-creatable {kind}",
        asks=()
        if taken
        else (
            Request("qom-list-types", {"implements": "user-creatable"}),
            Request("object-add", {"qom-type": kind, "id": "made"}),
        ),
        shows=f"does not accept value '{kind}'",
    )
