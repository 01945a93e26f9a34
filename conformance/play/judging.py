"""Makes what judges the messages of a target's build."""

from __future__ import annotations

from conformance.judge.reply import MessageJudge
from conformance.knowledge.stderr import load_complaints
from conformance.knowledge.store import cases_folder
from conformance.prepare.campaign import Campaign
from conformance.qapi.validate import Validator


def messages_of(campaign: Campaign) -> MessageJudge:
    """Return the judge of the build's messages, by its own schema."""
    schema = campaign.schema
    complaints = load_complaints(cases_folder() / "stderr.toml")
    return MessageJudge(schema, Validator(schema), campaign.plan.head.events, complaints)
