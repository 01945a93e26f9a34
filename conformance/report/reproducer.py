"""Shell text that reproduces a case without the suite: QEMU's command line and its input."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from conformance.judge.observation import Observation, Talk
from conformance.launch.program import kind_of
from conformance.model.case import Case
from conformance.model.script import Exchange
from conformance.model.stage import (
    NEGOTIATION,
    SCRATCH,
    MachineSpec,
    Request,
    ScratchFile,
    Stage,
)
from conformance.model.terms import ABSENT
from conformance.report.script_reproducer import LASTING, asked, retold
from conformance.report.stepwise_reproducer import is_stepwise, stepwise

_COMPANY: Final = 2000
"""How many requests a reproducer holds; it says where earlier ones are left out."""

_SHOWN: Final = 64
"""How many lines of 16 bytes each are shown of a file."""
_LOOK: Final = ["sleep 1", "ls -l /proc/$!/fd/[0-2]", "kill $!"]
"""Shows what the standard descriptors of the program are."""


def reproducer(
    case: Case,
    before: Iterable[Case],
    command_line: Sequence[str],
    *,
    seen: Observation | Talk | None = None,
    plays: int = 0,
) -> str:
    """Return shell text that reproduces a case: QEMU's command line and the lines to send.

    With `seen`, it ends with the request that was no longer answered. An intermittent case is
    repeated `plays` times.
    """
    text = _once(case, before, command_line, seen)
    if isinstance(seen, Observation) and seen.files and any(seen.files.changes()):
        text = f"{text}\nls -l {SCRATCH}"
    for each in sorted({each.name for each in case.shown}):
        path = shlex.quote(f"{SCRATCH}/{each}")
        text = f"{text}\nls -l {path}; od -An -v -tx1 {path} | head -n {_SHOWN}"
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
    if kind.flavour.single:
        lines = [each.text() for each in (*case.stage.setup, *earlier[-_COMPANY:], *own)]
        exchange = asked(lines, kind.flavour.probe)
        return _retold(exchange, command_line, case.stage.spec)
    spec = case.stage.spec
    asking = [*case.stage.setup, *earlier[-_COMPANY:], *own]
    if is_stepwise(asking, spec):
        specs = (spec, *(each.spec for each in spec.companions))
        commands = tuple(_stdio(command_line, each) for each in specs)
        told = stepwise(case.stage.negotiation(), asking, kind, commands, spec)
        return _pasted([*_preparation(spec, told), told])
    requests = [*case.stage.negotiation(), *asking, *_farewell(case.stage, own)]
    command = shlex.join(_stdio(command_line, case.stage.spec))
    lasting = f"{{ cat{LASTING}; }} <<'EOF' | {command}"
    first = lasting if case.stage.capabilities else f"{command} <<'EOF'"
    last = []
    if isinstance(seen, Observation) and seen.taken:
        # Its descriptors are looked at while it still runs.
        requests = requests[: -len([*_farewell(case.stage, own)])]
        first, last = f"{{ cat; sleep 2; }} <<'EOF' | {command} &", _LOOK
    dialogue = [first, *(each.text() for each in requests), "EOF", *last]
    lines = [*_preparation(case.stage.spec, "\n".join(dialogue))]
    passed = {(each.execute, each.descriptor): None for each in requests if each.descriptor}
    lines += [
        f"# a descriptor ({source}) must be passed along with {name}" for name, source in passed
    ]
    if len(earlier) > _COMPANY:
        lines.append(f"# The first {len(earlier) - _COMPANY} requests are left out here.")
    return _pasted([*lines, *dialogue])


def _farewell(stage: Stage, own: Sequence[Request]) -> Iterator[Request]:
    """Yield what ends the build; in negotiation mode, it accepts no other command."""
    if stage.capabilities is None and all(each.execute != NEGOTIATION for each in own):
        yield Request(NEGOTIATION, ABSENT)
    yield Request("quit", ABSENT)


def _stdio(command_line: Sequence[str], spec: MachineSpec) -> list[str]:
    """Return the target's command line with the additions of the stage."""
    words = [*(("env", *spec.environment) if spec.environment else ()), *command_line]
    if spec.machine != "none" and "-machine" in words:
        words[words.index("-machine") + 1] = spec.machine
    accel = ["-accel", spec.accel] if spec.accel else []
    return [*words, *accel, *(arg.replace("{scratch}", SCRATCH) for arg in spec.args)]


def _retold(exchange: Exchange, command_line: Sequence[str], spec: MachineSpec) -> str:
    """Return shell text that takes the turns, after creating the files that they need."""
    told = retold(exchange, kind_of(command_line), _stdio(command_line, spec), spec)
    return _pasted([*_preparation(spec, told), told])


def _pasted(lines: Sequence[str]) -> str:
    """Return lines of shell text, after creating the scratch folder where they name it."""
    folder = [f"mkdir -p {SCRATCH}"] * any(SCRATCH in line for line in lines)
    return "\n".join([*folder, *lines])


def _content(file: ScratchFile, path: str) -> Iterator[str]:
    """Yield what writes a file; bytes are written in octal, which every printf reads."""
    octal = "".join(f"\\{each:03o}" for each in bytes.fromhex(file.hex))
    written = f"printf '{octal}'" if octal else f"printf %s {shlex.quote(file.text)}"
    if file.at:
        yield f"truncate -s {file.at} {path}"
    yield f"{written} {'>>' if file.at else '>'} {path}"
    if file.size:
        yield f"truncate -s {file.size} {path}"


def _preparation(spec: MachineSpec, asked: str) -> Iterator[str]:
    """Yield what must be there; of peers that misbehave, those that the text `asked` names."""
    for file in spec.files:
        path = shlex.quote(f"{SCRATCH}/{file.path}")
        if file.make == "fifo":
            yield f"mkfifo {path}"
        elif file.make:
            yield f"# {path}: a set of {file.make} credentials is needed here"
        elif file.path.endswith("/"):
            yield f"mkdir -p {path}"
        else:
            yield from _content(file, path)
    for peer in spec.peers:
        path = peer.address if peer.address.isdecimal() else f"{SCRATCH}/{peer.address}"
        if peer.manner and path not in asked:
            continue
        calls = f", which calls {peer.calls} when it is called" if peer.calls else ""
        odd = f", and {peer.manner.words}" if peer.manner else ""
        yield f"# {peer.address}: a server ({peer.serve}) must listen here{calls}{odd}"
    for descriptor in spec.descriptors:
        yield f"# a descriptor ({descriptor.source}) must be passed by getfd as {descriptor.name}"
