"""A run fails by news alone, once what a build breaks is known or was there before."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from junitparser import JUnitXml

from tests.miniatures.install import install

from .conftest import Done, Doors, events

TOY = "--case=object-add/toy/*"


@pytest.fixture(scope="module")
def gate_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("gate")


@pytest.fixture(scope="module")
def before(gate_home: Path, targets: str) -> Path:
    """The report folder of a run of the broken server."""
    with Doors(gate_home) as doors:
        done = doors.command("run", f"{targets}:broken", TOY, "--report=before")
        assert done.code == 1, done.err
    return gate_home / "before"


@pytest.fixture
def known(before: Path, doors: Doors) -> Path:
    """A file of known issues with all that the broken server breaks."""
    done = doors.command("known", "update", "known.toml", str(before))
    assert (done.code, done.err) == (0, "")
    assert "1 entry added, 0 were there" in done.out
    return doors.home / "known.toml"


Runs = Callable[..., Done]


@pytest.fixture
def runs(doors: Doors, targets: str) -> Runs:
    def run(name: str, *words: str) -> Done:
        return doors.command("run", f"{targets}:{name}", TOY, *words)

    return run


@pytest.mark.qemu
def test_what_is_known_makes_no_run_fail(known: Path, runs: Runs, doors: Doors) -> None:
    done = runs("broken", f"--known={known}")

    assert (done.code, done.err) == (0, "")
    assert "NOTHING NEW: 1 root cause known or still there." in done.out
    stream = events(doors.home / "qmp-report")
    assert [each["issue"]["where"] for each in stream if each["event"] == "known-given"]
    assert "**NOTHING NEW" in (doors.home / "qmp-report" / "report.md").read_text()
    # The report says the same when it is written again.
    assert doors.command("report", "qmp-report").code == 0


ADDED = "--case=object-add/toy/valid/*"
OTHERS = ("qemu-system-aarch64-mini", "qemu-storage-daemon-mini")


@pytest.fixture(scope="module")
def checked(gate_home: Path) -> str:
    """A target file of programs that fail one check: `first` and `moved`, which has it at another
    line, and those named in OTHERS."""
    folder = gate_home / "checked"
    folder.mkdir()
    program = install(folder)
    for name in OTHERS:
        shutil.copy(program, program.with_name(name))
    programs = {"first": program.name, "moved": program.name, **{name: name for name in OTHERS}}
    path = gate_home / "checked.toml"
    path.write_text(
        "".join(
            f'[[target]]\nname = "{name}"\nprogram = "checked/{file}"\n'
            f'env = {{BREAKS = "fails-a-check", LINE = "{line}"}}\n'
            for line, (name, file) in enumerate(programs.items(), 70)
        )
    )
    return str(path)


@pytest.mark.qemu
@pytest.mark.parametrize("other", ["moved", *OTHERS])
def test_one_defect_is_the_same_at_another_line_in_another_program(
    checked: str, doors: Doors, other: str
) -> None:
    assert doors.command("run", f"{checked}:first", ADDED, "--report=first").code == 1
    assert doors.command("known", "update", "known.toml", "first").code == 0
    known = doors.home / "known.toml"
    # What an entry is about is the user's to widen.
    known.write_text(re.sub(r"(?m)^when = .*\n", "", known.read_text()))

    done = doors.command("run", f"{checked}:{other}", ADDED, "--known=known.toml", "--report=other")
    assert done.code == 0, done.out
    assert "NOTHING NEW: 1 root cause" in done.out
    summaries = [
        json.loads((doors.home / name / "summary.json").read_text()) for name in ("first", "other")
    ]
    first, second = (
        [cause["fingerprint"] for cause in each["targets"][0]["causes"]] for each in summaries
    )
    assert first == second
    if other == "moved":
        assert doors.command("diff", "first", "other").code == 0


@pytest.mark.qemu
def test_what_is_gone_fails_until_it_is_removed(known: Path, runs: Runs, doors: Doors) -> None:
    stale = runs("good", f"--known={known}")
    assert stale.code == 1
    assert "NEWS: 1 stale" in stale.out
    assert "remove it" in stale.out

    assert runs("good", f"--known={known}", "--stale=warn").code == 0
    pruned = doors.command("known", "prune", str(known), "qmp-report")
    assert "1 entry removed of 1" in pruned.out
    assert runs("good", f"--known={known}").code == 0


@pytest.mark.qemu
def test_what_nobody_knows_makes_a_run_fail(known: Path, runs: Runs) -> None:
    known.write_text(
        '[[known]]\nfingerprint = "v1-ffffffffffff"\nreason = "another"\n'
        'when = { versions = "<5" }\n'
    )

    done = runs("broken", f"--known={known}")
    assert done.code == 1
    assert "NEWS: 1 new, 1 unmatched" in done.out


@pytest.mark.qemu
def test_only_what_the_baseline_lacks_is_news(before: Path, runs: Runs, doors: Doors) -> None:
    again = runs("broken", f"--baseline={before}", "--report=again")
    assert again.code == 0, again.out
    assert "NOTHING NEW: 1 root cause known or still there." in again.out

    fixed = runs("good", f"--baseline={before}", "--report=fixed")
    assert fixed.code == 0
    assert "NOTHING NEW: 1 fixed" in fixed.out

    new = runs("broken", f"--baseline={doors.home / 'fixed'}", "--report=new")
    assert new.code == 1
    assert "NEWS: 1 new" in new.out


@pytest.mark.qemu
def test_a_baseline_in_the_report_folder_is_read_before_it_is_replaced(
    before: Path, runs: Runs, doors: Doors
) -> None:
    shutil.copytree(before, doors.home / "qmp-report")

    done = runs("broken", "--baseline=qmp-report")
    assert done.code == 0, done.err
    stream = events(doors.home / "qmp-report")
    assert len([each for each in stream if each["event"] == "cause-before"]) == 1


def _content(folder: Path) -> dict[str, bytes]:
    found = {path.name: path.read_bytes() for path in folder.iterdir()}
    return {name: data for name, data in found.items() if data}


def _torn(stream: Path) -> None:
    stream.write_bytes(stream.read_bytes()[:-30])


def _of_another_version(stream: Path) -> None:
    stream.write_text(stream.read_text().replace('"stream":', '"stream":9', 1))


def _of_another_program(stream: Path) -> None:
    stream.write_text(
        stream.read_text().replace(
            '"kind_of_program":"system"', '"kind_of_program":"storage-daemon"'
        )
    )


def _of_a_killed_run(stream: Path) -> None:
    lines = stream.read_text().splitlines(keepends=True)
    stream.write_text("".join(lines[:-1]))


@pytest.mark.qemu
@pytest.mark.parametrize(
    ("damage", "told"),
    [
        (_torn, "the last line is cut off"),
        (_of_another_version, "a stream of version"),
        (_of_another_program, "is of another program: storage-daemon"),
        (_of_a_killed_run, "has no end"),
        (Path.unlink, "holds no events.ndjson"),
    ],
)
def test_a_baseline_that_does_not_fit_is_refused_and_nothing_is_lost(
    before: Path, runs: Runs, doors: Doors, damage: Callable[[Path], None], told: str
) -> None:
    folder = doors.home / "qmp-report"
    shutil.copytree(before, folder)
    damage(folder / "events.ndjson")
    held = _content(folder)

    done = runs("broken", "--baseline=qmp-report")
    assert done.code == 2, done.out
    assert told in done.err
    assert "Traceback" not in done.err
    # A lock that nobody holds is no loss.
    assert _content(folder) == held


@pytest.mark.qemu
def test_through_pytest_what_is_known_is_an_expected_failure(
    known: Path, doors: Doors, targets: str
) -> None:
    words = (f"--qmp-targets={targets}:broken", "--qmp-case=object-add/toy/*")
    done = doors.pytest(*words, f"--qmp-known={known}", "-q", "-p", "no:cacheprovider")

    assert done.code == 0, done.out
    assert "1 xfailed" in done.out


@pytest.mark.qemu
def test_two_runs_differ_in_the_one_behaviour(before: Path, runs: Runs, doors: Doors) -> None:
    assert runs("good", "--report=good").code == 0
    there = doors.command("diff", "good", str(before), "--format=json")
    back = doors.command("diff", str(before), "good")

    assert there.code == 1
    (target,) = json.loads(there.out)["targets"]
    assert [item["standing"] for item in target["causes"]] == ["new"]
    assert target["schema"]["behaviour"] == ["object-add", "toy"]
    assert (target["schema"]["both"], target["schema"]["schema"]) == ([], [])
    assert back.code == 0
    assert "1 fixed" in back.out
    assert "schema alone" in back.out


@pytest.mark.qemu
def test_a_trend_has_a_letter_for_each_build(before: Path, runs: Runs, doors: Doors) -> None:
    assert runs("good", "--report=good").code == 0
    done = doors.command("trend", str(before), "good", str(before))

    assert done.code == 0
    assert "F.F v1-" in done.out
    assert "1 root cause on 3 builds" in done.out


@pytest.mark.qemu
def test_a_budget_cuts_a_run_that_never_ends_well_by_itself(
    doors: Doors, targets: str, before: Path
) -> None:
    words = ("run", f"{targets}:good", "--case=object-add/*", f"--baseline={before}")
    cut = doors.command(*words, "--budget=1s")
    summary = json.loads((doors.home / "qmp-report" / "summary.json").read_text())

    assert cut.code == 130, cut.out
    assert "PARTIAL" in cut.out
    not_run = summary["targets"][0]["not_run"]
    ended = [each for each in events(doors.home / "qmp-report") if each["event"] == "case-ended"]
    assert not_run
    assert not_run == [each["case"] for each in ended if each["outcome"] == "not-run"]
    # Nothing was judged, or all that was is well: in neither case is it a whole run.
    partial = doors.command(*words, "--budget=1s", "--allow-partial")
    assert partial.code in (0, 2)
    assert doors.command(*words, "--budget=1h").code == 0


@pytest.mark.qemu
@pytest.mark.parametrize("time", ["10", "0s", "-5m", "soon"])
def test_a_budget_is_a_time(doors: Doors, targets: str, time: str) -> None:
    done = doors.command("run", f"{targets}:good", f"--budget={time}")

    assert done.code == 2
    assert "Write 90s, 10m or 1h" in done.err


@pytest.mark.qemu
def test_a_schema_that_changed_is_told_beside_what_did_not(
    before: Path, runs: Runs, doors: Doors
) -> None:
    shutil.copytree(before, doors.home / "old")
    (path,) = (doors.home / "old").glob("*.schema.json")
    schema = json.loads(path.read_text())
    # An older build without a command, which nothing refers to.
    schema["return"] = [each for each in schema["return"] if each["name"] != "qom-list-types"]
    path.write_text(json.dumps(schema))

    done = doors.command("diff", "old", str(before), "--format=json")
    (target,) = json.loads(done.out)["targets"]
    assert done.code == 0
    assert target["schema"]["schema"] == ["qom-list-types"]
    assert (target["schema"]["both"], target["schema"]["behaviour"]) == ([], [])


@pytest.mark.qemu
def test_runs_are_written_in_the_formats_of_other_tools(
    before: Path, known: Path, runs: Runs, doors: Doors
) -> None:
    """One run writes them itself, `report` those of several; the next run clears them away."""
    folder = doors.home / "qmp-report"
    assert runs("broken", f"--known={known}", "--format=junit", "--format=tap").code == 0
    (junit,) = folder.glob("junit-*.xml")
    (suite,) = JUnitXml.fromfile(str(junit))
    assert (suite.failures, suite.errors) == (0, 0)
    assert [test.result[0].type for test in suite if test.result].count("known") > 0

    printed = doors.command("report", "qmp-report", "--format=tap")
    assert (printed.code, printed.err) == (0, "")
    assert printed.out == (folder / "results.tap").read_text()
    both = doors.command("report", str(before), "qmp-report", "--format=junit", "-o", "two")
    assert both.code == 0, both.err
    assert len(list((doors.home / "two").iterdir())) == 2

    for words, told in (
        (("--format=junit",), "-o FOLDER"),
        (("--format=markdown",), "markdown is of one run"),
        ((), "Name one folder"),
    ):
        refused = doors.command("report", str(before), "qmp-report", *words)
        assert refused.code == 2
        assert told in refused.err
    assert runs("broken", f"--known={known}").code == 0
    assert not list(folder.glob("junit-*"))
    assert not (folder / "results.tap").exists()


@pytest.mark.qemu
def test_known_issues_of_a_target_count_for_it_alone(
    known: Path, doors: Doors, targets: str
) -> None:
    program = Path(targets).parent / "qemu-system-x86_64-mini"
    file = doors.home / "own.toml"
    text = '[[target]]\nname = "{}"\nprogram = "{}"\nenv = {{ BREAKS = "other-default" }}\n'
    file.write_text(
        text.format("one", program) + f'known = ["{known}"]\n' + text.format("two", program)
    )

    one = doors.command("run", f"{file}:one", TOY)
    both = doors.command("run", str(file), TOY)

    assert one.code == 0, one.out
    assert both.code == 1
    assert "NEWS: 1 new" in both.out
    given = [each for each in events(doors.home / "qmp-report") if each["event"] == "known-given"]
    assert [each["issue"]["when"]["targets"] for each in given] == [["one"]]
    # What is known of all is not told again for one.
    again = doors.command("run", str(file), TOY, f"--known={known}")
    assert again.code == 0, again.out


@pytest.mark.qemu
@pytest.mark.parametrize("workers", [(), ("-n", "2")], ids=["alone", "workers"])
def test_the_budget_of_a_target_cuts_it_alone(
    doors: Doors, targets: str, workers: tuple[str, ...]
) -> None:
    program = Path(targets).parent / "qemu-system-x86_64-mini"
    file = doors.home / "own.toml"
    file.write_text(
        # The miniature does not keep what is promised of the wire.
        f'[[target]]\nname = "cut"\nprogram = "{program}"\nbudget = "1s"\nselect = ["[!w]*"]\n'
        f'[[target]]\nname = "whole"\nprogram = "{program}"\nselect = ["qom-list/*"]\n'
    )

    done = doors.command("run", str(file), *workers)

    assert done.code == 130, done.out
    cut, whole = json.loads((doors.home / "qmp-report" / "summary.json").read_text())["targets"]
    assert (len(cut["not_run"]) > 10, whole["not_run"]) == (True, [])
    ended = [each for each in events(doors.home / "qmp-report") if each["event"] == "case-ended"]
    assert cut["not_run"] == [each["case"] for each in ended if each["outcome"] == "not-run"]


def _order(out: str) -> list[str]:
    """Return the items of a run with -v, in the order in which they ended."""
    return [line.partition(": ")[0] for line in out.splitlines() if "::" in line]


@pytest.mark.qemu
def test_what_a_patch_may_change_runs_first(doors: Doors, targets: str) -> None:
    words = ("run", "-v", f"{targets}:good", "--case=object-add/toy/*", "--case=qom-list/*")
    plain = doors.command(*words)
    files = ("--touching=frobnicate.xyz", "--touching=/usr/src/qemu/backends/toy.c")
    turned = doors.command(*words, *files)

    assert "qom-list" in _order(plain.out)[0]
    assert "object-add.toy" in _order(turned.out)[0]
    assert sorted(_order(turned.out)) == sorted(_order(plain.out))
    assert turned.out.count("nothing is known of what frobnicate.xyz may change") == 1
    assert turned.code == 0
