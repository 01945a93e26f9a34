"""A lone answer: which commands may have given it, and what is wrong with it.

Knows neither files nor how they are reported.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from conformance.judge.miss import Miss
from conformance.judge.observation import Line
from conformance.judge.reply import MessageJudge
from conformance.prepare.named_schema import NamedSchema
from conformance.qapi.validate import Validator
from conformance.wire.recording import Received, RecordingError, Value, messages_of

_ODD: Final = {"\0": 0}
"""What no command returns that declares a type."""
_NAMED: Final = 5
"""How many commands are named that an answer may be of."""


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgedAnswer:
    """What is wrong with an answer, and the commands that it may be of, in words."""

    misses: tuple[Miss, ...]
    told: str


def judged_answer(first: Value, given: NamedSchema | None, asked: str) -> JudgedAnswer:
    """Return what is wrong with an answer of which nothing says what was asked.

    `first` is a reply, or what one returns; `asked` is the command, "" where its type tells.
    Raises RecordingError where no command gives it.
    """
    message = first.value if isinstance(first.value, dict) else {"return": first.value}
    (heard,) = messages_of([Value(line=first.line, start=0, value=message, brief=first.brief)])
    assert isinstance(heard, Received)
    assert heard.read is not None
    line = Line(heard.data, heard.read)
    if given is None:
        return JudgedAnswer(misses=MessageJudge(None, None).answer(line, None).misses, told="")
    names = _names(given, message["return"], asked, first.line)
    told = ", ".join(names[:_NAMED])
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    judge = MessageJudge(given.schema, Validator(given.schema))
    return JudgedAnswer(
        misses=judge.answer(line, names[0]).misses,
        told=f"what it returns is of the type of {told}{more}",
    )


def _names(given: NamedSchema, value: Any, asked: str, line: int) -> Sequence[str]:
    commands, check = given.schema.commands, Validator(given.schema).check
    if asked:
        if asked not in commands:
            raise RecordingError(line, 1, f"{given.origin} has no command {asked}")
        return [asked]
    names = [
        name
        for name, each in commands.items()
        # What may return anything tells nothing.
        if check(each.ret_type, _ODD) is not None and check(each.ret_type, value) is None
    ]
    if not names:
        problem = f"no command of {given.origin} returns this"
        raise RecordingError(line, 1, f"{problem}; --command names the one that was asked")
    return names
