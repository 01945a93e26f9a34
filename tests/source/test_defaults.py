"""Defaults are read from the words of documentation, and what is doubtful stays prose."""

from __future__ import annotations

import pytest

from conformance.digest.digest import DefaultKind
from conformance.model.terms import ABSENT, JsonValue
from conformance.qapi.model import INT64, IntRange
from conformance.source.defaults import (
    Default,
    Domain,
    default_of,
    default_of_booleans,
    inherited_defaults,
)

BOOL = Domain(booleans=True)
INT = Domain(integers=INT64)
BYTE = Domain(integers=IntRange.unsigned(8))
STR = Domain(strings=True)
NUMBER = Domain(numbers=True)
ENUM = Domain(values=frozenset({"none", "fast", "very-fast", "on"}))
OPEN = Domain(open=True)
NOTHING = Domain()


def _value(value: JsonValue) -> Default:
    return Default(kind=DefaultKind.VALUE, value=value)


@pytest.mark.parametrize(
    ("text", "domain", "value"),
    [
        pytest.param("its width (default: 4)", INT, 4, id="in-parentheses"),
        pytest.param("its width (default 4, since 1.2)", INT, 4, id="before-a-release"),
        pytest.param("its width (since 1.2; default: 4)", INT, 4, id="behind-a-release"),
        pytest.param("its width, default is 4", INT, 4, id="is"),
        pytest.param("its width.  Defaults to 4.", INT, 4, id="defaults-to"),
        pytest.param("its width; default to 4", INT, 4, id="default-to"),
        pytest.param("its width.  Default 4.  More", INT, 4, id="bare"),
        pytest.param("its width.  The default value is\n4.", INT, 4, id="over-two-lines"),
        pytest.param("By default, this value is zero, which means any", INT, 0, id="in-words"),
        pytest.param("0 means no end and is the default.", INT, 0, id="by-its-meaning"),
        pytest.param("mask (default: 0x10)", INT, 16, id="hexadecimal"),
        pytest.param("level (default '4' which is low)", INT, 4, id="quoted-number"),
        pytest.param("rate (default: -1)", INT, -1, id="negative"),
        pytest.param("size (default: 64k)", INT, 65536, id="k"),
        pytest.param("size (default: 1 MB, since 1.2)", INT, 1 << 20, id="MB"),
        pytest.param("size (defaults to 2 KiB)", INT, 2048, id="KiB"),
        pytest.param("size, default 1048576 (1M)", INT, 1 << 20, id="said-twice"),
        pytest.param("size.  Defaults to 512 bytes.", INT, 512, id="bytes"),
        pytest.param("time in milliseconds, default is 10ms", INT, 10, id="own-unit"),
        pytest.param("speed.  The default is 0, for unlimited.", INT, 0, id="explained"),
        pytest.param("Defaults to 0 (unlimited).  In bytes.", INT, 0, id="explained-behind"),
        pytest.param("share (default: 1.5)", NUMBER, 1.5, id="fraction"),
        pytest.param("do it (default: on)", BOOL, True, id="on"),
        pytest.param("do it, default is disabled.", BOOL, False, id="disabled"),
        pytest.param("do it (default false to truncate)", BOOL, False, id="to-what-end"),
        pytest.param("if false (the default), nothing is done", BOOL, False, id="marked"),
        pytest.param("as a disk (true) or a tape (false; default)", BOOL, False, id="marked-last"),
        pytest.param("set to true by default", BOOL, True, id="set"),
        pytest.param("how (default: none)", ENUM, "none", id="value-named-none"),
        pytest.param("how.  Defaults to very-fast.", ENUM, "very-fast", id="enumeration"),
        pytest.param("how.  Default is @fast.", ENUM, "fast", id="referred-to"),
        pytest.param("how (default: on)", ENUM | BOOL, "on", id="enumeration-first"),
        pytest.param("how (default: true)", ENUM | BOOL, True, id="alternate"),
        pytest.param("path (default: '/dev/null')", STR, "/dev/null", id="quoted"),
        pytest.param('name (default:"a b")', STR, "a b", id="two-words"),
        pytest.param("path (default /dev/null)", STR, "/dev/null", id="path"),
        pytest.param("net.  Default is 10.0.2.0/24.", STR, "10.0.2.0/24", id="address"),
        pytest.param("serial.  Defaults to empty string.", STR, "", id="empty"),
        pytest.param('how, "r" is the default.', STR, "r", id="named"),
        pytest.param('"a", "b" (default), or "c"', STR, "b", id="one-of-several"),
        pytest.param("If left out, defaults to 'a' 'a' is one 'b' if two", STR, "a", id="listed"),
        pytest.param("how (default: quick)", OPEN, "quick", id="type-of-a-missing-file"),
        pytest.param("ns (default: 8 on POSIX hosts, 0 otherwise)", INT, 8, id="posix-first"),
        pytest.param("id (defaults to 9 on Windows and 8 on unix)", INT, 8, id="posix-second"),
    ],
)
def test_value_is_read(text: str, domain: Domain, value: JsonValue) -> None:
    found = default_of(text, domain)

    assert (found, type(found.value)) == (_value(value), type(value))


@pytest.mark.parametrize(
    ("text", "domain"),
    [
        pytest.param("(default: 4 if it is large, else 2)", INT, id="if"),
        pytest.param("the default value is 4 unless told otherwise", INT, id="unless"),
        pytest.param("(default depends on the weather)", INT, id="depends"),
        pytest.param("(default: as @other says)", INT, id="other-member"),
        pytest.param("(default is taken from the image)", BOOL, id="image"),
        pytest.param("(defaults to 9 on Windows and asks on unix)", INT, id="host"),
        pytest.param("(default: 1 on Windows, 2 otherwise)", INT, id="no-posix-host"),
        pytest.param("(default: false generally, but true for old machines)", BOOL, id="but"),
        pytest.param("first it will default to on, else it defaults to off", BOOL, id="two"),
    ],
)
def test_value_that_depends_on_something_is_no_value(text: str, domain: Domain) -> None:
    assert default_of(text, domain) == Default(kind=DefaultKind.DEPENDS)


@pytest.mark.parametrize(
    ("text", "domain"),
    [
        pytest.param("(default: none)", STR, id="none-is-no-string"),
        pytest.param("(default: none)", OPEN, id="none-of-a-missing-file"),
        pytest.param("Defaults to no password.", STR, id="no-something"),
        pytest.param("defaults to ENOENT", INT, id="name-of-a-number"),
        pytest.param('defaults to "any"', INT, id="string-for-a-number"),
        pytest.param("(default: 256)", BYTE, id="too-large-for-its-type"),
        pytest.param("(default: slow)", ENUM, id="unknown-value"),
        pytest.param("(default: true)", ENUM, id="boolean-for-an-enumeration"),
        pytest.param("default try both", BOOL, id="deed"),
        pytest.param("(default is 4, at most 9)", INT, id="more-numbers"),
        pytest.param("is 4 for a, default 4 for a", INT, id="for-some"),
        pytest.param("(default: 4).  Defaults to 5.", INT, id="contradiction"),
        pytest.param("(default: [])", NOTHING, id="type-without-values"),
        pytest.param("or 0 for default", INT, id="word-alone"),
        pytest.param("If omitted, the first is taken.", STR, id="omitted"),
        pytest.param("nothing is done if it is not given", STR, id="not-given"),
        pytest.param("set to slow by default", ENUM, id="marked-but-unknown"),
    ],
)
def test_what_is_not_surely_a_value_is_prose(text: str, domain: Domain) -> None:
    assert default_of(text, domain) == Default(kind=DefaultKind.PROSE)


@pytest.mark.parametrize(
    "text", ["", "how wide it is", "text\n\n.. note:: All of it defaults to false."]
)
def test_text_that_is_silent_has_none(text: str) -> None:
    assert default_of(text, BOOL) == Default(kind=DefaultKind.NONE)


def test_word_that_marks_something_else_is_overruled_by_a_statement() -> None:
    text = 'behind other filters (default).  "a" is one of them. (default: "b")'

    assert default_of(text, STR) == _value("b")


def test_values_of_some_backends_are_kept_by_name() -> None:
    text = "(default false for backends a-x and b, true for backends c, d, and e)"

    found = default_of(text, BOOL)

    assert found == Default(
        kind=DefaultKind.DEPENDS, cases={"a-x": False, "b": False, "c": True, "d": True, "e": True}
    )


def test_backends_without_a_value_of_the_type_depend() -> None:
    text = "(default false for backends a, maybe for backends b)"

    assert default_of(text, BOOL) == Default(kind=DefaultKind.DEPENDS)


def test_type_speaks_of_members_that_it_inherits() -> None:
    text = "For x.\n\nThe @share boolean option is true by\ndefault.  The @n option is 4 by default"

    assert inherited_defaults(text, {"share": BOOL, "n": STR}) == {"share": True, "n": "4"}
    assert inherited_defaults(text, {"n": INT}) == {"n": 4}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Note: all boolean arguments default\nto false.", False),
        ("All boolean members default to true", True),
        ("The boolean argument defaults to false", ABSENT),
    ],
)
def test_booleans_may_have_one_default_together(text: str, expected: object) -> None:
    assert default_of_booleans(text) is expected
