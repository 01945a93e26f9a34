"""Shows each root cause of several runs, build by build: text, Markdown, or JSON; pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

from conformance.model.counting import counted
from conformance.model.terms import Outcome, Weight
from conformance.report.markup import code_cell, plain, row
from conformance.report.result import Summary, TargetSummary
from conformance.report.wording import visible

_ABSENT: Final = "."
"""Its cases pass."""
_OPEN: Final = " "
"""Its cases were not run, or have no verdict."""
_LETTERS: Final = {
    Outcome.FAIL: "F",
    Outcome.CRASH: "C",
    Outcome.TIMEOUT: "T",
    Outcome.INTERMITTENT: "I",
}
LEGEND: Final = "F fails, C crashes, T hangs, I comes and goes, . passes, blank: not known"


@dataclass(frozen=True, slots=True, kw_only=True)
class TrendRow:
    """A root cause: its letter for each build, in their order."""

    fingerprint: str
    defect: str
    weight: Weight
    letters: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Trend:
    """The root causes of several builds, the worst first."""

    builds: tuple[str, ...]
    rows: tuple[TrendRow, ...]


def trend(runs: Sequence[Summary]) -> Trend:
    """Return the root causes of all targets of runs, in the order of the runs."""
    targets = [target for run in runs for target in run.targets]
    found = [{each.finding.fingerprint: each for each in target.causes} for target in targets]
    names = dict.fromkeys(name for causes in found for name in causes)
    rows = []
    for name in names:
        shown = [causes[name] for causes in found if name in causes]
        cases = sorted({case for cause in shown for case in cause.cases})
        rule = shown[0].finding.rule
        rows.append(
            TrendRow(
                fingerprint=name,
                defect=shown[0].finding.defect,
                weight=min((cause.finding.weight for cause in shown), key=list(Weight).index),
                letters=tuple(
                    _LETTERS[causes[name].finding.outcome]
                    if name in causes
                    else _other(of, cases, rule)
                    for of, causes in zip(targets, found, strict=True)
                ),
            )
        )
    rows.sort(key=lambda each: list(Weight).index(each.weight))
    return Trend(builds=tuple(map(_build, targets)), rows=tuple(rows))


def _other(target: TargetSummary, cases: Sequence[str], rule: str) -> str:
    """Return what a target that does not show a root cause shows of its cases."""
    return _ABSENT if target.ran.kept(cases, rule) else _OPEN


def _build(target: TargetSummary) -> str:
    return " ".join(filter(None, (target.build.target, target.build.version, target.build.arch)))


def text(found: Trend) -> str:
    """Return the trend as text: a column of one letter for each build."""
    count = len(found.builds)
    lines = [f"{'|' * place}+- {visible(name)}" for place, name in enumerate(found.builds)]
    lines += [
        f"{''.join(each.letters):{count}} {each.fingerprint} {each.weight}: {visible(each.defect)}"
        for each in found.rows
    ]
    told = f"{counted(len(found.rows), 'root cause')} on {counted(count, 'build')}. {LEGEND}"
    return "\n".join([*lines, "", told]) + "\n"


def markdown(found: Trend) -> str:
    """Return the trend as a table of GitHub-flavoured Markdown."""
    return "\n".join(_table(found)) + "\n"


def _table(found: Trend) -> Iterator[str]:
    yield "# Root causes by build"
    yield ""
    yield f"{counted(len(found.rows), 'root cause')} on {counted(len(found.builds), 'build')}."
    yield f"{LEGEND}."
    yield ""
    yield row(["Defect", "What", "Weight", *map(plain, found.builds)])
    yield row([":--", ":--", ":--", *([":-:"] * len(found.builds))])
    for each in found.rows:
        yield row(
            [
                code_cell(each.fingerprint),
                plain(each.defect),
                str(each.weight),
                *(letter.strip() for letter in each.letters),
            ]
        )


def to_json(found: Trend) -> dict[str, Any]:
    """Return the trend as a JSON object; `letters` as in the text."""
    return {"trend": 1, "legend": LEGEND, **asdict(found)}
