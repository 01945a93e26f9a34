"""The command `doctor`: what works on this host, for targets, and what the rest costs in cases."""

from __future__ import annotations

import argparse
import textwrap
from collections.abc import Iterable, Iterator
from functools import partial
from typing import Final

from conformance.cli.matrix import table
from conformance.cli.progress import Loudness, Progress
from conformance.cli.ready import options_of
from conformance.cli.screen import Screen
from conformance.cli.targets import add_targets
from conformance.launch.condition import engine_conditions, sandbox_caveats, sandbox_trouble
from conformance.launch.folder import RunFolder
from conformance.launch.host import capabilities
from conformance.launch.target import Target
from conformance.model.counting import counted, number
from conformance.model.errors import ConformanceError
from conformance.model.terms import ExitCode
from conformance.play.option import CommandName
from conformance.play.option_table import declare
from conformance.play.options import Options
from conformance.prepare.cache import open_cache
from conformance.prepare.campaign import Campaign
from conformance.prepare.checkup import Checkup, Missing, checkup, unmet_needs
from conformance.prepare.prepare import prepare
from conformance.prepare.targets import distinct

_NOBODY: Final = Target(name="host", program="/")
_WIDTH: Final = 100


def add(command: argparse.ArgumentParser, name: CommandName) -> None:
    """Declare the arguments and options of the command."""
    command.set_defaults(call=_doctor)
    add_targets(command, nargs="*")
    declare(name, command)


def _doctor(asked: argparse.Namespace) -> int:
    options, _ = options_of(asked)
    targets = [*distinct(options.targets)]
    with RunFolder() as folder:
        codes = [_host(folder)]
        codes += [_target(target, folder, options) for target in targets]
    if not targets:
        print("\nMissing for some cases of some builds; `doctor TARGET` counts them:")
        _show(_missing(unmet_needs(_NOBODY)))
    return max(codes)


def _host(folder: RunFolder) -> ExitCode:
    """Show what the suite itself needs of the host."""
    trouble = sandbox_trouble(folder)
    caveats = () if trouble is not None else sandbox_caveats(folder)
    rows = [("sandbox", "works" if trouble is None else f"{trouble.what}. {trouble.remedy}")]
    rows += [("", f"A program {caveat}.") for caveat in caveats]
    for engine, said in engine_conditions().items():
        told = "not on this host" if said is None else said
        rows.append((engine, f"no target can be in its images: {told}" if told else "works"))
    rows += capabilities(_NOBODY).items()
    print("This host")
    _show(rows)
    return ExitCode.CONFORMS if trouble is None else ExitCode.LAUNCH


def _target(target: Target, folder: RunFolder, options: Options) -> ExitCode:
    """Show what works for a target."""
    print(f"\n{target.name}: {target.program} in {target.place or 'the root of this host'}")
    progress = Progress(Screen(), Loudness.QUIET)
    try:
        campaign = prepare(
            target,
            folder,
            open_cache(off=not options.cached),
            selection=options.selection,
            tell=partial(progress.phase, target.name),
        )
    except ConformanceError as error:
        _show([("fails", error.what), ("what to do", error.remedy or "-")])
        return ExitCode.LAUNCH
    found = checkup(campaign, options.selection)
    _show([*_build(campaign), *_cases(found)])
    if not found.missing:
        return ExitCode.CONFORMS
    print("  What is missing for the untestable cases, how many each is missing for, what to do:")
    _show(_missing(found.missing))
    return ExitCode.FINDINGS


def _build(campaign: Campaign) -> Iterator[tuple[str, str]]:
    head, kind = campaign.plan.head, campaign.target.kind
    version = ".".join(map(str, head.version))
    words = filter(None, (head.package, head.arch))
    yield "starts", f"{kind} {version} {' '.join(f'({word})' for word in words)}".strip()
    if not kind.flavour.single:
        yield "greets", "yes, and negotiates"
    if kind.flavour.introspects:
        names = head.schema
        yield (
            "schema",
            f"{counted(len(names.commands), 'command')}, {counted(len(names.events), 'event')}",
        )
    else:
        yield "schema", "none: this kind of program does not tell it"
    yield "source", head.documentation or "no digest of this release: fewer checks"
    for each in campaign.deaths:
        said = each.death.stderr.strip().rpartition("\n")[2] or f"status {each.death.status}"
        yield "dies", f"a machine ended before its greeting: {said}"


def _cases(found: Checkup) -> Iterator[tuple[str, str]]:
    left = sum(found.left_out.values())
    yield "cases", f"{number(found.cases)}, of which {number(found.cases - left)} can be played"
    for outcome, count in sorted(found.left_out.items()):
        yield "", f"{number(count)} {outcome}"


def _missing(missing: Iterable[Missing]) -> Iterator[tuple[str, str]]:
    for each in missing:
        count = "" if each.cases is None else counted(each.cases, "case")
        yield count, f"{each.reason}. {each.remedy}".strip()


def _show(rows: Iterable[tuple[str, str]]) -> None:
    lines = []
    for name, text in rows:
        first, *more = textwrap.wrap(text, _WIDTH, break_on_hyphens=False) or [""]
        lines += [(name, first), *(("", line) for line in more)]
    for line in table([("", ""), *lines]):
        if line:
            print(f"  {line}")
