"""What stands in for machines and devices is read strictly, by architecture."""

from __future__ import annotations

from pathlib import Path

import pytest

from conformance.knowledge.machines import StandIn, StandIns, load_coupled, load_stand_ins
from conformance.model.errors import KnowledgeError

MACHINE = '[[stand_in]]\narch = ["arm"]\nmachine = "pc"\nby = "board"\nreason = "r"\n'
DEVICE = '[[stand_in]]\narch = ["arm"]\ndevice = "a"\nby = "b"\nargs = ["-x"]\nreason = "r"\n'
FILE = '[[stand_in]]\narch = ["arm", "s390x"]\nfile = "code"\nby = "00ff"\nreason = "r"\n'
COUPLED = '[[coupled]]\npath = "/machine"\nproperty = "p"\nreason = "r"\n'


def _file(folder: Path, text: str) -> Path:
    path = folder / "machines.toml"
    path.write_text(text)
    return path


def test_machines_and_devices_stand_in_by_architecture(tmp_path: Path) -> None:
    path = _file(tmp_path, MACHINE + DEVICE + FILE + COUPLED)

    assert load_stand_ins(path) == {
        "arm": StandIns(
            machines={"pc": StandIn(name="board")},
            devices={"a": StandIn(name="b", args=("-x",))},
            files={"code": StandIn(name="00ff")},
        ),
        "s390x": StandIns(files={"code": StandIn(name="00ff")}),
    }
    assert load_coupled(path) == {("/machine", "p")}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (MACHINE * 2, "arm pc stands there twice"),
        (
            MACHINE.replace("machine =", "device = 'd'\nmachine ="),
            "'machine' and 'device' contradict",
        ),
        (MACHINE.replace("reason", "why"), "'reason' is missing"),
        (MACHINE + "odd = 1\n", "unknown key 'odd'"),
    ],
    ids=["twice", "both", "no reason", "unknown"],
)
def test_what_is_wrong_in_the_file_is_said(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(KnowledgeError, match=said):
        load_stand_ins(_file(tmp_path, text))
