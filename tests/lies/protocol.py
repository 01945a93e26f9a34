"""Lies about the protocol itself: ids, classes of errors, framing, greetings, negotiation."""

from __future__ import annotations

import re

from .changes import given, mended, one_more, plus, put, without
from .told import (
    Accepts,
    Asked,
    Entry,
    Greets,
    LateReply,
    Lie,
    Message,
    Often,
    Refuses,
    Replied,
    Written,
)


def _other_id(message: Message) -> Message:
    number = message.get("id")
    return {**message, "id": number + 1} if isinstance(number, int) else message


def _text_id(message: Message) -> Message:
    number = message.get("id")
    return {**message, "id": str(number)} if isinstance(number, int) else message


_ANY = "query-name/valid/* query-status/valid/*"
_WIRE_IDS = "wire/id/* wire/reply/one-each*"

IDS = (
    Entry("ids-are-of-another", lambda: Replied(_other_id), "query-name/valid/*", "W25 W36 W30"),
    Entry("ids-are-text", lambda: Replied(_text_id), "query-name/valid/*", "W25 W36 W30"),
    Entry("ids-are-missing", lambda: Replied(without("id")), "query-name/valid/*", "W25 W36 W30"),
    Entry(
        "errors-have-no-id",
        lambda: Replied(without("id"), kind="error"),
        "query-name/invalid/* wire/reply/failures*",
        "W25 W36 W30 W35",
    ),
    Entry(
        "ids-are-written-in-order",
        lambda: Replied(lambda each: {**each, "id": _sorted(each.get("id"))}),
        "wire/id/*",
        "W25 W26 W05",
    ),
    Entry(
        "replies-without-id-get-one",
        lambda: Replied(lambda each: {"id": None, **each}),
        "wire/id/*",
        "W26",
    ),
    Entry(
        "numbers-in-ids-lose-digits",
        lambda: Replied(_rounded),
        "wire/id/* wire/numbers/*",
        "W25 W36",
    ),
)


def _sorted(value: object) -> object:
    return sorted(value, key=str) if isinstance(value, list) else value


def _rounded(message: Message) -> Message:
    number = message.get("id")
    wide = isinstance(number, int) and abs(number) > 2**53
    return {**message, "id": int(float(number or 0))} if wide else message


CLASSES = (
    Entry(
        "unknown-device-has-another-class",
        lambda: Replied(put("error.class", "GenericError"), "device_del"),
        "device_del/errors/*",
        "X19",
    ),
    Entry(
        "unknown-command-is-generic",
        lambda: Replied(lambda each: _generic(each, "CommandNotFound")),
        "wire/command/execute-name/* query-name/gates/*",
        "W20 Q42 X05 W56 Q27",
    ),
    Entry(
        "negotiation-error-is-generic",
        lambda: Replied(_never_found),
        "query-name/gates/before-negotiation wire/negotiation/*",
        "W56 W60 W59",
    ),
    Entry(
        "class-is-unknown",
        lambda: Replied(put("error.class", "NotToday"), kind="error"),
        "query-name/invalid/*",
        "W41",
    ),
    Entry(
        "class-is-missing",
        lambda: Replied(without("error.class"), kind="error"),
        "query-name/invalid/*",
        "W40 W12",
    ),
    Entry(
        "text-is-missing",
        lambda: Replied(without("error.desc"), kind="error"),
        "query-name/invalid/*",
        "W40 W12",
    ),
    Entry(
        "text-is-a-number",
        lambda: Replied(put("error.desc", 7), kind="error"),
        "query-name/invalid/*",
        "W40",
    ),
    Entry(
        "errors-have-data",
        lambda: Replied(given("error.data", {}), kind="error"),
        "query-name/invalid/*",
        "W40",
    ),
    Entry(
        "busy-nodes-are-not-found",
        lambda: Replied(put("error.class", "DeviceNotFound"), "blockdev-del", "error"),
        "blockdev-del/errors/*",
        "X19 Q76 X27 X34",
    ),
    Entry(
        "unknown-path-is-generic",
        lambda: Replied(put("error.class", "GenericError"), "qom-list", "error"),
        "qom-list/errors/*",
        "X19 X27 Q76",
    ),
    Entry(
        "unknown-back-end-is-generic",
        lambda: Replied(put("error.class", "GenericError"), "netdev_del", "error"),
        "netdev_del/errors/*",
        "X19",
    ),
    Entry(
        "unknown-job-is-inactive",
        lambda: Replied(put("error.class", "DeviceNotActive"), "job-pause", "error"),
        "job-pause/errors/*",
        "X19 Q76 X34",
    ),
    Entry(
        "wrong-types-are-not-found",
        lambda: Replied(put("error.class", "DeviceNotFound"), "object-add", "error"),
        "object-add/iothread/invalid/*",
        "W63 W64 X19 Q03 Q01",
    ),
    Entry(
        "inactive-device-is-generic",
        lambda: Replied(put("error.class", "GenericError"), "query-balloon", "error"),
        "query-balloon/errors/*",
        "X19",
    ),
    Entry(
        "failed-jobs-are-generic",
        lambda: Replied(put("error.class", "GenericError"), "*", "error"),
        "block-job-cancel/errors/* job-cancel/errors/* block-job-pause/errors/*",
        "X19 X34",
    ),
    Entry(
        "text-is-another",
        lambda: Replied(put("error.desc", "No"), kind="error"),
        "query-name/invalid/* device_del/errors/*",
        why="the wording of an error is for people (W42)",
    ),
)


def _generic(message: Message, name: str) -> Message:
    fits = message.get("error", {}).get("class") == name
    return put("error.class", "GenericError")(message) if fits else message


def _never_found(message: Message) -> Message:
    return _generic(message, "CommandNotFound")


_FRAMED = "query-name/valid/* wire/framing/message wire/framing/one-write/*"


def _written(name: str, before: bytes, after: bytes, rules: str, cases: str = _FRAMED) -> Entry:
    return Entry(name, lambda: Written(lambda line: re.sub(before, after, line)), cases, rules)


FRAMING = (
    _written("lines-end-in-lf", rb"\r\n$", b"\n", "W11"),
    _written("lines-end-in-cr", rb"\r\n$", b"\r", "W11 W10 W35 W13"),
    _written("blank-lines-come-between", rb"\r\n$", b"\r\n\r\n", "W10 W11 W68"),
    _written("quotes-are-single", rb'"return"', b"'return'", "W09 W68"),
    _written("commas-come-last", rb"\}\r\n$", b",}\r\n", "W68 W10"),
    _written("text-is-utf-8", rb'"return"', '"rückgabe": 1, "return"'.encode(), "W03 W37"),
    _written("text-is-no-utf-8", rb'"return"', b'"\xff": 1, "return"', "W03 W68 W37"),
    _written("messages-are-in-an-array", rb"^(\{.*\})\r\n$", rb"[\1]\r\n", "W10 W68 W15 W13"),
    _written(
        "nothing-is-a-success",
        rb'"return": \{\}',
        b'"return": null',
        "W39 W38",
        "object-add/iothread/valid/mandatory-only stop/effect/*",
    ),
    _written("success-has-a-status", rb'"return"', b'"status": 0, "return"', "W37"),
    _written(
        "numbers-are-not-json", rb'"microseconds": ', b'"microseconds": 0', "W68", "STOP/valid/*"
    ),
    _written("a-mark-of-byte-order", rb'^\{"return"', b'\xef\xbb\xbf{"return"', "W03 W68 W10"),
    Entry(
        "trailing-spaces",
        lambda: Written(lambda line: line.replace(b"\r\n", b"  \r\n")),
        _FRAMED,
        why="JSON takes blanks behind a value, and the line still ends in CR LF",
    ),
    Entry(
        "success-and-error",
        lambda: Replied(given("error", {"class": "GenericError", "desc": ""}), kind="return"),
        _ANY,
        "W35 W37 W40",
    ),
    Entry("return-is-missing", lambda: Replied(without("return"), kind="return"), _ANY, "W35 W37"),
    Entry(
        "answers-come-twice",
        lambda: Often("query-name", 2),
        "query-name/valid/* wire/reply/one-each",
        "W35 W30",
    ),
    Entry(
        "successes-come-twice",
        lambda: Often("object-add", 2),
        "object-add/iothread/valid/*",
        "W35 W30",
    ),
    Entry(
        "refusals-come-twice",
        lambda: Often("block_resize", 2),
        "block_resize/errors/*",
        "W35 W30",
    ),
    Entry(
        "two-members-get-no-answer",
        lambda: Often("object-add", 0, "poll-grow", "aio-max-batch"),
        "object-add/iothread/pairs/*",
        "W35",
    ),
    Entry("answers-do-not-come", lambda: Often("query-name", 0), "query-name/valid/recipe", "W35"),
    Entry(
        "second-answer-comes-first",
        lambda: LateReply("query-version", 0.2),
        "wire/pipelining/* wire/queue/filled-again",
        "W27 W28 W30",
    ),
)

_MET = "wire/greeting/*"

GREETING = (
    Entry("greeting-has-no-version", lambda: Greets(without("QMP.version")), _MET, "W15 W13 W12"),
    Entry(
        "greeting-has-no-capabilities",
        lambda: Greets(without("QMP.capabilities")),
        _MET,
        "W15 W13",
    ),
    Entry(
        "greeting-offers-nothing",
        lambda: Greets(put("QMP.capabilities", [])),
        "wire/greeting/* wire/negotiation/enabled wire/oob/* query-name/gates/out-of-band",
        "W58 W17 W15 W29 W33 X43",
    ),
    Entry("greeting-offers-oob-twice", lambda: Greets(one_more("QMP.capabilities")), _MET, "W17"),
    Entry(
        "greeting-offers-more",
        lambda: Greets(put("QMP.capabilities", ["oob", "zip"])),
        "wire/greeting/*",
        "W18 W71 W58 W17 Q42",
    ),
    Entry(
        "greeting-has-another-version",
        lambda: Greets(plus("QMP.version.qemu.micro")),
        "wire/greeting/version query-version/valid/*",
        "W16",
    ),
    Entry(
        "greeting-has-another-package",
        lambda: Greets(mended("QMP.version.package")),
        "wire/greeting/version query-version/valid/*",
        "W16",
    ),
    Entry(
        "greeting-has-text-for-numbers",
        lambda: Greets(put("QMP.version.qemu.major", "7")),
        _MET,
        "W16 W15",
    ),
    Entry("greeting-has-more-members", lambda: Greets(given("QMP.vendor", "x")), _MET, "W15 W71"),
)


def _capability_ignored() -> Lie:
    return Asked("qmp_capabilities", without("enable"))


NEGOTIATION = (
    Entry(
        "oob-is-not-enabled",
        _capability_ignored,
        "wire/negotiation/enabled wire/oob/overtakes wire/id/out-of-band/*",
        "W29 W58 W33 W34 Q33 X33 W25 W60",
    ),
    Entry(
        "unknown-capabilities-are-taken",
        lambda: Accepts("qmp_capabilities"),
        "wire/negotiation/not-offered/* wire/negotiation/wrong-type/*",
        "W58 W59 W63",
    ),
    Entry(
        "second-negotiation-succeeds",
        lambda: Accepts("qmp_capabilities"),
        "wire/negotiation/second/* wire/negotiation/succeeded/*",
        "W60",
    ),
    Entry(
        "commands-work-before-negotiation",
        lambda: Accepts("query-name"),
        "query-name/gates/before-negotiation",
        "W56",
    ),
    Entry(
        "nothing-works-after-negotiation",
        lambda: Refuses("query-version", name="CommandNotFound"),
        "wire/negotiation/succeeded/* wire/negotiation/second/*",
        "W60 W61",
    ),
    Entry(
        "events-come-in-negotiation",
        lambda: _EarlyEvent(),
        "wire/monitors/no-events-negotiating wire/events/not-in-negotiation wire/greeting/*",
        "W57 W14",
    ),
)


class _EarlyEvent(Lie):
    """An event right behind the greeting."""

    raw = True

    def line(self, data: bytes) -> bytes:
        if b'"QMP"' not in data:
            return data
        return data + b'{"timestamp": {"seconds": -1, "microseconds": -1}, "event": "RESUME"}\r\n'


class _InBand(Lie):
    """Requests out of band that run in band."""

    def request(self, message: Message) -> Message | None:
        if "exec-oob" not in message:
            return message
        less = {name: value for name, value in message.items() if name != "exec-oob"}
        return {**less, "execute": message["exec-oob"]}


class _OutOfBandRefused(Lie):
    """Requests out of band that are refused."""

    def request(self, message: Message) -> Message | None:
        return None if "exec-oob" in message else message

    def instead(self, message: Message) -> Message:
        return {"error": {"class": "GenericError", "desc": "Not out of band"}}


class _BehindInBand(Lie):
    """Replies to requests out of band that come behind the next one to a request in band."""

    def __init__(self) -> None:
        self._kept: list[Message] = []

    def reply(self, asked: Message, message: Message) -> list[Message]:
        if "exec-oob" in asked:
            self._kept.append(message)
            return []
        kept, self._kept = self._kept, []
        return [message, *kept]


OUT_OF_BAND = (
    Entry("out-of-band-is-in-band", _InBand, "*/gates/out-of-band wire/oob/*", "W33 Q33 W29 W34"),
    Entry(
        "out-of-band-is-refused",
        _OutOfBandRefused,
        "migrate-pause/gates/* yank/gates/* wire/oob/*",
        "W29 W33 Q33 W34",
    ),
    Entry(
        "out-of-band-is-late",
        lambda: LateReply("migrate-pause", 0.5),
        "wire/oob/overtakes*",
        why="no document says how soon, and it still comes ahead of what is held up",
    ),
    Entry("out-of-band-waits-for-in-band", lambda: _BehindInBand(), "wire/oob/overtakes", "W29"),
    Entry("oob-without-negotiation", _InBand, "*/gates/oob-not-negotiated", "W34 W62"),
)
