"""A made-up run that has everything a report must show: two builds, 8,000 cases, 25 findings."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator

import pytest

from conformance.model.fingerprint import fingerprint
from conformance.model.flavour import Program
from conformance.model.terms import BROKEN, Aspect, Outcome, Severity, SubjectKind, Weight
from conformance.report.stream import (
    STREAM_VERSION,
    CaseEnded,
    DefaultRead,
    Event,
    Evidence,
    Finding,
    RowPlanned,
    RunEnded,
    RunStarted,
    TargetStarted,
)

COMMANDS = ("qom-list", "qom-get", "qom-set", "object-add", "object-del", "device-list-properties")
TYPES = tuple(f"type-{number:02}" for number in range(54))
REASONS = {
    Outcome.UNTESTABLE_HERE: "needs KVM: /dev/kvm is missing",
    Outcome.VACUOUS: "no request without the fault was accepted",
    Outcome.FLAKY: "failed beside 41 other cases, passed alone",
    Outcome.NOT_APPLICABLE: "not compiled in",
}

RunMaker = Callable[..., list[Event]]


def _started() -> RunStarted:
    return RunStarted(
        stream=STREAM_VERSION,
        suite="0.1.0",
        seed=7,
        selection=("object-add/*",),
        host={"kvm": "yes", "cpu:sev": "not in /proc/cpuinfo"},
        time="2026-01-02T03:04:05Z",
    )


def _target(name: str, version: str, cases: int) -> TargetStarted:
    return TargetStarted(
        target=name,
        spelling=f"'builds of QEMU.toml:{name}'",
        program="/usr/bin/qemu-system-x86_64",
        version=version,
        package=f"Debian 1:{version}+dfsg-1",
        arch="x86_64",
        sha256="ab" * 32,
        schema_sha256="cd" * 32,
        launcher="bubblewrap",
        documentation="the source of 10.0, by the digest that ships with the suite",
        command_line=("qemu-system-x86_64", "-machine", "none", "-qmp", "unix:/tmp/a b"),
        cases=cases,
        kind_of_program=Program.SYSTEM,
        machine="none",
        accel="",
    )


def _case(target: str, subject: str, aspect: Aspect, number: int, outcome: Outcome) -> CaseEnded:
    kind = SubjectKind.COMMAND if subject in COMMANDS else SubjectKind.OBJECT_TYPE
    prefix = subject if kind is SubjectKind.COMMAND else f"object-add/{subject}"
    return CaseEnded(
        target=target,
        case=f"{prefix}/{aspect}/{number:03}/member_a|b=`x`<y>",
        subject_kind=kind,
        subject=subject,
        aspect=aspect,
        outcome=outcome,
        reason=REASONS.get(outcome, ""),
        rules=("X14",),
        seconds=0.01,
    )


def _finding(case: CaseEnded, fold: str) -> Finding:
    crash = case.outcome is Outcome.CRASH
    return Finding(
        target=case.target,
        case=case.case,
        subject_kind=case.subject_kind,
        subject=case.subject,
        rule="X14" if crash else "W63",
        severity=Severity.SHOULD if fold.endswith("4") else Severity.MUST,
        outcome=case.outcome,
        summary=f"{case.subject} took a string where a|b *must* be an integer, and the build "
        + ("died" if crash else "accepted `poll_max <ns>`"),
        expected="An argument whose JSON type does not fit its declaration is refused.",
        why="docs/interop/qmp-spec.rst, Compatibility Considerations (10.0.13: lines 359-361)",
        fold=fold,
        defect=fold or case.case,
        fingerprint=fingerprint(fold or case.case),
        weight=Weight.WRONG,
        evidence=Evidence(
            transcript=(
                '-> {"execute":"object-add","arguments":{"qom-type":"iothread","id":"o0"},"id":1}',
                '<- {"return": {}, "id": 1}',
                '-> {"execute":"object-add","arguments":{"id":"```|`"},"id":2}' + "x" * 300,
                '<- {"timestamp": {"seconds": 1, "microseconds": 2}, "event": "STOP"}',
                "<- (the connection ended)" if crash else '<- {"return": {}, "id": 2}',
            ),
            exit_status=-11 if crash else None,
            stderr="qemu: hw/core.c:12: f: Assertion `x < y' failed.\n\x1b[31m" if crash else "",
        ),
        reproducer="printf '%s\\n' '{\"execute\":\"qmp_capabilities\"}' |\n"
        "  qemu-system-x86_64 -machine none -qmp stdio",
    )


def _outcome(dice: random.Random, place: int) -> Outcome:
    if dice.random() < 0.02:
        return dice.choice([Outcome.FAIL, Outcome.FAIL, Outcome.CRASH, Outcome.TIMEOUT])
    if place % 17 == 0:
        return dice.choice(list(REASONS))
    return Outcome.PASS


def _cases(target: str, count: int, seed: int) -> Iterator[CaseEnded | Finding]:
    dice = random.Random(seed)
    subjects = (*COMMANDS, *TYPES[:-3])
    # Ten columns fit a terminal of 100; no kind of subject has cases of as many aspects.
    aspects = tuple(Aspect)[:10]
    for place in range(count):
        subject = subjects[place % len(subjects)]
        aspect = aspects[(place // len(subjects)) % len(aspects)]
        case = _case(target, subject, aspect, place, _outcome(dice, place))
        if case.outcome in BROKEN:
            yield _finding(case, f"fold-{case.outcome}-{dice.randrange(5)}")
        yield case


def _defaults(target: str) -> Iterator[DefaultRead]:
    for member, documented, real in (("same", "1", "1"), ("a|b", '"<x>"', '"<y>"')):
        yield DefaultRead(
            target=target,
            case=f"object-add/type-00/documentation/default/{member}",
            subject_kind=SubjectKind.OBJECT_TYPE,
            subject="type-00",
            member=member,
            documented=documented,
            says="",
            where="qapi/qom.json:7",
            declared="",
            real=real,
        )


@pytest.fixture(scope="session")
def make_run() -> RunMaker:
    """Return a function that makes the events of a run: targets, cases a target, complete."""

    def make(targets: int = 2, cases: int = 4000, *, complete: bool = True) -> list[Event]:
        names = [(f"qemu-{major}.2", f"{major}.2.0") for major in range(5, 5 + targets)]
        events: list[Event] = [_started()]
        for seed, (name, version) in enumerate(names):
            events.append(_target(name, version, cases))
            for subject in (*COMMANDS, *reversed(TYPES)):
                kind = SubjectKind.COMMAND if subject in COMMANDS else SubjectKind.OBJECT_TYPE
                note = "not in this build's schema" if subject in TYPES[-3:] else ""
                events.append(
                    RowPlanned(target=name, subject_kind=kind, subject=subject, note=note)
                )
            events += _cases(name, cases, seed)
            events += _defaults(name)
        if complete:
            ended = RunEnded(
                complete=True,
                exit_code=1,
                outcomes={},
                seconds=61.5,
                time="2026-01-02T03:05:06Z",
            )
            events.append(ended)
        return events

    return make
