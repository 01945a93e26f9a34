"""Tells lies about a build one by one, and says what the suite sees of each."""

from __future__ import annotations

import fnmatch
import glob
import os
import shlex
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from conformance.judge.reply import MessageJudge
from conformance.launch.folder import RunFolder
from conformance.launch.pool import Pool
from conformance.launch.target import Target, program_target
from conformance.model.case import Case
from conformance.model.terms import BROKEN
from conformance.play.engine import Engine
from conformance.prepare.cache import open_cache
from conformance.prepare.campaign import Campaign
from conformance.prepare.prepare import prepare
from conformance.prepare.selection import Selection
from conformance.qapi.validate import Validator
from tests.conftest import QEMU
from tests.lies.install import install, liar
from tests.lies.told import Entry

STORAGE_DAEMON = "/usr/bin/qemu-storage-daemon"
Broken = frozenset[tuple[str, str, str]]
"""Cases, the rules that they show to be broken, and what tells one such defect from another."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What became of a lie: the rules that it broke in the suite's eyes, and of how many cases.

    No case: the build has none that the lie's selection fits.
    """

    name: str
    killed: bool
    rules: tuple[str, ...]
    cases: int


class Bench:
    """A build, known once, behind the relay; a context manager.

    With a root file system, its programs run with its own libraries, and the relay with the host's
    interpreter.
    """

    def __init__(self, folder: Path, root: str = "", globs: tuple[str, ...] = ()) -> None:
        """Take the folder for programs.

        With `globs`, only cases that one of them fits are derived: all of them take a while.
        """
        self._folder = folder
        self._selection = Selection(globs=globs)
        self._root = os.path.abspath(root) if root else ""
        if not (folder / "lies").exists():
            install(folder)
        self._run = RunFolder()
        self._campaigns: dict[bool, Campaign] = {}
        self._truths: dict[tuple[str, bool], Broken] = {}

    def __enter__(self) -> Bench:
        self._run.__enter__()
        return self

    def __exit__(self, *_: object) -> None:
        self._run.__exit__(None, None, None)

    def truth(self, globs: Iterable[str], daemon: bool = False) -> Broken:
        """Return what is broken of the cases that fit without a lie."""
        campaign = self._known(daemon)
        cases = _chosen(campaign, globs)
        return frozenset(self._broken(campaign, self._target("truth", daemon), cases))

    def tell(self, entry: Entry) -> Seen:
        """Tell a lie until the suite sees it, or all cases that it is about are played.

        What is broken counts only if the same case does not show it of the truth.
        """
        target = self._target(entry.name, entry.daemon)
        globs = tuple(entry.cases.split())
        if entry.introspects:
            campaign = prepare(target, self._run, selection=Selection(globs=globs))
        else:
            campaign = self._known(entry.daemon)
        cases = _chosen(campaign, globs)
        wanted = set(entry.rules.split())
        found: list[str] = []
        for broken in self._broken(campaign, target, cases):
            case, rule, _ = broken
            if rule not in wanted and rule in found:
                continue
            if broken in self._true(case, entry.daemon):
                continue
            if rule in wanted:
                return Seen(entry.name, True, (rule,), len(cases))
            found.append(rule)
        return Seen(entry.name, False, tuple(found), len(cases))

    def _true(self, case: str, daemon: bool) -> Broken:
        """Return what is broken of a case without a lie."""
        if (case, daemon) not in self._truths:
            self._truths[case, daemon] = self.truth([glob.escape(case)], daemon)
        return self._truths[case, daemon]

    def _known(self, daemon: bool) -> Campaign:
        """Return what the program is that is lied about: most lies begin when it is known."""
        if daemon not in self._campaigns:
            target = self._started(program_target(self._program(daemon)))
            self._campaigns[daemon] = prepare(
                target, self._run, open_cache(), selection=self._selection
            )
        return self._campaigns[daemon]

    def _target(self, lie: str, daemon: bool) -> Target:
        target = liar(self._folder, lie, self._program(daemon))
        return replace(self._started(target), kind=self._known(daemon).target.kind)

    def _started(self, target: Target) -> Target:
        # What the environment names is shown in the sandbox.
        return replace(target, env=(("QEMU_ROOT", self._root),)) if self._root else target

    def _program(self, daemon: bool) -> str:
        path = STORAGE_DAEMON if daemon else QEMU
        return str(_rooted(self._folder, self._root, path)) if self._root else path

    def _broken(
        self, campaign: Campaign, target: Target, cases: list[Case]
    ) -> Iterator[tuple[str, str, str]]:
        schema = campaign.schema
        messages = MessageJudge(schema, Validator(schema), campaign.plan.head.events)
        with Pool(target, self._run) as pool, Engine(pool, messages) as engine:
            for result in engine.run(cases):
                if result.verdict.outcome in BROKEN:
                    for miss in result.verdict.misses:
                        yield result.case.id, miss.rule, miss.fold


def _chosen(campaign: Campaign, globs: Iterable[str]) -> list[Case]:
    wanted = tuple(globs)
    numbers = [
        number
        for number, name in enumerate(campaign.plan.ids)
        if any(fnmatch.fnmatchcase(name, each) for each in wanted)
    ]
    return list(campaign.plan.read(numbers))


def _rooted(folder: Path, root: str, path: str) -> Path:
    """Make the script that runs a program of a root with the root's libraries."""
    script = folder / f"rooted-{Path(path).name}"
    if not script.exists():
        libraries = f"{root}/lib/x86_64-linux-gnu:{root}/usr/lib/x86_64-linux-gnu"
        data = f"{root}/usr/share"
        words = [f"{root}/lib64/ld-linux-x86-64.so.2", "--library-path", libraries, root + path]
        if path == QEMU:
            words += ["-L", f"{data}/qemu", "-L", f"{data}/seabios"]
        new = script.with_suffix(f".{os.getpid()}")
        new.write_text(f'#!/bin/sh\nexec {shlex.join(words)} "$@"\n')
        new.chmod(0o755)
        new.rename(script)
    return script
