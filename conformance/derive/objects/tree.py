"""Cases of the commands that look at the object model: every type, object and property."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Final

from conformance.derive.inputs import Introspected
from conformance.derive.instances import json_type
from conformance.derive.steps import PLAIN, command_subject
from conformance.judge.expect_answer import Accept, Answer, Reject, TakesItsOwn
from conformance.judge.expect_qom import LinksTo, ListsProperties, ListsTypes, ReadsAs
from conformance.judge.expect_value import Returns
from conformance.knowledge.everything import Knowledge
from conformance.model.blocked import behind_finding
from conformance.model.case import Case, Isolation, Role, Step
from conformance.model.expectation import Expectation
from conformance.model.stage import MachineSpec, Request, Stage
from conformance.model.terms import Aspect, ErrorClass, JsonValue
from conformance.qapi.qom import Node, ObjectModel, Property
from conformance.space.faults import WRONG

_REFUSED: Final = Reject()
LIST: Final = "qom-list"
"""The command that lists the tree."""
INTERFACE: Final = "interface"
"""The root of all QOM interfaces: a type implements them beside its parents."""

WATCHED: Final = ("/backend", "/machine/unattached", "/objects")
"""The containers to which objects add themselves, or others, when created."""

_LISTED: Final = Stage(name="plain-listed", setup=(Request("qom-list-types", {}),))
"""A machine with the modules of all types loaded: else a case might depend on another's query."""

AMBIGUOUS: Final = frozenset({ErrorClass.GENERIC, ErrorClass.DEVICE_NOT_FOUND})
"""The allowed classes for a path that matches two objects: no document says which."""


def type_cases(build: Introspected, knowledge: Knowledge, name: str) -> Iterator[Case]:
    """Yield the cases of qom-list-types, and of qom-list-properties for every type."""
    model = build.model
    known = model.by_name
    concrete = frozenset(name for name, info in known.items() if not info.abstract)
    listings: tuple[tuple[str, dict[str, JsonValue], frozenset[str]], ...] = (
        ("all", {"abstract": True}, frozenset(known)),
        ("concrete", {"abstract": False}, concrete),
        ("abstract-left-out", {}, concrete),
        ("implements-unknown", {"implements": "no-such-type", "abstract": True}, frozenset()),
    )
    for label, arguments, names in listings:
        yield _listing(f"valid/{label}", Aspect.VALID, arguments, ListsTypes(known, names))
    for name in known:
        heirs = model.heirs[name]
        exact = INTERFACE not in model.ancestry(name)
        for abstract, names in ((True, heirs), (False, heirs & concrete)):
            yield _listing(
                f"introspection/{name}/abstract={str(abstract).lower()}",
                Aspect.INTROSPECTION,
                {"implements": name, "abstract": abstract},
                ListsTypes(known, names if exact else None),
                name,
            )
    types = frozenset(known)
    unchanged = tuple(_unchanged(model))
    for name in known:
        request = Request("qom-list-properties", {"typename": name})
        # An interface is not the type of an object: nothing says whether it has properties.
        interface = INTERFACE in model.ancestry(name)
        expect = Answer() if interface else ListsProperties(types, _declared(model, name))
        step = Step(request=request, expect=expect, role=Role.SUBJECT, rule="X12")
        yield Case(
            id=f"qom-list-properties/introspection/{name}",
            subject=command_subject("qom-list-properties"),
            aspect=Aspect.INTROSPECTION,
            stage=_LISTED,
            steps=(step, *unchanged),
            isolation=Isolation.PURE,
            about=name,
        )
    yield from _unlisted_cases(model)


def _declared(model: ObjectModel, name: str) -> Mapping[str, str] | None:
    """Return the types of a type's properties by name, None if it was not asked for them."""
    properties = model.properties.get(name)
    return {item.name: item.type for item in properties} if properties is not None else None


def _unlisted_cases(model: ObjectModel) -> Iterator[Case]:
    """Yield the cases of types that are queried on a machine before any listing of types.

    Listing loads all modules; a type must not depend on that.
    """
    for name in model.creatable:
        step = Step(
            request=Request("qom-list-properties", {"typename": name}),
            expect=Accept(),
            role=Role.SUBJECT,
            rule="X12",
            why="The build lists the type; whether it was asked for its list before is no matter.",
        )
        yield Case(
            id=f"qom-list-properties/valid/unlisted/{name}",
            subject=command_subject("qom-list-properties"),
            aspect=Aspect.VALID,
            stage=Stage(name="unlisted"),
            steps=(step,),
            isolation=Isolation.PURE,
            about=name,
        )


def _unchanged(model: ObjectModel) -> Iterator[Step]:
    """Yield the steps that look for traces of a query's temporary object."""
    for node in model.trees.get("none", ()):
        if node.path in WATCHED:
            entries = {item.name: item.type for item in node.properties}
            yield Step(
                request=Request("qom-list", {"path": node.path}),
                expect=ListsProperties(frozenset(model.by_name), entries),
                role=Role.CHECK,
                rule="X12",
                why="Asking for the properties of a type changes nothing.",
            )


def _listing(
    name: str,
    aspect: Aspect,
    arguments: Mapping[str, JsonValue],
    expect: Expectation,
    about: str = "",
) -> Case:
    step = Step(
        request=Request("qom-list-types", arguments), expect=expect, role=Role.SUBJECT, rule="X11"
    )
    return Case(
        id=f"qom-list-types/{name}",
        subject=command_subject("qom-list-types"),
        aspect=aspect,
        stage=PLAIN,
        steps=(step,),
        isolation=Isolation.PURE,
        about=about,
    )


def tree_cases(build: Introspected, knowledge: Knowledge, machine: str) -> Iterator[Case]:
    """Yield the cases of qom-list, qom-get and qom-set over the tree of one machine."""
    model, coupled = build.model, knowledge.coupled
    tree = model.trees[machine]
    # Not the plain machine: its first object leaves a container behind, where none was before.
    stage = Stage(name=machine, spec=MachineSpec(machine=machine))
    types = frozenset(model.by_name)
    paths = frozenset(node.path for node in tree)
    for node in tree:
        entries = {item.name: item.type for item in node.properties}
        expect = ListsProperties(types, entries)
        yield _tree_case("qom-list", stage, node.path, "", [_list(node.path, expect)])
    for node in tree:
        for item in node.properties:
            step = _get(node.path, item.name, _reading(node, item, paths))
            yield _tree_case("qom-get", stage, node.path, item.name, [step])
    shown: set[tuple[object, str]] = set()
    for node in tree:
        for item in node.properties:
            own_type = (node.values.get("type"), item.name)
            settable = TakesItsOwn(knowledge.fixed, shown=own_type not in shown)
            for case in _settings(stage, node, item, settable):
                shown.add(own_type)
                lone = (node.path, item.name) in coupled
                yield replace(case, isolation=Isolation.ALONE) if lone else case
    yield from _path_cases(stage, tree)


def _reading(node: Node, item: Property, paths: frozenset[str]) -> Expectation:
    if item.child_of:
        return Returns((f"{node.path.rstrip('/')}/{item.name}",))
    return LinksTo(paths) if item.link_to else ReadsAs(item.type)


def _settings(stage: Stage, node: Node, item: Property, settable: TakesItsOwn) -> Iterator[Case]:
    """Yield what qom-set refuses of one property, and what setting its own value changes.

    Only types whose name determines the JSON type; the property's own value, as read before, is the
    request without the fault, which a fixed property refuses.
    """
    wanted = json_type(item)
    if wanted is None or item.name not in node.values:
        return
    own = node.values[item.name]
    if type(own) is not type(WRONG[wanted]):
        # The property is not of its declared type; qom-get's case reports that.
        return
    steps = [
        _set(node.path, item.name, value, _REFUSED, Role.SUBJECT, "X28")
        for json_type, value in WRONG.items()
        if json_type is not wanted
    ]
    if item.child_of or item.name == "type":
        steps = [_set(node.path, item.name, own, _REFUSED, Role.SUBJECT, "X30"), *steps]
        label = "errors"
    else:
        label = "invalid"
    steps.append(_get(node.path, item.name, Returns((own,)), Role.CHECK, "W65"))
    if label == "invalid":
        # Last, because it would restore what a refused value has changed.
        rule = "X30" if settable.shown else "X28"
        steps.append(_set(node.path, item.name, own, settable, Role.WITNESS, rule))
        if settable.shown:
            steps.append(_get(node.path, item.name, Returns((own,)), Role.CHECK, rule))
    yield Case(
        id=f"qom-set/{label}/{stage.spec.machine}{node.path}/{item.name}",
        subject=command_subject("qom-set"),
        aspect=Aspect(label),
        stage=stage,
        steps=tuple(steps),
        about=f"{node.path}/{item.name}",
        fault=f"values of every JSON type but {wanted}",
    )


def _path_cases(stage: Stage, tree: tuple[Node, ...]) -> Iterator[Case]:
    """Yield the cases of partial paths of one element: unique in the tree, or ambiguous.

    An element matches the name of any child, or of any link with a target.
    """
    types = {node.path: node.values.get("type") for node in tree}
    ways = Counter(
        item.name
        for node in tree
        for item in node.properties
        if item.child_of or (item.link_to and node.values.get(item.name))
    )
    kinds = {
        item.name: node_type
        for node in tree
        for item in node.properties
        if item.child_of and (node_type := types.get(f"{node.path.rstrip('/')}/{item.name}"))
    }
    for tail, kind in sorted(kinds.items()):
        if ways[tail] == 1:
            expect: Expectation = Returns((kind,))
            aspect = Aspect.VALID
        else:
            expect, aspect = Reject(AMBIGUOUS), Aspect.ERRORS
        step = Step(
            request=Request("qom-get", {"path": tail, "property": "type"}),
            expect=expect,
            role=Role.SUBJECT,
            rule="X10",
        )
        yield Case(
            id=f"qom-get/{aspect}/{stage.spec.machine}/partial/{tail}",
            subject=command_subject("qom-get"),
            aspect=aspect,
            stage=stage,
            steps=(step,),
            isolation=Isolation.PURE,
            about=tail,
        )


def lost_cases(build: Introspected, knowledge: Knowledge, name: str) -> Iterator[Case]:
    """Yield a blocked case for every tree that could not be walked during introspection.

    Every other lost query has a case that sends it again.
    """
    for what, why in build.model.lost:
        if what.startswith("tree/"):
            yield Case(
                id=f"qom-list/introspection/{what}",
                subject=command_subject("qom-list"),
                aspect=Aspect.INTROSPECTION,
                stage=PLAIN,
                steps=(),
                blocked=behind_finding(why),
            )


def _tree_case(command: str, stage: Stage, path: str, name: str, steps: list[Step]) -> Case:
    return Case(
        id=f"{command}/introspection/{stage.spec.machine}{path}{'/' + name if name else ''}",
        subject=command_subject(command),
        aspect=Aspect.INTROSPECTION,
        stage=stage,
        steps=tuple(steps),
        isolation=Isolation.PURE,
        about=f"{path}/{name}" if name else path,
    )


def _list(path: str, expect: Expectation) -> Step:
    return Step(
        request=Request("qom-list", {"path": path}),
        expect=expect,
        role=Role.SUBJECT,
        rule="X08",
    )


def _get(
    path: str,
    name: str,
    expect: Expectation,
    role: Role = Role.SUBJECT,
    rule: str = "X09",
) -> Step:
    return Step(
        request=Request("qom-get", {"path": path, "property": name}),
        expect=expect,
        role=role,
        rule=rule,
    )


def _set(
    path: str, name: str, value: JsonValue, expect: Expectation, role: Role, rule: str
) -> Step:
    return Step(
        request=Request("qom-set", {"path": path, "property": name, "value": value}),
        expect=expect,
        role=role,
        rule=rule,
    )
