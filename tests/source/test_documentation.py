"""What documentation comments say is found in both of their forms."""

from __future__ import annotations

import textwrap

import pytest

from conformance.digest.declaration import Documentation, SourcePlace
from conformance.source.documentation import read_documentation
from conformance.source.expression import Comment, SourceError


def read(text: str) -> Documentation:
    """Read the comment whose lines are `text`; the first stands in line 2."""
    lines = tuple(line.rstrip() for line in textwrap.dedent(text).strip("\n").split("\n"))
    return read_documentation(Comment(lines=lines, place=SourcePlace(file="f", line=1)))


def at(line: int, column: int) -> SourcePlace:
    return SourcePlace(file="f", line=line, column=column)


OLD = """
    @frob-start:

    Starts a frob.

    @speed: how fast it goes,
            in turns
              - a list

            (default: 3)
    @name:
    what it is called
    in text that begins below

    Remaining words.

    Features:
    @unstable: it may
               change
    @deprecated: it goes

    Returns: - nothing
             - If there is none, DeviceNotFound
    Note: first note
    Notes:

    1. One

    2. Two

    Since: 1.2.0

    Example:

    1. Some words
    -> { "execute": "frob-start",
         "arguments": { "speed": 1 } }

    <- { "return": {} }

    Examples: -> { "execute": "x" }
"""

# A word to developers bears a tag of the language: it must not be read as documentation.
NEW = """
    @frob-start:

    Starts a frob.

    @speed: how fast it goes,
        in turns
          - a list

        (default: 3)
    @name: what it is called
        in text that begins below

    Remaining words.

    Features:

    @unstable: it may
        change

    @deprecated: it goes

    .. note:: first note

    Returns: - nothing
        - two

    Errors:
        - If there is none, DeviceNotFound
        - Other

    .. note:: 1. One

    DEVELOPERS: not for readers
        at all

    Since: 1.2

    .. qmp-example::
       :annotated:
       :title: Some words

       Words::

        -> { "execute": "frob-start" }

    .. qmp-example::

        -> { "execute": "x" }
""".replace("DEVELOPERS:", "TODO:")  # the tag itself; nothing is left to do here


@pytest.mark.parametrize("text", [OLD, NEW], ids=["old", "new"])
def test_members_and_features_are_told_apart(text: str) -> None:
    read_back = read(text)

    assert read_back.symbol == "frob-start"
    assert {name: section.text for name, section in read_back.members.items()} == {
        "speed": "how fast it goes,\nin turns\n  - a list\n\n(default: 3)",
        "name": "what it is called\nin text that begins below",
    }
    assert {name: section.text for name, section in read_back.features.items()} == {
        "unstable": "it may\nchange",
        "deprecated": "it goes",
    }
    assert read_back.since == "1.2"


def test_the_old_form_has_sections_that_words_begin() -> None:
    read_back = read(OLD)

    assert read_back.returns is not None
    assert read_back.returns.text == "- nothing\n- If there is none, DeviceNotFound"
    assert read_back.errors is None
    assert read_back.body.text == (
        "Starts a frob.\n\nRemaining words.\n\nNote: first note\n\nNotes: 1. One\n\n2. Two"
    )
    assert [example.text for example in read_back.examples] == [
        '1. Some words\n-> { "execute": "frob-start",\n     "arguments": { "speed": 1 } }\n\n'
        '<- { "return": {} }',
        '-> { "execute": "x" }',
    ]


def test_the_new_form_has_errors_and_directives() -> None:
    read_back = read(NEW)

    assert read_back.returns is not None
    assert read_back.returns.text == "- nothing\n- two"
    assert read_back.errors is not None
    assert read_back.errors.text == "- If there is none, DeviceNotFound\n- Other"
    assert read_back.body.text == (
        "Starts a frob.\n\nRemaining words.\n\n.. note:: first note\n\n.. note:: 1. One"
    )
    assert [example.text for example in read_back.examples] == [
        'Words::\n\n -> { "execute": "frob-start" }',
        '-> { "execute": "x" }',
    ]


def test_places_are_those_of_the_text() -> None:
    read_back = read(
        """
        @x:

        Body.

        @a: text

        Returns: text

        Errors:
            - text

        .. qmp-example::
           :title: T

              -> {}

        Example:

        -> {}
        """
    )

    assert read_back.place == at(1, 1)
    assert read_back.body.place == at(4, 3)
    assert read_back.members["a"].place == at(6, 3)
    assert read_back.returns is not None
    assert read_back.returns.place == at(8, 3)
    assert read_back.errors is not None
    assert read_back.errors.place == at(10, 3)
    assert [example.place for example in read_back.examples] == [at(16, 9), at(20, 3)]


def test_examples_stand_anywhere_and_are_no_part_of_the_text_around_them() -> None:
    read_back = read(
        """
        @x:

        Before.

        .. qmp-example::

          -> 1

        After.

        @a: text

            .. qmp-example::

                -> 2

            more text

        Returns: nothing

            .. qmp-example::
                -> 3
        """
    )

    assert [example.text for example in read_back.examples] == ["-> 1", "-> 2", "-> 3"]
    assert read_back.body.text == "Before.\n\nAfter."
    assert read_back.members["a"].text == "text\n\nmore text"
    assert read_back.returns is not None
    assert read_back.returns.text == "nothing"


def test_an_example_without_content_is_none() -> None:
    assert read("@x:\n\n.. qmp-example::\n   :title: T\n").examples == ()


def test_a_comment_without_symbol_is_all_body() -> None:
    read_back = read(
        """
        = A heading

        Since: what looks like a section is none here.

        @this: too

        .. qmp-example::

            -> { "execute": "x" }
        """
    )

    assert read_back.symbol is None
    assert read_back.members == {}
    assert read_back.since is None
    assert read_back.body.text.endswith("@this: too")
    assert [example.text for example in read_back.examples] == ['-> { "execute": "x" }']


@pytest.mark.parametrize(
    "line",
    [
        "@a : text",
        "@a text",
        " @a: text",
        "see @a: text",
        "@a:: text",
        "since: 1.2",
        "Since 1.2",
        "Since:: 1.2",
        "Unknown: text",
    ],
)
def test_what_only_looks_like_a_tag_is_text(line: str) -> None:
    read_back = read(f"@x:\n\nBody.\n{line}")

    assert read_back.members == {}
    assert read_back.since is None
    assert read_back.body.text == f"Body.\n{line}"


@pytest.mark.parametrize(
    ("text", "version", "body"),
    [
        ("Since: 0.14", "0.14", ""),
        ("Since: 0.14.0", "0.14", ""),
        ("Since: 2.12.1", "2.12.1", ""),
        ("Since:  2.0", "2.0", ""),
        ("Since: 10.0", "10.0", ""),
        ("Since: 1.4 (b since 2.2)", "1.4", "Since: 1.4 (b since 2.2)"),
        ("Since: 1.4\n\n@b since 2.2", "1.4", "@b since 2.2"),
        ("Since: long ago", None, "Since: long ago"),
    ],
)
def test_the_version_stands_alone_and_the_rest_goes_to_the_body(
    text: str, version: str | None, body: str
) -> None:
    read_back = read(f"@x:\n\n{text}")

    assert (read_back.since, read_back.body.text) == (version, body)


def test_text_that_is_not_indented_ends_a_section_only_behind_a_blank_line() -> None:
    read_back = read("@x:\n\n@a: text\nof it\n\nBody.\n\nErrors:\n    text\n\nMore.")

    assert read_back.members["a"].text == "text\nof it"
    assert read_back.errors is not None
    assert read_back.errors.text == "text"
    assert read_back.body.text == "Body.\n\nMore."


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param(
            "@x", "f:2:3: the first line must be '@NAME:' and nothing else", id="no colon"
        ),
        pytest.param(
            "@x: text", "f:2:3: the first line must be '@NAME:' and nothing else", id="text"
        ),
        pytest.param("@x:\n@a: 1\n@a: 2", "f:4:3: '@a:' stands twice in one comment", id="member"),
        pytest.param(
            "@x:\n\nFeatures:\n@a: 1\n@a: 2",
            "f:6:3: '@a:' stands twice in one comment",
            id="feature",
        ),
        pytest.param(
            "@x:\n\nSince: 1.0\n\nSince: 2.0",
            "f:6:3: 'Since:' stands twice in one comment",
            id="since",
        ),
    ],
)
def test_a_fault_is_told_with_its_place(text: str, expected: str) -> None:
    with pytest.raises(SourceError) as caught:
        read(text)

    assert str(caught.value) == expected


def test_an_empty_comment_says_nothing() -> None:
    comment = Comment(lines=(), place=SourcePlace(file="f", line=1))

    assert read_documentation(comment).body.text == ""
