"""Introspects a build before any case is made; judges nothing.

A well-formed dialogue over the raw connection. If the build dies of a query, the query is noted as
lost, and the next one follows.
"""

from __future__ import annotations

import os
import re
import shlex
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import Any, Final, TypeVar

from conformance.knowledge.versions import Version
from conformance.launch.pool import Pool
from conformance.model.codec import LEFT_OUT
from conformance.model.ending import Ending, ending_text
from conformance.model.errors import LaunchError
from conformance.model.stage import MachineSpec
from conformance.model.terms import JsonValue
from conformance.prepare.answers import LIMIT
from conformance.prepare.starts import TRIES, StartDeath, lasting
from conformance.qapi.consistency import ContradictionError
from conformance.qapi.introspection import Examined, listed, read_introspection, read_usable
from conformance.qapi.model import Schema, SchemaError
from conformance.qapi.names import distinct, element_problem, shown
from conformance.qapi.qom import (
    PATH_NAMES,
    PROPERTY_NAMES,
    TYPE_NAMES,
    DeviceType,
    Node,
    ObjectModel,
    Property,
    TypeInfo,
    property_from_json,
    type_from_json,
)
from conformance.wire.session import Session, SessionError, SessionLost, SessionSilent

WHOLE: Final = 300.0
"""Seconds for all queries: they take 3 to 20, and with all machines a minute."""
_TIMEOUTS: Final = 2
"""How many replies may time out; a death costs no wait and does not count."""
_NODES: Final = 50_000
"""The most nodes of a tree, of which the largest machines have some thousand: it may be endless."""
_PROPERTIES, _TREE = "properties", "tree"
"""The names of lost queries, before the type or the machine that they were about."""
_MACHINE_SUFFIX: Final = "-machine"
_MALFORMED: Final = (KeyError, TypeError, AttributeError)
"""The exceptions from reading a reply of another type than the schema declares."""
_ASKS_FOR_DEVICES: Final = "device_add help"
_DEVICE: Final = re.compile(r'^name "(?P<name>[^"]+)"(?:, bus (?P<bus>[^,\s]+))?', re.MULTILINE)
"""One device in the list for people: `name "virtio-rng-pci", bus PCI, alias "virtio-rng"`."""
_PROCESSOR: Final = "cpu"
"""The type from which all models of processors are derived."""
_WORDS: Final = 3
"""How many of a build's last lines to show: more rarely help."""
_UNASKED: Final = "not asked any more: the build had taken too long over other questions"
_REMEDY: Final = "Start it by hand with -qmp stdio and look at what it says."
T = TypeVar("T")
_Named = TypeVar("_Named", TypeInfo, Property)


@dataclass(slots=True)
class _Asker:
    """The source of sessions, the limits for one reply and for all, and the timeouts so far."""

    pool: Pool
    limit: float
    until: float = field(default_factory=lambda: time.monotonic() + WHOLE)
    timeouts: int = 0
    deaths: list[StartDeath] = field(default_factory=list)
    """The machines that died before the greeting."""

    @property
    def exhausted(self) -> bool:
        """Whether to ask nothing more."""
        return self.timeouts >= _TIMEOUTS or time.monotonic() >= self.until


@dataclass(frozen=True, slots=True, kw_only=True)
class Introspection:
    """A build's answers: its greeting's version, the entries of its schema, its objects."""

    version: Version
    package: str
    schema: Sequence[Any]
    model: ObjectModel
    arch: str | None = None
    """The architecture that it says it emulates; None if it was not asked, or says none."""
    unserved: tuple[str, ...] = ()
    """The commands that its schema has and query-commands lacks."""
    deaths: tuple[StartDeath, ...] = field(default=(), metadata=LEFT_OUT)
    """The machines that died before the greeting, and were replaced."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AskedSchema:
    """A build's answers when asked only for its schema."""

    version: Version
    package: str
    entries: Sequence[Any]


def ask_schema(pool: Pool) -> AskedSchema:
    """Return the schema of a build; raises LaunchError if it does not start or speaks no QMP."""
    with _launch_errors(), _session(_Asker(pool, LIMIT), "none") as asked:
        greeting = asked.greeting["QMP"]["version"]
        return AskedSchema(
            version=_version(greeting),
            package=_package(greeting),
            entries=asked.execute("query-qmp-schema"),
        )


@contextmanager
def _launch_errors() -> Iterator[None]:
    """Turn errors of a build that cannot be introspected into LaunchError."""
    try:
        yield
    except SessionLost as error:
        raise LaunchError(
            f"the build speaks no QMP that a client can follow: {error}", _REMEDY
        ) from error
    except SessionError as error:
        raise LaunchError(f"the build does not say what it is: {error}", _REMEDY) from error
    except (*_MALFORMED, ValueError) as error:
        raise LaunchError(
            f"the build does not say what it is, an answer is malformed: {error!r}"[:400], _REMEDY
        ) from error


def _version(greeting: Mapping[str, Any]) -> Version:
    qemu = greeting["qemu"]
    version = (qemu["major"], qemu["minor"], qemu["micro"])
    if any(type(number) is not int for number in version):
        raise TypeError("the version has other things than integers")
    return version


def _package(greeting: Mapping[str, Any]) -> str:
    package = greeting["package"]
    if not isinstance(package, str):
        raise TypeError("the package is no string")
    return shown(package)


def introspect(
    pool: Pool,
    walk: Mapping[str, str],
    *,
    thorough: bool = False,
    asks_arch: bool = False,
    limit: float = LIMIT,
) -> Introspection:
    """Return a build's self-description, with the trees of those machines in `walk` that it has.

    `walk` maps a machine's name to the prefix of the machine types that provide it. With
    `thorough`, it walks the trees of all machines; with `asks_arch`, it asks for the architecture.
    Raises LaunchError if the build does not start or speaks no QMP, or if a reply takes longer than
    `limit` seconds.
    """
    with _launch_errors():
        return _introspect(_Asker(pool, limit), walk, thorough=thorough, asks_arch=asks_arch)


def _introspect(
    asker: _Asker, walk: Mapping[str, str], *, thorough: bool, asks_arch: bool
) -> Introspection:
    faults: list[ContradictionError] = []
    with _session(asker, "none") as asked:
        greeting = asked.greeting["QMP"]["version"]
        schema = asked.execute("query-qmp-schema")
        unserved = _unserved(schema, asked.execute("query-commands"))
        says = asks_arch and "query-target" in listed(schema, "command")
        arch = _arch(asked.execute("query-target")) if says else None
        types = _types(asked.execute("qom-list-types", {"abstract": True}), faults)
        found = _types(asked.execute("qom-list-types", {"implements": "user-creatable"}), [])
        pluggable = _pluggable(asked, types)
    creatable = tuple(info.name for info in found if not info.abstract)
    lost: list[tuple[str, str]] = []
    machines = tuple(
        info.name.removesuffix(_MACHINE_SUFFIX)
        for info in types
        if info.name.endswith(_MACHINE_SUFFIX) and not info.abstract
    )
    common = tuple(
        name
        for name, beginning in walk.items()
        if any(machine.startswith(beginning) for machine in machines)
    )
    # A program without machines has a tree, too: that of no machine.
    common = common if machines else (MachineSpec().machine,)
    wanted = dict.fromkeys((*common, *machines) if thorough else common)
    properties = _properties(asker, creatable, lost, faults)
    devices = _devices(asker, pluggable, types, lost)
    trees = _trees(asker, tuple(wanted), lost, faults)
    return Introspection(
        version=_version(greeting),
        package=_package(greeting),
        schema=schema,
        arch=arch,
        unserved=unserved,
        deaths=tuple(asker.deaths),
        model=ObjectModel(
            types=types,
            creatable=creatable,
            properties=properties,
            trees=trees,
            machines=machines,
            devices=devices,
            lost=tuple(lost),
            faults=tuple(faults),
        ),
    )


def ask_again(pool: Pool, found: Introspection, *, limit: float = LIMIT) -> Introspection:
    """Return `found` after repeating its lost queries; raises LaunchError."""
    model = found.model
    asked = [what.split("/", 1) for what, _ in model.lost]
    plugs = {device.name: device for device in model.devices}
    lost: list[tuple[str, str]] = []
    faults: list[ContradictionError] = []
    with _launch_errors():
        asker = _Asker(pool, limit)
        names = [name for kind, name in asked if kind == _PROPERTIES and name not in plugs]
        properties = {**model.properties, **_properties(asker, names, lost, faults)}
        machines = [name for kind, name in asked if kind == _TREE]
        trees = _trees(asker, machines, lost, faults)
        again = [plugs[name] for kind, name in asked if kind == _PROPERTIES and name in plugs]
        plugs |= {device.name: device for device in _devices(asker, again, (), lost)}
    model = replace(
        model,
        properties={name: properties[name] for name in model.creatable if name in properties},
        trees={**model.trees, **trees},
        devices=tuple(plugs[device.name] for device in model.devices),
        lost=tuple(lost),
        faults=(*model.faults, *faults),
    )
    return replace(found, model=model, deaths=tuple(asker.deaths))


def check_schema(entries: Sequence[Any]) -> Schema:
    """Return the schema in `entries`; raises LaunchError if they are none."""
    try:
        return read_introspection(entries)
    except SchemaError as error:
        raise _no_schema(error) from error


def find_usable(entries: Sequence[Any]) -> Examined:
    """Return the usable part of the schema, and its faults; LaunchError if nothing is usable."""
    try:
        return read_usable(entries)
    except SchemaError as error:
        raise _no_schema(error) from error


def _no_schema(error: SchemaError) -> LaunchError:
    return LaunchError(
        f"query-qmp-schema returns what is no schema: {error}",
        "Without a schema nothing can be derived: report this to whoever made the build.",
    )


class _session:  # noqa: N801 - reads as a function where it is used
    """A session on its own machine; leaving it ends both."""

    def __init__(self, asker: _Asker, machine: str) -> None:
        self._asker = asker
        self._spec = MachineSpec(machine=machine)

    def __enter__(self) -> Session:
        """Return the session; a machine that ends before its greeting is started again."""
        asker = self._asker
        ended: list[StartDeath] = []
        for number in range(TRIES):
            self._machine = asker.pool.take(self._spec, again=number > 0)
            self._session = Session(self._machine.monitor, asker.limit, asker.until)
            try:
                self._session.__enter__()
                break
            except SessionLost as error:
                ended.append(self._end(error))
                if number == TRIES - 1:
                    asker.deaths += lasting(ended)
                    raise self._refused(ended[-1].death) from error
            except BaseException:
                self._machine.close()
                raise
        # A query that ends it each time is noted as lost; an occasional death is noted here.
        asker.deaths += ended
        return self._session

    def _end(self, error: SessionLost) -> StartDeath:
        """Return how a machine without greeting ended; raises the error if it is alive."""
        ending = self._machine.ending(1.0)
        self._machine.close()
        if ending is None:
            raise error
        death = ending
        return StartDeath(command_line=self._machine.command_line, death=death)

    def _refused(self, death: Ending) -> LaunchError:
        words = death.stderr.strip().splitlines()[-_WORDS:]
        said = "\n".join(words) or "without a word"
        program = self._machine.target.program
        if death.status < 0:
            return LaunchError(
                f"{program} died {TRIES} times in a row instead of greeting "
                f"({ending_text(death.status)}): {said}",
                "Report it to whoever made the build, with this command line: "
                f"{shlex.join(self._machine.command_line)}",
            )
        return LaunchError(
            f"{program} ended instead of greeting (status {death.status}): {said}",
            "Correct the target's program, machine or arguments.",
        )

    def __exit__(self, *error: Any) -> None:
        try:
            self._session.__exit__(*error)
        finally:
            self._machine.close()


def _unserved(schema: Sequence[Any], served: Sequence[Any]) -> tuple[str, ...]:
    shown = set(listed(schema, "command"))
    return tuple(sorted(shown - {command["name"] for command in served}))


def _arch(target: Any) -> str | None:
    arch = target.get("arch") if isinstance(target, dict) else None
    return shown(arch) if isinstance(arch, str) else None


def _types(value: Any, faults: list[ContradictionError]) -> tuple[TypeInfo, ...]:
    found = tuple(sorted(map(type_from_json, value), key=lambda info: info.name))
    return _usable(found, TYPE_NAMES, "types", faults)


def _usable(
    found: Sequence[_Named], rule: str, place: str, faults: list[ContradictionError]
) -> tuple[_Named, ...]:
    """Return the items with usable unique names; report the faults of the others."""
    problems = dict(distinct(each.name for each in found))
    faults += [ContradictionError(rule, place, problem) for problem in problems.values()]
    return tuple(each for number, each in enumerate(found) if number not in problems)


def _walkable(
    nodes: Sequence[Node], machine: str, faults: list[ContradictionError]
) -> Iterator[Node]:
    """Yield the nodes of a tree with a usable path, each with its properties of usable names."""
    known, walked = {"/"}, set[str]()
    for node in nodes:
        if node.path not in known or node.path in walked:
            continue
        walked.add(node.path)
        place = f"machine {machine}, {node.path}"
        properties = _usable(node.properties, PATH_NAMES, place, faults)
        known |= {f"{node.path.rstrip('/')}/{each.name}" for each in properties if each.child_of}
        values = {
            each.name: node.values[each.name] for each in properties if each.name in node.values
        }
        yield replace(node, properties=properties, values=values)


def _properties(
    asker: _Asker,
    names: Sequence[str],
    lost: list[tuple[str, str]],
    faults: list[ContradictionError],
) -> dict[str, tuple[Property, ...]]:
    def ask(session: Session, name: str) -> tuple[Property, ...]:
        request = {"typename": name}
        try:
            found = session.execute("qom-list-properties", request)
        except SessionError:
            # The list of types loads the module in which the type may be.
            session.execute("qom-list-types", {})
            found = session.execute("qom-list-properties", request)
        return tuple(sorted(map(property_from_json, found), key=lambda item: item.name))

    return {
        name: _usable(own, PROPERTY_NAMES, f"type {name}", faults)
        for name, own in _one_by_one(asker, list(names), ask, lost)
    }


def _pluggable(session: Session, types: Sequence[TypeInfo]) -> tuple[DeviceType, ...]:
    """Return the types of devices that a user may plug in, without their properties.

    Only the monitor for people lists them; a build without it, or with another text, has none.
    """
    known = {info.name for info in types if not info.abstract}
    try:
        told = str(session.execute("human-monitor-command", {"command-line": _ASKS_FOR_DEVICES}))
    except SessionError:
        return ()
    found = {m["name"]: m["bus"] or "" for m in _DEVICE.finditer(told)}
    return tuple(DeviceType(name=name, bus=found[name]) for name in sorted(found.keys() & known))


def _devices(
    asker: _Asker,
    pluggable: Sequence[DeviceType],
    types: Sequence[TypeInfo],
    lost: list[tuple[str, str]],
) -> tuple[DeviceType, ...]:
    """Return the types with their properties; those with unusable names are told by their case.

    Models of processors are not asked: each has hundreds, one for each feature.
    """
    parents = {info.name: info.parent for info in types}
    names = [each.name for each in pluggable if not _descends(each.name, _PROCESSOR, parents)]
    found = _properties(asker, names, lost, [])
    return tuple(replace(each, properties=found.get(each.name)) for each in pluggable)


def _descends(name: str, ancestor: str, parents: Mapping[str, str]) -> bool:
    seen: set[str] = set()
    while name and name not in seen:
        if name == ancestor:
            return True
        seen.add(name)
        name = parents.get(name, "")
    return False


def _trees(
    asker: _Asker,
    machines: Sequence[str],
    lost: list[tuple[str, str]],
    faults: list[ContradictionError],
) -> dict[str, tuple[Node, ...]]:
    """Walk the trees of several machines, as many at a time as there are processors."""
    trees = {}
    # Nothing is prefetched here, so the order of the threads does not matter.
    with ThreadPoolExecutor(len(os.sched_getaffinity(0))) as threads:
        walked = threads.map(lambda machine: _tree(asker, machine), machines)
        for machine, tree in zip(machines, walked, strict=True):
            if isinstance(tree, str):
                lost.append((f"{_TREE}/{machine}", shown(tree)))
            else:
                trees[machine] = tuple(_walkable(tree, machine, faults))
    return trees


def _tree(asker: _Asker, machine: str) -> tuple[Node, ...] | str:
    """Return the nodes of a machine's tree, or why it cannot be walked."""
    if asker.exhausted:
        return _UNASKED
    try:
        with _session(asker, machine) as session:
            nodes = [_node(session, path) for path in islice(_paths(session), _NODES)]
    except SessionSilent as error:
        asker.timeouts += 1
        return str(error)
    except (SessionError, SessionLost, LaunchError) as error:
        return str(error)
    except _MALFORMED as error:
        return f"qom-list answers out of schema: {error!r}"
    if len(nodes) == _NODES:
        return f"qom-list shows a tree without end: {nodes[-1].path[:80]} is node {_NODES}"
    return tuple(sorted(nodes, key=lambda node: node.path))


def _paths(session: Session) -> Iterator[tuple[str, tuple[Property, ...]]]:
    todo = ["/"]
    while todo:
        path = todo.pop()
        entries = tuple(map(property_from_json, session.execute("qom-list", {"path": path})))
        yield path, tuple(sorted(entries, key=lambda item: item.name))
        todo += [
            f"{path.rstrip('/')}/{item.name}"
            for item in entries
            if item.child_of and not element_problem(item.name)
        ]


def _node(session: Session, listed: tuple[str, tuple[Property, ...]]) -> Node:
    path, properties = listed
    values: dict[str, JsonValue] = {}
    for item in properties:
        if element_problem(item.name):
            continue
        try:
            values[item.name] = session.execute("qom-get", {"path": path, "property": item.name})
        except SessionError:
            continue
    return Node(path=path, properties=properties, values=values)


def _one_by_one(
    asker: _Asker,
    todo: list[str],
    ask: Callable[[Session, str], T],
    lost: list[tuple[str, str]],
) -> Iterator[tuple[str, T]]:
    """Yield the answers to queries, each of which may be the build's last."""
    while todo and not asker.exhausted:
        with _session(asker, "none") as session:
            while todo:
                name = todo.pop(0)
                try:
                    yield name, ask(session, name)
                except SessionError:
                    continue
                except SessionLost as error:
                    lost.append((f"{_PROPERTIES}/{name}", shown(str(error))))
                    asker.timeouts += isinstance(error, SessionSilent)
                    break
                except _MALFORMED as error:
                    lost.append((f"{_PROPERTIES}/{name}", f"answered out of schema: {error!r}"))
    lost += [(f"{_PROPERTIES}/{name}", _UNASKED) for name in todo]
