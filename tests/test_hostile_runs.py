"""A run goes on with the next target whatever the others do, and says so."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path

import pytest

from conformance.model.terms import ExitCode
from tests.miniatures.hostile import install_hostile, install_liar
from tests.miniatures.install import install
from tests.miniatures.liar import LONG

from .conftest import REPORT, Doors, events, outcomes, report_files

# Runs what follows and writes how much memory the largest process of it had, in KiB.
MEASURE = (
    "import resource, subprocess, sys\n"
    "code = subprocess.run(sys.argv[2:]).returncode\n"
    "peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss\n"
    "open(sys.argv[1], 'w').write(str(peak))\n"
    "sys.exit(code)\n"
)
MOST = 200 * 1024
CASE = "--case=object-add/toy/valid/[!o]*"
"""All but what is asked on another machine, which the miniature lacks."""


def test_the_targets_behind_hostile_ones_are_tested(doors: Doors, tmp_path: Path) -> None:
    good = install(tmp_path)
    lost = [
        str(install_hostile(good, phase, deed))
        for phase, deed in (("version", "endless-line"), ("connect", "bomb"), ("greeted", "exits"))
    ]
    peak = tmp_path / "peak"

    done = doors.command(
        "run", *lost, str(good), CASE, before=(sys.executable, "-c", MEASURE, str(peak))
    )

    assert (done.code, done.err) == (ExitCode.LAUNCH, "")
    assert "THIS RUN IS PARTIAL" in done.out
    stream = events(doors.home / "qmp-report")
    assert [each["program"] for each in stream if each["event"] == "target-lost"] == lost
    assert {outcome for _, _, outcome in outcomes(stream)} == {"pass"}
    assert (stream[-1]["complete"], stream[-1]["exit_code"]) == (False, ExitCode.LAUNCH)
    summary = json.loads((doors.home / "qmp-report/summary.json").read_text())
    assert summary["verdict"] == "partial"
    assert sum("was not tested" in reason for reason in summary["incomplete"]) == len(lost)
    assert int(peak.read_text()) < MOST


def test_a_server_that_turns_hostile_in_a_case_is_a_finding(doors: Doors, tmp_path: Path) -> None:
    good = install(tmp_path)
    turning = install_hostile(good, "object-del", "endless-line")
    peak = tmp_path / "peak"

    done = doors.command(
        "run", str(turning), str(good), CASE, before=(sys.executable, "-c", MEASURE, str(peak))
    )

    assert (done.code, done.err) == (ExitCode.FINDINGS, "")
    found = outcomes(events(doors.home / "qmp-report"))
    assert {outcome for target, _, outcome in found if target != good.name} & {"fail"}
    assert {outcome for target, _, outcome in found if target == good.name} == {"pass"}
    assert int(peak.read_text()) < MOST


def test_names_that_cannot_be_names_are_findings_and_lead_nowhere(
    doors: Doors, tmp_path: Path
) -> None:
    good = install(tmp_path)
    liar = install_liar(good)
    before = set(doors.home.parent.rglob("*"))
    selected = ("--case=*/introspection/names-*", "--case=object-add/toy/invalid/label/*")

    done = doors.command("run", str(liar), str(good), *selected)

    assert (done.code, done.err) == (ExitCode.FINDINGS, "")
    stream = events(doors.home / "qmp-report")
    found = [each for each in stream if each["event"] == "finding"]
    assert {each["target"] for each in found} == {liar.name}
    named = {each["rule"] for each in found if "/names-" in each["case"]}
    assert named == {"Q44", "Q46", "X10", "X11", "X12"}
    # Each of the names in each place, and what is there twice.
    assert {outcome for target, _, outcome in outcomes(stream) if target == good.name} == {"pass"}
    written = report_files(doors.home / "qmp-report")
    assert written - {".lock"} == REPORT
    assert set(doors.home.parent.rglob("*")) - before <= {
        doors.home / "qmp-report",
        *(doors.home / "qmp-report").iterdir(),
    }
    for text in (done.out, *((doors.home / "qmp-report" / name).read_text() for name in written)):
        assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f\u202e]", text)
        assert LONG[:10_000] not in text


def test_where_no_target_is_left_there_is_one_message(doors: Doors, tmp_path: Path) -> None:
    good = install(tmp_path)
    lost = [str(install_hostile(good, "version", deed)) for deed in ("exits", "deep")]

    done = doors.command("run", *lost, CASE)

    assert done.code == ExitCode.LAUNCH
    assert done.err.startswith("qmp-conformance: not one of 2 targets can be tested: ")
    assert done.err.count("is no QEMU system emulator") == 2


@pytest.mark.parametrize("deed", ["endless-events", "endless-line", "bomb"])
def test_what_a_server_floods_cases_with_costs_no_memory(
    doors: Doors, tmp_path: Path, deed: str
) -> None:
    good = install(tmp_path)
    turning = install_hostile(good, "cases", deed)
    peaks = []

    for targets in ([good], [turning, good]):
        words = ("run", "-n", "2", *map(str, targets), CASE)
        peak = tmp_path / "peak"
        doors.command(*words, before=(sys.executable, "-c", MEASURE, str(peak)))
        peaks.append(int(peak.read_text()))

    found = outcomes(events(doors.home / "qmp-report"))
    assert {outcome for target, _, outcome in found if target == good.name} == {"pass"}
    assert {outcome for target, _, outcome in found if target != good.name} & {"fail", "timeout"}
    assert peaks[1] < MOST
    assert peaks[1] - peaks[0] < MOST // 2
