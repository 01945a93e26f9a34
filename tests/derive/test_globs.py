"""Whether a glob can fit anything that begins in a given way."""

from __future__ import annotations

from fnmatch import fnmatchcase

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conformance.derive.globs import reaches


@pytest.mark.parametrize(
    ("glob", "start", "can"),
    [
        ("stop/*", "stop/valid/", True),
        ("stop/*", "cont/valid/", False),
        ("*/effect/*", "stop/effect/", True),
        ("*/effect/*", "stop/valid/", True),
        ("stop/valid/recipe", "stop/valid/", True),
        ("stop/valid/recipe", "stop/valid/recipes", False),
        ("st?p/*", "stop/", True),
        ("st[!o]p/*", "stop/", False),
        ("object-add/*/valid/*", "object-add/iothread/", True),
        ("", "stop/", False),
        ("*", "", True),
    ],
)
def test_a_glob_reaches_what_it_can_fit(glob: str, start: str, can: bool) -> None:
    assert reaches(glob, start) is can


@given(
    st.text("ab*?[]!", max_size=8),
    st.text("ab", max_size=6),
    st.integers(min_value=0, max_value=6),
)
def test_what_fits_a_glob_is_reached_from_each_of_its_beginnings(
    glob: str, text: str, size: int
) -> None:
    if fnmatchcase(text, glob):
        assert reaches(glob, text[:size])
