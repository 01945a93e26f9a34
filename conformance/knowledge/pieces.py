"""What exchanges send, as files write it: strings and pieces, with placeholders.

Knows neither turns nor how a server reacts.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from conformance.knowledge.keys import Form, FormError, scratch_filled
from conformance.model.terms import ABSENT, Absent, JsonValue

NUMBER: Final = "n"
"""The placeholder for the number of repetitions so far, from 0."""
_PLACE: Final = re.compile(r"\{(\w+)\}")
_MARKS: Final = frozenset({"hex", "repeat"})
"""The first key of a table that is a piece to send."""
_SHOWN: Final = 60
"""How much of a wrong text an error shows."""
_HINT: Final = "A piece is a string, { hex = ... }, or { repeat = ..., times = ... }."


def _checked(value: Any) -> Any:
    for piece in value if isinstance(value, list) else [value]:
        match piece:
            case str():
                pass
            case {"hex": str(text), **rest} if not rest:
                try:
                    bytes.fromhex(text)
                except ValueError as error:
                    raise FormError(f"holds {text!r}, not bytes in hexadecimal", _HINT) from error
            case {"repeat": repeated, "times": int(), **rest} if not rest:
                _checked(repeated)
            case _:
                raise FormError(f"holds {piece!r}, which cannot be sent", _HINT)
    return value


def _variant(value: Any) -> Any:
    if isinstance(value, dict) and not value.keys() & _MARKS:
        for item in value.values():
            _checked(item)
        return value
    return _checked(value)


_PIECE_SCHEMA: Final[Mapping[str, JsonValue]] = {"type": ["string", "array", "object"]}
PIECES: Final = Form("a string, a piece, or an array of them", _PIECE_SCHEMA, _checked)
VARIANT: Final = Form("what stands in the place, or a table of places", _PIECE_SCHEMA, _variant)


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """The values of placeholders, as pieces to send and as text elsewhere."""

    pieces: Mapping[str, Any]

    def text(self, template: str) -> str:
        """Return the template with each placeholder replaced that has a text."""

        def put(match: re.Match[str]) -> str:
            found = self.pieces.get(match[1])
            return found if isinstance(found, str) else match[0]

        return _PLACE.sub(put, template)

    def numbered(self, number: int) -> Words:
        """Return the same words with a number."""
        return Words(pieces={**self.pieces, NUMBER: str(number)})

    def bytes_of(self, value: Any) -> bytes:
        """Return the bytes of a string, or of an array of pieces."""
        pieces = value if isinstance(value, list) else [value]
        return b"".join(map(self._piece, pieces))

    def json(self, pieces: Any) -> JsonValue | Absent:
        """Return the JSON value whose text the pieces are; ABSENT without any."""
        return ABSENT if pieces is ABSENT else json_value(self.bytes_of(pieces))

    def ids(self, value: Any) -> tuple[JsonValue, ...]:
        """Return the ids in the text of a JSON array, or as many numbers from 0 on."""
        if type(value) is int:
            return tuple(range(value))
        ids = json_value(self.text(str(value)))
        if not isinstance(ids, list):
            raise FormError(f"{value!r} is no array of ids and no number of them")
        return tuple(ids)

    def _whole(self, template: str) -> Any:
        """Return the value for a template that is just a placeholder, else its text."""
        match = _PLACE.fullmatch(template)
        return self.pieces.get(match[1], template) if match else self.text(template)

    def _piece(self, piece: Any) -> bytes:
        match piece:
            case str():
                whole = self._whole(piece)
                if isinstance(whole, str):
                    return str(scratch_filled(whole)).encode()
                return self.bytes_of(whole)
            case {"hex": text}:
                return bytes.fromhex(text)
            case _:
                return self._repeated(piece["repeat"], piece["times"])

    def _repeated(self, repeated: Any, times: int) -> bytes:
        # Most contain no number, and are the same each time: there may be 65,536 of them.
        first, second = (self.numbered(n).bytes_of(repeated) for n in (0, 1))
        if first == second:
            return first * times
        return b"".join(self.numbered(n).bytes_of(repeated) for n in range(times))


def variants(vary: Mapping[str, Mapping[str, Any]]) -> Iterator[tuple[str, Words]]:
    """Yield each variant's name, with a leading slash, and its words; one without a name if none.

    A value that is a table, and not a piece, gives the values of several placeholders.
    """
    if not vary:
        yield "", Words(pieces={})
    for mark, values in vary.items():
        for name, value in values.items():
            several = isinstance(value, dict) and not value.keys() & _MARKS
            yield f"/{name}", Words(pieces=value if several else {mark: value})


def json_value(text: str | bytes) -> JsonValue:
    """Return the value of a JSON text; raises FormError if it is not JSON."""
    try:
        value: JsonValue = json.loads(text)
    except (ValueError, RecursionError) as error:
        shown = text if len(text) < _SHOWN else text[:_SHOWN]
        raise FormError(f"{shown!r} is no JSON: {error}") from error
    return value
