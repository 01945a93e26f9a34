"""The schema of the stream and the events of the code say the same."""

from __future__ import annotations

import dataclasses
import enum
import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

import conformance.report
from conformance.model.combination import RefusedPair, Together
from conformance.model.flavour import Program
from conformance.model.known_issue import Conditions, KnownIssue, KnownOutcome
from conformance.model.search import FoundHistory, SearchTotals
from conformance.model.terms import Aspect, Mark, Outcome, Severity, SubjectKind, Weight
from conformance.report.stream import (
    KINDS,
    STREAM_VERSION,
    AnswerRead,
    BaselineGiven,
    BehaviourSeen,
    CaseEnded,
    CauseBefore,
    Combined,
    Cost,
    DefaultRead,
    Event,
    EventSeen,
    Evidence,
    Finding,
    ItemEnded,
    ItemPlanned,
    KnownGiven,
    Measured,
    Pasted,
    RowPlanned,
    RulePlanned,
    RunEnded,
    RunStarted,
    Searched,
    StartDied,
    TargetLost,
    TargetStarted,
    from_json,
    to_json,
)

SCHEMA: dict[str, Any] = json.loads(
    (Path(conformance.report.__path__[0]) / "stream.schema.json").read_text()
)
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)

EVENTS: tuple[Event, ...] = (
    RunStarted(
        stream=STREAM_VERSION,
        suite="0.1.0",
        seed=7,
        selection=("a/*",),
        host={"kvm": "yes"},
        time="2026-01-02T03:04:05Z",
    ),
    TargetStarted(
        target="t",
        spelling="--rootfs /a qemu-system-x86_64",
        program="/usr/bin/qemu-system-x86_64",
        version="10.0.13",
        package="",
        arch="x86_64",
        sha256="0" * 64,
        schema_sha256="",
        launcher="direct",
        documentation="",
        command_line=("qemu", "-S"),
        cases=3,
        kind_of_program=Program.SYSTEM,
        machine="q35",
        accel="kvm",
    ),
    TargetLost(target="u", spelling="u", program="/u", what="it is no QEMU", remedy="Name one."),
    KnownGiven(
        issue=KnownIssue(
            where="known.toml:3",
            fingerprint="v1-0123456789ab",
            rule="X09",
            defect="d",
            reason="r",
            link="https://example.org/1",
            expires="2027-01-01",
            outcome=KnownOutcome.MAY_FAIL,
            cases=("a/b",),
            when=Conditions(versions=">=7.2", program=("system",), host=("!kvm",)),
        )
    ),
    BaselineGiven(
        target="t", version="7.2.22", package="p", arch="x86_64", sha256="0" * 64, complete=True
    ),
    CauseBefore(
        target="t",
        fingerprint="v1-0123456789ab",
        defect="d",
        weight=Weight.LEAKS,
        outcome=Outcome.CRASH,
        summary="s",
        cases=("a/b",),
        rule="X17",
    ),
    ItemPlanned(
        target="t",
        item="t::stop::valid",
        place=3,
        cases=2,
        cost=Cost(seconds=1.5, machines=2, sent=300, received=40),
    ),
    ItemEnded(target="t", item="t::stop::valid", worker="gw0", cost=Cost(), memory=70000),
    RowPlanned(
        target="t",
        subject_kind=SubjectKind.COMMAND,
        subject="device_add",
        note="none",
        members=12,
        left_out=3,
        blocked="needs KVM",
    ),
    RulePlanned(
        target="t",
        rule="W38",
        promise="p",
        severity=Severity.MUST,
        throughout=True,
        note="n",
    ),
    Finding(
        target="t",
        case="a/b",
        subject_kind=SubjectKind.COMMAND,
        subject="qom-get",
        rule="X09",
        severity=Severity.SHOULD,
        outcome=Outcome.CRASH,
        summary="s",
        expected="e",
        why="w",
        fold="f",
        defect="d",
        fingerprint="v1-0123456789ab",
        weight=Weight.WRONG,
        marks=(Mark.UNSTABLE,),
        evidence=Evidence(transcript=("-> {}",), exit_status=-6, stderr="x"),
        reproducer="true",
        signs=("x",),
    ),
    CaseEnded(
        target="t",
        case="a/b",
        subject_kind=SubjectKind.COMMAND,
        subject="qom-get",
        aspect=Aspect.VALID,
        outcome=Outcome.NOT_RUN,
        reason="r",
        rules=("X09", "W38"),
        seconds=0.5,
        about="a.b",
        accepted=True,
        looked=True,
        refused=2,
        named=1,
        plays=10,
        shown=4,
    ),
    StartDied(target="t", command_line=("qemu", "-S"), exit_status=-6, stderr="s"),
    EventSeen(target="t", name="STOP"),
    DefaultRead(
        target="t",
        case="a/b",
        subject_kind=SubjectKind.OBJECT_TYPE,
        subject="iothread",
        member="m",
        documented="1",
        says="",
        where="qapi/qom.json:3",
        declared="",
        real="2",
    ),
    AnswerRead(
        target="t",
        case="a/b",
        subject_kind=SubjectKind.COMMAND,
        subject="query-name",
        named=("name",),
        known=(),
    ),
    BehaviourSeen(
        target="t",
        case="a/b",
        subject_kind=SubjectKind.COMMAND,
        subject="netdev_add",
        title="an id that is taken",
        was="accepted",
        now="refused",
        after="5.2",
        by="6.0",
        real="refused",
    ),
    Measured(
        target="t",
        case="a/b",
        subject_kind=SubjectKind.COMMAND,
        subject="qom-list",
        what="its answer",
        counts=(10, 20),
        sizes=(100, 200),
        seconds=(0.1, 0.25),
    ),
    Combined(
        target="t",
        case="a/b",
        subject_kind=SubjectKind.COMMAND,
        subject="blockdev-add",
        together=Together(
            choices=4,
            accepted=3,
            pairs=3,
            tried=3,
            rows=2,
            refused=1,
            refused_pairs=(RefusedPair(one="a=1", two="b=2", error="No."),),
        ),
    ),
    Searched(
        target="t",
        case="a/fuzz/recipe",
        subject_kind=SubjectKind.COMMAND,
        subject="a",
        totals=SearchTotals(seed="1", requests=9, accepted=3, members=2, answers=1, since=4),
        found=(FoundHistory(fingerprint="v1-0123456789ab", text="[[history]]"),),
    ),
    Pasted(
        target="t",
        fingerprint="v1-0123456789ab",
        case="a/b",
        reproducer="true",
        signs=("x",),
        shows=False,
        why="it does not print x",
        stack=("qemu_main (main.c:1)",),
    ),
    RunEnded(
        complete=False,
        exit_code=130,
        outcomes={"pass": 1},
        seconds=2,
        time="t",
        cost={"gw0": 70000},
    ),
)


BY_KIND = {event.kind: event for event in EVENTS}


def _events() -> list[Any]:
    return [pytest.param(event, id=event.kind) for event in EVENTS]


def _through_json(event: Event) -> Any:
    return json.loads(json.dumps(to_json(event)))


def test_schema_is_valid_and_examples_cover_every_kind() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)

    assert [event.kind for event in EVENTS] == list(KINDS)


@pytest.mark.parametrize("event", _events())
def test_event_conforms_to_the_schema(event: Event) -> None:
    assert [error.message for error in VALIDATOR.iter_errors(_through_json(event))] == []


@pytest.mark.parametrize("event", _events())
def test_event_survives_the_way_through_json(event: Event) -> None:
    assert from_json(_through_json(event)) == event


def test_event_without_exit_status_survives_too() -> None:
    finding = BY_KIND["finding"]
    assert isinstance(finding, Finding)
    event = dataclasses.replace(finding, evidence=Evidence(transcript=()))
    value = _through_json(event)

    assert VALIDATOR.is_valid(value)
    assert from_json(value) == event


def test_schema_holds_the_kinds_of_the_code_and_no_other() -> None:
    assert [each["$ref"].rsplit("/", 1)[1] for each in SCHEMA["oneOf"]] == list(KINDS)


@pytest.mark.parametrize("kind", KINDS)
def test_schema_holds_the_members_of_the_code_and_no_other(kind: str) -> None:
    definition = SCHEMA["$defs"][kind]
    members = {field.name for field in dataclasses.fields(KINDS[kind])} | {"event"}

    assert set(definition["properties"]) == members
    assert set(definition["required"]) == members
    assert definition["additionalProperties"] is False
    assert definition["properties"]["event"] == {"const": kind}


def test_schema_holds_the_members_of_evidence() -> None:
    members = {field.name for field in dataclasses.fields(Evidence)}

    assert set(SCHEMA["$defs"]["evidence"]["properties"]) == members


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("aspect", Aspect),
        ("outcome", Outcome),
        ("severity", Severity),
        ("subject_kind", SubjectKind),
    ],
)
def test_schema_holds_the_words_of_the_code(name: str, words: type[enum.StrEnum]) -> None:
    assert SCHEMA["$defs"][name]["enum"] == [str(word) for word in words]


@pytest.mark.parametrize("event", _events())
def test_unknown_and_missing_members_are_refused_by_schema_and_code(event: Event) -> None:
    value = _through_json(event)
    more = {**value, "more": 1}
    less = dict(list(value.items())[:-1])

    for wrong in (more, less):
        assert not VALIDATOR.is_valid(wrong)
        with pytest.raises(ValueError, match="missing or unknown members"):
            from_json(wrong)


@pytest.mark.parametrize(
    ("kind", "member", "wrong", "message"),
    [
        pytest.param("target-started", "cases", True, "not of type int", id="bool-for-int"),
        pytest.param(
            "target-started", "command_line", ["a", 1], "not of type str", id="array-element"
        ),
        pytest.param(
            "target-started", "command_line", "a", "not of type list", id="string-for-array"
        ),
        pytest.param("run-started", "host", {"kvm": 1}, "not of type str", id="mapping-value"),
        pytest.param("case-ended", "seconds", "1", "not of type float", id="string-for-number"),
        pytest.param("case-ended", "outcome", "passed", "not a valid Outcome", id="unknown-word"),
        pytest.param("finding", "evidence", None, "not of type dict", id="null-for-object"),
        pytest.param(
            "finding", "evidence", {"transcript": []}, "Evidence|unknown members", id="nested"
        ),
        pytest.param("case-ended", "accepted", 1, "not of type bool", id="integer-for-bool"),
        pytest.param("case-ended", "event", "run-over", "no such event", id="kind"),
    ],
)
def test_wrong_member_is_refused_by_schema_and_code(
    kind: str, member: str, wrong: object, message: str
) -> None:
    value = {**_through_json(BY_KIND[kind]), member: wrong}

    assert not VALIDATOR.is_valid(value)
    with pytest.raises(ValueError, match=message):
        from_json(value)


@pytest.mark.parametrize("value", [None, [], "x", 1, {}, {"event": []}])
def test_what_is_no_event_is_refused(value: object) -> None:
    with pytest.raises(ValueError, match=r"not of type dict|no such event"):
        from_json(value)
