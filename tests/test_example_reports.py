"""The page of example issues says what the command prints of the stream beside it."""

from __future__ import annotations

import re

from docs.example_reports import PAGE, RUN, page

from .conftest import Doors


def test_the_page_is_what_the_command_prints(doors: Doors) -> None:
    text = PAGE.read_text(encoding="utf-8")
    issues = dict(re.findall(r"^## (v1-\w+)\n\n````markdown\n(.*?)````$", text, re.M | re.S))

    assert len(issues) == 3
    for name, issue in issues.items():
        done = doors.command("finding", name, str(RUN), "--format", "issue")
        assert done.out == issue
    assert text == page()


def test_each_example_was_pasted_and_shows_its_defect() -> None:
    text = PAGE.read_text(encoding="utf-8")

    assert text.count("It shows in what that prints:") == 3
    assert (RUN / "events.ndjson").read_text(encoding="ascii").count('"shows":true') == 6
