"""All examples of a schema's source, each with its owner and its judgement, also as JSON.

Examples are judged once, where the source is read; cases are made from what is kept.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from conformance.digest.declaration import EntityKind, Flag, Place, Source
from conformance.model.stage import Request
from conformance.model.terms import ABSENT
from conformance.qapi.model import Schema
from conformance.source.dialogue import Grammar, ShownRequest, judge_dialogue
from conformance.source.examples import ExampleFault, parse_example


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentedExample:
    """The `number`th example (from 1) in the documentation of the command or event `owner`.

    `faults` is everything wrong with it, `requests` what a client sends in it, in order.
    """

    kind: EntityKind
    owner: str
    number: int
    place: Place
    faults: tuple[ExampleFault, ...] = ()
    requests: tuple[ShownRequest, ...] = ()


def documented_examples(
    source: Source, schema: Schema, open_objects: Collection[str] = frozenset()
) -> tuple[DocumentedExample, ...]:
    """Return the examples of `source`, in its order, judged by `schema`, which it describes.

    Objects of the types `open_objects` may have more members than the schema names. Only commands
    and events have dialogues: other examples are ignored.
    """
    unchecked = frozenset(each.name for each in source.entities if Flag.NO_GEN in each.flags)
    grammar = Grammar(schema=schema, unchecked=unchecked, open_objects=open_objects)
    return tuple(_examples(source, grammar))


def _examples(source: Source, grammar: Grammar) -> Iterator[DocumentedExample]:
    for entity in source.entities:
        if entity.kind not in (EntityKind.COMMAND, EntityKind.EVENT):
            continue
        sections = entity.documentation.examples if entity.documentation else ()
        for number, section in enumerate(sections, start=1):
            example = parse_example(section)
            judgement = judge_dialogue(example, entity.name, grammar)
            yield DocumentedExample(
                kind=entity.kind,
                owner=entity.name,
                number=number,
                place=example.place,
                faults=judgement.faults,
                requests=judgement.requests,
            )


def to_json(examples: Sequence[DocumentedExample]) -> list[Any]:
    """Return `examples` as JSON, which `from_json` reads back."""
    return [
        {
            "kind": example.kind,
            "owner": example.owner,
            "number": example.number,
            "place": _place_to_json(example.place),
            "faults": [
                {"place": _place_to_json(fault.place), "problem": fault.problem}
                for fault in example.faults
            ],
            "requests": [_shown_to_json(shown) for shown in example.requests],
        }
        for example in examples
    ]


def from_json(value: Sequence[Any]) -> tuple[DocumentedExample, ...]:
    """Return the examples that `to_json` wrote."""
    return tuple(
        DocumentedExample(
            kind=EntityKind(entry["kind"]),
            owner=entry["owner"],
            number=entry["number"],
            place=_place(entry["place"]),
            faults=tuple(
                ExampleFault(place=_place(fault["place"]), problem=fault["problem"])
                for fault in entry["faults"]
            ),
            requests=tuple(map(_shown, entry["requests"])),
        )
        for entry in value
    )


def _place_to_json(place: Place) -> list[Any]:
    return [place.file, place.line, place.column]


def _place(value: Sequence[Any]) -> Place:
    file, line, column = value
    return Place(file=file, line=line, column=column)


def _shown_to_json(shown: ShownRequest) -> dict[str, Any]:
    value = {"execute": shown.request.execute, "key": shown.request.key, "sound": shown.sound}
    for name, part in (("arguments", shown.request.arguments), ("reply", shown.reply)):
        if part is not ABSENT:
            value[name] = part
    return value


def _shown(value: Mapping[str, Any]) -> ShownRequest:
    request = Request(value["execute"], value.get("arguments", ABSENT), value["key"])
    return ShownRequest(request=request, sound=value["sound"], reply=value.get("reply", ABSENT))
