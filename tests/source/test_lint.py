"""Documentation that does not fit what it documents is found, and what fits is not."""

from __future__ import annotations

from pathlib import Path

import pytest

from conformance.source.lint import LintKind, lint
from conformance.source.reader import read_source

STRUCT = "{ 'struct': 'Some', 'data': { 'a': 'int', 'b': 'int' } }\n"
COMMAND = "{ 'command': 'c' }\n"


def comment(*lines: str) -> str:
    return "\n".join(["##", *(f"# {line}".rstrip() for line in lines), "##\n"])


def found(folder: Path, text: str, version: str = "10.0") -> list[str]:
    path = folder / "f.json"
    path.write_text(text)
    return [
        f"{line.place.line} {line.kind} {line.problem}"
        for line in lint([read_source(path, version)])
    ]


def of_struct(*lines: str) -> str:
    return comment("@Some:", "", *lines) + STRUCT


BOTH = ("@a: one", "", "@b: two")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param(of_struct(*BOTH, "", "@c: three"),
                     "8 finding the documented member 'c' does not exist", id="no such member"),
        pytest.param(of_struct("@a: one"),
                     "6 finding the member 'b' of 'Some' has no documentation", id="undocumented"),
        pytest.param(of_struct(*BOTH, "", "Features:", "", "@f: new"),
                     "10 finding the documented feature 'f' does not exist", id="no such feature"),
        pytest.param(comment("@c:") + "{ 'command': 'c', 'features': ['f'] }",
                     "4 finding the feature 'f' of 'c' has no documentation", id="feature"),
        pytest.param(of_struct(*BOTH, "", "Returns: it"),
                     "8 finding 'Returns:' in the documentation of a struct: only commands have it",
                     id="returns of a struct"),
        pytest.param(of_struct(*BOTH, "", "Errors:", "  - some"),
                     "8 finding 'Errors:' in the documentation of a struct: only commands have it",
                     id="errors of a struct"),
        pytest.param(comment("@c:", "", "Returns: it") + COMMAND,
                     "4 finding 'Returns:', but the command 'c' returns nothing", id="nothing"),
        pytest.param(comment("@c:", "", "Since:") + COMMAND,
                     "4 finding no text follows 'Since:'", id="empty section"),
        pytest.param(of_struct("@a:", "", "@b: two"),
                     "4 finding no text follows '@a:'", id="empty member"),
        pytest.param(of_struct(*BOTH, "", "Features:", "", "Since: 1"),
                     "8 finding no feature follows 'Features:'", id="empty features"),
        pytest.param(of_struct("@a: one", "", "Since: 1", "", "@b: two"),
                     "8 finding the description of '@b:' follows a section", id="interleaved"),
        pytest.param(comment("@c:", "", "= Title") + COMMAND,
                     "4 finding a heading in the documentation of a definition", id="heading"),
        pytest.param(of_struct("@a: one", "  goes on", "not so", "", "@b: two"),
                     "6 finding the line is indented less than the 2 columns before", id="indent"),
        pytest.param(comment("@c:", "", "Note: old") + COMMAND,
                     "4 finding the section 'Note:' is of an older form", id="old section"),
        pytest.param(comment("Words.", "@x: of nothing"),
                     "3 finding '@x:' in documentation of no definition", id="free"),
        pytest.param(comment("Words.") + COMMAND,
                     "1 finding the documentation above a definition does not name it", id="lost"),
        pytest.param("{ 'pragma': { 'doc-required': true } }\n" + COMMAND,
                     "2 finding the command 'c' has no documentation", id="required"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_found(tmp_path: Path, text: str, expected: str) -> None:
    assert found(tmp_path, text) == [expected]


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(of_struct(*BOTH, "", "Since: 1.0"), id="all members"),
        pytest.param(
            "{ 'pragma': { 'documentation-exceptions': ['Some'] } }\n" + of_struct("@a: one"),
            id="excepted",
        ),
        pytest.param(
            comment("@c:", "", "@x: one", "", "Features:", "", "@f: new", "", "Returns: it")
            + "{ 'command': 'c', 'data': { 'x': { 'type': 'Some', 'features': ['f'] } },"
            " 'returns': 'Some' }" + STRUCT,
            id="command",
        ),
        pytest.param(
            comment("@Sum:", "", "@t: tag")
            + "{ 'union': 'Sum', 'base': { 't': 'Tag' }, 'discriminator': 't',"
            " 'data': { 'x': 'Some' } }"
            "{ 'enum': 'Tag', 'data': ['x'] }" + STRUCT,
            id="union",
        ),
        pytest.param(comment("= Title", "", "Words.") + comment("@c:") + COMMAND, id="chapter"),
        pytest.param(of_struct("@a: one", "", "  - item", "", "@b: two"), id="list"),
        pytest.param(comment("@c:", "", "Since: 1.0") + COMMAND + STRUCT, id="not required"),
    ],
)
def test_what_fits_is_not_found(tmp_path: Path, text: str) -> None:
    assert found(tmp_path, text) == []


@pytest.mark.parametrize(
    ("text", "refusing", "taking"),
    [
        pytest.param(of_struct("@a: one"), "10.0", "7.2", id="undocumented member"),
        pytest.param(comment("@c:", "", "Returns: it") + COMMAND, "10.0", "7.2", id="nothing"),
        pytest.param(comment("@c:", "", "Note: old") + COMMAND, "10.0", "7.2", id="old section"),
        pytest.param(
            of_struct("@a: one", "goes on", "", "@b: two"), "7.2", "10.0", id="below the text"
        ),
    ],
)
def test_what_only_some_releases_refuse_is_found_in_those(
    tmp_path: Path, text: str, refusing: str, taking: str
) -> None:
    assert len(found(tmp_path, text, refusing)) == 1
    assert found(tmp_path, text, taking) == []


def test_without_a_release_what_some_refuse_is_a_remark(tmp_path: Path) -> None:
    (line,) = found(tmp_path, of_struct("@a: one"), "")

    assert line.startswith("6 remark the member 'b' of 'Some' has no documentation")
    assert line.endswith("(QEMU 10.0 refuses it, 7.2 takes it)")


def test_a_file_that_two_schemas_share_is_told_once(tmp_path: Path) -> None:
    (tmp_path / "shared.json").write_text(of_struct(*BOTH, "", "@c: three"))
    paths = [tmp_path / "one.json", tmp_path / "two.json"]
    for path in paths:
        path.write_text("{ 'include': 'shared.json' }\n")

    (line,) = lint([read_source(path) for path in paths])

    assert (line.kind, str(line.place)) == (LintKind.FINDING, "shared.json:8:3")
