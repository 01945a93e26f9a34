"""Tells what a search came to, and what it found as cases that `--cases` reads."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from conformance.derive.searching.pieces import looks_of
from conformance.judge.defect import defect_of
from conformance.model.canonical import compact
from conformance.model.case import Case
from conformance.model.fingerprint import fingerprint
from conformance.model.search import FoundHistory
from conformance.model.stage import MachineSpec, Request, ScratchFile
from conformance.model.terms import ABSENT, JsonValue, SubjectKind
from conformance.play.alone import Result
from conformance.report.stream import Searched

_HEAD: Final = "#:schema ./schema.json\n\n"

_ABOUT: Final = {SubjectKind.COMMAND: "command", SubjectKind.OBJECT_TYPE: "type"}


def searched(target: str, result: Result) -> Iterator[Searched]:
    """Yield what a random search came to, if the case is one."""
    if result.searched is None:
        return
    case = result.case
    yield Searched(
        target=target,
        case=case.id,
        subject_kind=case.subject.kind,
        subject=case.subject.name,
        totals=result.searched,
        found=tuple(_found(result)),
    )


def _found(result: Result) -> Iterator[FoundHistory]:
    for each in (result, *result.further):
        for miss in each.verdict.misses[:1]:
            name = fingerprint(defect_of(miss))
            text = history_text(each.case, name, defect_of(miss))
            if text is not None:
                yield FoundHistory(fingerprint=name, text=text)


def history_text(case: Case, name: str, reason: str) -> str | None:
    """Return a case as the text of a file of cases, None if such a file cannot say it.

    That is so of machines that have more than files and arguments, and of null.
    """
    spec = case.stage.spec
    plain = MachineSpec(machine=spec.machine, accel=spec.accel, args=spec.args, files=spec.files)
    requests = [step.request for step in case.steps]
    if (
        case.subject.kind not in _ABOUT
        or spec != plain
        or case.stage.setup
        or any(map(_is_odd, requests))
    ):
        return None
    before, between = _divided(case)
    try:
        lines = [
            "[[history]]",
            f"name = {_toml(name)}",
            f"{_ABOUT[case.subject.kind]} = {_toml(case.subject.name)}",
            f"machine = {_toml(spec.machine)}",
            *([f"accel = {_toml(spec.accel)}"] if spec.accel else []),
            *([f"args = {_toml(list(spec.args))}"] if spec.args else []),
            *([f"files = {_toml([*map(_file, spec.files)])}"] if spec.files else []),
            *_requests("requests", before),
            *_requests("watched", between),
            *_requests("looks", [case.steps[number].request for number in looks_of(case)]),
            f"reason = {_toml(reason)}",
        ]
    except TypeError:
        return None
    return _HEAD + "\n".join(lines) + "\n"


def _is_odd(request: Request) -> bool:
    return bool(request.descriptor or request.companion or request.key != "execute")


def _divided(case: Case) -> tuple[list[Request], list[Request]]:
    """Return the requests before the first look at the state, and those behind it."""
    looks = looks_of(case)
    if not looks:
        return [step.request for step in case.steps], []
    first, end = {*looks.values()}, min(looks)
    before = [step.request for step in case.steps[: min(first)]]
    between = [
        step.request for n, step in enumerate(case.steps[:end]) if n > min(first) and n not in first
    ]
    return before, between


def _file(file: ScratchFile) -> Mapping[str, JsonValue]:
    plain = ScratchFile(path=file.path)
    names = ("path", "text", "hex", "at", "size", "make")
    return {
        name: getattr(file, name)
        for name in names
        if name == "path" or getattr(file, name) != getattr(plain, name)
    }


def _requests(key: str, requests: list[Request]) -> Iterator[str]:
    if requests:
        yield f"{key} = ["
        for each in requests:
            given: dict[str, JsonValue] = {"execute": each.execute}
            if each.arguments is not ABSENT and isinstance(each.arguments, Mapping):
                given["arguments"] = dict(each.arguments)
            elif each.arguments is not ABSENT:
                raise TypeError(each.arguments)
            yield f"    {_toml(given)},"
        yield "]"


def _toml(value: object) -> str:
    """Return a value as TOML on one line; raises TypeError for null, which TOML lacks."""
    match value:
        case bool() | int() | str():
            return compact(value)
        case float():
            return repr(value)
        case Mapping():
            inner = ", ".join(f"{compact(name)} = {_toml(each)}" for name, each in value.items())
            return f"{{ {inner} }}" if inner else "{}"
        case list() | tuple():
            return f"[{', '.join(map(_toml, value))}]"
        case _:
            raise TypeError(value)
