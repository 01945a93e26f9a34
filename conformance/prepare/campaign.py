"""One target made ready: identified, introspected once, its cases derived and selected.

What the first process of a run has found out is handed to the others as JSON, so that each build
is asked once.
"""

from __future__ import annotations

import fnmatch
import gc
import json
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import cache, cached_property
from pathlib import Path
from typing import Any

from conformance.align.alignment import align
from conformance.align.widths import with_widths
from conformance.derive.inputs import Facts, Introspected, Knowledge
from conformance.derive.plan import Plan, plan
from conformance.digest.objectmodel import object_model
from conformance.knowledge.absences import load_absences
from conformance.knowledge.check import read_cases
from conformance.knowledge.commands import CommandsPart, commands_of, ranges_of
from conformance.knowledge.dangers import load_dangers
from conformance.knowledge.defaults import load_showings
from conformance.knowledge.digests import SEED, load_digest
from conformance.knowledge.events import load_events
from conformance.knowledge.examples import load_examples
from conformance.knowledge.exchanges import load_exchanges
from conformance.knowledge.gathering import read_folder
from conformance.knowledge.guest_agent_blocklist import Withheld, load_withheld
from conformance.knowledge.intermittent import load_intermittent
from conformance.knowledge.machines import load_coupled, load_stand_ins, load_walk
from conformance.knowledge.naming import load_naming
from conformance.knowledge.ranges import needs_of
from conformance.knowledge.recipes import load_recipes
from conformance.knowledge.rules import Means, Rule, load_rules
from conformance.knowledge.store import cases_folder
from conformance.knowledge.untyped_arguments import load_unchecked
from conformance.launch.build import Build, identify
from conformance.launch.folder import RunFolder
from conformance.launch.host import probe
from conformance.launch.machine import qemu_argv
from conformance.launch.pool import Pool
from conformance.launch.program import monitor_on_stdio
from conformance.launch.sandbox import caveats
from conformance.launch.target import Target
from conformance.model.canonical import canonical, digest
from conformance.model.case import Case
from conformance.model.errors import LaunchError, UsageError
from conformance.model.flavour import Program
from conformance.model.stage import SCRATCH, MachineSpec
from conformance.prepare.case_names import near_globs, near_ids
from conformance.prepare.described import NO_OBJECTS, ask_served, described, unasked
from conformance.prepare.introspect import LIMIT, find_usable, introspect
from conformance.prepare.source import find_facts, load_facts, save_facts, words
from conformance.prepare.starts import StartDeath
from conformance.qapi.introspection import Examined
from conformance.qapi.qom import ObjectModel, model_from_json, model_to_json
from conformance.report.stream import RowPlanned, RulePlanned, TargetStarted


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """Which cases of a run are wanted: those that one of `globs` fits, all where there is none.

    `shard` is (number from 1, of how many): subjects are dealt out by their names.
    """

    globs: tuple[str, ...] = ()
    shard: tuple[int, int] = (1, 1)
    thorough: bool = False

    def wants(self, case: Case) -> bool:
        """Return whether the case is selected."""
        number, count = self.shard
        if count > 1 and int(digest(case.subject.name)[:8], 16) % count != number - 1:
            return False
        return not self.globs or any(_fits(case.id, glob) for glob in self.globs)


def _fits(case_id: str, glob: str) -> bool:
    return fnmatch.fnmatchcase(case_id, glob)


@dataclass(frozen=True, kw_only=True)
class Campaign:
    """A target, what it is, what it says of itself, and what its host lacks."""

    target: Target
    build: Build
    package: str
    entries: Sequence[Any]
    introspected: Introspected
    knowledge: Knowledge
    rules: Mapping[str, Rule]
    caveats: tuple[str, ...] = ()
    deaths: tuple[StartDeath, ...] = ()
    """The machines that died before they greeted while the build was asked what it is."""

    @cached_property
    def plan(self) -> Plan:
        """All cases of the build and its rows."""
        # Some million objects are made, and nearly all are kept: to look among them for garbage
        # takes a fifth of the time.
        enabled = gc.isenabled()
        gc.disable()
        try:
            return plan(self.introspected, self.knowledge)
        finally:
            if enabled:
                gc.enable()

    @property
    def command_line(self) -> tuple[str, ...]:
        """QEMU's own command line, with QMP on standard input and output."""
        stdio = monitor_on_stdio(self.target.kind)
        return qemu_argv(self.target, MachineSpec(), SCRATCH, stdio)

    def started(self, cases: int) -> TargetStarted:
        """Return the event that opens the target in the stream."""
        return TargetStarted(
            target=self.target.name,
            spelling=self.target.spelling,
            program=self.target.program,
            version=".".join(map(str, self.introspected.version)),
            package=self.package or self.build.package,
            arch=self.build.arch,
            sha256=self.build.sha256,
            schema_sha256=digest(sorted(self.entries, key=canonical)),
            launcher=_launcher(self.target, self.caveats),
            documentation=words(self.introspected.facts, self.target.schema),
            command_line=self.command_line,
            cases=cases,
        )

    def rows(self) -> tuple[RowPlanned, ...]:
        """Return the events that give each subject its row."""
        return tuple(
            RowPlanned(
                target=self.target.name,
                subject_kind=row.subject.kind,
                subject=row.subject.name,
                note=row.note,
                members=row.members,
                left_out=row.left_out,
                blocked=row.blocked,
            )
            for row in self.plan.rows
        )

    def rule_rows(self) -> tuple[RulePlanned, ...]:
        """Return the events that give each rule its row."""
        return tuple(
            RulePlanned(
                target=self.target.name,
                rule=rule.id,
                promise=rule.promise,
                severity=rule.severity,
                throughout=rule.means is Means.MESSAGES,
                note=rule.remark(self.introspected.version),
            )
            for rule in self.rules.values()
        )

    def save(self, path: Path) -> None:
        """Write what the other processes of the run need to `path`."""
        value = {
            "target": asdict(self.target),
            "build": asdict(self.build),
            "caveats": self.caveats,
            "package": self.package,
            "entries": self.entries,
            "version": self.introspected.version,
            "model": model_to_json(self.introspected.model),
            "lacks": dict(self.introspected.lacks),
            "facts": save_facts(
                self.introspected.facts, self.target.schema, self.introspected.program
            ),
            "unserved": sorted(self.introspected.unserved),
            "without": dict(self.introspected.without),
            "thorough": self.introspected.thorough,
        }
        path.write_text(json.dumps(value))


def load_knowledge(cases: Sequence[str] = ()) -> Knowledge:
    """Return what ships with the suite, and before it what stands in the folders `cases`.

    Raises KnowledgeError.
    """
    folder = cases_folder()
    more = read_cases([Path(each) for each in cases])
    commands = [*more, *read_folder(folder / "commands", CommandsPart)]
    return Knowledge(
        recipes=load_recipes(folder / "objects", more),
        commands=commands_of(commands),
        showings=load_showings(folder / "defaults.toml", more),
        examples=load_examples(folder / "examples.toml", more),
        exchanges=load_exchanges(folder / "exchanges", more),
        events=load_events(folder / "events", more),
        ranges=ranges_of(commands),
        unchecked=load_unchecked(more=more),
        seed=object_model(load_digest(SEED).schemas[Program.SYSTEM]),
        naming=load_naming(folder / "naming.toml", more),
        dangers=load_dangers(more=more),
        stand_ins=load_stand_ins(folder / "machines.toml", more),
        coupled=load_coupled(folder / "machines.toml", more),
        absences=load_absences(folder / "absences.toml", more),
        intermittent=load_intermittent(folder / "intermittent.toml", more),
    )


Tell = Callable[[str], None]
"""Gets what is done with a target, for whoever waits for it."""


def _unheard(_: str) -> None:
    """Tell nobody."""


def prepare(
    target: Target,
    folder: RunFolder,
    *,
    thorough: bool = False,
    limit: float = LIMIT,
    tell: Tell = _unheard,
) -> Campaign:
    """Identify and introspect a target; raises LaunchError, which names the entry of a file.

    It has `limit` seconds for each answer.  `tell` gets what is done, in a word or two.
    """
    try:
        return _prepare(target, folder, thorough=thorough, limit=limit, tell=tell)
    except LaunchError as error:
        if ".toml:" not in target.spelling:
            raise
        raise LaunchError(f"{target.spelling}: {error.what}", error.remedy) from error


def _prepare(
    target: Target, folder: RunFolder, *, thorough: bool, limit: float, tell: Tell
) -> Campaign:
    tell("identifying it")
    build = identify(target, folder, limit=limit)
    tell("introspecting it")
    target = replace(target, kind=build.kind, as_root=build.as_root)
    if not build.kind.flavour.introspects:
        return _prepare_described(target, build, folder, thorough=thorough)
    program = build.kind
    knowledge = load_knowledge(target.cases)
    with Pool(target, folder) as pool:
        found = introspect(pool, _walk(), thorough=thorough, limit=limit)
    usable = find_usable(found.schema)
    needs = {
        *knowledge.recipes.needs(),
        *knowledge.examples.needs(),
        *knowledge.events.needs(),
        *(need for exchange in knowledge.exchanges for need in exchange.needs),
        *needs_of(knowledge.ranges),
        *knowledge.commands.needs(),
    }
    lacks = _lacks(needs, target, found.model)
    return Campaign(
        target=target,
        build=build,
        package=found.package,
        entries=found.schema,
        introspected=_aligned(
            find_facts(target.schema, found.version, program),
            program=program,
            arch=build.arch,
            unserved=frozenset(found.unserved),
            version=found.version,
            usable=usable,
            entries=found.schema,
            model=found.model,
            lacks=lacks,
            sandboxed=target.sandbox,
            thorough=thorough,
        ),
        knowledge=knowledge,
        rules=load_rules(),
        caveats=_warned(target, folder),
        deaths=found.deaths,
    )


def _prepare_described(
    target: Target, build: Build, folder: RunFolder, *, thorough: bool
) -> Campaign:
    """Prepare a target that tells no schema: only the source of just its release counts."""
    program = build.kind
    withheld = load_withheld().get(program, Withheld())
    target = replace(target, withheld=withheld.refused())
    facts = find_facts(target.schema, build.version, program)
    facts = facts if facts is not None and facts.exact else None
    with Pool(target, folder) as pool:
        served = ask_served(pool, build.kind.flavour.roster)
    knowledge = load_knowledge(target.cases)
    without = unasked(facts, served, withheld)
    return Campaign(
        target=replace(target, withheld=withheld.refused(served.listed)),
        build=build,
        package=build.package,
        entries=(),
        introspected=Introspected(
            facts=facts,
            program=program,
            version=build.version,
            schema=described(facts, without),
            model=NO_OBJECTS,
            lacks=_lacks(knowledge.commands.needs(), target, NO_OBJECTS),
            arch=build.arch,
            sandboxed=target.sandbox,
            without=without,
            thorough=thorough,
        ),
        knowledge=knowledge,
        rules=load_rules(),
        caveats=_warned(target, folder),
    )


def load(path: Path) -> Campaign:
    """Return the campaign that another process of the run has saved at `path`."""
    value = json.loads(path.read_text())
    target = {**value["target"], "args": tuple(value["target"]["args"])}
    target["kind"] = kind = Program(target["kind"])
    target["cases"] = tuple(value["target"].get("cases", ()))
    target["withheld"] = tuple(value["target"]["withheld"])
    target["env"] = tuple((name, text) for name, text in value["target"]["env"])
    build = {**value["build"], "version": tuple(value["build"]["version"])}
    build["kind"] = kind
    return Campaign(
        target=Target(**target),
        build=Build(**build),
        package=value["package"],
        entries=value["entries"],
        introspected=_loaded(value, kind),
        knowledge=load_knowledge(target["cases"]),
        rules=load_rules(),
        caveats=tuple(value["caveats"]),
    )


def _loaded(value: Mapping[str, Any], kind: Program) -> Introspected:
    facts = load_facts(value["facts"], kind)
    more: dict[str, Any] = {
        "program": kind,
        "arch": value["build"]["arch"],
        "version": tuple(value["version"]),
        "model": model_from_json(value["model"]),
        "lacks": value["lacks"],
        "sandboxed": value["target"]["sandbox"],
        "thorough": value["thorough"],
    }
    if not kind.flavour.introspects:
        without = value["without"]
        return Introspected(facts=facts, schema=described(facts, without), without=without, **more)
    return _aligned(
        facts,
        unserved=frozenset(value["unserved"]),
        usable=find_usable(value["entries"]),
        entries=value["entries"],
        **more,
    )


def _aligned(facts: Facts | None, *, usable: Examined, **more: Any) -> Introspected:
    """Return what is known of a build, its schema brought beside the source of its release.

    Of a schema that contradicts itself, nothing is held against the source: what is left out of
    it would seem to be missing from the build.
    """
    schema = usable.schema
    if facts is None or usable.faults:
        return Introspected(schema=schema, faults=usable.faults, **more)
    alignment = align(facts.entities, schema)
    typed = with_widths(schema, alignment, facts.entities)
    if facts.exact:
        return Introspected(facts=facts, schema=typed, alignment=alignment, **more)
    return Introspected(facts=facts, schema=schema, older=typed, **more)


def find_case(campaign: Campaign, case_id: str) -> Case:
    """Return the case of that id; raises UsageError that names the nearest ones."""
    cases = {case.id: case for case in campaign.plan.cases}
    if case_id in cases:
        return cases[case_id]
    raise UsageError(f"{campaign.target.name} has no case {case_id}", near_ids(case_id, cases))


def check_selection(
    selection: Selection, campaigns: Iterable[Campaign], *, lenient: bool = False
) -> tuple[str, ...]:
    """Return the globs that fit no case of any target.

    Raises UsageError where that is all of them, unless `lenient`.
    """
    ids = [case.id for campaign in campaigns for case in campaign.plan.cases]
    unfit = tuple(glob for glob in selection.globs if not fnmatch.filter(ids, glob))
    if unfit and len(unfit) == len(selection.globs) and not lenient:
        told = ", ".join(map(repr, unfit))
        raise UsageError(f"no case fits {told}", near_globs(unfit[0], ids))
    return unfit


def _walk() -> Mapping[str, str]:
    return load_walk(cases_folder() / "machines.toml")


def _lacks(needs: Iterable[str], target: Target, model: ObjectModel) -> dict[str, str]:
    """Return why each need is not met: the build answers for its types, the host for the rest."""
    lacks = {}
    for need in sorted(needs):
        kind, _, argument = need.partition(":")
        if kind == "type":
            reason = None if argument in model.by_name else f"this build has no type {argument}"
        elif kind == "property":
            owner, _, name = argument.partition(".")
            found = any(item.name == name for item in model.properties.get(owner, ()))
            reason = None if found else f"this build has no property {argument}"
        else:
            reason = probe(need, target)
        if reason:
            lacks[need] = reason
    return lacks


def _launcher(target: Target, told: Sequence[str]) -> str:
    where = f"root file system {target.rootfs}" if target.rootfs else "program of the host"
    return "; ".join((f"{where}, {'bubblewrap' if target.sandbox else 'no sandbox'}", *told))


def _warned(target: Target, folder: RunFolder) -> tuple[str, ...]:
    """Return what the sandbox does not keep from the host, and say so once."""
    if not target.sandbox:
        return ()
    found = caveats(target, folder.mounts)
    for caveat in found:
        _warn(f"{target.program} {caveat}.")
    return found


@cache
def _warn(text: str) -> None:
    print(f"qmp-conformance: {text}", file=sys.stderr)
