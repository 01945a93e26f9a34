"""What a run has cost stands in its report, whoever played which item."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.miniatures.hostile import install_hostile
from tests.miniatures.install import install

from .conftest import Doors, events
from .test_hostile_runs import MOST
from .test_killed_runs import WORKERS

pytestmark = pytest.mark.qemu


@WORKERS
def test_items_aspects_and_targets_have_costs(
    doors: Doors, targets: str, workers: tuple[str, ...]
) -> None:
    words = (f"{targets}:broken", "--case=object-add/toy/*", "--case=qom-list/*")
    assert doors.command("run", *words, *workers).code == 1

    folder = doors.home / "qmp-report"
    stream = events(folder)
    items = {each["item"]: each["cost"] for each in stream if each["event"] == "item-planned"}
    assert len(items) > 5
    assert all(cost["seconds"] > 0 for cost in items.values())
    assert not any(each["event"] == "item-ended" for each in stream)

    (target,) = json.loads((folder / "summary.json").read_text())["targets"]
    total = target["cost"]["total"]
    assert total["machines"] > 1
    assert min(total["sent"], total["received"]) > 1000
    for part in ("machines", "sent", "received"):
        assert sum(cost[part] for cost in items.values()) == total[part]
        assert sum(cost[part] for cost in target["cost"]["aspects"].values()) == total[part]
    assert "### Costs" in (folder / "report.md").read_text()

    peaks = stream[-1]["cost"]
    assert peaks.keys() == ({"gw0", "gw1"} if workers else {"main"})
    assert all(1000 < peak < MOST for peak in peaks.values())


def test_a_server_that_sends_without_end_costs_no_worker_more(doors: Doors, tmp_path: Path) -> None:
    program = install_hostile(install(tmp_path), "object-del", "endless-line")
    doors.command("run", str(program), "--case=object-add/toy/valid/[!o]*", "-n", "2")

    peaks = events(doors.home / "qmp-report")[-1]["cost"]
    assert peaks
    assert all(peak < MOST for peak in peaks.values())
