"""Each page that a text names is there, and so is each file and heading that a page names."""

from __future__ import annotations

import importlib
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from docs import generated

ROOT = Path(__file__).parents[1]
PAGES = sorted({*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("[!.]*/README.md")})
TEXTS = [
    *PAGES,
    *(
        path
        for room in ("conformance", "tests", "benchmarks")
        for path in ROOT.glob(f"{room}/**/*.py")
    ),
    *ROOT.glob("cases/**/*.toml"),
    *(ROOT / name for name in ("noxfile.py", "pyproject.toml", "fixtures/targets.toml")),
]
# A link to somewhere in the repository: its page and its heading.
_LINK = re.compile(r"\]\((?!\w+:)([^)#\s]*)(?:#([^)\s]+))?\)")
_QUOTED = re.compile(r"`((?:benchmarks|cases|conformance|docs|fixtures|reports|tests)/[\w./-]+)`")
_PAGE = re.compile(r"(?<![\w/.])docs/[\w/-]+\.md\b")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_the_links_of_a_page_lead_somewhere(page: Path) -> None:
    text = page.read_text(encoding="utf-8")

    lost = [link[0] for link in _LINK.finditer(text) if not _is_there(page, link[1], link[2])]

    assert lost == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_the_files_that_a_page_names_are_there(page: Path) -> None:
    named = _QUOTED.findall(page.read_text(encoding="utf-8"))

    assert [name for name in named if not (ROOT / name).exists()] == []


_IMPORT = re.compile(
    r"^ +from ((?:conformance|tests)[\w.]+) import (?:\(([^)]*)\)|(.+))$", re.MULTILINE
)


def test_what_the_examples_of_contributing_import_is_there() -> None:
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    # The modules that a reader writes.
    found = [each for each in _IMPORT.findall(text) if not each[0].endswith((".twice", ".lava"))]

    lost = [
        f"{module}.{name}"
        for module, several, single in found
        for name in re.findall(r"\w+", several or single)
        if not hasattr(importlib.import_module(module), name)
    ]
    assert len(found) > 5
    assert lost == []


def test_every_page_that_is_named_is_there() -> None:
    assert [f"{text.relative_to(ROOT)}: {name}" for text, name in _pages_named()] == []


def test_the_index_names_every_page() -> None:
    index = (ROOT / "docs/README.md").read_text(encoding="utf-8")

    pages = [path.relative_to(ROOT / "docs") for path in ROOT.glob("docs/**/*.md")]
    assert [
        str(page) for page in pages if page.name != "README.md" and f"({page})" not in index
    ] == []


def test_what_is_generated_is_up_to_date() -> None:
    pages = list(generated.pages())

    assert {path.name for path, _, _ in pages} == {"ARCHITECTURE.md", "options.md", "targets.md"}
    late = [str(path) for path, text, wanted in pages if text != wanted]
    assert late == [], "python -m docs.generated writes them"


def test_a_page_that_is_out_of_date_is_written_anew(tmp_path: Path) -> None:
    page = tmp_path / "old.md"
    page.write_text("a\n<!-- generated: imports -->\nold\n<!-- end of imports -->\nb\n")

    ((path, text, wanted),) = generated.pages(tmp_path)

    assert (path, "old" in text, "old" in wanted) == (page, True, False)
    assert wanted.startswith("a\n<!-- generated: imports -->\n\n```text\n")
    assert wanted.endswith("```\n\n<!-- end of imports -->\nb\n")


def _pages_named() -> Iterator[tuple[Path, str]]:
    """Yield the pages below docs/ that a text names and that are not there."""
    for text in TEXTS:
        for name in _PAGE.findall(text.read_text(encoding="utf-8")):
            if not (ROOT / name).exists():
                yield text, name


def _is_there(page: Path, name: str, heading: str | None) -> bool:
    there = page.parent / name if name else page
    if not there.exists():
        return False
    return heading is None or heading in map(_anchor, _headings(there))


def _headings(page: Path) -> Iterator[str]:
    return (found[1] for found in re.finditer(r"^#+ (.+)$", page.read_text("utf-8"), re.MULTILINE))


def _anchor(heading: str) -> str:
    return re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-")
