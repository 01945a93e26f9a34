"""Cases, lines and a schema for the tests of the judges, made by hand."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from conformance.judge.expect_answer import Accept
from conformance.judge.observation import Line
from conformance.judge.reply import MessageJudge
from conformance.model.case import Case, Claim, Count, Role, Step, Subject
from conformance.model.expectation import Expectation, Problem
from conformance.model.stage import Request, Stage
from conformance.model.terms import ABSENT, Aspect, SubjectKind
from conformance.qapi.validate import Validator
from conformance.wire.framing import read_message
from tests.qapi.schemas import array, command, event, member, optional, schema_of, struct

SCHEMA = schema_of(
    struct("Entry", member("name", "str"), member("type", "str"), optional("default-value", "any")),
    array("[Entry]", "Entry"),
    struct("Reset", member("guest", "bool")),
    command("do"),
    command("list", ret="[Entry]"),
    command("read", ret="any"),
    event("STOP"),
    event("RESET", "Reset"),
)

ACCEPT = Accept()


def judge_of_messages() -> MessageJudge:
    return MessageJudge(SCHEMA, Validator(SCHEMA))


def line(message: Any) -> Line:
    data = message if isinstance(message, bytes) else json.dumps(message).encode() + b"\r\n"
    return Line(data, read_message(data))


def step(expect: Expectation = ACCEPT, *, execute: str = "do", role: Role = Role.SUBJECT) -> Step:
    return Step(request=Request(execute, ABSENT), expect=expect, role=role, rule="X20")


def case(*steps: Step, about: str = "", counts: tuple[Count, ...] = ()) -> Case:
    return Case(
        id="toy/valid/made",
        subject=Subject(kind=SubjectKind.OBJECT_TYPE, name="toy"),
        aspect=Aspect.VALID,
        stage=Stage(name="plain"),
        steps=steps,
        about=about,
        counts=counts,
    )


def success(value: Any = None, number: int = 0) -> dict[str, Any]:
    return {"return": {} if value is None else value, "id": number}


def refusal(kind: str = "GenericError", number: int = 0) -> dict[str, Any]:
    return {"error": {"class": kind, "desc": "no 'a' at /b 7"}, "id": number}


def claim(promised: str, found: str, **more: Any) -> Claim:
    more = {"rule": "Q30", "what": "member a", "fold": promised, **more}
    return Claim(promised=promised, found=found, **more)


def first(problems: Sequence[Problem]) -> Problem | None:
    return next(iter(problems), None)
