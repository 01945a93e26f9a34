"""What a program must not write to its standard error (cases/stderr.toml); reads no output."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from conformance.knowledge.common import REASON
from conformance.knowledge.decoder import FileFault, read_file
from conformance.knowledge.keys import Key
from conformance.model.complaint import Complaint, Complaints


@dataclass(frozen=True, slots=True, kw_only=True)
class ComplaintEntry:
    """A kind of report of a program about itself."""

    begins: Annotated[
        re.Pattern[str],
        Key(
            "its first line, as a regular expression: the group `words` is what is wrong, `file` "
            "where in the source"
        ),
    ]
    rule: Annotated[str, Key("the rule that it breaks, which gives its severity")]
    leak: Annotated[
        bool,
        Key("whether it tells at the end what was lost (groups `bytes` and `objects`)"),
    ] = False
    reason: Annotated[str, REASON]

    def faults(self) -> Iterator[FileFault]:
        """Yield the groups that `begins` lacks."""
        for name in ("words", *(("bytes", "objects") if self.leak else ())):
            if name not in self.begins.groupindex:
                yield FileFault("begins", f"has no group {name!r}", f"Write (?P<{name}>...).")


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """How a report writes a line of a stack."""

    pattern: Annotated[
        re.Pattern[str],
        Key("the line, as a regular expression whose group `function` is the function's name"),
    ]
    passed_over: Annotated[
        tuple[str, ...],
        Key("globs of functions that say nothing of the defect: those of the C library and such"),
    ] = ()
    reason: Annotated[str, REASON]

    def faults(self) -> Iterator[FileFault]:
        """Yield the group that `pattern` lacks."""
        if "function" not in self.pattern.groupindex:
            yield FileFault("pattern", "has no group 'function'", "Write (?P<function>...).")


@dataclass(frozen=True, slots=True, kw_only=True)
class Masked:
    """What a report has that differs from run to run or from build to build."""

    pattern: Annotated[re.Pattern[str], Key("the text, as a regular expression")]
    word: Annotated[str, Key("what replaces it")]
    compared: Annotated[
        bool,
        Key("whether only where reports are compared, and not where one is shown"),
    ] = False
    reason: Annotated[str, REASON]


@dataclass(frozen=True, slots=True, kw_only=True)
class Handed:
    """Requests that hand standard descriptors to a device."""

    request: Annotated[re.Pattern[str], Key("the request as compact JSON, as a regular expression")]
    descriptors: Annotated[tuple[int, ...], Key("the descriptors: 0, 1, 2", some=True)]
    reason: Annotated[str, REASON]


@dataclass(frozen=True, slots=True, kw_only=True)
class Helper:
    """Functions that serve many others."""

    functions: Annotated[
        tuple[str, ...],
        Key("globs of functions: a failed check in one of them names no defect", some=True),
    ]
    reason: Annotated[str, REASON]


@dataclass(frozen=True, kw_only=True)
class StderrPart:
    """What a file says of the standard error of programs."""

    complaint: Annotated[
        tuple[ComplaintEntry, ...],
        Key("a report of a program about itself that breaks a rule while it lives"),
    ] = ()
    frame: Annotated[
        tuple[Frame, ...],
        Key("a line of a stack in a report; the functions tell one defect from another"),
    ] = ()
    masked: Annotated[
        tuple[Masked, ...],
        Key("what differs in the reports of one defect"),
    ] = ()
    handed: Annotated[
        tuple[Handed, ...],
        Key("requests after which standard descriptors are a device's, which may close them"),
    ] = ()
    helper: Annotated[
        tuple[Helper, ...],
        Key("functions that serve many others: what they check tells of their caller"),
    ] = ()


def load_complaints(path: Path) -> Complaints:
    """Return what the file `path` says; raises KnowledgeError."""
    return complaints_of(read_file(path, StderrPart).sound())


def complaints_of(part: StderrPart) -> Complaints:
    """Return the value for what a file says."""
    return Complaints(
        kinds=tuple(
            Complaint(begins=each.begins, rule=each.rule, leak=each.leak) for each in part.complaint
        ),
        frames=tuple(each.pattern for each in part.frame),
        passed_over=tuple(glob for each in part.frame for glob in each.passed_over),
        masks={each.pattern: each.word for each in part.masked if not each.compared},
        compared={each.pattern: each.word for each in part.masked if each.compared},
        handed={each.request: each.descriptors for each in part.handed},
        helpers=tuple(glob for each in part.helper for glob in each.functions),
    )
