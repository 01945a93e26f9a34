"""What breaks clients is shown first and in full; what does not is counted and folded away."""

from __future__ import annotations

from typing import Any

import pytest

from conformance.compat.change import (
    Change,
    ChangeClass,
    ChangeKind,
    Comparison,
    Direction,
    SideFacts,
    SideKind,
)
from conformance.report.compatibility import HEADINGS, MEANINGS, markdown, text, verdict


def change(place: str, name: ChangeClass = ChangeClass.INCOMPATIBLE, **more: Any) -> Change:
    subject = place.partition(":")[0]
    made = {"kind": ChangeKind.MEMBER_REMOVED, "rule": "Q71", "direction": Direction.INPUT}
    return Change(subject=subject, place=place, change_class=name, **{**made, **more})


def comparison(*changes: Change, notes: tuple[str, ...] = ()) -> Comparison:
    return Comparison(
        old=SideFacts(name="5.2", kind=SideKind.DIGEST, version="5.2.0"),
        new=SideFacts(name="new.json", kind=SideKind.INTROSPECTION, detail="saved"),
        changes=changes,
        notes=notes,
    )


SOME = comparison(
    change("command a: argument x", others=tuple(f"command {n}: argument x" for n in "fghij")),
    change(
        "command a: argument y",
        kind=ChangeKind.TYPE_CHANGED,
        old="string",
        new="one of a, b",
    ),
    change("command b: argument z", ChangeClass.DEPRECATED_FIRST, reason="deprecated in 5.1"),
    change("command c: argument z", ChangeClass.DEPRECATED_FIRST, reason="deprecated in 5.1"),
    change("command d: argument i", ChangeClass.COMPATIBLE, kind=ChangeKind.OPTIONAL_ADDED),
    change("command d: argument j", ChangeClass.COMPATIBLE, kind=ChangeKind.OPTIONAL_ADDED),
    change("command e: argument k", ChangeClass.COMPATIBLE, reason="always refused"),
    notes=("nothing is certain",),
)


def test_the_verdict_counts_the_classes_that_there_are() -> None:
    assert verdict(SOME) == "7 changes: 2 incompatible, 2 deprecated first, 3 compatible"
    assert verdict(comparison()) == "No change that a client could see"


def test_the_text_shows_what_breaks_and_counts_the_rest() -> None:
    lines = text(SOME).splitlines()

    assert lines[:4] == [
        "old  5.2 (digest, version 5.2.0)",
        "new  new.json (saved introspection, version unknown, saved)",
        "",
        "Note: nothing is certain",
    ]
    start = lines.index(f"INCOMPATIBLE (2): {MEANINGS[ChangeClass.INCOMPATIBLE]}")
    shared = "; ".join(f"command {name}: argument x" for name in "fgh")
    assert lines[start + 1 : start + 5] == [
        "  command a",
        "    member removed argument x (Q71)",
        f"      also {shared}; and 2 more places",
        "    type changed argument y: string → one of a, b (Q71)",
    ]
    assert "  2 optional member added (input)" in lines
    assert "command d: argument i" not in text(SOME)
    # What somebody has judged is shown, however harmless it is.
    assert "        always refused" in lines
    assert lines[-1] == verdict(SOME)


def test_everything_is_listed_if_that_is_wanted() -> None:
    shown = text(SOME, everything=True)

    assert "    optional member added argument i (Q71)" in shown
    assert "  2 optional member added (input)" not in shown


def test_a_reason_that_neighbours_share_is_told_once() -> None:
    same = [
        change(f"command b: argument {name}", ChangeClass.UNSTABLE, reason="marked unstable")
        for name in "xyz"
    ]

    assert text(comparison(*same)).count("marked unstable") == 1


@pytest.mark.parametrize("width", [60, 100, 200])
def test_lines_keep_to_the_width(width: int) -> None:
    long = change("command a: argument x", reason="word " * 60, others=("command b: x",) * 3)

    assert max(map(len, text(comparison(long, notes=("note " * 50,)), width).splitlines())) <= width


def test_only_a_terminal_gets_colour() -> None:
    assert "\x1b[" not in text(SOME)
    assert "\x1b[1;31mINCOMPATIBLE" in text(SOME, colour=True)


def test_what_could_be_an_order_to_the_terminal_is_spelt_out() -> None:
    assert "\x1b" not in text(comparison(change("command a: argument \x1b[2J")))


def test_the_markdown_folds_what_does_not_break() -> None:
    shown = markdown(SOME)
    open_part, _, folded = shown.partition("<details>")

    assert shown.startswith("# Compatibility of two QMP schemas\n\n**7 changes: 2 incompatible")
    assert "| old | `5.2` | digest | `5.2.0` |" in open_part
    assert "| new | `new.json` | saved introspection, saved |  |" in open_part
    assert "> nothing is certain" in open_part
    assert (
        "| `command a: argument x`<br>also `command f: argument x`, `command g: argument x`, "
        "`command h: argument x` and 2 more places | member removed (input) | Q71 |  |"
    ) in open_part
    assert "| type changed (input): string → one of a, b | Q71 |" in open_part
    assert "`command e: argument k`" in open_part
    assert "`command d: argument i`" in folded
    assert "`command d: argument i`" not in open_part
    assert shown.endswith("</details>\n")


def test_a_bar_in_a_place_breaks_no_table() -> None:
    shown = markdown(comparison(change("command a: argument x=a|b")))

    (line,) = (line for line in shown.splitlines() if "argument x" in line)
    assert line.replace("\\|", "").count("|") == 5


def test_configuration_is_only_counted() -> None:
    left_out = comparison(change("command a", ChangeClass.CONFIGURATION, reason="left out"))

    assert "left out" not in text(left_out)
    assert "left out" in markdown(left_out).partition("<details>")[2]


@pytest.mark.parametrize("name", ChangeClass)
def test_every_class_has_its_words(name: ChangeClass) -> None:
    assert HEADINGS[name]
    assert MEANINGS[name]
    assert f"## {HEADINGS[name]} (1)" in markdown(comparison(change("command a", name)))
