"""Writes fixtures/qom-types.json: `python -m docs.qom_types [ROOT:]PROGRAM...`.

The file has the names of all QOM types of these builds, their aliases for `-device`, and the values
of `-machine`. docs/maintainers/digests.md says more.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from conformance.knowledge.qom_types import path_of_types
from conformance.model.canonical import pretty

_REQUESTS: Final = (
    {"execute": "qmp_capabilities"},
    {"execute": "query-target"},
    {"execute": "qom-list-types", "arguments": {"abstract": True}},
    {"execute": "query-machines"},
    {"execute": "quit"},
)
_OPTIONS: Final = ("-machine", "none", "-nodefaults", "-display", "none", "-qmp", "stdio")
_ALIAS: Final = re.compile(r'^name "[^"]+".*, alias "([^"]+)"', re.MULTILINE)
_SECONDS: Final = 60


@dataclass(frozen=True, slots=True)
class BuildTypes:
    """A build, such as "10.0.3 x86_64", and the names of its types and machines, with aliases."""

    build: str
    names: frozenset[str]
    machines: frozenset[str]


def types_of(named: str) -> BuildTypes:
    """Return the types of a program, given as "PROGRAM" or "ROOT:PROGRAM" (ROOT: a file system)."""
    root, _, program = named.rpartition(":")
    command = ["chroot", root, program] if root else [program]
    requests = "".join(f"{json.dumps(request)}\n" for request in _REQUESTS)
    lines = _output([*command, *_OPTIONS], requests).splitlines()
    greeting, *replies = (json.loads(line) for line in lines)
    version: dict[str, int] = greeting["QMP"]["version"]["qemu"]
    _, target, types, machines, *_ = (reply["return"] for reply in replies if "return" in reply)
    number = ".".join(str(version[part]) for part in ("major", "minor", "micro"))
    aliases = _ALIAS.findall(_output([*command, "-device", "help"], ""))
    return BuildTypes(
        f"{number} {target['arch']}",
        frozenset([*aliases, *(each["name"] for each in types)]),
        frozenset(each[key] for each in machines for key in ("name", "alias") if key in each),
    )


def _output(command: Sequence[str], text: str) -> str:
    done = subprocess.run(
        command, input=text, capture_output=True, text=True, timeout=_SECONDS, check=True
    )
    return done.stdout


def text_of(builds: Iterable[BuildTypes]) -> str:
    """Return the file of these builds."""
    some = list(builds)
    content: dict[str, Any] = {
        "builds": sorted({each.build for each in some}),
        "machines": sorted({name for each in some for name in each.machines}),
        "types": sorted({name for each in some for name in each.names}),
    }
    return pretty(content)


def main() -> None:
    """Write the file for the programs on the command line."""
    path = path_of_types()
    path.write_text(text_of(map(types_of, sys.argv[1:])), encoding="utf-8")
    print(f"wrote {path}")


if __name__ == "__main__":
    main()
