"""The section of MAINTAINERS that a command belongs to, by its module."""

from __future__ import annotations

import pytest

from conformance.knowledge.sections import section_title
from docs.sections import section_of

MAINTAINERS = """\
Maintainers List
----------------

Disks
M: Somebody <nobody@example.org>
F: block/
F: qapi/block*.json

Screens
F: qapi/ui.json

Pictures
F: qapi/ui.json

Everything
F: qapi/
"""


@pytest.mark.parametrize(
    ("module", "title"),
    [
        ("qapi/block-core.json", "Disks"),
        ("qapi/ui.json", "Screens, Pictures"),
        ("qapi/misc.json", "Everything"),
        ("other/file.json", ""),
    ],
)
def test_the_section_that_names_a_file_most_closely_counts(module: str, title: str) -> None:
    assert section_of(module, MAINTAINERS) == title


def test_commands_and_events_have_the_section_of_their_module() -> None:
    assert section_title("blockdev-add") == "Block layer core (qapi/block-core.json)"
    assert section_title("MIGRATION") == "Migration (qapi/migration.json)"
    assert section_title("no-such-command") == ""
