"""Made-up schemas, messages and files of each kind that `validate` understands."""

from __future__ import annotations

import json
from typing import Any, Final

from tests.qapi.schemas import (
    BUILTINS,
    Entry,
    array,
    command,
    enum,
    event,
    member,
    optional,
    struct,
    union,
)

STAMP: Final = {"seconds": 1, "microseconds": 2}
VERSION: Final = {"qemu": {"major": 8, "minor": 1, "micro": 2}, "package": ""}
GREETING: Final = {"QMP": {"version": VERSION, "capabilities": ["oob"]}}

META: Final[list[Entry]] = [
    enum("Meta", "builtin", "enum", "array", "object", "alternate", "command", "event"),
    union(
        "Info",
        "meta-type",
        [member("name", "str"), member("meta-type", "Meta"), optional("features", "[str]")],
        {
            "builtin": "InfoBuiltin",
            "enum": "InfoEnum",
            "array": "InfoArray",
            "object": "InfoObject",
            "alternate": "InfoAlternate",
            "command": "InfoCommand",
            "event": "InfoEvent",
        },
    ),
    array("[str]", "str"),
    array("[Info]", "Info"),
    struct("InfoBuiltin", member("json-type", "str")),
    struct("Named", member("name", "str")),
    array("[Named]", "Named"),
    struct("InfoEnum", member("members", "[Named]")),
    struct("InfoArray", member("element-type", "str")),
    struct("InfoMember", member("name", "str"), member("type", "str"), optional("default", "any")),
    array("[InfoMember]", "InfoMember"),
    struct("InfoVariant", member("case", "str"), member("type", "str")),
    array("[InfoVariant]", "InfoVariant"),
    struct(
        "InfoObject",
        member("members", "[InfoMember]"),
        optional("tag", "str"),
        optional("variants", "[InfoVariant]"),
    ),
    struct("Typed", member("type", "str")),
    array("[Typed]", "Typed"),
    struct("InfoAlternate", member("members", "[Typed]")),
    struct(
        "InfoCommand",
        member("arg-type", "str"),
        member("ret-type", "str"),
        optional("allow-oob", "bool"),
    ),
    struct("InfoEvent", member("arg-type", "str")),
    command("query-qmp-schema", ret="[Info]"),
]
"""What a schema needs in order to describe itself."""

ENTRIES: Final[list[Entry]] = [
    *BUILTINS,
    *META,
    struct("Parts", member("major", "int"), member("minor", "int"), member("micro", "int")),
    struct("Version", member("qemu", "Parts"), member("package", "str")),
    struct("Enable", optional("enable", "[str]")),
    struct("Resize", member("size", "int"), optional("force", "bool")),
    struct("Status", member("running", "bool"), optional("speed", "number")),
    struct("Reset", member("guest", "bool")),
    command("qmp_capabilities", "Enable"),
    command("query-version", ret="Version"),
    command("query-status", ret="Status"),
    command("resize", "Resize"),
    command("look", ret="any"),
    {**command("pause"), "allow-oob": True},
    command("plug", "Named"),
    event("STOP"),
    event("RESET", "Reset"),
]

Message = dict[str, Any]


def sent(execute: str, id: Any = ..., key: str = "execute", **arguments: Any) -> Message:
    """Return the entry of a request; without `id` it has none."""
    message: Message = {key: execute}
    if arguments:
        message["arguments"] = arguments
    return {"sent": message if id is ... else {**message, "id": id}}


def returned(value: Any = None, id: Any = ...) -> Message:
    """Return the entry of a success; without `id` it has none."""
    message = {"return": {} if value is None else value}
    return {"received": message if id is ... else {**message, "id": id}}


def refused(id: Any = ..., name: str = "GenericError") -> Message:
    """Return the entry of an error reply; without `id` it has none."""
    message = {"error": {"class": name, "desc": "no"}}
    return {"received": message if id is ... else {**message, "id": id}}


def happened(name: str, **data: Any) -> Message:
    """Return the entry of an event."""
    return {"received": {"event": name, "timestamp": STAMP, **({"data": data} if data else {})}}


def ndjson(*entries: Any) -> str:
    """Return a file of one value on each line."""
    return "".join(f"{json.dumps(entry)}\n" for entry in entries)


def pretty(*messages: Any) -> str:
    """Return messages over several lines each, with an empty line between them."""
    return "\n".join(f"{json.dumps(message, indent=2)}\n" for message in messages)


def bare(*entries: Message) -> list[Any]:
    """Return the messages of entries, as they went over the wire."""
    return [next(iter(entry.values())) for entry in entries]


def wide(entries: list[Entry]) -> str:
    """Return a saved introspection with one entry on each line, the first on line 2."""
    return "[\n" + ",\n".join(map(json.dumps, entries)) + "\n]\n"
