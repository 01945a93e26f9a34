"""The tables of commands, events and object types: what was reached, what was not, and why."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from conformance.model.terms import CLIENT, Aspect, Outcome, SubjectKind
from conformance.report import terminal
from conformance.report.result import Summary
from conformance.report.stream import (
    CaseEnded,
    Event,
    EventSeen,
    RowPlanned,
)
from conformance.report.subjects import subjects
from conformance.report.summary import summarise
from tests.report.made import whole_run

COMMAND, TYPE, EVENT = SubjectKind.COMMAND, SubjectKind.OBJECT_TYPE, SubjectKind.EVENT
PROTOCOL = SubjectKind.PROTOCOL
PASS = Outcome.PASS


def _row(subject: str, kind: SubjectKind = COMMAND, note: str = "", **more: Any) -> RowPlanned:
    return RowPlanned(target="t", subject_kind=kind, subject=subject, note=note, **more)


def _case(
    subject: str, aspect: Aspect, outcome: Outcome = PASS, about: str = "", **more: Any
) -> CaseEnded:
    told: dict[str, Any] = {"subject_kind": COMMAND, "reason": "", **more}
    return CaseEnded(
        target="t",
        case=f"{subject}/{aspect}/{outcome}/{about}",
        subject=subject,
        aspect=aspect,
        outcome=outcome,
        rules=(),
        seconds=0.0,
        about=about,
        **told,
    )


def _summary(events: Sequence[Event]) -> Summary:
    return summarise(whole_run(*events))


def _text(*events: Event) -> str:
    (target,) = _summary(events).targets
    return "\n".join(subjects(target)).replace("\N{NO-BREAK SPACE}", " ")


def test_a_command_has_one_row_with_all_that_was_reached() -> None:
    text = _text(
        _row("mend", members=9, left_out=3),
        _case("mend", Aspect.VALID, about="a", accepted=True),
        _case("mend", Aspect.VALID, Outcome.CRASH, "b"),
        _case("mend", Aspect.INVALID, about="a", accepted=True, refused=1, named=1),
        _case("mend", Aspect.INVALID, Outcome.VACUOUS, "b", refused=1),
        _case("mend", Aspect.EFFECT),
        _case("mend", Aspect.GATES),
        _case("mend", Aspect.GATES, Outcome.UNTESTABLE_HERE, reason="r"),
        _case("mend", Aspect.ERRORS, Outcome.FAIL),
        _case("mend", Aspect.DOCUMENTATION),
    )

    cells = (
        "`mend`",
        "1 / 9",
        "1 / 2<br>**1 crash**",
        "1 / 2<br>1 vacuous",
        "1 / 1",
        "1 / 1<br>1 untestable",
        "0 / 1<br>**1 fail**",
        "1 / 2",
        "3",
        "1 ✓",
    )
    assert f"| {' | '.join(cells)} |" in text.splitlines()
    assert "| `mend` | 0 / 1 | `a` |" in text.splitlines()
    assert text.count("`mend`") == 2


def test_why_nothing_shows_an_effect_stands_in_its_cell() -> None:
    reason = "nothing *tells*"
    text = _text(_case("mend", Aspect.EFFECT, Outcome.NOT_APPLICABLE, reason=reason),
                 _case("mend", Aspect.GATES))  # fmt: skip

    assert r"|  | nothing \*tells\* | 1 / 1 |" in text


def test_commands_of_which_nothing_was_accepted_are_listed_with_the_reason() -> None:
    text = _text(
        _row("mend"),
        _row("rend", blocked="needs a moon"),
        _row("tend"),
        _case("mend", Aspect.VALID, accepted=True),
        _case("rend", Aspect.INVALID, Outcome.VACUOUS, reason="refused"),
        _case("tend", Aspect.INVALID, Outcome.VACUOUS, reason="no node"),
    )

    _, _, listed = text.partition("| Nothing valid accepted | Why |")
    assert "Commands with an accepted valid request: 1 of 3." in text
    assert "| `rend` | needs a moon |\n| `tend` | no node |" in listed
    assert "mend" not in listed


@pytest.mark.parametrize(("kind", "heading"), [(COMMAND, "Commands"), (TYPE, "Object types")])
def test_subjects_without_cases_stand_together_by_what_is_said_of_them(
    kind: SubjectKind, heading: str
) -> None:
    text = _text(*(_row(name, kind, note) for name, note in
                   (("a", "not there"), ("b", ""), ("c", "not there"))))  # fmt: skip

    assert f"### {heading}" in text
    assert "<summary>2: not there</summary>\n\n`a`, `c`\n" in text
    assert "<summary>1: no case of it was run</summary>\n\n`b`\n" in text
    assert "|" not in text


def test_a_command_that_the_build_cannot_have_is_in_no_table() -> None:
    text = _text(_case("mend", Aspect.DOCUMENTATION, Outcome.NOT_APPLICABLE, reason="cut off"))

    assert "<summary>1: nothing of it applies to this build</summary>\n\n`mend`\n" in text
    assert "|" not in text


def test_events_are_provoked_or_seen_besides_or_say_why_not() -> None:
    text = _text(
        *(_row(name, EVENT) for name in ("A", "B", "C", "D")),
        _case("A", Aspect.VALID, subject_kind=EVENT),
        _case("B", Aspect.VALID, Outcome.UNTESTABLE_HERE, subject_kind=EVENT, reason="no moon"),
        EventSeen(target="t", name="A"),
        EventSeen(target="t", name="C"),
    )

    assert "Events provoked: 1 of 4." in text
    assert "| `A` | provoked | 1 ✓ |  |" in text
    assert "| `B` | no | 1 untestable | no moon |" in text
    assert "| `C` | seen besides |  | no case of it was run |" in text
    assert "<summary>1: no case of it was run</summary>\n\n`D`\n" in text


def test_the_terminal_and_the_summary_tell_the_same_shares() -> None:
    summary = _summary(
        [
            _row("mend"),
            _row("A", EVENT),
            _row("B", EVENT),
            _case("mend", Aspect.VALID, accepted=True),
            _case("A", Aspect.VALID, subject_kind=EVENT),
            _case(CLIENT, Aspect.WIRE, subject_kind=PROTOCOL),
            _case(CLIENT, Aspect.WIRE, Outcome.FAIL, subject_kind=PROTOCOL),
            _case(CLIENT, Aspect.WIRE, Outcome.NOT_APPLICABLE, subject_kind=PROTOCOL),
            _case("strings", Aspect.WIRE, subject_kind=PROTOCOL),
        ]
    )
    text = terminal.render(summary)
    (target,) = summary.to_json()["targets"]

    assert "Commands with an accepted valid request: 1 of 1\n" in text
    assert "Events provoked: 1 of 2\n" in text
    assert "Sessions with the official client, qemu.qmp: 1 of 2 kept\n" in text
    assert target["client"] == {"sessions": 2, "kept": 1}
    assert target["commands"] == {"asked": 1, "accepted": 1}
    assert target["events"] == {"in_schema": 2, "provoked": 1}
    assert target["rows"][0]["reached"]["valid"] == {"part": 1, "whole": 1}
    assert "no case" not in text
