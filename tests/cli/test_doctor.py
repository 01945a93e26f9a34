"""The command `doctor`: what works, what is missing, and what that costs in cases."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from conformance.cli import doctor
from conformance.cli.main import main
from conformance.launch import condition
from conformance.launch.condition import engine_condition, sandbox_trouble
from conformance.launch.folder import RunFolder
from conformance.launch.host import _PROBES, _REMEDIES
from conformance.model.errors import LaunchError
from conformance.model.terms import ExitCode
from conformance.prepare import prepare

pytestmark = pytest.mark.qemu

DAEMON = "/usr/bin/qemu-storage-daemon"
CASES = ("--case", "object-add/iothread/*")
PAIRS = "package:allpairspy"


@pytest.fixture
def without(monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """The needs that the host lacks, by how they begin; it has all others."""
    needs: set[str] = set()

    def probe(need: str, target: object) -> str | None:
        return f"no {need} here" if any(map(need.startswith, needs)) else None

    monkeypatch.setattr(prepare, "probe", probe)
    monkeypatch.setattr(doctor, "engine_conditions", lambda: {"podman": "", "docker": None})
    return needs


def test_a_target_that_lacks_nothing_is_well(
    without: set[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["doctor", DAEMON, *CASES]) == ExitCode.CONFORMS

    lines = [" ".join(line.split()) for line in capsys.readouterr().out.splitlines()]
    assert "sandbox works" in lines
    assert "podman works" in lines
    assert "docker no target can be in its images: not on this host" in lines
    assert any(line.startswith("starts storage-daemon ") for line in lines)
    assert "greets yes, and negotiates" in lines
    assert any(line.startswith("schema ") and "commands" in line for line in lines)
    assert not any("missing" in line for line in lines)


def test_a_missing_piece_has_its_cost_and_its_remedy(
    without: set[str], capsys: pytest.CaptureFixture[str]
) -> None:
    without.add(PAIRS)

    assert main(["doctor", DAEMON, "--case", "blockdev-add/*"]) == ExitCode.FINDINGS

    out = " ".join(capsys.readouterr().out.split())
    told = out.partition("What is missing for the untestable cases")[2]
    count = int(told.partition("what to do: ")[2].split()[0].replace(",", ""))
    assert count > 0
    assert f"{count:,} untestable-here" in out
    assert "no package:allpairspy>=2.5 here. Install it: pip install 'allpairspy>=2.5'." in told


def test_a_target_that_does_not_start_is_told_beside_the_others(
    without: set[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["doctor", "/bin/true", DAEMON, *CASES]) == ExitCode.LAUNCH

    lines = [" ".join(line.split()) for line in capsys.readouterr().out.splitlines()]
    assert any(line.startswith("fails /bin/true is no QEMU") for line in lines)
    assert any(line.startswith("starts storage-daemon ") for line in lines)


def test_without_a_target_the_host_is_shown(
    without: set[str], capsys: pytest.CaptureFixture[str]
) -> None:
    without.add("kvm")

    assert main(["doctor"]) == ExitCode.CONFORMS

    out = capsys.readouterr().out
    assert "no kvm here. Load the module of KVM" in out
    assert " case " not in out.partition("`doctor TARGET` counts them")[2]


def test_a_host_without_a_sandbox_is_not_well(
    without: set[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def refused(*_: object) -> None:
        raise LaunchError("bwrap is not on this host", "Install it.")

    monkeypatch.setattr(condition, "command", refused)

    assert main(["doctor"]) == ExitCode.LAUNCH

    assert "bwrap is not on this host. Install it." in capsys.readouterr().out


def test_the_sandbox_is_tried() -> None:
    with RunFolder() as folder:
        assert sandbox_trouble(folder) is None


@pytest.mark.parametrize(
    ("script", "said"),
    [
        ("exit 0", ""),
        ("echo info >&2; echo no daemon >&2; exit 1", "no daemon"),
        ("exit 7", "it ends with status 7"),
    ],
)
def test_an_engine_is_asked_about_itself(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str, said: str
) -> None:
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    assert engine_condition("engine-of-tests") is None
    program = tmp_path / "engine-of-tests"
    program.write_text(f'#!/bin/sh\n[ "$1" = info ] || exit 9\n{script}\n')
    program.chmod(0o755)

    assert engine_condition("engine-of-tests") == said


def test_each_kind_of_need_has_a_remedy() -> None:
    assert _REMEDIES.keys() == _PROBES.keys()
