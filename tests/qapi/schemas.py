"""Small schemas, in the form in which query-qmp-schema returns them."""

from __future__ import annotations

from typing import Any

from conformance.qapi.introspection import read_introspection
from conformance.qapi.model import Schema

Entry = dict[str, Any]


def member(name: str, kind: str, **more: Any) -> Entry:
    return {"name": name, "type": kind, **more}


def optional(name: str, kind: str) -> Entry:
    return member(name, kind, default=None)


def struct(name: str, *members: Entry, **more: Any) -> Entry:
    return {"name": name, "meta-type": "object", "members": list(members), **more}


def union(name: str, tag: str, members: list[Entry], variants: dict[str, str]) -> Entry:
    cases = [{"case": case, "type": kind} for case, kind in variants.items()]
    return struct(name, *members, tag=tag, variants=cases)


def enum(name: str, *values: str) -> Entry:
    return {"name": name, "meta-type": "enum", "members": [{"name": v} for v in values]}


def old_enum(name: str, *values: str) -> Entry:
    return {"name": name, "meta-type": "enum", "values": list(values)}


def array(name: str, element: str) -> Entry:
    return {"name": name, "meta-type": "array", "element-type": element}


def alternate(name: str, *types: str) -> Entry:
    return {"name": name, "meta-type": "alternate", "members": [{"type": t} for t in types]}


def command(name: str, arg: str = "0", ret: str = "0", **more: Any) -> Entry:
    return {"name": name, "meta-type": "command", "arg-type": arg, "ret-type": ret, **more}


def event(name: str, arg: str = "0", **more: Any) -> Entry:
    return {"name": name, "meta-type": "event", "arg-type": arg, **more}


def builtin(name: str, json_type: str) -> Entry:
    return {"name": name, "meta-type": "builtin", "json-type": json_type}


BUILTINS: list[Entry] = [
    builtin("str", "string"),
    builtin("int", "int"),
    builtin("number", "number"),
    builtin("bool", "boolean"),
    builtin("null", "null"),
    builtin("any", "value"),
    struct("0"),
]


def schema_of(*entries: Entry) -> Schema:
    """Return the schema of `entries` and the built-in types."""
    return read_introspection([*BUILTINS, *entries])


ADDRESSES: list[Entry] = [
    enum("Family", "inet", "unix", "fd"),
    struct("Inet", member("host", "str"), optional("port", "int")),
    struct("Unix", member("path", "str")),
    # No variant for "fd".
    union("Address", "family", [member("family", "Family")], {"inet": "Inet", "unix": "Unix"}),
    enum("Transport", "socket", "exec"),
    struct("Exec", member("args", "[str]")),
    array("[str]", "str"),
    union(
        "Channel",
        "transport",
        [member("transport", "Transport"), optional("label", "str")],
        {"socket": "Address", "exec": "Exec"},
    ),
]
"""A union whose branch "socket" is a union itself, as the migration address of QEMU 10.0."""
