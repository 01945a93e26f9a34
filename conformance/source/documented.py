"""All examples of a schema's source, each with its owner and its judgement.

Examples are judged once, where the source is read; cases are made from what is kept.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass

from conformance.digest.declaration import EntityKind, Flag, Source, SourcePlace
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
    place: SourcePlace
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
