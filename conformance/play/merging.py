"""Merges the streams of runs: the shards of one target, or targets that were run apart.

The merged stream is the one that a run of all shards would have written, but for times.  Streams
are read line by line; of their cases, only the places are kept.
"""

from __future__ import annotations

import os
import re
import shutil
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import IO, Final

from conformance.model.bounded_lines import bounded_lines
from conformance.model.canonical import canonical
from conformance.model.errors import UsageError
from conformance.model.terms import ExitCode, Outcome, starts_lost
from conformance.play.beforehand import checked_summary, shows_news
from conformance.play.exit_code import exit_code
from conformance.play.records import clear_folder, line_of, schema_path, told
from conformance.report.reading import read_run
from conformance.report.result import RunVerdict, Summary
from conformance.report.stream import (
    STREAM_FILE,
    BaselineGiven,
    CaseEnded,
    CauseBefore,
    Event,
    Finding,
    ItemPlanned,
    KnownGiven,
    RowPlanned,
    RulePlanned,
    RunEnded,
    RunStarted,
    TargetLost,
    TargetStarted,
    to_json,
)
from conformance.report.summary import summarise

_SHARD: Final = re.compile(r"shard (\d+)/(\d+)")
_ENDED: Final = b'"event":"case-ended"'
_KIND: Final = re.compile(rb'"event":"([a-z-]+)"')
"""In a text of an event, quotation marks have backslashes."""


@dataclass(slots=True)
class _Target:
    """What a stream says of a target before its cases."""

    started: TargetStarted
    before: list[Event] = field(default_factory=list)
    rows: list[Event] = field(default_factory=list)
    items: list[ItemPlanned] = field(default_factory=list)


@dataclass(slots=True)
class _Part:
    """A stream to be merged: its beginning, and where the cases of each item are."""

    path: Path
    started: RunStarted = field(init=False)
    ended: RunEnded = field(init=False)
    known: list[KnownGiven] = field(default_factory=list)
    targets: dict[str, _Target] = field(default_factory=dict)
    lost: list[TargetLost] = field(default_factory=list)
    places: dict[str, tuple[int, int]] = field(default_factory=dict)
    """The first byte of each item, and the first behind it."""
    rest: list[bytes] = field(default_factory=list)
    """The lines behind the last case."""


def merge(runs: Sequence[Path], folder: Path, *, stale_fails: bool = True) -> Path:
    """Write the merged stream of runs into `folder`, which no other run may have; return its path.

    With `stale_fails`, known issues that are gone make the merged run fail, too. Raises UsageError
    for runs that do not belong together.
    """
    parts = [_part(path) for path in runs]
    _check(parts)
    made = folder / f".{STREAM_FILE}"
    clear_folder(folder)
    with made.open("wb") as file:
        _write(parts, file)
    summary = summarise(read_run(made))
    with made.open("a", encoding="ascii") as end:
        end.write(line_of(_ended(parts, summary, stale_fails=stale_fails)))
    for part in parts:
        for name in part.targets:
            old = schema_path(part.path.parent, name)
            if old.is_file():
                shutil.copyfile(old, schema_path(folder, name))
    os.replace(made, folder / STREAM_FILE)
    return folder / STREAM_FILE


def _part(run: Path) -> _Part:
    """Return the beginning of a stream and the places of its items; raises UsageError."""
    path = run / STREAM_FILE if run.is_dir() else run
    part = _Part(path=path)
    # It is whole, of this version, and has an end: else this raises.
    checked_summary(run, _noted(part, read_run(run)))
    _find(part)
    return part


def _noted(part: _Part, events: Iterator[Event]) -> Iterator[Event]:
    """Yield the events of a stream, after taking from them what a part knows."""
    beginning = True
    for event in events:
        match event:
            case RunStarted():
                part.started = event
            case RunEnded():
                part.ended = event
            case CaseEnded() | Finding():
                beginning = False
            case _:
                if beginning:
                    _take(part, event)
        yield event


def _take(part: _Part, event: Event) -> None:
    match event:
        case TargetStarted():
            part.targets[event.target] = _Target(event)
        case KnownGiven():
            part.known.append(event)
        case TargetLost():
            part.lost.append(event)
        case BaselineGiven() | CauseBefore():
            part.targets[event.target].before.append(event)
        case RowPlanned() | RulePlanned():
            part.targets[event.target].rows.append(event)
        case ItemPlanned():
            part.targets[event.target].items.append(event)
        case _:
            # What a case shows before it ends: its item has it.
            pass


def _find(part: _Part) -> None:
    """Find the lines of each item, and what is behind the last."""
    heads = {"run-started", "known-given", "target-started", "baseline-given", "cause-before"}
    heads |= {"row-planned", "rule-planned", "item-planned", "target-lost"}
    items = iter([item for target in part.targets.values() for item in target.items])
    item, left, start, place = next(items, None), 0, -1, 0
    left = item.cases if item else 0
    with part.path.open("rb") as file:
        for line in bounded_lines(file):
            begin, place = place, place + len(line)
            kind = _KIND.search(line)
            if kind is not None and kind[1].decode() in heads:
                continue
            if item is None:
                part.rest.append(line)
                continue
            start = begin if start < 0 else start
            left -= _ENDED in line
            if left == 0:
                part.places[item.item] = (start, place)
                item, start = next(items, None), -1
                left = item.cases if item else 0
    # The end of the run is written anew.
    part.rest = part.rest[:-1]


def _check(parts: Sequence[_Part]) -> None:
    """Raise UsageError unless the streams are parts of one run."""
    first = parts[0]
    builds: dict[str, tuple[_Part, TargetStarted]] = {}
    items: dict[str, _Part] = {}
    for part in parts:
        if (part.started.suite, part.started.seed) != (first.started.suite, first.started.seed):
            raise UsageError(
                f"{part.path} is of another suite, or another seed, than {first.path}",
                "Merge runs of one suite.",
            )
        for name, target in part.targets.items():
            other, build = builds.setdefault(name, (part, target.started))
            if replace(target.started, cases=0) != replace(build, cases=0):
                raise UsageError(
                    f"{name} is another build in {part.path} than in {other.path}",
                    "Give different targets different names: NAME=PROGRAM.",
                )
            for item in target.items:
                if items.setdefault(item.item, part) is not part:
                    raise UsageError(
                        f"{item.item} is in {items[item.item].path} and in {part.path}",
                        "Name each shard once.",
                    )


def _write(parts: Sequence[_Part], file: IO[bytes]) -> None:
    """Write all but the last event."""

    def write(event: Event) -> None:
        file.write(line_of(event).encode())

    first = min(parts, key=lambda part: part.started.time)
    resumed = sum(part.started.resumed for part in parts)
    write(replace(first.started, selection=_selection(parts), resumed=resumed))
    for known in dict.fromkeys(canonical(to_json(each)) for part in parts for each in part.known):
        file.write(f"{known}\n".encode())
    names = [*dict.fromkeys(name for part in parts for name in part.targets)]
    for name in names:
        shards = [part.targets[name] for part in parts if name in part.targets]
        write(replace(shards[0].started, cases=sum(each.started.cases for each in shards)))
        for event in (*shards[0].before, *shards[0].rows):
            write(event)
        for item in sorted((item for each in shards for item in each.items), key=_place):
            write(item)
    for lost in dict.fromkeys(canonical(to_json(each)) for part in parts for each in part.lost):
        file.write(f"{lost}\n".encode())
    with ExitStack() as held:
        files = {id(part): held.enter_context(part.path.open("rb")) for part in parts}
        for name in names:
            having = [
                (item, part)
                for part in parts
                if name in part.targets
                for item in part.targets[name].items
            ]
            for item, part in sorted(having, key=lambda pair: _place(pair[0])):
                begin, end = part.places[item.item]
                files[id(part)].seek(begin)
                file.write(files[id(part)].read(end - begin))
    file.writelines(sorted({line for part in parts for line in part.rest}))


def _place(item: ItemPlanned) -> int:
    return item.place


def _selection(parts: Sequence[_Part]) -> tuple[str, ...]:
    """Return the selection of the merged run: without shards, if all are there."""
    words = dict.fromkeys(word for part in parts for word in part.started.selection)
    shards = [match for word in words if (match := _SHARD.fullmatch(word))]
    others = [word for word in words if not _SHARD.fullmatch(word)]
    missing = {count: {*range(1, int(count) + 1)} for count in {match[2] for match in shards}}
    for match in shards:
        missing[match[2]].discard(int(match[1]))
    return (
        *others,
        *(f"shard {n}/{count} is missing" for count in missing for n in sorted(missing[count])),
    )


def _ended(parts: Sequence[_Part], summary: Summary, *, stale_fails: bool) -> RunEnded:
    """Return the last event of the merged stream."""
    counts = Counter(dict(summary.totals))
    codes = [part.ended.exit_code for part in parts]
    missing = any(word.endswith("is missing") for word in _selection(parts))
    lost = any(part.lost for part in parts) or starts_lost(counts)
    found = summary.verdict in (RunVerdict.BROKEN, RunVerdict.UNSETTLED)
    code = exit_code(
        counts,
        found=found if summary.news is None else shows_news(summary, stale_fails=stale_fails),
        interrupted=ExitCode.INTERRUPTED in codes,
        failed=missing or ExitCode.HARNESS in codes,
        lost=ExitCode.LAUNCH if lost else None,
    )
    return RunEnded(
        complete=all(part.ended.complete for part in parts)
        and not (missing or counts[Outcome.NOT_RUN]),
        exit_code=code,
        outcomes=told(counts),
        cost={
            f"{number}.{worker}": memory
            for number, part in enumerate(parts, 1)
            for worker, memory in part.ended.cost.items()
        },
        seconds=max(part.ended.seconds for part in parts),
        time=max(part.ended.time for part in parts),
    )
