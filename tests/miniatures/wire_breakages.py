"""Each way in which a miniature breaks one promise of the wire, and the exchanges that show it."""

from __future__ import annotations

from .breakages import Breakage


def _breaks(rule: str, *exchanges: str) -> Breakage:
    return Breakage(rule, tuple(f"wire/{glob}" for glob in exchanges))


WIRE_BREAKAGES: dict[str, Breakage] = {
    # What is read, and how it is come back from.
    "ascii-alone": _breaks("W01", "strings/utf-8/*-bytes"),
    "bad-utf8-taken": _breaks("W02", "strings/ill-formed-utf-8/*continuation*"),
    "arguments-first-refused": _breaks("W04", "command/order/*"),
    "array-reversed": _breaks("W05", "command/array-order"),
    "member-twice-unanswered": _breaks("W06", "command/member-twice/id"),
    "double-quotes-alone": _breaks("W07", "strings/single-quoted/*"),
    "apostrophe-not-escaped": _breaks("W08", "strings/escaped-single-quote/*"),
    "deaf-to-controls": _breaks("W51", "recovery/cut/cut-1[05]"),
    "deaf-to-ff": _breaks("W52", "recovery/cut-then-ff/cut-1[05]"),
    "loses-the-next": _breaks("W53", "strings/no-escape/letter"),
    "malformed-renegotiates": _breaks("W53", "strings/no-escape/letter"),
    # How a session begins.
    "greets-late": _breaks("W13", "greeting/at-once"),
    "greets-twice": _breaks("W14", "greeting/again"),
    "greeting-lacks-version": _breaks("W15", "greeting/at-once"),
    "greets-as-another": _breaks("W16", "greeting/version"),
    "capability-twice": _breaks("W17", "greeting/at-once"),
    "offers-nothing": _breaks("W58", "greeting/after-out-of-band"),
    "offers-more": _breaks("Q42", "greeting/at-once"),
    "session-kept": _breaks("W55", "greeting/after-a-session/*"),
    "runs-before-negotiation": _breaks(
        "W56", "negotiation/refused/known", "negotiation/refused/introspection"
    ),
    "events-in-negotiation": _breaks("W57", "monitors/no-events-negotiating"),
    "unknown-capability-taken": _breaks("W58", "negotiation/not-offered/unknown"),
    "failure-negotiates": _breaks("W59", "negotiation/not-offered/*"),
    "negotiates-twice": _breaks("W60", "negotiation/second/*"),
    "events-to-one": _breaks("W61", "monitors/events-each"),
    "oob-from-the-start": _breaks("W62", "negotiation/off-unless-enabled"),
    # What a request is.
    "nameless-taken": _breaks("W19", "command/without-execute"),
    "name-of-any-type": _breaks("W20", "command/execute-type/*"),
    "both-taken": _breaks("W21", "command/both/*"),
    "empty-arguments-refused": _breaks("W22", "command/with-execute"),
    "arguments-of-any-type": _breaks("W23", "command/arguments-type/*"),
    "unknown-beside-taken": _breaks("W24", "command/unknown-member/*"),
    "refused-runs": _breaks("W65", "command/unknown-member-no-effect"),
    # What a reply is.
    "ids-as-text": _breaks("W25", "numbers/integer/one"),
    "id-made-up": _breaks("W26", "id/absent"),
    "arrays-as-text": _breaks("W30", "pipelining/told-by-id"),
    "failure-forgets-id": _breaks("W36", "id/echo/string"),
    "null-for-nothing": _breaks("W39", "reply/no-data"),
    "id-in-no-request": _breaks("W43", "framing/no-object/*array*"),
    "event-inside": _breaks("W44", "framing/pretty-events"),
    # What comes when.
    "last-first": _breaks("W27", "pipelining/slow-and-quick"),
    "last-first-with-oob": _breaks("W28", "pipelining/slow-and-quick-oob"),
    "oob-in-line": _breaks("W29", "oob/overtakes"),
    "queue-drops": _breaks("W31", "queue/filled-again"),
    "queue-refuses": _breaks("W31", "queue/behind-a-held-one-oob", "queue/filled-again"),
    "short-queue": _breaks("W32", "oob/overtakes-seven"),
    "oob-unmarked-taken": _breaks("W33", "oob/not-marked"),
    "oob-unasked": _breaks("W34", "oob/of-one-connection"),
}
"""By the word that the server is given; all of them answer on the suite's own monitor."""

CLIENT_BREAKAGES: tuple[tuple[str, Breakage], ...] = (
    ("greets-late", _breaks("W13", "client/connect")),
    ("list-forgets-id", _breaks("W25", "client/execute")),
    # It hears of the refusal, and cannot tell of what.
    ("failure-forgets-id", _breaks("W40", "client/errors")),
    ("stop-untold", _breaks("W46", "client/events")),
    ("oob-marked-refused", _breaks("W33", "client/out-of-band")),
    ("session-kept", _breaks("W55", "client/reconnect")),
    ("queue-drops", _breaks("W30", "client/pipelined")),
    ("session-shared", _breaks("W55", "client/two-clients")),
)
"""Words that the server is given over which the official client stumbles, once in each exchange."""
