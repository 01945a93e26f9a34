"""Tells of one root cause alone: for a reader, or as an issue for its maintainer. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from conformance.knowledge.sections import section_title
from conformance.model.hints import nearest
from conformance.report import terminal
from conformance.report.markdown import cause_lines, evidence_lines, looked_for
from conformance.report.markup import block, code, plain
from conformance.report.result import Summary, TargetSummary
from conformance.report.root_cause import RootCause
from conformance.report.stream import Evidence
from conformance.report.wording import build, title, visible


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundCause:
    """A root cause on one build that shows it; `others` are the others."""

    cause: RootCause
    target: TargetSummary
    others: tuple[TargetSummary, ...]


def find(runs: Sequence[Summary], name: str) -> FoundCause | list[str]:
    """Return the root cause whose fingerprint, or its beginning, is `name`; else the nearest names.

    The last of the builds that show it stands for it: it is the newest where runs are in order.
    """
    found: dict[str, list[tuple[RootCause, TargetSummary]]] = {}
    for target in (target for run in runs for target in run.targets):
        for cause in target.causes:
            found.setdefault(cause.finding.fingerprint, []).append((cause, target))
    fitting = [each for each in found if each.startswith(name)]
    if len(fitting) != 1:
        return fitting or [*nearest(name, [*found])]
    *others, (cause, target) = found[fitting[0]]
    return FoundCause(cause=cause, target=target, others=tuple(other for _, other in others))


def text(shown: FoundCause, width: int, quoted: Sequence[str] = (), *, colour: bool = False) -> str:
    """Return the root cause as the whole report for a terminal has it.

    `quoted`, here and below, are lines of the source that it is about.
    """
    lines = [f"{shown.target.build.target}: {build(shown.target)}"]
    lines += terminal.cause_lines(shown.cause, shown.target, width, colour=colour)
    lines += [f"also on {build(other)}" for other in shown.others]
    lines += map(visible, quoted)
    return "\n".join([*lines, ""])


def markdown(shown: FoundCause, quoted: Sequence[str] = ()) -> str:
    """Return the root cause as the written report has it."""
    lines = [f"# {plain(title(shown.cause.finding))}", "", f"{plain(build(shown.target))}", ""]
    lines += [*block(quoted), ""] if quoted else []
    lines += cause_lines(shown.cause, shown.target.build)
    return "\n".join(lines).rstrip("\n") + "\n"


def issue(shown: FoundCause, quoted: Sequence[str] = ()) -> str:
    """Return the root cause as an issue: what it is about in the first line, then all it takes.

    It speaks of the build alone, and needs nothing of the suite.
    """
    return "\n".join(_issue(shown, quoted)).rstrip("\n") + "\n"


def _issue(shown: FoundCause, quoted: Sequence[str]) -> Iterator[str]:
    finding, facts = shown.cause.finding, shown.target.build
    # The title, in which no markup counts.
    yield visible(finding.summary)
    yield ""
    yield "## Build"
    yield ""
    for other in (shown.target, *shown.others):
        yield f"- {plain(build(other))}"
    if section := section_title(finding.subject):
        yield f"- Section of MAINTAINERS: {plain(section)}"
    yield f"- Command line: {code(_command_line(shown.cause.reproducer, facts.program))}"
    yield ""
    yield "## What happens"
    yield ""
    yield _sentence(finding.summary)
    yield ""
    yield from [*block(quoted), ""] if quoted else []
    yield from evidence_lines(_told(shown.cause))
    yield "## What should happen"
    yield ""
    yield f"{_sentence(finding.expected)} {plain(finding.why)}"
    yield ""
    yield "## How to see it"
    yield ""
    yield from block(shown.cause.reproducer.strip("\n").splitlines(), "sh")
    yield ""
    yield from looked_for(shown.cause, here=False)
    ways = shown.cause.ways[1:]
    if ways:
        yield "It also shows so:"
        yield ""
        yield from (f"- {plain(each.summary)}" for each in ways)
        yield ""


def _told(cause: RootCause) -> Evidence:
    """Return the evidence, without the dialogue of a case that is longer than the reproducer."""
    evidence = cause.finding.evidence
    shows = cause.pasted is not None and cause.pasted.shows
    return replace(evidence, transcript=()) if shows and evidence.stderr else evidence


def _sentence(text: str) -> str:
    if text.partition(" ")[0].endswith(":"):
        # It begins with a name.
        return plain(f"{text.rstrip('.')}.")
    return plain(f"{text[:1].upper()}{text[1:].rstrip('.')}.")


def _command_line(reproducer: str, program: str) -> str:
    """Return the line of a script that starts the program."""
    lines = (line.partition(" <<")[0].strip() for line in reproducer.splitlines())
    return next((line for line in lines if program in line), program)
