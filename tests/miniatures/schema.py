"""The schema of the miniature, as query-qmp-schema returns it, and the validation that it asks for.

`Broken` names the promises that this server breaks; each is a word of tests/miniatures/breakages.
"""

from __future__ import annotations

import copy
import math
from typing import Any

from .contradictions import contradict

Entry = dict[str, Any]
Broken = frozenset[str]
INT64 = 2**63
UINT64 = 2**64


class RefusedError(Exception):
    """A request that is answered by an error of class `name`."""

    def __init__(self, desc: str, name: str = "GenericError") -> None:
        super().__init__(desc)
        self.desc = desc
        self.name = name


def struct(name: str, /, **members: str) -> Entry:
    """Return a struct type; a type that ends in "?" makes its member optional."""
    entries = []
    for member, kind in members.items():
        entry: Entry = {"name": member.replace("_", "-"), "type": kind.removesuffix("?")}
        entries.append({**entry, "default": None} if kind.endswith("?") else entry)
    return {"name": name, "meta-type": "object", "members": entries}


def enum(name: str, *values: str) -> Entry:
    members = [{"name": value} for value in values]
    return {"name": name, "meta-type": "enum", "members": members, "values": list(values)}


def array(element: str) -> Entry:
    return {"name": f"[{element}]", "meta-type": "array", "element-type": element}


def command(
    name: str, arg: str = "empty", ret: str = "empty", *, oob: bool = False, feature: str = ""
) -> Entry:
    entry: Entry = {"name": name, "meta-type": "command", "arg-type": arg, "ret-type": ret}
    if feature:
        entry["features"] = [feature]
    return {**entry, "allow-oob": True} if oob else entry


def event(name: str, arg: str = "empty") -> Entry:
    return {"name": name, "meta-type": "event", "arg-type": arg}


OBJECT_MEMBERS: dict[str, Entry] = {
    "iothread": struct(
        "IOThread",
        aio_max_batch="int?",
        thread_pool_min="int?",
        thread_pool_max="int?",
        poll_max_ns="int?",
        poll_grow="int?",
        poll_shrink="int?",
    ),
    "memory-backend-ram": struct(
        "MemoryBackend",
        size="int",
        share="bool?",
        policy="HostMemPolicy?",
        host_nodes="[int]?",
        prealloc="bool?",
        prealloc_context="str?",
        reserve="bool?",
    ),
    "rng-builtin": struct("RngBuiltin", opened="bool?"),
    "thread-context": struct("ThreadContext", cpu_affinity="[int]?"),
    "toy": struct(
        "Toy",
        label="str",
        flag="bool?",
        ratio="number?",
        nothing="null?",
        mode="Mode?",
        list="[str]?",
        pick="IntOrMode?",
        point="Point?",
        narrow="int?",
        small="int?",
        wide="int?",
        big="int?",
        text="str?",
    ),
}
"""What object-add takes for each object type, besides qom-type and id.  The toy has a member of
every kind of type."""

_TYPES: list[Entry] = [
    *(
        {"name": name, "meta-type": "builtin", "json-type": kind}
        for name, kind in {
            "str": "string",
            "int": "int",
            "number": "number",
            "bool": "boolean",
            "null": "null",
            "any": "value",
        }.items()
    ),
    struct("empty"),
    enum("HostMemPolicy", "default", "preferred", "bind", "interleave"),
    enum("Mode", "off", "on", "auto"),
    enum("ShutdownCause", "none", "host-qmp-quit", "host-qmp-system-reset", "guest-reset"),
    enum("Capability", "oob"),
    {
        "name": "IntOrMode",
        "meta-type": "alternate",
        "members": [{"type": "int"}, {"type": "Mode"}],
    },
    *map(array, ("int", "str", "any", "Capability", "Name", "SchemaInfo", "Property", "TypeInfo")),
    struct("Point", x="int", y="int?"),
    struct("Name", name="str"),
    struct("Triple", major="int", minor="int", micro="int"),
    struct("Version", qemu="Triple", package="str"),
    struct("Property", name="str", type="str", description="str?", default_value="any?"),
    struct("TypeInfo", name="str", abstract="bool?", parent="str?"),
    struct(
        "SchemaInfo",
        name="str",
        meta_type="str",
        json_type="str?",
        members="[any]?",
        values="[str]?",
        element_type="str?",
        tag="str?",
        variants="[any]?",
        arg_type="str?",
        ret_type="str?",
        allow_oob="bool?",
        features="[str]?",
    ),
    struct("Negotiation", enable="[Capability]?"),
    struct("Path", path="str"),
    struct("PropertyPath", path="str", property="str"),
    struct("PropertyValue", path="str", property="str", value="any"),
    struct("TypeFilter", implements="str?", abstract="bool?"),
    struct("TypeName", typename="str"),
    struct("Id", id="str"),
    struct("Device", driver="str", id="str?", memdev="str?", rng="str?"),
    struct(
        "Parameters", downtime_limit="int?", max_cpu_throttle="int?", cpu_throttle_initial="int?"
    ),
    struct("Balloon", value="int"),
    struct("Line", command_line="str"),
    struct("Actual", actual="int"),
    struct("Reset", guest="bool", reason="ShutdownCause"),
    struct("Deleted", device="str?", path="str"),
    struct("Status", running="bool", status="str?"),
    struct("Instances", instances="[any]"),
    *OBJECT_MEMBERS.values(),
]

_COMMANDS: list[Entry] = [
    command("qmp_capabilities", "Negotiation"),
    command("query-version", ret="Version"),
    command("query-qmp-schema", ret="[SchemaInfo]"),
    command("query-commands", ret="[Name]"),
    *map(command, ("stop", "cont", "system_reset", "quit")),
    command("x-exit-preconfig", feature="unstable"),
    command("query-status", ret="Status"),
    command("query-yank", ret="[Name]", oob=True, feature="deprecated"),
    command("yank", "Instances", oob=True),
    command("device_add", "Device"),
    command("device_del", "Id"),
    command("object-add", "ObjectOptions"),
    command("object-del", "Id"),
    command("qom-list", "Path", "[Property]"),
    command("qom-get", "PropertyPath", "any"),
    command("qom-set", "PropertyValue"),
    command("qom-list-types", "TypeFilter", "[TypeInfo]"),
    command("qom-list-properties", "TypeName", "[Property]"),
    command("balloon", "Balloon"),
    command("migrate-set-parameters", "Parameters"),
    command("query-migrate-parameters", ret="Parameters"),
    command("human-monitor-command", "Line", "str"),
    event("BALLOON_CHANGE", "Actual"),
    event("STOP"),
    event("RESUME"),
    event("RESET", "Reset"),
    event("DEVICE_DELETED", "Deleted"),
]


_EARLY = {
    *("qmp_capabilities", "x-exit-preconfig", "query-version", "query-status", "query-commands"),
    *("qom-list", "qom-get", "qom-set", "qom-list-types", "qom-list-properties"),
}


def early(*, typed: bool) -> set[str]:
    """Return the commands that may be run before the machine is complete."""
    return _EARLY | ({"object-add", "object-del", "query-qmp-schema", "quit"} if typed else set())


def entries(*, typed: bool) -> list[Entry]:
    """Return the schema; where it is not `typed`, it leaves the members of object-add open."""
    if not typed:
        options = struct("ObjectOptions", qom_type="str", id="str", props="any?")
        # Introspection holds what something leads to, and nothing else.
        typed_alone = {each["name"] for each in OBJECT_MEMBERS.values()}
        typed_alone |= {"HostMemPolicy", "Mode", "IntOrMode", "Point", "number", "null", "[int]"}
        rest = [each for each in _TYPES if each["name"] not in typed_alone]
        return [*_COMMANDS, *rest, options]
    options = struct("ObjectOptions", qom_type="ObjectType", id="str")
    options["tag"] = "qom-type"
    options["variants"] = [
        {"case": case, "type": kind["name"]} for case, kind in OBJECT_MEMBERS.items()
    ]
    return [*_COMMANDS, *_TYPES, enum("ObjectType", *OBJECT_MEMBERS), options]


def shown(schema: list[Entry], broken: Broken) -> list[Entry]:
    """Return the schema as introspection shows it: not what the server goes by, if that broke."""
    by_name = {entry["name"]: copy.deepcopy(entry) for entry in schema}
    toy = by_name.get("Toy", {}).get("members", [])
    if "shows-no-such-command" in broken:
        del by_name["query-yank"]
    if "shows-other-return" in broken:
        by_name["qom-set"]["ret-type"] = "Status"
    if "shows-no-oob" in broken:
        del by_name["yank"]["allow-oob"]
    if "shows-other-event-data" in broken:
        by_name["STOP"]["arg-type"] = "Reset"
    if "shows-fewer-values" in broken:
        by_name["ShutdownCause"]["members"].pop()
        by_name["ShutdownCause"]["values"].pop()
    if "shows-int-as-number" in broken:
        by_name["int"]["json-type"] = "number"
    if "shows-optional" in broken:
        toy[0]["default"] = None
    if "shows-orphan" in broken:
        by_name["Orphan"] = struct("Orphan", x="int")
    if "shows-half-a-condition" in broken:
        del by_name["RESUME"]
    _misname(by_name, broken)
    contradict(by_name, broken)
    return list(by_name.values())


def _misname(by_name: dict[str, Entry], broken: Broken) -> None:
    """Break the rules that the language has for names and return types."""
    odd = {
        "odd-letters": "odd.name",
        "reserved-name": "has-x",
        "upper-case-member": "oddName",
        "underscore-name": "__odd",
    }
    for word in sorted(odd.keys() & broken):
        member = {"name": odd[word], "type": "int", "default": None}
        by_name["Point"]["members"].append(member)
    if "lower-case-event" in broken:
        by_name["paused"] = event("paused")
    if "returns-plain" in broken:
        by_name["query-status"]["ret-type"] = "int"
    if "experiment-unmarked" in broken:
        del by_name["x-exit-preconfig"]["features"]
    if "returns-text-unmarked" in broken:
        by_name["Text"] = struct("Text", human_readable_text="str")
        by_name["query-status"]["ret-type"] = "Text"
    if "schema-beyond-itself" in broken:
        by_name["empty"]["since"] = "1.0"


class Checker:
    """Validates arguments against a schema, as strictly as the protocol wants it."""

    def __init__(self, schema: list[Entry], broken: Broken) -> None:
        self._types = {e["name"]: e for e in schema if e["meta-type"] not in ("command", "event")}
        self._broken = broken

    def check(self, type_name: str, value: Any, name: str) -> None:
        """Raise RefusedError where `value`, which stands at `name`, is not of the type."""
        kind = self._types[type_name]
        if not self._fits(kind, value, name):
            wanted = kind.get("json-type", kind["meta-type"])
            raise RefusedError(f"Invalid parameter type for '{name}', expected: {wanted}")

    def _fits(self, kind: Entry, value: Any, name: str) -> bool:
        match kind["meta-type"]:
            case "builtin":
                return self._builtin(kind["json-type"], value, name)
            case "enum":
                return self._enum(kind, value, name)
            case "array":
                return self._array(kind, value, name)
            case "alternate":
                return self._alternate(kind, value, name)
            case _:
                return self._object(kind, value, name)

    def _builtin(self, json_type: str, value: Any, name: str) -> bool:
        match json_type:
            case "string":
                return type(value) is str or (type(value) is int and self._is("str-takes-int"))
            case "number":
                lenient = type(value) is str and self._is("number-takes-string")
                return type(value) in (int, float) or lenient
            case "int":
                return self._int(value, name)
            case "boolean":
                lenient = type(value) is int and self._is("bool-takes-int")
                spelt = value in ("true", "false") and self._is("bool-takes-word")
                return type(value) is bool or lenient or spelt
            case "null":
                return value is None or (value is True and self._is("null-takes-true"))
            case _:
                return True

    def _int(self, value: Any, name: str) -> bool:
        if type(value) is float:
            return math.isfinite(value) and self._is("int-takes-fraction")
        if type(value) is str:
            unit = value.endswith("k") and self._is("int-takes-unit")
            return unit or (value.isdigit() and self._is("int-takes-string"))
        if type(value) is not int:
            return False
        huge = self._is("int-takes-huge") or (name == "big" and self._is("size-wraps"))
        if not -INT64 <= value < UINT64 and not huge:
            raise RefusedError(f"Parameter '{name}' expects a 64-bit integer")
        return True

    def _enum(self, kind: Entry, value: Any, name: str) -> bool:
        if type(value) is not str:
            return False
        if value not in kind["values"]:
            if value.lower() in kind["values"] and self._is("enum-ignores-case"):
                return True
            raise RefusedError(f"Parameter '{name}' does not accept value '{value}'")
        return True

    def _array(self, kind: Entry, value: Any, name: str) -> bool:
        if type(value) is not list:
            single = self._is("array-takes-element") and type(value) in (int, str)
            return single and self._fits(self._types[kind["element-type"]], value, name)
        for item in value:
            self.check(kind["element-type"], item, name)
        return True

    def _alternate(self, kind: Entry, value: Any, name: str) -> bool:
        if type(value) is bool and self._is("alternate-takes-bool"):
            return True
        branch = {int: "int", float: "int", str: "Mode"}.get(type(value))
        return branch is not None and self._fits(self._types[branch], value, name)

    def _object(self, kind: Entry, value: Any, name: str) -> bool:
        if type(value) is not dict:
            return (
                type(value) is list and self._is("struct-takes-array") and kind["name"] == "Point"
            )
        members = list(kind["members"])
        self._members(members, value)
        if "tag" in kind:
            branch = self._branch(kind, value[kind["tag"]])
            self._members(branch, value)
            members += branch
        unknown = sorted(set(value) - {member["name"] for member in members})
        for member in unknown:
            if not self._unknown_taken(member):
                raise RefusedError(f"Parameter '{member}' is unexpected")
        return True

    def _branch(self, kind: Entry, selected: str) -> list[Entry]:
        """Return the members that a union takes beside its own where its tag is `selected`."""
        if kind["name"] == "Netdev" and self._is("branch-not-taken"):
            return []
        types = {variant["case"]: variant["type"] for variant in kind["variants"]}
        return list(self._types[types[selected]]["members"])

    def _members(self, members: list[Entry], value: dict[str, Any]) -> None:
        for member in members:
            name = member["name"]
            if name not in value:
                if "default" not in member and not (
                    name == "label" and self._is("mandatory-made-up")
                ):
                    raise RefusedError(f"Parameter '{name}' is missing")
            elif value[name] is None and "default" in member and self._is("null-as-absent"):
                continue
            else:
                self.check(member["type"], value[name], name)

    def _unknown_taken(self, name: str) -> bool:
        others = {m["name"] for kind in OBJECT_MEMBERS.values() for m in kind["members"]}
        return self._is("foreign-member-taken" if name in others else "unknown-member-taken")

    def _is(self, breakage: str) -> bool:
        return breakage in self._broken
