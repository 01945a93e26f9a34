"""What commands reach: the file says it of each command of each digest, and strictly."""

from __future__ import annotations

import fnmatch
import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest

from conformance.digest.expand import schema_of
from conformance.knowledge.dangers import (
    WITHOUT_SANDBOX,
    Containment,
    HostReach,
    Way,
    load_dangers,
)
from conformance.knowledge.digests import digest_names, load_digest
from conformance.model.errors import KnowledgeError
from conformance.qapi.model import Alternate, Array, Object, Schema

# How members are named through which one gets out of a program.
SOUNDS = re.compile(
    r"(?:.*[-_])?(?:(?:file|path|dir|fd|host|sock)(?:name|s)?|uri|url|hostname|port|addr|address"
    r"|program|exec|script|helper|command|command-line|server|socket|fdname|fdset|directory)"
    r"(?:[-_].*)?"
)
DOCS = Path(__file__).parents[2] / "docs/maintainers/danger.md"

# Commands that take members which no schema names.
UNTYPED = {"device_add"}
# Members that came after the newest digest.
LATER = {("cpr-exec-command",), ("quote-generation-socket",)}

CONTAINED = "\n".join(f'{reach} = ["itself"]' for reach in HostReach)


@pytest.mark.parametrize("name", digest_names())
def test_every_command_of_a_digest_was_looked_at(name: str) -> None:
    digest = load_digest(name)
    known = load_dangers().known

    for entities in digest.schemas.values():
        commands = schema_of(entities, whole=True).commands
        assert sorted(commands.keys() - known) == []


@pytest.mark.parametrize("name", digest_names())
def test_a_command_with_a_member_that_sounds_like_a_way_out_is_no_mere_harmless_one(
    name: str,
) -> None:
    dangers = load_dangers()
    found = {}

    for entities in load_digest(name).schemas.values():
        schema = schema_of(entities, whole=True)
        for command in schema.commands.values():
            members = {m for m in _members(schema, command.arg_type, set()) if SOUNDS.fullmatch(m)}
            if members:
                found[command.name] = sorted(members)

    assert {"migrate", "screendump", "chardev-add", "getfd"} <= found.keys()
    assert {n: m for n, m in found.items() if n in dangers.harmless} == {}


def _members(schema: Schema, name: str, seen: set[str]) -> Iterator[str]:
    """Yield the names of the members at every depth of a type."""
    if name in seen:
        return
    seen.add(name)
    match schema.types[name]:
        case Array(element=element):
            yield from _members(schema, element, seen)
        case Alternate(members=branches):
            for branch in branches:
                yield from _members(schema, branch, seen)
        case Object(members=members, variants=variants):
            for member in members:
                yield member.name
                yield from _members(schema, member.type, seen)
            for variant in variants:
                yield from _members(schema, variant.type, seen)
        case _:
            pass


def test_every_way_through_which_a_command_reaches_out_is_one_of_its_members() -> None:
    """A misspelt member would let through what it was to stop."""
    members: dict[str, set[str]] = defaultdict(set)
    for name in digest_names():
        for entities in load_digest(name).schemas.values():
            schema = schema_of(entities, whole=True)
            for command in schema.commands.values():
                members[command.name].update(_members(schema, command.arg_type, set()))

    ways: dict[tuple[Way, str], list[str]] = defaultdict(list)
    for reaching, dangers in load_dangers().dangers.items():
        for danger in dangers if reaching not in UNTYPED else ():
            for way in danger.through:
                ways[way, danger.reason].append(reaching)
    lost = {
        way.names
        for (way, _), names in ways.items()
        if not any(fnmatch.filter(members[each], way.names[-1]) for each in names)
    }
    assert lost == LATER


@pytest.mark.parametrize("reach", HostReach)
def test_each_word_of_reach_is_some_command_s_and_contained(reach: HostReach) -> None:
    dangers = load_dangers()

    assert dangers.contained[reach]
    assert any(reach in d.reaches for each in dangers.dangers.values() for d in each)


def test_what_ends_with_the_machine_needs_no_sandbox() -> None:
    dangers = load_dangers()

    assert not any(map(dangers.needs_sandbox, dangers.dangers["quit"]))
    assert all(map(dangers.needs_sandbox, dangers.dangers["screendump"]))
    assert set(Containment) > WITHOUT_SANDBOX


def test_the_documentation_names_each_command_beside_what_it_reaches() -> None:
    rows = [line.split("|") for line in DOCS.read_text().splitlines() if line.startswith("| `")]
    rows = [row for row in rows if row[1].strip(" `") in set(HostReach)]
    table = {row[1].strip(" `"): set(re.findall(r"`([^`]+)`", row[3])) for row in rows}
    dangers = load_dangers()

    assert table == {
        reach.value: {
            name
            for name, each in dangers.dangers.items()
            if any(reach in danger.reaches for danger in each)
        }
        for reach in HostReach
    }
    contained = {row[1].strip(" `"): tuple(re.findall(r"`([^`]+)`", row[2])) for row in rows}
    assert contained == {r.value: dangers.contained[r] for r in HostReach}


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ('[[danger]]\ncommands = ["c"]\nreaches = ["moon"]\nreason = "r"\n', "'reaches' is 'moon'"),
        ('[[danger]]\ncommands = ["c"]\nreason = "r"\n', "'reaches' is missing"),
        ('[[danger]]\ncommands = ["c"]\nreaches = ["program"]\n', "'reason' is missing"),
        ('[[danger]]\ncommands = ["h"]\nreaches = ["program"]\nreason = "r"\n', "h stands under"),
        ('[[innocent]]\ncommands = ["h"]\nreason = "r"\n', "h stands under"),
        ('[[danger]]\nby = 1\ncommands = ["c"]\nreaches = ["program"]\nreason = "r"', "key 'by'"),
    ],
    ids=["word", "nothing", "reason", "harmless", "innocent", "key"],
)
def test_a_malformed_entry_is_named(tmp_path: Path, text: str, problem: str) -> None:
    path = tmp_path / "dangers.toml"
    path.write_text(f'harmless = ["h"]\n[contained]\n{CONTAINED}\n{text}')

    with pytest.raises(KnowledgeError, match=problem):
        load_dangers(path)


def test_a_reach_that_nothing_contains_is_named(tmp_path: Path) -> None:
    path = tmp_path / "dangers.toml"
    path.write_text('[contained]\nfile-write = ["itself"]\n')

    with pytest.raises(KnowledgeError, match="nothing contains file-read"):
        load_dangers(path)
