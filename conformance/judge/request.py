"""Judges whether the protocol and a schema allow a request; knows nothing of its reply."""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Any, Final

from conformance.qapi.model import Schema
from conformance.qapi.validate import Validator

_COMMAND_KEYS: Final = ("execute", "exec-oob")
_MEMBERS: Final = frozenset({*_COMMAND_KEYS, "arguments", "id"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Objection:
    """Why QEMU must refuse a request: the rule that forbids it, the fault, and its place."""

    rule: str
    what: str
    fold: str


class RequestJudge:
    """Judges requests against the protocol and, if there is one, a schema.

    QEMU does not check the arguments of the commands `unchecked` against introspection (Q31).
    """

    def __init__(
        self, schema: Schema | None, validator: Validator | None, unchecked: AbstractSet[str]
    ) -> None:
        self._schema = schema
        self._validator = validator
        self._unchecked = unchecked

    def objection(self, request: Any, *, oob: bool | None = None) -> Objection | None:
        """Return why QEMU must refuse `request`, any JSON value; None if it need not.

        `oob` says whether out-of-band execution was negotiated, None if that is unknown.
        """
        form = _form_objection(request)
        if form is not None or self._schema is None:
            return form
        name = command_of(request)
        command = self._schema.commands.get(name) if name else None
        if name is None or command is None:
            return Objection(
                rule="Q42", what=f"the schema has no command {name!r}", fold=f"{name} unknown"
            )
        if "exec-oob" in request:
            if not command.allow_oob:
                what = f"{name} may not run out of band"
                return Objection(rule="W33", what=what, fold=f"{name} oob")
            if oob is False:
                what = "out-of-band execution was not negotiated"
                return Objection(rule="W34", what=what, fold="oob")
        if name in self._unchecked or self._validator is None:
            return None
        fault = self._validator.check(command.arg_type, request.get("arguments", {}))
        if fault is None:
            return None
        where = f"{name}: argument {fault.path}" if fault.path else f"{name}: arguments"
        return Objection(rule="Q30", what=f"{where}: {fault.problem}", fold=f"{name} {fault.path}")


def command_of(request: Any) -> str | None:
    """Return the name of the command in `request`, None if there is none."""
    if not isinstance(request, dict):
        return None
    named = [request[key] for key in _COMMAND_KEYS if key in request]
    return named[0] if len(named) == 1 and isinstance(named[0], str) else None


def _form_objection(request: Any) -> Objection | None:
    if not isinstance(request, dict):
        return Objection(rule="W19", what="the request is no object", fold="no object")
    keys = [key for key in _COMMAND_KEYS if key in request]
    if not keys:
        return Objection(rule="W19", what="the request has no execute", fold="no execute")
    if len(keys) > 1:
        what = "the request has both execute and exec-oob"
        return Objection(rule="W21", what=what, fold="both keys")
    if not isinstance(request[keys[0]], str):
        rule = "W20" if keys[0] == "execute" else "W21"
        return Objection(rule=rule, what=f"{keys[0]} is no string", fold=f"{keys[0]} no string")
    if not isinstance(request.get("arguments", {}), dict):
        return Objection(rule="W23", what="arguments is no object", fold="arguments")
    for name in sorted(request.keys() - _MEMBERS):
        return Objection(rule="W24", what=f"the request has a member {name!r}", fold="member")
    return None
