"""One root cause is found by its name, and told alone."""

from __future__ import annotations

from dataclasses import replace

import pytest

from conformance.model.fingerprint import fingerprint
from conformance.model.terms import Outcome
from conformance.report.one_cause import FoundCause, find, issue, markdown, text
from conformance.report.result import Summary
from conformance.report.stream import Evidence
from conformance.report.summary import summarise
from tests.report.made import ENDED, STARTED, made_target
from tests.report.test_formats import case, finding

NAME = fingerprint("death")
DEATH = finding(
    "death",
    Outcome.CRASH,
    summary="stop: QEMU died *badly*",
    reproducer='p -qmp stdio <<\'EOF\'\n{"execute":"stop"}\nEOF',
    evidence=Evidence(transcript=('-> {"execute":"stop"}',), exit_status=-6, stderr="x failed"),
)


def run(version: str) -> Summary:
    target = replace(made_target(1), version=version)
    return summarise([STARTED, target, DEATH, case("death", Outcome.CRASH), ENDED])


RUNS = (run("7.2"), run("10.0"))


def shown() -> FoundCause:
    found = find(RUNS, NAME)
    assert isinstance(found, FoundCause)
    return found


@pytest.mark.parametrize("name", [NAME, NAME[:6]])
def test_a_root_cause_is_found_by_its_name_or_the_beginning(name: str) -> None:
    found = find(RUNS, name)

    assert isinstance(found, FoundCause)
    assert found.target.build.version == "10.0"
    assert [other.build.version for other in found.others] == ["7.2"]


def test_what_is_not_there_is_told_with_what_is_near() -> None:
    assert find(RUNS, f"{NAME}0") == [NAME]
    assert find(RUNS, "nothing-like-it") == []


def test_it_is_told_with_all_that_the_report_has() -> None:
    told = text(shown(), 100)
    written = markdown(shown())

    for words in ("QEMU died *badly*", "it is right", "also on QEMU 7.2", "replay"):
        assert words in told
    assert written.startswith("# stop: QEMU died \\*badly\\* (stop/valid/death)\n")
    assert "p -qmp stdio" in written


def test_an_issue_speaks_of_the_build_alone() -> None:
    told = issue(shown())

    assert told.splitlines()[0] == "stop: QEMU died *badly*"
    builds = (
        r"- QEMU 10.0, x86\_64",
        r"- QEMU 7.2, x86\_64",
        "- Section of MAINTAINERS: QAPI Schema",
    )
    assert "\n".join(builds) in told
    assert "\n- Command line: `p -qmp stdio`\n" in told
    assert "It is right. All is right. (qapi/run-state.json" in told
    assert "```sh\np -qmp stdio <<'EOF'" in told
    assert "x failed" in told
    assert "qmp-conformance" not in told
