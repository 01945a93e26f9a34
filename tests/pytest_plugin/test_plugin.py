"""The pytest door: its options do to the cases of a build what they do to tests."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest

from tests.conftest import QEMU, Done, Doors, events, outcomes

pytestmark = pytest.mark.qemu

# Apart, as people write them: pytest must not take the value for a path to tests.
IOTHREAD = ("--qmp-program", QEMU, "--qmp-case", "object-add/iothread/*")
SOME = ("--qmp-program", QEMU, "--qmp-case", "object-add/iothread/[de]*/*")
"""Three of its items, of which no case takes long."""
FEW = "object-add/toy/*/[dfilm]*"
"""Some cases of each aspect of the toy, among them the two that fail."""
NODE = "qemu-system-x86_64::object-add.iothread"
ASPECTS = (
    *("introspection", "valid", "defaults", "values"),
    *("pairs", "invalid", "errors", "lifecycle"),
)


def toys(targets: str) -> tuple[str, str]:
    """Return the options that choose the items of the toy, of which one fails."""
    return f"--qmp-targets={targets}:broken", f"--qmp-case={FEW}"


def collected(done: Done) -> list[str]:
    assert done.code == 0, done.out
    return [line for line in done.out.splitlines() if "::" in line]


def counted(done: Done) -> str:
    """Return pytest's last line, less the time."""
    return done.out.splitlines()[-1].strip("= ").partition(" in ")[0]


def test_a_run_shows_its_report_and_writes_it(doors: Doors) -> None:
    done = doors.pytest(*IOTHREAD, "--qmp-report", "here")

    assert (done.code, done.err) == (0, "")
    assert counted(done) == "9 passed"
    assert "CONFORMS: " in done.out
    assert "Report: here" in done.out
    stream = events(doors.home / "here")
    assert {outcome for _, _, outcome in outcomes(stream)} == {"pass"}
    assert stream[0]["selection"] == ["object-add/iothread/*"]


def test_values_apart_from_their_options_do_not_move_the_root(doors: Doors) -> None:
    (doors.home / "pytest.ini").write_text("[pytest]\naddopts = -v\n")
    (doors.home / "there").mkdir()

    done = doors.pytest(*SOME, "--qmp-report", "there")

    assert f"rootdir: {doors.home}\nconfigfile: pytest.ini\n" in done.out
    assert counted(done) == "3 passed"
    assert (doors.home / ".pytest_cache").is_dir()
    assert not (Path(QEMU).parent / ".pytest_cache").exists()
    assert not (doors.home / "there/.pytest_cache").exists()


def test_collecting_names_the_items_and_runs_nothing(doors: Doors) -> None:
    done = doors.pytest(*IOTHREAD, "--collect-only", "-q")

    assert collected(done) == [f"{NODE}::{aspect}" for aspect in (*ASPECTS, "documentation")]
    assert not (doors.home / "qmp-report").exists()


def test_k_chooses_among_the_items_and_the_report_says_so(doors: Doors) -> None:
    done = doors.pytest(*IOTHREAD, "-k", "lifecycle or errors", "-v")

    assert counted(done) == "2 passed, 7 deselected"
    # What -v shows can be pasted.
    assert f"\n{NODE}::errors PASSED" in done.out
    stream = events(doors.home / "qmp-report")
    assert {case.split("/")[2] for _, case, _ in outcomes(stream)} == {"lifecycle", "errors"}
    assert stream[0]["selection"][-1] == "2 of 9 items, chosen by pytest"


@pytest.mark.parametrize("workers", [(), ("-n", "2")], ids=["alone", "workers"])
def test_node_ids_choose_items_and_subjects(doors: Doors, workers: tuple[str, ...]) -> None:
    one = doors.pytest(*SOME, f"{NODE}::errors", *workers)
    all_of_it = doors.pytest(*SOME, NODE, *workers)

    assert (counted(one), counted(all_of_it)) == ("1 passed", "3 passed")


@pytest.mark.parametrize("workers", [(), ("-n", "2")], ids=["alone", "workers"])
def test_a_node_id_that_names_nothing_is_refused(doors: Doors, workers: tuple[str, ...]) -> None:
    done = doors.pytest(*IOTHREAD, f"{NODE}::valld", *workers)

    assert done.code == pytest.ExitCode.USAGE_ERROR
    assert f"ERROR: no item of the targets is named {NODE}::valld" in done.err
    assert f"Did you mean {NODE}::valid?" in done.err
    assert "INTERNALERROR" not in done.out + done.err


@pytest.mark.parametrize("workers", [(), ("-n", "2")], ids=["alone", "workers"])
def test_lf_runs_the_failed_items_again(
    doors: Doors, targets: str, workers: tuple[str, ...]
) -> None:
    first = doors.pytest(*toys(targets), *workers)
    second = doors.pytest(*toys(targets), "--lf", *workers)

    assert (first.code, counted(first)) == (1, "1 failed, 7 passed")
    assert second.code == 1
    assert counted(second) in ("1 failed, 7 deselected", "1 failed")
    ran = outcomes(events(doors.home / "qmp-report"))
    assert {case.split("/")[2] for _, case, _ in ran} == {"defaults"}


def test_x_ends_the_run_at_the_first_failure(doors: Doors, targets: str) -> None:
    done = doors.pytest(*toys(targets), "-x")

    assert (done.code, counted(done)) == (1, "1 failed, 2 passed")
    stream = events(doors.home / "qmp-report")
    assert (stream[-1]["complete"], stream[-1]["exit_code"]) == (False, 1)
    left_out = {case.split("/")[2] for _, case, outcome in outcomes(stream) if outcome == "not-run"}
    assert left_out == {"values", "pairs", "invalid", "errors", "lifecycle"}


def test_a_failure_names_its_cases(doors: Doors, targets: str) -> None:
    done = doors.pytest(*toys(targets))

    assert "broken object-add.toy defaults" in done.out
    assert "fail X25 object-add/toy/defaults/flag\n      qom-get: returned true" in done.out


@pytest.mark.parametrize("workers", [(), ("-n", "2")], ids=["alone", "workers"])
def test_junit_has_a_test_case_for_each_item(
    doors: Doors, targets: str, workers: tuple[str, ...]
) -> None:
    doors.pytest(*toys(targets), "--junitxml=junit.xml", *workers)

    tree = ElementTree.parse(doors.home / "junit.xml")
    cases = {case.get("name"): case for case in tree.iter("testcase")}
    assert sorted(cases, key=str) == sorted(ASPECTS)
    assert {case.get("classname") for case in cases.values()} == {"broken.object-add.toy"}
    failures = {name: case.find("failure") for name, case in cases.items()}
    assert [name for name, failure in failures.items() if failure is not None] == ["defaults"]
    failure = failures["defaults"]
    assert failure is not None
    assert failure.text
    assert "fail X25 object-add/toy/defaults/flag" in failure.text


def test_allure_has_a_result_and_a_history_for_each_item(doors: Doors, targets: str) -> None:
    doors.pytest(*toys(targets), "--alluredir=first")
    doors.pytest(*toys(targets), "--alluredir=second", "-n", "2")

    histories = []
    for name in ("first", "second"):
        paths = (doors.home / name).glob("*-result.json")
        results = [json.loads(path.read_text()) for path in paths]
        assert sorted(result["name"] for result in results) == sorted(ASPECTS)
        failed = [result for result in results if result["status"] != "passed"]
        assert [result["name"] for result in failed] == ["defaults"]
        assert "object-add/toy/defaults/flag" in failed[0]["statusDetails"]["message"]
        histories.append({result["name"]: result["historyId"] for result in results})
    assert histories[0] == histories[1]
    assert len(set(histories[0].values())) == len(ASPECTS)


def test_several_targets_have_items_of_their_own(doors: Doors, targets: str) -> None:
    words = (f"--qmp-targets={targets}:good", *toys(targets), "--collect-only", "-q")
    names = collected(doors.pytest(*words))

    assert {name.partition("::")[0] for name in names} == {"good", "broken"}
    assert len(names) == 2 * len(ASPECTS)


def test_items_of_which_nothing_could_be_judged_are_no_success(doors: Doors, targets: str) -> None:
    case = "--qmp-case=object-add/toy/defaults/nothing"
    done = doors.pytest(f"--qmp-targets={targets}:good", case)

    assert counted(done) == "1 skipped"
    assert done.code == pytest.ExitCode.NO_TESTS_COLLECTED
    assert "NOTHING TESTED" in done.out


@pytest.mark.parametrize(
    ("words", "code", "part"),
    [
        (("--qmp-program=/nowhere",), 3, "/nowhere does not exist"),
        (("--qmp-program=/nowhere", "-n", "2"), 3, "/nowhere does not exist"),
        (("--qmp-targets={targets}:good", "--qmp-case=nothing"), 2, "no case fits 'nothing'"),
        ((f"--qmp-program={QEMU}", "--qmp-shard=9/8"), 4, "'9/8' is no shard"),
        ((f"--qmp-program={QEMU}", "--qmp-report=/proc/x"), 2, "/proc/x cannot be written"),
        (("--qmp-targets=nowhere.toml",), 4, "nowhere.toml: cannot be read"),
        (("--qmp-targets=/etc/passwd",), 4, "/etc/passwd is no target file"),
        (("--qmp-case=object-add/*",), 4, "no target"),
    ],
)
def test_what_cannot_be_is_refused(
    doors: Doors, targets: str, words: tuple[str, ...], code: int, part: str
) -> None:
    done = doors.pytest(*(word.replace("{targets}", targets) for word in words))

    assert done.code == code
    assert part in done.err
    assert "INTERNALERROR" not in done.out + done.err
    assert "Traceback" not in done.out + done.err


OWN = "def test_mine():\n    pass\n"


@pytest.mark.parametrize("workers", [(), ("-n", "2")], ids=["alone", "workers"])
def test_tests_of_the_users_own_are_collected_beside_ours(
    doors: Doors, targets: str, workers: tuple[str, ...]
) -> None:
    (doors.home / "test_own.py").write_text(OWN)
    alone = doors.pytest(*toys(targets), *workers)
    both = doors.pytest(*toys(targets), "test_own.py", *workers)
    some = doors.pytest(
        *toys(targets), "test_own.py::test_mine", "broken::object-add.toy::valid", *workers
    )

    # The current folder is nothing that anybody has named.
    assert counted(alone) == "1 failed, 7 passed"
    assert counted(both) == "1 failed, 8 passed"
    assert counted(some) == "2 passed"
    selection = events(doors.home / "qmp-report")[0]["selection"]
    assert selection == [FEW, "1 of 8 items, chosen by pytest"]


def test_the_paths_of_a_configuration_are_named(doors: Doors, targets: str) -> None:
    (doors.home / "mine").mkdir()
    (doors.home / "mine/test_own.py").write_text(OWN)
    (doors.home / "pytest.ini").write_text("[pytest]\ntestpaths = mine\n")

    assert counted(doors.pytest(*toys(targets))) == "1 failed, 8 passed"


@pytest.mark.parametrize("workers", [(), ("-n", "2")], ids=["alone", "workers"])
def test_an_item_that_is_run_again_ends_as_it_did_and_is_recorded_once(
    doors: Doors, targets: str, workers: tuple[str, ...]
) -> None:
    # As plugins do that run again what has failed.
    (doors.home / "conftest.py").write_text(
        "from _pytest.runner import runtestprotocol\n"
        "def pytest_runtest_protocol(item, nextitem):\n"
        "    runtestprotocol(item, nextitem=nextitem, log=False)\n"
        "    runtestprotocol(item, nextitem=nextitem)\n"
        "    return True\n"
    )
    done = doors.pytest(*toys(targets), *workers)

    assert (done.code, counted(done)) == (1, "1 failed, 7 passed")
    stream = events(doors.home / "qmp-report")
    names = [case for _, case, _ in outcomes(stream)]
    assert len(names) == len(set(names)) == 84
    assert len([event for event in stream if event["event"] == "finding"]) == 2


def test_an_item_that_is_broken_off_is_no_success_and_leaves_the_next_ones_alone(
    doors: Doors, targets: str
) -> None:
    # As plugins do that limit the time of a test.
    (doors.home / "conftest.py").write_text(
        "import pytest\n"
        "from conformance.play.engine import Engine\n"
        "real = Engine.run\n"
        "def run(self, cases):\n"
        "    for result in real(self, cases):\n"
        "        yield result\n"
        "        if 'toy/valid/' in result.case.id:\n"
        "            pytest.fail('timeout')\n"
        "Engine.run = run\n"
    )
    done = doors.pytest(f"--qmp-targets={targets}:good", "--qmp-case=object-add/toy/*")

    assert counted(done) == "1 failed, 7 passed"
    found = outcomes(events(doors.home / "qmp-report"))
    failed = {case.split("/")[2] for _, case, outcome in found if outcome == "harness-error"}
    assert failed == {"valid"}


def test_it_works_without_what_shows_it(doors: Doors, targets: str) -> None:
    done = doors.pytest(*toys(targets), "-p", "no:terminal")

    assert (done.code, done.out) == (1, "")
    assert events(doors.home / "qmp-report")[-1]["exit_code"] == 1


def test_it_works_without_the_plugins_that_it_can_use(doors: Doors) -> None:
    blocked = ("-p", "no:xdist", "-p", "no:cacheprovider", "-p", "no:allure_pytest")
    assert counted(doors.pytest(*SOME, *blocked)) == "3 passed"


def test_other_runs_of_pytest_are_not_disturbed(doors: Doors) -> None:
    doors.home.joinpath("test_plain.py").write_text(
        "import signal, sys\n"
        "def test_plain():\n"
        "    ours = {name for name in sys.modules if name.startswith('conformance')}\n"
        "    rooms = {'', '.model', '.play', '.pytest_plugin'}\n"
        "    modules = {'.pytest_plugin.plugin', '.play.option_table', '.play.option',\n"
        "               '.model.errors', '.model.terms', '.model.hints'}\n"
        "    assert ours <= {'conformance' + name for name in rooms | modules}\n"
        "    assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL\n"
        "    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler\n"
    )
    before = sorted(os.listdir(doors.home))

    done = doors.pytest("-p", "no:cacheprovider", "-W", "error")

    assert (done.code, counted(done)) == (0, "1 passed"), done.out
    assert "qmp" not in done.out.replace("qmp-conformance-", "").lower()
    assert sorted(set(os.listdir(doors.home)) - {"__pycache__"}) == before
    assert sys.modules["conformance.pytest_plugin.plugin"]
