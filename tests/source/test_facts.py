"""Releases and classes of errors are read from the words of documentation."""

from __future__ import annotations

import pytest

from conformance.source.facts import (
    error_classes,
    error_items,
    release_of,
    since_of,
    unknown_classes,
)


@pytest.mark.parametrize(
    ("text", "release"),
    [("2.12", "2.12"), ("2.4.0", "2.4"), ("2.12.1", "2.12.1"), ("QEMU 4.1.0", "4.1"), ("", None)],
)
def test_release_is_shortened(text: str, release: str | None) -> None:
    assert release_of(text) == release


@pytest.mark.parametrize(
    ("text", "release"),
    [
        pytest.param("how wide (since 4.2)", "4.2", id="in-parentheses"),
        pytest.param("how wide (Since: 4.0)", "4.0", id="with-a-colon"),
        pytest.param("how wide (default: 4,\nsince 2.10)", "2.10", id="over-two-lines"),
        pytest.param("how wide. Since 1.3.0", "1.3", id="sentence"),
        pytest.param("since 5.0", "5.0", id="alone"),
        pytest.param("(Since 2.9) Before it was zero (since 2.10)", "2.9", id="oldest"),
        pytest.param("negative ones are taken since QEMU 2.7", None, id="of-a-part"),
        pytest.param("deprecated since 5.0", None, id="of-its-end"),
        pytest.param("how wide", None, id="silent"),
    ],
)
def test_release_of_what_is_described_is_found(text: str, release: str | None) -> None:
    assert since_of(text) == release


def test_classes_of_errors_are_listed_once_in_order() -> None:
    returns = "- nothing\n- If there is none, DeviceNotFound"
    errors = "- a GenericError\n- @DeviceNotFound again\n- If it is old, KVMMissingCap."

    assert error_classes(returns, errors) == ("DeviceNotFound", "GenericError", "KVMMissingCap")


@pytest.mark.parametrize(
    ("text", "unknown"),
    [
        pytest.param("- If it is wet, WetPaint", ("WetPaint",), id="item"),
        pytest.param("Nothing\nIf it is wet,\nWetPaint.", ("WetPaint",), id="line"),
        pytest.param("- If wet, WetPaint\n- If dry, WetPaint", ("WetPaint",), id="once"),
        pytest.param("- If it is wet, GenericError", (), id="known"),
        pytest.param("- If it is wet, GenericError with a reason", (), id="more-words"),
        pytest.param("- WetPaint on success", (), id="what-is-returned"),
        pytest.param("- If it is wet, again", (), id="no-class"),
        pytest.param("- If it is Wet", (), id="no-comma"),
    ],
)
def test_class_that_does_not_exist_is_noticed(text: str, unknown: tuple[str, ...]) -> None:
    assert unknown_classes(text) == unknown


@pytest.mark.parametrize(
    ("text", "items"),
    [
        pytest.param("", (), id="empty"),
        pytest.param("if it is wet", (None,), id="one-sentence"),
        pytest.param("- If wet, GenericError\n- if dry", ("GenericError", None), id="list"),
        pytest.param(
            "One of:\n\n* if wet,\n  GenericError\n* else", ("GenericError", None), id="head"
        ),
    ],
)
def test_items_of_a_section_of_errors_are_told_apart(
    text: str, items: tuple[str | None, ...]
) -> None:
    assert error_items(text) == items
