"""Source trees are read whole, in order, each file once; what is wrong in them is told by place."""

from __future__ import annotations

from pathlib import Path

import pytest

from conformance.digest.declaration import DeclaredMember, EntityKind
from conformance.model.errors import UsageError
from conformance.qapi.model import SchemaError
from conformance.source.reader import SourceError, read_source


def write(folder: Path, **files: str) -> Path:
    """Write schema files into `folder`; "__" stands for "/"; return the path of the first."""
    paths = [folder / f"{name.replace('__', '/')}.json" for name in files]
    for path, text in zip(paths, files.values(), strict=True):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return paths[0]


def enum(name: str) -> str:
    return f"{{ 'enum': '{name}', 'data': ['x'] }}\n"


def include(name: str) -> str:
    return f"{{ 'include': '{name}' }}\n"


def test_what_is_included_stands_where_it_is_first_included(tmp_path: Path) -> None:
    path = write(
        tmp_path,
        top=enum("A") + include("b.json") + include("c.json") + enum("D"),
        b=include("c.json") + enum("B"),
        c=enum("C"),
    )

    source = read_source(path)

    assert [entity.name for entity in source.entities] == ["A", "C", "B", "D"]
    assert {entity.kind for entity in source.entities} == {EntityKind.ENUM}
    assert source.modules == ("top.json", "b.json", "c.json")


def test_files_of_a_tree_are_named_from_its_top(tmp_path: Path) -> None:
    path = write(
        tmp_path,
        daemon__qapi__schema=include("../../qapi/common.json") + include("part/own.json"),
        qapi__common=enum("A"),
        daemon__qapi__part__own=enum("B") + include("../gone.json"),
    )

    source = read_source(path, partial=True)

    assert source.modules == (
        "daemon/qapi/schema.json",
        "qapi/common.json",
        "daemon/qapi/part/own.json",
    )
    assert source.missing == ("daemon/qapi/gone.json",)
    assert [str(entity.place) for entity in source.entities] == [
        "qapi/common.json:1:1",
        "daemon/qapi/part/own.json:1:1",
    ]


def test_a_schema_beside_qapi_is_named_from_the_same_top(tmp_path: Path) -> None:
    path = write(tmp_path, agent__schema=enum("A"), qapi__common=enum("B"))

    assert read_source(path).modules == ("agent/schema.json",)


def test_a_lone_file_tells_what_is_missing_and_which_names_stay_open(tmp_path: Path) -> None:
    path = write(
        tmp_path,
        lone=include("gone.json")
        + include("gone.json")
        + include("lost.json")
        + "{ 'struct': 'S', 'base': 'Z', 'data': { 'a': 'Y', 'b': ['str'] } }",
    )

    source = read_source(path, partial=True)

    assert source.modules == ("lone.json",)
    assert source.missing == ("gone.json", "lost.json")
    assert source.open_names == ("Y", "Z")


def test_a_whole_schema_leaves_no_name_open(tmp_path: Path) -> None:
    path = write(tmp_path, whole="{ 'struct': 'S', 'data': { 'a': 'Y' } }")

    with pytest.raises(SourceError) as caught:
        read_source(path)

    assert str(caught.value) == "whole.json:1:28: the type 'Y' is declared nowhere"
    assert isinstance(caught.value, SchemaError)


def test_an_include_that_is_not_there_is_a_fault_where_it_is_included(tmp_path: Path) -> None:
    path = write(tmp_path, lone="# first\n" + include("part/gone.json"))

    with pytest.raises(SourceError) as caught:
        read_source(path)

    assert str(caught.value) == (
        "lone.json:2:14: the included file 'part/gone.json' is not there; --partial takes the rest"
    )


def test_the_last_pragma_counts(tmp_path: Path) -> None:
    path = write(
        tmp_path,
        one="{ 'pragma': { 'doc-required': true, 'returns-whitelist': ['b', 'a'] } }"
        + include("two.json"),
        two="{ 'pragma': { 'returns-whitelist': ['c', 'a'], 'doc-required': false } }",
    )

    assert read_source(path).pragmas == {
        "doc-required": ("false",),
        "returns-whitelist": ("c", "a"),
    }


def test_documentation_goes_to_the_entity_below_it_or_stays_loose(tmp_path: Path) -> None:
    path = write(
        tmp_path,
        doc="##\n# = Heading\n##\n"
        + include("other.json")
        + "##\n# @A:\n#\n# Words.\n##\n\n# a comment\n"
        + enum("A")
        + enum("B")
        + "##\n# The end.\n##\n",
        other="",
    )

    source = read_source(path)

    first, second = source.entities
    assert first.documentation is not None
    assert (first.documentation.symbol, first.documentation.body.text) == ("A", "Words.")
    assert second.documentation is None
    assert [loose.body.text for loose in source.loose] == ["= Heading", "The end."]


def test_a_simple_union_is_told_as_it_is_on_the_wire(tmp_path: Path) -> None:
    path = write(
        tmp_path, old="##\n# @U:\n##\n{ 'union': 'U', 'data': { 'a': 'str', 'b': ['int'] } }\n"
    )

    source = read_source(path)

    assert [(entity.kind, entity.name) for entity in source.entities] == [
        (EntityKind.ENUM, "UKind"),
        (EntityKind.STRUCT, "q_obj_str-wrapper"),
        (EntityKind.STRUCT, "q_obj_intList-wrapper"),
        (EntityKind.UNION, "U"),
    ]
    union = source.entities[-1]
    assert union.documentation is not None
    assert union.base_members == (DeclaredMember(name="type", type="UKind"),)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param(
            "##\n# @X:\n##\n{ 'enum': 'A', 'data': [] }",
            "1:1: this documents 'X', but 'A' is declared below it",
            id="documents another",
        ),
        pytest.param(
            "##\n# @X:\n##\n", "1:1: this documents 'X', but no declaration follows it", id="at end"
        ),
        pytest.param(
            "##\n# @X:\n##\n##\n# Words\n##\n{ 'enum': 'X', 'data': [] }",
            "1:1: this documents 'X', but no declaration follows it",
            id="other documentation between",
        ),
        pytest.param(
            "##\n# @X:\n##\n{ 'pragma': {} }",
            "1:1: this documents 'X', but no declaration follows it",
            id="documents a directive",
        ),
        pytest.param(
            "{ 'include': 'a.json', 'if': 'X' }",
            "1:1: 'include' must be the only key of its expression",
            id="include with a condition",
        ),
        pytest.param("{ 'include': ['a'] }", "1:14: 'include' must name a file", id="list"),
        pytest.param("{ 'include': '.' }", "1:14: '.' cannot be read: Is a directory", id="folder"),
        pytest.param(
            "{ 'include': 'x.json' }", "1:14: 'x.json' includes itself in the end", id="itself"
        ),
        pytest.param("{ 'pragma': [] }", "1:13: 'pragma' must be an object", id="pragma"),
        pytest.param(
            "{ 'pragma': { 'returns-whitelist': false } }",
            "1:36: the pragma 'returns-whitelist' must be a list of strings",
            id="pragma of no list",
        ),
        pytest.param(
            "{ 'pragma': { 'doc-required': ['a'] } }",
            "1:31: the pragma 'doc-required' must be true or false",
            id="pragma of no boolean",
        ),
        pytest.param("##\n# é", "1:1: the documentation comment is not closed by '##'", id="cut"),
    ],
)
def test_a_fault_is_told_with_its_place(tmp_path: Path, text: str, expected: str) -> None:
    with pytest.raises(SourceError) as caught:
        read_source(write(tmp_path, x=text))

    assert str(caught.value) == f"x.json:{expected}"


def test_a_fault_in_an_included_file_is_told_with_that_file(tmp_path: Path) -> None:
    path = write(tmp_path, a=include("b.json"), b=include("c.json"), c="\n{ 'enum': 'A' }")

    with pytest.raises(SourceError) as caught:
        read_source(path)

    assert str(caught.value) == "c.json:2:1: the enum declaration has no 'data'"


def test_files_may_not_include_each_other(tmp_path: Path) -> None:
    path = write(tmp_path, a=include("b.json"), b=enum("B") + include("a.json"))

    with pytest.raises(SourceError) as caught:
        read_source(path)

    assert str(caught.value) == "b.json:2:14: 'a.json' includes itself in the end"


def test_includes_may_not_nest_without_end(tmp_path: Path) -> None:
    files = {f"f{n}": include(f"f{n + 1}.json") for n in range(2000)}

    with pytest.raises(SourceError) as caught:
        read_source(write(tmp_path, **files))

    assert str(caught.value) == "f64.json:1:14: includes nest deeper than 64"


def test_a_link_to_itself_cannot_be_read(tmp_path: Path) -> None:
    (tmp_path / "loop.json").symlink_to("loop.json")

    with pytest.raises(SourceError) as caught:
        read_source(write(tmp_path, x=include("loop.json")))

    assert str(caught.value).startswith("x.json:1:14: 'loop.json' cannot be read: ")


@pytest.mark.parametrize("name", ["gone.json", "."], ids=["no file", "folder"])
def test_a_schema_that_cannot_be_read_is_the_users_to_mend(tmp_path: Path, name: str) -> None:
    with pytest.raises(UsageError, match="cannot be read"):
        read_source(tmp_path / name)
