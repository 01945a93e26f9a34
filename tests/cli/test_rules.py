"""The commands `rules` and `explain`: what they take, say and return."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from conformance.cli import rules as rules_cli
from conformance.cli.main import main
from conformance.knowledge import store
from conformance.model.terms import ExitCode
from conformance.prepare.plan_file import WrittenPlan
from conformance.report.shipped_index import FILE
from tests.miniatures.install import install
from tests.prepare.written import written_plan


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, ...]]:
    """Cases of the miniature in place of a release's; which release was asked for."""
    asked: list[tuple[int, ...]] = []

    def plan(version: tuple[int, ...], *_: object) -> WrittenPlan:
        asked.append(version)
        return written_plan()

    monkeypatch.setattr(rules_cli, "release_plan", plan)
    return asked


def run(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, str]:
    code = main(words)
    said = capsys.readouterr()
    return code, said.out, said.err


def test_rules_are_listed(quick: list[tuple[int, ...]], capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = run(capsys, "rules")

    # What ships of the newest release is enough: nothing is derived.
    assert (code, err, quick) == (ExitCode.CONFORMS, "", [])
    assert out.startswith("Cases: those of QEMU 10.0, as its digest gives them\n")
    assert all(f"\n{rule}  " in out for rule in ("W01", "W73", "Q77", "X34"))


def test_another_release_can_be_named(
    quick: list[tuple[int, ...]], capsys: pytest.CaptureFixture[str]
) -> None:
    _, out, _ = run(capsys, "explain", "w25", "--release", "5.2")

    assert quick == [(5, 2, 0)]
    assert out.startswith("W25 (must)\n")
    assert "those of QEMU 5.2" in out


@pytest.mark.usefixtures("quick")
def test_rules_are_told_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    _, out, _ = run(capsys, "rules", "--format=json")

    assert json.loads(out)["rules"][0]["id"] == "W01"


@pytest.mark.usefixtures("quick")
def test_rules_are_told_as_markdown(capsys: pytest.CaptureFixture[str]) -> None:
    _, out, _ = run(capsys, "rules", "--format=markdown")

    assert out.startswith("# Rules\n")


def test_the_cases_of_a_build_are_those_that_its_introspection_gives(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    program = str(install(tmp_path))
    code, out, err = run(capsys, "explain", "X25", program)

    assert (code, err) == (ExitCode.CONFORMS, "")
    assert "How it is tested (those of qemu-system-" in out
    assert "object type, defaults: " in out


@pytest.mark.parametrize(
    ("words", "message"),
    [
        pytest.param(("explain", "W99"), "there is no rule W99", id="unknown"),
        pytest.param(("explain",), "required: RULE\n", id="missing"),
        pytest.param(("rules", "--release=9.9"), "there is no digest of 9.9", id="release"),
        pytest.param(("rules", "--releas=9.9"), "unknown option --releas", id="option"),
        pytest.param(("rules", "a", "b"), "one target is enough, b is too many", id="targets"),
        pytest.param(("rules", "a", "--release=7.2"), "--release is for", id="both"),
        pytest.param(("rules", "--rootfs=/"), "--rootfs is of a target", id="rootfs"),
        pytest.param(
            ("rules", "--arg=x", "--env=A=b"), "--arg and --env are of a target", id="options"
        ),
        pytest.param(("rules", "w68"), "`qmp-conformance explain w68` tells", id="rule"),
        pytest.param(("rules", "/none/such"), "/none/such does not exist", id="no-program"),
    ],
)
def test_what_cannot_be_told_is_one_message(
    words: tuple[str, ...], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    code, out, err = run(capsys, *words)

    assert out == ""
    assert code in (ExitCode.USAGE, ExitCode.LAUNCH)
    assert err.startswith("qmp-conformance: ")
    assert message in err


def test_an_index_that_is_broken_is_one_message(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / FILE).write_text('{"release": 10}', encoding="utf-8")
    monkeypatch.setattr(store, "fixtures_folder", lambda: tmp_path)

    code, out, err = run(capsys, "explain", "W68")

    assert (code, out) == (ExitCode.USAGE, "")
    assert err.startswith(f"qmp-conformance: {tmp_path / FILE}: no index of rules: ")
    assert "python -m docs.generated" in err
