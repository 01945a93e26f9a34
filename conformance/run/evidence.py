"""Turns what was seen of a broken promise into a finding: evidence, and a way to see it again."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final

from conformance.canonical import compact
from conformance.derive.case import Case, DefaultOf
from conformance.judge.miss import Kind, Miss
from conformance.judge.observation import Death, Observation, Talk
from conformance.judge.sight import stands_at
from conformance.knowledge.rules import Rule
from conformance.launch.program import kind_of
from conformance.qapi.names import shown
from conformance.run.proof import Result
from conformance.run.retelling import LASTING, asked, retold
from conformance.run.stepwise import is_stepwise, stepwise
from conformance.stage import NEGOTIATION, SCRATCH, MachineSpec, Request, Stage
from conformance.stream import DefaultRead, Evidence, Finding
from conformance.terms import ABSENT, Absent, JsonValue, Outcome, Severity
from conformance.turns import Exchange
from conformance.wire.framing import Message
from conformance.wire.transcript import Transcript

_PASSING: Final = re.compile(
    rb', "id": \d+|"id": \d+, |"timestamp": \{"seconds": \d+, "microseconds": \d+\}, '
    rb'|, "timestamp": \{"seconds": \d+, "microseconds": \d+\}'
    rb'|"timestamp": \{"microseconds": \d+, "seconds": \d+\}, '
)
"""What differs from run to run: requests are shown, and can be repeated, without ids."""
_PASSING_TIME: Final = re.compile(
    r'"timestamp": \{"(?:micro)?seconds": \d+, "(?:micro)?seconds": \d+\}, '
    r'|, "timestamp": \{"(?:micro)?seconds": \d+, "(?:micro)?seconds": \d+\}'
)
_OUTCOMES: Final = {Kind.CRASH: Outcome.CRASH, Kind.HANG: Outcome.TIMEOUT}
"""What a miss makes of its case, where that is more than a failure."""
_LINES: Final = 40
"""Lines of a dialogue that a finding shows: a case has fewer, a company of cases many more."""
_COMPANY: Final = 2000
"""Requests that a reproducer holds at most: what came before is left out and said so."""


def finding(
    target: str,
    result: Result,
    miss: Miss,
    rules: Mapping[str, Rule],
    command_line: Sequence[str],
) -> Finding:
    """Return the finding that `miss` is, with what `result` has of evidence."""
    rule = rules[miss.rule]
    case = result.case
    return Finding(
        target=target,
        case=case.id,
        subject_kind=case.subject.kind,
        subject=case.subject.name,
        rule=miss.rule,
        severity=Severity(rule.severity),
        outcome=Outcome.INTERMITTENT if result.plays else _OUTCOMES.get(miss.kind, Outcome.FAIL),
        summary=shown(miss.summary),
        expected=shown(miss.expected),
        why=" ".join(filter(None, (rule.promise, miss.why, f"({rule.source})"))),
        fold=miss.fold,
        evidence=_claimed(case, miss) if case.claims else evidence(case, result.seen),
        reproducer=reproducer(
            case, result.before, command_line, seen=result.seen, plays=result.plays
        ),
        plays=result.plays,
        shown=result.shown,
    )


def default_read(target: str, result: Result, default: DefaultOf) -> DefaultRead:
    """Return the row of the table of defaults that a case has found."""
    case = result.case
    return DefaultRead(
        target=target,
        case=case.id,
        subject_kind=case.subject.kind,
        subject=case.subject.name,
        member=default.member,
        documented=_text(default.documented),
        says=default.says,
        where=default.where,
        declared=_text(default.declared),
        real=_text(_real(result.seen, default)),
    )


def _text(value: JsonValue | Absent) -> str:
    return "" if value is ABSENT else compact(value)


def _real(seen: Observation | Talk | None, default: DefaultOf) -> JsonValue | Absent:
    line = seen.replies[default.step] if isinstance(seen, Observation) else None
    if line is None or not isinstance(line.read, Message):
        return ABSENT
    # What is wrong with such a reply is the verdict's to say.
    real: JsonValue | Absent = stands_at(line.read.value, ("return", *default.path))
    return real


def _claimed(case: Case, miss: Miss) -> Evidence:
    """Return the broken claim and what its source says, as the lines of a comparison."""
    lines = [
        line
        for claim in case.claims
        if claim.fold == miss.fold and claim.promised != claim.found
        for line in (
            f"   {claim.what}",
            f"-  {claim.promised}" + f"    ({claim.where})" * bool(claim.where),
            f"+  {claim.found}",
        )
    ]
    return Evidence(transcript=tuple(lines[:_LINES]))


def evidence(case: Case, seen: Observation | Talk | None) -> Evidence:
    """Return what was seen: the dialogue less ids and times of day, and the end of the process."""
    if seen is None:
        return Evidence(transcript=())
    if isinstance(seen, Talk):
        return _told(seen)
    record = Transcript()
    for step, line in zip(case.steps, seen.replies, strict=True):
        record.sent(request_line(step.request).encode())
        if line is None:
            break
        record.received(_PASSING.sub(b"", line.data))
    for line in (*seen.events, *seen.strays):
        record.received(_PASSING.sub(b"", line.data))
    return _with_end(tuple(record.lines(_LINES)), seen.death)


def _told(seen: Talk) -> Evidence:
    """Return the last lines of an exchange: its ids are the same in every run."""
    lines = [_PASSING_TIME.sub("", line) for line in seen.transcript[-_LINES:]]
    return _with_end(tuple(lines), seen.death)


def _with_end(transcript: tuple[str, ...], death: Death | None) -> Evidence:
    return Evidence(
        transcript=transcript,
        exit_status=death.status if death else None,
        stderr=death.stderr if death else "",
    )


def reproducer(
    case: Case,
    before: Iterable[Case],
    command_line: Sequence[str],
    *,
    seen: Observation | Talk | None = None,
    plays: int = 0,
) -> str:
    """Return shell text that shows the same: QEMU's command line and the lines to send.

    With `seen`, it ends with the request that was not answered any more.  What comes and goes is
    done `plays` times.
    """
    text = _once(case, before, command_line, seen)
    if not plays:
        return text
    return f"for play in $(seq {plays}); do\n{text}\ndone"


def _once(
    case: Case,
    before: Iterable[Case],
    command_line: Sequence[str],
    seen: Observation | Talk | None,
) -> str:
    if case.exchange is not None:
        return _retold(case.exchange, command_line, case.stage.spec)
    earlier = [step.request for other in before for step in other.steps]
    own = [step.request for step in case.steps]
    if case.claims:
        own = [Request("query-qmp-schema", ABSENT)]
    if isinstance(seen, Observation) and None in seen.replies:
        broke_off = seen.replies.index(None) if seen.broke_off is None else seen.broke_off
        own = own[: broke_off + 1]
    kind = kind_of(command_line)
    if kind.dialect.single:
        lines = [request_line(each) for each in (*case.stage.setup, *earlier[-_COMPANY:], *own)]
        exchange = asked(lines, kind.dialect.probe)
        return _retold(exchange, command_line, case.stage.spec)
    spec = case.stage.spec
    asking = [*case.stage.setup, *earlier[-_COMPANY:], *own]
    if is_stepwise(asking, spec):
        specs = (spec, *(each.spec for each in spec.companions))
        commands = tuple(_stdio(command_line, each) for each in specs)
        told = stepwise(case.stage.negotiation(), asking, kind, commands, spec)
        return _pasted([*_preparation(spec), told])
    requests = [*case.stage.negotiation(), *asking, *_farewell(case.stage, own)]
    command = shlex.join(_stdio(command_line, case.stage.spec))
    lasting = f"{{ cat{LASTING}; }} <<'EOF' | {command}"
    first = lasting if case.stage.capabilities else f"{command} <<'EOF'"
    dialogue = [first, *map(request_line, requests), "EOF"]
    lines = [*_preparation(case.stage.spec)]
    passed = {(each.execute, each.descriptor): None for each in requests if each.descriptor}
    lines += [
        f"# a descriptor ({source}) must be passed along with {name}" for name, source in passed
    ]
    if len(earlier) > _COMPANY:
        lines.append(f"# The first {len(earlier) - _COMPANY} requests are left out here.")
    return _pasted([*lines, *dialogue])


def _farewell(stage: Stage, own: Sequence[Request]) -> Iterator[Request]:
    """Yield what ends the build, which in negotiation takes no other command."""
    if stage.capabilities is None and all(each.execute != NEGOTIATION for each in own):
        yield Request(NEGOTIATION, ABSENT)
    yield Request("quit", ABSENT)


def _stdio(command_line: Sequence[str], spec: MachineSpec) -> list[str]:
    """Return the target's command line with what the stage adds to it."""
    words = list(command_line)
    if spec.machine != "none" and "-machine" in words:
        words[words.index("-machine") + 1] = spec.machine
    accel = ["-accel", spec.accel] if spec.accel else []
    return [*words, *accel, *(arg.replace("{scratch}", SCRATCH) for arg in spec.args)]


def _retold(exchange: Exchange, command_line: Sequence[str], spec: MachineSpec) -> str:
    """Return shell text that takes the turns, behind what makes the files that they need."""
    told = retold(exchange, kind_of(command_line), _stdio(command_line, spec), spec)
    return _pasted([*_preparation(spec), told])


def _pasted(lines: Sequence[str]) -> str:
    """Return lines of shell text, behind the making of the scratch folder where they name it."""
    folder = [f"mkdir -p {SCRATCH}"] * any(SCRATCH in line for line in lines)
    return "\n".join([*folder, *lines])


def _preparation(spec: MachineSpec) -> Iterator[str]:
    for file in spec.files:
        path = shlex.quote(f"{SCRATCH}/{file.path}")
        if file.make == "fifo":
            yield f"mkfifo {path}"
        elif file.make:
            yield f"# {path}: a set of {file.make} credentials is needed here"
        elif file.path.endswith("/"):
            yield f"mkdir -p {path}"
        else:
            yield f"printf %s {shlex.quote(file.text)} > {path}"
            if file.size:
                yield f"truncate -s {file.size} {path}"
    for peer in spec.peers:
        yield f"# {peer.address}: a server ({peer.serve}) must listen here"
    for descriptor in spec.descriptors:
        yield f"# a descriptor ({descriptor.source}) must be passed by getfd as {descriptor.name}"


def request_line(request: Request) -> str:
    """Return a request as it goes over the wire, less its id."""
    message: dict[str, object] = {request.key: request.execute}
    if request.arguments is not ABSENT:
        message["arguments"] = request.arguments
    return compact(message)
