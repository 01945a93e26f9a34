"""What stands in a folder is told by kind, size and digest, and nothing leads out of it."""

from __future__ import annotations

import os
from pathlib import Path

from conformance.launch.content import beginning, content


def test_each_name_has_its_kind_and_a_file_its_size(tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "inner").write_text("abc", encoding="utf-8")
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "link").symlink_to("/etc/passwd")

    found = content(tmp_path)

    assert {name: (each.kind, each.size) for name, each in found.items()} == {
        "sub": ("folder", 0),
        "sub/inner": ("file", 3),
        "pipe": ("pipe", 0),
        "link": ("link", 0),
    }


def test_a_byte_at_either_end_of_a_file_makes_another_digest(tmp_path: Path) -> None:
    size = 9 << 20
    file = tmp_path / "large"
    file.write_bytes(bytes(size))
    digests = {content(tmp_path)["large"].digest}

    for place in (0, size - 1):
        with file.open("r+b") as stream:
            stream.seek(place)
            stream.write(b"x")
        digests.add(content(tmp_path)["large"].digest)

    assert len(digests) == 3


def test_a_folder_that_is_gone_holds_nothing(tmp_path: Path) -> None:
    assert content(tmp_path / "gone") == {}


def test_a_file_begins_with_its_first_bytes_and_what_is_no_file_with_its_kind(
    tmp_path: Path,
) -> None:
    (tmp_path / "short").write_bytes(b"\xab\xcd")
    (tmp_path / "long").write_bytes(bytes(1 << 17))
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "link").symlink_to("/etc/passwd")

    assert beginning(tmp_path, "short") == {"kind": "file", "size": 2, "hex": "abcd"}
    assert beginning(tmp_path, "long") == {"kind": "file", "size": 1 << 17, "hex": "00" * (1 << 16)}
    assert beginning(tmp_path, "pipe") == {"kind": "pipe"}
    assert beginning(tmp_path, "link") == {"kind": "link"}
    assert beginning(tmp_path, "no-such-file") is None
