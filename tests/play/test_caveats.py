"""What the sandbox cannot keep from the host is said, in the report and once on standard error."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from conformance.launch import mounter
from conformance.launch.folder import RunFolder
from conformance.prepare.campaign import Campaign, load_all
from conformance.prepare.prepare import prepare, warned
from conformance.prepare.selection import Selection
from tests.miniatures.install import miniature

SOME = Selection(globs=("query-version/valid/*",))
"""What is said of the sandbox is the same whichever cases are chosen."""


def _warned(program: Path, folder: RunFolder) -> Campaign:
    campaign = prepare(miniature(program), folder, selection=SOME)
    return replace(campaign, caveats=warned(campaign.target, folder))


def test_a_scratch_folder_without_a_limit_is_told_in_the_report_and_once_to_the_user(
    program: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    refusing = tmp_path / "refusing.py"
    words = json.dumps(f"it is forbidden in {tmp_path.name}")
    refusing.write_text(f"import os\nos.write(0, {words!r}.encode() + b'\\n')\nos.read(0, 1)\n")
    monkeypatch.setattr(mounter, "__file__", str(refusing))
    with RunFolder() as folder:
        campaign = _warned(program, folder)
        _warned(program, folder)
        campaign.save(tmp_path, "campaign")

    caveat = f"its scratch folder has no limit, for it is forbidden in {tmp_path.name}"
    told = capsys.readouterr().err.splitlines()
    assert [caveat in line for line in told].count(True) == 1
    for known in (campaign, *load_all(tmp_path)):
        assert caveat in known.started(0).launcher
        assert known.started(0).launcher.startswith("program of the host, bubblewrap; ")


def test_where_all_is_well_nothing_is_said(
    program: Path, run_folder: RunFolder, capsys: pytest.CaptureFixture[str]
) -> None:
    if run_folder.mounts.lacks or run_folder.mounts.root_reason:
        pytest.skip("this host allows less")
    campaign = _warned(program, run_folder)

    assert campaign.started(0).launcher == "program of the host, bubblewrap"
    assert capsys.readouterr().err == ""


def test_without_the_sandbox_there_is_nothing_to_say_of_it(
    program: Path, run_folder: RunFolder
) -> None:
    campaign = prepare(replace(miniature(program), sandbox=False), run_folder, selection=SOME)

    assert warned(campaign.target, run_folder) == ()

    assert campaign.started(0).launcher == "program of the host, no sandbox"
