"""Each generator makes what it says, and a selection is a part of the whole plan."""

from __future__ import annotations

from fnmatch import fnmatchcase

import pytest

from conformance.derive.generators import GENERATORS
from tests.derive.builds import build, knowledge, made_plan, plan


@pytest.mark.parametrize("typed", [True, False], ids=["typed", "untyped"])
def test_the_ids_of_a_generators_cases_begin_as_it_says(typed: bool) -> None:
    made = build(typed=typed)
    known = knowledge().of_build(made.version, made.arch)
    wrong = [
        (case.id, generator.of(name))
        for each in GENERATORS
        for name in each.names(made, known)
        for generator in each.generators
        for case in generator.cases(made, known, name)
        if not case.id.startswith(generator.of(name))
    ]

    assert wrong == []


@pytest.mark.parametrize(
    "globs",
    [
        ("stop/*",),
        ("*/effect/*",),
        ("object-add/toy/*", "wire/id/*"),
        ("qom-get/*/none/machine/level",),
        ("query-qmp-schema/documentation/*",),
        ("nosuch/*",),
    ],
    ids=" ".join,
)
def test_a_selection_is_what_fits_of_the_whole_plan(globs: tuple[str, ...]) -> None:
    whole = made_plan(typed=True)

    made = plan(build(typed=True), knowledge(), globs)

    fitting = [c for c in whole.cases if any(fnmatchcase(c.id, glob) for glob in globs)]
    assert made.cases == tuple(fitting)
    assert made.rows == whole.rows
