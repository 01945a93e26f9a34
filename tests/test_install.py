"""What the suite claims of its installation: it runs without the extras, and the bounds agree."""

from __future__ import annotations

import re
import sys
import sysconfig
import tomllib
from pathlib import Path
from typing import Any, Final

import pytest
from packaging.requirements import Requirement

from conformance.knowledge.exchanges import load_exchanges
from conformance.knowledge.store import cases_folder
from conformance.launch.host import probe
from conformance.launch.target import Target

from .conftest import QEMU, ROOT, Doors, events, outcomes

EXTRAS: Final = re.compile(r"(qemu|allure|jinja2)([._-].*)?", re.IGNORECASE)


@pytest.fixture(scope="module")
def project() -> dict[str, Any]:
    found: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    return found


@pytest.fixture
def bare(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The path of a Python that has all that is installed here but the extras."""
    folder = tmp_path_factory.mktemp("bare")
    for place in {sysconfig.get_path("purelib"), sysconfig.get_path("platlib")}:
        for entry in Path(place).iterdir():
            if not EXTRAS.fullmatch(entry.name):
                (folder / entry.name).symlink_to(entry)
    return f"{folder}:{ROOT}"


def test_a_run_without_the_extras_does_all_but_what_the_client_plays(
    doors: Doors, bare: str
) -> None:
    doors.environment["PYTHONPATH"] = bare
    cases = ("object-add/iothread/*", "wire/client/*", "wire/greeting/*")

    # -S: no packages but those of PYTHONPATH.
    python = (sys.executable, "-S", "-m", "conformance")
    done = doors.run([*python, "run", QEMU, *(f"--case={glob}" for glob in cases)])

    assert (done.code, done.err) == (0, "")
    stream = events(doors.home / "qmp-report")
    found = outcomes(stream)
    assert {outcome for _, case, outcome in found if "/client/" not in case} == {"pass"}
    assert {outcome for _, case, outcome in found if "/client/" in case} == {"untestable-here"}
    assert "qemu.qmp is not installed" in done.out
    (host,) = {event["host"]["qemu.qmp"] for event in stream if "host" in event}
    assert host == "not installed"


def test_what_cases_need_of_python_are_the_bounds_of_the_extras(project: dict[str, Any]) -> None:
    needs = {need for each in load_exchanges(cases_folder() / "exchanges") for need in each.needs}
    packages = {need.removeprefix("package:") for need in needs if need.startswith("package:")}

    assert packages == set(project["optional-dependencies"]["client"])


@pytest.mark.parametrize(
    ("need", "said"),
    [
        ("pytest>=8", ""),
        ("no-such-package", "no-such-package is not installed"),
        ("pytest>=999", r"pytest [\d.]+ is installed, and pytest>=999 is needed"),
    ],
)
def test_a_python_package_is_there_in_a_version_that_will_do(need: str, said: str) -> None:
    assert re.fullmatch(said, probe(f"package:{need}", Target(name="t", program="/bin/true")) or "")


def test_each_dependency_has_a_lowest_version_that_can_be_tried(project: dict[str, Any]) -> None:
    extras = project["optional-dependencies"]
    claimed = [*project["dependencies"], *extras["client"], *extras["allure"]]
    claimed += extras["html"]

    bounds = [str(Requirement(text).specifier) for text in claimed]

    assert all(">=" in bound for bound in bounds), bounds


def test_debians_packages_are_those_of_all_dependencies(project: dict[str, Any]) -> None:
    page = (ROOT / "docs/install.md").read_text()
    (command,) = re.findall(r"^    (apt-get .*)$", page, re.MULTILINE)

    for text in project["dependencies"]:
        assert f" python3-{Requirement(text).name} " in command


def test_nothing_but_the_module_that_takes_it_imports_an_extra() -> None:
    importing = re.compile(r"^\s*(?:from|import) (?:qemu|allure_commons|jinja2)\b", re.MULTILINE)
    # A reproducer's text is for another Python.
    told = {"client.py", "script_reproducer.py", "page.py", "allure_results.py"}

    found = {
        p.name for p in (ROOT / "conformance").rglob("*.py") if importing.search(p.read_text())
    }

    assert found == told
