"""What a job of GitHub's Actions shows: annotations, and a page of its own (its step summary)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from conformance.model.counting import counted, number
from conformance.model.terms import Severity
from conformance.report.formats.places import place_of
from conformance.report.formats.told import ToldRun, ToldTarget
from conformance.report.markup import code_cell, plain, row
from conformance.report.root_cause import RootCause
from conformance.report.wording import target_verdict, visible, weighed

_SHOWN: Final = 9
"""The annotations of errors; GitHub shows ten of a step, and the last one counts the others."""
_PAGE: Final = (1 << 20) - (16 << 10)
"""The bytes of a step summary: GitHub shows none of a page of more than 1 MiB."""
_IN_TEXT: Final = str.maketrans({"%": "%25", "\r": "%0D", "\n": "%0A"})
_IN_MEMBER: Final = str.maketrans({"%": "%25", "\r": "%0D", "\n": "%0A", ":": "%3A", ",": "%2C"})


def commands(run: ToldRun) -> str:
    """Return a workflow command for each root cause that is news, the worst first."""
    return "".join(f"{line}\n" for line in _commands(run))


def _commands(run: ToldRun) -> Iterator[str]:
    if run.broken_off:
        yield _command("error", "QMP", run.broken_off)
    for target in run.targets:
        told = [*_news(target), *_stale(target)]
        yield from told[:_SHOWN]
        if len(told) > _SHOWN:
            rest = counted(len(told) - _SHOWN, "more root cause")
            yield _command("error", target.name, f"{rest}: the report names all")


def _news(target: ToldTarget) -> Iterator[str]:
    for cause in _causes(target):
        finding = cause.finding
        place = place_of(finding)
        level = "error" if finding.severity is Severity.MUST else "notice"
        title = f"{target.name}: {finding.fingerprint} ({finding.rule})"
        said = f"{finding.summary}; promised: {finding.expected}"
        yield _command(level, title, said, f"file={place.path}", f"line={place.line}")


def _stale(target: ToldTarget) -> Iterator[str]:
    for issue in target.issues:
        said = f"{issue.standing}: {issue.note}"
        yield _command("error", f"{target.name}: {issue.fingerprint}", said)


def _causes(target: ToldTarget) -> list[RootCause]:
    """Return the root causes that make a run fail, and behind them the remarks."""
    news = [each for each in target.summary.causes if each.finding.fingerprint not in target.quiet]
    return sorted(news, key=lambda cause: cause.finding.severity is not Severity.MUST)


def _command(level: str, title: str, said: str, *members: str) -> str:
    named = [f"title={visible(title)}", *members]
    told = ",".join(
        f"{name}={value.translate(_IN_MEMBER)}"
        for name, _, value in (m.partition("=") for m in named)
    )
    return f"::{level} {told}::{visible(said).translate(_IN_TEXT)}"


def step_summary(run: ToldRun) -> str:
    """Return a page with the verdicts and root causes, news first, of what GitHub shows at most."""
    lines: list[str] = []
    left = _PAGE
    for line in _page(run):
        left -= len(line.encode(errors="replace")) + 1
        if left < 0:
            lines += ["", "The page is full: the report has the rest.", ""]
            break
        lines.append(line)
    return "".join(f"{line}\n" for line in lines)


def _page(run: ToldRun) -> Iterator[str]:
    yield "# Conformance of QMP"
    yield ""
    if run.broken_off:
        yield f"**{plain(run.broken_off)}**"
        yield ""
    for target in run.targets:
        yield f"## {plain(target.name)}"
        yield ""
        yield plain(target_verdict(target.summary))
        yield ""
        if target.issues:
            yield f"{plain(counted(len(target.issues), 'known issue'))} to be looked at:"
            yield ""
            for issue in target.issues:
                yield f"- {code_cell(issue.fingerprint)} {plain(f'{issue.standing}: {issue.note}')}"
            yield ""
        yield from _table(target)


def _table(target: ToldTarget) -> Iterator[str]:
    news = _causes(target)
    known = [each for each in target.summary.causes if each not in news]
    for heading, causes in (("News", news), ("No news", known)):
        # Without anything that was known, all are told alike.
        title = heading if known or target.items else "Root causes, worst first"
        if not causes:
            continue
        yield f"### {title}"
        yield ""
        yield row(["Defect", "What it does", "What happens", "Rule", "Cases"])
        yield row([":--", ":--", ":--", ":--", "--:"])
        for cause in causes:
            finding = cause.finding
            yield row(
                [
                    code_cell(finding.fingerprint),
                    plain(weighed(finding)),
                    plain(finding.summary),
                    plain(finding.rule),
                    number(len(cause.cases)),
                ]
            )
        yield ""
