"""docs/ci/ with the tools that read it: passes, findings and poor hosts are the same to them."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import jsonschema
import pytest
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT7

from tests.ci.conftest import FILES, Command, tool
from tests.conftest import QEMU, Doors
from tests.patience import PATIENCE

pytestmark = pytest.mark.qemu

_NO_NAMESPACES: Final = (
    "exec unshare --map-root-user sh -c '"
    "echo 0 > /proc/sys/user/max_user_namespaces; "
    "exec setpriv --securebits +noroot,+noroot_locked --inh-caps=-all --bounding-set=-all "
    """"$@"' sh"""
)
"""Starts a command as on a host whose kernel makes no user namespaces."""
_PROJECT: Final = """\
project('qemu', version: '0')
target_dirs = ['x86_64-softmmu']
emulators = {'qemu-system-x86_64': custom_target('qemu-system-x86_64',
  input: 'qemu.sh', output: 'qemu-system-x86_64', command: ['cp', '@INPUT@', '@OUTPUT@'])}
subdir('qmp')
"""
"""What QEMU's tree has where docs/ci/meson/ stands."""
_CHANGELOG: Final = """\
qemu (1:7.2) unstable; urgency=low

  * Begin.

 -- Nobody <nobody@example.org>  Mon, 01 Jan 2024 00:00:00 +0000
"""
_CONTROL: Final = """\
Source: qemu
Maintainer: Nobody <nobody@example.org>

Package: qemu-system-x86
Architecture: any
Description: emulator
"""


def _broken(targets: str) -> tuple[str, ...]:
    """Return the words for one target more, which breaks a promise."""
    return (f"{targets}:broken", "--case", "*/defaults/*")


def _ran(argv: list[str], folder: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        argv,
        cwd=folder,
        env={**os.environ, **variables},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )


def _on_path(folder: Path) -> str:
    return f"{folder}:{os.environ['PATH']}"


@pytest.mark.parametrize(
    ("schema", "file"),
    [("github-workflows", "github.yml"), ("gitlab-ci", "gitlab.yml")],
)
def test_the_jobs_are_what_their_schemas_say(schema: str, file: str, tmp_path: Path) -> None:
    checker = tool("check-jsonschema")

    done = _ran([checker, "--builtin-schema", f"vendor.{schema}", str(FILES / file)], tmp_path)

    assert done.returncode == 0, done.stdout


def _meson(folder: Path, command: Path) -> subprocess.CompletedProcess[str]:
    """Run the quick tests of a tree with docs/ci/meson/ in it."""
    meson = tool("meson")
    ninja = tool("ninja")
    project = folder / "tree"
    shutil.copytree(FILES / "meson", project / "qmp")
    emulator = project / "qemu.sh"
    emulator.write_text(f'#!/bin/sh\nexec {QEMU} "$@"\n')
    emulator.chmod(0o755)
    (project / "meson.build").write_text(_PROJECT)
    variables = {"PATH": _on_path(command), "NINJA": ninja}
    made = _ran([meson, "setup", "build"], project, **variables)
    assert made.returncode == 0, made.stdout + made.stderr
    return _ran([meson, "test", "-C", "build", "--suite", "quick"], project, **variables)


def test_meson_reads_the_points(command: Command, tmp_path: Path) -> None:
    done = _meson(tmp_path, command())

    assert done.returncode == 0, done.stdout
    assert " OK " in done.stdout
    assert "subtests passed" in done.stdout


def test_meson_fails_for_a_finding(command: Command, targets: str, tmp_path: Path) -> None:
    done = _meson(tmp_path, command(*_broken(targets)))

    assert done.returncode != 0
    assert " FAIL " in done.stdout


def test_meson_skips_where_the_host_confines_nothing(command: Command, tmp_path: Path) -> None:
    done = _meson(tmp_path, command(before=_NO_NAMESPACES))

    assert done.returncode == 0, done.stdout
    assert " SKIP " in done.stdout


def _autopkgtest(folder: Path, command: Path) -> tuple[int, str]:
    """Return what the tests of a package end with: its exit code, and the line of our test."""
    tester = tool("autopkgtest", changes="the packages of this machine")
    package = folder / "qemu"
    tests = package / "debian/tests"
    shutil.copytree(FILES / "autopkgtest", tests)
    control = (tests / "control").read_text()
    # Not in Debian yet: it is on PATH.
    assert ", qmp-conformance\n" in control
    (tests / "control").write_text(control.replace(", qmp-conformance\n", "\n"))
    (package / "debian/control").write_text(_CONTROL)
    (package / "debian/changelog").write_text(_CHANGELOG)
    out = folder / "out"
    words = ["-B", f"{package}/", f"--output-dir={out}", f"--env=PATH={_on_path(command)}"]
    done = _ran([tester, *words, "--", "null"], folder)
    summary = out / "summary"
    assert summary.exists(), done.stdout + done.stderr
    return done.returncode, summary.read_text()


def _is_report(folder: Path) -> bool:
    return (folder / "out/artifacts/qmp-report/events.ndjson").exists()


def test_autopkgtest_passes(command: Command, tmp_path: Path) -> None:
    code, line = _autopkgtest(tmp_path, command())

    assert (code, line.split()) == (0, ["qmp-conformance", "PASS"])
    assert _is_report(tmp_path)


def test_autopkgtest_fails_for_a_finding(command: Command, targets: str, tmp_path: Path) -> None:
    code, line = _autopkgtest(tmp_path, command(*_broken(targets)))

    assert code == 4
    assert line.split()[:2] == ["qmp-conformance", "FAIL"]
    assert _is_report(tmp_path)


def test_autopkgtest_skips_where_the_testbed_confines_nothing(
    command: Command, tmp_path: Path
) -> None:
    code, line = _autopkgtest(tmp_path, command(before=_NO_NAMESPACES))

    assert code == 8
    assert line.split()[:2] == ["qmp-conformance", "SKIP"]


def _tmt_tree(folder: Path) -> Path:
    tree = folder / "tree"
    shutil.copytree(FILES / "tmt", tree)
    (tree / ".fmf").mkdir()
    (tree / ".fmf/version").write_text("1\n")
    return tree


def test_tmt_has_nothing_to_say_against_the_plan(tmp_path: Path) -> None:
    done = _ran([tool("tmt"), "lint"], _tmt_tree(tmp_path))

    said = done.stdout + done.stderr
    assert done.returncode == 0, said
    assert not [line for line in said.splitlines() if line.startswith(("fail", "warn"))]


def test_tmt_takes_the_results(doors: Doors, targets: str) -> None:
    tmt, yaml = pytest.importorskip("tmt"), pytest.importorskip("yaml")
    schemas = [
        yaml.safe_load(file.read_text())
        for file in (Path(tmt.__file__).parent / "schemas").rglob("*.yaml")
    ]
    registry = Registry().with_resources(
        (each["$id"], Resource.from_contents(each, default_specification=DRAFT7))
        for each in schemas
    )
    (schema,) = (each for each in schemas if each["$id"] == "/schemas/results")

    doors.command("run", *_broken(targets), f"{targets}:good", "--format", "tmt")

    results = json.loads((doors.home / "qmp-report/results.json").read_text())
    assert {each["result"] for each in results} == {"pass", "fail", "skip"}
    jsonschema.Draft7Validator(schema, registry=registry).validate(results)


def _tmt_run(folder: Path, command: Path) -> tuple[int, Mapping[str, str]]:
    """Return what tmt ends with, and the results by name."""
    yaml = pytest.importorskip("yaml")
    tmt = tool("tmt", changes="what it provisions, which is this machine,")
    words = ["--feeling-safe", "run", "-i", str(folder / "run"), "-e", f"PATH={_on_path(command)}"]
    steps = ["discover", "provision", "-h", "local", "execute", "report", "finish"]
    done = _ran([tmt, *words, *steps], _tmt_tree(folder))
    (found,) = (folder / "run").rglob("execute/results.yaml")
    results = yaml.safe_load(found.read_text())
    return done.returncode, {each["name"].split("/", 2)[2]: each["result"] for each in results}


def test_tmt_reads_a_result_for_each_aspect(command: Command, tmp_path: Path) -> None:
    code, results = _tmt_run(tmp_path, command())

    assert (code, results) == (0, {"qemu-system-x86_64/qom-list/valid": "pass"})


def test_tmt_fails_for_a_finding(command: Command, targets: str, tmp_path: Path) -> None:
    code, results = _tmt_run(tmp_path, command(*_broken(targets)))

    assert code == 1
    assert "fail" in {result for name, result in results.items() if name.startswith("broken/")}
