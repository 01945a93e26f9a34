"""Values that are frozen for type checkers alone: they are hashed, compared and shown as others."""

import pickle
from dataclasses import dataclass, replace

import pytest

from conformance.model.frozen import frozen_value


@frozen_value(frozen=True, slots=True, kw_only=True)
class _Quick:
    name: str
    parts: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Frozen:
    name: str
    parts: tuple[int, ...] = ()


def test_it_is_hashed_and_shown_as_a_frozen_one() -> None:
    quick, frozen = _Quick(name="a", parts=(1, 2)), _Frozen(name="a", parts=(1, 2))
    assert hash(quick) == hash(frozen)
    assert repr(quick).replace("_Quick", "_Frozen") == repr(frozen)


def test_equal_ones_are_one_key_and_a_changed_copy_another() -> None:
    one, other = _Quick(name="a"), _Quick(name="a")
    assert len({one, other, replace(one, parts=(1,))}) == 2
    assert one == other


def test_it_has_its_fields_alone() -> None:
    with pytest.raises(TypeError):
        _Quick("a")  # type: ignore[call-arg]
    with pytest.raises(AttributeError):
        _Quick(name="a").other = 1  # type: ignore[attr-defined]


def test_it_travels_to_another_process() -> None:
    value = _Quick(name="a", parts=(1,))
    assert pickle.loads(pickle.dumps(value)) == value
