"""Asks a build of any kind what it is and has; keeps nothing."""

from __future__ import annotations

import json
import zlib
from collections.abc import Callable
from dataclasses import dataclass, replace

from conformance.knowledge.guest_agent_blocklist import Withheld, load_withheld
from conformance.knowledge.machines import load_walk
from conformance.knowledge.store import cases_folder
from conformance.launch.build import Build, identify
from conformance.launch.folder import RunFolder
from conformance.launch.pool import Pool
from conformance.launch.target import Target
from conformance.model.codec import Codec
from conformance.prepare.described import Served, ask_served
from conformance.prepare.introspect import Introspection, ask_again, find_usable, introspect
from conformance.qapi.qom import Property


@dataclass(frozen=True, slots=True, kw_only=True)
class Answers:
    """A build and its answers; for a program without a schema, its list of commands."""

    build: Build
    found: Introspection | None = None
    served: Served | None = None

    @property
    def sound(self) -> bool:
        """Whether nothing is faulty and each machine started; if not, everything is asked again.

        Queries that ended the build are not part of it, and are always asked again.
        """
        if self.found is None:
            return True
        faulty = self.found.model.faults or self.found.deaths
        return not faulty and not find_usable(self.found.schema).faults

    @property
    def lost(self) -> bool:
        """Whether a query has ended the build."""
        return self.found is not None and bool(self.found.model.lost)


def ask(
    target: Target,
    folder: RunFolder,
    *,
    thorough: bool,
    limit: float,
    tell: Callable[[str], None],
) -> Answers:
    """Return a build's answers, with `limit` seconds for each reply; raises LaunchError."""
    build = identify(target, folder, limit=limit)
    tell("introspecting it")
    target = replace(target, kind=build.kind, as_root=build.as_root)
    if build.kind.flavour.introspects:
        walk = load_walk(cases_folder() / "machines.toml")
        with Pool(target, folder) as pool:
            # What the program's name says is held against its answers, and not taken from them.
            unnamed = build.arch is None
            found = introspect(pool, walk, thorough=thorough, asks_arch=unnamed, limit=limit)
        return Answers(build=replace(build, arch=build.arch or found.arch), found=found)
    withheld = load_withheld().get(build.kind, Withheld())
    with Pool(replace(target, withheld=withheld.refused()), folder) as pool:
        served = ask_served(pool, build.kind.flavour.roster)
    return Answers(build=build, served=served)


def complete(answers: Answers, target: Target, folder: RunFolder, limit: float) -> Answers:
    """Return kept answers, after asking again the queries that had ended the build."""
    assert answers.found is not None, "who lists commands loses nothing"
    build = answers.build
    target = replace(target, kind=build.kind, as_root=build.as_root)
    with Pool(target, folder) as pool:
        return replace(answers, found=ask_again(pool, answers.found, limit=limit))


def packed(answers: Answers) -> bytes:
    """Return sound answers as bytes."""
    codec = _codec()
    text = codec.text(answers)
    return zlib.compress(f"[{codec.table},{text}]".encode(), 1)


def unpacked(body: bytes) -> Answers:
    """Return the answers in bytes; raises zlib.error or ValueError."""
    codec = _codec()
    try:
        table, answers = json.loads(zlib.decompress(body))
    except TypeError as error:
        raise ValueError(f"no answers: {error}") from error
    codec.load(table)
    return codec.read(answers)


def _codec() -> Codec[Answers]:
    """Return a codec for answers: objects of all machines are alike, and have the same values."""
    return Codec(Answers, shared=(Property, tuple[Property, ...]))
