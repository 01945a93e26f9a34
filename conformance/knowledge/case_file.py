"""Everything that a file under cases/ may contain, whatever its name; knows what each part is of.

Each shipped file contains one part. A user's file may contain any.
"""

from __future__ import annotations

from dataclasses import dataclass

from conformance.knowledge.absences import AbsencesPart
from conformance.knowledge.arguments import ArgumentsPart
from conformance.knowledge.commands import CommandsPart
from conformance.knowledge.compatibility import CompatibilityPart
from conformance.knowledge.dangers import DangersPart
from conformance.knowledge.defaults import DefaultsPart
from conformance.knowledge.events import EventsPart
from conformance.knowledge.examples import ExamplesPart
from conformance.knowledge.exceptions import IntermittentPart, NamingPart
from conformance.knowledge.exchanges import ExchangesPart
from conformance.knowledge.growth import GrowthPart
from conformance.knowledge.machines import MachinesPart
from conformance.knowledge.recipes import ObjectsPart
from conformance.knowledge.search import SearchPart
from conformance.knowledge.states import StatesPart
from conformance.knowledge.stderr import StderrPart
from conformance.knowledge.suite_file import SuiteParts


@dataclass(frozen=True, kw_only=True)
class CaseFile(
    SuiteParts,
    CompatibilityPart,
    GrowthPart,
    SearchPart,
    StatesPart,
    StderrPart,
    NamingPart,
    IntermittentPart,
    ArgumentsPart,
    MachinesPart,
    AbsencesPart,
    DangersPart,
    ExchangesPart,
    DefaultsPart,
    ExamplesPart,
    EventsPart,
    CommandsPart,
    ObjectsPart,
):
    """One file, with any parts."""
