"""Shell text that reproduces a case without the suite: QEMU's command line and its input."""

from __future__ import annotations

import os
import shlex
import zlib
from base64 import b64encode
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from conformance.judge.observation import Observation, Talk
from conformance.launch.program import kind_of
from conformance.model.case import Case, Claim, Step
from conformance.model.peer_talk import PeerTalk
from conformance.model.script import Exchange
from conformance.model.stage import (
    NEGOTIATION,
    SCRATCH,
    Awaited,
    MachineSpec,
    Request,
    ScratchFile,
    Stage,
)
from conformance.model.terms import ABSENT
from conformance.report.claim_reproducer import claim_text
from conformance.report.script_reproducer import ENDED, LASTING, asked, retold
from conformance.report.stepwise_reproducer import LIMIT, AskedMachine, is_stepwise, stepwise

_COMPANY: Final = 2000
"""How many requests a reproducer holds; it says where earlier ones are left out."""

_TIMED: Final = ("timeout", "-s", "KILL", str(LIMIT))
"""Ends a build that hangs, and therefore does not hear of a gentler signal."""
_TIMES: Final = 5
"""How many times as often what comes and goes is tried as the suite has played it: it may have
shown once."""
_SHOWN: Final = 64
"""How many lines of 16 bytes each are shown of a file."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownPlay:
    """What is known of the play that a reproducer repeats.

    `seen` is what was seen of the case, `talks` what the peers of its machine said, `made` the
    files that makers made, by maker and name, `created` the commands that make files of these
    names. Of its steps, those before `until` are asked. A case that shows its defect in some plays
    is repeated `plays` times. `claims` are those that do not hold.
    """

    seen: Observation | Talk | None = None
    talks: Sequence[PeerTalk] = ()
    made: Mapping[str, Mapping[str, bytes]] = field(default_factory=dict)
    created: Mapping[str, str] = field(default_factory=dict)
    until: int | None = None
    plays: int = 0
    claims: Sequence[Claim] = ()

    @property
    def watched(self) -> bool:
        """Whether a standard descriptor was not what it was."""
        return isinstance(self.seen, Observation) and bool(self.seen.taken)


def reproducer(
    case: Case, before: Iterable[Case], command_line: Sequence[str], shown: ShownPlay = ShownPlay()
) -> str:
    """Return shell text that reproduces a case: QEMU's command line and the lines to send.

    It ends with the request that was no longer answered, or that shows the defect.
    """
    text = _once(case, before, command_line, shown)
    seen = shown.seen
    if isinstance(seen, Observation) and seen.files and any(seen.files.changes()):
        text = f"{text}\nls -l {SCRATCH}"
    for each in sorted({each.name for each in case.shown}):
        path = shlex.quote(f"{SCRATCH}/{each}")
        text = f"{text}\nls -l {path}; od -An -v -tx1 {path} | head -n {_SHOWN}"
    if not shown.plays:
        return text
    # Nothing of one play is there in the next.
    clean = f"rm -rf {SCRATCH}\n" * (SCRATCH in text)
    return f"for play in $(seq {_TIMES * shown.plays}); do\n{clean}{text}\ndone"


def _once(case: Case, before: Iterable[Case], command_line: Sequence[str], shown: ShownPlay) -> str:
    if case.exchange is not None:
        return _retold(case.exchange, command_line, case.stage.spec, shown)
    earlier = [step.request for other in before for step in other.steps]
    if case.claims:
        return claim_text(case, shown.claims, _stdio(command_line, case.stage.spec))
    seen = shown.seen
    steps = case.steps[: shown.until]
    kind, spec = kind_of(command_line), case.stage.spec
    if kind.flavour.single:
        requests = (*case.stage.setup, *earlier[-_COMPANY:], *(step.request for step in steps))
        exchange = asked([each.text() for each in requests], kind.flavour.probe)
        return _retold(exchange, command_line, spec, shown)
    leading = [*case.stage.setup, *earlier[-_COMPANY:]]
    asking = [*leading, *map(_awaiting, steps)]
    talks = shown.talks
    left_out = len(earlier) - _COMPANY
    said = [f"# The first {left_out} requests are left out here."] * (left_out > 0)
    if is_stepwise(asking, spec, talks) or case.misbehaves or shown.watched:
        specs = (spec, *(each.spec for each in spec.companions))
        rests = None if case.misbehaves is None else len(leading) + case.misbehaves.step
        told = stepwise(
            AskedMachine(
                kind=kind,
                spec=spec,
                commands=tuple(_stdio(command_line, each) for each in specs),
                negotiation=case.stage.negotiation(),
                requests=asking,
                talks=talks,
                watches=shown.watched,
                rests=rests,
                # What comes next must find a peer that is silent, and has not yet hung up.
                rest=1.0 if case.meanwhile is None else 0.1,
                last=[*_farewell(case.stage, asking)][:-1],
            )
        )
        return _pasted([*_preparation(spec, told, shown), *said, told])
    whole = [*case.stage.negotiation(), *asking, *_farewell(case.stage, asking)]
    dialogue = _piped(case, whole, _stdio(command_line, spec), seen)
    return _pasted([*_preparation(spec, "\n".join(dialogue), shown), *said, *dialogue])


def _piped(
    case: Case,
    requests: Sequence[Request],
    command: Sequence[str],
    seen: Observation | Talk | None,
) -> list[str]:
    """Return the lines that send requests through a pipe, and say how QEMU ended of them."""
    ended = isinstance(seen, Observation) and None in seen.replies
    hung = ended and isinstance(seen, Observation) and seen.death is None
    words = shlex.join([*_TIMED, *command] if hung else command)
    lasting = f"{{ cat{LASTING}; }} <<'EOF' | {words}"
    first = lasting if case.stage.capabilities else f"{words} <<'EOF'"
    told = [f'echo "{ENDED} $?"'] * ended
    return [first, *(each.text() for each in requests), "EOF", *told]


def _awaiting(step: Step) -> Request:
    """Return the request of a step, which waits for the events that follow it."""
    if not step.emits:
        return step.request
    events = tuple(Awaited(event=each.event, data=each.data) for each in step.emits)
    own = step.request.awaits
    return replace(step.request, awaits=(*own, *(each for each in events if each not in own)))


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


def _retold(
    exchange: Exchange, command_line: Sequence[str], spec: MachineSpec, shown: ShownPlay
) -> str:
    """Return shell text that takes the turns, after creating the files that they need."""
    told = retold(exchange, kind_of(command_line), _stdio(command_line, spec), spec)
    return _pasted([*_preparation(spec, told, shown), told])


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


def _made(
    file: ScratchFile, content: Mapping[str, bytes], asked: str, created: Mapping[str, str]
) -> Iterator[str]:
    """Yield what writes the files of a maker: by a command, as texts, or by their bytes, packed."""
    folder = f"{SCRATCH}/{file.path}".rstrip("/")
    yield f"mkdir -p {folder}"
    for name, data in content.items():
        path = f"{folder}/{name}"
        if name in created:
            yield f"(cd {folder} && {created[name]})"
        elif b"\0" not in data:
            yield f"cat > {path} <<'EOF'"
            yield data.decode().rstrip("\n")
            yield "EOF"
        elif path in asked:
            packed = b64encode(zlib.compress(data, 9)).decode()
            yield "python3 - <<'EOF'"
            yield "import base64, zlib"
            yield f"image = zlib.decompress(base64.b64decode({packed!r}))"
            yield f"open({path!r}, 'wb').write(image)"
            yield "EOF"


def _preparation(spec: MachineSpec, asked: str, shown: ShownPlay) -> Iterator[str]:
    """Yield what must be there for the text `asked`."""
    for file in spec.files:
        path = shlex.quote(f"{SCRATCH}/{file.path}")
        if file.make == "fifo":
            yield f"mkfifo {path}"
        elif file.make in shown.made:
            yield from _made(file, shown.made[file.make], asked, shown.created)
        elif file.make:
            yield f"# {path}: a set of {file.make} credentials is needed here"
        elif file.path.endswith("/"):
            yield f"mkdir -p {path}"
        else:
            if "/" in file.path:
                yield f"mkdir -p {os.path.dirname(path)}"
            yield from _content(file, path)
    there = {talk.address for talk in shown.talks}
    for peer in spec.peers:
        path = peer.address if peer.address.isdecimal() else f"{SCRATCH}/{peer.address}"
        if peer.address in there or shown.talks or (peer.manner and path not in asked):
            continue
        calls = f", which calls {peer.calls} when it is called" if peer.calls else ""
        odd = f", and {peer.manner.words}" if peer.manner else ""
        yield f"# {peer.address}: a server ({peer.serve}) must listen here{calls}{odd}"
