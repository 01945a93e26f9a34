"""What a build answered when it was asked what it is and has, or did so before; derives nothing.

The answers of a build that is asked again are taken from the user's cache, as long as nothing has
changed that they depend on.
"""

from __future__ import annotations

import functools
import hashlib
import json
import os
import zlib
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Final

from conformance.knowledge.guest_agent_blocklist import Withheld, load_withheld
from conformance.knowledge.machines import load_walk
from conformance.knowledge.store import cases_folder
from conformance.launch.build import Build, identify
from conformance.launch.folder import RunFolder
from conformance.launch.host import bearing
from conformance.launch.loaded import Unknowable, made_of
from conformance.launch.pool import Pool
from conformance.launch.target import Target, host_path
from conformance.model.canonical import digest
from conformance.model.codec import Codec
from conformance.prepare.cache import Cache, suite_digest
from conformance.prepare.described import Served, ask_served
from conformance.prepare.introspect import LIMIT, Introspection, ask_again, find_usable, introspect
from conformance.prepare.starts import StartDeath

_KIND: Final = "answers"
_WHOLE, _LOST = b".", b"?"
"""How the bytes of answers begin, and of those of which something ended the build."""
_UNHEARD: Final = ("name", "schema", "spelling", "kind", "withheld", "as_root")
"""What of a target changes no answer: words for people, and what is an answer itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answers:
    """Which build it is, and what it said: one that tells no schema lists its commands."""

    build: Build
    found: Introspection | None = None
    served: Served | None = None

    @property
    def sound(self) -> bool:
        """Whether nothing in it is faulty, and each machine started: else all is asked again.

        What ended the build when it was asked is not in it, and is asked again in any case.
        """
        if self.found is None:
            return True
        faulty = self.found.model.faults or self.found.deaths
        return not faulty and not find_usable(self.found.schema).faults


class Answered:
    """The answers of a build, read when they are asked for.

    `digest` tells them from others, "" where they are not to be kept.
    """

    def __init__(self, answers: Answers | None, body: bytes = b"") -> None:
        """Take the answers, or the bytes that hold them, or both."""
        self._answers = answers
        self._body = body
        self.digest = hashlib.sha256(body).hexdigest() if body else ""

    @property
    def answers(self) -> Answers:
        """The answers."""
        if self._answers is None:
            self._answers = _unpacked(self._body)
        return self._answers

    @property
    def deaths(self) -> tuple[StartDeath, ...]:
        """The machines that died while it was asked now; of none that did, answers are kept."""
        found = self._answers.found if self._answers is not None else None
        return found.deaths if found is not None else ()

    def entries(self) -> Sequence[Any]:
        """Return the schema as the build gave it, empty where it tells none."""
        found = self.answers.found
        return found.schema if found is not None else ()


def answered(
    target: Target,
    folder: RunFolder,
    cache: Cache,
    *,
    thorough: bool,
    limit: float = LIMIT,
    tell: Callable[[str], None],
) -> Answered:
    """Return what a build answers, or has answered before; raises LaunchError.

    It has `limit` seconds for each answer.  `tell` gets what is done, in a word or two.
    """
    tell("identifying it")
    key = _key(target, thorough=thorough) if cache.kept else ""
    body = cache.get(_KIND, key) if key else None
    if body is not None:
        if not body.startswith(_LOST):
            return Answered(None, body)
        try:
            return _completed(_unpacked(body), target, folder, limit)
        except (zlib.error, ValueError) as error:
            cache.drop(_KIND, key, f"cannot be understood ({error})"[:200])
    build = identify(target, folder, limit=limit)
    tell("introspecting it")
    answers = _asked(target, build, folder, thorough=thorough, limit=limit)
    # Nothing may have been replaced while it was asked.
    if not (key and answers.sound and _key(target, thorough=thorough) == key):
        return Answered(answers)
    body = _packed(answers)
    cache.put(_KIND, key, body)
    return Answered(answers, body)


def _asked(
    target: Target, build: Build, folder: RunFolder, *, thorough: bool, limit: float
) -> Answers:
    target = replace(target, kind=build.kind, as_root=build.as_root)
    if build.kind.flavour.introspects:
        walk = load_walk(cases_folder() / "machines.toml")
        with Pool(target, folder) as pool:
            found = introspect(pool, walk, thorough=thorough, limit=limit)
        return Answers(build=build, found=found)
    withheld = load_withheld().get(build.kind, Withheld())
    with Pool(replace(target, withheld=withheld.refused()), folder) as pool:
        served = ask_served(pool, build.kind.flavour.roster)
    return Answers(build=build, served=served)


def _completed(answers: Answers, target: Target, folder: RunFolder, limit: float) -> Answered:
    """Return answers that were kept, with what had ended the build then asked once more."""
    assert answers.found is not None, "who lists commands loses nothing"
    build = answers.build
    target = replace(target, kind=build.kind, as_root=build.as_root)
    with Pool(target, folder) as pool:
        found = ask_again(pool, answers.found, limit=limit)
    answers = replace(answers, found=found)
    return Answered(answers, _packed(answers) if answers.sound else b"")


def _packed(answers: Answers) -> bytes:
    lost = answers.found is not None and answers.found.model.lost
    text = json.dumps(_codec().write(answers)).encode()
    return (_LOST if lost else _WHOLE) + zlib.compress(text, 1)


def _unpacked(body: bytes) -> Answers:
    """Return the answers that bytes hold; raises zlib.error or ValueError."""
    return _codec().read(json.loads(zlib.decompress(body[1:])))


def _key(target: Target, *, thorough: bool) -> str:
    """Return what the answers depend on as one word, "" where that cannot be told."""
    try:
        files = made_of(target)
        with host_path(target).open("rb") as program:
            content = hashlib.file_digest(program, "sha256").hexdigest()
    except (Unknowable, OSError):
        return ""
    words = {name: text for name, text in asdict(target).items() if name not in _UNHEARD}
    root = os.stat(target.rootfs or "/")
    return digest(
        [
            suite_digest(),
            content,
            files,
            words,
            [root.st_dev, root.st_ino],
            [os.geteuid() == 0, thorough],
            bearing(target),
        ]
    )


@functools.cache
def _codec() -> Codec[Answers]:
    return Codec(Answers)
