"""Writes docs/example-reports.md: `python -m docs.example_reports`.

Of the stream in reports/examples.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from conformance.report import one_cause
from conformance.report.one_cause import FoundCause
from conformance.report.reading import read_run
from conformance.report.summary import summarise

ROOT: Final = Path(__file__).parents[1]
PAGE: Final = ROOT / "docs" / "example-reports.md"
RUN: Final = ROOT / "reports" / "examples"
_BEGIN: Final = """\
# Three root causes as issues

What `qmp-conformance finding NAME reports/examples --format issue` prints of three root causes of
QEMU 10.0.13 and 11.1.2, after `qmp-conformance paste` has made their reproducers small and tried
them. The first line is the title. `python -m docs.example_reports` writes this page, and a test
holds it against the command.
"""


def page() -> str:
    """Return the text of the page."""
    return "\n".join([_BEGIN, *_issues()])


def _issues() -> Iterator[str]:
    summary = summarise(read_run(RUN))
    names = dict.fromkeys(
        cause.finding.fingerprint for target in summary.targets for cause in target.causes
    )
    for name in names:
        found = one_cause.find([summary], name)
        assert isinstance(found, FoundCause), f"the stream has no {name}"
        yield f"## {name}\n"
        yield f"````markdown\n{one_cause.issue(found)}````\n"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
