"""Which cases are left out where no sandbox keeps their requests from the host."""

from __future__ import annotations

from dataclasses import replace

import pytest

from conformance.derive.host_access import escape, unconfined
from conformance.derive.steps import PLAIN, supporting_step
from conformance.knowledge.dangers import Containment, Danger, Dangers, HostReach, Way
from conformance.model.case import Case, Claim, Role, Subject
from conformance.model.stage import SCRATCH, Request
from conformance.model.terms import ABSENT, Aspect, Outcome, SubjectKind

DANGERS = Dangers(
    dangers={
        "write": (
            Danger(
                reaches=(HostReach.FILE_WRITE,),
                through=(Way(names=("to", "file")),),
                reason="writes",
            ),
            Danger(
                reaches=(HostReach.PROGRAM,),
                through=(Way(names=("uri",), value="exec:*"), Way(names=("arg?",))),
                reason="runs",
            ),
        ),
        "listen": (Danger(reaches=(HostReach.LISTENING,), through=(), reason="listens"),),
        "end": (Danger(reaches=(HostReach.ENDS_QEMU,), through=(), reason="ends"),),
    },
    contained={
        HostReach.FILE_WRITE: (Containment.SCRATCH_ONLY,),
        HostReach.PROGRAM: (Containment.OWN_PROCESSES,),
        HostReach.LISTENING: (Containment.OWN_NETWORK, Containment.ITSELF),
        HostReach.ENDS_QEMU: (Containment.ITSELF,),
    },
    harmless=frozenset({"ask"}),
)


@pytest.mark.parametrize(
    ("command", "arguments", "reason"),
    [
        ("ask", {"to": {"file": "/etc/x"}}, ""),
        ("end", ABSENT, ""),
        ("new", ABSENT, "nobody has looked"),
        ("listen", ABSENT, "listens"),
        ("write", ABSENT, ""),
        ("write", [], ""),
        ("write", {"file": "/etc/x"}, ""),
        ("write", {"to": {"file": "/etc/x"}}, "writes"),
        ("write", {"deep": [{"to": {"file": "/etc/x"}}]}, "writes"),
        ("write", {"to.file": "/etc/x"}, "writes"),
        ("write", {"to": {"file": 17}}, "writes"),
        ("write", {"to": {"file": None}}, "writes"),
        ("write", {"to": {"file": f"{SCRATCH}/x"}}, ""),
        ("write", {"to": {"file": f"{SCRATCH}/../x"}}, "writes"),
        ("write", {"to": {"file": f"{SCRATCH}x"}}, "writes"),
        ("write", {"uri": "exec:true"}, "runs"),
        ("write", {"uri": "tcp:0"}, ""),
        ("write", {"args": ["true"]}, "runs"),
        ("write", {"args": [f"{SCRATCH}/program"]}, "runs"),
    ],
)
def test_a_request_leaves_through_the_members_that_lead_out(
    command: str, arguments: object, reason: str
) -> None:
    said = escape(Request(command, arguments), DANGERS)

    assert bool(said) == bool(reason)
    assert reason in (said or "")


def test_a_case_that_could_reach_out_is_not_tried_without_a_sandbox() -> None:
    case = _case(Request("ask", ABSENT), Request("listen", ABSENT))

    blocked = unconfined(case, DANGERS).blocked

    assert blocked is not None
    assert blocked.outcome is Outcome.UNTRIED
    assert "listen reaches the host (listening): listens" in blocked.reason


def test_a_stage_that_could_reach_out_takes_its_cases_along() -> None:
    case = _case(Request("ask", ABSENT))
    case = replace(case, stage=replace(PLAIN, setup=(Request("new", ABSENT),)))

    assert unconfined(case, DANGERS).blocked is not None


def test_a_case_that_stays_within_the_machine_is_as_it_was() -> None:
    case = _case(Request("ask", ABSENT), Request("end", ABSENT))

    assert unconfined(case, DANGERS) is case


def test_a_case_of_claims_needs_no_machine_and_is_as_it_was() -> None:
    claim = Claim(rule="Q12", what="w", promised="p", found="p", fold="f")
    case = replace(_case(), claims=(claim,))

    assert unconfined(case, DANGERS) is case


def _case(*requests: Request) -> Case:
    return Case(
        id="ask/valid/case",
        subject=Subject(kind=SubjectKind.COMMAND, name="ask"),
        aspect=Aspect.VALID,
        stage=PLAIN,
        steps=tuple(supporting_step(request, Role.SETUP) for request in requests),
    )
