"""Which cases a build's kind of program cannot be asked at all, and why, by rule.

Looks at what a case's stage and steps ask for; knows no command by name but for descriptors.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

from conformance.derive.case import Blocked, Case, Known, Role
from conformance.digest.digest import Program
from conformance.qapi.model import Schema
from conformance.stage import MachineSpec
from conformance.terms import Outcome

_PASSES: Final = "getfd"
"""The command by which a descriptor becomes known to a machine."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """What can stand on a build: `name` tells its kind, `machines` whether it can be a machine.

    A kind without machines takes none of the arguments that stages add, which are options of the
    system emulator.
    """

    name: str
    machines: bool


OFFERS: Final[Mapping[Program, Offer]] = {
    Program.SYSTEM: Offer(name="the system emulator", machines=True),
    Program.STORAGE_DAEMON: Offer(name="the storage daemon", machines=False),
    Program.GUEST_AGENT: Offer(name="the guest agent", machines=False),
}


def offered(case: Case, offer: Offer, schema: Schema, unserved: frozenset[str]) -> Case:
    """Return the case, blocked as not applicable where the build cannot offer what it needs.

    `unserved` are the commands that the schema lists and the build does not serve: only a case of
    whether they are known at all remains of them.
    """
    if not case.plays:
        return case
    reason = (
        ("" if offer.machines else _beyond(case.stage.spec, offer))
        or _missing(case, offer, schema)
        or _unserved(case, unserved)
    )
    if not reason:
        return case
    return replace(case, blocked=Blocked(outcome=Outcome.NOT_APPLICABLE, reason=reason))


def _beyond(spec: MachineSpec, offer: Offer) -> str:
    """Return what of `spec` only a program with machines can offer, "" for nothing."""
    if spec.machine != MachineSpec().machine:
        return f"it needs a machine {spec.machine}, and {offer.name} has no machines"
    if spec.accel:
        return f"it needs the accelerator {spec.accel}, and {offer.name} has none"
    if spec.args:
        return f"it needs {' '.join(spec.args)}, which {offer.name} has no options for"
    return ""


def _missing(case: Case, offer: Offer, schema: Schema) -> str:
    """Return which command around the subject a program without machines does not have."""
    if offer.machines:
        return ""
    around = {request.execute for request in case.stage.setup}
    around |= {step.request.execute for step in case.steps if step.role is not Role.SUBJECT}
    around |= {_PASSES} if case.stage.spec.descriptors else set()
    missing = sorted(around - schema.commands.keys())
    return f"it needs {missing[0]}, which {offer.name} does not have" if missing else ""


def _unserved(case: Case, unserved: frozenset[str]) -> str:
    used = {request.execute for request in case.stage.setup}
    used |= {step.request.execute for step in case.steps if not isinstance(step.expect, Known)}
    if not unserved & used or any(isinstance(step.expect, Known) for step in case.steps):
        return ""
    return (
        f"this build's schema lists {min(unserved & used)}, and query-commands does not: "
        "that it is not to be had is a finding of its gate before-negotiation"
    )
