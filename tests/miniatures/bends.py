"""How a message that is right is bent on its way out, where the miniature is to break a promise."""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from collections.abc import Iterator

from .schema import Broken
from .session import Message


def bent_greeting(greeting: Message, broken: Broken) -> Message:
    """Return the greeting as a server says it that breaks those promises."""
    version, capabilities = greeting["QMP"]["version"], greeting["QMP"]["capabilities"]
    bent: dict[str, Message] = {
        "greeting-lacks-version": {"capabilities": capabilities},
        "greets-as-another": {
            "version": {**version, "package": "another"},
            "capabilities": capabilities,
        },
        "offers-nothing": {"version": version, "capabilities": []},
        "offers-more": {"version": version, "capabilities": [*capabilities, "zip"]},
        "capability-twice": {"version": version, "capabilities": capabilities * 2},
    }
    return next(({"QMP": bent[word]} for word in sorted(broken) if word in bent), greeting)


def torn(event: Message, reply: Message) -> bytes:
    """Return a reply in the middle of which an event stands."""
    line = _line(reply)
    return line[:5] + _line(event) + line[5:]


class Bends:
    """What becomes of events and replies; `refuse_more` after a deletion that left something."""

    def __init__(self, broken: Broken) -> None:
        self._broken = broken
        self._told = 0
        """How many events were told whose times may be bent."""

    def refuse_more(self) -> None:
        """Refuse all objects from now on."""
        self._broken |= {"object-add-refused"}

    def event(self, event: Message) -> Message:
        """Return what is told in place of an event."""
        if event["event"] != "RESUME":
            return event
        bent: dict[str, Message] = {
            "event-has-more": {**event, "id": 1},
            "event-has-bad-time": {
                **event,
                "timestamp": {"seconds": 1, "microseconds": 1_000_000},
            },
            "event-has-no-time": {"event": event["event"]},
            "event-of-no-schema": {**event, "event": "NO_SUCH_EVENT"},
        }
        return next((bent[word] for word in sorted(self._broken) if word in bent), event)

    def events(self, event: Message) -> Iterator[Message]:
        """Yield what is told in place of an event, at the time of another where that is bent."""
        event = self.event(event)
        if event.get("event") in ("STOP", "RESUME"):
            event = self._at_another_time(event)
        yield event
        if event.get("event") == "STOP" and "event-twice" in self._broken:
            yield event
        if event.get("event") == "STOP" and "event-again" in self._broken:
            yield _moved(event, 0.000_1)

    def _at_another_time(self, event: Message) -> Message:
        self._told += 1
        if "event-an-hour-ahead" in self._broken:
            return _moved(event, 3600)
        if "event-an-hour-ago" in self._broken:
            return _moved(event, -3600)
        if "time-runs-backwards" in self._broken:
            return _moved(event, -0.01 * self._told)
        if "microseconds-frozen" in self._broken:
            stamp = event["timestamp"]
            frozen = {**stamp, "microseconds": stamp["microseconds"] // 1000}
            return {**event, "timestamp": frozen}
        if event["event"] == "STOP" and "event-late" in self._broken:
            time.sleep(1.5)
        return event

    def replies(self, command: str, reply: Message) -> Iterator[Message | bytes]:
        """Yield what is said in place of the reply to a command."""
        reply = self._with_other_id(command, reply)
        if command in ("blockdev-add", "blockdev-del") and "null-for-nothing" in self._broken:
            reply = {**reply, "return": None} if "return" in reply else reply
        if command == "object-add" and "error" in reply:
            bent = self._bent_error(reply)
            yield _line(bent, ascii_only=False) if "raw-utf8" in self._broken else bent
            return
        if command == "object-add" and "object-add-refused" in self._broken:
            yield {"error": {"class": "GenericError", "desc": "no"}, "id": reply["id"]}
            return
        if command != "object-del" or "return" not in reply:
            yield reply
            return
        self._die()
        if "no-reply" in self._broken:
            return
        yield self._bent_success(reply)
        if "two-replies" in self._broken:
            yield reply

    def _with_other_id(self, command: str, reply: Message) -> Message:
        plain = {name: value for name, value in reply.items() if name != "id"}
        if "id" not in reply:
            word = "id-made-up" if command else "id-in-no-request"
            return {**plain, "id": None} if word in self._broken else reply
        if "error" in reply and "failure-forgets-id" in self._broken:
            return plain
        if command == "query-commands" and "list-forgets-id" in self._broken:
            return plain
        texts: tuple[type, ...] = (int,) if "ids-as-text" in self._broken else ()
        texts += (list,) if "arrays-as-text" in self._broken else ()
        if isinstance(reply["id"], texts):
            return {**plain, "id": json.dumps(reply["id"])}
        return reply

    def _bent_error(self, reply: Message) -> Message:
        error = reply["error"]
        if "raw-utf8" in self._broken:
            error["desc"] += " \N{EURO SIGN}"
        if "error-has-more" in self._broken:
            error["reason"] = "none"
        if "error-without-desc" in self._broken:
            del error["desc"]
        if "unknown-class" in self._broken:
            error["class"] = "NoSuchClass"
        return {**reply, "hint": "none"} if "error-reply-has-more" in self._broken else reply

    def _bent_success(self, reply: Message) -> bytes:
        number = reply.get("id", 0)
        bent: dict[str, Message] = {
            "id-missing": {"return": {}},
            "id-of-another": {"return": {}, "id": number + 1_000_000},
            "id-as-string": {"return": {}, "id": str(number)},
            "return-and-error": {**reply, "error": {"class": "GenericError", "desc": "no"}},
            "neither-return-nor-error": {"id": number},
            "success-has-more": {**reply, "took": 1},
            "data-from-nothing": {**reply, "return": {"deleted": True}},
        }
        line = _line(next((bent[w] for w in sorted(self._broken) if w in bent), reply))
        raw = {
            "single-quotes": line.replace(b'"', b"'"),
            "array-reply": b"[" + line[:-2] + b"]\r\n",
            "lf-only": line[:-2] + b"\n",
            "duplicate-key": b'{"return": {}, ' + line[1:],
            "trailing-brace": line[:-2] + b"}\r\n",
        }
        return next((raw[word] for word in sorted(self._broken) if word in raw), line)

    def _die(self) -> None:
        if "dies-by-signal" in self._broken:
            os.kill(os.getpid(), signal.SIGSEGV)
        if "fails-a-check" in self._broken:
            # As assert() of the C library: with the name of the program, the file and the line.
            where = os.environ.get("LINE", "1")
            check = "toy_delete: Assertion `toy->parent' failed."
            print(f"{os.path.basename(sys.argv[0])}: toy.c:{where}: {check}", file=sys.stderr)
            os.abort()
        if "exits" in self._broken:
            sys.exit("miniature: Unexpected error in object_del() at miniature.c:1:")


def _moved(event: Message, seconds: float) -> Message:
    stamp = event["timestamp"]
    moved = stamp["seconds"] * 1_000_000 + stamp["microseconds"] + int(seconds * 1_000_000)
    whole, rest = divmod(moved, 1_000_000)
    return {**event, "timestamp": {"seconds": whole, "microseconds": rest}}


def _line(message: object, *, ascii_only: bool = True) -> bytes:
    return json.dumps(message, ensure_ascii=ascii_only).encode() + b"\r\n"
