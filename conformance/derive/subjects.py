"""Generators as values, and the subjects that they are asked about, in the order of the plan."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from conformance.derive.inputs import Introspected
from conformance.derive.objects import tree
from conformance.derive.objects.shape import OBJECT_ADD, object_types
from conformance.derive.schema import contradictions, declarations
from conformance.knowledge.everything import Knowledge
from conformance.model.case import Case

Cases = Callable[[Introspected, Knowledge, str], Iterator[Case]]
Names = Callable[[Introspected, Knowledge], Iterable[str]]


@dataclass(frozen=True, slots=True)
class Generator:
    """Makes the cases of one subject; their ids begin with one of `prefixes`.

    "{}" in a prefix is the subject's name.
    """

    cases: Cases
    prefixes: tuple[str, ...]

    def of(self, name: str) -> tuple[str, ...]:
        """Return the prefixes of case ids for that subject."""
        return tuple(prefix.format(name) for prefix in self.prefixes)


@dataclass(frozen=True, slots=True)
class Round:
    """Some generators, each called for each of the subjects that `names` yields."""

    names: Names
    generators: tuple[Generator, ...]


def seed_commands_first(build: Introspected, knowledge: Knowledge) -> Iterator[str]:
    """Yield the commands: those of the seed digest first, then the others sorted."""
    own = tuple(name for name in knowledge.seed.commands if name in build.schema.commands)
    yield from own
    yield from sorted(build.schema.commands.keys() - {*own})


def commands(build: Introspected, knowledge: Knowledge) -> Iterable[str]:
    """Return the commands in the order of the schema."""
    return build.schema.commands


def sorted_commands(build: Introspected, knowledge: Knowledge) -> Iterable[str]:
    """Return the commands sorted."""
    return sorted(build.schema.commands)


def ranged_commands(build: Introspected, knowledge: Knowledge) -> Iterable[str]:
    """Return the commands of the schema with known integer widths."""
    return build.ranged.commands


def introspected(names: Names) -> Names:
    """Return the names if the build shows its schema and its objects, else none."""
    return lambda build, knowledge: names(build, knowledge) if build.flavour.introspects else ()


def introspection(build: Introspected, knowledge: Knowledge) -> Iterable[str]:
    """Return the command that introspects."""
    return (declarations.INTROSPECT.name,)


def asked_introspection(build: Introspected, knowledge: Knowledge) -> Iterable[str]:
    """Return the command that introspects, if the schema has it."""
    return (name for name in introspection(build, knowledge) if name in build.schema.commands)


def model_commands(build: Introspected, knowledge: Knowledge) -> Iterable[str]:
    """Return the commands that list names of the object model."""
    return contradictions.MODEL_RULES.values()


def lists(build: Introspected, knowledge: Knowledge) -> Iterable[str]:
    """Return the command that lists the tree."""
    return (tree.LIST,)


def growing(build: Introspected, knowledge: Knowledge) -> Iterable[str]:
    """Return the queries that are asked of more and more things."""
    return dict.fromkeys(growth.request.execute for growth in knowledge.growths)


def asked_twice(build: Introspected, knowledge: Knowledge) -> Iterable[str]:
    """Return the queries that two processes are asked."""
    asks = (each for fresh in knowledge.fresh_memory for each in fresh.asks)
    return dict.fromkeys(each.request.execute for each in asks)


def machines(build: Introspected, knowledge: Knowledge) -> Iterable[str]:
    """Return the machines whose trees were walked."""
    return sorted(build.model.trees)


def creating(build: Introspected, knowledge: Knowledge) -> Iterable[str]:
    """Return the command that creates objects, if the schema has it."""
    return (OBJECT_ADD,) if OBJECT_ADD in build.schema.commands else ()


def types(build: Introspected, knowledge: Knowledge) -> Iterable[str]:
    """Return the object types of object-add."""
    if OBJECT_ADD not in build.schema.commands:
        return ()
    return object_types(build.schema, build.model)


def devices(build: Introspected, knowledge: Knowledge) -> Iterable[str]:
    """Return the types of devices that a user may plug in."""
    return (device.name for device in build.model.devices)


def events(build: Introspected, knowledge: Knowledge) -> Iterable[str]:
    """Return the events."""
    return build.schema.events


def exchanges(build: Introspected, knowledge: Knowledge) -> Iterable[str]:
    """Return the parts of the protocol with exchanges."""
    return dict.fromkeys(recipe.subject for recipe in knowledge.exchanges)


def declared(build: Introspected, knowledge: Knowledge) -> Iterable[str]:
    """Return the declarations of the source."""
    return build.declared


def undeclared(build: Introspected, knowledge: Knowledge) -> Iterable[str]:
    """Return everything that the schema was compared with its source for."""
    statements = build.alignment.statements if build.alignment else ()
    return dict.fromkeys(each.entity for each in statements)


def with_shown_defaults(build: Introspected, knowledge: Knowledge) -> Iterable[str]:
    """Return the commands whose defaults can be read back."""
    shown = knowledge.showings if build.documented else ()
    return dict.fromkeys(showing.command for showing in shown)


def with_examples(build: Introspected, knowledge: Knowledge) -> Iterable[str]:
    """Return the owners of documented examples."""
    examples = (build.documented.examples or ()) if build.documented else ()
    return dict.fromkeys(example.owner for example in examples)
