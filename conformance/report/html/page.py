"""The page: its template filled with words, numbers and packed data.

It needs Jinja2, which is an extra; whoever asks for the page is told so before anything runs.
"""

from __future__ import annotations

import base64
import hashlib
from importlib import resources
from typing import Any, Final

from conformance.model.terms import Outcome
from conformance.report import trend
from conformance.report.formats.told import ToldRun
from conformance.report.html import told_page
from conformance.report.html.chunks import LETTER, chunks_of
from conformance.report.html.columns import Columns
from conformance.report.wording import MEANINGS, OUTCOMES

_FOLDER: Final = "template"


def render(run: ToldRun) -> str:
    """Return the page of a run, or of several: one file that needs no other."""
    # Not above: the other formats do without it.
    from jinja2 import Environment, StrictUndefined

    environment = Environment(
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    return environment.from_string(_text("page.html")).render(_context(Columns(run=run)))


def _context(columns: Columns) -> dict[str, Any]:
    script, style = _text("page.js"), _text("page.css")
    sentence, good, news = told_page.verdict(columns)
    whole = columns.whole
    return {
        "script": script,
        "style": style,
        "script_hash": _hash(script),
        "style_hash": _hash(style),
        "several": len(columns.targets) > 1,
        "suite": columns.run.suite,
        "verdict": sentence,
        "good": good,
        "news_verdict": news,
        "news": told_page.news(columns),
        "incomplete": whole.incomplete,
        "builds": told_page.heads(columns),
        "lost": told_page.lost(columns),
        "causes": list(told_page.causes(columns)),
        "legend": trend.LEGEND,
        "outcomes": [(LETTER[each], OUTCOMES[each], MEANINGS.get(each, "")) for each in Outcome],
        "kinds": list(told_page.kinds(columns)),
        "broken_subjects": told_page.broken_subjects(columns),
        "coverage": list(told_page.coverage(columns)),
        "untested": list(told_page.untested(columns)),
        "reasons": list(told_page.reasons(columns)),
        "rules": list(told_page.rules(columns)),
        "changes": list(told_page.changes(columns)),
        "runs": list(told_page.runs(columns)),
        "chunks": list(chunks_of(columns)),
    }


def _text(name: str) -> str:
    folder = resources.files("conformance.report.html") / _FOLDER
    return (folder / name).read_text(encoding="utf-8")


def _hash(text: str) -> str:
    """Return what a content security policy calls a script or a style sheet."""
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"
