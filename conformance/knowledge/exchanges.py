"""Scripted exchanges on the wire, as the files under cases/exchanges/ write them.

docs/exchanges.md describes the files.  Knows neither a machine nor what a server answers.
"""

from __future__ import annotations

import enum
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from conformance.knowledge.recipes import filled, spec_of
from conformance.knowledge.tables import Table, read_table
from conformance.knowledge.versions import VersionRange
from conformance.model.errors import KnowledgeError
from conformance.model.flavour import Program
from conformance.model.script import (
    FIRST,
    Deed,
    Drive,
    Gather,
    Gone,
    Hear,
    Hold,
    Join,
    Leave,
    Part,
    Release,
    Same,
    Send,
    Sync,
    Turn,
    What,
)
from conformance.model.stage import MachineSpec, Transport
from conformance.model.terms import ABSENT, Absent, ErrorClass, JsonValue

_PLACE: Final = re.compile(r"\{(\w+)\}")
_VERBS: Final[Mapping[str, type]] = {
    **dict.fromkeys(("send", "sync", "gather"), object),
    **dict.fromkeys(("join", "hear", "hold", "release", "client"), str),
    **dict.fromkeys(("leave", "half", "gone"), bool),
    "part": int,
}
"""The words of which one begins a turn, and the type of its value, where only one will do."""
_NUMBER: Final = "n"
"""What stands in braces for how often something was done before, from 0."""
_PIECES: Final = frozenset({"hex", "repeat"})
"""What a table that is a piece of what is sent begins with."""


class Start(enum.StrEnum):
    """How far the first line is when an exchange begins."""

    # It is not connected.
    NOWHERE = "nowhere"
    # It is connected and greeted.
    GREETED = "greeted"
    # Its negotiation is over, and enabled nothing.
    NEGOTIATED = "negotiated"
    # Its negotiation is over, and enabled oob.
    OUT_OF_BAND = "oob"


@dataclass(frozen=True, slots=True, kw_only=True)
class ExchangeRecipe:
    """One exchange about `rules`, on each of the transports of `on`.

    `subject` is the part of the protocol that it is about.  `fresh` tells that it gets a machine of
    its own, `ends` that the server ends of it, `slow` why it is only run where all is, and
    `every_start` that it is about all starts of a run.
    """

    subject: str
    name: str
    rules: tuple[str, ...]
    reason: str
    start: Start
    on: tuple[Transport, ...]
    versions: VersionRange
    programs: tuple[Program, ...]
    spec: MachineSpec
    pretty: bool
    clock: bool
    limit: float
    fresh: bool
    ends: bool
    slow: str
    turns: tuple[Turn, ...]
    needs: tuple[str, ...] = ()
    every_start: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class _Words:
    """What stands for each place in braces, as pieces of what is sent and as text elsewhere."""

    pieces: Mapping[str, Any]

    def text(self, template: str) -> str:
        """Return the template with each place filled that a text stands for."""

        def put(match: re.Match[str]) -> str:
            found = self.pieces.get(match[1])
            return found if isinstance(found, str) else match[0]

        return _PLACE.sub(put, template)

    def numbered(self, number: int) -> _Words:
        """Return the same words, and a number."""
        return _Words(pieces={**self.pieces, _NUMBER: str(number)})

    def whole(self, template: str) -> Any:
        """Return what stands for a template that is a place and nothing else, else its text."""
        match = _PLACE.fullmatch(template)
        return self.pieces.get(match[1], template) if match else self.text(template)


def load_exchanges(folder: Path) -> tuple[ExchangeRecipe, ...]:
    """Return the exchanges of all files `*.toml` in `folder`; raises KnowledgeError.

    The name of a file is the subject of its exchanges.
    """
    found: list[ExchangeRecipe] = []
    for path in sorted(folder.glob("*.toml")):
        top = read_table(path)
        for number, entry in enumerate(top.take("exchange", list, []), start=1):
            if not isinstance(entry, dict):
                raise KnowledgeError(f"{path.name}: 'exchange' entry {number} is no table")
            place = f"{path.name}, exchange {entry.get('name', number)}"
            found += _exchanges(place, entry, path.stem)
        top.done()
    return tuple(found)


def _exchanges(place: str, entry: dict[str, Any], subject: str) -> Iterator[ExchangeRecipe]:
    """Yield an entry once for each of its variants and each place where it is cut."""
    vary = entry.pop("vary", {})
    if not isinstance(vary, dict) or any(not isinstance(v, dict) for v in vary.values()):
        raise KnowledgeError(f"{place}: 'vary' names no tables", "docs/exchanges.md describes it.")
    if len(vary) > 1:
        raise KnowledgeError(f"{place}: 'vary' has more than one place", "One thing varies.")
    variants: list[tuple[str, dict[str, Any]]] = [("", {})]
    for mark, values in vary.items():
        variants = [(f"/{name}", _places(mark, value)) for name, value in values.items()]
    for suffix, pieces in variants:
        recipe = _recipe(Table(place, entry), subject, _Words(pieces=pieces))
        recipe = replace(recipe, name=recipe.name + suffix)
        yield from _cut(recipe, entry, place)


def _places(mark: str, value: Any) -> dict[str, Any]:
    """Return what stands for which place in a variant: a table that is no piece names several."""
    if isinstance(value, dict) and not value.keys() & _PIECES:
        return value
    return {mark: value}


def _cut(recipe: ExchangeRecipe, entry: Mapping[str, Any], place: str) -> Iterator[ExchangeRecipe]:
    """Yield the exchange, or, where it sends something cut, one for each proper beginning."""
    marked = [n for n, turn in enumerate(entry.get("turns", ())) if turn.get("cut")]
    if not marked:
        yield recipe
        return
    turn = recipe.turns[marked[0]]
    if len(marked) > 1 or not isinstance(turn, Send):
        raise KnowledgeError(f"{place}: just one turn that sends can be cut")
    for length in range(1, len(turn.data)):
        shorter = replace(turn, data=turn.data[:length])
        turns = (*recipe.turns[: marked[0]], shorter, *recipe.turns[marked[0] + 1 :])
        yield replace(recipe, name=f"{recipe.name}/cut-{length}", turns=turns)


def _recipe(table: Table, subject: str, words: _Words) -> ExchangeRecipe:
    rules = table.texts("rules")
    if not rules:
        raise KnowledgeError(f"{table.place}: 'rules' is missing", "Name the rules it shows.")
    try:
        recipe = ExchangeRecipe(
            subject=subject,
            name=table.take("name", str),
            rules=rules,
            reason=table.take("reason", str),
            start=Start(table.take("start", str, Start.NEGOTIATED.value)),
            on=tuple(map(Transport, table.texts("on") or (Transport.SOCKET,))),
            versions=table.versions(),
            programs=tuple(
                map(Program, table.texts("programs") or (Program.SYSTEM, Program.STORAGE_DAEMON))
            ),
            spec=spec_of(table, MachineSpec()),
            pretty=table.take("pretty", bool, False),
            clock=table.take("clock", bool, False),
            limit=float(table.take_any("limit", 10.0)),
            fresh=table.take("fresh", bool, False),
            ends=table.take("ends", bool, False),
            slow=table.take("slow", str, ""),
            needs=table.texts("needs"),
            every_start=table.take("every-start", bool, False),
            turns=tuple(_turns(table, rules[0], words)),
        )
    except (ValueError, TypeError) as error:
        raise KnowledgeError(f"{table.place}: {error}") from error
    table.done()
    return recipe


def _turns(table: Table, rule: str, words: _Words) -> Iterator[Turn]:
    """Yield the turns of a table, those of `again` as often as it says."""
    for each in table.tables("turns"):
        again = each.take("again", list, [])
        if not again:
            yield _turn(each, rule, words)
            continue
        for number in range(each.take("times", int)):
            yield from _turns(Table(each.place, {"turns": again}), rule, words.numbered(number))
        each.done()


def _turn(table: Table, rule: str, words: _Words) -> Turn:
    """Return a turn; which of its words stands in the table says what sort of turn it is."""
    verb, value = _verb(table)
    line = table.take("line", str, FIRST)
    rule = table.take("rule", str, rule)
    turn: Turn
    match verb:
        case "join":
            turn = Join(line=line, endpoint=value)
        case "send":
            table.take("cut", bool, False)
            data = _bytes(table, value, words)
            bytewise, times = table.take("bytewise", bool, False), table.take("times", int, 1)
            turn = Send(line=line, data=data, bytewise=bytewise, times=times)
        case "hear":
            turn = _hear(table, What(value), line, rule, words)
        case "sync":
            turn = _sync(table, _bytes(table, value, words), line, rule)
        case "gather":
            turn = Gather(
                line=line,
                rule=rule,
                ids=_ids(table, value, words),
                free=_ids(table, table.take_any("free", "[]"), words),
                errors=table.take("errors", bool, False),
            )
        case "part":
            turn = Part(line=line, size=value)
        case "hold":
            turn = Hold(path=value)
        case "release":
            turn = Release(path=value)
        case "client":
            turn = _drive(table, Deed(value), line, rule, words)
        case "gone":
            ids = _ids(table, table.take_any("ids", "[]"), words)
            turn = Gone(line=line, rule=rule, ids=ids)
        case _:
            turn = Leave(line=line, half=verb == "half")
    table.done()
    return turn


def _verb(table: Table) -> tuple[str, Any]:
    found = {verb: table.take_any(verb, ABSENT) for verb in _VERBS}
    verbs = [verb for verb, value in found.items() if value is not ABSENT]
    if len(verbs) != 1:
        raise KnowledgeError(f"{table.place}: a turn is one of {', '.join(_VERBS)}")
    verb = verbs[0]
    value, kind = found[verb], _VERBS[verb]
    if (kind is not object and type(value) is not kind) or value is False:
        wanted = "true" if kind is bool else kind.__name__
        raise KnowledgeError(f"{table.place}: {verb!r} is {value!r}, not {wanted}")
    return verb, value


def _sync(table: Table, lead: bytes, line: str, rule: str) -> Sync:
    least = table.take_any("errors", None)
    if type(least) not in (int, type(None)):
        raise KnowledgeError(f"{table.place}: 'errors' is no number", "How many at least?")
    loose = table.take("open", bool, False)
    return Sync(line=line, rule=rule, lead=lead, least=least, open=loose)


def _drive(table: Table, deed: Deed, line: str, rule: str, words: _Words) -> Drive:
    refused = table.take("refused", str, "")
    return Drive(
        line=line,
        rule=rule,
        deed=deed,
        name=words.text(table.take("name", str, FIRST if deed is Deed.CONNECT else "")),
        arguments=_json(table, "arguments", words),
        times=table.take("times", int, 1),
        refused=ErrorClass(refused) if refused else None,
    )


def _hear(table: Table, what: What, line: str, rule: str, words: _Words) -> Hear:
    same = table.take("same", dict, {})
    return Hear(
        line=line,
        what=what,
        rule=rule,
        id=_json(table, "id", words),
        any_id=table.take("any_id", bool, False),
        classes=frozenset(map(ErrorClass, table.texts("classes"))),
        event=table.take("event", str, ""),
        at=_path(table.take("at", str, "")),
        value=_json(table, "value", words),
        same=Same(turn=same["turn"], at=_path(same.get("at", ""))) if same else None,
        silent=table.take("silent", bool, False),
        command=table.take("command", str, ""),
        lead=_bytes(table, table.take_any("lead", ""), words),
    )


def _json(table: Table, key: str, words: _Words) -> JsonValue | Absent:
    """Return the JSON value whose text `key` is, as what is sent is; ABSENT where there is none."""
    pieces = table.take_any(key, ABSENT)
    if isinstance(pieces, Absent):
        return ABSENT
    return _value(table, key, _bytes(table, pieces, words))


def _value(table: Table, key: str, text: str | bytes) -> JsonValue:
    try:
        value: JsonValue = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise KnowledgeError(f"{table.place}: {key!r} is no JSON: {error}") from error
    return value


def _ids(table: Table, value: Any, words: _Words) -> tuple[JsonValue, ...]:
    """Return the ids that the text of a JSON array holds, or as many numbers from 0 on."""
    if type(value) is int:
        return tuple(range(value))
    ids = _value(table, "ids", words.text(str(value)))
    if not isinstance(ids, list):
        raise KnowledgeError(f"{table.place}: {value!r} is no array of ids and no number of them")
    return tuple(ids)


def _path(text: str) -> tuple[str, ...]:
    return tuple(text.split(".")) if text else ()


def _bytes(table: Table, value: Any, words: _Words) -> bytes:
    """Return the bytes that a string stands for, or an array of strings and tables one by one."""
    data = b""
    for piece in value if isinstance(value, list) else [value]:
        data += _piece(table, piece, words)
    return data


def _piece(table: Table, piece: Any, words: _Words) -> bytes:
    match piece:
        case str():
            whole = words.whole(piece)
            return filled(whole).encode() if isinstance(whole, str) else _bytes(table, whole, words)
        case {"hex": str(text), **rest} if not rest:
            return bytes.fromhex(text)
        case {"repeat": repeated, "times": int(times), **rest} if not rest:
            # Most hold no number, and are the same each time: there are up to some 65,536.
            first, second = (_bytes(table, repeated, words.numbered(n)) for n in (0, 1))
            if first == second:
                return first * times
            pieces = (_bytes(table, repeated, words.numbered(n)) for n in range(times))
            return b"".join(pieces)
        case _:
            raise KnowledgeError(
                f"{table.place}: {piece!r} cannot be sent",
                "A piece is a string, { hex = ... }, or { repeat = ..., times = ... }.",
            )
