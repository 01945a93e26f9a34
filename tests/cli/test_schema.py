"""The commands `schema diff`, `digest` and `lint`: what they say and what they return."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from conformance.cli.main import main
from conformance.digest.digest_json import digest_text
from conformance.knowledge.digests import digest_names
from conformance.model.canonical import pretty
from conformance.model.terms import ExitCode
from conformance.source.digesting import read_tree
from tests.conftest import QEMU
from tests.qapi.schemas import BUILTINS, Entry, command, struct
from tests.qapi.schemas import member as has

OLD = [command("c", "A"), struct("A", has("x", "str")), command("gone")]
NEW = [command("c", "A"), struct("A", has("x", "str")), command("come")]


@pytest.fixture
def sides(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with two introspections, which the commands run in."""

    def write(name: str, entries: list[Entry]) -> None:
        (tmp_path / name).write_text(json.dumps([*BUILTINS, *entries]))

    write("old.json", OLD)
    write("new.json", NEW)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, str]:
    code = main(["schema", *words])
    said = capsys.readouterr()
    return code, said.out, said.err


def test_a_difference_is_told_as_text(sides: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = run(capsys, "diff", "old.json", "new.json")

    assert (code, err) == (ExitCode.CONFORMS, "")
    assert "  command gone\n    command removed (Q71)\n" in out
    assert "  1 command added\n" in out
    assert out.endswith("2 changes: 1 incompatible, 1 compatible\n")


def test_all_is_listed_on_demand(sides: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _, out, _ = run(capsys, "diff", "--all", "old.json", "new.json")

    assert "  command come\n    command added (Q70)\n" in out


def test_a_difference_is_told_as_json(sides: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ("diff", "--format=json", "old.json", "--old-version=7.2", "new.json")
    _, out, _ = run(capsys, *words)

    value = json.loads(out)
    assert out == pretty(value)
    assert [each["place"] for each in value["changes"]] == ["command gone", "command come"]
    assert value["old"]["version"] == "7.2"


def test_a_difference_is_told_as_markdown_in_a_file(
    sides: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ("diff", "old.json", "new.json", "--format", "markdown", "--output", "d.md")
    code, out, _ = run(capsys, *words)

    assert (code, out) == (ExitCode.CONFORMS, "")
    assert (sides / "d.md").read_text().startswith("# Compatibility of two QMP schemas\n")


@pytest.mark.parametrize(
    ("new", "worst", "expected"),
    [
        ("new.json", "incompatible", ExitCode.FINDINGS),
        ("new.json", "compatible", ExitCode.FINDINGS),
        ("old.json", "compatible", ExitCode.CONFORMS),
    ],
    ids=["as bad", "worse", "none"],
)
def test_the_exit_code_tells_of_changes_as_bad_as_asked(
    sides: Path, capsys: pytest.CaptureFixture[str], new: str, worst: str, expected: ExitCode
) -> None:
    assert run(capsys, "diff", "old.json", new, f"--fail-on={worst}")[0] == expected


def test_a_better_change_is_no_failure(sides: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (sides / "more.json").write_text(json.dumps([*BUILTINS, *OLD, command("more")]))

    words = ("diff", "old.json", "more.json", "--fail-on=unreachable")
    assert run(capsys, *words)[0] == ExitCode.CONFORMS


def test_digests_are_compared_by_their_names(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(capsys, "diff", "7.2", "digest:10.0", "--fail-on=incompatible")

    assert code == ExitCode.CONFORMS
    assert "DEPRECATED FIRST (29)" in out


@pytest.mark.parametrize(
    ("words", "what", "code"),
    [
        (("diff", "old.json", "nothere"), "nothere: there is no such file", ExitCode.USAGE),
        (("diff", "old.json"), "required: NEW", ExitCode.USAGE),
        (("diff", "7.2", "10.0", "5.2"), "two sides are compared, 5.2 is", ExitCode.USAGE),
        (("diff", "7.2", "10.0", "--fial-on=x"), "unknown option --fial-on", ExitCode.USAGE),
        (("diff", "7.2", "10.0", "--fail-on=x"), "invalid choice: 'x'", ExitCode.USAGE),
        (("diff", "7.2", "/bin/true"), "is no QEMU system emulator", ExitCode.LAUNCH),
        (("diff", "7.2", "10.0", "--output=no/x"), "no/x: cannot be written", ExitCode.USAGE),
        (("digest", "nothere"), "nothere: there is no such file", ExitCode.USAGE),
        (("digest", "a", "b"), "one path is enough, b is too many", ExitCode.USAGE),
        (("digest", "broken.json"), "broken.json:1:1: ", ExitCode.USAGE),
        ((), "required: COMMAND", ExitCode.USAGE),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else None,
)
def test_what_cannot_be_done_is_said_in_one_message(
    sides: Path,
    capsys: pytest.CaptureFixture[str],
    words: tuple[str, ...],
    what: str,
    code: ExitCode,
) -> None:
    (sides / "broken.json").write_text("?")

    returned, out, err = run(capsys, *words)

    assert (returned, out) == (code, "")
    assert err.startswith("qmp-conformance: ")
    assert what in err
    assert "Traceback" not in err


def test_a_digest_is_what_a_source_tree_says(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    schema = tmp_path / "qapi/qapi-schema.json"
    schema.parent.mkdir()
    schema.write_text("##\n# @c:\n#\n# A command.\n##\n{ 'command': 'c' }\n")

    code, out, err = run(capsys, "digest", str(tmp_path), "--version=9.9")

    assert (code, err) == (ExitCode.CONFORMS, "")
    assert out == digest_text(read_tree(tmp_path, "9.9"))
    assert json.loads(out)["version"] == "9.9"


WITHOUT_EVENTS = """\
{ 'include': 'events.json' }
##
# @c:
#
# @nobody: there is none of this name
##
{ 'command': 'c', 'returns': 'Elsewhere' }
"""


@pytest.fixture
def part(tmp_path: Path) -> str:
    """A schema file whose include is missing, with documentation that does not fit."""
    path = tmp_path / "part.json"
    path.write_text(WITHOUT_EVENTS)
    return str(path)


@pytest.mark.parametrize("command", ["digest", "lint", "diff"])
def test_a_missing_include_is_an_error_at_its_place(
    part: str, command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    code, out, err = run(capsys, command, part, *(["10.0"] if command == "diff" else []))

    assert (code, out) == (ExitCode.USAGE, "")
    assert "part.json:1:14: the included file 'events.json' is not there" in err


def test_of_a_part_what_is_open_is_told(part: str, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = run(capsys, "digest", "--partial", part)

    assert code == ExitCode.CONFORMS
    assert json.loads(out)["open-names"] == ["Elsewhere"]
    assert err.splitlines() == [
        "qmp-conformance: missing: events.json",
        "qmp-conformance: open: 1 type: Elsewhere",
        "qmp-conformance: part.json:5:3: finding: the documented member 'nobody' does not exist",
    ]


def test_a_part_is_compared_as_far_as_it_is_there(
    part: str, capsys: pytest.CaptureFixture[str]
) -> None:
    code, out, _ = run(capsys, "diff", "--partial", part, "10.0")

    assert code == ExitCode.CONFORMS
    assert "without events.json" in out


def test_lint_tells_what_does_not_fit(part: str, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = run(capsys, "lint", "--partial", part)

    assert (code, err) == (ExitCode.FINDINGS, "")
    assert out.splitlines() == [
        "part.json:5:3: finding: the documented member 'nobody' does not exist",
        "missing: events.json",
        "open: 1 type: Elsewhere",
        "1 finding, 0 remarks in 1 definition of the system",
    ]


def test_lint_of_what_fits_ends_well(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "whole.json"
    path.write_text("{ 'event': 'an_event' }\n")

    code, out, _ = run(capsys, "lint", str(path))

    assert code == ExitCode.CONFORMS
    assert "whole.json:1:1: remark: the name 'an_event' of the event has lowercase" in out
    assert out.endswith("0 findings, 1 remark in 1 definition of the system\n")


@pytest.mark.qemu
def test_a_build_is_compared_with_the_digest_of_its_release(
    capsys: pytest.CaptureFixture[str],
) -> None:
    said = subprocess.run([QEMU, "--version"], capture_output=True, text=True, check=True).stdout
    release = ".".join(said.removeprefix("QEMU emulator version ").split(".")[:2])
    if release not in digest_names():
        pytest.skip(f"no digest of {release}, the release of {QEMU}, ships")

    code, out, err = run(capsys, "diff", release, QEMU, "--fail-on=unstable")

    assert (code, err) == (ExitCode.CONFORMS, "")
    assert f"new  /usr/bin/qemu-system-x86_64 (build, version {release}" in out


def test_a_build_is_described_as_json_schema(
    sides: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, out, err = run(capsys, "jsonschema", "new.json", "c", "--dialect", "draft-07")

    value = json.loads(out)
    assert (code, err) == (ExitCode.CONFORMS, "")
    assert value["$schema"] == "http://json-schema.org/draft-07/schema#"
    assert value["definitions"]["A"]["required"] == ["x"]


def test_integers_have_the_width_of_the_release(capsys: pytest.CaptureFixture[str]) -> None:
    _, out, _ = run(capsys, "jsonschema", "10.0", "block_set_io_throttle")

    assert '"maximum": 9223372036854775807' in out


def test_a_name_that_the_build_lacks_is_answered_with_the_nearest(
    sides: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, out, err = run(capsys, "jsonschema", "new.json", "comme")

    assert (code, out) == (ExitCode.USAGE, "")
    assert err == (
        "qmp-conformance: the schema has no command, event or type 'comme'\n  Did you mean come?\n"
    )
