"""Makes the targets of a run ready; a failure loses only its own target.

Knows neither where a run is recorded nor what becomes of its cases.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from conformance.launch.folder import RunFolder
from conformance.launch.target import Target, image_label, label
from conformance.model.canonical import canonical
from conformance.model.errors import (
    ConformanceError,
    HarnessError,
    HostError,
    LaunchError,
    UsageError,
)
from conformance.model.terms import ExitCode
from conformance.prepare.cache import Cache
from conformance.prepare.campaign import Campaign
from conformance.prepare.faults import told
from conformance.prepare.prepare import prepare, warned
from conformance.prepare.selection import Selection
from conformance.report.stream import Event, TargetLost, to_json


@dataclass(frozen=True, slots=True)
class Prepared:
    """The targets that are ready, and the lost ones with the reasons."""

    campaigns: tuple[Campaign, ...]
    lost: tuple[TargetLost, ...]
    errors: tuple[ConformanceError, ...]

    def codes(self, skip: int | None) -> list[ExitCode]:
        """Return the exit codes of the lost targets.

        There are none where `skip` stands for them: with it, if all lack something of this host.
        """
        if skip is not None and all(isinstance(each, HostError) for each in self.errors):
            return []
        return [ExitCode(error.exit_code) for error in self.errors]

    @property
    def error(self) -> ConformanceError | None:
        """The error if no target is left, else None."""
        if self.campaigns or not self.errors:
            return None
        return self.errors[0] if len(self.errors) == 1 else _all_lost(self.lost, self.errors)


def prepare_all(
    targets: Sequence[Target],
    folder: RunFolder,
    cache: Cache,
    *,
    selection: Selection,
    tell: Callable[[str, str], None],
) -> Prepared:
    """Ask each build once and plan its cases, and save the files for other processes in `folder`.

    Plans may have only the selected cases. `tell` gets the name of each target and its current
    step.
    """
    campaigns: list[Campaign] = []
    lost: list[TargetLost] = []
    errors: list[ConformanceError] = []
    for target in targets:
        try:
            step = partial(tell, target.name)
            campaign = prepare(target, folder, cache, selection=selection, tell=step)
            campaign = replace(campaign, caveats=warned(campaign.target, folder))
            # Prove that its cases can be planned and written.
            rows: tuple[Event, ...] = (*campaign.rows(), *campaign.rule_rows())
            for event in (campaign.started(0), *rows):
                canonical(to_json(event))
            campaign.save(folder.path, f"campaign-{len(campaigns):04}")
        except Exception as error:  # of any kind: the others are tested all the same
            errors.append(told(error))
            lost.append(_lost(target, errors[-1]))
        else:
            campaigns.append(campaign)
    return Prepared(tuple(campaigns), tuple(lost), tuple(errors))


def distinct(targets: Sequence[Target]) -> Iterator[Target]:
    """Yield the targets with unique names: the root distinguishes equal ones."""
    names = Counter(target.name for target in targets)
    used: set[str] = set()
    for target in targets:
        name = target.name
        if names[name] > 1:
            place = image_label(target.image) if target.image else label(Path(target.rootfs).name)
            name = f"{name}@{place or 'host'}"
        if name in used:
            raise UsageError(
                f"two targets are named {target.name}: {target.spelling} is the second",
                "Give each a name of its own: NAME=PATH, or `name` in a target file.",
            )
        used.add(name)
        yield replace(target, name=name)


def _lost(target: Target, error: ConformanceError) -> TargetLost:
    return TargetLost(
        target=target.name,
        spelling=target.spelling,
        program=target.program,
        what=error.what,
        remedy=error.remedy,
    )


def _all_lost(lost: Sequence[TargetLost], errors: Sequence[ConformanceError]) -> ConformanceError:
    worst = max(errors, key=lambda error: error.exit_code)
    said = "; ".join(f"{each.target}: {each.what}" for each in lost)
    what = f"not one of {len(lost)} targets can be tested: {said}"
    if all(isinstance(error, HostError) for error in errors):
        return HostError(what, worst.remedy)
    kinds = (UsageError, LaunchError, HarnessError)
    kind = next(each for each in kinds if each.exit_code == worst.exit_code)
    return kind(what, worst.remedy)
