"""Reads what the documentation says about a member that is left out, as a value.

Knows how QEMU's documentation words defaults, and no declaration. A wrong value would be a false
alarm, so whatever can be read in two ways is prose.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from conformance.digest.digest import DefaultKind
from conformance.model.terms import ABSENT, Absent, JsonValue
from conformance.qapi.model import IntRange


@dataclass(frozen=True, slots=True, kw_only=True)
class Domain:
    """What a default can be: strings of an enumeration, and values of built-in types.

    An alternate has the domains of all its types. A type without any has no default that a text
    could give. Of an `open` type, declared in a missing file, only words that stand alone count, as
    values of an enumeration.
    """

    values: frozenset[str] = frozenset()
    booleans: bool = False
    integers: IntRange | None = None
    numbers: bool = False
    strings: bool = False
    open: bool = False

    def __or__(self, other: Domain) -> Domain:
        """Return the union of both."""
        return Domain(
            values=self.values | other.values,
            booleans=self.booleans or other.booleans,
            integers=self.integers or other.integers,
            numbers=self.numbers or other.numbers,
            strings=self.strings or other.strings,
            open=self.open or other.open,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Default:
    """What a text says about a member that is left out.

    `value` is ABSENT except for DefaultKind.VALUE. `cases` holds the values that the text gives for
    single object types, by their names.
    """

    kind: DefaultKind
    value: JsonValue | Absent = ABSENT
    cases: Mapping[str, JsonValue] = field(default_factory=dict)


_NONE: Final = Default(kind=DefaultKind.NONE)
_DEPENDS: Final = Default(kind=DefaultKind.DEPENDS)
_PROSE: Final = Default(kind=DefaultKind.PROSE)

_DIRECTIVE: Final = re.compile(r"^[ \t]*\.\. [\w-]+::.*", re.MULTILINE | re.DOTALL)

_STATED: Final = re.compile(
    r"""
    \bdefaults?\ values?\ (?:is|of)[ ]
    | \bdefaults?(?:\ value)?\ ?:\ ?
    | \bdefault\ is[ ]
    | \bdefaults?\ to[ ]
    | \bby\ default,?\ (?:this\ value|it)\ is[ ]
    | (?:(?<=\()|(?<=,\ )|(?<=\.\ )|(?<=;\ ))default[ ]
    """,
    re.IGNORECASE | re.VERBOSE,
)
"""Words that precede the value."""

_MARKED: Final = re.compile(
    r"""
    \bset\ to\ (?P<set>\S+)\ by\ default\b
    | (?P<marked>"[^"]*"|'[^']*'|\b[\w-]+)(?:;\ |,?\ \()(?:the\ )?default\)
    | (?P<named>"[^"]*"|'[^']*'|\b[\w-]+)\ is\ the\ default\b
    | \b(?P<meant>[\w-]+)\ means\ [^.,;()]*\ and\ is\ the\ default\b
    | \b(?P<by>enabled|disabled|on|off|true|false)\ by\ default\b
    """,
    re.IGNORECASE | re.VERBOSE,
)
"""Words that surround the value; they count only if it is one of the type."""

_INHERITED: Final = re.compile(
    r"@(?P<name>[\w.-]+)\ (?:boolean\ )?(?:option|property|member)\ is\ (?P<value>[\w-]+)\ "
    r"by\ default\b",
    re.IGNORECASE | re.VERBOSE,
)
_ALL_BOOLEANS: Final = re.compile(
    r"\ball boolean (?:arguments|members|options) default to (?P<value>true|false)\b",
    re.IGNORECASE,
)

_LEFT_OUT: Final = re.compile(
    r"\b(?:defaults?|omitted|absent|unset|left out|missing)\b"
    r"|\b(?:not|isn't) (?:specified|present|given|set|provided)\b",
    re.IGNORECASE,
)
"""Words of a text that says something about a member that is left out."""

_ON_WHAT: Final = re.compile(
    r"\bdepend|\b(?:if|unless|otherwise|else|when)\b|@\w|\bhosts?\b|\bimage\b|\bmachines?\b"
    r"|\w's\b|\bcurrent(?:ly)?\b|\benvironment\b|\btaken from\b|\bsame\b|\bplatforms?\b"
    r"|\bemulator\b|\bnumber of\b|\bcluster size\b|\bon (?:posix|unix|linux|windows)\b",
    re.IGNORECASE,
)
"""Words of a clause that says what the value depends on."""

_HARMLESS: Final = re.compile(
    r" ?$| ?\(|,? since\b|,? (?:which|meaning)\b|, for unlimited\b| to truncate\b"
    r"| for (?:enabled|disabled)\b",
    re.IGNORECASE,
)
"""What may follow a value without changing it."""
_CONDITION: Final = re.compile(r"\b(?:if|unless|otherwise|else|when|but|except)\b", re.IGNORECASE)

_HOSTS: Final = re.compile(
    r"(?P<first>\S+) on (?P<on>\w+)(?: hosts| systems)?(?:, and|,| and) "
    r"(?P<second>\S+) (?:otherwise|on (?P<other>\w+)(?: hosts| systems)?)",
    re.IGNORECASE,
)
_OURS: Final = frozenset({"posix", "unix"})
"""The hosts whose default counts where hosts differ; QEMU's documentation names these two."""
_BACKENDS: Final = re.compile(r"(?:^|, )(\S+) for backends ")
_NAMES: Final = re.compile(r", and |, | and ")

_WORD: Final = re.compile(r"\"([^\"]*)\"|'([^']*)'|``([^`]*)``|@?([^\s,()]+)")
_NAME: Final = re.compile(r"[a-z0-9]+(?:[-_][a-z0-9]+)*", re.IGNORECASE)
_EMPTY: Final = re.compile(r"(?:an |the )?empty string\b")
_LISTED: Final = re.compile(r" [\"']")
"""What follows a quoted value where the next item of a list begins, without line breaks."""
_NUMBER: Final = re.compile(r"(0x[0-9a-f]+|-?\d+)(?: ?([a-z]+))?(?=$|[\s,(])", re.IGNORECASE)
_BOOLEANS: Final[Mapping[str, bool]] = {
    **dict.fromkeys(("true", "on", "yes", "enabled"), True),
    **dict.fromkeys(("false", "off", "no", "disabled"), False),
}
_WORDED: Final = {"zero": 0, "one": 1}
# Sizes count in powers of 1024, however they are written, as in QEMU's own options.
_SIZES: Final = {
    f"{letter}{end}": 1 << 10 * power
    for power, letter in enumerate("kmgt", start=1)
    for end in ("", "b", "ib")
} | {"byte": 1, "bytes": 1}
# A time in the member's own unit is the plain number.
_TIMES: Final = {"s": "second", "ms": "millisecond", "us": "microsecond", "ns": "nanosecond"}


def default_of(text: str, domain: Domain) -> Default:
    """Return what the text of a member's documentation says about leaving it out.

    `domain` is what values the member has: any other default is prose. Where the text distinguishes
    hosts, the value is that of a POSIX host.
    """
    words = _plain(text)
    stated = [_stated(words, match.end(), domain) for match in _STATED.finditer(words)]
    found = stated + list(_marked(words, domain))
    if not found:
        return _PROSE if _LEFT_OUT.search(words) else _NONE
    if all(each == found[0] and type(each.value) is type(found[0].value) for each in found):
        return found[0]
    depends = _DEPENDS in found or _CONDITION.search(words)
    return _DEPENDS if depends else _PROSE


def inherited_defaults(text: str, domains: Mapping[str, Domain]) -> Mapping[str, JsonValue]:
    """Return the defaults that a type's text gives for members of its base, by their names.

    `domains` has the members that it inherits.
    """
    found = {}
    for match in _INHERITED.finditer(_plain(text)):
        name = match["name"]
        value, _ = _value(match["value"], domains.get(name, Domain()))
        if value is not ABSENT:
            found[name] = value
    return found


def default_of_booleans(text: str) -> bool | Absent:
    """Return the default that the text gives for all optional booleans, or ABSENT."""
    match = _ALL_BOOLEANS.search(" ".join(text.split()))
    return match["value"].lower() == "true" if match else ABSENT


def _plain(text: str) -> str:
    """Return the text on one line, up to the first directive, which is about something else."""
    return " ".join(_DIRECTIVE.sub("", text).split())


def _stated(words: str, start: int, domain: Domain) -> Default:
    clause = _clause(words[start:])
    by_host = _HOSTS.fullmatch(clause)
    if by_host is not None:
        return _by_host(by_host, domain)
    parts = _BACKENDS.split(clause)
    if len(parts) > 1 and not parts[0]:
        return _by_backend(parts, domain)
    value, rest = _value(clause, domain, words)
    if value is not ABSENT and _HARMLESS.match(rest) and not _CONDITION.search(rest):
        return Default(kind=DefaultKind.VALUE, value=value)
    return _DEPENDS if _ON_WHAT.search(clause) else _PROSE


def _marked(words: str, domain: Domain) -> Iterator[Default]:
    for match in _MARKED.finditer(words):
        token = next(filter(None, match.groups()))
        value, rest = _value(token, domain)
        if value is not ABSENT and not rest:
            yield Default(kind=DefaultKind.VALUE, value=value)


def _by_host(match: re.Match[str], domain: Domain) -> Default:
    for token, host in ((match["first"], match["on"]), (match["second"], match["other"])):
        if (host or "").lower() in _OURS:
            value, rest = _value(token, domain)
            if value is not ABSENT and not rest:
                return Default(kind=DefaultKind.VALUE, value=value)
    return _DEPENDS


def _by_backend(parts: list[str], domain: Domain) -> Default:
    cases: dict[str, JsonValue] = {}
    for token, names in zip(parts[1::2], parts[2::2], strict=True):
        value, rest = _value(token, domain)
        if value is ABSENT or rest:
            return _DEPENDS
        cases.update(dict.fromkeys(_NAMES.split(names), value))
    return Default(kind=DefaultKind.DEPENDS, cases=cases)


def _clause(tail: str) -> str:
    """Return the text up to the end of its sentence, or of the parenthesis around it."""
    depth = 0
    quote = ""
    for index, char in enumerate(tail):
        if quote:
            quote = "" if char == quote else quote
            if not quote and _LISTED.match(tail, index + 1):
                return tail[: index + 1]
        elif char in "\"'" and (index == 0 or tail[index - 1] in " ("):
            quote = char
        elif char == "(":
            depth += 1
        elif char == ")" and depth:
            depth -= 1
        elif char == ")" or (not depth and _ends_sentence(tail, index)):
            return tail[:index].strip()
    return tail.strip()


def _ends_sentence(tail: str, index: int) -> bool:
    return tail[index] == ";" or (tail[index] == "." and tail[index + 1 : index + 2] in ("", " "))


def _value(clause: str, domain: Domain, words: str = "") -> tuple[JsonValue | Absent, str]:
    """Return the value at the beginning of a clause, and what follows; `words` is the context."""
    match = _WORD.match(clause)
    if match is None:
        return ABSENT, clause
    bare = match[4]
    word = (
        bare if bare is not None else next(group for group in match.groups() if group is not None)
    )
    rest = clause[match.end() :]
    if word in domain.values or (domain.open and _NAME.fullmatch(word) and word != "none"):
        return word, rest
    if domain.booleans and word.lower() in _BOOLEANS:
        return _BOOLEANS[word.lower()], rest
    if domain.integers is not None:
        number, after = _integer(word if bare is None else clause, words)
        if number is not ABSENT:
            fits = domain.integers.low <= number <= domain.integers.high
            return (number if fits else ABSENT), (rest if bare is None else after)
    if domain.numbers and re.fullmatch(r"-?\d+(\.\d+)?", word):
        return float(word), rest
    return _string(clause, word, bare is None, rest) if domain.strings else (ABSENT, rest)


def _integer(clause: str, words: str) -> tuple[int | Absent, str]:
    word = re.match(r"\w*", clause)
    if word is not None and word[0].lower() in _WORDED:
        return _WORDED[word[0].lower()], clause[word.end() :]
    match = _NUMBER.match(clause)
    if match is None:
        return ABSENT, clause
    number, unit = int(match[1], 0), (match[2] or "").lower()
    if unit in _SIZES:
        return number * _SIZES[unit], clause[match.end() :]
    if unit in _TIMES and f"{_TIMES[unit]}s" in words:
        return number, clause[match.end() :]
    return number, clause[match.end(1) :]


def _string(clause: str, word: str, quoted: bool, rest: str) -> tuple[str | Absent, str]:
    """Take a word without quotes only where it cannot be an ordinary word."""
    empty = _EMPTY.match(clause)
    if empty is not None:
        return "", clause[empty.end() :]
    if quoted or re.search(r"[\d/:]", word):
        return word, rest
    return ABSENT, rest
