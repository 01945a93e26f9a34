"""What a file under cases/ says of the suite itself, not of requests."""

from __future__ import annotations

from dataclasses import dataclass

from conformance.knowledge.guest_agent_blocklist import WithheldPart
from conformance.knowledge.rules import RulesPart
from conformance.knowledge.undigested import UndigestedPart
from conformance.knowledge.volatile import VolatilePart
from conformance.knowledge.weights import WeightsPart


@dataclass(frozen=True, kw_only=True)
class SuiteParts(UndigestedPart, RulesPart, WithheldPart, VolatilePart, WeightsPart):
    """The parts about names, rules, outputs and weights."""
