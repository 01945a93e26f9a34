"""All kinds of expectations are named in one place: a plan holds no other."""

from __future__ import annotations

import inspect
import pkgutil
from collections.abc import Iterator
from importlib import import_module

from conformance import judge
from conformance.judge.expectations import EXPECTATIONS
from conformance.model.expectation import Expectation


def _declared() -> Iterator[type[Expectation]]:
    for found in pkgutil.iter_modules(judge.__path__, f"{judge.__name__}."):
        for _, cls in inspect.getmembers(import_module(found.name), inspect.isclass):
            if issubclass(cls, Expectation) and not inspect.isabstract(cls):
                yield cls


def test_every_kind_of_expectation_is_named_once() -> None:
    assert len({*EXPECTATIONS}) == len(EXPECTATIONS)
    assert {*EXPECTATIONS} == {*_declared()}
