"""Source trees are read whole, in order, each file once; what is wrong in them is told by place."""

from __future__ import annotations

from pathlib import Path

from conformance.qapi.declaration import EntityKind
from conformance.qapi.source import read_source


def write(folder: Path, **files: str) -> Path:
    """Write schema files into `folder`, and return the path of the first."""
    paths = [folder / f"{name}.json" for name in files]
    for path, text in zip(paths, files.values(), strict=True):
        path.write_text(text, encoding="utf-8")
    return paths[0]


def test_what_is_included_stands_where_it_is_first_included(tmp_path: Path) -> None:
    path = write(
        tmp_path,
        top="{ 'enum': 'A', 'data': ['x'] }\n{ 'include': 'b.json' }\n{ 'include': 'c.json' }\n",
        b="{ 'include': 'c.json' }\n{ 'enum': 'B', 'data': ['x'] }\n",
        c="{ 'enum': 'C', 'data': ['x'] }\n",
    )

    source = read_source(path)

    assert [entity.name for entity in source.entities] == ["A", "C", "B"]
    assert {entity.kind for entity in source.entities} == {EntityKind.ENUM}
    assert source.modules == ("top.json", "b.json", "c.json")
