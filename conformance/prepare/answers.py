"""What a build answered, now or before: whoever asks again is told what was kept in the cache.

Loads what asks a build, or reads what it answered, only where that is needed.
"""

from __future__ import annotations

import hashlib
import os
import zlib
from collections.abc import Callable, Sequence
from dataclasses import asdict
from functools import partial
from typing import TYPE_CHECKING, Any, Final

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
"""Seconds for one answer; the longest one, the schema, takes a tenth of one."""
_KIND: Final = "answers"
_WHOLE, _LOST = b".", b"?"
"""How an entry begins, and one of a build that some question has ended."""
_UNHEARD: Final = ("name", "schema", "cases", "spelling", "kind", "withheld", "as_root")
"""What of a target changes no answer: words for people, and what is an answer itself."""


class Answered:
    """The answers of a build, read when they are asked for.

    `digest` tells them from others, None where they are not to be kept.
    """

    def __init__(self, answers: Answers | None, body: bytes = b"") -> None:
        """Take the answers, or the bytes that hold them, or both."""
        self._answers = answers
        self._body = body
        self.digest = hashlib.sha256(body).hexdigest() if body else None

    @property
    def answers(self) -> Answers:
        """The answers."""
        if self._answers is None:
            from conformance.prepare.asking import unpacked

            self._answers = unpacked(self._body)
        return self._answers

    @property
    def deaths(self) -> tuple[StartDeath, ...]:
        """The machines that died while it was asked now; of none that did, answers are kept."""
        found = self._answers.found if self._answers is not None else None
        return found.deaths if found is not None else ()

    def entries(self) -> Callable[[], Sequence[Any]]:
        """Return what gives the schema as the build gave it, empty where it tells none.

        It holds little else: an object model takes a hundred megabytes.
        """
        if self._body:
            return partial(_entries, self._body)
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
    """Return what a build answers, or has answered before; raises LaunchError.

    It has `limit` seconds for each answer.  `tell` gets what is done, in a word or two.
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
    # Nothing may have been replaced while it was asked.
    if key is None or not answers.sound or _key(target, thorough=thorough) != key:
        return Answered(answers)
    body = packed(answers)
    cache.put(_KIND, key, (_LOST if answers.lost else _WHOLE) + body)
    return Answered(answers, body)


def _key(target: Target, *, thorough: bool) -> str | None:
    """Return what the answers depend on as one word, None where that cannot be told."""
    try:
        files = made_of(target)
        with host_path(target).open("rb") as program:
            content = hashlib.file_digest(program, "sha256").hexdigest()
    except (Unknowable, OSError):
        return None
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
