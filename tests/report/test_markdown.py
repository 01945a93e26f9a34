"""The published report shows exactly what was seen, whatever a build wrote."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from markdown_it import MarkdownIt

from conformance.model.errors import UsageError
from conformance.report import markdown, markup
from conformance.report.stream import Event
from conformance.report.summary import summarise
from conformance.report.write import FORMATS, write_reports

RunMaker = Callable[..., list[Event]]


@pytest.mark.parametrize(
    ("text", "escaped"),
    [
        ("a|b", r"a\|b"),
        ("`x`", r"\`x\`"),
        ("<b>&amp;", "&lt;b>&amp;amp;"),
        ("*a* _b_ [c](d)", r"\*a\* \_b\_ \[c\](d)"),
        ("- a", r"\- a"),
        ("# a", r"\# a"),
        ("12. a", r"12\. a"),
        ("> a", r"\> a"),
        ("a - b # c 1. d", "a - b # c 1. d"),
        ("$x$ ~y~ \\", r"\$x\$ \~y\~ \\"),
        ("a\nb\x1b[", r"a\\x0ab\\x1b\["),
    ],
)
def test_plain_text_is_no_markup(text: str, escaped: str) -> None:
    assert markup.plain(text) == escaped


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a_b|c", "`a_b|c`"),
        ("a`b", "``a`b``"),
        ("`a``", "``` `a`` ```"),
        (" a", "`  a `"),
        ("", ""),
    ],
)
def test_inline_code_holds_any_text(text: str, shown: str) -> None:
    assert markup.code(text) == shown


def test_bar_in_code_does_not_end_a_cell() -> None:
    assert markup.code_cell("a|b") == r"`a\|b`"


def test_fence_is_longer_than_any_in_the_text() -> None:
    assert markup.block(["```", "x````y"], "sh") == ["`````sh", "```", "x````y", "`````"]


def test_block_keeps_tabs_and_spells_out_other_control_characters() -> None:
    assert markup.block(["\ta\x1b"]) == ["```", "\ta\\x1b", "```"]


def _report(make_run: RunMaker) -> str:
    return markdown.render(summarise(make_run()))


def test_every_table_has_rows_of_one_width(make_run: RunMaker) -> None:
    tables = re.findall(r"(?:^\|.*\n)+", _report(make_run), re.MULTILINE)
    widths = [
        {len(re.findall(r"(?<!\\)\|", line)) for line in table.splitlines()} for table in tables
    ]

    # An overview; of each target its facts, its root causes, its rules, its commands, those that
    # accepted nothing, its object types and its defaults, in sight and folded.
    assert len(tables) == 1 + 2 * 8
    assert all(len(each) == 1 for each in widths)


def test_every_fence_and_fold_is_closed(make_run: RunMaker) -> None:
    opened = ""
    depth = 0
    for line in _report(make_run).splitlines():
        fence = re.fullmatch(r"(`{3,})(sh)?", line)
        if opened:
            opened = "" if line == opened else opened
        elif fence:
            opened = fence[1]
        else:
            depth += line.startswith("<details>") - line.startswith("</details>")
            assert depth in (0, 1)
    assert (opened, depth) == ("", 0)


def test_finding_shows_promise_evidence_and_two_ways_to_repeat_it(make_run: RunMaker) -> None:
    text = _report(make_run)

    assert "#### 1. device-list-properties took a string where" in text
    assert ", crash of command `device-list-properties`" in text
    assert r"took a string where a\|b \*must\* be an integer, and the build died" in text
    assert "- **Promised**: An argument whose JSON type does not fit" in text
    assert "- **Process**: was killed by SIGSEGV" in text
    assert '<- {"timestamp": {"seconds": 1, "microseconds": 2}, "event": "STOP"}' in text
    assert "```sh\nprintf '%s\\n' '{\"execute\":\"qmp_capabilities\"}' |\n" in text
    assert "```sh\nqmp-conformance replay 'device-list-properties/" in text
    assert re.search(r"<details><summary>All \d+ cases that show it</summary>", text)


_HTML = re.compile(r"<br>|</?details>|<summary>|</summary>|<a id=\"[\w-]+\">|</a>")


def test_a_reader_of_markdown_sees_no_markup_of_a_build(make_run: RunMaker) -> None:
    text = _report(make_run)

    tokens = MarkdownIt("commonmark").enable("table").parse(text)

    every = [each for token in tokens for each in (token, *(token.children or ()))]
    written = [each.content for each in every if each.type in ("html_inline", "html_block")]
    assert written
    for each in written:
        # Between the tags of a fold stands its title, which is text.
        tags = re.findall(r"<[^>]*>", each)
        assert [tag for tag in tags if not _HTML.fullmatch(tag)] == []
    links = [str(each.attrs["href"]) for each in every if each.type == "link_open"]
    assert links
    assert all(f'<a id="{link[1:]}"></a>' in text or _is_heading(link, text) for link in links)
    tables = [token for token in tokens if token.type == "table_open"]
    rows = [line for line in text.splitlines() if re.fullmatch(r"\|( :?-+:? \|)+", line)]
    assert len(tables) == len(rows) > 10
    fences = [token.info for token in tokens if token.type == "fence"]
    assert {*fences} <= {"", "sh"}


def _is_heading(link: str, text: str) -> bool:
    headings = re.findall(r"^## (.+)$", text, re.MULTILINE)
    return link[1:] in {re.sub(r"[^\w-]", "", each.lower().replace(" ", "-")) for each in headings}


def test_two_pages_come_first_and_lead_to_the_rest(make_run: RunMaker) -> None:
    front, _, appendix = _report(make_run).partition("## Appendix: qemu-5.2")

    assert len(front.splitlines()) < 400
    links = re.findall(r"\]\(#(qemu-52-[\w-]+)\)", front)
    assert links
    assert all(f'<a id="{link}"></a>' in appendix for link in links)
    for heading in ("root causes, worst first", "### What was not", "## The run"):
        assert heading in front


def test_provenance_names_the_build(make_run: RunMaker) -> None:
    text = _report(make_run)

    assert "| SHA-256 | `" + "ab" * 32 + "` |" in text
    assert "| command line | `qemu-system-x86_64 -machine none -qmp 'unix:/tmp/a b'` |" in text
    assert "| [qemu-5.2](#qemu-52) | QEMU 5.2.0 (Debian 1:5.2.0+dfsg-1), x86\\_64 | 4,000 |" in text


def test_rows_without_cases_and_what_was_not_tested_say_why(make_run: RunMaker) -> None:
    text = _report(make_run)

    assert "<summary>3: not in this build's schema</summary>\n\n`type-51`, `type-52`," in text
    assert "### Not tested, or without a verdict" in text
    assert re.search(r"^- \d+: needs KVM: /dev/kvm is missing \(`", text, re.MULTILINE)


def test_defaults_that_differ_stand_in_sight_and_the_others_are_folded(
    make_run: RunMaker,
) -> None:
    text = markdown.render(summarise(make_run(1)))
    shown, _, hidden = text.partition("<summary>1 default without a difference</summary>")

    assert r'| `type-00` | `a\|b` | `"<x>"` |  | `"<y>"` | qapi/qom.json:7 |' in shown
    assert "| `type-00` | `same` | `1` |  | `1` | qapi/qom.json:7 |" in hidden


def test_partial_run_is_said_at_the_top(make_run: RunMaker) -> None:
    text = markdown.render(summarise(make_run(1, 600, complete=False)[:-50]))

    assert "> **This run is partial.**" in "\n".join(text.splitlines()[:6])
    assert "> - The stream breaks off: the run was killed, or is still going on." in text
    assert "announced, without a result" in text


def test_empty_stream_gives_a_report_that_claims_nothing() -> None:
    text = markdown.render(summarise([]))

    assert "PARTIAL RUN: 0 cases passed" in text
    assert "The stream lacks its beginning: what ran is not known." in text


def test_files_are_written_and_the_same_each_time(make_run: RunMaker, tmp_path: Path) -> None:
    summary = summarise(make_run(1, 300))
    first = [path.read_bytes() for path in write_reports(summary, tmp_path / "a" / "b")]
    second = [path.read_bytes() for path in write_reports(summary, tmp_path / "c")]

    assert first == second
    assert sorted(path.name for path in (tmp_path / "c").iterdir()) == sorted(FORMATS)


def test_folder_that_cannot_be_written_is_named(make_run: RunMaker, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    with pytest.raises(UsageError, match="cannot write the report"):
        write_reports(summarise(make_run(1, 10)), tmp_path / "file")
