"""What a machine's scratch folder holds before the machine starts."""

from __future__ import annotations

from pathlib import Path

import pytest

from conformance.launch.scratch import fill
from conformance.model.stage import ScratchFile


@pytest.mark.parametrize(
    ("file", "content"),
    [
        (ScratchFile(path="f", text="ab"), b"ab"),
        (ScratchFile(path="f", text="ab", size=4), b"ab\0\0"),
        (ScratchFile(path="f", hex="00ff"), b"\x00\xff"),
        (ScratchFile(path="f", hex="ff", at=2, size=5), b"\0\0\xff\0\0"),
    ],
    ids=["text", "text of a size", "bytes", "bytes within zeros"],
)
def test_a_file_holds_what_its_recipe_says(
    tmp_path: Path, file: ScratchFile, content: bytes
) -> None:
    fill(tmp_path, (file,))

    assert (tmp_path / "f").read_bytes() == content
