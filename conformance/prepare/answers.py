"""A build's answers, from the cache if it has them, else from the build.

Loads the modules that ask a build or read its answers only on demand.
"""

from __future__ import annotations

import hashlib
import os
import zlib
from collections.abc import Callable, Sequence
from dataclasses import asdict
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from conformance.launch.environment import diagnostics
from conformance.launch.folder import RunFolder
from conformance.launch.host import bearing
from conformance.launch.loaded import Unknowable, made_of
from conformance.launch.target import Target, host_path
from conformance.model.canonical import digest
from conformance.prepare.cache import Cache, suite_digest
from conformance.prepare.starts import StartDeath

if TYPE_CHECKING:
    from conformance.prepare.asking import Answers

LIMIT: Final = 30.0
"""Seconds for one reply; the longest one, the schema, takes a tenth of a second."""
_KIND: Final = "answers"
_WHOLE, _LOST = b".", b"?"
"""The prefix of an entry's key, and that for a build that some query has ended."""
_UNHEARD: Final = (
    *("name", "schema", "cases", "spelling", "kind", "withheld", "as_root"),
    *("select", "image", "engine", "container"),
)
"""The parts of a target that change no answer: words for people, and answers themselves."""


class Answered:
    """The answers of a build, read on demand.

    `digest` identifies them; it is None if nothing that is made of them is to be kept.
    """

    def __init__(self, answers: Answers | None, body: bytes = b"") -> None:
        """Take the answers, or the bytes that hold them, or both."""
        self._answers = answers
        self.body = body
        """The bytes that hold them, none if they are in memory alone."""
        self.digest = hashlib.sha256(body).hexdigest() if body else None

    @property
    def answers(self) -> Answers:
        """The answers."""
        if self._answers is None:
            from conformance.prepare.asking import unpacked

            self._answers = unpacked(self.body)
        return self._answers

    @property
    def deaths(self) -> tuple[StartDeath, ...]:
        """The machines that died during the introspection; answers are kept only if none did."""
        found = self._answers.found if self._answers is not None else None
        return found.deaths if found is not None else ()

    def entries(self) -> Callable[[], Sequence[Any]]:
        """Return a function that gives the schema as the build sent it, empty without one.

        It holds little else: an object model takes a hundred megabytes.
        """
        if self.body:
            return partial(_entries, self.body)
        found = self.answers.found
        entries: Sequence[Any] = found.schema if found is not None else ()
        return lambda: entries


def _entries(body: bytes) -> Sequence[Any]:
    found = Answered(None, body).answers.found
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
    """Return a build's answers, new or from the cache; raises LaunchError.

    The build has `limit` seconds for each reply. `tell` gets the current step, in a word or two.
    """
    tell("identifying it")
    key = _key(target, thorough=thorough) if cache.kept else None
    entry = cache.get(_KIND, key) if key is not None else None
    if entry is not None and entry.startswith(_WHOLE):
        return Answered(None, entry[1:])
    from conformance.prepare.asking import ask, complete, packed, unpacked

    if key is not None and entry is not None:
        try:
            answers = complete(unpacked(entry[1:]), target, folder, limit)
            return Answered(answers, packed(answers) if answers.sound else b"")
        except (zlib.error, ValueError) as error:
            cache.drop(_KIND, key, f"cannot be understood ({error})"[:200])
    answers = ask(target, folder, thorough=thorough, limit=limit, tell=tell)
    if not cache.kept or not answers.sound:
        return Answered(answers)
    body = packed(answers)
    # Keep no answers if a file was replaced during the introspection. What is planned by them may
    # be kept all the same: it depends on what was answered, and not on who answered it.
    if key is not None and _key(target, thorough=thorough) == key:
        cache.put(_KIND, key, (_LOST if answers.lost else _WHOLE) + body)
    # Read back: equal parts of an object model become one, and it takes a third of the memory.
    return Answered(None, body)


def _key(target: Target, *, thorough: bool) -> str | None:
    """Return a hash of everything that the answers depend on, None if that is unknown."""
    try:
        # Of an image, the id says it all; numbers and times of files are those of a container.
        files = () if target.container else made_of(target)
        with host_path(target).open("rb") as program:
            content = hashlib.file_digest(program, "sha256").hexdigest()
    except (Unknowable, OSError):
        return None
    words = {name: text for name, text in asdict(target).items() if name not in _UNHEARD}
    root: object = target.identity
    if target.container:
        words["rootfs"] = ""
    else:
        found = os.stat(target.rootfs or "/")
        root = [found.st_dev, found.st_ino]
    return digest(
        [
            suite_digest(),
            content,
            files,
            words,
            root,
            [os.geteuid() == 0, thorough],
            bearing(target),
            diagnostics(),
        ]
    )
