"""The command: what it answers, what it leaves in its report, and what it returns to the shell."""

from __future__ import annotations

import json
import re
import shlex
import shutil
import subprocess
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from conformance.model.terms import ExitCode
from tests.conftest import QEMU, REPORT, Done, Doors, events, outcomes, report_files
from tests.patience import PATIENCE

pytestmark = pytest.mark.qemu

IOTHREAD = "--case=object-add/iothread/*"
ONE = "--case=object-add/iothread/valid/mandatory-only"
TOY = "--case=object-add/toy/*"


_PREPARING = re.compile(r"(?m)^[^\n]+: (identifying|introspecting|planning) it[^\n]*\n")


def refused(done: Done, code: ExitCode) -> str:
    """Return the one message of a command that refused to work."""
    # What was done until then is told as a log tells it.
    assert _PREPARING.sub("", done.out) == ""
    assert "Traceback" not in done.err
    assert done.code == code, done.err
    what, *_, remedy = done.err.splitlines()
    assert what.startswith("qmp-conformance: ")
    assert done.err.count("qmp-conformance: ") == 1
    assert re.match("  [A-Z`]", remedy), "nothing says what to do"
    return done.err


def timeless(value: Any) -> Any:
    """Return a JSON value without its times."""
    if isinstance(value, dict):
        return {k: timeless(v) for k, v in value.items() if k not in ("time", "seconds", "cost")}
    return [timeless(each) for each in value] if isinstance(value, list) else value


def report(folder: Path) -> tuple[Any, Any]:
    """Return the stream and the summary without their times."""
    return timeless(events(folder)), timeless(json.loads((folder / "summary.json").read_text()))


def test_a_build_that_keeps_what_was_tested(doors: Doors) -> None:
    done = doors.command("run", QEMU, IOTHREAD, "--report=here", "--seed=7")

    assert (done.code, done.err) == (ExitCode.CONFORMS, "")
    assert "CONFORMS: " in done.out
    folder = doors.home / "here"
    assert report_files(folder) == REPORT
    stream = events(folder)
    assert (stream[0]["seed"], stream[0]["selection"]) == (7, ["object-add/iothread/*"])
    assert stream[1]["event"] == "target-started"
    assert stream[1]["spelling"] == QEMU
    assert stream[1]["cases"] == len(outcomes(stream)) > 100
    assert {outcome for _, _, outcome in outcomes(stream)} == {"pass"}
    assert stream[-1]["exit_code"] == 0
    summary = json.loads((folder / "summary.json").read_text())
    assert (summary["verdict"], summary["complete"]) == ("conforms", True)
    assert "CONFORMS" in (folder / "report.md").read_text()


def test_a_broken_promise_can_be_seen_again_by_what_the_report_says(
    doors: Doors, targets: str
) -> None:
    done = doors.command("run", "--full", f"{targets}:broken", TOY)

    assert (done.code, done.err) == (ExitCode.FINDINGS, "")
    text = (doors.home / "qmp-report/report.md").read_text()
    said = re.search(r"```sh\nqmp-conformance (replay .*)\n```", text)
    assert said
    assert f"replay    qmp-conformance {said[1]}\n" in done.out
    again = doors.command(*shlex.split(said[1]))
    assert again.code == ExitCode.FINDINGS
    assert "fail: object-add/toy/defaults/" in again.out
    assert '<- {"return": {}}' in again.out


def test_the_words_of_a_target_name_it_again(doors: Doors) -> None:
    doors.command("run", "--rootfs=/", "qemu-system-x86_64", ONE)

    spelling = events(doors.home / "qmp-report")[1]["spelling"]
    assert spelling == f"--rootfs / {QEMU}"
    shown = doors.command("show", "object-add/iothread/valid/mandatory-only", *spelling.split())
    assert shown.code == 0, shown.err
    assert '{"execute":"object-add","arguments":{"qom-type":"iothread"' in shown.out


def test_where_nothing_could_be_judged_there_is_no_success(doors: Doors, targets: str) -> None:
    done = doors.command("run", f"{targets}:good", "--case=object-add/toy/defaults/nothing")

    assert done.code == ExitCode.USAGE
    assert "NOTHING TESTED" in done.out
    assert events(doors.home / "qmp-report")[-1]["outcomes"] == {"not-applicable": 1}


BAD_TARGETS = {
    "nowhere": (ExitCode.LAUNCH, "/nowhere does not exist"),
    "folder": (ExitCode.LAUNCH, "is a folder"),
    "text": (ExitCode.LAUNCH, "is not executable"),
    "words": (ExitCode.LAUNCH, "exec format error"),
    "elf": (ExitCode.LAUNCH, "elf is no QEMU system emulator"),
    "/bin/true": (ExitCode.LAUNCH, "/bin/true is no QEMU system emulator"),
    "": (ExitCode.USAGE, "has no name"),
    "nowhere.toml": (ExitCode.USAGE, "nowhere.toml: cannot be read"),
    "empty.toml": (ExitCode.USAGE, "empty.toml: has no targets"),
    "syntax.toml": (ExitCode.USAGE, "syntax.toml: is not TOML"),
    "key.toml": (ExitCode.USAGE, "Did you mean `program`?"),
    "twice.toml": (ExitCode.USAGE, "twice.toml: two targets are named 'a'"),
    "one.toml:b": (ExitCode.USAGE, "one.toml has no target 'b'\n  It has: a."),
}


@pytest.mark.parametrize("name", BAD_TARGETS)
def test_a_target_that_is_none_is_refused(doors: Doors, name: str) -> None:
    home, own = doors.home, f"program = '{QEMU}'\n"
    (home / "folder").mkdir()
    for file, text, mode in (
        ("text", "hello\n", 0o644),
        ("words", "hello\n", 0o755),
        ("elf", "\x7fELF and nothing more", 0o755),
        ("empty.toml", "", 0o644),
        ("syntax.toml", "[[target]\n", 0o644),
        ("key.toml", "[[target]]\nprogramm = 'x'\n", 0o644),
        ("twice.toml", f"[[target]]\nname = 'a'\n{own}" * 2, 0o644),
        ("one.toml", f"[[target]]\nname = 'a'\n{own}", 0o644),
    ):
        (home / file).write_text(text)
        (home / file).chmod(mode)
    code, part = BAD_TARGETS[name]

    assert part in refused(doors.command("run", "./nowhere" if name == "nowhere" else name), code)


@pytest.mark.parametrize(
    ("words", "part"),
    [
        ((), "required: TARGET"),
        ((QEMU, "--shar=1/2"), "unknown option --shar=1/2\n  Did you mean --shard?"),
        ((QEMU, "--rootfs=/nowhere"), "the root /nowhere is no folder"),
        ((QEMU, "--rootfs=/etc/passwd"), "the root /etc/passwd is no folder"),
        ((QEMU, "--report=/etc/passwd"), "the report folder /etc/passwd cannot be written"),
        ((QEMU, "--report=/proc/here"), "the report folder /proc/here cannot be written"),
        ((QEMU, "--report="), "the report folder has no name"),
        ((QEMU, "-n", "-1"), "-n -1: no number of workers"),
        ((QEMU, "-n", "x"), "invalid int value: 'x'"),
        ((QEMU, "--seed", "x"), "invalid int value: 'x'"),
        ((QEMU, "--shard=9/8"), "'9/8' is no shard"),
        ((QEMU, "--shard=0/8"), "'0/8' is no shard"),
        ((QEMU, QEMU), "two targets are named qemu-system-x86_64"),
    ],
)
def test_options_that_cannot_be_are_refused(
    doors: Doors, words: tuple[str, ...], part: str
) -> None:
    assert part in refused(doors.command("run", *words), ExitCode.USAGE)


@pytest.mark.parametrize(
    ("glob", "part"),
    [
        ("object-ad/*", "Did you mean 'object-add/*'?"),
        ("zzz", "`qmp-conformance list PROGRAM`"),
    ],
)
def test_a_glob_that_fits_no_case_is_refused(
    doors: Doors, targets: str, glob: str, part: str
) -> None:
    text = refused(doors.command("run", f"{targets}:good", f"--case={glob}"), ExitCode.USAGE)

    assert f"no case fits '{glob}'\n  {part}" in text


def test_a_command_that_is_none_is_refused(doors: Doors) -> None:
    assert "invalid choice: 'runn'" in refused(doors.command("runn", QEMU), ExitCode.USAGE)
    assert "too many" in refused(doors.command("list", QEMU, QEMU), ExitCode.USAGE)


def test_a_root_does_not_reach_into_a_target_file(doors: Doors, targets: str) -> None:
    text = refused(doors.command("run", targets, "--rootfs=/"), ExitCode.USAGE)
    assert "Write `rootfs` in that file." in text


def test_a_build_that_ends_at_its_start_says_why(doors: Doors, targets: str) -> None:
    text = refused(doors.command("run", f"{targets}:nosuch", IOTHREAD), ExitCode.LAUNCH)
    assert f"{targets}:nosuch: {QEMU} ended instead of greeting" in text
    assert "unsupported machine type" in text


@pytest.fixture(scope="module")
def hung(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Doors, subprocess.Popen[str]]]:
    """A command whose program does not answer, begun while other tests run."""
    home = tmp_path_factory.mktemp("hung")
    program = home / "hangs"
    program.write_text("#!/bin/sh\nexec sleep 1000\n")
    program.chmod(0o755)
    with (
        Doors(home) as made,
        made.start("run", str(program), stderr=subprocess.PIPE) as process,
    ):
        yield made, process


@pytest.fixture(scope="module", autouse=True)
def _hung_begins_first(hung: tuple[Doors, subprocess.Popen[str]]) -> None:
    """Start the wait for a program that hangs before the first test of this file."""


def test_a_host_without_bubblewrap_is_told_what_to_do(doors: Doors) -> None:
    bwrap = shutil.which("bwrap")
    assert bwrap
    real = str(Path(bwrap).resolve())
    hiding = (real, "--dev-bind", "/", "/", "--ro-bind", "/dev/null", real, "--")

    text = refused(doors.command("run", QEMU, IOTHREAD, before=hiding), ExitCode.LAUNCH)
    assert "bwrap is not on this host\n  Install it (package bubblewrap), or use" in text


def test_without_the_sandbox_the_same_is_found(doors: Doors, targets: str) -> None:
    (program,) = Path(targets).parent.glob("qemu-*")
    done = doors.command("run", str(program), IOTHREAD, "--no-sandbox")
    assert done.code == 0, done.err
    assert events(doors.home / "qmp-report")[1]["spelling"] == f"--no-sandbox {program}"


def test_list_names_the_cases_and_shards_deal_them_out(doors: Doors, targets: str) -> None:
    good = f"{targets}:good"
    every = doors.command("list", good).out.splitlines()
    parts = [doors.command("list", good, f"--shard={n}/2").out.splitlines() for n in (1, 2)]

    assert len(every) == len(set(every)) > 1_000
    assert all(parts)
    assert sorted(parts[0] + parts[1]) == sorted(every)
    some = doors.command("list", good, IOTHREAD).out.splitlines()
    assert some == [name for name in every if name.startswith("object-add/iothread/")]


def test_the_shards_of_a_run_are_disjoint_and_together_the_whole(
    doors: Doors, targets: str
) -> None:
    wanted = (f"{targets}:good", "--case=object-add/rng*", "--case=qom-*/valid/*")
    doors.command("run", *wanted)
    doors.command("run", *wanted, "--shard=1/2", "--report=one")
    doors.command("run", *wanted, "--shard=2/2", "--report=two")

    whole = outcomes(events(doors.home / "qmp-report"))
    one, two = (outcomes(events(doors.home / name)) for name in ("one", "two"))
    assert one
    assert two
    assert Counter(one + two) == Counter(whole)
    assert events(doors.home / "one")[0]["selection"][-1] == "shard 1/2"


def test_replay_shows_the_dialogue_and_the_verdict(doors: Doors) -> None:
    done = doors.command("replay", "object-add/iothread/valid/mandatory-only", QEMU)

    assert done.code == 0, done.err
    assert '-> {"execute":"object-add"' in done.out
    assert "pass: object-add/iothread/valid/mandatory-only" in done.out


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("object-add/toy/valid/mandatory-only", "good"), 0),
        (("object-add/toy/defaults/flag", "broken"), 1),
        (("quit/effect/recipe", "good"), 125),
        (("no/such/case", "good"), 125),
        (("object-add/toy/valid/mandatory-only", "nosuch"), 125),
        (("object-add/toy/valid/mandatory-only", "good", "--nosuch"), 125),
    ],
)
def test_git_bisect_is_told_good_bad_or_nothing(
    doors: Doors, targets: str, words: tuple[str, ...], code: int
) -> None:
    case, target, *more = words

    done = doors.command("replay", case, f"{targets}:{target}", "--bisect", *more)

    assert done.code == code, done.out + done.err


def test_replay_of_a_case_that_is_not_played_says_why(doors: Doors) -> None:
    done = doors.command("replay", "quit/effect/recipe", QEMU)

    assert done.code == ExitCode.USAGE, done.err
    assert done.out.strip().startswith("not-applicable: quit/effect/recipe")


@pytest.mark.parametrize("command", ["show", "replay"])
def test_an_unknown_case_names_the_nearest(doors: Doors, targets: str, command: str) -> None:
    unknown = "object-add/iothread/valid/mandatory"
    text = refused(doors.command(command, unknown, f"{targets}:good"), ExitCode.USAGE)
    assert "Nearest: object-add/iothread/valid/mandatory-only" in text


def test_one_target_of_a_file_is_shown_and_several_are_not_guessed(
    doors: Doors, targets: str
) -> None:
    text = refused(
        doors.command("show", "object-add/toy/valid/mandatory-only", targets), ExitCode.USAGE
    )
    assert "names 4 targets\n  Name one of them: FILE.toml:NAME, or" in text


def test_the_same_build_gives_the_same_bytes_with_and_without_workers(
    doors: Doors, targets: str
) -> None:
    # Targets may stand behind options too.
    some = ("--case=object-add/iothread/*/[dfilm]*", "--case=object-add/toy/*/[dfilm]*")
    wanted = (f"{targets}:real", *some, f"{targets}:broken")
    for name, more in (("one", ()), ("two", ()), ("three", ("-n", "2"))):
        assert doors.command("run", *wanted, f"--report={name}", *more).code == ExitCode.FINDINGS

    one, two, three = (report(doors.home / name) for name in ("one", "two", "three"))
    assert one == two
    assert one == three
    findings = [event for event in one[0] if event["event"] == "finding"]
    assert {event["target"] for event in findings} == {"broken"}
    assert all(event["evidence"]["transcript"] for event in findings)


def test_a_program_that_hangs_is_given_up(hung: tuple[Doors, subprocess.Popen[str]]) -> None:
    made, process = hung
    out, err = process.communicate(timeout=PATIENCE)

    text = refused(Done(code=process.returncode, out=out, err=err), ExitCode.LAUNCH)
    assert "hangs did not answer --version within 30 seconds" in text
    made.settle()
