"""The command `targets`: what target files expand to."""

from __future__ import annotations

from pathlib import Path

import pytest

from conformance.cli.main import main
from conformance.model.terms import ExitCode

FILE = """
[[target]]
name = "a"
program = "/opt/qemu"
select = ["query-*"]
[target.axes]
machine = ["none", "q35"]

[[target]]
program = "/opt/qemu"
image = "qemu:10.0"
args = ["-smp", "2"]
"""


def test_a_file_is_shown_as_the_targets_that_it_makes(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "t.toml"
    path.write_text(FILE)

    assert main(["targets", str(path)]) == ExitCode.CONFORMS

    assert [line.split() for line in capsys.readouterr().out.splitlines()] == [
        ["name", "program", "in", "machine", "args", "select"],
        ["a-none", "/opt/qemu", "the", "host", "none", "'query-*'"],
        ["a-q35", "/opt/qemu", "the", "host", "q35", "'query-*'"],
        ["qemu", "/opt/qemu", "image", "qemu:10.0", "none", "-smp", "2", "all", "cases"],
        [],
        ["3", "targets"],
    ]


def test_budget_and_known_issues_are_shown(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "own.toml").write_text("")
    path = tmp_path / "t.toml"
    path.write_text(
        '[[target]]\nprogram = "/opt/a"\nbudget = "10m"\nknown = ["shipped", "own.toml"]\n'
        '[[target]]\nprogram = "/opt/b"\n'
    )

    assert main(["targets", str(path)]) == ExitCode.CONFORMS

    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split()[-2:] == ["budget", "known"]
    assert lines[1].split()[-4:] == ["600", "s", "shipped", str(tmp_path / "own.toml")]
    assert lines[2].split()[-2:] == ["all", "cases"]


@pytest.mark.parametrize(
    ("key", "told"),
    [
        ('budget = "10"', "`budget` is no time"),
        ("budget = 10", "`budget` is no time"),
        ('budget = "0m"', "`budget` is no time"),
        ('known = "shipped"', "`known` is no list of strings"),
        ('known = ["nosuch.toml"]', "nosuch.toml"),
        ('known = ["t.toml"]', "t.toml"),
    ],
)
def test_a_wrong_budget_or_file_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], key: str, told: str
) -> None:
    path = tmp_path / "t.toml"
    path.write_text(f'[[target]]\nprogram = "/opt/a"\n{key}\n')

    assert main(["targets", str(path)]) == ExitCode.USAGE

    shown = capsys.readouterr().err
    assert told in shown
    assert "Traceback" not in shown


def test_a_wrong_file_is_refused_as_by_a_run(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "t.toml"
    path.write_text("[[target]]\nprogramm = '/x'\n")

    assert main(["targets", str(path)]) == ExitCode.USAGE

    assert "Did you mean `program`?" in capsys.readouterr().err
