"""The object model of the miniature: its types, its composition tree, its objects."""

from __future__ import annotations

import os
import re
import signal
from collections.abc import Iterator
from typing import Any

from .schema import INT64, OBJECT_MEMBERS, UINT64, Broken, RefusedError

_ID = re.compile(r"[A-Za-z][A-Za-z0-9._-]*")

# Name to (parent, abstract).
TYPES: dict[str, tuple[str, bool]] = {
    "object": ("", True),
    "interface": ("", True),
    "user-creatable": ("interface", True),
    "container": ("object", False),
    "machine": ("object", True),
    "none-machine": ("machine", False),
    "event-loop-base": ("object", True),
    "iothread": ("event-loop-base", False),
    "memory-backend": ("object", True),
    "memory-backend-ram": ("memory-backend", False),
    "rng-backend": ("object", True),
    "rng-builtin": ("rng-backend", False),
    "thread-context": ("object", False),
    "toy": ("object", False),
    "gauge": ("object", False),
    "gadget": ("object", False),
    "pc-dimm": ("object", False),
    "ivshmem-plain": ("object", False),
}
_LOOP = {"aio-max-batch": ("int", 0), "thread-pool-min": ("int", 0), "thread-pool-max": ("int", 64)}

# The properties of each type: name to (type, default); a default of None is not declared.
PROPERTIES: dict[str, dict[str, tuple[str, Any]]] = {
    "none-machine": {"dump-guest-core": ("bool", True), "kernel": ("string", "")},
    "gauge": {
        "level": ("uint8", 200),
        "offset": ("int32", -5),
        "ratio": ("double", 0.5),
        "peer": ("link<gauge>", "/machine/unattached/gauge"),
    },
    "event-loop-base": _LOOP,
    "iothread": {
        **_LOOP,
        "poll-max-ns": ("int", 32768),
        "poll-grow": ("int", 0),
        "poll-shrink": ("int", 0),
    },
    "memory-backend-ram": {
        "size": ("int", 0),
        "share": ("bool", False),
        "policy": ("HostMemPolicy", "default"),
        "host-nodes": ("intList", []),
        "prealloc": ("bool", False),
        "prealloc-context": ("link<thread-context>", ""),
        "reserve": ("bool", True),
    },
    "gadget": {"rng": ("string", "")},
    "rng-builtin": {"opened": ("bool", False)},
    "thread-context": {"cpu-affinity": ("intList", [])},
    "toy": {
        "label": ("string", ""),
        "flag": ("bool", False),
        "ratio": ("double", 0.5),
        "nothing": ("null", None),
        "mode": ("Mode", "off"),
        "list": ("strList", []),
        "pick": ("IntOrMode", 0),
        "point": ("Point", {"x": 0}),
        "narrow": ("int8", -1),
        "small": ("uint8", 7),
        "wide": ("int", 0),
        "big": ("size", 0),
        "text": ("string", "none"),
    },
}
_WIDTHS = {"int8": (-128, 127), "uint8": (0, 255), "int": (-INT64, INT64 - 1)}
_WIDTHS["size"] = (0, UINT64 - 1)
_WITHIN = {
    **dict.fromkeys(("host-nodes", "cpu-affinity"), (0, 2**16 - 1)),
    **dict.fromkeys(("point", "pick"), (-INT64, INT64 - 1)),
}
"""The integers of what a member holds that is no integer itself, or not always."""
_LIMITS = {
    "aio-max-batch": (0, INT64 - 1),
    "poll-max-ns": (0, INT64 - 1),
    "poll-grow": (0, INT64 - 1),
    "poll-shrink": (0, INT64 - 1),
    "thread-pool-min": (0, 64),
    "thread-pool-max": (1, 2**31 - 1),
    "size": (1, 2**40),
}
"""The integers that a member takes by its meaning, where they are fewer than those of its type."""
_JSON_TYPES: dict[str, tuple[type, ...]] = {
    **dict.fromkeys(("bool",), (bool,)),
    **dict.fromkeys(("string", "HostMemPolicy"), (str,)),
    **dict.fromkeys(("int", "int8", "uint8", "int32", "size"), (int,)),
    "double": (int, float),
}


class Node:
    """An object of the composition tree.

    No dataclass: to load those takes as long as to start the interpreter, each time.
    """

    def __init__(
        self,
        kind: str,
        values: dict[str, Any] | None = None,
        children: dict[str, Node] | None = None,
    ) -> None:
        self.kind = kind
        self.values = values or {}
        self.children = children or {}


def property_types(kind: str) -> dict[str, tuple[str, Any]]:
    """Return the properties of a type, with the one that all have."""
    return {"type": ("string", None), **PROPERTIES.get(kind, {})}


def heirs(name: str) -> Iterator[str]:
    """Yield the types that are `name`, descend from it or implement it."""
    for kind in TYPES:
        line = kind
        while line and line != name:
            line = TYPES[line][0]
        if line or (name in ("user-creatable", "interface") and kind in OBJECT_MEMBERS):
            yield kind


def become_older() -> None:
    """Forget, for the rest of the process, what came later than a schema with typed objects."""
    for kind in ("memory-backend-ram", "memory-backend", "thread-context"):
        del TYPES[kind]
    for name in _LOOP:
        del PROPERTIES["iothread"][name]


class Tree:
    """The composition tree and what object-add puts into it."""

    def __init__(self, broken: Broken, *, typed: bool) -> None:
        self._broken = broken
        self._typed = typed
        self.users: set[str] = set()
        """The ids of objects that a device uses."""
        # Two children bear one name, so that a path of one element fits both.
        bus = {"bus": Node("container")}
        attached = {"gauge": _made("gauge"), **bus}
        if "child-of-unknown-type" in broken:
            attached["odd"] = Node("no-such-type")
        machine = _made("none-machine")
        machine.children = {
            "unattached": Node("container", {}, attached),
            "peripheral": Node("container", {}, {"bus": Node("container")}),
        }
        self.objects = Node("container")
        tops = {"machine": machine, "objects": self.objects, "chardevs": Node("container")}
        self.root = Node("container", {}, tops)

    def find(self, path: str) -> tuple[str, Node]:
        """Return (absolute path, node); raises RefusedError."""
        if path.startswith("/"):
            node, steps = self.root, [step for step in path.split("/") if step]
            for step in steps:
                if step not in node.children:
                    raise RefusedError(f"Device '{path}' not found", "DeviceNotFound")
                node = node.children[step]
            return "/" + "/".join(steps), node
        wanted = "/" + path
        found = [(at, node) for at, node in self._walk("", self.root) if at.endswith(wanted)]
        if not found:
            raise RefusedError(f"Device '{path}' not found", "DeviceNotFound")
        if len(found) > 1 and "ambiguous-path-taken" not in self._broken:
            raise RefusedError(f"Path '{path}' does not uniquely identify an object")
        return found[0]

    def _walk(self, at: str, node: Node) -> Iterator[tuple[str, Node]]:
        for name, child in node.children.items():
            yield f"{at}/{name}", child
            yield from self._walk(f"{at}/{name}", child)

    def get(self, path: str, name: str) -> Any:
        """Return the value of a property; raises RefusedError."""
        at, node = self.find(path)
        if name in node.children:
            wrong = "child-reads-otherwise" in self._broken and name == "gauge"
            return "" if wrong else f"{at.rstrip('/')}/{name}"
        if name == "type":
            return node.kind
        if name not in PROPERTIES.get(node.kind, {}):
            raise RefusedError(f"Property '{node.kind}.{name}' not found")
        if "instance-reads-otherwise" in self._broken and node.kind == "gadget":
            return 0
        return node.values[name]

    def put(self, path: str, name: str, value: Any) -> None:
        """Set a property; raises RefusedError."""
        _, node = self.find(path)
        if name == "type" and "type-writable" in self._broken:
            return
        if name == "type" or name in node.children:
            raise RefusedError(f"Property '{node.kind}.{name}' is not writable")
        if name not in PROPERTIES.get(node.kind, {}):
            raise RefusedError(f"Property '{node.kind}.{name}' not found")
        kind = PROPERTIES[node.kind][name][0]
        if type(value) not in _JSON_TYPES.get(kind, (str,)):
            if "set-takes-any" in self._broken and type(value) is bool:
                return
            if "instance-takes-any" in self._broken and node.kind == "gadget":
                return
            if "refused-set-takes-effect" in self._broken:
                node.values[name] = value
            raise RefusedError(f"Invalid parameter type for '{name}', expected: {kind}")
        if "long-setting-kills" in self._broken and name == "text" and len(value) > 1000:
            os.kill(os.getpid(), signal.SIGKILL)
        node.values[name] = value

    def add(self, arguments: dict[str, Any]) -> None:
        """Create an object; raises RefusedError and then leaves nothing behind."""
        members = {k: v for k, v in arguments.items() if k not in ("qom-type", "id")}
        kind, name = arguments["qom-type"], arguments["id"]
        if kind not in OBJECT_MEMBERS or kind not in TYPES:
            raise RefusedError(f"invalid object type: {kind}")
        if self._typed and not _ID.fullmatch(str(name)) and "id-grammar-gone" not in self._broken:
            raise RefusedError("Parameter 'id' expects an identifier")
        if name in self.objects.children:
            if "taken-id" in self._broken:
                return
            raise RefusedError(f"attempt to add duplicate property '{name}' to object")
        if not self._typed and "untyped-takes-any" not in self._broken:
            _check_properties(kind, members)
        self._check_meaning(kind, members)
        deaths = {"dies-of-a-pair": {"flag", "narrow"}, "dies-of-a-member": {"ratio"}}
        if any(word in self._broken and {*members} >= some for word, some in deaths.items()):
            os.kill(os.getpid(), signal.SIGABRT)
        self.objects.children[name] = self._created(kind, members)

    def _created(self, kind: str, members: dict[str, Any]) -> Node:
        node = _made(kind)
        node.values |= {k: v for k, v in members.items() if v is not None}
        if "prealloc-context" in members:
            node.values["prealloc-context"] = f"/objects/{members['prealloc-context']}"
        if kind == "rng-builtin":
            node.values["opened"] = float("nan") if "nan" in self._broken else True
        if "member-reads-otherwise" in self._broken and "text" in members:
            node.values["text"] = members["text"].upper()
        if "other-default" in self._broken and "flag" not in members and kind == "toy":
            node.values["flag"] = True
        if "default-undocumented" in self._broken and "mode" not in members and kind == "toy":
            node.values["mode"] = "auto"
        return node

    def _check_meaning(self, kind: str, members: dict[str, Any]) -> None:
        for name, value in members.items():
            declared = PROPERTIES[kind].get(name, ("", None))[0]
            low, high = _WIDTHS.get(declared, (0, 0))
            wraps = f"{declared}-wraps" in self._broken or "int-takes-huge" in self._broken
            if type(value) is int and low < high and not low <= value <= high and not wraps:
                raise RefusedError(f"Parameter '{name}' expects {declared}")
            low, high = _WITHIN.get(name, (0, 0))
            if low < high and not all(low <= n <= high for n in _integers(value)) and not wraps:
                raise RefusedError(f"Parameter '{name}' holds an integer that is none of its type")
            low, high = _LIMITS.get(name, (value, value))
            odd = type(value) is int and not low <= value <= high
            if odd and "beyond-limits" not in self._broken:
                raise RefusedError(f"{name} value must be in range [{low}, {high}]")
        for fault, complaint in _conflicts(members, self.objects.children):
            if fault not in self._broken:
                raise complaint

    def delete(self, name: str) -> None:
        """Delete an object; raises RefusedError."""
        if name not in self.objects.children:
            if "deleted-twice" in self._broken:
                return
            other = "error-of-undocumented-class" in self._broken
            kind = "DeviceNotFound" if other else "GenericError"
            raise RefusedError(f"object '{name}' not found", kind)
        if name in self.users and "used-object-deleted" not in self._broken:
            if "used-object-vanishes" in self._broken:
                del self.objects.children[name]
            raise RefusedError(f"object '{name}' is in use, can not be deleted")
        if "object-stays" not in self._broken:
            del self.objects.children[name]


def _made(kind: str) -> Node:
    return Node(kind, {name: default for name, (_, default) in PROPERTIES[kind].items()})


def _integers(value: Any) -> Iterator[int]:
    match value:
        case bool():
            return
        case int():
            yield value
        case list():
            yield from (n for item in value for n in _integers(item))
        case dict():
            yield from (n for item in value.values() for n in _integers(item))


def _check_properties(kind: str, members: dict[str, Any]) -> None:
    for name, value in members.items():
        declared = PROPERTIES[kind].get(name)
        if declared is None:
            raise RefusedError(f"Property '{kind}.{name}' not found")
        if type(value) not in _JSON_TYPES.get(declared[0], (type(value),)):
            raise RefusedError(f"Invalid parameter type for '{name}', expected: {declared[0]}")


def _conflicts(
    members: dict[str, Any], objects: dict[str, Node]
) -> Iterator[tuple[str, RefusedError]]:
    """Yield (breakage that lets it through, error) of what is excluded although well typed."""
    policy = members.get("policy", "default")
    if (policy != "default") != bool(members.get("host-nodes")):
        yield "conflict-taken", RefusedError("policy and host-nodes do not go together")
    if members.get("prealloc") and members.get("reserve") is False:
        yield "conflict-taken", RefusedError("'prealloc=on' and 'reserve=off' are incompatible")
    if members.get("thread-pool-min", 0) > members.get("thread-pool-max", 64):
        yield "conflict-taken", RefusedError("bad thread-pool-min/thread-pool-max values")
    affinity = members.get("cpu-affinity", [0])
    if not affinity or max(affinity) > 1023:
        yield "conflict-taken", RefusedError("CPU affinity cannot be set")
    context = members.get("prealloc-context", "")
    if context and (context not in objects or objects[context].kind != "thread-context"):
        yield "", RefusedError(f"Device '{context}' not found", "DeviceNotFound")
