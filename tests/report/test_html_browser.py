"""The page in a browser: filters, links and drill-down, narrow, on paper, without scripts."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import pytest

from conformance.model.terms import Outcome
from conformance.report.formats.told import told_of
from conformance.report.html.page import render
from conformance.report.stream import Finding
from conformance.report.summary import summarise
from tests.conftest import QEMU, Doors
from tests.report.chromium import Browser, chromium
from tests.report.conftest import RunMaker
from tests.report.made import ENDED, STARTED, made_case, made_finding, made_target
from tests.report.test_formats import HOSTILE

AXE: Final = "QMP_CONFORMANCE_AXE"
"""Names the axe.min.js of axe-core, which looks for what hinders screen readers."""
PHONE: Final = 360


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory, make_run: RunMaker) -> Path:
    """A page of two builds of 8,000 cases."""
    path = tmp_path_factory.mktemp("page") / "report.html"
    path.write_text(render(told_of(make_run())), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def _driven(page: Path) -> Iterator[Browser]:
    with chromium(page) as browser:
        yield browser


@pytest.fixture
def browser(_driven: Browser) -> Iterator[Browser]:
    """The page, just opened; at the end, nothing of it was amiss or forbidden."""
    _driven.open()
    yield _driven
    assert _driven.complaints == []


def test_the_page_opens_with_verdict_causes_and_the_matrix(
    browser: Browser, make_run: RunMaker
) -> None:
    summary = summarise(make_run())

    assert browser.text("h1") == "FINDINGS: 2 of 2 builds broke promises."
    causes = {each.finding.fingerprint for target in summary.targets for each in target.causes}
    assert len(browser.texts("tr[data-cause]")) == len(causes)
    subjects = {row.subject for row in summary.targets[0].rows if row.cells}
    shown = browser.texts("#matrix tr[data-subject] th")
    assert {*shown} == subjects
    assert (
        browser.text("#count") == f"{len(causes)} root causes, {len(shown)} subjects, 8,000 results"
    )
    assert not browser.texts(".unscripted")


def test_each_filter_leaves_what_it_names(browser: Browser) -> None:
    browser.put("subjects", "qom-")
    assert browser.texts("#matrix tr[data-subject] th") == ["qom-get", "qom-list", "qom-set"]

    browser.put("build", "qemu-6.2")
    assert browser.texts("#matrix thead th") == ["Subject", "qemu-6.2"]
    assert "qemu-5.2" not in browser.text("#causes thead")

    browser.put("outcome", "crash")
    cells = browser.texts("#matrix tr[data-subject] td")
    assert cells
    assert all(cell.startswith("C") for cell in cells)
    assert "#subjects=qom-&outcome=crash&build=qemu-6.2" in str(browser.ask("return location.hash"))

    browser.follow("#filter [type=reset]")
    assert "8,000 results" in browser.text("#count")


@pytest.mark.parametrize(
    ("field", "value"), [("rule", "W63"), ("weight", "wrong"), ("text", "poll_max <ns>")]
)
def test_a_filter_of_findings_looks_into_the_cases(
    browser: Browser, make_run: RunMaker, field: str, value: str
) -> None:
    browser.put(field, value)

    found = [each for each in make_run() if isinstance(each, Finding)]
    if field != "weight":
        found = [each for each in found if each.rule == "W63"]
    told = sum(
        int(part[1:])
        for cell in browser.texts("#matrix tr[data-subject] td")
        for part in cell.split()
        if part[0] in "FCT"
    )
    assert told == len({(each.target, each.case) for each in found})


def test_a_filter_that_nothing_fits_says_so(browser: Browser) -> None:
    browser.put("text", "no such thing")

    assert browser.text("#count") == "0 root causes, 0 subjects, 0 results"
    assert "No subject has such a case." in browser.text("#matrix")


def test_one_drills_down_from_subject_to_case_to_dialogue_to_cause(
    browser: Browser, make_run: RunMaker
) -> None:
    finding = next(each for each in make_run() if isinstance(each, Finding))
    subject = f"{finding.subject_kind}/{finding.subject}"
    browser.go(f"#subject={subject}")
    assert browser.text("dialog h2") == f"{finding.subject_kind} {finding.subject}"
    assert finding.case in browser.texts("dialog tbody th")

    browser.follow("dialog tbody th a", finding.case)
    assert browser.text("dialog h2") == finding.case
    shown = browser.text("dialog")
    for told in (finding.summary, finding.expected, *finding.evidence.transcript[:2]):
        assert told in shown
    assert finding.reproducer in shown

    browser.follow("dialog .finding a")
    assert finding.fingerprint in browser.text("dialog")
    assert finding.why in browser.text("dialog")
    browser.follow("dialog .cases a")
    assert browser.texts("dialog .finding")


@pytest.mark.parametrize("kind", ["case", "cause", "subject"])
def test_a_link_leads_into_a_new_window_and_escape_out_of_it(
    browser: Browser, make_run: RunMaker, kind: str
) -> None:
    finding = next(each for each in make_run() if isinstance(each, Finding))
    links = {
        "case": (finding.case, finding.case),
        "cause": (finding.fingerprint, finding.fingerprint),
        "subject": (f"{finding.subject_kind}/{finding.subject}", finding.subject),
    }
    link, told = links[kind]

    browser.open(f"#{kind}={link}&build=qemu-5.2")

    assert told in browser.text("dialog")
    assert browser.ask("return document.querySelector('#filter [name=build]').value") == "qemu-5.2"
    browser.command(
        "Input.dispatchKeyEvent", type="keyDown", key="Escape", windowsVirtualKeyCode=27
    )
    assert browser.texts("dialog") == []
    assert browser.ask("return location.hash") == "#build=qemu-5.2"


def test_a_link_to_what_is_not_there_says_so(browser: Browser) -> None:
    for kind in ("case", "cause", "subject"):
        browser.open(f"#{kind}=no/such%20thing")
        assert "no/such thing is not on this page." in browser.text("dialog")


def test_going_back_closes_what_a_link_opened(browser: Browser) -> None:
    browser.follow("tr[data-cause] a")
    assert browser.texts("dialog")

    browser.ask("document.documentElement.dataset.state = ''; history.back()")
    script = "return !document.querySelector('dialog').open"
    from selenium.webdriver.support.ui import WebDriverWait

    WebDriverWait(browser.driver, 20).until(lambda driver: driver.execute_script(script))


@pytest.mark.parametrize("fragment", ["", "#subject=command/qom-get", "#cause"])
def test_a_telephone_scrolls_down_and_not_sideways(browser: Browser, fragment: str) -> None:
    if fragment == "#cause":
        fragment = str(browser.ask("return document.querySelector('tr[data-cause] a').hash"))
    browser.open(fragment, width=PHONE)

    for element in ("html", "dialog"):
        width = browser.ask("return document.querySelector(arguments[0]).scrollWidth", element)
        assert isinstance(width, int)
        assert width <= PHONE


def test_paper_has_the_verdict_the_causes_and_a_summary_of_the_matrix(browser: Browser) -> None:
    browser.command("Emulation.setEmulatedMedia", media="print")
    try:
        assert browser.texts("h1")
        assert browser.texts("tr[data-cause]")
        assert browser.texts(".unscripted")
        assert not browser.texts("#filter")
        assert not browser.texts("#matrix")
        printed = browser.command("Page.printToPDF", preferCSSPageSize=True)
        assert len(str(printed["data"])) > 10_000
    finally:
        browser.command("Emulation.setEmulatedMedia", media="")


def test_hostile_text_is_shown_and_obeyed_nowhere(tmp_path: Path) -> None:
    evidence = replace(made_finding("a", "b").evidence, transcript=(HOSTILE,), stderr=HOSTILE)
    finding = made_finding(
        HOSTILE, "it", summary=HOSTILE, reproducer=HOSTILE, evidence=evidence, subject=HOSTILE
    )
    case = made_case(HOSTILE, Outcome.FAIL, subject=HOSTILE, reason=HOSTILE)
    path = tmp_path / "page.html"
    told = told_of(
        [
            STARTED,
            made_target(1, HOSTILE),
            *(replace(each, target=HOSTILE) for each in (finding, case)),
            ENDED,
        ]
    )
    path.write_text(render(told), encoding="utf-8")

    with chromium(path) as browser:
        browser.open(f"#cause={finding.fingerprint}")
        assert "\\x1b[31m\\x00 ]]> </failure>" in browser.text("dialog")
        browser.follow("dialog .cases a")
        assert "\\x202e \\xd800 <script>" in browser.text("dialog h2")
        browser.follow("dialog dd a")
        assert "]]> </failure>" in browser.text("dialog h2")
        assert browser.ask("return document.querySelectorAll('failure').length") == 0
        assert browser.complaints == []


def test_without_scripts_the_page_says_what_counts(page: Path, make_run: RunMaker) -> None:
    cause = summarise(make_run()).targets[-1].causes[0].finding
    with chromium(page, scripts=False) as browser:
        browser.open(f"#cause={cause.fingerprint}", scripts=False, width=PHONE)
        width = browser.ask("return document.documentElement.scrollWidth")
        assert isinstance(width, int)
        assert width <= PHONE
        assert browser.text("h1") == "FINDINGS: 2 of 2 builds broke promises."
        assert browser.texts("tr[data-cause]")
        assert browser.texts(".unscripted table")
        assert not browser.texts("#filter")
        # The link has opened what it leads to.
        assert len(browser.texts("details.cause[open]")) == 1
        opened = browser.text("details.cause[open]")
        for told in (cause.summary, cause.expected, cause.why, cause.reproducer):
            assert told in opened


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_nothing_hinders_a_screen_reader(page: Path, *, dark: bool) -> None:
    name = os.environ.get(AXE)
    if name is None:
        pytest.skip(f"NOT TESTED with axe-core: {AXE} does not name its axe.min.js")
    script = Path(name).read_text(encoding="utf-8")
    with chromium(page, dark=dark) as browser:
        for fragment in ("", "#subject=command/qom-get", "#cause=v1-", "#case="):
            browser.open()
            if fragment == "#cause=v1-":
                fragment = str(
                    browser.ask("return document.querySelector('tr[data-cause] a').hash")
                )
            if fragment == "#case=":
                browser.follow("tr[data-cause] a")
                fragment = str(browser.ask("return document.querySelector('dialog .cases a').hash"))
            browser.open(fragment)
            assert browser.ask("return matchMedia('(prefers-color-scheme: dark)').matches") is dark
            browser.ask(
                "document.querySelectorAll('details').forEach((each) => { each.open = true; })"
            )
            browser.ask(script)
            found: Any = browser.driver.execute_async_script(
                "axe.run().then((found) => arguments[0](found.violations))"
            )
            told = [
                (each["id"], node["html"][:200], node["failureSummary"])
                for each in found
                for node in each["nodes"][:3]
            ]
            assert told == []


@pytest.mark.qemu
def test_a_real_run_is_told_as_its_summary_has_it(doors: Doors) -> None:
    globs = ("--case=object-add/colo-compare/defaults/*", "--case=query-status/valid/*")
    done = doors.command("run", "-q", *globs, "--format", "html", QEMU)
    assert done.code in (0, 1)
    folder = doors.home / "qmp-report"
    (target,) = json.loads((folder / "summary.json").read_text())["targets"]

    with chromium(folder / "report.html") as browser:
        browser.open()
        assert len(browser.texts("tr[data-cause]")) == len(target["causes"])
        shown = {
            row["subject"]
            for row in target["rows"]
            if any(count for counts in row["aspects"].values() for count in counts.values())
        }
        assert {*browser.texts("#matrix tr[data-subject] th")} == shown
        assert browser.text("#count").endswith(f" {sum(target['totals'].values())} results")
        browser.go("#case=query-status/valid/unchanged/1")
        assert "pass" in browser.texts("dialog td")
        assert browser.text("dialog pre").startswith("qmp-conformance replay query-status/valid/")
        for cause in target["causes"]:
            browser.go(f"#cause={cause['fingerprint']}")
            assert cause["ways"][0]["reproducer"].strip() in browser.text("dialog .body")
            browser.go(f"#case={cause['ways'][0]['case']}")
            talk = cause["ways"][0]["evidence"]["transcript"]
            assert {line for line in talk if line in browser.text("dialog")} == {*talk}
        assert browser.complaints == []
