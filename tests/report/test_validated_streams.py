"""The stream of a run is validated event by event, and the dialogues of its findings with it."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Sequence
from pathlib import Path

import pytest

from conformance.knowledge.rules import load_rules
from conformance.model.canonical import canonical
from conformance.model.terms import ExitCode
from conformance.prepare.named_schema import NamedSchema, sha256_of
from conformance.qapi.introspection import read_introspection
from conformance.report.stream import Event, Evidence, Finding, TargetStarted, to_json
from conformance.validate.offline import FileValidator
from conformance.validate.result import FileKind, Unreadable, Validated
from tests.recordings import ENTRIES
from tests.report.conftest import RunMaker

SCHEMA = NamedSchema(
    schema=read_introspection(ENTRIES), origin="given.json", sha256=sha256_of(ENTRIES)
)
LINES = (
    '-> {"execute":"resize","arguments":{"size":1}}',
    '<- {"return": {}}',
    '-> {"execute":"query-status"}',
    '<- {"return": {"running": 1}}',
    '-> {"execute":"look"}',
)


@pytest.fixture
def run(make_run: RunMaker) -> list[Event]:
    """A run with a finding on line 64, whose dialogue breaks W38."""
    events = make_run(1, 400)
    found = next(event for event in events if isinstance(event, Finding))
    evidence = Evidence(transcript=LINES)
    kept: list[Event] = [event for event in events if not isinstance(event, Finding)]
    kept.insert(63, dataclasses.replace(found, evidence=evidence))
    return [
        dataclasses.replace(event, schema_sha256=SCHEMA.sha256 or "")
        if isinstance(event, TargetStarted)
        else event
        for event in kept
    ]


def write(path: Path, events: Sequence[Event]) -> Path:
    path.write_text("".join(f"{canonical(to_json(event))}\n" for event in events))
    return path


def validated(path: Path, given: NamedSchema | None = None) -> Validated:
    outcome = FileValidator(rules=load_rules(), given=given).validate(path)
    assert isinstance(outcome, Validated), outcome
    return outcome


def test_a_stream_is_counted_and_its_dialogues_are_judged(tmp_path: Path, run: list[Event]) -> None:
    found = validated(write(tmp_path / "events.ndjson", run), SCHEMA)

    assert found.kind is FileKind.STREAM
    assert (found.holds["targets"], found.holds["cases"], found.holds["findings"]) == (1, 400, 1)
    assert sum(found.holds.values()) == len(run)
    (remark,) = found.remarks
    assert (remark.line, remark.rule) == (64, "W38")
    assert remark.summary.startswith("qemu-5.2, ")
    assert found.schema == "given.json"
    assert found.exit_code is ExitCode.FINDINGS


def test_the_schema_of_another_build_is_not_used(tmp_path: Path, run: list[Event]) -> None:
    other = dataclasses.replace(SCHEMA, sha256="0" * 64)

    found = validated(write(tmp_path / "events.ndjson", run), other)

    assert (found.remarks, found.schema) == ((), "")
    assert "given.json is not the schema of qemu-5.2: not used there" in found.notes
    assert "no schema is known: names and values were not checked" in found.notes


@pytest.mark.parametrize(("release", "lines"), [((5, 2), [64]), ((7, 2), [])])
def test_a_digest_holds_for_builds_of_its_release(
    tmp_path: Path, run: list[Event], release: tuple[int, int], lines: list[int]
) -> None:
    digest = dataclasses.replace(SCHEMA, sha256="", release=release)

    found = validated(write(tmp_path / "events.ndjson", run), digest)

    assert [remark.line for remark in found.remarks] == lines


def refused(path: Path) -> Unreadable:
    outcome = FileValidator(rules=load_rules()).validate(path)
    assert isinstance(outcome, Unreadable), outcome
    assert outcome.exit_code is ExitCode.USAGE
    return outcome


def test_a_stream_that_is_cut_off_is_refused_by_its_last_line(
    tmp_path: Path, run: list[Event]
) -> None:
    path = write(tmp_path / "events.ndjson", run)
    path.write_text(path.read_text()[:-9])

    outcome = refused(path)

    assert outcome.place == str(len(run))
    assert outcome.problem == "the last line is cut off"


def test_a_stream_without_its_end_is_refused(tmp_path: Path, run: list[Event]) -> None:
    outcome = refused(write(tmp_path / "events.ndjson", run[:-1]))

    assert outcome.place == f"{len(run) - 1}:1"
    assert outcome.problem.startswith("the last event is not the end of the run")


def test_what_follows_the_end_or_lacks_the_beginning_is_refused(
    tmp_path: Path, run: list[Event]
) -> None:
    late = refused(write(tmp_path / "late", [*run, run[3]]))
    twice = refused(write(tmp_path / "twice", run + run))
    headless = refused(write(tmp_path / "headless", run[1:]))

    assert (late.place, late.problem) == (
        f"{len(run) + 1}:1",
        "something follows the end of the run",
    )
    assert twice.place == f"{len(run) + 1}:1"
    assert headless.place == "1:1"


@pytest.mark.parametrize("kind", ["events", "dialogue", "introspection"])
def test_a_line_beyond_the_limit_is_refused_without_reading_it_whole(
    tmp_path: Path, run: list[Event], kind: str
) -> None:
    path = tmp_path / "file"
    begins = {
        "events": canonical(to_json(run[0])) + "\n",
        "dialogue": '{"execute":"query-status"}\n',
        "introspection": "[\n",
    }
    path.write_text(begins[kind])
    # A file with a hole: it takes no room on the disk, and all the more in memory.
    os.truncate(path, 1 << 40)

    outcome = refused(path)

    if kind == "introspection":
        # One value over many lines: such a file is read as a whole, or not at all.
        assert outcome.place == "1:2"
        assert "a file of this size is read by lines" in outcome.problem
    else:
        assert outcome.place == "2"
        assert outcome.problem == "a line of more than 32 MiB"


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ('{"event": "case-ended"}', "not an event: missing or unknown members"),
        ("{}", "not an event"),
        ("x", "not an event"),
    ],
)
def test_a_line_that_is_no_event_is_refused_by_its_number(
    tmp_path: Path, run: list[Event], line: str, problem: str
) -> None:
    path = write(tmp_path / "events.ndjson", run[:5])
    path.write_text(f"{path.read_text()}{line}\n")

    outcome = FileValidator(rules=load_rules()).validate(path)

    assert isinstance(outcome, Unreadable)
    assert outcome.place == "6"
    assert problem in outcome.problem


def test_a_finding_of_a_target_that_never_started_is_refused(
    tmp_path: Path, run: list[Event]
) -> None:
    kept = [event for event in run if not isinstance(event, TargetStarted)]

    outcome = FileValidator(rules=load_rules()).validate(write(tmp_path / "events.ndjson", kept))

    assert isinstance(outcome, Unreadable)
    assert outcome.problem == "no target 'qemu-5.2' has started"
