"""The command `check`: what it says of files of cases, and its exit code."""

from __future__ import annotations

from pathlib import Path

import pytest

from conformance.cli.main import main
from conformance.model.terms import ExitCode


def test_a_sound_file_is_said_to_be_sound(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "own.toml").write_text('[[command]]\nname = "query-status"\n')

    assert main(["check", str(tmp_path / "own.toml")]) == ExitCode.CONFORMS

    assert capsys.readouterr().out == "Nothing is wrong.\n"


def test_all_that_is_wrong_with_several_files_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "a.toml").write_text('[[command]]\nname = "stopp"\n')
    (tmp_path / "b.toml").write_text('[[comand]]\nname = "stop"\n')

    code = main(["check", str(tmp_path / "a.toml"), str(tmp_path / "b.toml")])

    out = capsys.readouterr().out
    assert code == ExitCode.USAGE
    assert (
        "a.toml:2: command stopp: no release has the command 'stopp', which 'name' names\n" in out
    )
    assert "b.toml:1: unknown key 'comand'\n  Did you mean 'command'?" in out
    assert out.endswith("\n2 problems.\n")


@pytest.mark.parametrize(
    ("name", "words"),
    [("nowhere.toml", "No such file"), (".", "holds no file *.toml"), ("latin.toml", "not UTF-8")],
)
def test_what_cannot_be_read_is_one_clear_message(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str, words: str
) -> None:
    folder = tmp_path / "empty"
    folder.mkdir()
    if name == "latin.toml":
        (folder / name).write_bytes(b"# \xe9\n")

    assert main(["check", str(folder / name)]) == ExitCode.USAGE

    told = capsys.readouterr()
    assert told.out == ""
    assert words in told.err


KNOWN = '[[known]]\nfingerprint = "v1-0123456789ab"\nreason = "it is old"\n'


def test_a_file_of_known_issues_is_checked_too(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "known.toml").write_text(KNOWN)
    (tmp_path / "own.toml").write_text('[[command]]\nname = "query-status"\n')

    assert main(["check", str(tmp_path / "known.toml"), str(tmp_path / "own.toml")]) == 0
    assert capsys.readouterr().out == "Nothing is wrong.\n"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (KNOWN + KNOWN, "known.toml:4: a second entry about v1-0123456789ab"),
        (KNOWN + "expires = 2020-01-01\n", "expired on 2020-01-01"),
        ('[[known]]\nfingerprint = "x"\nreason = "y"\n', "which is no fingerprint"),
        ('[[known]]\nfingerprint = "v1-0123456789ab"\n', "reason"),
        (KNOWN + "whenn = {}\n", "Did you mean 'when'?"),
    ],
)
def test_what_is_wrong_with_known_issues_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str, told: str
) -> None:
    (tmp_path / "known.toml").write_text(text)

    assert main(["check", str(tmp_path / "known.toml")]) == ExitCode.USAGE

    shown = capsys.readouterr()
    assert told in shown.out
    assert shown.out.endswith("1 problem.\n")
    assert "Traceback" not in shown.err
