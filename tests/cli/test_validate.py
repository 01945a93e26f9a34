"""The command `validate` and the recordings of `replay`, as a user types them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from conformance.cli import main as cli
from conformance.model.canonical import compact
from conformance.model.terms import ExitCode
from conformance.wire.connection import Connection
from conformance.wire.recording import received_entry, sent_entry
from tests.conftest import QEMU, Doors
from tests.patience import PATIENCE
from tests.recordings import ENTRIES, ndjson, returned, sent, wide
from tests.wire.machine import machine

SOUND = ndjson(sent("query-status", 1), returned({"running": True}, 1))
BROKEN = ndjson(sent("query-status", 1), returned({"running": 1}, 1))


@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for name, text in (
        ("schema.json", wide(ENTRIES)),
        ("sound.ndjson", SOUND),
        ("broken.ndjson", BROKEN),
        ("words.txt", "hello\n"),
        ("cut.json", wide(ENTRIES)[:100]),
    ):
        (tmp_path / name).write_text(text)
    return tmp_path


@pytest.mark.parametrize(
    ("words", "code", "out", "err"),
    [
        ("schema.json", 0, "CONFORMS: nothing is wrong in 1 of 1 file.", ""),
        ("sound.ndjson --schema schema.json", 0, "CONFORMS: ", ""),
        ("broken.ndjson", 0, "not checked: no schema", ""),
        ("--schema=schema.json broken.ndjson", 1, "broken.ndjson:2: W38 (must)", ""),
        ("sound.ndjson --schema schema.json broken.ndjson", 1, "FINDINGS: 1 finding in 2 f", ""),
        ("schema.json words.txt", 2, "CONFORMS: ", "words.txt:1:1: no JSON"),
        ("words.txt", 2, "", "qmp-conformance: words.txt:1:1: no JSON: expecting value\n  It may"),
        ("cut.json", 2, "", "cut.json:3:"),
        ("none.json", 2, "", "none.json: cannot be read: No such file or directory"),
        ("sound.ndjson --schema words.txt", 2, "", "words.txt:1:1: no JSON"),
        ("sound.ndjson --schema 7.2", 1, "schema    the digest of QEMU 7.2", ""),
        ("sound.ndjson --schema 1.0", 2, "", "there is no digest of 1.0"),
        ("sound.ndjson --fromat=json", 2, "", "Did you mean --format?"),
        ("", 2, "", "required: FILE"),
    ],
)
def test_each_file_is_reported_and_the_worst_counts(
    files: Path, capsys: pytest.CaptureFixture[str], words: str, code: int, out: str, err: str
) -> None:
    assert cli.main(["validate", *words.split()]) == code

    told = capsys.readouterr()
    assert out in told.out
    assert err in told.err
    assert bool(out) is bool(told.out)
    assert bool(err) is bool(told.err)
    assert told.err.count("qmp-conformance: ") == bool(err)


def test_the_same_as_json(files: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["broken.ndjson", "words.txt", "--schema", "schema.json", "--format", "json"]

    assert cli.main(["validate", *words]) == ExitCode.USAGE

    told: dict[str, Any] = json.loads(capsys.readouterr().out)
    broken, unreadable = told["files"]
    assert told["exit_code"] == 2
    assert [(each["line"], each["rule"]) for each in broken["remarks"]] == [(2, "W38")]
    assert (unreadable["place"], unreadable["kind"]) == ("1:1", None)


@pytest.mark.qemu
def test_what_a_real_build_says_validates(tmp_path: Path, capfd: Any) -> None:
    requests: list[dict[str, Any]] = [
        {"execute": "qmp_capabilities", "id": 0},
        {"execute": "query-version", "id": "v"},
        {"execute": "query-qmp-schema", "id": "s"},
        {"execute": "query-status"},
        {"execute": "query-chardev", "id": None},
        {"execute": "qom-list-types", "id": 1},
        {"execute": "no-such-command", "id": 2},
        {"execute": "stop", "arguments": {"force": True}, "id": 3},
        {"execute": "quit", "id": 4},
    ]
    recording = tmp_path / "session.ndjson"
    with machine() as sock, recording.open("w") as file:
        sock.setblocking(False)
        connection = Connection(sock)
        file.write(received_entry(connection.receive(PATIENCE)))
        for request in requests:
            line = compact(request).encode()
            connection.queue(line + b"\n")
            file.write(sent_entry(line))
            reply: dict[str, Any] = {"event": ""}
            while "event" in reply:
                data = connection.receive(PATIENCE)
                reply = json.loads(data)
                file.write(received_entry(data))
            if request.get("id") == "s":
                (tmp_path / "schema.json").write_bytes(data)

    code = cli.main(["validate", str(recording), str(tmp_path / "schema.json")])

    told = capfd.readouterr().out
    assert code == ExitCode.CONFORMS, told
    assert "CONFORMS: nothing is wrong in 2 of 2 files." in told
    assert "9 requests, 9 replies" in told


@pytest.mark.qemu
def test_a_replay_is_recorded_and_validates(doors: Doors) -> None:
    case = "object-add/iothread/valid/mandatory-only"
    done = doors.command("replay", case, QEMU, "--record=case.ndjson")
    assert done.code == 0, done.err

    checked = doors.command("validate", "case.ndjson")

    assert checked.code == 0, checked.out
    assert "case.ndjson: a recorded dialogue" in checked.out
    text = (doors.home / "case.ndjson").read_text()
    assert '{"sent":{"execute":"object-add","arguments":{"qom-type":"iothread"' in text


@pytest.mark.qemu
def test_a_recording_that_cannot_be_written_is_refused_at_once(doors: Doors) -> None:
    done = doors.command("replay", "x", QEMU, "--record=/proc/none")

    assert (done.code, done.out) == (ExitCode.USAGE, "")
    assert "the recording /proc/none cannot be written" in done.err
