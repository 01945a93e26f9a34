"""Checks a file by the judges for its content, without any QEMU; renders nothing.

By its first JSON value, a file is a saved introspection, a recording, plain messages, or the stream
of a run.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

from conformance.judge.introspected import JudgedSchema, judge_introspection
from conformance.judge.miss import Miss
from conformance.judge.recorded import (
    DialogueJudge,
    Noted,
    is_schema,
    listen,
    schema_in,
    version_in,
)
from conformance.knowledge.arguments import Unchecked, names_for
from conformance.knowledge.rules import Rule
from conformance.knowledge.versions import Version
from conformance.model.bounded_lines import FILE_LIMIT, LimitError, bounded_lines, read_bounded
from conformance.model.counting import counted
from conformance.model.errors import UsageError
from conformance.model.expectation import Kind
from conformance.model.terms import Severity
from conformance.prepare.named_schema import NamedSchema, entries_in
from conformance.qapi.model import Schema
from conformance.report.reading import read_events
from conformance.report.stream import (
    KINDS,
    CaseEnded,
    Event,
    Finding,
    RunEnded,
    RunStarted,
    TargetStarted,
)
from conformance.validate.answers import judged_answer
from conformance.validate.by_line import REMARKS_KEPT, LineDialogue, Progress, no_progress
from conformance.validate.result import FileKind, Outcome, Remark, Unreadable, Validated
from conformance.wire.pasted import LogRead, read_pasted
from conformance.wire.recording import (
    ENTRY_MEMBERS,
    REPLY_MEMBERS,
    REQUEST_MEMBERS,
    Received,
    RecordingError,
    Sent,
    Spoken,
    Value,
    decode,
    element_lines,
    entries_of,
    messages_of,
    read_values,
    transcript_of,
)

_PAIRING: Final = frozenset({"W25", "W26", "W27", "W35"})
"""The rules on which reply belongs to which request."""
UNDERSTOOD: Final = (
    "It may hold the answer of query-qmp-schema or of another command, a recording "
    "(docs/validate.md), QMP messages one behind the other as in libvirt's *.replies, a log "
    "with messages in it, or the events.ndjson of a run."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class FileValidator:
    """Validates files against the catalogue of rules and, where needed, a given schema."""

    rules: Mapping[str, Rule]
    unchecked: tuple[Unchecked, ...] = ()
    given: NamedSchema | None = None
    answered: str = ""
    """The command that a lone answer is of, "" if it shall be found."""
    whole: int = FILE_LIMIT
    """The bytes of a file that is read as a whole; larger ones are read by lines."""
    tell: Progress = no_progress

    def validate(self, path: Path) -> Outcome:
        """Return what was found in a file."""
        try:
            if _begins_with_event(path):
                # A stream is read line by line: it may not fit into memory.
                return self._stream(path)
            if path.stat().st_size > self.whole:
                return _by_line(self, path)
            text = decode(read_bounded(path))
            try:
                values = list(read_values(text))
                kind = _kind(values)
            except RecordingError:
                pasted = read_pasted(text)
                if pasted is None:
                    raise
                return _log(self, path, pasted)
            match kind:
                case FileKind.INTROSPECTION:
                    return self._introspection(path, text, values[0])
                case FileKind.ANSWER:
                    return self._answer(path, values[0])
                case _:
                    return self._dialogue(path, kind, text, values)
        except OSError as error:
            problem = f"cannot be read: {error.strerror}"
            return Unreadable(file=str(path), place="", problem=problem)
        except LimitError as error:
            return Unreadable(file=str(path), place=str(error.line), problem=error.problem)
        except RecordingError as error:
            place = f"{error.line}:{error.column}"
            return Unreadable(file=str(path), place=place, problem=error.problem)
        except UsageError as error:
            # The reader of streams names the file and the line itself.
            where, _, problem = error.what.removeprefix(f"{path}:").partition(": ")
            return Unreadable(file=str(path), place=where.strip(), problem=problem)

    def _introspection(self, path: Path, text: str, first: Value) -> Validated:
        entries = entries_in(first.value)
        judged = judge_introspection(entries)
        lines = list(element_lines(text, first.start))
        remarks = self._entry_remarks(judged, lines, first.line)
        holds = _schema_counts(judged.schema) or {"entries": len(lines)}
        return Validated(
            file=str(path),
            kind=FileKind.INTROSPECTION,
            holds=holds,
            schema="itself" if judged.schema else "",
            remarks=_in_order(remarks),
        )

    def _answer(self, path: Path, first: Value) -> Validated:
        made = _Found()
        answer = judged_answer(first, self.given, self.answered)
        if self.given is not None:
            made.schema = self.given.origin
            made.notes.append(answer.told)
        made.add(self._remark(first.line, each, remarked=False) for each in answer.misses)
        return made.validated(path, FileKind.ANSWER, {"replies": 1})

    def _dialogue(self, path: Path, kind: FileKind, text: str, values: list[Value]) -> Validated:
        read = entries_of if kind is FileKind.RECORDING else messages_of
        dialogue = tuple(read(values))
        made = _Found()
        version = version_in(dialogue)
        held = schema_in(dialogue)
        start = next((each.start for each in values if held and each.line == held[0].line), None)
        lines = [] if start is None else list(element_lines(text, start))
        schema = self._schema_for(version, held, lines, made)
        made.add(self._heard(listen(dialogue, schema, names_for(self.unchecked, version)), version))
        if not any(isinstance(each, Sent) for each in dialogue):
            made.notes.append("no requests are recorded: what replies return was not checked")
        return made.validated(path, kind, _dialogue_counts(dialogue))

    def _schema_for(
        self,
        version: Version | None,
        held: tuple[Received, list[Any]] | None,
        lines: Sequence[int],
        made: _Found,
    ) -> Schema | None:
        """Return the schema that a dialogue holds, else the given one, and record which.

        `lines` are those of its entries, if they are known.
        """
        if held is not None:
            reply, entries = held
            judged = judge_introspection(entries)
            made.add(self._entry_remarks(judged, lines, reply.line))
            if judged.schema is not None:
                counts = ", ".join(
                    f"{n} {what}" for what, n in _schema_counts(judged.schema).items()
                )
                made.schema = f"the one on line {reply.line} ({counts})"
                return judged.schema
            made.notes.append(f"the schema on line {reply.line} contradicts itself and is not used")
        if self.given is None:
            return None
        made.schema = self.given.origin
        if version and self.given.release not in (None, version[:2]):
            told = ".".join(map(str, version))
            made.notes.append(f"the dialogue is with QEMU {told}, the schema of another release")
        return self.given.schema

    def _stream(self, path: Path) -> Validated:
        made = _Found()
        targets: dict[str, TargetStarted] = {}
        counts = dict.fromkeys((*_COUNTED.values(), _OTHERS), 0)
        ended, line = False, 0
        for line, event in enumerate(read_events(path), start=1):
            if isinstance(event, RunStarted) is not (line == 1):
                raise RecordingError(line, 1, "a run has one first event, at its beginning")
            if ended:
                raise RecordingError(line, 1, "something follows the end of the run")
            ended = isinstance(event, RunEnded)
            counts[_COUNTED.get(type(event), _OTHERS)] += 1
            match event:
                case TargetStarted():
                    targets[event.target] = event
                case Finding():
                    target = targets.get(event.target)
                    if target is None:
                        raise RecordingError(line, 1, f"no target {event.target!r} has started")
                    made.add(self._transcript(event, target, line, made))
                case _:
                    pass
        if not ended:
            raise RecordingError(
                line,
                1,
                "the last event is not the end of the run: it was killed, or is still going on "
                "(`qmp-conformance report` gives it its end)",
            )
        found = counts[_COUNTED[Finding]]
        if found:
            made.notes.append(
                f"of the findings of the run ({found}) the dialogues were checked alone"
            )
        else:
            made.schema = "none is needed: no finding shows a dialogue"
        return made.validated(path, FileKind.STREAM, counts)

    def _transcript(
        self, finding: Finding, target: TargetStarted, line: int, made: _Found
    ) -> Iterator[Remark]:
        """Yield remarks on the dialogue that a finding shows."""
        version = _version(target.version)
        schema = None
        if self.given is not None:
            if _is_of(self.given, target, version):
                schema, made.schema = self.given.schema, self.given.origin
            else:
                note = f"{self.given.origin} is not the schema of {target.target}: not used there"
                made.notes += [note] if note not in made.notes else []
        dialogue = tuple(transcript_of(finding.evidence.transcript, line))
        unchecked = names_for(self.unchecked, version)
        noted = listen(dialogue, schema, unchecked, trimmed=True)
        for remark in self._heard((each for each in noted if not each.remarked), version):
            summary = f"{finding.target}, {finding.case}: {remark.summary}"
            yield replace(remark, summary=summary)

    def _entry_remarks(
        self, judged: JudgedSchema, lines: Sequence[int], line: int
    ) -> Iterator[Remark]:
        for each in judged.misses:
            known = each.entry is not None and each.entry < len(lines)
            where = lines[each.entry or 0] if known else line
            yield self._remark(where, each.miss, remarked=each.remarked)

    def _heard(self, noted: Iterable[Noted], version: Version | None) -> Iterator[Remark]:
        for each in noted:
            holds = version is None or self.rules[each.miss.rule].holds(version)
            yield self._remark(each.line, each.miss, remarked=each.remarked or not holds)

    def _remark(self, line: int, miss: Miss, *, remarked: bool) -> Remark:
        rule = self.rules[miss.rule]
        return Remark(
            line=line,
            rule=miss.rule,
            severity=Severity.INFORMATION if remarked else rule.severity,
            summary=miss.summary,
            expected=miss.expected,
            why=f"{rule.promise} ({rule.source})",
            fold=miss.fold,
        )


@dataclass(slots=True)
class _Found:
    """What was found in a file so far."""

    schema: str = ""
    notes: list[str] = field(default_factory=list)
    remarks: list[Remark] = field(default_factory=list)

    def add(self, remarks: Iterable[Remark]) -> None:
        self.remarks += remarks

    def add_some(self, remarks: Iterable[Remark]) -> None:
        """Add remarks as long as there is room; say so once where there is none."""
        for remark in remarks:
            if len(self.remarks) < REMARKS_KEPT:
                self.remarks.append(remark)
            elif _NO_ROOM not in self.notes:
                self.notes.append(_NO_ROOM)

    def validated(self, path: Path, kind: FileKind, holds: Mapping[str, int]) -> Validated:
        if not self.schema:
            self.notes.append("no schema is known: names and values were not checked")
        return Validated(
            file=str(path),
            kind=kind,
            holds=dict(holds),
            schema=self.schema,
            notes=tuple(self.notes),
            remarks=_in_order(self.remarks),
        )


_NO_ROOM: Final = f"more than {REMARKS_KEPT:,} remarks: the others are not shown"
_DIALOGUE: Final = ("requests", "replies", "events", "greetings")
"""What is counted of a dialogue."""
_COUNTED: Final[Mapping[type[Event], str]] = {
    TargetStarted: "targets",
    CaseEnded: "cases",
    Finding: "findings",
}
"""The events of a stream that are counted under a name of their own."""
_OTHERS: Final = "other events"


def _by_line(validator: FileValidator, path: Path) -> Validated:
    """Return what is wrong with a dialogue that may not fit into memory."""
    dialogue, made = LineDialogue(path=path, tell=validator.tell), _Found()
    version = version_in(dialogue.version_lines())
    held = schema_in(dialogue.schema_lines())
    schema = validator._schema_for(version, held, [], made)
    counts = dict.fromkeys(_DIALOGUE, 0)
    unchecked = names_for(validator.unchecked, version)
    judge = DialogueJudge(schema, unchecked, trimmed=False, asks=dialogue.asks)
    for spoken in dialogue:
        counts[_word(spoken)] += 1
        made.add_some(validator._heard(judge.hear(spoken), version))
    made.add_some(validator._heard(judge.end(), version))
    kind = FileKind.RECORDING if dialogue.is_recording else FileKind.MESSAGES
    return made.validated(path, kind, counts)


def _log(validator: FileValidator, path: Path, pasted: LogRead) -> Validated:
    """Return what is wrong with the messages of a log, which may lack some."""
    made = _Found()
    version = version_in(pasted.spoken)
    schema = validator._schema_for(version, schema_in(pasted.spoken), [], made)
    noted = listen(pasted.spoken, schema, names_for(validator.unchecked, version))
    made.add(validator._heard(map(_doubted, noted), version))
    if pasted.left_out:
        lines = counted(len(pasted.left_out), "line")
        made.notes.append(f"{lines} hold no message, the first is line {pasted.left_out[0]}")
    return made.validated(path, FileKind.LOG, _dialogue_counts(pasted.spoken))


def _is_of(given: NamedSchema, target: TargetStarted, version: Version | None) -> bool:
    if given.release is not None:
        return version is not None and version[:2] == given.release
    return given.sha256 == target.schema_sha256


def _doubted(noted: Noted) -> Noted:
    """Return what was found in a log: what is missing or accepted there may be on a lost line."""
    doubtful = noted.miss.rule in _PAIRING or noted.miss.kind is Kind.ACCEPTED
    return replace(noted, remarked=True) if doubtful else noted


def _in_order(remarks: Iterable[Remark]) -> tuple[Remark, ...]:
    return tuple(sorted(remarks, key=lambda remark: remark.line))


def _begins_with_event(path: Path) -> bool:
    """Return whether a file is the stream of a run, by its first line; raises LimitError."""
    with path.open("rb") as file:
        line = next(bounded_lines(file), b"")
    try:
        value = json.loads(line)
    except (ValueError, RecursionError):
        return False
    return isinstance(value, dict) and value.get("event") in tuple(KINDS)


def _kind(values: Sequence[Value]) -> FileKind:
    """Return what a file is by its first value; raises RecordingError if it is nothing known."""
    first, alone = values[0], len(values) == 1
    value = first.value
    if isinstance(value, list):
        if not alone:
            raise RecordingError(values[1].line, 1, "something follows the array")
        return FileKind.INTROSPECTION if is_schema(value) else FileKind.ANSWER
    if isinstance(value, dict):
        if alone and "return" in value:
            return FileKind.INTROSPECTION if is_schema(value["return"]) else FileKind.ANSWER
        if value and value.keys() <= ENTRY_MEMBERS:
            return FileKind.RECORDING
        if value.keys() & (REQUEST_MEMBERS | REPLY_MEMBERS):
            return FileKind.MESSAGES
    raise RecordingError(first.line, 1, f"no known kind of file begins so: {first.brief[:80]}")


def _dialogue_counts(dialogue: Iterable[Spoken]) -> dict[str, int]:
    counts = dict.fromkeys(_DIALOGUE, 0)
    for each in dialogue:
        counts[_word(each)] += 1
    return counts


def _word(spoken: Spoken) -> str:
    """Return what a message is counted as."""
    if isinstance(spoken, Sent):
        return "requests"
    if spoken.message and "QMP" in spoken.message:
        return "greetings"
    return "events" if spoken.message and "event" in spoken.message else "replies"


def _schema_counts(schema: Schema | None) -> dict[str, int]:
    if schema is None:
        return {}
    return {
        "commands": len(schema.commands),
        "events": len(schema.events),
        "types": len(schema.types),
    }


def _version(text: str) -> Version | None:
    parts = text.split(".")
    if len(parts) != 3 or not all(part.isdecimal() for part in parts):
        return None
    return int(parts[0]), int(parts[1]), int(parts[2])
