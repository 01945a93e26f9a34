"""Plays a single case again for a reader: the dialogue, and the outcome."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from typing import Final

from conformance.judge.observation import Observation, Talk
from conformance.launch.folder import RunFolder
from conformance.launch.pool import Pool
from conformance.model.canonical import compact
from conformance.model.case import (
    Case,
)
from conformance.model.terms import BROKEN, Outcome
from conformance.play.alone import Result
from conformance.play.evidence import whole_evidence
from conformance.play.judging import messages_of
from conformance.play.proof import Prover
from conformance.prepare.campaign import Campaign
from conformance.prepare.starts import Starts
from conformance.wire.recording import received_entry, sent_entry

_SCHEMA: Final = "schema"
"""The id of the request for the schema: no case uses it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Replay:
    """A replayed case: the dialogue with its verdict, the outcome, whether a promise was broken.

    `recording` is the dialogue for `validate` (docs/validate.md), after the schema, or None if
    there can be none; then `unrecorded` says why.
    """

    text: str
    outcome: Outcome
    broken: bool
    recording: str | None
    unrecorded: str | None = None


def replayed(case: Case, campaign: Campaign, folder: RunFolder) -> Replay:
    """Run a case alone on a fresh machine, an intermittent one often; raises LaunchError."""
    messages = messages_of(campaign)
    with (
        Pool(campaign.target, folder) as pool,
        closing(Prover(pool, messages, Starts())) as prover,
    ):
        result = prover.known(case) if case.intermittent is not None else prover.alone(case)
        result = prover.compared(result) or result
    why = _unrecorded(result, campaign)
    return Replay(
        text="\n".join(_account(result, campaign)),
        outcome=result.verdict.outcome,
        broken=result.verdict.outcome in BROKEN or result.shown > 0,
        recording="".join(_recording(result, campaign)) if why is None else None,
        unrecorded=why,
    )


def _unrecorded(result: Result, campaign: Campaign) -> str | None:
    """Return why a recording cannot be made of what was seen, None if it can."""
    if not campaign.target.kind.flavour.introspects:
        return f"{campaign.target.name} tells no schema: a recording would say nothing"
    if isinstance(result.seen, Talk):
        return f"{result.case.id} is no dialogue of whole messages: there is nothing to record"
    return None


def _recording(result: Result, campaign: Campaign) -> Iterator[str]:
    """Yield the entries of a recording: the build's answer with the schema, then the case.

    Events and strays come last: when they came between replies is not observed.
    """
    yield sent_entry(compact({"execute": "query-qmp-schema", "id": _SCHEMA}).encode())
    answer = {"return": campaign.entries(), "id": _SCHEMA}
    yield received_entry(compact(answer).encode() + b"\r\n")
    seen = result.seen
    if not isinstance(seen, Observation):
        return
    for number, (step, line) in enumerate(zip(result.case.steps, seen.replies, strict=True)):
        yield sent_entry(step.request.text(result.first + number).encode())
        if line is not None:
            yield received_entry(line.data)
    for line in (*seen.events, *seen.strays):
        yield received_entry(line.data)


def _account(result: Result, campaign: Campaign) -> Iterator[str]:
    verdict = result.verdict
    yield from whole_evidence(result).transcript
    told = dict.fromkeys(miss.stderr for miss in verdict.misses if miss.stderr)
    yield from told
    if result.seen and result.seen.death and not told:
        yield result.seen.death.stderr.rstrip()
    yield ""
    often = f" (in {result.shown} of {result.plays} plays)" if result.plays else ""
    yield f"{verdict.outcome}: {result.case.id}{often}"
    if verdict.reason:
        yield f"  {verdict.reason}"
    for miss in verdict.misses:
        rule = campaign.rules[miss.rule]
        yield f"  {miss.rule} ({rule.severity}): {rule.promise}"
        yield f"      {miss.summary}"
        yield f"      expected: {miss.expected}"
