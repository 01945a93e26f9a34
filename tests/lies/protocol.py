"""Lies about the protocol itself: ids, classes of errors, framing, negotiation, introspection."""

from __future__ import annotations

import re

from .changes import Change, given, mended, named, one_less, one_more, plus, put, where, without
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
    Shown,
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


def _schema(name: str, change: Change, cases: str, rules: str) -> Entry:
    return Entry(name, lambda: Shown("query-qmp-schema", change), cases, rules, introspects=True)


def _entry(kind: str, name: str, change: Change) -> Change:
    return where("*", lambda each: each["meta-type"] == kind and each["name"] == name, change)


def _no(name: str) -> Change:
    return lambda schema: [each for each in schema if each["name"] != name]


def _more(**members: object) -> Change:
    return lambda schema: [*schema, members]


_CLAIMS = "query-qmp-schema/introspection/* query-qmp-schema/documentation/*"

INTROSPECTION = (
    _schema(
        "a-command-is-not-listed",
        _no("query-iothreads"),
        f"{_CLAIMS} query-commands/*",
        "X01 Q42 Q30 X43",
    ),
    _schema(
        "a-command-is-invented",
        _more(**{"meta-type": "command", "name": "query-moon", "arg-type": "0", "ret-type": "0"}),
        f"{_CLAIMS} query-moon/* query-commands/*",
        "X01 Q42 Q30 Q68",
    ),
    _schema("an-event-is-not-listed", _no("STOP"), f"{_CLAIMS} stop/* STOP/*", "W49 Q42 Q40 Q30"),
    _schema("a-type-is-not-listed", _no("int"), _CLAIMS, "Q68"),
    _schema("an-entry-comes-twice", one_more(""), _CLAIMS, "Q46 Q54"),
    _schema(
        "stop-may-run-out-of-band",
        _entry("command", "stop", given("allow-oob", True)),
        "stop/* query-qmp-schema/documentation/*",
        "Q33 W33 Q30",
    ),
    _schema(
        "pause-may-not-run-out-of-band",
        _entry("command", "migrate-pause", without("allow-oob")),
        "migrate-pause/* query-qmp-schema/documentation/* wire/oob/*",
        "Q33 W33 Q34 Q30 W29",
    ),
    _schema(
        "an-optional-member-is-mandatory",
        where(
            "*",
            lambda each: each["meta-type"] == "object",
            where("members.*", named("sample-pages"), without("default")),
        ),
        "calc-dirty-rate/* query-qmp-schema/documentation/* query-dirty-rate/*",
        "Q61 Q15 Q30 Q16 W38",
    ),
    _schema(
        "a-member-has-another-type",
        where(
            "*",
            lambda each: each["meta-type"] == "object",
            where("members.*", named("downtime-limit"), put("type", "str")),
        ),
        "migrate-set-parameters/*/downtime-limit* query-migrate-parameters/valid/*",
        "Q01 Q30 W38 Q61",
    ),
    _schema(
        "an-enumeration-lacks-a-value",
        where(
            "*",
            lambda each: each["meta-type"] == "enum" and "prelaunch" in each["values"],
            lambda each: {**each, "values": [one for one in each["values"] if one != "prelaunch"]},
        ),
        f"{_CLAIMS} query-status/*",
        "Q65 W38 Q30",
    ),
    _schema(
        "an-integer-is-a-number",
        _entry("builtin", "int", put("json-type", "number")),
        _CLAIMS,
        "Q66 Q67 Q53 Q02 Q42",
    ),
    Entry(
        "commands-are-fewer",
        lambda: Shown("query-commands", one_less("")),
        "query-commands/* query-qmp-schema/introspection/*",
        "X01 X43 X44",
        introspects=True,
    ),
    Entry(
        "schema-is-another-the-second-time",
        lambda: Shown("query-qmp-schema", one_less("")),
        "query-qmp-schema/answers/* query-qmp-schema/gates/* query-qmp-schema/valid/* "
        "query-qmp-schema/introspection/command-line-*",
        "Q69 X43 Q53 W38",
    ),
    Entry(
        "types-are-fewer",
        lambda: Shown("qom-list-types", one_less("")),
        "qom-list-types/valid/* qom-list-types/introspection/a*",
        "X11 Q42 X43 X44",
    ),
    Entry(
        "types-are-abstract",
        lambda: Shown(
            "qom-list-types", lambda types: [{**each, "abstract": True} for each in types]
        ),
        "qom-list-types/valid/*",
        "X11",
    ),
    Entry(
        "types-are-of-another-parent",
        lambda: Shown("qom-list-types", mended("*.parent")),
        "qom-list-types/valid/* qom-list-types/introspection/a*",
        "X11 X43 X44",
    ),
    Entry(
        "properties-are-fewer",
        lambda: Shown("qom-list-properties", one_less("")),
        "qom-list-properties/introspection/[a-f]*",
        "X12 X44 Q42",
    ),
    Entry(
        "properties-are-described-otherwise",
        lambda: Shown("qom-list-properties", put("*.type", "int")),
        "qom-list-properties/introspection/[a-f]*",
        "X12 X08 X44",
    ),
    Entry(
        "device-properties-are-fewer",
        lambda: Shown("device-list-properties", put("", [])),
        "device-list-properties/valid/* device-list-properties/answers/*",
        "X13 X43 X44",
    ),
    Entry(
        "defaults-are-declared-otherwise",
        lambda: Shown(
            "qom-list-properties",
            where(
                "*",
                lambda each: "default-value" in each and type(each["default-value"]) is int,
                plus("default-value"),
            ),
        ),
        # Before 10.0, the command shows no default.
        "qom-list-properties/answers/*",
        "X25 X17 X44 X08 X43",
        introspects=True,
    ),
    Entry(
        "defaults-of-devices-are-declared-otherwise",
        lambda: Shown(
            "device-list-properties",
            where(
                "*",
                lambda each: type(each.get("default-value")) is int,
                plus("default-value"),
            ),
        ),
        "device-list-properties/*",
        "X25 X17 X44 X08 X43",
    ),
    Entry(
        "properties-are-of-another-type",
        lambda: Shown("qom-list-properties", where("*", named("poll-grow"), put("type", "string"))),
        "object-add/iothread/* qom-list-properties/introspection/iothread",
        "X08 X12 X44 X09 Q61 X21 X25",
        introspects=True,
    ),
    Entry(
        "a-user-creatable-type-is-not-listed",
        lambda: Shown(
            "qom-list-types", lambda types: [each for each in types if each["name"] != "iothread"]
        ),
        "object-add/iothread/* qom-list-types/*/iothread* query-qmp-schema/introspection/*",
        "X11 Q42 X20 X14",
        introspects=True,
    ),
)


def _of_memory(**members: object) -> Change:
    """Give memory members that it is not asked to have; threads, which help it, have none."""
    return where("", lambda given: given["qom-type"].startswith("memory-"), _with_less(members))


def _with_less(members: Message) -> Change:
    return lambda given: {**members, **given}


DEFAULTS = (
    Entry(
        "defaults-of-objects-are-one-more",
        lambda: Shown("qom-get", lambda value: value + 1 if value == 32768 else value),
        "object-add/iothread/defaults/*",
        "X17 X25",
    ),
    Entry(
        "dump-default-is-turned",
        lambda: Asked("object-add", _of_memory(dump=False)),
        "object-add/memory-backend-ram/defaults/dump* query-memdev/answers/*",
        "X17 X25 X43",
    ),
    Entry(
        "share-default-is-turned",
        lambda: Asked("object-add", _of_memory(share=True)),
        "object-add/memory-backend-ram/defaults/share*",
        "X17 X25 X43",
    ),
    Entry(
        "nodes-are-read-only-by-default",
        lambda: Asked("blockdev-add", lambda each: {"read-only": True, **each}),
        "blockdev-add/effect/* blockdev-add/documentation/default/* "
        "blockdev-add/valid/driver:null-*",
        "X17 X31 X43 X33",
    ),
    Entry(
        "jobs-wait-by-default",
        lambda: Asked("blockdev-mirror", lambda each: {"auto-dismiss": False, **each}),
        "blockdev-mirror/effect/* blockdev-mirror/documentation/default/* "
        "BLOCK_JOB_COMPLETED/valid/*",
        "X17 X31 X33 X43 X22",
    ),
    Entry(
        "bitmaps-are-coarse-by-default",
        lambda: Asked("block-dirty-bitmap-add", lambda each: {"granularity": 512, **each}),
        "block-dirty-bitmap-add/*",
        "X17 X31 X33 X43",
    ),
    Entry(
        "exports-are-writable-by-default",
        lambda: Asked("block-export-add", lambda each: {"writable": True, **each}),
        "block-export-add/effect/* block-export-add/valid/writable* block-export-add/valid/recipe",
        "X17 X31 X33 X43",
    ),
    Entry(
        "commits-are-slow-by-default",
        lambda: Asked("block-commit", lambda each: {"speed": 4096, **each}),
        "block-commit/effect/* block-commit/valid/recipe query-block-jobs/answers/*",
        "X17 X31 X33 X43",
    ),
)
