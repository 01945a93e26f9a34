"""Writes which section of QEMU's MAINTAINERS a command or an event belongs to, by its module.

`python -m docs.sections TREE` reads the file MAINTAINERS of a source tree, and the digests that
ship, which say in which module of the schema each is declared. Only titles of sections are kept.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from fnmatch import fnmatchcase
from pathlib import Path

from conformance.digest.declaration import EntityKind
from conformance.knowledge.digests import digest_names, load_digest
from conformance.knowledge.sections import path
from conformance.model.canonical import pretty

_FILES = "F: "


def main(words: Sequence[str]) -> None:
    """Write the file for the tree that the one word names."""
    (tree,) = words
    text = (Path(tree) / "MAINTAINERS").read_text(encoding="utf-8")
    modules = _modules()
    found = {name: section_of(name, text) for name in sorted({*modules.values()})}
    told = {
        "release": (Path(tree) / "VERSION").read_text(encoding="ascii").strip(),
        "sections": {name: title for name, title in found.items() if title},
        "modules": dict(sorted(modules.items())),
    }
    path().write_text(pretty(told), encoding="ascii")


def section_of(module: str, text: str) -> str:
    """Return the titles of the sections that name a file most closely, "" if none does."""
    closest, titles = -1, list[str]()
    for title, pattern in _patterns(text):
        whole = f"{pattern}*" if pattern.endswith("/") else pattern
        if not fnmatchcase(module, whole):
            continue
        # A folder says less than a pattern for the files in it.
        close = 2 * len(pattern.partition("*")[0]) + (not pattern.endswith("/"))
        if close > closest:
            closest, titles = close, []
        if close == closest and title not in titles:
            titles.append(title)
    return ", ".join(titles)


def _patterns(text: str) -> Iterator[tuple[str, str]]:
    """Yield the title of each section with each pattern of files that it names."""
    title, before = "", ""
    for line in text.splitlines():
        if line[:1].isalpha() and line[1:3] == ": ":
            if before[:1].isalnum() and before[1:3] != ": ":
                title = before.strip()
            if line.startswith(_FILES):
                yield title, line.removeprefix(_FILES).strip()
        if line.strip() and not set(line.strip()) <= {"-", "="}:
            before = line


def _modules() -> dict[str, str]:
    """Return the module of each command and event, of the newest release that has it."""
    found: dict[str, str] = {}
    for name in digest_names():
        for entities in load_digest(name).schemas.values():
            for entity in entities.values():
                if entity.kind in (EntityKind.COMMAND, EntityKind.EVENT) and entity.module:
                    found[entity.name] = entity.module
    return found


if __name__ == "__main__":
    main(sys.argv[1:])
