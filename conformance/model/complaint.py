"""What a program must not do to its standard descriptors, as values; reads none."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final


@dataclass(frozen=True, slots=True, kw_only=True)
class Complaint:
    """A kind of report of a program about itself, and the rule that a report breaks.

    `begins` fits the first line of a report; its group `words` is what is wrong, and `file`, if
    there is one, where in the source. Of a `leak`, the groups `bytes` and `objects` count what is
    lost: one report proves nothing.
    """

    begins: re.Pattern[str]
    rule: str
    leak: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Complaints:
    """All kinds of complaints, and what identifies a report in any run.

    `frames` fit a line of a stack; the group `function` is the name. `passed_over` are globs of
    functions that say nothing of the defect. `masks` fit what differs from run to run, `compared`
    what differs between builds besides, each with the word that replaces it. `handed` fit requests
    that hand standard descriptors, by number, to a device, which may close them. `helpers` are
    globs of functions that serve so many others that a failed check in one names no defect.
    """

    kinds: tuple[Complaint, ...] = ()
    frames: tuple[re.Pattern[str], ...] = ()
    passed_over: tuple[str, ...] = ()
    masks: Mapping[re.Pattern[str], str] = field(default_factory=dict)
    compared: Mapping[re.Pattern[str], str] = field(default_factory=dict)
    handed: Mapping[re.Pattern[str], tuple[int, ...]] = field(default_factory=dict)
    helpers: tuple[str, ...] = ()


NO_COMPLAINTS: Final = Complaints()
"""Those of who reads no standard error."""
