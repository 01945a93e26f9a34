"""What would settle a case whose request without the fault is refused."""

from __future__ import annotations

import pytest

from conformance.knowledge.settling import load_settling, settled_by
from conformance.knowledge.store import cases_folder
from conformance.model.terms import SettledBy


@pytest.mark.parametrize(
    ("words", "by"),
    [
        ("Could not open '/dev/vfio/vfio': No such file or directory", SettledBy.NEED),
        ("address resolution failed for w0:w0: Servname not supported", SettledBy.PEER),
        ("Cannot find device='' nor node-name='w0'", SettledBy.STATE),
        ("Failed to parse netmask", SettledBy.RECIPE),
    ],
)
def test_the_refusal_tells_what_is_missing(words: str, by: SettledBy) -> None:
    entries = load_settling(cases_folder() / "settling.toml")
    reason = f"never accepted without the fault: do: refused with GenericError: {words}"

    assert settled_by(entries, reason) is by


def test_what_is_not_known_takes_a_recipe() -> None:
    assert settled_by((), "anything") is SettledBy.RECIPE
