"""The page of a run: what it says without scripts, and what it holds packed, in one file."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import sys
import zlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from html.parser import HTMLParser
from typing import Any

import pytest

from conformance.model.errors import UsageError
from conformance.model.terms import Outcome
from conformance.report.formats.needs import check_formats
from conformance.report.formats.registry import RUN_FORMATS
from conformance.report.formats.told import ToldRun, joined, told_of
from conformance.report.html.chunks import LETTER
from conformance.report.stream import CaseEnded, Event, RunEnded, TargetLost
from conformance.report.summary import summarise
from tests.report.conftest import RunMaker
from tests.report.made import (
    ENDED,
    STARTED,
    made_case,
    made_finding,
    made_issue,
    made_target,
    whole_run,
)
from tests.report.test_formats import HOSTILE


class Elements(HTMLParser):
    """The elements of a page, the text of each, and what is outside of scripts and styles."""

    def __init__(self, page: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.inside: dict[str, list[str]] = {"script": [], "style": []}
        self.words: list[str] = []
        self._open = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag in self.inside:
            self._open = tag
            self.inside[tag].append("")

    def handle_endtag(self, tag: str) -> None:
        if tag == self._open:
            self._open = ""

    def handle_data(self, data: str) -> None:
        if self._open:
            self.inside[self._open][-1] += data
        else:
            self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())

    def named(self, name: str) -> list[dict[str, str | None]]:
        return [attributes for tag, attributes in self.tags if tag == name]


def page_of(told: ToldRun) -> str:
    ((_, text),) = RUN_FORMATS["html"].files(told)
    return text


def run(*events: Event) -> ToldRun:
    return told_of(whole_run(*events))


def opened(page: str) -> dict[str, Any]:
    """Return what is packed in a page, by the names of its chunks."""
    found = re.findall(r'<script type="text/plain" id="chunk-([\w-]+)">([^<]*)</script>', page)
    return {
        name: json.loads(zlib.decompress(base64.b64decode(text, validate=True)))
        for name, text in found
    }


def packed_cases(page: str) -> dict[str, list[Any]]:
    return {
        told[1]: told
        for name, chunk in opened(page).items()
        if name.startswith("cases-")
        for subject in chunk["subjects"].values()
        for told in subject["cases"]
    }


def test_a_page_needs_no_other_file_and_runs_only_its_own_script() -> None:
    page = page_of(run(made_case("stop/valid/a", Outcome.PASS)))
    elements = Elements(page)

    assert all("src" not in attributes for _, attributes in elements.tags)
    links = {attributes.get("href") or "" for attributes in elements.named("a")}
    assert all(link == "" or link.startswith("#") for link in links)
    assert not elements.named("link")
    assert all("style" not in attributes for _, attributes in elements.tags)
    assert not any(name.startswith("on") for _, told in elements.tags for name in told)
    (policy,) = (
        each["content"] or ""
        for each in elements.named("meta")
        if each.get("http-equiv") == "Content-Security-Policy"
    )
    assert policy.startswith("default-src 'none'; ")
    for kind, text in (
        ("script", elements.inside["script"][-1]),
        ("style", elements.inside["style"][0]),
    ):
        digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        assert f"{kind}-src 'sha256-{digest}'" in policy


def test_all_cases_are_packed_with_their_outcomes(make_run: RunMaker) -> None:
    events = make_run()
    page = page_of(told_of(events))

    letters: Counter[tuple[int, str]] = Counter()
    for told in packed_cases(page).values():
        letters.update(enumerate(told[2]))
    for place, target in enumerate(summarise(events).targets):
        counts = {letter: letters[place, letter] for letter in LETTER.values()}
        assert counts == {LETTER[each]: target.totals.get(each, 0) for each in Outcome}
    index = opened(page)["index"]
    whole = Counter[str]()
    for subject in index["subjects"]:
        whole.update(
            {letter: int(count) for letter, count in re.findall(r"(\D)(\d+)", subject[3][0])}
        )
    assert whole == {LETTER[each]: n for each, n in summarise(events).targets[0].totals.items()}


def test_a_root_cause_is_told_whole_without_scripts() -> None:
    case = made_case("stop/valid/a", Outcome.FAIL)
    page = page_of(run(case, made_finding("stop/valid/a", "the answer")))
    text = Elements(page).text

    assert "FINDINGS: 1 of 1 build broke promises." in text
    finding = made_finding("stop/valid/a", "the answer")
    for told in (finding.summary, finding.expected, finding.why, finding.reproducer, "wrong"):
        assert told in text
    assert f'id="cause={finding.fingerprint}"' in page
    assert f'href="#cause={finding.fingerprint}"' in page
    assert "qmp-conformance replay stop/valid/a p" in text


def test_builds_are_columns_and_a_cause_is_told_once(make_run: RunMaker) -> None:
    events = make_run()
    page = page_of(told_of(events))

    names = {cause.finding.fingerprint for t in summarise(events).targets for cause in t.causes}
    shown = re.findall(r'<div class="body" id="cause=([^"]+)">', page)
    assert sorted(shown) == sorted(names)
    index = opened(page)["index"]
    assert [each["name"] for each in index["builds"]] == ["qemu-5.2", "qemu-6.2"]
    assert all(len(each[4]) == 2 for each in index["causes"])


def test_the_worst_comes_first_whatever_build_shows_it() -> None:
    def told(name: str, version: str, weight: str) -> ToldRun:
        target = replace(made_target(2, name), version=version)
        causes = [("stop/valid/a", "light", "wrong"), ("stop/valid/b", "heavy", weight)]
        events: list[Event] = [STARTED, target]
        for case, defect, does in causes:
            events.append(made_case(case, Outcome.FAIL, target=name))
            events.append(made_finding(case, defect, target=name, weight=does))
        return told_of([*events, ENDED])

    old, new = told("old", "9.0", "ends-the-build"), told("new", "10.0", "cosmetic")
    page = page_of(joined({"old": old, "new": new}))

    causes = opened(page)["index"]["causes"]
    assert [(each[1], each[3]) for each in causes] == [
        ("ends-the-build", "heavy is wrong"),
        ("wrong", "light is wrong"),
    ]
    assert "Newest builds still in new" in Elements(page).text


def test_a_build_that_keeps_a_promise_is_told_from_one_that_was_not_asked() -> None:
    def told(name: str, outcome: Outcome | None) -> ToldRun:
        events: list[Event] = [STARTED, made_target(1, name)]
        if outcome is Outcome.FAIL:
            events.append(made_finding("stop/valid/a", "it", target=name))
        if outcome:
            events.append(made_case("stop/valid/a", outcome, target=name))
        return told_of([*events, ENDED])

    runs = {"a": Outcome.FAIL, "b": Outcome.PASS, "c": Outcome.VACUOUS, "d": None}
    page = page_of(joined({name: told(name, outcome) for name, outcome in runs.items()}))

    ((*_, letters, subjects),) = opened(page)["index"]["causes"]
    assert letters == "F.  "
    assert subjects == [0]
    assert packed_cases(page)["stop/valid/a"][2] == "F.V "


def test_what_is_undecided_is_not_shown_as_passed() -> None:
    page = page_of(run(made_case("stop/valid/a", Outcome.VACUOUS, reason="it proves nothing")))
    text = Elements(page).text

    assert "NOTHING TESTED" in text
    assert "it proves nothing" in text
    assert packed_cases(page)["stop/valid/a"][2] == "V"


def test_hostile_text_is_shown_as_text_and_nowhere_as_it_is() -> None:
    finding = made_finding(
        HOSTILE,
        "it",
        summary=HOSTILE,
        expected=HOSTILE,
        reproducer=f"cat <<EOF\n{HOSTILE}\nEOF",
        evidence=replace(
            made_finding("a", "b").evidence, transcript=(f"-> {HOSTILE}",), stderr=HOSTILE
        ),
    )
    case = made_case(HOSTILE, Outcome.FAIL, reason=HOSTILE, subject=HOSTILE)
    told = told_of(
        [STARTED, replace(made_target(1), package=HOSTILE, program=HOSTILE), finding, case, ENDED]
    )
    page = page_of(told)
    plain = page_of(run(made_case("stop/valid/a", Outcome.FAIL), made_finding("stop/valid/a", "b")))

    # It can be written, and what a terminal or a reader might obey is spelt out.
    page.encode()
    assert not re.search("[\0\x1b\u202e\ud800]", page)
    assert "\\x202e" in page
    assert "\\x1b[31m\\x00 ]]&gt; &lt;/failure&gt;" in page
    assert "<script> " not in page
    counts = [Counter(tag for tag, _ in Elements(each).tags) for each in (page, plain)]
    assert counts[0]["script"] == counts[1]["script"]
    assert counts[0]["failure"] == 0
    told_case = next(iter(packed_cases(page)))
    assert "\\x00" in told_case
    assert "\0" not in told_case
    evidence = opened(page)["cause-0"]["texts"]
    assert not any("\x1b" in text or "\ud800" in text for text in evidence)


def test_the_same_stream_gives_the_same_page(make_run: RunMaker) -> None:
    def shifted(events: Sequence[Event]) -> list[Event]:
        """Return the events at another time."""
        found: list[Event] = []
        for event in events:
            if isinstance(event, CaseEnded):
                event = replace(event, seconds=event.seconds + 1)
            elif isinstance(event, RunEnded):
                event = replace(event, seconds=99.0, time="2027-01-01T00:00:00Z")
            found.append(event)
        return found

    events = make_run(cases=600)
    page = page_of(told_of(events))

    assert page_of(told_of(events)) == page
    other = page_of(told_of(shifted(events)))
    assert opened(other) == opened(page)
    lines = [
        (old, new)
        for old, new in zip(page.splitlines(), other.splitlines(), strict=True)
        if old != new
    ]
    assert [re.sub("[0-9]", "", old) for old, _ in lines] == [
        "<div><dt>Ended</dt><dd>--T::Z (whole), exit code </dd></div>",
        "<div><dt>Took</dt><dd> s</dd></div>",
    ]


def test_news_lost_targets_and_what_is_missing_are_told_first() -> None:
    lost = TargetLost(
        target="gone", spelling="gone", program="gone", what="it is gone", remedy="find it"
    )
    known, new = made_issue("old"), made_finding("stop/valid/b", "new")
    told = told_of(
        [
            STARTED,
            known,
            made_target(3),
            lost,
            made_finding("stop/valid/old", "old"),
            made_case("stop/valid/old", Outcome.FAIL),
            new,
            made_case("stop/valid/b", Outcome.FAIL),
        ]
    )
    text = Elements(page_of(told)).text
    head = text.partition("Root causes, worst first")[0]

    assert "This run is partial." in head
    assert "NEWS: 1 new, 1 root cause known or still there." in head
    assert f"new {new.fingerprint} new is wrong" in head
    assert "gone Lost: it is gone. find it" in head
    assert "we know" in text


def test_without_jinja_its_absence_is_told_before_anything_runs(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "jinja2", None)
    check_formats(["junit", "tap"])

    with pytest.raises(UsageError, match="--format html takes Jinja2, which is not installed"):
        check_formats(["junit", "html"])
