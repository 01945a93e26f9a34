"""Files of each kind are told apart, judged line by line, and refused where they are none."""

from __future__ import annotations

import dataclasses
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from conformance.knowledge.arguments import load_unchecked
from conformance.knowledge.rules import load_rules
from conformance.model.canonical import compact
from conformance.model.terms import ExitCode
from conformance.prepare.named_schema import NamedSchema, sha256_of
from conformance.qapi.introspection import read_introspection
from conformance.validate.offline import FileValidator
from conformance.validate.result import FileKind, Unreadable, Validated
from tests.qapi.schemas import command, struct
from tests.recordings import (
    ENTRIES,
    GREETING,
    bare,
    happened,
    ndjson,
    pretty,
    refused,
    returned,
    sent,
    wide,
)

SCHEMA = NamedSchema(
    schema=read_introspection(ENTRIES), origin="given.json", sha256=sha256_of(ENTRIES)
)
Validate = Callable[..., Any]


@pytest.fixture
def validate(tmp_path: Path) -> Validate:
    def write(content: str | bytes, given: NamedSchema | None = None) -> Any:
        path = tmp_path / "file"
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        validator = FileValidator(rules=load_rules(), unchecked=load_unchecked(), given=given)
        return validator.validate(path)

    return write


def found(validated: Any, severity: str = "must") -> list[tuple[int, str]]:
    """Return line and rule of what breaks a promise."""
    assert isinstance(validated, Validated), validated
    return [(each.line, each.rule) for each in validated.remarks if each.severity == severity]


COUNTS = {"commands": 8, "events": 2, "types": 32}
STATUS = {"running": True}
_SIZE = {"resize": {"arguments": {"size": 1}}}
DIALOGUE = (
    {"received": GREETING},
    sent("qmp_capabilities", "libvirt-1"),
    returned(id="libvirt-1"),
    sent("query-status", "libvirt-2"),
    returned({"running": 1}, "libvirt-2"),
    happened("STOP"),
    sent("resize", "libvirt-3", size=1),
    refused("libvirt-3"),
)
ASKED = (sent("query-qmp-schema", "libvirt-9"), returned(ENTRIES, "libvirt-9"))
LEAST = {"requests": 3, "replies": 3, "events": 1, "greetings": 1}


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(compact(ENTRIES), id="the entries on one line"),
        pytest.param(json.dumps(ENTRIES, indent=2), id="the entries over many lines"),
        pytest.param(compact({"return": ENTRIES}) + "\r\n", id="the reply"),
        pytest.param(json.dumps({"id": 1, "return": ENTRIES}, indent=1), id="the reply indented"),
    ],
)
def test_a_saved_introspection_is_read_and_counted(validate: Validate, text: str) -> None:
    validated = validate(text)

    assert (validated.kind, validated.exit_code) == (FileKind.INTROSPECTION, ExitCode.CONFORMS)
    assert found(validated) == []
    assert validated.holds == COUNTS


def test_each_contradiction_of_an_introspection_is_told_by_its_line(validate: Validate) -> None:
    wrong: list[Any] = [struct("S", {"name": "m"}), {"name": "x"}, command("c", "y", "x"), 5]
    validated = validate(wide([*ENTRIES, *wrong]))

    line = len(ENTRIES) + 2
    assert found(validated) == [
        (line, "Q61"),
        (line + 1, "Q53"),
        (line + 2, "Q58"),
        (line + 3, "Q53"),
    ]
    assert validated.exit_code is ExitCode.FINDINGS
    assert validated.holds == {"entries": len(ENTRIES) + 4}
    assert any("(command 'c')" in remark.summary for remark in validated.remarks)


FORMS: dict[str, tuple[FileKind, Callable[..., str]]] = {
    "entries of ours": (FileKind.RECORDING, ndjson),
    "messages on lines": (FileKind.MESSAGES, lambda *entries: ndjson(*bare(*entries))),
    "messages over many lines": (FileKind.MESSAGES, lambda *entries: pretty(*bare(*entries))),
}


@pytest.mark.parametrize(("kind", "write"), FORMS.values(), ids=FORMS)
def test_a_dialogue_is_held_against_the_schema_in_it(
    validate: Validate, kind: FileKind, write: Callable[..., str]
) -> None:
    validated = validate(write(*DIALOGUE, *ASKED))

    assert validated.kind is kind
    assert [rule for _, rule in found(validated)] == ["W38"]
    assert {"Q29", "Q56"} >= {rule for _, rule in found(validated, "information")} >= {"Q29"}
    assert validated.holds == {**LEAST, "requests": 4, "replies": 4}
    assert validated.schema.startswith("the one on line ")
    assert validated.schema.endswith("(8 commands, 2 events, 32 types)")
    assert validated.notes == ()


def test_a_finding_stands_at_the_line_of_its_message(validate: Validate) -> None:
    assert found(validate(ndjson(*DIALOGUE, *ASKED))) == [(5, "W38")]
    text = pretty(*bare(*DIALOGUE, *ASKED))
    ((line, _),) = found(validate(text))
    assert '"running": 1' in "".join(text.splitlines()[line - 1 : line + 5])


def test_without_its_own_a_dialogue_is_held_against_the_schema_given(validate: Validate) -> None:
    validated = validate(ndjson(*DIALOGUE), SCHEMA)

    assert found(validated) == [(5, "W38")]
    assert validated.schema == "given.json"


def test_a_schema_of_another_release_is_told_as_such(validate: Validate) -> None:
    other = dataclasses.replace(SCHEMA, sha256="", release=(7, 2))

    validated = validate(ndjson(*DIALOGUE), other)

    assert validated.notes == ("the dialogue is with QEMU 8.1.2, the schema of another release",)
    same = dataclasses.replace(other, release=(8, 1))
    assert validate(ndjson(*DIALOGUE), same).notes == ()


def test_without_any_schema_messages_alone_are_checked_and_that_is_said(
    validate: Validate,
) -> None:
    validated = validate(ndjson(*DIALOGUE, sent("look", 1), refused(1, "Oops")))

    assert found(validated) == [(10, "W41")]
    assert validated.schema == ""
    assert validated.notes == ("no schema is known: names and values were not checked",)


def test_a_schema_that_contradicts_itself_is_told_and_not_used(validate: Validate) -> None:
    wrong = [*ENTRIES, command("c", "nothing")]
    asked = (sent("query-qmp-schema", 1), returned(wrong, 1))

    validated = validate(ndjson(*DIALOGUE, *asked))

    assert found(validated) == [(10, "Q58")]
    assert validated.notes == (
        "the schema on line 10 contradicts itself and is not used",
        "no schema is known: names and values were not checked",
    )
    assert found(validate(ndjson(*DIALOGUE, *asked), SCHEMA)) == [(5, "W38"), (10, "Q58")]


def test_an_entry_of_a_reply_over_many_lines_is_told_by_its_own_line(validate: Validate) -> None:
    text = pretty(*bare(sent("query-qmp-schema", 1), returned([*ENTRIES, {"name": 7}], 1)))

    lines = {line for line, _ in found(validate(text))}

    (line,) = lines
    assert text.splitlines()[line] == '      "name": 7'


def test_replies_alone_are_checked_as_far_as_they_go(validate: Validate) -> None:
    only = [message for message in bare(*DIALOGUE, *ASKED) if "execute" not in message]

    validated = validate(pretty(*only, {"error": {"class": "Oops", "desc": "no"}}))

    assert [rule for _, rule in found(validated)] == ["W41"]
    assert validated.notes == ("no requests are recorded: what replies return was not checked",)


def test_the_release_in_the_dialogue_says_what_it_checks(validate: Validate) -> None:
    taken = (sent("object-add", 1, size=1), returned(id=1))
    entries = [*ENTRIES, command("object-add", "Named")]
    asked = (sent("query-qmp-schema", 0), returned(entries, 0))
    version = {"qemu": {"major": 5, "minor": 2, "micro": 0}, "package": ""}
    old = {"received": {"QMP": {"version": version, "capabilities": []}}}
    ready = (sent("qmp_capabilities", "q"), returned(id="q"))

    assert found(validate(ndjson(old, *ready, *asked, *taken))) == []
    assert found(validate(ndjson({"received": GREETING}, *ready, *asked, *taken))) == [(7, "Q30")]


UNREADABLE: dict[str, tuple[str | bytes, str, str]] = {
    "nothing": ("", "1:1", "there is nothing in it"),
    "bytes": (b"\x7fELF\x02\x01\x01\x00\xff", "1:9", "byte 0xff is no UTF-8"),
    "words": ("hello\n", "1:1", "no JSON: expecting value"),
    "something else in JSON": ('{"targets": []}', "1:1", "no known kind of file begins so"),
    "a number": ("5", "1:1", "no known kind of file begins so: 5"),
    "an introspection cut off": (wide(ENTRIES)[:-5], f"{len(ENTRIES) + 1}:", "ends within a"),
    "an introspection with more": (wide(ENTRIES) + "5", f"{len(ENTRIES) + 3}:1", "something"),
    "a recording cut off": (ndjson(*DIALOGUE)[:-10], "8:", "ends within"),
    "a recording of something else": (ndjson(*DIALOGUE, {"x": 1}), "9:1", "an entry that is not"),
    "replies cut off": (pretty(*bare(*DIALOGUE))[:-20], "", "JSON"),
    "replies with something else": (pretty(GREETING, {"x": 1}), "", "neither a request nor"),
    "a member twice": ('{"QMP": 1}\n{"return": {}, "return": 1}', "2:1", "more than once"),
}  # fmt: skip


@pytest.mark.parametrize(("content", "place", "problem"), UNREADABLE.values(), ids=UNREADABLE)
def test_what_is_none_of_them_is_refused_by_its_place(
    validate: Validate, content: str | bytes, place: str, problem: str
) -> None:
    outcome = validate(content)

    assert isinstance(outcome, Unreadable)
    assert outcome.place.startswith(place)
    assert problem in outcome.problem
    assert outcome.exit_code is ExitCode.USAGE


@pytest.mark.parametrize(
    ("value", "fits"),
    [
        ({"running": True}, "query-status"),
        ({}, "pause, plug, qmp_capabilities, resize"),
        (ENTRIES[:1], None),
    ],
)
def test_a_lone_answer_is_known_by_its_type(
    validate: Validate, value: Any, fits: str | None
) -> None:
    for content in (compact({"return": value}), compact({"return": value, "id": 7})):
        validated = validate(content, SCHEMA)

        assert validated.kind is (FileKind.INTROSPECTION if fits is None else FileKind.ANSWER)
        if fits is not None:
            assert validated.exit_code is ExitCode.CONFORMS
            (note,) = validated.notes
            assert sorted(note.removeprefix("what it returns is of the type of ").split(", ")) == (
                fits.split(", ")
            )


def test_an_answer_that_no_command_gives_is_refused_unless_the_user_says_which(
    tmp_path: Path, validate: Validate
) -> None:
    wrong = compact({"return": {"running": 1}})
    assert "no command of given.json returns this" in validate(wrong, SCHEMA).problem
    path = tmp_path / "file"
    asked = dataclasses.replace(
        FileValidator(rules=load_rules(), given=SCHEMA), answered="query-status"
    )
    assert found(asked.validate(path)) == [(1, "W38")]
    other = dataclasses.replace(asked, answered="query-nothing").validate(path)
    assert isinstance(other, Unreadable)
    assert "given.json has no command query-nothing" in other.problem


def test_without_a_schema_an_answer_is_no_introspection(validate: Validate) -> None:
    for value in ([], [{"name": "x"}], [5]):
        validated = validate(compact({"return": value}))
        assert (validated.kind, validated.remarks) == (FileKind.ANSWER, ())


def test_a_reply_that_is_missing_is_told_as_that(validate: Validate) -> None:
    asked = ("resize", "query-status", "pause", "look")
    answers: tuple[Any, ...] = ({}, STATUS, {}, 5)
    whole = [
        message
        for name, value in zip(asked, answers, strict=True)
        for message in ({"execute": name} | _SIZE.get(name, {}), {"return": value})
    ]
    for left_out in (1, 3):
        messages = [each for number, each in enumerate(whole) if number != left_out]
        validated = validate(ndjson(*messages), SCHEMA)
        assert found(validated) == []
        told = [each.summary for each in validated.remarks]
        assert len(told) == 1, told
    # Nothing is to be missing where the reply is of no waiting request's type.
    wrong = [*whole[:3], {"return": {"running": 1}}]
    assert found(validate(ndjson(*wrong), SCHEMA)) == [(4, "W38")]


LOG = f"""\
$ socat - UNIX-CONNECT:/tmp/qmp
{compact(GREETING)}
-> {{"execute": "qmp_capabilities"}}
<- {{"return": {{}}}}
10:00:00.1: info : QEMU_MONITOR_SEND_MSG: mon=0x7f msg={{"execute":"query-status","id":"a"}}
 fd=-1
10:00:00.2: info : QEMU_MONITOR_IO_PROCESS: mon=0x7f buf={{"return": {{"running": 1}}, "id": "a"}}
10:00:00.2: info : QEMU_MONITOR_RECV_REPLY: mon=0x7f reply={{"return": {{"running": 1}}, "id": "a"}}
<- {{
  "timestamp": {{"seconds": 1, "microseconds": 2}},
  "event": "STOP"
}}
(QEMU) look at=5
{{"return": {{"name": "x"}}}}
if (x) {{
{{"return": {{}}}}
"""


def test_a_log_is_read_as_it_was_pasted(validate: Validate) -> None:
    validated = validate(LOG, SCHEMA)

    assert validated.kind is FileKind.LOG
    assert validated.holds == {"requests": 3, "replies": 4, "events": 1, "greetings": 1}
    assert found(validated) == [(8, "W38")]
    # What answers nothing may answer a line that is not there.
    assert [(each.line, each.rule) for each in validated.remarks][1:] == [(16, "W35")]
    assert "3 lines hold no message, the first is line 1" in validated.notes


def test_a_log_of_many_broken_lines_takes_little_time(validate: Validate) -> None:
    text = 'x {"a": nothing\n' * 100_000 + compact(GREETING)

    began = time.process_time()
    validated = validate(text)

    assert validated.holds["greetings"] == 1
    assert time.process_time() - began < 60


def test_a_file_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    validator = FileValidator(rules=load_rules())

    for path, problem in ((tmp_path / "none", "No such file"), (tmp_path, "Is a directory")):
        outcome = validator.validate(path)
        assert isinstance(outcome, Unreadable)
        assert (outcome.file, outcome.place) == (str(path), "")
        assert problem in outcome.problem


def test_a_file_of_five_megabytes_takes_little_time(validate: Validate) -> None:
    more = [struct(f"T{number}", *ENTRIES[20]["members"]) for number in range(12_000)]
    pairs = [(sent("query-status", n), returned(STATUS, n)) for n in range(12_000)]
    asked = (sent("query-qmp-schema", "s"), returned([*ENTRIES, *more], "s"))
    text = pretty(*bare(*asked, *(entry for pair in pairs for entry in pair)))
    assert len(text) > 5_000_000

    began = time.process_time()
    validated = validate(text)

    assert found(validated) == []
    # Some two seconds of a processor on the slowest host known; a quadratic reader takes minutes.
    assert time.process_time() - began < 60


LARGE: list[dict[str, Any]] = [
    {"QMP": {"version": {"qemu": {"major": 10, "minor": 0, "micro": 2}, "package": ""},
             "capabilities": []}},
    {"execute": "qmp_capabilities", "id": 1},
    {"return": {}, "id": 1},
    {"execute": "stop", "id": 2},
    {"return": {}, "id": 3},
]  # fmt: skip


def by_line(folder: Path, *values: object, whole: int = 10) -> Validated | Unreadable:
    path = folder / "large"
    path.write_text("".join(json.dumps(each) + "\n" for each in values))
    return FileValidator(rules=load_rules(), whole=whole).validate(path)


@pytest.mark.parametrize("recorded", [False, True], ids=["messages", "recording"])
def test_a_large_file_is_judged_line_by_line_as_a_small_one(tmp_path: Path, recorded: bool) -> None:
    values: list[object] = [
        {"sent" if "execute" in each else "received": each} if recorded else each for each in LARGE
    ]

    large, small = by_line(tmp_path, *values), by_line(tmp_path, *values, whole=1 << 20)

    assert isinstance(large, Validated)
    assert large == small
    assert [remark.rule for remark in large.remarks] == ["W25"]


def test_a_large_file_with_a_message_over_lines_is_told_its_limit(tmp_path: Path) -> None:
    path = tmp_path / "large"
    path.write_text('{"execute":\n"stop"}\n')

    outcome = FileValidator(rules=load_rules(), whole=10).validate(path)

    assert isinstance(outcome, Unreadable)
    assert outcome.place.startswith("1:")
    assert "read by lines, a message on each" in outcome.problem


def test_of_a_large_file_with_faults_everywhere_some_are_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("conformance.validate.offline.REMARKS_KEPT", 3)

    outcome = by_line(tmp_path, *LARGE, *LARGE[3:] * 10)

    assert isinstance(outcome, Validated)
    assert len(outcome.remarks) == 3
    assert any("remarks: the others are not shown" in note for note in outcome.notes)


def test_the_progress_of_a_large_file_is_told(tmp_path: Path) -> None:
    path = tmp_path / "large"
    path.write_text("".join(json.dumps(each) + "\n" for each in LARGE))
    told: list[tuple[int, int]] = []
    validator = FileValidator(
        rules=load_rules(), whole=10, tell=lambda done, of: told.append((done, of))
    )

    validator.validate(path)

    assert len(told) == len(LARGE)
    assert told[-1] == (path.stat().st_size, path.stat().st_size)
