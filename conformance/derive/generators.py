"""What makes the cases of a plan, in its order: generators with the subjects they speak about."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from conformance.derive.commands import (
    compat_policy,
    defaults,
    effects,
    errors,
    examples,
    gates,
    invalid,
    ranges,
    valid,
    variations,
)
from conformance.derive.events import event_cases
from conformance.derive.exchanges import exchange_cases
from conformance.derive.inputs import Introspected, Knowledge
from conformance.derive.objects import defaults as object_defaults
from conformance.derive.objects import invalid as object_invalid
from conformance.derive.objects import lifecycle, tree
from conformance.derive.objects import valid as object_valid
from conformance.derive.objects.shape import OBJECT_ADD, object_types
from conformance.derive.schema import contradictions, declarations, lint
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
        """Return how the ids of the cases of that subject begin."""
        return tuple(prefix.format(name) for prefix in self.prefixes)


@dataclass(frozen=True, slots=True)
class Round:
    """Some generators, each asked in turn about each of the subjects that `names` yields."""

    names: Names
    generators: tuple[Generator, ...]


def _seed_commands_first(build: Introspected, knowledge: Knowledge) -> Iterator[str]:
    own = tuple(name for name in knowledge.seed.commands if name in build.schema.commands)
    yield from own
    yield from sorted(build.schema.commands.keys() - {*own})


def _commands(build: Introspected, knowledge: Knowledge) -> Iterable[str]:
    return build.schema.commands


def _sorted_commands(build: Introspected, knowledge: Knowledge) -> Iterable[str]:
    return sorted(build.schema.commands)


def _ranged_commands(build: Introspected, knowledge: Knowledge) -> Iterable[str]:
    return build.ranged.commands


def _introspected(names: Names) -> Names:
    """Return the names where the build tells its schema and its objects, none of another."""
    return lambda build, knowledge: names(build, knowledge) if build.flavour.introspects else ()


def _introspection(build: Introspected, knowledge: Knowledge) -> Iterable[str]:
    return (declarations.INTROSPECT.name,)


def _asked_introspection(build: Introspected, knowledge: Knowledge) -> Iterable[str]:
    return (name for name in _introspection(build, knowledge) if name in build.schema.commands)


def _model_commands(build: Introspected, knowledge: Knowledge) -> Iterable[str]:
    return contradictions.MODEL_RULES.values()


def _lists(build: Introspected, knowledge: Knowledge) -> Iterable[str]:
    return (tree.LIST,)


def _machines(build: Introspected, knowledge: Knowledge) -> Iterable[str]:
    return sorted(build.model.trees)


def _types(build: Introspected, knowledge: Knowledge) -> Iterable[str]:
    if OBJECT_ADD not in build.schema.commands:
        return ()
    return object_types(build.schema, build.model)


def _events(build: Introspected, knowledge: Knowledge) -> Iterable[str]:
    return build.schema.events


def _exchanges(build: Introspected, knowledge: Knowledge) -> Iterable[str]:
    return dict.fromkeys(recipe.subject for recipe in knowledge.exchanges)


def _declared(build: Introspected, knowledge: Knowledge) -> Iterable[str]:
    return build.declared


def _undeclared(build: Introspected, knowledge: Knowledge) -> Iterable[str]:
    statements = build.alignment.statements if build.alignment else ()
    return dict.fromkeys(each.entity for each in statements)


def _with_shown_defaults(build: Introspected, knowledge: Knowledge) -> Iterable[str]:
    shown = knowledge.showings if build.exact else ()
    return dict.fromkeys(showing.command for showing in shown)


def _with_examples(build: Introspected, knowledge: Knowledge) -> Iterable[str]:
    examples = (build.exact.examples or ()) if build.exact else ()
    return dict.fromkeys(example.owner for example in examples)


GENERATORS: Final = (
    Round(
        _seed_commands_first,
        (
            Generator(valid.recipe_cases, ("{}/valid/",)),
            Generator(valid.further_cases, ("{}/valid/",)),
            Generator(errors.error_cases, ("{}/errors/",)),
        ),
    ),
    Round(_sorted_commands, (Generator(effects.effect_cases, ("{}/effect/",)),)),
    Round(_sorted_commands, (Generator(valid.undescribed_cases, ("{}/valid/",)),)),
    Round(
        _commands,
        (
            Generator(invalid.invalid_cases, ("{}/invalid/",)),
            Generator(variations.variation_cases, ("{}/valid/",)),
        ),
    ),
    Round(_ranged_commands, (Generator(ranges.range_cases, ("{}/valid/", "{}/invalid/")),)),
    Round(
        _introspected(_introspection),
        (
            Generator(contradictions.contradiction_cases, ("{}/introspection/",)),
            Generator(lint.lint_cases, ("{}/introspection/",)),
        ),
    ),
    Round(_introspected(_lists), (Generator(tree.lost_cases, ("{}/introspection/",)),)),
    Round(
        _introspected(_model_commands),
        (Generator(contradictions.unusable_name_cases, ("{}/introspection/",)),),
    ),
    Round(_introspected(_lists), (Generator(tree.type_cases, ("qom-list-",)),)),
    Round(
        _introspected(_machines),
        (Generator(tree.tree_cases, ("qom-list/", "qom-get/", "qom-set/")),),
    ),
    Round(
        _introspected(_types),
        (
            Generator(object_valid.valid_cases, ("object-add/{}/valid/",)),
            Generator(object_defaults.default_cases, ("object-add/{}/defaults/",)),
            Generator(object_defaults.documented_cases, ("object-add/{}/documentation/",)),
            Generator(object_invalid.invalid_cases, ("object-add/{}/invalid/",)),
            Generator(lifecycle.error_cases, ("object-add/{}/errors/",)),
            Generator(lifecycle.lifecycle_cases, ("object-add/{}/lifecycle/",)),
        ),
    ),
    Round(_introspected(_sorted_commands), (Generator(gates.gate_cases, ("{}/gates/",)),)),
    Round(
        _introspected(_sorted_commands),
        (Generator(compat_policy.deprecated_cases, ("{}/gates/deprecated",)),),
    ),
    Round(
        _introspected(_sorted_commands),
        (Generator(compat_policy.unstable_cases, ("{}/gates/unstable",)),),
    ),
    Round(
        _introspected(_asked_introspection),
        (Generator(compat_policy.hidden_cases, ("{}/gates/deprecated",)),),
    ),
    Round(_introspected(_events), (Generator(event_cases, ("{}/valid/",)),)),
    Round(_exchanges, (Generator(exchange_cases, ("wire/{}/",)),)),
    Round(_declared, (Generator(declarations.declaration_cases, ("{}/documentation/",)),)),
    Round(_undeclared, (Generator(declarations.undeclared_cases, ("{}/documentation/",)),)),
    Round(_introspection, (Generator(declarations.declared_type_cases, ("{}/documentation/",)),)),
    Round(
        _with_shown_defaults,
        (Generator(defaults.documented_default_cases, ("{}/documentation/",)),),
    ),
    Round(_with_examples, (Generator(examples.example_cases, ("{}/examples/",)),)),
)
"""All generators, in the order of the plan."""
