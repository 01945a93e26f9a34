"""The case that the types of properties are words as the documentation of properties has them.

Knows no property by name.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from conformance.derive.inputs import Introspected
from conformance.derive.steps import PLAIN, command_subject
from conformance.knowledge.everything import Knowledge
from conformance.model.canonical import compact
from conformance.model.case import Case, Claim, Isolation
from conformance.model.stage import Request
from conformance.model.terms import Aspect
from conformance.qapi.qom import ObjectModel

_ASK: Final = "qom-list-properties"
_WORD: Final = re.compile(r"[A-Za-z][A-Za-z0-9]*|(child|link)<.*>")
"""A primitive type or a type of the schema has a name of letters and digits (qapi/qom.json)."""
_NAMED: Final = "child<>, link<>, or the name of a type: letters and digits"


def word_cases(build: Introspected, knowledge: Knowledge, name: str) -> Iterator[Case]:
    """Yield the case of the types of all properties that the build was asked for, if any."""
    found = dict(sorted(_types(build.model), key=_by_name, reverse=True))
    if found:
        yield Case(
            id=f"{_ASK}/{Aspect.DOCUMENTATION}/types",
            subject=command_subject(_ASK),
            aspect=Aspect.DOCUMENTATION,
            stage=PLAIN,
            steps=(),
            claims=tuple(_claim(word, *found[word]) for word in sorted(found)),
            isolation=Isolation.PURE,
            about="types",
        )


def _by_name(found: tuple[str, tuple[str, Request | None]]) -> tuple[str, str]:
    return found[0], found[1][0]


def _types(model: ObjectModel) -> Iterator[tuple[str, tuple[str, Request | None]]]:
    """Yield the type of each property, of what the property is, and the request that lists it."""
    for kind, properties in model.properties.items():
        asks = Request(_ASK, {"typename": kind})
        yield from ((each.type, (f"{kind}.{each.name}", asks)) for each in properties)
    for device in model.devices:
        asks = Request("device-list-properties", {"typename": device.name})
        told = device.properties or ()
        yield from ((each.type, (f"{device.name}.{each.name}", asks)) for each in told)
    for machine, nodes in model.trees.items():
        for node in nodes:
            place = f"{node.path} of {machine}"
            yield from ((each.type, (f"{each.name} of {place}", None)) for each in node.properties)


def _claim(word: str, where: str, asks: Request | None) -> Claim:
    fits = _WORD.fullmatch(word) is not None
    return Claim(
        rule="X52",
        what=f"the type {word!r} of the property {where}",
        promised=_NAMED,
        found=_NAMED if fits else word,
        fold=f"property type {word}",
        asks=() if fits or asks is None else (asks,),
        shows=f'"type": {compact(word)}',
    )
