"""Which commands a program is never asked for."""

from __future__ import annotations

from pathlib import Path

import pytest

from conformance.digest.declaration import EntityKind
from conformance.knowledge.digests import load_digests
from conformance.knowledge.guest_agent_blocklist import UNKNOWN, load_withheld
from conformance.model.errors import KnowledgeError
from conformance.model.flavour import Program

ENTRY = (
    '[[withheld]]\nprogram = "guest-agent"\nasked = ["look"]\n'
    '[[withheld.never_asked]]\ncommands = ["halt"]\nreason = "r"\n'
)


def test_of_each_command_of_each_digest_it_is_known_whether_it_is_asked_for() -> None:
    withheld = load_withheld()[Program.GUEST_AGENT]
    commands = {
        name
        for digest in load_digests().values()
        for name, entity in digest.schemas[Program.GUEST_AGENT].items()
        if entity.kind is EntityKind.COMMAND
    }

    assert commands == withheld.asked | withheld.reasons.keys()


def test_what_nobody_has_looked_at_is_neither_asked_for_nor_served(tmp_path: Path) -> None:
    path = tmp_path / "withheld.toml"
    path.write_text(ENTRY)
    withheld = load_withheld(path)[Program.GUEST_AGENT]

    assert withheld.why("look") is None
    assert withheld.why("halt") == "never asked for: r"
    assert withheld.why("new") == UNKNOWN
    assert withheld.refused() == ("halt",)
    assert withheld.refused(["look", "new"]) == ("halt", "new")


@pytest.mark.parametrize(
    ("text", "part"),
    [
        (ENTRY.replace("reason", "because"), "'reason' is missing"),
        (ENTRY.replace("halt", "look"), "look is named twice"),
        (ENTRY.replace("guest-agent", "host-agent"), "Did you mean 'guest-agent'"),
        (ENTRY + "since = 1\n", "unknown key 'since'"),
    ],
    ids=["no reason", "asked and never", "no program", "unknown key"],
)
def test_a_malformed_file_is_refused(tmp_path: Path, text: str, part: str) -> None:
    path = tmp_path / "withheld.toml"
    path.write_text(text)

    with pytest.raises(KnowledgeError, match=part):
        load_withheld(path)
