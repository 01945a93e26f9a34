"""Whether a reply is what its step expects; one function per kind of expectation."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, assert_never

from conformance.judge.json_path import brief, path_text, shown, stands_at, without
from conformance.judge.miss import Kind, Miss
from conformance.model.canonical import canonical, same
from conformance.model.case import (
    Accept,
    Answer,
    Case,
    Ends,
    Holds,
    Known,
    LinksTo,
    Lists,
    ListsProperties,
    ListsTypes,
    NotYet,
    Reads,
    ReadsAs,
    Reject,
    Repeats,
    Returns,
    Shows,
    Sight,
    Step,
    Understood,
)
from conformance.model.terms import ABSENT, ErrorClass
from conformance.qapi.qom import INTEGER_RANGES, TypeInfo, type_from_json

_SPECIFIC: Final = re.compile(r"'[^']*'|\"[^\"]*\"|/\S*|\b\d+\b|\b0x[0-9a-f]+\b")
"""What differs between the texts of errors that are the same: names, paths, numbers."""
_OF_CHECKS: Final = frozenset({ErrorClass.GENERIC, ErrorClass.COMMAND_NOT_FOUND})
"""The classes that a request may be refused with before its command sees it."""
_STRINGS: Final = frozenset({"str", "string"})


def without_names(text: str) -> str:
    """Return an error's text less the names, paths and numbers that it is about."""
    return _SPECIFIC.sub("*", text)


def check(
    case: Case,
    step: Step,
    message: Mapping[str, Any],
    earlier: Sequence[Mapping[str, Any]] = (),
) -> Miss | None:
    """Return how `message`, a well-formed reply, breaks what `step` of `case` expects.

    `earlier` are the replies to the steps before.
    """
    judged = _Judged(case, step, message)
    match step.expect:
        case Answer():
            return None
        case Known():
            return judged.known()
        case Reject(classes=classes):
            return judged.rejected(frozenset(map(str, classes)))
        case Accept() | Ends():
            return judged.accepted()
        case Understood():
            error = message.get("error")
            heard = error is not None and error.get("class") not in _OF_CHECKS
            return None if heard else judged.accepted()
        case Holds(present=()) if judged.not_found():
            # Containers are made when they are first needed: where none stands, nothing is in it.
            return None
        case _ as expect:
            refused = judged.accepted()
            if refused is not None:
                return refused
            value = message["return"]
            match expect:
                case Repeats():
                    problem = _repeats(value, earlier[expect.step], expect)
                case Shows():
                    problem = _shows(value, earlier, expect)
                case NotYet(shows=shows):
                    problem = _not_yet(value, shows)
                case _:
                    problem = _problem(expect, value, case.about)
            return judged.value(problem) if problem else None


def _problem(
    expect: Returns | Lists | Reads | Holds | ReadsAs | LinksTo | ListsTypes | ListsProperties,
    value: Any,
    about: str,
) -> _Problem | None:
    """Return what is wrong with a value that is not the expected one."""
    match expect:
        case Returns(values=values):
            return _returns(value, values)
        case Lists(values=values):
            return _lists(value, values)
        case Reads():
            return _reads(value, expect)
        case Holds():
            return _holds(value, expect)
        case ReadsAs(type=type_name):
            wrong = value_problem(type_name, value)
            fold = f"{type_name} {about.rsplit('/', 1)[-1]}"
            return _Problem(wrong, f"a value of type {type_name}", fold) if wrong else None
        case LinksTo(paths=paths):
            if isinstance(value, str) and (value == "" or value in paths):
                return None
            return _Problem(f"the link reads {brief(value)}", "the path of an object, or nothing")
        case ListsTypes():
            return _lists_types(value, expect)
        case ListsProperties():
            return _lists_properties(value, expect)
        case _:
            assert_never(expect)


@dataclass(frozen=True, slots=True)
class _Problem:
    """What came, what was expected, and what misses of one defect share.

    `fold` is "" where that is what their cases are about: a property declared with a wrong type is
    one defect, wherever it stands.
    """

    what: str
    expected: str
    fold: str = ""


class _Judged:
    """A reply beside its case and step, for writing misses about it."""

    __slots__ = ("_case", "_message", "_step")

    def __init__(self, case: Case, step: Step, message: Mapping[str, Any]) -> None:
        self._case, self._step, self._message = case, step, message

    def miss(self, kind: Kind, what: str, expected: str, fold: str = "") -> Miss:
        subject = self._case.subject.name
        command = self._step.request.execute
        return Miss(
            rule=self._step.rule,
            kind=kind,
            summary=f"{command}: {what}",
            expected=expected,
            fold=f"{kind} {self._step.rule} {subject} {command} {fold or self._about()}",
            why=self._step.why,
        )

    def value(self, problem: _Problem) -> Miss:
        return self.miss(Kind.VALUE, problem.what, problem.expected, problem.fold)

    def _about(self) -> str:
        return self._case.about or self._case.id

    def not_found(self) -> bool:
        error = self._message.get("error")
        return isinstance(error, dict) and error.get("class") == ErrorClass.DEVICE_NOT_FOUND

    def accepted(self) -> Miss | None:
        error = self._message.get("error")
        if error is None:
            return None
        text = f"{error.get('class')}: {error.get('desc')}"
        fold = f"{self._about()} {without_names(text)}"
        if self._case.subject.name not in self._about():
            fold = without_names(text)
        return self.miss(Kind.REFUSED, f"refused with {text}", "the request is accepted", fold)

    def known(self) -> Miss | None:
        error = self._message.get("error")
        if error is None or error.get("class") != ErrorClass.COMMAND_NOT_FOUND:
            return None
        what = f"refused with {error.get('class')}: {error.get('desc')}"
        return self.miss(Kind.CLASS, what, "the build knows the command")

    def rejected(self, classes: frozenset[str]) -> Miss | None:
        wanted = " or ".join(sorted(classes))
        error = self._message.get("error")
        if error is None:
            fault = f" ({self._case.fault})" if self._case.fault else ""
            what = f"accepted{fault}, and returned {brief(self._message.get('return'))}"
            return self.miss(Kind.ACCEPTED, what, f"the request is refused with {wanted}")
        if error.get("class") not in classes:
            what = f"refused with {error.get('class')}: {error.get('desc')}"
            return self.miss(Kind.CLASS, what, f"the error class {wanted}")
        return None


def _returns(value: Any, values: tuple[Any, ...]) -> _Problem | None:
    if any(same(value, _plain(wanted)) for wanted in values):
        return None
    wanted = " or ".join(brief(item) for item in values)
    return _Problem(f"returned {brief(value)}", f"the value {wanted}")


def _lists(value: Any, values: tuple[Any, ...]) -> _Problem | None:
    """Compare two arrays whose order means nothing, and name the first that only one has."""
    if not isinstance(value, list):
        return _Problem(f"returned {brief(value)}", "an array")
    found, wanted = Counter(map(canonical, value)), Counter(map(canonical, values))
    for more, other, what, expected in (
        (found, wanted, "lists more than it should", "an array without it"),
        (wanted, found, "does not list all", "an array with it"),
    ):
        odd = sorted((more - other).elements())
        if odd:
            first = brief(json.loads(odd[0]))
            return _Problem(f"{what}: {first} and {len(odd) - 1} others", f"{expected}: {first}")
    return None


def _reads(value: Any, expect: Reads) -> _Problem | None:
    where = path_text(expect.path)
    wanted = f"{where} is {brief(expect.value)}"
    found = stands_at(value, expect.path)
    if found is ABSENT:
        return _Problem(f"returned no {where}", wanted)
    if not same(found, expect.value):
        return _Problem(f"{where} is {brief(found)}", wanted)
    return None


def _repeats(value: Any, earlier: Mapping[str, Any], expect: Repeats) -> _Problem | None:
    if "return" not in earlier:
        return None
    found, wanted = without(value, expect.less), without(earlier["return"], expect.less)
    if same(found, wanted):
        return None
    return _Problem(f"returned {brief(found)}", f"the value {brief(wanted)}")


def _shows(value: Any, earlier: Sequence[Mapping[str, Any]], expect: Shows) -> _Problem | None:
    before = earlier[expect.step].get("return") if earlier else None
    wrong = shown(value, expect, before)
    return _Problem(*wrong) if wrong else None


def _not_yet(value: Any, expect: Shows) -> _Problem | None:
    """What differs from what is now may be anything: of that nothing can show too early."""
    if expect.sight is Sight.DIFFERENT or shown(value, expect, None):
        return None
    found = stands_at(value, expect.path)
    what = "not there" if found is ABSENT else brief(found)
    return _Problem(f"{path_text(expect.path)} is {what} before", "that it is not so before")


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value


def _holds(value: Any, expect: Holds) -> _Problem | None:
    types = {entry["name"]: entry["type"] for entry in value}
    for name, type_name in expect.present:
        if types.get(name) != type_name:
            found = f"has the type {types[name]}" if name in types else "is not listed"
            return _Problem(f"{name!r} {found}", f"{name!r} is listed as {type_name}")
    for name in expect.absent:
        if name in types:
            return _Problem(f"{name!r} is listed", f"there is no {name!r}")
    return None


def value_problem(type_name: str, value: Any) -> str:
    """Return why `value` is none of the QOM type `type_name`, "" where it may be one.

    Of a type whose name does not tell the JSON type anything but null may come.
    """
    if type_name in INTEGER_RANGES:
        least, greatest = INTEGER_RANGES[type_name]
        right = type(value) is int and least <= value <= greatest
    elif type_name in _STRINGS:
        right = isinstance(value, str)
    elif type_name == "bool":
        right = isinstance(value, bool)
    elif type_name == "double":
        right = isinstance(value, int | float) and not isinstance(value, bool)
    else:
        right = value is not None
    return "" if right else f"the {type_name} reads {brief(value)}"


def _lists_types(value: Any, expect: ListsTypes) -> _Problem | None:
    entries: list[TypeInfo] = [type_from_json(entry) for entry in value]
    for entry in entries:
        known = expect.known.get(entry.name)
        if known != entry:
            return _Problem(f"lists {entry}", f"the entry of the whole list, {known}")
    names = [entry.name for entry in entries]
    if len(set(names)) != len(names):
        return _Problem("lists a type twice", "each type once")
    if expect.exactly is not None and set(names) != expect.exactly:
        more = sorted(set(names) - expect.exactly)[:3]
        less = sorted(expect.exactly - set(names))[:3]
        what = f"lists {more} too many and {less} too few"
        return _Problem(what, "the types that the filter fits")
    return None


def _lists_properties(value: Any, expect: ListsProperties) -> _Problem | None:
    found = {entry["name"]: entry["type"] for entry in value}
    if len(found) != len(value):
        return _Problem("lists a property twice", "each property once")
    for entry in value:
        type_name = entry["type"]
        child = type_name[6:-1] if type_name.startswith("child<") else ""
        if child and child not in expect.types:
            what = f"{entry['name']!r} is {type_name}"
            return _Problem(what, "a child's type stands in qom-list-types", what)
        if "default-value" in entry:
            wrong = value_problem(type_name, entry["default-value"])
            if wrong:
                what = f"the default of {entry['name']!r} is wrong: {wrong}"
                return _Problem(what, f"a default of the property's own type {type_name}", what)
    if expect.entries is not None and found != dict(expect.entries):
        differ = sorted(dict(set(found.items()) ^ set(expect.entries.items())))[:3]
        what = f"the properties {differ} differ"
        return _Problem(what, "the same properties as when asked before")
    return None
