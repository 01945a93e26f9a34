"""The types of properties are held against what the documentation says that they are."""

from __future__ import annotations

import pytest

from conformance.derive.objects.words import word_cases
from conformance.qapi.qom import DeviceType, Node, ObjectModel, Property
from tests.derive.inputs import NO_OBJECTS, a_build, known


def wrong(kind: str) -> list[str]:
    """Return what is said of a type, wherever a property has it."""
    properties = (Property(name="p", type=kind),)
    places = (
        ObjectModel(types=(), creatable=("a",), properties={"a": properties}, trees={}),
        ObjectModel(
            types=(),
            creatable=(),
            properties={},
            trees={},
            devices=(DeviceType(name="a"), DeviceType(name="b", properties=properties)),
        ),
        ObjectModel(
            types=(),
            creatable=(),
            properties={},
            trees={"none": (Node(path="/a", properties=properties),)},
        ),
    )
    cases = (case for model in places for case in word_cases(a_build(model=model), known(), ""))
    claims = (claim for case in cases for claim in case.claims)
    return [claim.what for claim in claims if claim.promised != claim.found]


@pytest.mark.parametrize("kind", ["bool", "uint8", "OnOffAuto", "strList", "child<a-b>", "link<x>"])
def test_a_name_is_a_type(kind: str) -> None:
    assert wrong(kind) == []


@pytest.mark.parametrize("kind", ["int32_t", "on|off", "some text", ""])
def test_what_is_no_name_is_told_wherever_a_property_has_it(kind: str) -> None:
    assert wrong(kind) == [
        f"the type {kind!r} of the property a.p",
        f"the type {kind!r} of the property b.p",
        f"the type {kind!r} of the property p of /a of none",
    ]


def test_a_build_that_shows_no_property_has_no_case() -> None:
    assert list(word_cases(a_build(model=NO_OBJECTS), known(), "")) == []
