"""Lies about what a build says of itself: its introspection, and its defaults."""

from __future__ import annotations

from .changes import Change, given, mended, named, one_less, one_more, plus, put, where, without
from .told import (
    Asked,
    Entry,
    Message,
    Shown,
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
