"""What QEMU says of changes is read strictly, and each entry that ships speaks of a real change."""

from __future__ import annotations

from functools import cache
from itertools import pairwise
from pathlib import Path

import pytest

from conformance.compat.change import (
    Change,
    ChangeClass,
    ChangeKind,
    Documented,
    SideFacts,
    SideKind,
)
from conformance.compat.comparison import compare
from conformance.compat.meaning import ComparedSide, CompatKnowledge, is_before
from conformance.digest.expand import schema_of
from conformance.knowledge.behaviours import Behaviour
from conformance.knowledge.compatibility import load_behaviours, load_documented
from conformance.knowledge.digests import load_digests
from conformance.model.errors import KnowledgeError
from conformance.model.flavour import Program

WHOLE = """
[[change]]
places = ["command a", "command b: argument *"]
kinds = ["command removed", "member removed"]
class = "deprecated-first"
deprecated_in = "5.2"
gone_in = "6.1"
where = "w"
reason = "r"
"""


def read(tmp_path: Path, text: str) -> tuple[Documented, ...]:
    path = tmp_path / "compatibility.toml"
    path.write_text(text)
    return load_documented(path)


def test_an_entry_is_there_once_for_each_of_its_places(tmp_path: Path) -> None:
    found = read(tmp_path, WHOLE)

    assert [each.place for each in found] == ["command a", "command b: argument *"]
    assert found[0] == Documented(
        place="command a",
        change_class=ChangeClass.DEPRECATED_FIRST,
        gone_in="6.1",
        where="w",
        reason="r",
        deprecated_in="5.2",
        kinds=frozenset({ChangeKind.COMMAND_REMOVED, ChangeKind.MEMBER_REMOVED}),
    )


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('places = ["command a", "command b: argument *"]', "", "'places' is missing"),
        ('class = "deprecated-first"', 'class = "fine"', "'class' is 'fine'"),
        ('"member removed"', '"member lost"', "Did you mean 'member removed'"),
        ('gone_in = "6.1"', "", "'gone_in' is missing"),
        ('gone_in = "6.1"', 'gone_in = "6.1.0"', "'6.1.0', not a release"),
        ('deprecated_in = "5.2"', "", "goes with the class deprecated-first"),
        ('class = "deprecated-first"', 'class = "unreachable"', "goes with the class"),
        ('where = "w"', "", "'where' is missing"),
        ('reason = "r"', 'reason = "r"\nwhy = "x"', "unknown key 'why'"),
        ("[[change]]", "[[changes]]", "unknown key 'changes'"),
    ],
)
def test_a_broken_entry_is_an_error_that_names_it(
    tmp_path: Path, old: str, new: str, message: str
) -> None:
    assert old in WHOLE

    with pytest.raises(KnowledgeError, match=message) as caught:
        read(tmp_path, WHOLE.replace(old, new))

    assert "compatibility.toml:" in str(caught.value)


@cache
def side(version: str) -> ComparedSide:
    digest = load_digests()[version]
    entities = digest.schemas[Program.SYSTEM]
    facts = SideFacts(name=version, kind=SideKind.DIGEST, version=digest.version)
    return ComparedSide(facts=facts, schema=schema_of(entities, whole=True), release=entities)


ENTRIES = load_documented()
HISTORY = {name: digest.schemas[Program.SYSTEM] for name, digest in load_digests().items()}


def changes(old: str, new: str, entries: tuple[Documented, ...] = ENTRIES) -> tuple[Change, ...]:
    return compare(side(old), side(new), CompatKnowledge(history=HISTORY, documented=entries))


def releases_around(version: str) -> tuple[str, str] | None:
    """Return the two neighbours among the digests that a change in `version` lies between."""
    for old, new in pairwise(HISTORY):
        if not is_before(new, version) and is_before(old, version):
            return old, new
    return None


@pytest.mark.parametrize(
    "entry",
    [entry for entry in ENTRIES if releases_around(entry.gone_in)],
    ids=lambda entry: str(entry.place),
)
def test_each_entry_that_ships_decides_on_a_change_between_the_digests(entry: Documented) -> None:
    between = releases_around(entry.gone_in)
    assert between

    without = changes(*between, tuple(each for each in ENTRIES if each is not entry))

    assert without != changes(*between)


def test_these_changes_between_the_releases_break_clients_that_nobody_had_warned() -> None:
    found = [
        change.place
        for old, new in pairwise(HISTORY)
        for change in changes(old, new)
        if change.change_class is ChangeClass.INCOMPATIBLE
    ]

    # docs/compatibility.md goes through them.
    assert found == [
        "command blockdev-add: argument driver=blkdebug.take-child-perms[]=graph-mod",
        "command object-add: argument qom-type",
    ]


@pytest.mark.parametrize("version", HISTORY)
def test_no_digest_differs_from_itself(version: str) -> None:
    assert changes(version, version) == ()


BEHAVIOUR = """
[[behaviour]]
name = "n"
execute = "c"
title = "t"
was = "accepted"
now = "refused"
after = "5.2"
by = "6.2"
where = "w"
reason = "r"
"""


def behaviours(tmp_path: Path, text: str) -> tuple[Behaviour, ...]:
    path = tmp_path / "compatibility.toml"
    path.write_text(text)
    return load_behaviours(path)


@pytest.mark.parametrize(
    ("version", "answer"),
    [
        ((5, 1, 0), "accepted"),
        ((5, 2, 9), "accepted"),
        ((6, 0, 0), None),
        ((6, 2, 0), "refused"),
        ((10, 0, 1), "refused"),
    ],
)
def test_what_a_release_does_is_known_on_either_side_of_a_change(
    tmp_path: Path, version: tuple[int, int, int], answer: str | None
) -> None:
    (behaviour,) = behaviours(tmp_path, BEHAVIOUR)

    assert behaviour.answer_of(version) == answer


def test_nothing_is_known_of_releases_that_a_behaviour_is_not_for(tmp_path: Path) -> None:
    (behaviour,) = behaviours(tmp_path, BEHAVIOUR + 'versions = ">=5.2"\n')

    assert behaviour.answer_of((5, 1, 0)) is None


@pytest.mark.parametrize(
    ("old", "new", "what"),
    [
        ('was = "accepted"', "was = true", "without `read`"),
        ('by = "6.2"', 'by = "5.2"', "no later release"),
        ('reason = "r"', 'reason = "r"\nread = { execute = "q" }\npath = "a"', "without `read`"),
    ],
)
def test_keys_of_a_behaviour_that_contradict_each_other_are_told(
    tmp_path: Path, old: str, new: str, what: str
) -> None:
    with pytest.raises(KnowledgeError, match=what):
        behaviours(tmp_path, BEHAVIOUR.replace(old, new))


def test_each_behaviour_that_ships_is_of_commands_that_stay() -> None:
    digests = [each.schemas[Program.SYSTEM] for each in load_digests().values()]
    shipped = load_behaviours()

    commands = {behaviour.request.execute for behaviour in shipped}

    assert commands
    assert {name for name in commands if any(name not in each for each in digests)} == set()
