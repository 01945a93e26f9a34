"""What makes the cases of a plan, in its order: generators with the subjects they speak about."""

from __future__ import annotations

from typing import Final

from conformance.derive.commands import (
    answers,
    compat_policy,
    cost,
    documented,
    errors,
    fresh_memory,
    gates,
    ranges,
    valid,
)
from conformance.derive.commands.generators import (
    ELSEWHERE,
    IN_STATES,
    OF_ARGUMENTS,
    OF_KNOWN_REQUESTS,
    OF_PEERS,
)
from conformance.derive.devices.generators import OF_DEVICE_TYPES
from conformance.derive.events import event_cases
from conformance.derive.exchanges import exchange_cases
from conformance.derive.objects import tree
from conformance.derive.objects.generators import OF_ALL_TYPES, OF_OBJECT_ADD, OF_OBJECT_TYPES
from conformance.derive.schema import contradictions, declarations, lint
from conformance.derive.searching.generators import SEARCHES
from conformance.derive.subjects import (
    Generator,
    Round,
    asked_introspection,
    asked_twice,
    commands,
    creating,
    declared,
    devices,
    events,
    exchanges,
    growing,
    introspected,
    introspection,
    lists,
    machines,
    model_commands,
    ranged_commands,
    seed_commands_first,
    sorted_commands,
    types,
    undeclared,
    with_examples,
    with_shown_defaults,
)

GENERATORS: Final = (
    Round(
        seed_commands_first,
        (
            Generator(valid.recipe_cases, ("{}/valid/",)),
            Generator(valid.further_cases, ("{}/valid/",)),
            Generator(errors.error_cases, ("{}/errors/",)),
        ),
    ),
    Round(sorted_commands, OF_KNOWN_REQUESTS),
    Round(introspected(sorted_commands), (Generator(answers.answer_cases, ("{}/answers/",)),)),
    Round(sorted_commands, (Generator(valid.undescribed_cases, ("{}/valid/",)),)),
    Round(commands, OF_ARGUMENTS),
    Round(introspected(sorted_commands), IN_STATES),
    Round(introspected(sorted_commands), OF_PEERS),
    Round(ranged_commands, (Generator(ranges.range_cases, ("{}/valid/", "{}/invalid/")),)),
    Round(
        introspected(introspection),
        (
            Generator(contradictions.contradiction_cases, ("{}/introspection/",)),
            Generator(lint.lint_cases, ("{}/introspection/",)),
        ),
    ),
    Round(introspected(lists), (Generator(tree.lost_cases, ("{}/introspection/",)),)),
    Round(
        introspected(model_commands),
        (Generator(contradictions.unusable_name_cases, ("{}/introspection/",)),),
    ),
    Round(introspected(lists), (Generator(tree.type_cases, ("qom-list-",)),)),
    Round(introspected(lists), OF_ALL_TYPES),
    Round(
        introspected(machines),
        (Generator(tree.tree_cases, ("qom-list/", "qom-get/", "qom-set/")),),
    ),
    Round(introspected(creating), OF_OBJECT_ADD),
    Round(introspected(types), OF_OBJECT_TYPES),
    Round(introspected(devices), OF_DEVICE_TYPES),
    Round(introspected(sorted_commands), (Generator(gates.gate_cases, ("{}/gates/",)),)),
    Round(introspected(sorted_commands), ELSEWHERE),
    Round(
        introspected(sorted_commands),
        (Generator(compat_policy.deprecated_cases, ("{}/gates/deprecated",)),),
    ),
    Round(
        introspected(sorted_commands),
        (Generator(compat_policy.unstable_cases, ("{}/gates/unstable",)),),
    ),
    Round(
        introspected(asked_introspection),
        (Generator(compat_policy.hidden_cases, ("{}/gates/deprecated",)),),
    ),
    Round(introspected(events), (Generator(event_cases, ("{}/valid/",)),)),
    Round(introspected(growing), (Generator(cost.growth_cases, ("{}/valid/growth/",)),)),
    Round(
        introspected(asked_twice),
        (Generator(fresh_memory.fresh_cases, ("{}/introspection/fresh-memory",)),),
    ),
    Round(introspected(machines), (Generator(cost.idle_cases, ("query-version/valid/idle/{}",)),)),
    Round(introspected(sorted_commands), (Generator(cost.leak_cases, ("{}/valid/memory",)),)),
    Round(exchanges, (Generator(exchange_cases, ("wire/{}/",)),)),
    Round(declared, (Generator(declarations.declaration_cases, ("{}/documentation/",)),)),
    Round(undeclared, (Generator(declarations.undeclared_cases, ("{}/documentation/",)),)),
    Round(introspection, (Generator(declarations.declared_type_cases, ("{}/documentation/",)),)),
    Round(
        with_shown_defaults,
        (Generator(documented.documented_default_cases, ("{}/documentation/",)),),
    ),
    Round(with_examples, (Generator(documented.example_cases, ("{}/examples/",)),)),
    *SEARCHES,
)
"""All generators, in the order of the plan."""
